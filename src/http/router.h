/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Finds the row of a route table. The table itself is data of the module that knows the product
 * (api/routes.c); this file knows only methods, patterns and bits.
 *
 * Pattern: "/v1/applications/{name}/tokens": a segment in braces matches one non-empty segment
 * (percent-decoded); "{rest...}" as the last segment matches everything that is left, also nothing. Literal
 * segments win over parameters; where they lead nowhere, parameters are tried. No trailing slash folding.
 * Matching is on the raw path; a path that is not clean ("//", "/./", "/../") is reported as such. A
 * parameter that decodes to a slash, a NUL, "." or ".." is not found. "{rest...}" is given as received, not
 * decoded. HEAD finds the row of GET when there is none of its own.
 */

#include "base/error.h"
#include "http/message.h"

#define ROUTE_PARAMS_MAX 6

struct route {
    enum http_method method;
    const char *pattern;
    unsigned listeners;  /* bit set, api/routes.h */
    unsigned permission; /* enum, api/routes.h */
    unsigned flags;      /* bit set, api/routes.h */
    size_t body_max;     /* bytes; 0 = a body is refused with 413 (an empty one is fine) */
    unsigned id;         /* the handler's number */
};

struct router;

/* Compiles a table (borrowed). E_INVALID with text when two rows collide or a pattern is malformed. */
struct status router_new(const struct route *table, size_t count, struct router **out, struct error *err);
void router_free(struct router *r);

enum route_verdict {
    ROUTE_FOUND,
    ROUTE_NOT_FOUND,
    ROUTE_WRONG_METHOD, /* the path exists on this listener with other methods */
    ROUTE_UNCLEAN,      /* "//", "/./" or "/../": out->clean_path holds the cleaned path */
};

struct route_match {
    const struct route *route;            /* ROUTE_FOUND */
    struct text params[ROUTE_PARAMS_MAX]; /* in pattern order, decoded into the arena */
    size_t param_count;
    struct text clean_path; /* ROUTE_UNCLEAN; in the arena */
    unsigned allowed;       /* ROUTE_WRONG_METHOD: bit set of 1 << enum http_method */
};

enum route_verdict router_find(const struct router *r, unsigned listener, enum http_method method,
                               struct text path, struct arena *a, struct route_match *out);
