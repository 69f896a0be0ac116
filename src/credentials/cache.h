/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What has to be fetched before a target can be called: addresses, OAuth tokens, CSRF tokens. One cache per
 * node, one mechanism for all three. Private to credentials/. Any thread.
 *
 * Single flight: whoever finds nothing good fetches, on its own thread and without the lock; the others wait
 * for that flight and take what it brings, whatever it is. After four fifths of a value's life the next one
 * who takes it starts one flight in the background, and the value is still given. A failure is the answer for
 * a while, which doubles with each further one. Values and keys of tokens are wiped when they go.
 */

#include "base/arena.h"
#include "base/digest.h"
#include "credentials/credentials.h"
#include "fetch/fetch.h"

#define CACHE_UNSTATED_LIFE_MS (3600 * 1000) /* a token that does not say how long it is good */
/*
 * getaddrinfo tells no TTL, so every address is good as long: as long as most names are served, and no longer
 * than a failover may take. After four fifths the next call has it looked up in the background: one look-up
 * in 48 s for each host and port in use, however many services are there, and none for those that nobody
 * calls.
 */
#define CACHE_ADDRESS_LIFE_MS  (60 * 1000)
#define CACHE_ADDRESS_PAUSE_MS (2 * 1000) /* after a failure */
#define CACHE_PAUSE_MS         1000       /* the first time; doubled up to ... */
#define CACHE_PAUSE_MAX_MS     (30 * 1000)
#define CACHE_FORCED_MS        (10 * 1000) /* a refused token is fetched anew at most once in this time */
#define CACHE_EARLY_S          2 /* a token is no longer used this much before its end (contract 3.5) */

struct cache;
struct status cache_new(unsigned keys_max, struct cache **out);
struct cache *cache_ref(struct cache *c);
void cache_unref(struct cache *c); /* flights in the background keep it until they land */

/* What is wanted: the job that brings it, and the SHA-256 over everything that matters. */
struct cache_want {
    uint8_t key[SHA256_SIZE];
    /* The application, as a digest: one has at most half of the jobs at the fetcher, and
     * settings.blocked_by_one of the threads that wait or fetch. */
    uint64_t owner;
    const struct fetch_request *request; /* job, and all it needs; borrowed during the call */
    const struct fetch_client *fetcher;
    const struct credentials_settings *limits;
};

struct cache_value {
    int status; /* 0, or the HTTP status to answer with, and `message` says why */
    struct text message;
    bool unauthorized;          /* the server said 401 or 403 to what the job showed it */
    struct text token, cookies; /* in the arena */
    uint8_t addresses[FETCH_ADDRESSES_MAX][16];
    unsigned address_count;
    uint64_t generation; /* never twice in the life of the cache */
    int64_t left_ms;     /* of its life, from now; 0 and less: gone, but just brought */
    int64_t refresh_ms;  /* ask again after this; may be 0 */
};
/* E_NOMEM; everything else is said in `out`. */
struct status cache_get(struct cache *c, const struct cache_want *want, struct arena *a,
                        struct cache_value *out);
/* The same without fetching. False: there is nothing good. */
bool cache_peek(struct cache *c, const uint8_t key[static SHA256_SIZE], struct arena *a,
                struct cache_value *out);

/* The server refused the value of that generation. */
enum cache_drop {
    CACHE_DROPPED,  /* the next one who wants it fetches */
    CACHE_CHANGED,  /* there is another one by now, or none */
    CACHE_TOO_SOON, /* it was dropped a moment ago; what is there stays */
};
enum cache_drop cache_drop(struct cache *c, const uint8_t key[static SHA256_SIZE], uint64_t generation);

struct cache_stats {
    unsigned keys, waiting, fetching;
};
void cache_stats(struct cache *c, struct cache_stats *out);
