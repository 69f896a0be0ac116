/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How is a service called? In the core: the strategy of each kind of credentials behind one table, the tokens
 * that have to be fetched (OAuth, CSRF), and addresses. Fetching is the fetcher's; this is the bookkeeping:
 * one cache per node, keyed by everything that matters (SHA-256 over token URL, client id, secret,
 * parameters, client certificate), single flight, early refresh in the background, negative caching with
 * back-off, at most one forced fetch per key in 10 s (DESIGN 3.1, 13).
 *
 * Any thread; blocks while a first token or address is fetched (together with everybody who waits for the
 * same).
 */

#include "base/arena.h"
#include "base/error.h"
#include "net/hop.h"
#include "os/page.h"
#include "registry/registry.h"

struct credentials_cache;

struct credentials_settings {
    unsigned cache_max;  /* keys */
    unsigned timeout_ms; /* of one token, CSRF or DNS job; outbound.token_timeout */
    unsigned fetches_at_once;
    bool verify_tls;
};
struct credentials_parts {
    struct registry *registry;
    const struct fetch_client *fetcher;
    struct page *page;
};
struct status credentials_new(const struct credentials_settings *settings, unsigned cache_max,
                              struct credentials_cache *previous, struct credentials_cache **out);
void credentials_free(struct credentials_cache *c); /* accepts NULL */

/* Which service: the address as the front read it (outbound/address.h). */
struct credentials_question {
    struct text tenant;
    struct text label;                /* host form */
    struct text application, service; /* path form */
    struct text secret, entry;        /* secret form */
};
/*
 * Always fills `out`: a refusal (unknown service, missing secret, token endpoint that failed) is an answer
 * with status and message of the contract (3.2, 3.5, 3.9), kept for a second. Texts in the arena; wiped with
 * it.
 */
struct status credentials_answer(struct credentials_cache *c, const struct credentials_parts *parts,
                                 const struct credentials_question *q, struct arena *a,
                                 struct hop_target *out, struct error *err);
/* A target refused what it was given (401, 403). Reports about older versions are ignored; *out_again: fresh
 * ones are worth a try. */
struct status credentials_refused(struct credentials_cache *c, const struct credentials_parts *parts,
                                  const struct credentials_question *q, uint64_t version, bool *out_again);
