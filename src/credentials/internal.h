/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to credentials/: one question while it is being answered. */

#include "base/digest.h"
#include "credentials/cache.h"
#include "registry/target.h"

struct credentials_cache {
    struct credentials_settings settings;
    struct cache *fetched;     /* a reference */
    uint8_t salt[SHA256_SIZE]; /* versions say nothing about what is in them */
};

/* Digest over a sequence: order and borders count, nothing of it is kept in memory. */
struct mix {
    uint8_t state[SHA256_SIZE];
};
void mix_bytes(struct mix *m, struct bytes b);
void mix_text(struct mix *m, struct text t);
void mix_number(struct mix *m, uint64_t n);
void mix_parameters(struct mix *m, const struct parameter_list *list);

/* A token that went into the answer. */
struct used_token {
    uint8_t key[SHA256_SIZE];
    uint64_t generation;
    enum fetch_job job;
    int64_t left_ms, refresh_ms;
};
#define USED_TOKENS_MAX 2

struct asking {
    const struct credentials_cache *cache;
    const struct credentials_parts *parts;
    const struct registry_target *service;
    struct text tenant;
    struct arena *a;
    bool peek; /* fetch nothing: what would be answered now? */
    struct hop_target *out;
    struct used_token used[USED_TOKENS_MAX];
    unsigned used_count;
    int64_t left_ms, refresh_ms; /* the shortest of what was fetched */
};

/*
 * Steps of an answer. Other than DONE ends it: E_UPSTREAM when asking->out says a refusal, E_AGAIN when
 * something would have to be fetched (`peek` only).
 */
struct status joined(struct arena *a, struct text x, struct text y, struct text *out); /* E_NOMEM */
[[gnu::format(printf, 3, 4)]] struct status refuse(struct asking *q, int status, const char *fmt, ...);

/* One kind of credentials: fills Authorization and the client's certificate. */
typedef struct status strategy(struct asking *q);
strategy strategy_none, strategy_basic, strategy_oauth, strategy_certificate;

struct status token_oauth(struct asking *q, struct text *out_token); /* contract 3.5 */
struct status token_csrf(struct asking *q, struct text url);         /* contract 3.6; after the strategy */
/* The job behind what is wanted, its key made of `m`; what came is accounted for in `q`. */
struct status want_value(struct asking *q, const struct mix *m, const struct fetch_request *job,
                         struct cache_value *out);

/* fields.c: lists of parameters as fields, one for each value; `more` adds the names `first` does not have.
 */
bool fields_for_fetch(const struct parameter_list *first, const struct parameter_list *more, bool nocase,
                      struct fetch_field *out, size_t *out_count);
bool fields_for_hop(const struct parameter_list *first, const struct parameter_list *more, bool nocase,
                    struct hop_field *out, unsigned *out_count);

/* place.c: scheme, host, port, path and query of the target's URL, and its addresses. */
struct status place_read(struct asking *q);
struct status place_resolve(struct asking *q);
