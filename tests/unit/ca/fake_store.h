/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The four functions of store.h and vault.h that ca/ calls, over an array. The fake vault "seals" by turning
 * every bit round. */

#include "store/store.h"
#include "vault/vault.h"

#define FAKE_BLOBS 4
#define FAKE_SIZE  8192

struct store {
    struct {
        char name[64];
        uint8_t value[FAKE_SIZE];
        size_t size;
    } blobs[FAKE_BLOBS];
    size_t count;
    enum code fail_create; /* what store_blob_create answers instead */
    size_t audits;
};

struct vault {
    enum code fail_put;
};

/* Forgets a blob, or changes one byte of it. */
void fake_forget(struct store *s, const char *name);
void fake_damage(struct store *s, const char *name, size_t at);
