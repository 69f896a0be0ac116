/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Every reason for which an HTTP/1.x message is refused, with the status it is refused with and the text the
 * peer reads. One row per reason; tests/golden/h1_verdicts.txt shows each with an input that leads to it. For
 * answers of a server (h1_client.h) only the text matters.
 */

#include "base/bytes.h"

/* clang-format off */
#define H1_REASONS(X)                                                                                                \
    X(NONE,                 0,   "")                                                                                 \
    /* lines */                                                                                                      \
    X(BARE_LF,              400, "a line ends in LF without CR")                                                     \
    X(BARE_CR,              400, "CR without LF")                                                                    \
    X(CONTROL,              400, "control character")                                                                \
    X(EMPTY_LINES,          400, "more than one empty line before the request")                                      \
    X(NOT_HTTP,             400, "the first byte cannot begin an HTTP request")                                      \
    /* request line */                                                                                               \
    X(REQUEST_LINE,         400, "the request line is not: method, one space, target, one space, version")           \
    X(METHOD,               400, "the method is not a token")                                                        \
    X(VERSION,              400, "the version is not HTTP/digit.digit")                                              \
    X(VERSION_UNSUPPORTED,  505, "only HTTP/1.0 and HTTP/1.1 are spoken here")                                       \
    X(METHOD_UNKNOWN,       501, "unknown method")                                                                   \
    X(METHOD_CONNECT,       501, "CONNECT is not implemented")                                                       \
    X(METHOD_TRACE,         405, "TRACE is not allowed")                                                             \
    X(TARGET_CHARACTER,     400, "the request target holds a character that must be percent-encoded")                \
    X(TARGET_FORM,          400, "the request target is neither a path, an http URL, nor * with OPTIONS")            \
    X(TARGET_AUTHORITY,     400, "the request target names another host than Host")                                  \
    X(TARGET_TOO_LONG,      414, "the request target is too long")                                                   \
    /* field lines */                                                                                                \
    X(OBS_FOLD,             400, "a header line begins with a space or tab")                                         \
    X(FIELD_NAME,           400, "a header name is empty or not a token")                                            \
    X(FIELD_NO_COLON,       400, "a header line without colon")                                                      \
    X(HEAD_TOO_LARGE,       431, "the header section is too large")                                                  \
    X(TOO_MANY_FIELDS,      431, "too many header lines")                                                            \
    X(HOST_MISSING,         400, "no Host header")                                                                   \
    X(HOST_REPEATED,        400, "more than one Host header")                                                        \
    X(HOST_INVALID,         400, "the Host header is not a host name or address with an optional port")              \
    X(CONNECTION_OPTION,    400, "Connection names a field that is not for this connection only")                    \
    X(CONNECTION_OPTIONS,   400, "Connection names too many fields")                                                 \
    X(EXPECT_UNKNOWN,       417, "only Expect: 100-continue is understood")                                          \
    /* framing */                                                                                                    \
    X(LENGTH_REPEATED,      400, "more than one Content-Length header")                                              \
    X(LENGTH_INVALID,       400, "Content-Length is not a number of at most 16 digits")                              \
    X(LENGTH_AND_CODING,    400, "Content-Length together with Transfer-Encoding")                                   \
    X(LENGTH_TOO_LARGE,     413, "the body is too large")                                                            \
    X(CODING_REPEATED,      400, "more than one Transfer-Encoding header")                                           \
    X(CODING_UNKNOWN,       400, "Transfer-Encoding is not: chunked")                                                \
    X(CODING_IN_1_0,        400, "Transfer-Encoding in HTTP/1.0")                                                    \
    /* chunks and trailers */                                                                                        \
    X(CHUNK_SIZE,           400, "a chunk size is not a hexadecimal number of at most 16 digits")                    \
    X(CHUNK_EXTENSION,      400, "a malformed chunk extension")                                                      \
    X(CHUNK_EXTENSION_LONG, 400, "a chunk extension is too long")                                                    \
    X(CHUNK_END,            400, "a chunk does not end where its size says")                                         \
    X(TRAILER_TOO_LARGE,    431, "the trailer section is too large")                                                 \
    X(TRAILER_FORBIDDEN,    400, "a trailer field that may only be a header field")                                  \
    /* answers of a server */                                                                                        \
    X(STATUS_LINE,          502, "the status line is not: version, one space, three digits, one space, reason")      \
    X(STATUS_CODE,          502, "the status code is not within 100 and 599")                                        \
    X(BODY_FORBIDDEN,       502, "a body where the status or the method allows none")                                \
    X(INTERIM_FLOOD,        502, "too many interim answers")                                                         \
    X(TRUNCATED,            502, "the connection ended inside the answer")                                           \
    X(SURPLUS,              502, "bytes after the end of the answer")                                                \
    /* both */                                                                                                       \
    X(SECOND_READER,        400, "malformed HTTP message")                                                           \
    X(DISAGREEMENT,         400, "ambiguous HTTP message")                                                           \
    X(TIMEOUT,              408, "the request did not arrive in time")                                               \
    X(NO_MEMORY,            503, "out of memory")
/* clang-format on */

enum h1_reason {
#define X(name, status, text) H1_##name,
    H1_REASONS(X)
#undef X
};

int h1_reason_status(enum h1_reason r);
struct text h1_reason_text(enum h1_reason r);
const char *h1_reason_name(enum h1_reason r);
