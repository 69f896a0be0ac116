/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The version-neutral message: what HTTP/1.1 and HTTP/2 both become, and what the router, the front, the core
 * and the client side see. Field names are as received in h1 and lower case in h2; look-ups ignore case. All
 * text is borrowed from the exchange's arena and lives as long as the exchange.
 */

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

enum http_version { HTTP_1_0, HTTP_1_1, HTTP_2 };

/* RFC 9110 section 9 and PATCH (RFC 5789). CONNECT and TRACE are recognised so that they can be refused. */
enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_PATCH,
    HTTP_CONNECT,
    HTTP_TRACE,
    HTTP_METHOD_COUNT
};
const char *http_method_name(enum http_method m);
bool http_method_parse(struct text t, enum http_method *out); /* case-sensitive (RFC 9110 9.1) */

struct header {
    struct text name;
    struct text value; /* without surrounding OWS */
};

struct headers {
    struct header *list; /* in the arena; in order of arrival */
    size_t count;
    size_t capacity;
};

/* Appends; texts are borrowed, the list grows in the arena. E_NOMEM, or E_TOO_LARGE over LIMIT_HEADER_COUNT.
 */
struct status headers_add(struct headers *h, struct arena *a, struct text name, struct text value);
/* First value of `name`, {NULL, 0} when absent (an empty value has p != NULL). */
struct text headers_get(const struct headers *h, struct text name);
size_t headers_count(const struct headers *h, struct text name);
/* true when a comma-separated list field holds `token` (ASCII case-insensitive), over all lines of that name.
 */
bool headers_has_token(const struct headers *h, struct text name, struct text token);
/* Hop-by-hop: Connection, Keep-Alive, Proxy-Connection, TE, Trailer, Transfer-Encoding, Upgrade and what
 * Connection names among `all` (RFC 9110 7.6.1); NULL where headers_name_hops() says that it names nothing.
 */
bool header_is_hop_by_hop(struct text name, const struct headers *all);
/* Does Connection name a field? Its usual values do not, and looking for each name in it costs. */
bool headers_name_hops(const struct headers *all);

enum body_kind {
    BODY_NONE,   /* no body at all */
    BODY_SIZED,  /* content_length bytes */
    BODY_STREAM, /* chunked, or h2 without content-length */
};

struct request {
    enum http_version version;
    enum http_method method;
    struct text target;    /* as received: path and query (origin-form; absolute-form is reduced to it) */
    struct text path;      /* target up to '?', not decoded */
    struct text query;     /* after '?', {NULL,0} when there is none */
    struct text authority; /* Host or :authority, lower case kept as sent */
    struct headers headers;
    enum body_kind body;
    uint64_t content_length; /* BODY_SIZED */
    bool expect_continue;
};

struct response {
    int status; /* 100..599 */
    struct headers headers;
    enum body_kind body;
    uint64_t content_length;
};

/*
 * Percent-decodes query parameter `name` (first occurrence wins, '+' is a space, as
 * application/x-www-form-urlencoded) into the arena. {NULL, 0} when absent or malformed.
 */
struct text query_get(struct text query, struct text name, struct arena *a);
/* Percent-decodes one path segment into the arena; {NULL,0} on a malformed escape or a decoded '/' or NUL. */
struct text path_segment_decode(struct text segment, struct arena *a);
/* The other way: all but unreserved characters (RFC 3986 2.3) as "%XX". {NULL,0} when out of memory. */
struct text path_segment_encode(struct text segment, struct arena *a);
const char *http_reason(int status); /* "Not Found"; "" when unknown */
