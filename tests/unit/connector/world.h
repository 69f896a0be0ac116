/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Everything a connector needs, real but in memory: memory store, vault with a key file in a directory of its
 * own, CA, generation page, slab, connector, registry. Settings are the defaults and what a test sets. A
 * failure ends the test program.
 */

#include "base/arena.h"
#include "ca/ca.h"
#include "config/settings.h"
#include "connector/connector.h"
#include "make_csr.h"
#include "os/page.h"
#include "os/slab.h"
#include "registry/registry.h"
#include "store/store.h"
#include "vault/vault.h"

#define WORLD_CONNECTOR_URL "https://connector.example:8443"
#define WORLD_GATEWAY_URL   "https://gateway.example:9443"

struct world {
    struct settings *settings;
    struct store *store;
    struct vault *vault;
    struct ca *ca;
    int page_fd, slab_fd;
    struct page page;
    struct slab *slab;
    struct connector *connector;
    struct registry *registry; /* without a fetcher */
    struct arena arena;        /* for the test's own texts */
    struct error err;
    char directory[64];
};

/* `set` is a NULL-terminated list of "key=value"; NULL = none. */
struct world *world_open(const char *const *set);
void world_close(struct world *w);

extern const struct audit_caller world_caller;

struct connector_holder world_application(const char *name);
/* A new token for `h`; its value. */
struct text world_token(struct world *w, const struct connector_holder *h);
/* Base64 of PEM of a request: what a client puts into "csr". `subject` as openssl's -subj; NULL = the
 * contract's with CN=app. */
struct text world_csr(struct world *w, const char *subject);
struct text world_csr_of(struct world *w, const struct test_csr *in);
/* Token, signature: a certificate of `h`, whose subject is the default with this CN. */
struct connector_issued world_certificate(struct world *w, const char *application);

/* How many audit rows there are whose action begins with `prefix`; the newest goes to *newest (in the arena)
 * unless NULL. */
unsigned world_audit(struct world *w, const char *prefix, struct audit_entry *newest);
