/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What vault.c and rekey.c share; private to src/vault. */

#include <pthread.h>

#include "vault/key_file.h"
#include "vault/vault.h"

#define DATA_KEY_PREFIX   "vault/data-key/"
#define DATA_KEY_NAME_MAX 32
/* The "key number" of values sealed under the master key; data keys count from 1. */
#define MASTER_NUMBER 0u

struct vault {
    struct key_file file;
    bool inside_data_dir;
    pthread_rwlock_t
        lock; /* guards what follows; also held, shared, while a sealed value is on its way into the store */
    uint32_t number; /* of the data key in use */
    struct secret data_key;
};

/* The data key as the store holds it: sealed under the master key. */
struct wrapped_key {
    char name[DATA_KEY_NAME_MAX]; /* "vault/data-key/<n>" */
    uint32_t number;              /* 0: the store has none */
    struct bytes sealed;          /* in the arena */
};

struct text data_key_name(uint32_t number, char out[static DATA_KEY_NAME_MAX]);
/* The newest data key; retired ones are empty blobs. */
struct status wrapped_key_find(struct store *s, struct arena *a, struct wrapped_key *out, struct error *err);
/*
 * Opens the data key with the master key of the file, or of <file>.old when a rekey was cut short, and puts
 * the files in order: the one that fits becomes the file, the other goes.
 */
struct status vault_unlock(const struct key_file *file, const struct wrapped_key *wrapped,
                           struct secret *out_master, struct secret *out_data_key, struct error *err);
struct status random_key(struct secret *out);

/* Places where a rekey may be cut short; a test stops there. Not for threads. */
enum rekey_step { REKEY_OLD_KEPT, REKEY_NEW_IN_PLACE, REKEY_STORED, REKEY_OLD_GONE };
void vault_rekey_set_hook(void (*hook)(enum rekey_step step));
