/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The route table: method, pattern, listeners, permission, body limit, flags, handler. Policy as data:
 * tests/golden/routes.txt is its dump, so that a change of permission is seen in review.
 *
 * The front uses the rows to answer 404, 405, 413 and permission questions that need no domain knowledge; the
 * core uses the same rows to find the handler and checks the permission again. Handlers are bound by id in
 * api/handlers.c, which the front does not link.
 */

#include "http/router.h"

/* Which listener a request arrived on; bit = 1u << enum. Matches enum listener of config/settings.h for the
 * first five. */
enum route_listener {
    ON_INTERNAL = 1u << 0,
    ON_CONNECTOR = 1u << 1,
    ON_GATEWAY = 1u << 2,
    ON_PROXY = 1u << 3,
    ON_CLUSTER = 1u << 4,
    ON_CONTROL = 1u << 5, /* the control socket */
    ON_FRONT = 1u << 6,   /* questions that a front asks the core; never reachable from outside */
    ON_EGRESS = 1u << 7,  /* the same over the socket of fronts that serve workloads, which makes it this */
};

enum route_permission {
    PERMIT_ANYONE, /* no identity needed (health, specification, token routes: the handler checks the token)
                    */
    PERMIT_CERTIFICATE, /* a verified, unrevoked client certificate of this CA */
    PERMIT_MAPPED,      /* ... or one of an external CA: the handler looks for its mapping */
    PERMIT_OPERATOR,    /* control socket, or the internal listener */
    PERMIT_FRONT,       /* our own fronts */
};

enum route_flag {
    ROUTE_KYMA = 1u << 0, /* errors as {"code":..,"error":".."} */
    ROUTE_INLINE =
        1u << 1, /* the handler runs on the core's loop: it must not block, sign or touch the store */
    ROUTE_LOCAL = 1u << 2, /* the front answers it itself (liveness) */
    ROUTE_DROP_NEWLINES =
        1u << 3, /* raw CR/LF inside JSON strings of the body are dropped (what people paste) */
    ROUTE_ENDS_IDENTITY =
        1u << 4,             /* revokes the caller's own certificate: its answer still reaches the caller */
    ROUTE_GRAPHQL = 1u << 5, /* errors as {"errors":[{"message":..}],"data":null} */
};

extern const struct route api_routes[];
extern const size_t api_route_count;

/* The dump for the golden file: one line per row, columns aligned. */
struct buffer;
void api_routes_dump(struct buffer *out);

/* Errors in the shape the client expects. `allowed` is for Allow on native routes (contract: Kyma's 405 has
 * none). */
struct text;
/* Unknown paths get Kyma's shape (contract 9: also "/"), but for those below /api, /front, /console and the
 * operating ones. */
bool api_path_is_kyma(struct text path);
enum error_shape { ERROR_NATIVE /* RFC 9457 */, ERROR_KYMA, ERROR_GRAPHQL };
/* Of a request; `route` NULL when there is none: the shape follows from the path. */
enum error_shape api_error_shape(const struct route *route, struct text path);
void api_error_body(struct buffer *out, enum error_shape shape, int status, struct text message,
                    struct text request_id);
struct text api_error_content_type(enum error_shape shape);
