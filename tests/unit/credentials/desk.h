/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Everything that answers "how do I call this service?": a registry's world, a fetcher of the test's own, and
 * the clock at a standstill (desk_at moves it). A failure ends the test program.
 */

#include "../registry/world.h"
#include "credentials/internal.h"
#include "fetcher.h"

#define DESK_NOW_S 1800000000

struct desk {
    struct world *world;
    struct fetcher *fetcher;
    struct fetch_client client;
    struct credentials_settings settings;
    struct credentials_cache *credentials;
    struct cache *fetched;    /* of it; borrowed */
    struct hop_target target; /* the last answer */
};

int desk_open(void **state);
int desk_close(void **state);
#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_open, desk_close)

struct credentials_parts desk_parts(struct desk *d);
/* A cache of its own with the settings as the test changed them. */
void desk_renew(struct desk *d);
void desk_advance(int64_t ms);

/* Registers in "shop"; `api` as in world_service. Its id is in the arena of the world. */
const char *desk_service(struct desk *d, const char *api);
#define DESK_BASIC "'credentials':{'basic':{'username':'alice','password':'s3cret'}}"
#define DESK_OAUTH                                                                                           \
    "'credentials':{'oauth':{'url':'https://idp.com/token','clientId':'cid','clientSecret':'c5ecret'}}"

/* By id in the path; the answer is in d->target, too. */
const struct hop_target *desk_ask(struct desk *d, const char *id);
const struct hop_target *desk_ask_label(struct desk *d, const char *label);
const struct hop_target *desk_ask_path(struct desk *d, const char *application, const char *service);
bool desk_refused(struct desk *d, const char *id, uint64_t version);
/* Fails unless the answer is that refusal. */
void desk_expect_refusal(const struct hop_target *t, int status, const char *message);
