/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Everything a registry needs, real but in memory, with a fetcher of the test's own. Keys are P-256: the
 * promise of RSA is tested with generated.h. Application "shop" exists. A failure ends the test program.
 */

#include "base/arena.h"
#include "fake_fetcher.h"
#include "registry/registry.h"

struct world {
    struct store *store;
    struct vault *vault;
    struct ca *ca;
    int page_fd, slab_fd;
    struct page page;
    struct slab *slab;
    struct fetch_client client;
    struct fake_fetcher *fetcher;
    struct registry_settings settings;
    struct registry *registry;
    struct arena arena;
    struct error err;
    struct text refusal; /* of the last description that was refused */
    char directory[64];
};

/* `store_url` NULL = in memory; "" = SQLite in the world's directory. */
struct world *world_open(const char *store_url);
void world_close(struct world *w);
/* For cmocka: *state is a world in memory, made and ended. */
int world_setup(void **state);
int world_teardown(void **state);
/* Another registry over the same parts, with w->settings as the test changed them. */
void world_reopen(struct world *w);

/* A formatted C string that lives as long as the world. */
#define FORMAT(w, ...) arena_cstr(&(w)->arena, arena_printf(&(w)->arena, __VA_ARGS__))

extern const struct audit_caller world_caller;

/* What the test's JSON says; ' stands for ". Strings as specifications are accepted. */
struct service_details *world_details(struct world *w, const char *json);
/* A description with these members in `api`, and "more" behind it: {"provider":"p",...,"api":{"targetUrl":
 * "https://h.com",<api>}<more>}. */
const char *world_service(struct world *w, const char *api, const char *more);

struct registry_key world_key(const uint8_t id[static SERVICE_ID_SIZE]);
/* Registers under "shop". */
struct status world_register(struct world *w, const char *json, struct registry_key *out);
/* The same, and it must succeed. */
struct registry_key world_registered(struct world *w, const char *json);
struct status world_replace(struct world *w, const struct registry_key *key, const char *json,
                            struct registry_view *out);
struct registry_view world_find(struct world *w, const struct registry_key *key);
/* Value of a stored secret, in the arena; "(none)" without that key or secret. */
const char *world_secret(struct world *w, const struct registry_key *key, enum secret_slot slot,
                         const char *item);
int64_t world_secret_revision(struct world *w, const struct registry_key *key, enum secret_slot slot);
/* Content of a specification, in the arena; "(none)". */
const char *world_specification(struct world *w, const struct registry_key *key,
                                enum specification_slot slot);

/* How many audit rows there are whose action begins with `prefix`; the newest goes to *newest unless NULL. */
unsigned world_audit(struct world *w, const char *prefix, struct audit_entry *newest);
