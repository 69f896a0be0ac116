/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * certificateGen: key and certificate for a service (contract 2.1). Keys are made ahead by a thread of low
 * priority once the first was asked for, so that a registration does not wait for one; when there is none
 * left, the calling request thread makes its own, one per CPU at a time.
 */

#include "base/arena.h"
#include "base/error.h"
#include "base/secret.h"
#include "ca/ca.h"

struct key_pool;
struct status key_pool_new(struct text algorithm, unsigned ahead, unsigned lane_width, struct key_pool **out);
void key_pool_free(struct key_pool *p); /* joins the thread, wipes what is left; accepts NULL */

struct generated_settings {
    struct text key_algorithm; /* registry.generated_key_algorithm */
    bool by_ca;                /* registry.generated_issuer: ca */
    int64_t validity_s;
    bool require_sha256_with_rsa; /* the promise of the tutorial */
};
/* At start: E_INVALID when the promise cannot be kept, naming the setting that gives it up. */
struct status generated_check(const struct generated_settings *s, const struct ca *ca, struct error *err);

struct generated_pair {
    struct secret key_pem;         /* PKCS#1 "RSA PRIVATE KEY" for RSA, else PKCS#8 */
    struct buffer certificate_pem; /* leaf; with by_ca the signing CA follows */
    int64_t not_after;
};
void generated_pair_release(struct generated_pair *p);
OWNABLE_VALUE(struct generated_pair, generated_pair_release);
/* Blocks. Subject CN=common_name (1..64 characters, any UTF-8). */
struct status generated_pair_make(const struct generated_settings *s, struct key_pool *pool, struct ca *ca,
                                  struct text common_name, int64_t now, struct generated_pair *out,
                                  struct error *err);
/* A pair of a person: the key belongs to the certificate, which is in its time; a chain may follow the leaf.
 * E_INVALID says what is wrong. */
struct status pair_check(struct bytes certificate_pem, struct bytes key_pem, int64_t now, struct error *err);
/* For people: subject, fingerprint, validity of the first certificate. */
struct certificate_facts {
    struct text subject;
    uint8_t fingerprint[SHA256_SIZE];
    int64_t not_before, not_after;
};
struct status certificate_facts_read(struct bytes certificate_pem, struct arena *a,
                                     struct certificate_facts *out, struct error *err);
