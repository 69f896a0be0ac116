/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How is a service called? In the core: the strategy of each kind of credentials behind one table, the tokens
 * that have to be fetched (OAuth, CSRF), and addresses. Fetching is the fetcher's; this is the bookkeeping:
 * one cache per node, keyed by everything that matters (SHA-256 over token URL, client id, secret,
 * parameters, client certificate), single flight, early refresh in the background, negative caching with
 * back-off, at most one forced fetch per key in 10 s (DESIGN 3.1, 13).
 *
 * Secrets are in the caller's arena, who wipes it. Any thread; blocks while a first token or address is
 * fetched (together with everybody who waits for the same).
 */

#include "base/arena.h"
#include "base/error.h"
#include "net/hop.h"
#include "net/proxy.h"
#include "os/page.h"
#include "registry/registry.h"

struct credentials_cache;

/*
 * A request thread that has to wait for a token or an address blocks; dead token endpoints must not take all
 * of them. What is beyond a limit is told 503 at once.
 */
struct credentials_settings {
    unsigned cache_max;              /* keys: tokens and host names */
    unsigned timeout_ms;             /* of one token, CSRF or DNS job */
    unsigned fetches_at_once;        /* jobs at the fetcher */
    unsigned waiting_at_once;        /* threads that wait for one key, besides the one that fetches */
    unsigned blocked_at_once;        /* threads that wait or fetch */
    unsigned blocked_by_one;         /* of them for one application: its dead endpoints are not everybody's */
    bool verify_tls;                 /* of targets, token and CSRF endpoints */
    struct proxy_rules proxy;        /* outbound.proxy; what it borrows outlives the cache */
    struct text proxy_authorization; /* "Basic ..." or empty; likewise */
};
struct credentials_parts {
    struct registry *registry;
    const struct fetch_client *fetcher;
};
/* Copies the settings. `previous` (or NULL) is that of the configuration before a reload: what was fetched is
 * shared with it. */
struct status credentials_new(const struct credentials_settings *settings, struct credentials_cache *previous,
                              struct credentials_cache **out);
void credentials_free(struct credentials_cache *c); /* accepts NULL */
OWNABLE(struct credentials_cache, credentials_free);

/* Which service: the address as the front read it (outbound/address.h). */
struct credentials_question {
    struct text tenant;
    struct text label;                /* host form */
    struct text application, service; /* path form */
    struct text secret;               /* secret form */
    struct text entry;                /* the API, of a secret or of a bundle (`service` is one then) */
};
/*
 * A refusal (unknown service, missing secret, token endpoint that failed) is an answer, too, with status and
 * message of the contract (3.2, 3.5, 3.6, 3.9), kept for a second. So is that the address names a bundle
 * (hop_target.bundle). Other than DONE: the store or memory failed.
 */
struct status credentials_answer(struct credentials_cache *c, const struct credentials_parts *parts,
                                 const struct credentials_question *q, struct arena *a,
                                 struct hop_target *out, struct error *err);
/* The same for people: when what was fetched ends; seconds, 0 = there is none. */
struct credentials_fetched {
    int64_t token_until, token_refresh_at; /* OAuth; it is renewed in the background after the second */
};
struct status credentials_explain(struct credentials_cache *c, const struct credentials_parts *parts,
                                  const struct credentials_question *q, struct arena *a,
                                  struct hop_target *out, struct credentials_fetched *fetched,
                                  struct error *err);
/* A target refused what it was given (401, 403). *out_again: fresh ones are worth a try. Of reports about an
 * older version that is all that comes; one about the present version drops its tokens, at most once in 10 s
 * (until then the target's answer stands). What was not fetched is not dropped. */
struct status credentials_refused(struct credentials_cache *c, const struct credentials_parts *parts,
                                  const struct credentials_question *q, uint64_t version, bool *out_again);
