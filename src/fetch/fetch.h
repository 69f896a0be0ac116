/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Jobs for the fetcher process, the core's side and the message format. Downloads and the reading of foreign
 * documents (XML, YAML) happen there and nowhere else; the core sees an outcome, words and bytes it treats as
 * opaque.
 *
 * Whoever goes out goes through outbound.proxy as net/proxy.h says; the environment's proxies are not used.
 *
 * One Unix stream connection per job: u32 length and the request, u32 length and the answer, both in the
 * binary form below (fetch/message.c); then it closes. Any thread; blocks until the answer or the deadline.
 */

#include "base/buffer.h"
#include "base/error.h"
#include "base/secret.h"

enum fetch_job {
    FETCH_DOCUMENT = 1,  /* GET a specification from a URL and check it */
    FETCH_CHECK,         /* check a document that was sent here */
    FETCH_RESOLVE,       /* addresses of a host that we may connect to */
    FETCH_TOKEN,         /* POST a form to an OAuth token endpoint (contract 3.5) */
    FETCH_CSRF,          /* GET a CSRF token and its cookies (contract 3.6) */
    FETCH_RESOLVE_PROXY, /* addresses of outbound.proxy, which the guard does not judge: the operator's word
                          */
    FETCH_KEYS, /* GET JSON from an issuer of the configuration: loopback may be meant, redirects are refused
                 */
    FETCH_JOB_END
};

struct fetch_field {
    struct text name, value;
};
#define FETCH_FIELDS_MAX  128
#define FETCH_FIELDS_ROOM (3 * FETCH_FIELDS_MAX) /* headers, query and form */

/*
 * Credentials, headers and parameters are for the first origin (scheme, host and port): a redirect that
 * leaves it gets none of them, one from https to http, to user-info or to another scheme is refused.
 * User-info of `url` is Basic authentication when no other is given (not of FETCH_TOKEN). Only gzip and
 * deflate are asked for; document_max is of decoded bytes.
 */
enum fetch_authentication { FETCH_NO_AUTHENTICATION, FETCH_BASIC, FETCH_OAUTH };

struct fetch_request {
    enum fetch_job job;
    /* FETCH_DOCUMENT, FETCH_TOKEN, FETCH_CSRF; FETCH_KEYS has the URL alone */
    struct text url;
    const struct fetch_field *headers; /* never replace one of ours */
    size_t header_count;
    const struct fetch_field *query; /* appended unless the URL has the name already */
    size_t query_count;
    enum fetch_authentication authentication;
    struct text user, password; /* FETCH_BASIC; FETCH_OAUTH: client id and secret */
    /* FETCH_DOCUMENT */
    struct text token_url; /* FETCH_OAUTH */
    /* FETCH_CHECK */
    struct bytes document;
    /* FETCH_DOCUMENT, FETCH_CHECK */
    struct text
        claim; /* apiType as registered: odata, openapi, asyncapi (any case) are checked for being that */
    uint32_t document_max; /* FETCH_KEYS too */
    /* FETCH_RESOLVE, FETCH_RESOLVE_PROXY (as outbound.proxy has them) */
    struct text host; /* a name or an address; IPv6 with or without brackets */
    uint16_t port;    /* what the guard also looks at */
    /* FETCH_TOKEN: percent-encoded, in this order */
    const struct fetch_field *form;
    size_t form_count;
    /* FETCH_TOKEN, FETCH_CSRF; FETCH_OAUTH is nothing for them. The servers' certificates are verified unless
     * `insecure`; registry.verify_tls is not for these. */
    struct text authorization; /* a whole value, "Bearer ..."; wins over `authentication` */
    struct text client_chain_pem, client_key_pem; /* mutual TLS; empty = none */
    struct text anchors_pem; /* trust beside the system's and outbound.ca_file; FETCH_KEYS too */
    bool insecure;
    /* all */
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
    FETCH_AUTHORIZATION, /* FETCH_OAUTH: the token endpoint refused or failed. FETCH_TOKEN, FETCH_CSRF: it
                            answered 200, but with nothing that can be used */
    FETCH_OUTCOME_END
};

enum fetch_format { FETCH_FORMAT_JSON, FETCH_FORMAT_YAML, FETCH_FORMAT_XML, FETCH_FORMAT_END };

/*
 * `reason` is for a person: one line, no credentials. Of FETCH_DOCUMENT "404 Not Found", "timed out after 20
 * s"; of FETCH_TOKEN and FETCH_CSRF the contract's whole message, "incorrect response code '500' while
 * getting token from URL", "failed to make a request to 'URL': ...": the URL as registered, without user-info
 * and query; of FETCH_RESOLVE "shop.example: no such host".
 */
#define FETCH_ADDRESSES_MAX 8
#define FETCH_SECRET_MAX    (64u * 1024) /* of a token, and of all cookies */
struct fetch_answer {
    enum fetch_outcome outcome;
    int http_status; /* the last one of a server, whatever the outcome; 0: none answered */
    char reason[400];
    enum fetch_format format;
    struct buffer document; /* FETCH_FINE of FETCH_DOCUMENT and FETCH_KEYS; owned */
    /* FETCH_FINE of FETCH_RESOLVE: 1 or more, in the resolver's order; IPv4 as ::ffff:a.b.c.d */
    uint8_t addresses[FETCH_ADDRESSES_MAX][16];
    unsigned address_count;
    /* FETCH_FINE of FETCH_TOKEN, FETCH_CSRF; values that can stand in a header. Owned, wiped on release. */
    struct secret token;   /* never empty; the X-CSRF-Token value may be */
    int64_t expires_in_s;  /* 0 .. INT32_MAX as the token endpoint said; -1: it did not */
    struct secret cookies; /* of FETCH_CSRF: "a=b; c=d", may be empty */
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
/* No less than what fetch_request_encode() appends: reserve it, so that growing leaves no copies of secrets.
 */
size_t fetch_request_size(const struct fetch_request *r);
/* Texts borrow from `in`; the fields are copied into `fields` (FETCH_FIELDS_MAX for each list). */
struct status fetch_request_decode(struct bytes in, struct fetch_request *out,
                                   struct fetch_field fields[static FETCH_FIELDS_ROOM]);
size_t fetch_answer_size(const struct fetch_answer *a); /* likewise */
void fetch_answer_encode(const struct fetch_answer *a, struct buffer *out);
struct status fetch_answer_decode(struct bytes in, struct fetch_answer *out);
