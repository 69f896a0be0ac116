/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/internal.h"

/*
 * Pages of other origins (Fetch, 3.2 "CORS protocol"): those that graphql.cors_origins names, on the
 * listeners where no certificate is needed. Never with credentials: a token is a header that the page itself
 * sets, and nothing of ours is in a cookie. What a page on the internal listener may ask at all, says the
 * front (front/guard.c).
 */

static bool is_for_pages(const struct call *c)
{
    return (c->listener == ON_CONNECTOR || c->listener == ON_INTERNAL) &&
           c->domain->settings->graphql_cors_origins.count > 0;
}

static bool is_allowed(const struct call *c)
{
    const struct headers *h = &c->request->headers;
    return headers_count(h, TEXT("Origin")) == 1 &&
           settings_list_has(&c->domain->settings->graphql_cors_origins, headers_get(h, TEXT("Origin")));
}

struct status compass_cors(struct call *c)
{
    if (!is_for_pages(c))
        return DONE;
    TRY(reply_header(c, TEXT("Vary"), TEXT("Origin")));
    if (!is_allowed(c))
        return DONE;
    return reply_header(c, TEXT("Access-Control-Allow-Origin"),
                        headers_get(&c->request->headers, TEXT("Origin")));
}

struct status compass_options(struct call *c)
{
    TRY(reply_header(c, TEXT("Allow"), TEXT("OPTIONS, GET, POST")));
    TRY(compass_cors(c));
    if (is_for_pages(c) && is_allowed(c)) {
        TRY(reply_header(c, TEXT("Access-Control-Allow-Methods"), TEXT("GET, POST")));
        TRY(reply_header(
            c, TEXT("Access-Control-Allow-Headers"),
            TEXT("Authorization, Connector-Token, Content-Type, Suggest_token, Tenant, X-Request-Id")));
        TRY(reply_header(c, TEXT("Access-Control-Max-Age"), TEXT("600")));
    }
    return reply_empty(c, 200);
}
