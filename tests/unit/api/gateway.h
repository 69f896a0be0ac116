/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A world whose core answers questions about targets, with a fetcher of its own. */

#include "../credentials/fetcher.h"
#include "credentials/credentials.h"
#include "shop.h"

struct gateway {
    struct world *w;
    struct fetcher *fetcher;
    struct fetch_client client;
    struct credentials_cache *credentials;
};

/* Set-up and tear-down of cmocka; *state is a struct gateway. */
int gateway_open(void **state);
int gateway_close(void **state);

/* `in` goes to the routes; the status, and the body in the world's arena. */
int gateway_ask(struct gateway *g, const struct ask *in, struct bytes *out);
