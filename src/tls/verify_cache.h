/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Remembers which leaf certificates were verified, so that a known one costs no chain verification (a tenth
 * of a mutual handshake). The key is the SHA-256 of the leaf's DER; trust set and purpose are those of the
 * context that owns the cache. Nothing enters that did not verify, so a stranger cannot fill it.
 *
 * A fixed table of four-way sets: no allocation after birth, no chain to walk, and the table's untouched
 * pages cost nothing. When a set is full, the entry that ends first makes room. One thread.
 */

#include "base/bytes.h"
#include "base/digest.h"
#include "base/status.h"

struct verify_entry {
    uint8_t fingerprint[SHA256_SIZE];
    int64_t valid_from;  /* the latest notBefore of the chain, seconds */
    int64_t valid_until; /* the earliest notAfter of the chain; 0 = free */
    bool guest;          /* struct tls_peer */
};

struct verify_cache {
    struct verify_entry *entries; /* owned; NULL = off */
    size_t sets;                  /* a power of two */
};

/* Room for about `max` entries, rounded down to a power of two, at least four; 0 switches the cache off. */
struct status verify_cache_init(struct verify_cache *c, size_t max);
void verify_cache_release(struct verify_cache *c);
/* NULL when unknown or not valid at `now` (then it has to be verified again). */
const struct verify_entry *verify_cache_find(const struct verify_cache *c,
                                             const uint8_t fingerprint[static SHA256_SIZE], int64_t now);
void verify_cache_put(struct verify_cache *c, const struct verify_entry *entry);
