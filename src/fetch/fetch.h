/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Jobs for the fetcher process, the core's side and the message format. Downloads and the reading of foreign
 * documents (XML, YAML) happen there and nowhere else; the core sees an outcome, words and bytes it treats as
 * opaque.
 *
 * One Unix stream connection per job: u32 length and the request, u32 length and the answer, both in the
 * binary form below (fetch/message.c); then it closes. Any thread; blocks until the answer or the deadline.
 */

#include "base/buffer.h"
#include "base/error.h"

enum fetch_job {
    FETCH_DOCUMENT = 1, /* GET a specification from a URL and check it */
    FETCH_CHECK,        /* check a document that was sent here */
};

struct fetch_field {
    struct text name, value;
};
#define FETCH_FIELDS_MAX 128

/*
 * Credentials, headers and parameters are for the first origin (scheme, host and port): a redirect that
 * leaves it gets none of them, one from https to http, to user-info or to another scheme is refused.
 * User-info of `url` is Basic authentication when no other is given. Only gzip and deflate are asked for;
 * document_max is of decoded bytes.
 */
enum fetch_authentication { FETCH_NO_AUTHENTICATION, FETCH_BASIC, FETCH_OAUTH };

struct fetch_request {
    enum fetch_job job;
    /* FETCH_DOCUMENT */
    struct text url;
    const struct fetch_field *headers; /* never replace one of ours */
    size_t header_count;
    const struct fetch_field *query; /* appended unless the URL has the name already */
    size_t query_count;
    enum fetch_authentication authentication;
    struct text user, password; /* FETCH_BASIC; FETCH_OAUTH: client id and secret */
    struct text token_url;      /* FETCH_OAUTH */
    /* FETCH_CHECK */
    struct bytes document;
    /* both */
    struct text
        claim; /* apiType as registered: odata, openapi, asyncapi (any case) are checked for being that */
    uint32_t document_max;
    uint32_t timeout_ms; /* of the whole job; the process that does it is killed then */
};

enum fetch_outcome {
    FETCH_FINE,
    FETCH_REFUSED,     /* a URL or an address we do not go to */
    FETCH_STATUS,      /* the server answered, but not 200 */
    FETCH_UNREACHABLE, /* DNS, connection, TLS, protocol */
    FETCH_TIMEOUT,
    FETCH_TOO_LARGE,
    FETCH_WRONG_TYPE,    /* it is not what it claims to be, or no specification at all */
    FETCH_AUTHORIZATION, /* the token endpoint refused or failed */
    FETCH_OUTCOME_END
};

enum fetch_format { FETCH_FORMAT_JSON, FETCH_FORMAT_YAML, FETCH_FORMAT_XML, FETCH_FORMAT_END };

struct fetch_answer {
    enum fetch_outcome outcome;
    int http_status;  /* FETCH_STATUS, FETCH_AUTHORIZATION */
    char reason[400]; /* for a person, one line, no credentials: "404 Not Found", "timed out after 20 s" */
    enum fetch_format format;
    struct buffer document; /* FETCH_FINE of FETCH_DOCUMENT; owned */
};
void fetch_answer_release(struct fetch_answer *a);
OWNABLE_VALUE(struct fetch_answer, fetch_answer_release);

struct fetch_client {
    char path[108]; /* of the fetcher's socket */
};
/*
 * `out` (released by the caller) says how it went; it is untouched unless DONE. A job that was killed at its
 * deadline is FETCH_TIMEOUT. E_UNAVAILABLE when the fetcher cannot be reached (for 2 s: it may be starting
 * again) or when the job ended before its deadline without an answer. E_TOO_LARGE: the request is larger than
 * a message.
 */
struct status fetch_call(const struct fetch_client *client, const struct fetch_request *request,
                         struct fetch_answer *out, struct error *err);

/* ---- message format; fuzzed ---- */
#define FETCH_MESSAGE_MAX (18u * 1024 * 1024)
void fetch_request_encode(const struct fetch_request *r, struct buffer *out);
/* Texts borrow from `in`; the fields are copied into `fields` (FETCH_FIELDS_MAX for each list). */
struct status fetch_request_decode(struct bytes in, struct fetch_request *out,
                                   struct fetch_field fields[static 2 * FETCH_FIELDS_MAX]);
void fetch_answer_encode(const struct fetch_answer *a, struct buffer *out);
struct status fetch_answer_decode(struct bytes in, struct fetch_answer *out);
