/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * certificateGen: key and certificate for a service (contract 2.1), and what is asked of a pair that a person
 * brings instead. Keys are made ahead (key_pool.h). Any thread; making a pair blocks.
 */

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/secret.h"
#include "ca/ca.h"
#include "registry/key_pool.h"

struct generated_settings {
    struct text key_algorithm; /* registry.generated_key_algorithm */
    bool by_ca;                /* registry.generated_issuer: ca */
    int64_t validity_s;
    bool require_sha256_with_rsa; /* the promise of the tutorial */
};
/* At start; `ca` may be NULL without by_ca. E_INVALID when the promise cannot be kept, naming the setting
 * that gives it up. */
struct status generated_check(const struct generated_settings *s, const struct ca *ca, struct error *err);

struct generated_pair {
    struct secret key_pem;         /* PKCS#1 "RSA PRIVATE KEY" for RSA, else PKCS#8 */
    struct buffer certificate_pem; /* leaf; with by_ca the signing CA follows */
    int64_t not_after;             /* seconds; with by_ca never past the CA's */
};
void generated_pair_release(struct generated_pair *p); /* wipes the key; accepts a zeroed one */
OWNABLE_VALUE(struct generated_pair, generated_pair_release);

#define COMMON_NAME_MAX 64 /* characters; X.520 ub-common-name */
/*
 * Subject CN=common_name: 1..64 characters of UTF-8 without NUL, else E_INVALID. Self-signed it is valid from
 * `now` for exactly validity_s. By the CA it has the CA's usual form (back-dated, key identifiers).
 * `pool` makes keys of s->key_algorithm; NULL makes one here. `out` is zeroed.
 */
struct status generated_pair_make(const struct generated_settings *s, struct key_pool *pool, struct ca *ca,
                                  struct text common_name, int64_t now, struct generated_pair *out,
                                  struct error *err);

#define PAIR_CERTIFICATES_MAX 10
/*
 * A pair of a person: the key belongs to the certificate, which is in its time; the certificates that issued
 * it may follow, each after the one it signed. E_INVALID says what is wrong; E_NOMEM.
 */
struct status pair_check(struct bytes certificate_pem, struct bytes key_pem, int64_t now, struct error *err);

struct certificate_fields;
/* The certificate of the next block, which is stepped over; E_NOT_FOUND after the last; E_INVALID also for a
 * block that is something else. */
struct status certificate_next(struct text *rest, struct arena *a, struct certificate_fields *out,
                               struct error *err);

/* For people: subject, fingerprint, validity of the first certificate. */
struct certificate_facts {
    struct text subject; /* RFC 4514, in the arena */
    uint8_t fingerprint[SHA256_SIZE];
    int64_t not_before, not_after; /* seconds */
};
/* E_INVALID. */
struct status certificate_facts_read(struct bytes certificate_pem, struct arena *a,
                                     struct certificate_facts *out, struct error *err);
