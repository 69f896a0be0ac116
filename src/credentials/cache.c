/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/cache.h"

#include <errno.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "credentials/cache_internal.h"

#define WAIT_MARGIN_MS 10000 /* beyond the job's own time: the fetcher may be starting */

static void lock(struct cache *c)
{
    must(pthread_mutex_lock(&c->lock) == 0);
}

static void unlock(struct cache *c)
{
    must(pthread_mutex_unlock(&c->lock) == 0);
}

/* ---- life ---- */

struct status cache_new(unsigned keys_max, struct cache **out)
{
    struct cache *c = mem_alloc(sizeof *c);
    if (!c)
        return STATUS(NOMEM);
    pthread_condattr_t attributes;
    must(pthread_condattr_init(&attributes) == 0);
    must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    must(pthread_mutex_init(&c->lock, NULL) == 0 && pthread_cond_init(&c->landed, &attributes) == 0);
    must(pthread_condattr_destroy(&attributes) == 0);
    map_init(&c->keys, keys_max);
    c->references = 1;
    c->generation = random_u64(); /* a front's report may be older than this process */
    *out = c;
    return DONE;
}

struct cache *cache_ref(struct cache *c)
{
    lock(c);
    c->references++;
    unlock(c);
    return c;
}

static void cached_free(struct cached *e)
{
    cached_forget(e);
    mem_free(e);
}

void cache_unref(struct cache *c)
{
    if (!c)
        return;
    lock(c);
    const bool last = --c->references == 0;
    unlock(c);
    if (!last)
        return;
    for (struct cached *e = c->newest; e;) {
        struct cached *older = e->older;
        cached_free(e);
        e = older;
    }
    map_release(&c->keys);
    must(pthread_cond_destroy(&c->landed) == 0);
    must(pthread_mutex_destroy(&c->lock) == 0);
    mem_free(c);
}

/* ---- keys, by last use; under the lock ---- */

static void unlink_key(struct cache *c, struct cached *e)
{
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
    e->newer = e->older = NULL;
}

static void link_newest(struct cache *c, struct cached *e)
{
    e->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
}

/* The one that was not used for longest, of those that nobody waits for. False: all are in use. */
static bool evict(struct cache *c)
{
    struct cached *e = c->oldest;
    while (e && e->users > 0)
        e = e->newer;
    if (!e)
        return false;
    unlink_key(c, e);
    must(map_remove(&c->keys, BYTES_OF(e->key)) == e);
    cached_free(e);
    return true;
}

static struct cached *add_key(struct cache *c, const uint8_t key[static SHA256_SIZE])
{
    if (c->keys.count >= c->keys.max && !evict(c))
        return NULL;
    struct cached *e = mem_alloc(sizeof *e);
    if (!e)
        return NULL;
    memcpy(e->key, key, SHA256_SIZE);
    if (!status_ok(map_put(&c->keys, BYTES_OF(e->key), e))) {
        mem_free(e);
        return NULL;
    }
    link_newest(c, e);
    return e;
}

static struct cached *find_key(struct cache *c, const uint8_t key[static SHA256_SIZE])
{
    struct cached *e = map_get(&c->keys, (struct bytes){key, SHA256_SIZE});
    if (!e)
        return NULL;
    unlink_key(c, e);
    link_newest(c, e);
    return e;
}

void cached_unuse(struct cached *e)
{
    must(e->users > 0);
    e->users--;
}

/* ---- giving; under the lock ---- */

static bool is_good(const struct cached *e, int64_t now)
{
    return e->have && now < e->until_ms;
}

static struct status give(const struct cached *e, int64_t now, struct arena *a, struct cache_value *out)
{
    *out = (struct cache_value){
        .token = arena_text(a, bytes_text(secret_bytes(&e->token))),
        .cookies = arena_text(a, bytes_text(secret_bytes(&e->cookies))),
        .address_count = e->address_count,
        .generation = e->generation,
        .left_ms = e->until_ms - now,
    };
    memcpy(out->addresses, e->addresses, sizeof out->addresses);
    /* While a flight is under way, or one has just failed, there is no point in asking at once. */
    const int64_t again = e->pause_until_ms > now + 1000 ? e->pause_until_ms : now + 1000;
    out->refresh_ms = (e->refresh_ms > now ? e->refresh_ms : again) - now;
    return out->token.n == e->token.n && out->cookies.n == e->cookies.n ? DONE : STATUS(NOMEM);
}

static struct status give_refusal(const struct cached *e, struct arena *a, struct cache_value *out)
{
    *out = (struct cache_value){.status = e->failure.status,
                                .unauthorized = e->failure.unauthorized,
                                .message = arena_text(a, text_of(e->failure.message))};
    return out->message.p ? DONE : STATUS(NOMEM);
}

static struct status busy(struct cache_value *out)
{
    *out = (struct cache_value){
        .status = 503,
        .message = TEXT("Too many calls wait for a token or an address; try again in a second."),
    };
    return DONE;
}

/* ---- shares; under the lock ---- */

static unsigned flights_of(const struct cache *c, uint64_t owner)
{
    unsigned count = 0;
    for (unsigned i = 0; i < c->fetching; i++)
        count += c->flying[i]->owner == owner;
    return count;
}

static unsigned waiters_of(const struct cache *c, uint64_t owner)
{
    unsigned count = 0;
    for (unsigned i = 0; i < c->waiting; i++)
        count += c->waiting_for[i] == owner;
    return count;
}

/* One more thread may wait or fetch. Endpoints that do not answer are one application's trouble, however many
 * of its services share them. */
static bool may_block(const struct cache *c, const struct cache_want *want)
{
    const struct credentials_settings *limits = want->limits;
    return c->waiting < CACHE_WAITERS_MAX && c->waiting + c->fetching < limits->blocked_at_once &&
           waiters_of(c, want->owner) + flights_of(c, want->owner) < limits->blocked_by_one;
}

static void waits(struct cache *c, struct cached *e, uint64_t owner)
{
    c->waiting_for[c->waiting++] = owner;
    e->waiting++;
    e->users++;
}

static void waits_no_more(struct cache *c, struct cached *e, uint64_t owner)
{
    unsigned i = 0;
    while (i < c->waiting && c->waiting_for[i] != owner)
        i++;
    must(i < c->waiting);
    c->waiting_for[i] = c->waiting_for[--c->waiting];
    e->waiting--;
    cached_unuse(e);
}

/* ---- waiting ---- */

static struct timespec deadline_in(int64_t ms)
{
    struct timespec t; /* the real clock: a test's stands still */
    must(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    t.tv_sec += (time_t)(ms / 1000);
    return t;
}

/* Until the flight that is under way has landed. */
static struct status wait_for(struct cache *c, struct cached *e, const struct cache_want *want,
                              struct arena *a, struct cache_value *out)
{
    const struct credentials_settings *limits = want->limits;
    if (e->waiting >= limits->waiting_at_once || !may_block(c, want))
        return busy(out);
    const struct timespec deadline = deadline_in(limits->timeout_ms + WAIT_MARGIN_MS);
    const uint64_t before = e->landed;
    bool late = false;
    waits(c, e, want->owner);
    while (e->landed == before && !late)
        late = pthread_cond_timedwait(&c->landed, &c->lock, &deadline) == ETIMEDOUT;
    waits_no_more(c, e, want->owner);
    /* It may have been refused by its server since it landed, or nobody could be sent. */
    if (e->landed == before || (!e->have && !e->refused))
        return busy(out);
    return e->refused ? give_refusal(e, a, out) : give(e, clock_monotonic_ms(), a, out);
}

/* ---- fetching ---- */

static bool begin_flight(struct cache *c, struct cached *e, const struct cache_want *want)
{
    const unsigned limit = want->limits->fetches_at_once;
    const unsigned most = limit < CACHE_FLIGHTS_MAX ? limit : CACHE_FLIGHTS_MAX;
    /* Endpoints that do not answer are one application's trouble, not everybody's. */
    if (c->fetching >= most || flights_of(c, want->owner) >= (most + 1) / 2)
        return false;
    c->flying[c->fetching++] = e;
    e->owner = want->owner;
    e->users++;
    e->fetching = true;
    return true;
}

static struct status fetch_now(struct cache *c, struct cached *e, const struct cache_want *want,
                               struct arena *a, struct cache_value *out)
{
    if (!may_block(c, want) || !begin_flight(c, e, want))
        return busy(out);
    OWNED(cache_landing_release) struct cache_landing landing = {.fine = false};
    unlock(c);
    cache_fetch(want->fetcher, want->request, &landing);
    lock(c);
    cached_land(c, e, &landing);
    return e->refused ? give_refusal(e, a, out) : give(e, clock_monotonic_ms(), a, out);
}

/* Under the lock. *out_fly: there is a value, and it is time for the next one. */
static struct status answer(struct cache *c, struct cached *e, const struct cache_want *want, struct arena *a,
                            struct cache_value *out, bool *out_fly)
{
    const int64_t now = clock_monotonic_ms();
    if (is_good(e, now)) {
        TRY(give(e, now, a, out));
        *out_fly =
            now >= e->refresh_ms && now >= e->pause_until_ms && !e->fetching && begin_flight(c, e, want);
        return DONE;
    }
    if (now < e->pause_until_ms)
        return give_refusal(e, a, out);
    return e->fetching ? wait_for(c, e, want, a, out) : fetch_now(c, e, want, a, out);
}

struct status cache_get(struct cache *c, const struct cache_want *want, struct arena *a,
                        struct cache_value *out)
{
    bool fly = false;
    lock(c);
    struct cached *e = find_key(c, want->key);
    if (!e)
        e = add_key(c, want->key);
    const struct status s = e ? answer(c, e, want, a, out, &fly) : busy(out);
    unlock(c);
    if (fly)
        cache_fly(c, e, want);
    return s;
}

bool cache_peek(struct cache *c, const uint8_t key[static SHA256_SIZE], struct arena *a,
                struct cache_value *out)
{
    lock(c);
    const int64_t now = clock_monotonic_ms();
    const struct cached *e = find_key(c, key);
    const bool there = e && is_good(e, now) && status_ok(give(e, now, a, out));
    unlock(c);
    return there;
}

enum cache_drop cache_drop(struct cache *c, const uint8_t key[static SHA256_SIZE], uint64_t generation)
{
    lock(c);
    const int64_t now = clock_monotonic_ms();
    struct cached *e = find_key(c, key);
    enum cache_drop result = CACHE_CHANGED;
    if (e && e->have && e->generation == generation) {
        result = now < e->forced_until_ms ? CACHE_TOO_SOON : CACHE_DROPPED;
        if (result == CACHE_DROPPED) {
            cached_forget(e);
            e->forced_until_ms = now + CACHE_FORCED_MS;
        }
    }
    unlock(c);
    return result;
}

void cache_stats(struct cache *c, struct cache_stats *out)
{
    lock(c);
    *out =
        (struct cache_stats){.keys = (unsigned)c->keys.count, .waiting = c->waiting, .fetching = c->fetching};
    unlock(c);
}
