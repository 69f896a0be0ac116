/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the server does with each way known to us of writing an HTTP/1 request that two readers may understand
 * differently. `reason` NONE: accepted, and a request that follows on the same connection is understood too.
 * The table with its verdicts is tests/golden/h1_verdicts.txt; a change of policy is a change of that file.
 */

#include "base/bytes.h"
#include "http/h1_reason.h"

struct verdict_case {
    const char *name;
    struct text bytes;
    enum h1_reason reason;
};

#define H       "Host: a\r\n"
#define GET     "GET / HTTP/1.1\r\n" H
#define POST    "POST / HTTP/1.1\r\n" H
#define END     "\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n" END
/* A request smuggled behind what one reader takes for the end. */
#define INNER "GET /inner HTTP/1.1\r\nHost: a\r\n\r\n"

#define CASE(name, bytes, reason)                                                                            \
    {                                                                                                        \
        name, TEXT_INIT(bytes), H1_##reason                                                                  \
    }

/* clang-format off */
static const struct verdict_case verdict_cases[] = {
    /* accepted */
    CASE("a plain request", GET END, NONE),
    CASE("a body of known length", POST "Content-Length: 3\r\n" END "abc", NONE),
    CASE("an empty body", POST "Content-Length: 0\r\n" END, NONE),
    CASE("a chunked body", CHUNKED "3\r\nabc\r\n0\r\n" END, NONE),
    CASE("HTTP/1.0 with keep-alive", "GET / HTTP/1.0\r\n" H "Connection: keep-alive\r\n" END, NONE),
    CASE("HTTP/1.0 without Host", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n" END, NONE),
    CASE("PATCH", "PATCH / HTTP/1.1\r\n" H "Content-Length: 0\r\n" END, NONE),
    CASE("OPTIONS *", "OPTIONS * HTTP/1.1\r\n" H END, NONE),
    CASE("one empty line before the request", "\r\n" GET END, NONE),
    CASE("leading zeros in Content-Length", POST "Content-Length: 0000000000000003\r\n" END "abc", NONE),
    CASE("leading zeros in a chunk size", CHUNKED "0003\r\nabc\r\n000\r\n" END, NONE),
    CASE("upper and lower case in chunk sizes", CHUNKED "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n" END, NONE),
    CASE("Chunked with a capital", POST "Transfer-Encoding: Chunked\r\n" END "0\r\n" END, NONE),
    CASE("transfer-encoding in lower case", POST "transfer-encoding: chunked\r\n" END "0\r\n" END, NONE),
    CASE("OWS around values", POST "Content-Length: \t 3  \r\nX: \t y \t\r\n" END "abc", NONE),
    CASE("no OWS before values", POST "Content-Length:3\r\n" END "abc", NONE),
    CASE("an empty value", GET "X:\r\n" END, NONE),
    CASE("a value of blanks only", GET "X: \t \r\n" END, NONE),
    CASE("obs-text in a value", GET "X: \xc3\xa4\xff\r\n" END, NONE),
    CASE("every token character in a name", GET "!#$%&'*+-.^_`|~09azAZ: x\r\n" END, NONE),
    CASE("a short chunk extension", CHUNKED "3;a=b\r\nabc\r\n0\r\n" END, NONE),
    CASE("a quoted chunk extension", CHUNKED "3;a=\"b;c\"\r\nabc\r\n0\r\n" END, NONE),
    CASE("an extension of the last chunk", CHUNKED "3\r\nabc\r\n0;a=b\r\n" END, NONE),
    CASE("trailer fields", CHUNKED "0\r\nX-Checksum: 1\r\nY: \r\n" END, NONE),
    CASE("absolute-form equal to Host", "GET http://a/x?y HTTP/1.1\r\n" H END, NONE),
    CASE("absolute-form equal but for case", "GET HTTP://A/x HTTP/1.1\r\n" H END, NONE),
    CASE("absolute-form without a path", "GET http://a HTTP/1.1\r\n" H END, NONE),
    CASE("absolute-form with only a query", "GET http://a?y HTTP/1.1\r\n" H END, NONE),
    CASE("absolute-form in HTTP/1.0 without Host", "GET http://a/ HTTP/1.0\r\nConnection: keep-alive\r\n" END, NONE),
    CASE("Host with a port", "GET / HTTP/1.1\r\nHost: a:8443\r\n" END, NONE),
    CASE("Host is an IPv6 address", "GET / HTTP/1.1\r\nHost: [::1]:443\r\n" END, NONE),
    CASE("Expect: 100-continue", POST "Expect: 100-Continue\r\nContent-Length: 3\r\n" END "abc", NONE),
    CASE("Expect without a body", GET "Expect: 100-continue\r\n" END, NONE),
    CASE("an h2c offer is ignored", GET "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n" END, NONE),
    CASE("an h2c offer with a body is ignored", POST "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n" END "abc", NONE),
    CASE("a websocket offer is the owner's to see", GET "Connection: Upgrade\r\nUpgrade: websocket\r\n" END, NONE),
    CASE("a GET with a body (CL.0)", GET "Content-Length: 32\r\n" END INNER, NONE),
    CASE("encoded slashes and dots stay encoded", "GET /a%2f%2e%2e/..;/b HTTP/1.1\r\n" H END, NONE),
    CASE("unencoded bars and braces in a query", "GET /?a={b|c}^`\\ HTTP/1.1\r\n" H END, NONE),
    CASE("Connection names TE", GET "Connection: TE, keep-alive\r\nTE: trailers\r\n" END, NONE),
    CASE("the longest chunk extension", CHUNKED "1;" /* 256 bytes with the semicolon */
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "\r\nx\r\n0\r\n" END, NONE),

    /* Content-Length and Transfer-Encoding */
    CASE("CL and TE", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" END "0\r\n" END, LENGTH_AND_CODING),
    CASE("TE and CL", POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" END "0\r\n" END, LENGTH_AND_CODING),
    CASE("two CL, different", POST "Content-Length: 3\r\nContent-Length: 5\r\n" END "abcde", LENGTH_REPEATED),
    CASE("two CL, equal", POST "Content-Length: 3\r\nContent-Length: 3\r\n" END "abc", LENGTH_REPEATED),
    CASE("a CL list of different values", POST "Content-Length: 3, 5\r\n" END "abcde", LENGTH_INVALID),
    CASE("a CL list of equal values", POST "Content-Length: 3, 3\r\n" END "abc", LENGTH_INVALID),
    CASE("an empty CL", POST "Content-Length:\r\n" END, LENGTH_INVALID),
    CASE("CL +5", POST "Content-Length: +5\r\n" END "abcde", LENGTH_INVALID),
    CASE("CL -1", POST "Content-Length: -1\r\n" END, LENGTH_INVALID),
    CASE("CL 0x5", POST "Content-Length: 0x5\r\n" END "abcde", LENGTH_INVALID),
    CASE("CL 5,", POST "Content-Length: 5,\r\n" END "abcde", LENGTH_INVALID),
    CASE("CL ,5", POST "Content-Length: ,5\r\n" END "abcde", LENGTH_INVALID),
    CASE("CL with a blank inside", POST "Content-Length: 5 5\r\n" END "abcde", LENGTH_INVALID),
    CASE("CL 5.0", POST "Content-Length: 5.0\r\n" END "abcde", LENGTH_INVALID),
    CASE("CL 1e3", POST "Content-Length: 1e3\r\n" END, LENGTH_INVALID),
    CASE("CL of 17 digits", POST "Content-Length: 00000000000000003\r\n" END "abc", LENGTH_INVALID),
    CASE("CL 2^63", POST "Content-Length: 9223372036854775808\r\n" END, LENGTH_INVALID),
    CASE("CL 2^64 + 3", POST "Content-Length: 18446744073709551619\r\n" END "abc", LENGTH_INVALID),
    CASE("CL over the limit", POST "Content-Length: 1001\r\n" END, LENGTH_TOO_LARGE),
    CASE("CL at the limit of digits", POST "Content-Length: 9999999999999999\r\n" END, LENGTH_TOO_LARGE),
    CASE("CL 5 and a tab", POST "Content-Length: 3\t\r\n" END "abc", SECOND_READER),
    CASE("blank before the colon of CL", POST "Content-Length : 3\r\n" END "abc", FIELD_NAME),
    CASE("tab before the colon of TE", POST "Transfer-Encoding\t: chunked\r\n" END "0\r\n" END, FIELD_NAME),
    CASE("TE chunked, identity", POST "Transfer-Encoding: chunked, identity\r\n" END "0\r\n" END, CODING_UNKNOWN),
    CASE("TE identity, chunked", POST "Transfer-Encoding: identity, chunked\r\n" END "0\r\n" END, CODING_UNKNOWN),
    CASE("TE gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n" END "0\r\n" END, CODING_UNKNOWN),
    CASE("TE chunked, chunked", POST "Transfer-Encoding: chunked, chunked\r\n" END "0\r\n" END, CODING_UNKNOWN),
    CASE("TE identity", POST "Transfer-Encoding: identity\r\n" END, CODING_UNKNOWN),
    CASE("TE ,chunked", POST "Transfer-Encoding: ,chunked\r\n" END "0\r\n" END, CODING_UNKNOWN),
    CASE("TE chunked;q=1", POST "Transfer-Encoding: chunked;q=1\r\n" END "0\r\n" END, CODING_UNKNOWN),
    CASE("TE \"chunked\"", POST "Transfer-Encoding: \"chunked\"\r\n" END "0\r\n" END, CODING_UNKNOWN),
    CASE("TE xchunked", POST "Transfer-Encoding: xchunked\r\n" END "0\r\n" END, CODING_UNKNOWN),
    CASE("an empty TE", POST "Transfer-Encoding:\r\n" END, CODING_UNKNOWN),
    CASE("TE chunked with a vertical tab", POST "Transfer-Encoding: chunked\x0b\r\n" END "0\r\n" END, CONTROL),
    CASE("TE with a vertical tab before chunked", POST "Transfer-Encoding: \x0b" "chunked\r\n" END "0\r\n" END, CONTROL),
    CASE("TE chunked with a form feed", POST "Transfer-Encoding: chunked\x0c\r\n" END "0\r\n" END, CONTROL),
    CASE("two TE", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END "0\r\n" END, CODING_REPEATED),
    CASE("two TE, one identity", POST "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n" END "0\r\n" END, CODING_REPEATED),
    CASE("TE in HTTP/1.0", "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n" END "0\r\n" END, CODING_IN_1_0),
    CASE("TE on a folded line", POST "Transfer-Encoding:\r\n chunked\r\n" END "0\r\n" END, OBS_FOLD),
    CASE("TE hidden behind a bare CR", POST "X: y\rTransfer-Encoding: chunked\r\n" END "0\r\n" END, BARE_CR),
    CASE("TE hidden behind a bare LF", POST "X: y\nTransfer-Encoding: chunked\r\n" END "0\r\n" END, BARE_LF),
    CASE("Transfer_Encoding is another field", POST "Transfer_Encoding: chunked\r\n" END, NONE),

    /* chunks */
    CASE("chunk size +3", CHUNKED "+3\r\nabc\r\n0\r\n" END, CHUNK_SIZE),
    CASE("chunk size -3", CHUNKED "-3\r\nabc\r\n0\r\n" END, CHUNK_SIZE),
    CASE("chunk size 0x3", CHUNKED "0x3\r\nabc\r\n0\r\n" END, CHUNK_SIZE),
    CASE("a blank before the chunk size", CHUNKED " 3\r\nabc\r\n0\r\n" END, CHUNK_SIZE),
    CASE("a blank behind the chunk size", CHUNKED "3 \r\nabc\r\n0\r\n" END, CHUNK_SIZE),
    CASE("an empty chunk size", CHUNKED "\r\nabc\r\n0\r\n" END, CHUNK_SIZE),
    CASE("an extension without size", CHUNKED ";a=b\r\nabc\r\n0\r\n" END, CHUNK_SIZE),
    CASE("a chunk size of 17 digits", CHUNKED "00000000000000003\r\nabc\r\n0\r\n" END, CHUNK_SIZE),
    CASE("a huge chunk size", CHUNKED "ffffffffffffffff\r\nabc\r\n0\r\n" END, LENGTH_TOO_LARGE),
    CASE("chunks beyond the limit together", CHUNKED "1\r\na\r\n3e8\r\n", LENGTH_TOO_LARGE),
    CASE("no CRLF behind the chunk", CHUNKED "3\r\nabc0\r\n" END, CHUNK_END),
    CASE("a chunk longer than its size", CHUNKED "3\r\nabcd\r\n0\r\n" END, CHUNK_END),
    CASE("a chunk that ends in LF", CHUNKED "3\r\nabc\n0\r\n" END, CHUNK_END),
    CASE("a chunk that ends in CR and no LF", CHUNKED "3\r\nabc\rX0\r\n" END, CHUNK_END),
    CASE("a chunk size line that ends in LF", CHUNKED "3\nabc\r\n0\r\n" END, BARE_LF),
    CASE("a chunk size line that ends in CR", CHUNKED "3\rabc\r\n0\r\n" END, BARE_CR),
    CASE("a NUL behind the chunk size", CHUNKED "3\0\r\nabc\r\n0\r\n" END, CONTROL),
    CASE("an extension that ends in LF", CHUNKED "3;a\nabc\r\n0\r\n" END, BARE_LF),
    CASE("an extension with a bare CR", CHUNKED "3;a\rb\r\nabc\r\n0\r\n" END, BARE_CR),
    CASE("an extension with a line end in quotes", CHUNKED "3;a=\"\r\nabc\r\n0\r\n" END, CHUNK_EXTENSION),
    CASE("an extension with CR in quotes", CHUNKED "3;a=\"b\rc\"\r\nabc\r\n0\r\n" END, CHUNK_EXTENSION),
    CASE("an extension with a control character", CHUNKED "3;a=\x01\r\nabc\r\n0\r\n" END, CONTROL),
    CASE("an extension over 256 bytes", CHUNKED "1;"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "\r\nx\r\n0\r\n" END, CHUNK_EXTENSION_LONG),
    CASE("the last chunk ends in LF", CHUNKED "0\n\n", BARE_LF),
    CASE("the body ends in LF", CHUNKED "0\r\n\n", BARE_LF),
    CASE("the body ends in CR", CHUNKED "0\r\n\rGET", BARE_CR),

    /* trailers */
    CASE("Content-Length in the trailer", CHUNKED "0\r\nContent-Length: 5\r\n" END, TRAILER_FORBIDDEN),
    CASE("Transfer-Encoding in the trailer", CHUNKED "0\r\nTransfer-Encoding: chunked\r\n" END, SECOND_READER),
    CASE("Host in the trailer", CHUNKED "0\r\nHost: b\r\n" END, TRAILER_FORBIDDEN),
    CASE("Authorization in the trailer", CHUNKED "0\r\nAuthorization: Basic YTpi\r\n" END, TRAILER_FORBIDDEN),
    CASE("X-Forwarded-Client-Cert in the trailer", CHUNKED "0\r\nX-Forwarded-Client-Cert: Hash=0\r\n" END, TRAILER_FORBIDDEN),
    CASE("Connection in the trailer", CHUNKED "0\r\nConnection: close\r\n" END, TRAILER_FORBIDDEN),
    CASE("a folded trailer", CHUNKED "0\r\nX: a\r\n b\r\n" END, OBS_FOLD),
    CASE("a trailer without colon", CHUNKED "0\r\nX\r\n" END, FIELD_NO_COLON),
    CASE("a trailer with an empty name", CHUNKED "0\r\n: x\r\n" END, FIELD_NAME),
    CASE("a blank before the colon of a trailer", CHUNKED "0\r\nX : y\r\n" END, FIELD_NAME),
    CASE("a trailer that ends in LF", CHUNKED "0\r\nX: a\nY: b\r\n" END, BARE_LF),
    CASE("a NUL in a trailer", CHUNKED "0\r\nX: \0\r\n" END, CONTROL),
    CASE("a request instead of the trailer", CHUNKED "0\r\n" INNER, FIELD_NAME),

    /* lines and fields */
    CASE("obs-fold", GET "X: a\r\n b\r\n" END, OBS_FOLD),
    CASE("obs-fold with a tab", GET "X: a\r\n\tb\r\n" END, OBS_FOLD),
    CASE("a blank before the first field", "GET / HTTP/1.1\r\n Host: a\r\n" END, OBS_FOLD),
    CASE("a blank before the colon", GET "X : a\r\n" END, FIELD_NAME),
    CASE("a blank in the name", GET "X Y: a\r\n" END, FIELD_NAME),
    CASE("an empty name", GET ": a\r\n" END, FIELD_NAME),
    CASE("a line without colon", GET "X\r\n" END, FIELD_NO_COLON),
    CASE("a name in quotes", GET "\"X\": a\r\n" END, FIELD_NAME),
    CASE("a non-ASCII name", GET "X\xc3\xa4: a\r\n" END, FIELD_NAME),
    CASE("a NUL in a name", GET "X\0: a\r\n" END, CONTROL),
    CASE("a NUL in a value", GET "X: a\0b\r\n" END, CONTROL),
    CASE("DEL in a value", GET "X: a\x7f\r\n" END, CONTROL),
    CASE("a bare CR in a value", GET "X: a\rb\r\n" END, BARE_CR),
    CASE("a bare CR in a name", GET "X\rY: b\r\n" END, BARE_CR),
    CASE("two CR", GET "X: a\r\r\n" END, BARE_CR),
    CASE("a bare LF in a value", GET "X: a\nY: b\r\n" END, BARE_LF),
    CASE("all lines end in LF", "GET / HTTP/1.1\nHost: a\n\n", BARE_LF),
    CASE("the last line ends in LF", GET "\n", BARE_LF),
    CASE("the head ends in CR CR LF", GET "\r\r\n\r\n", BARE_CR),

    /* Host and targets */
    CASE("no Host", "GET / HTTP/1.1\r\n" END, HOST_MISSING),
    CASE("two Hosts, different", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n" END, HOST_REPEATED),
    CASE("two Hosts, equal", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n" END, HOST_REPEATED),
    CASE("two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n" END, HOST_REPEATED),
    CASE("an empty Host", "GET / HTTP/1.1\r\nHost:\r\n" END, HOST_INVALID),
    CASE("a Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n" END, HOST_INVALID),
    CASE("Host with userinfo", "GET / HTTP/1.1\r\nHost: u@a\r\n" END, HOST_INVALID),
    CASE("Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n" END, HOST_INVALID),
    CASE("Host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n" END, HOST_INVALID),
    CASE("Host with letters for a port", "GET / HTTP/1.1\r\nHost: a:b\r\n" END, HOST_INVALID),
    CASE("Host with an empty port", "GET / HTTP/1.1\r\nHost: a:\r\n" END, HOST_INVALID),
    CASE("Host with port 65536", "GET / HTTP/1.1\r\nHost: a:65536\r\n" END, HOST_INVALID),
    CASE("Host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n" END, HOST_INVALID),
    CASE("Host with an unclosed bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n" END, HOST_INVALID),
    CASE("Host with junk behind the bracket", "GET / HTTP/1.1\r\nHost: [::1]a\r\n" END, HOST_INVALID),
    CASE("Host percent-encoded", "GET / HTTP/1.1\r\nHost: a%2eb\r\n" END, HOST_INVALID),
    CASE("Host non-ASCII", "GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n" END, HOST_INVALID),
    CASE("absolute-form with another host", "GET http://b/ HTTP/1.1\r\n" H END, TARGET_AUTHORITY),
    CASE("absolute-form with another port", "GET http://a:80/ HTTP/1.1\r\n" H END, TARGET_AUTHORITY),
    CASE("absolute-form with userinfo", "GET http://u@a/ HTTP/1.1\r\n" H END, TARGET_AUTHORITY),
    CASE("absolute-form without Host in 1.1", "GET http://a/ HTTP/1.1\r\n" END, HOST_MISSING),
    CASE("absolute-form with a bad host in 1.0", "GET http://a@b/ HTTP/1.0\r\n" END, HOST_INVALID),
    CASE("absolute-form of another scheme", "GET ftp://a/ HTTP/1.1\r\n" H END, TARGET_FORM),
    CASE("a target without slash", "GET x HTTP/1.1\r\n" H END, TARGET_FORM),
    CASE("* with GET", "GET * HTTP/1.1\r\n" H END, TARGET_FORM),
    CASE("a fragment in the target", "GET /#x HTTP/1.1\r\n" H END, TARGET_CHARACTER),
    CASE("a non-ASCII target", "GET /\xc3\xa4 HTTP/1.1\r\n" H END, TARGET_CHARACTER),
    CASE("a backslash in the path", "GET /a\\..\\b HTTP/1.1\r\n" H END, TARGET_CHARACTER),
    CASE("a NUL in the target", "GET /\0 HTTP/1.1\r\n" H END, CONTROL),
    CASE("a CR in the target", "GET /\rX HTTP/1.1\r\n" H END, BARE_CR),

    /* request lines */
    CASE("HTTP/0.9", "GET /\r\n" END, REQUEST_LINE),
    CASE("HTTP/0.9 with a blank", "GET / \r\n" END, REQUEST_LINE),
    CASE("two spaces before the target", "GET  / HTTP/1.1\r\n" H END, REQUEST_LINE),
    CASE("two spaces before the version", "GET /  HTTP/1.1\r\n" H END, REQUEST_LINE),
    CASE("a space behind the version", "GET / HTTP/1.1 \r\n" H END, REQUEST_LINE),
    CASE("a space in the target", "GET /a b HTTP/1.1\r\n" H END, REQUEST_LINE),
    CASE("a tab behind the method", "GET\t/ HTTP/1.1\r\n" H END, METHOD),
    CASE("a tab behind the target", "GET /\tHTTP/1.1\r\n" H END, REQUEST_LINE),
    CASE("a space before the method", " GET / HTTP/1.1\r\n" H END, NOT_HTTP),
    CASE("two empty lines before the request", "\r\n\r\n" GET END, EMPTY_LINES),
    CASE("an LF before the request", "\n" GET END, BARE_LF),
    CASE("a CR before the request", "\r" GET END, BARE_CR),
    CASE("a method in lower case", "get / HTTP/1.1\r\n" H END, METHOD_UNKNOWN),
    CASE("an unknown method", "BREW / HTTP/1.1\r\n" H END, METHOD_UNKNOWN),
    CASE("a method llhttp knows and we do not", "PROPFIND / HTTP/1.1\r\n" H END, METHOD_UNKNOWN),
    CASE("a method of garbage", "G@T / HTTP/1.1\r\n" H END, METHOD),
    CASE("a NUL in the method", "G\0T / HTTP/1.1\r\n" H END, CONTROL),
    CASE("a non-ASCII method", "G\xc3\x84T / HTTP/1.1\r\n" H END, METHOD),
    CASE("CONNECT", "CONNECT a:443 HTTP/1.1\r\n" H END, METHOD_CONNECT),
    CASE("TRACE", "TRACE / HTTP/1.1\r\n" H END, METHOD_TRACE),
    CASE("HTTP/2 with prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", VERSION_UNSUPPORTED),
    CASE("HTTP/1.2", "GET / HTTP/1.2\r\n" H END, VERSION_UNSUPPORTED),
    CASE("HTTP/3.0", "GET / HTTP/3.0\r\n" H END, VERSION_UNSUPPORTED),
    CASE("HTTP/0.9 spelled out", "GET / HTTP/0.9\r\n" H END, VERSION_UNSUPPORTED),
    CASE("HTTP/01.1", "GET / HTTP/01.1\r\n" H END, VERSION),
    CASE("HTTP/1.10", "GET / HTTP/1.10\r\n" H END, VERSION),
    CASE("HTTP/1", "GET / HTTP/1\r\n" H END, VERSION),
    CASE("http/1.1", "GET / http/1.1\r\n" H END, VERSION),
    CASE("ICY/1.1", "GET / ICY/1.1\r\n" H END, VERSION),
    CASE("TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", NOT_HTTP),

    /* other fields that decide */
    CASE("Expect: something else", POST "Expect: 200-ok\r\nContent-Length: 3\r\n" END "abc", EXPECT_UNKNOWN),
    CASE("two Expects", POST "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 3\r\n" END "abc", EXPECT_UNKNOWN),
    CASE("Connection names Authorization", GET "Connection: close, Authorization\r\nAuthorization: x\r\n" END, CONNECTION_OPTION),
    CASE("Connection names X-Forwarded-Client-Cert", GET "Connection: x-forwarded-client-cert\r\n" END, CONNECTION_OPTION),
    CASE("Connection names Host", GET "Connection: Host\r\n" END, CONNECTION_OPTION),
    CASE("Connection names 32 fields", GET "Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p\r\nConnection: ,,,,,,,,,,,,,,,\r\n" END, NONE),
    CASE("Connection names 33 fields", GET "Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p\r\nConnection: ,,,,,,,,,,,,,,,,\r\n" END, CONNECTION_OPTIONS),
    CASE("Connection names Content-Length", POST "Connection: Content-Length\r\nContent-Length: 3\r\n" END "abc", CONNECTION_OPTION),
};
/* clang-format on */

#undef H
#undef GET
#undef POST
#undef END
#undef CHUNKED
#undef INNER
#undef CASE
