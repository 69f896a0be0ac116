/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway.h"

#include <stdio.h>

int gateway_open(void **state)
{
    static struct gateway g;
    static const struct credentials_settings settings = {
        .cache_max = 10,
        .timeout_ms = 5000,
        .fetches_at_once = 2,
        .waiting_at_once = 2,
        .blocked_at_once = 4,
        .blocked_by_one = 4,
        .verify_tls = true,
    };
    g = (struct gateway){.w = shop_open(NULL)};
    (void)snprintf(g.client.path, sizeof g.client.path, "%s/jobs", g.w->directory);
    g.fetcher = fetcher_open(g.client.path);
    must(status_ok(credentials_new(&settings, NULL, &g.credentials)));
    *state = &g;
    return 0;
}

int gateway_close(void **state)
{
    struct gateway *g = *state;
    credentials_free(g->credentials);
    fetcher_close(g->fetcher);
    world_close(g->w);
    return 0;
}

int gateway_ask(struct gateway *g, const struct ask *in, struct bytes *out)
{
    struct prepared p;
    ask_prepare(&p, g->w, in);
    p.domain.credentials = g->credentials;
    p.domain.fetcher = &g->client;
    api_dispatch(&p.call);
    *out = arena_bytes(&g->w->arena, buffer_bytes(&p.call.reply.body));
    buffer_release(&p.call.reply.body);
    return p.call.reply.status;
}
