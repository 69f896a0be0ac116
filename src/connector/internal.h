/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Shared by the files of this directory only. */

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "connector/connector.h"
#include "x509/csr.h"
#include "x509/name.h"

#define TALLIES_MAX 4096 /* kinds of refusal remembered between two flushes */

/* CN of every runtime's certificate (contract 8.1). */
#define RUNTIME_COMMON_NAME "*Runtime*"

/* What outlives a reload: one per core, counted, freed with the last connector. */
struct connector_shared {
    atomic_uint references;
    struct lane *lane;
    pthread_mutex_t lock;  /* guards what follows; held for map look-ups only */
    struct map claims;     /* token hash -> any non-NULL pointer */
    struct map tallies;    /* key -> struct tally (refusals.c), owned */
    int64_t flushed_at_ms; /* monotonic */
};

struct connector {
    struct connector_settings settings; /* texts point into `texts` */
    struct connector_parts parts;
    struct connector_shared *shared;
    char *texts; /* owned */
};

/* claims.c: E_CONFLICT when somebody else holds it. */
struct status claim_take(struct connector_shared *s, const uint8_t hash[static SHA256_SIZE]);
void claim_release(struct connector_shared *s, const uint8_t hash[static SHA256_SIZE]);

/* refusals.c */
void tallies_free(struct connector_shared *s);

/* audit.c: the row that every change of this module writes; the caller adds subject and detail. */
struct audit_entry audit_of(const struct audit_caller *caller, struct text action,
                            const struct connector_holder *holder, int64_t now);
/* 64 lower-case hex digits in the arena; {NULL, 0} when out of memory. */
struct text fingerprint_text(const uint8_t fingerprint[static SHA256_SIZE], struct arena *a);
/* {"reason":"..."} in the arena; *out is left alone for an empty reason. E_INVALID over 512 bytes, E_NOMEM.
 */
struct status reason_detail(struct text reason, struct arena *a, struct text *out, struct error *err);

/* holder.c */
bool kind_exists(const struct connector *c,
                 enum token_kind kind); /* runtimes: central only; remote environments: standalone only */
struct status kind_missing(struct error *err); /* E_NOT_FOUND in the contract's words */
const char *kind_name(enum token_kind kind);   /* "application", "runtime", "remoteEnvironment", ... */
static inline bool kind_is_compass(enum token_kind kind)
{
    return kind == TOKEN_COMPASS_APPLICATION || kind == TOKEN_COMPASS_RUNTIME;
}
static inline bool kind_is_runtime(enum token_kind kind)
{
    return kind == TOKEN_RUNTIME || kind == TOKEN_COMPASS_RUNTIME;
}
/* A system auth as the store keeps it, and as a subject names it; empty for other kinds. E_INVALID: no UUID.
 */
struct status system_auth_octets(const struct connector_holder *h, struct arena *a, struct bytes *out);
struct text system_auth_text(struct bytes octets, struct arena *a); /* {NULL, 0} when out of memory */

/* subject.c: compares a request's subject with what `h` must have, in the contract's order and words (5.2).
 */
struct status subject_check(const struct connector *c, const struct connector_holder *h,
                            const struct name *subject, struct error *err);
