/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to credentials/cache*.c. */

#include <pthread.h>

#include "base/map.h"
#include "credentials/cache.h"

/* Why there is nothing, as callers are told. */
struct cache_failure {
    int status; /* HTTP */
    bool unauthorized;
    char message[sizeof((struct fetch_answer *)0)->reason + 16];
};

/* What a flight brought. */
struct cache_landing {
    enum fetch_job job;
    int64_t begun_ms; /* clock_monotonic_ms */
    bool fine;
    struct cache_failure failure; /* unless fine */
    struct fetch_answer answer;
};
/* Does the job, without the lock: blocks. Logs a failure, and holds nobody up with it. */
void cache_fetch(const struct fetch_client *fetcher, const struct fetch_request *request,
                 struct cache_landing *out);
void cache_landing_release(struct cache_landing *l);
OWNABLE_VALUE(struct cache_landing, cache_landing_release);

/* One key. All of it is the cache's lock's. */
struct cached {
    uint8_t key[SHA256_SIZE];
    struct cached *newer, *older; /* by last use */
    unsigned users;               /* threads that wait for it or fetch it: it stays meanwhile */
    unsigned waiting;
    bool fetching;
    uint64_t owner;  /* who has it fetched */
    uint64_t landed; /* flights that came back */
    /* What there is; `refused` says the last flight brought nothing. */
    bool have, refused;
    struct secret token, cookies;
    uint8_t addresses[FETCH_ADDRESSES_MAX][16];
    unsigned address_count;
    uint64_t generation;
    int64_t until_ms, refresh_ms; /* clock_monotonic_ms */
    /* The last failure, and until when nobody tries again. */
    struct cache_failure failure;
    unsigned failures; /* in a row */
    int64_t pause_until_ms;
    int64_t forced_until_ms;
};

#define CACHE_FLIGHTS_MAX 64
#define CACHE_WAITERS_MAX 128

struct cache {
    pthread_mutex_t lock;
    pthread_cond_t landed; /* some flight came back */
    unsigned references;
    struct map keys; /* key -> struct cached */
    struct cached *newest, *oldest;
    uint64_t generation;
    unsigned waiting, fetching;               /* threads */
    struct cached *flying[CACHE_FLIGHTS_MAX]; /* what they fetch */
    uint64_t waiting_for[CACHE_WAITERS_MAX];  /* owners of what they wait for, in no order */
};

/* Under the lock: the end of a flight. Takes in what it brought, and wakes who waits. */
void cached_land(struct cache *c, struct cached *e, struct cache_landing *l);
void cached_forget(struct cached *e); /* what there is; wiped */
void cached_unuse(struct cached *e);

/* cache_flight.c: fetches for `e` on a thread of its own; without the lock. Whoever calls it has set
 * e->fetching and counts as a user and a fetcher, which the flight takes over. */
void cache_fly(struct cache *c, struct cached *e, const struct cache_want *want);
