/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/issuer.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#define ARENA_CHUNK     4096
#define ARENA_MAX       (2u * JWKS_BYTES)
#define DISCOVERY_BYTES (64u * 1024)

struct issuer_keys {
    atomic_uint references;
    struct jwks set;
    struct arena arena;
};

struct issuer {
    char *url, *jwks_url; /* owned */
    atomic_uint references;
    pthread_mutex_t lock;
    pthread_cond_t landed;
    /* under the lock; times are of the monotonic clock */
    struct issuer_keys *keys; /* a reference; NULL: none yet, or too old */
    int64_t fetched_at_ms;
    int64_t asked_at_ms; /* when the last fetch ended, well or not */
    int64_t pause_ms;    /* after that one, when it failed; else 0 */
    bool fetching;
    unsigned waiting;
};

static void issuer_free(struct issuer *i)
{
    issuer_keys_unref(i->keys);
    mem_free(i->url);
    mem_free(i->jwks_url);
    mem_free(i);
}

static bool make_lock(struct issuer *i)
{
    if (pthread_mutex_init(&i->lock, NULL) != 0)
        return false;
    if (pthread_cond_init(&i->landed, NULL) == 0)
        return true;
    must(pthread_mutex_destroy(&i->lock) == 0);
    return false;
}

struct status issuer_new(struct text url, struct text jwks_url, struct issuer **out)
{
    struct issuer *i = mem_alloc(sizeof *i);
    if (!i)
        return STATUS(NOMEM);
    i->references = 1;
    i->url = mem_strndup(url.p, url.n);
    i->jwks_url = mem_strndup(jwks_url.p ? jwks_url.p : "", jwks_url.n);
    if (!i->url || !i->jwks_url || !make_lock(i)) {
        issuer_free(i);
        return STATUS(NOMEM);
    }
    *out = i;
    return DONE;
}

struct issuer *issuer_ref(struct issuer *i)
{
    atomic_fetch_add(&i->references, 1);
    return i;
}

void issuer_unref(struct issuer *i)
{
    if (!i || atomic_fetch_sub(&i->references, 1) > 1)
        return;
    must(pthread_cond_destroy(&i->landed) == 0);
    must(pthread_mutex_destroy(&i->lock) == 0);
    issuer_free(i);
}

bool issuer_is(const struct issuer *i, struct text url, struct text jwks_url)
{
    return text_equal(url, text_of(i->url)) && text_equal(jwks_url, text_of(i->jwks_url));
}

const struct jwks *issuer_keys_set(const struct issuer_keys *k)
{
    return &k->set;
}

void issuer_keys_unref(struct issuer_keys *k)
{
    if (!k || atomic_fetch_sub(&k->references, 1) > 1)
        return;
    arena_release(&k->arena);
    mem_free(k);
}

/* ---- fetching; without the lock ---- */

static struct status discover(const struct issuer *i, const struct issuer_source *source, struct arena *a,
                              struct text *out, struct error *err)
{
    OWNED(buffer_release) struct buffer document;
    buffer_init(&document, DISCOVERY_BYTES);
    struct text base = text_of(i->url);
    if (text_ends_with(base, TEXT("/")))
        base = text_first(base, base.n - 1);
    const struct text url = arena_printf(a, "%.*s/.well-known/openid-configuration", TEXT_ARG(base));
    if (!url.p)
        return STATUS(NOMEM);
    struct status s = source->get(source->ctx, url, &document, err);
    if (status_ok(s))
        s = issuer_discovery_read(buffer_as_text(&document), text_of(i->url), a, out, err);
    return status_ok(s) ? s : error_wrap(err, s, "discovery");
}

static struct status fetch_into(const struct issuer *i, const struct issuer_source *source,
                                struct issuer_keys *keys, struct error *err)
{
    OWNED(buffer_release) struct buffer document;
    struct text url = text_of(i->jwks_url);
    buffer_init(&document, JWKS_BYTES);
    if (url.n == 0)
        TRY(discover(i, source, &keys->arena, &url, err));
    struct status s = source->get(source->ctx, url, &document, err);
    if (status_ok(s))
        s = jwks_read(buffer_as_text(&document), &keys->arena, &keys->set, err);
    return status_ok(s) ? s : error_wrap(err, s, "keys");
}

static struct status fetch(const struct issuer *i, const struct issuer_source *source,
                           struct issuer_keys **out, struct error *err)
{
    OWNED(issuer_keys_unref) struct issuer_keys *keys = mem_alloc(sizeof *keys);
    if (!keys)
        return STATUS(NOMEM);
    keys->references = 1;
    arena_init(&keys->arena, ARENA_CHUNK, ARENA_MAX);
    TRY(fetch_into(i, source, keys, err));
    *out = TAKE(keys);
    return DONE;
}

/* ---- what is kept; under the lock ---- */

static bool has_kid(const struct issuer_keys *keys, struct text kid)
{
    for (unsigned n = 0; n < keys->set.count; n++)
        if (kid.n == 0 || text_equal(keys->set.key[n].kid, kid))
            return true;
    return false;
}

static void drop_old(struct issuer *i, int64_t now)
{
    if (!i->keys || now - i->fetched_at_ms < ISSUER_KEPT_MS)
        return;
    issuer_keys_unref(TAKE(i->keys));
    log_event(LOG_WARNING, "oidc.keys_dropped", F_CSTR("issuer", i->url));
}

/* Is it time to ask, for a token with this key id? */
static bool should_ask(const struct issuer *i, struct text kid, int64_t now)
{
    const int64_t since = now - i->asked_at_ms;
    if (i->fetching || since < i->pause_ms)
        return false;
    if (!i->keys || now - i->fetched_at_ms >= ISSUER_FRESH_MS)
        return true;
    return !has_kid(i->keys, kid) && since >= ISSUER_AGAIN_MS;
}

static void land(struct issuer *i, struct issuer_keys *keys)
{
    i->asked_at_ms = clock_monotonic_ms();
    i->fetching = false;
    if (keys) {
        issuer_keys_unref(i->keys);
        i->keys = keys;
        i->fetched_at_ms = i->asked_at_ms;
        i->pause_ms = 0;
    } else {
        i->pause_ms = i->pause_ms > 0 ? 2 * i->pause_ms : ISSUER_PAUSE_MS;
        i->pause_ms = i->pause_ms < ISSUER_PAUSE_MAX_MS ? i->pause_ms : ISSUER_PAUSE_MAX_MS;
    }
    must(pthread_cond_broadcast(&i->landed) == 0);
}

static void ask(struct issuer *i, const struct issuer_source *source)
{
    struct issuer_keys *keys = NULL;
    struct error err = {.message = ""};
    i->fetching = true;
    must(pthread_mutex_unlock(&i->lock) == 0);
    const struct status s = fetch(i, source, &keys, &err);
    if (!status_ok(s))
        log_event(LOG_WARNING, "oidc.issuer_failed", F_CSTR("issuer", i->url),
                  F_CSTR("reason", error_text(&err, s)));
    else if (keys->set.count == 0) /* so it says: whatever it had before is withdrawn */
        log_event(LOG_WARNING, "oidc.no_keys", F_CSTR("issuer", i->url));
    must(pthread_mutex_lock(&i->lock) == 0);
    land(i, keys);
}

/* Without keys there is nothing to go on with; a few may wait for those that somebody else fetches. */
static void wait(struct issuer *i)
{
    i->waiting++;
    while (i->fetching)
        must(pthread_cond_wait(&i->landed, &i->lock) == 0);
    i->waiting--;
}

struct status issuer_keys(struct issuer *i, const struct issuer_source *source, struct text kid,
                          struct issuer_keys **out, struct error *err)
{
    must(pthread_mutex_lock(&i->lock) == 0);
    const int64_t now = clock_monotonic_ms();
    drop_old(i, now);
    if (should_ask(i, kid, now))
        ask(i, source);
    else if (!i->keys && i->fetching && i->waiting < ISSUER_WAITING_MAX)
        wait(i);
    struct issuer_keys *keys = i->keys;
    if (keys)
        atomic_fetch_add(&keys->references, 1);
    must(pthread_mutex_unlock(&i->lock) == 0);
    if (!keys)
        return error_set(err, E_UNAVAILABLE, "the issuer's keys are not to be had");
    *out = keys;
    return DONE;
}
