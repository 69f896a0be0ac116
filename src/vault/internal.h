/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of src/vault share; private to it. */

#include <pthread.h>

#include "vault/key_file.h"
#include "vault/seal.h"
#include "vault/vault.h"

#define DATA_KEY_PREFIX   "vault/data-key/"
#define DATA_KEY_NAME_MAX 32
/* The "key number" of values sealed under the master key; data keys count from 1. */
#define MASTER_NUMBER 0u
/* One is in use. Another is there until a rekey is through, and for as long as a damaged value holds on to
 * it.
 */
#define VAULT_KEYS_MAX 32

/* ---- data_keys.c: data keys in memory and in the store ---- */

struct data_key {
    struct seal_key *key; /* owned */
    bool retired; /* gone from the store; kept for whoever read a value just before it was sealed anew */
};
/* Ascending numbers; the last is the one that seals. */
struct data_keys {
    struct data_key list[VAULT_KEYS_MAX];
    unsigned count;
};
void data_keys_release(struct data_keys *k); /* wipes; accepts a zeroed one */
OWNABLE_VALUE(struct data_keys, data_keys_release);
/* Takes the key over. Its number is larger than those that are there; there is room (data_keys_full). */
void data_keys_add(struct data_keys *k, struct seal_key *key);
bool data_keys_full(const struct data_keys *k);
struct seal_key *data_keys_newest(const struct data_keys *k);                /* NULL when there is none */
struct seal_key *data_keys_find(const struct data_keys *k, uint32_t number); /* NULL */
/* Is any but the newest still in the store? */
bool data_keys_unfinished(const struct data_keys *k);
/* Wipes those that are retired. */
void data_keys_forget_retired(struct data_keys *k);

/* The data keys as the store holds them: sealed under the master key. Ascending numbers. */
struct wrapped_key {
    uint32_t number;
    char name[DATA_KEY_NAME_MAX]; /* "vault/data-key/<n>" */
    struct bytes sealed;          /* in the arena */
};
struct wrapped_keys {
    struct wrapped_key list[VAULT_KEYS_MAX];
    unsigned count; /* 0: the store has none */
};
struct text data_key_name(uint32_t number, char out[static DATA_KEY_NAME_MAX]);
/* Those in use; retired ones are empty blobs. */
struct status wrapped_keys_find(struct store *s, struct arena *a, struct wrapped_keys *out,
                                struct error *err);
struct status new_key(uint32_t number, struct seal_key **out);

/* ---- unlock.c ---- */

/*
 * Opens the data keys with the master key of the file, or of <file>.old when a rekey was cut short, and puts
 * the files in order: the one that fits becomes the file, the other goes. `out` is empty.
 */
struct status vault_unlock(const struct key_file *file, const struct wrapped_keys *wrapped,
                           struct seal_key **out_master, struct data_keys *out, struct error *err);
/* First start: a master key file, unless one was put there, and data key 1. */
struct status vault_begin(const struct key_file *file, struct store *s, bool may_create,
                          struct data_keys *out, struct error *err);

/* ---- vault.c ---- */

struct vault {
    struct key_file file;
    bool inside_data_dir;
    pthread_mutex_t rekeying; /* one rekey at a time, or the end of one; first of the three */
    bool gave_up;             /* rekeying: damaged values stay under older keys; trying again is no use */
    pthread_rwlock_t
        entered; /* held, shared, between vault_enter and vault_leave; second. Taken alone, it waits for
                    all values that were sealed before and are on their way into the store */
    pthread_rwlock_t
        lock; /* guards what follows; also held, shared, while vault_put is on its way into the store; last */
    struct data_keys keys;
};

/* ---- reseal.c ---- */

/* Seals anew, page by page, what services keep under older data keys, and retires those that are no longer
 * needed. Holds `rekeying`, no other lock. */
struct status reseal_services(struct vault *v, struct store *s, struct error *err);

/* Places where a rekey may be cut short; a test stops there. Not for threads. */
enum rekey_step {
    REKEY_OLD_KEPT,
    REKEY_NEW_IN_PLACE,
    REKEY_STORED,
    REKEY_OLD_GONE,
    REKEY_PAGE_READ,   /* once per page: it is sealed anew, and not yet stored */
    REKEY_PAGE_STORED, /* once per page */
    REKEY_RESEALED,    /* all of it; the older data keys are still there */
    REKEY_RETIRED,
};
void vault_rekey_set_hook(void (*hook)(enum rekey_step step));
void rekey_reached(enum rekey_step step);
