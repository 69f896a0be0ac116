/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Secrets that belong to no service but are kept under a name (contract 3.3): sealed by the caller. Rules of
 * store.h hold; they are sealed anew together with the others (store_sealed_list).
 */

#include "store/registry.h"

#define KEPT_SECRET_NAME_MAX 253 /* bytes; as names in a cluster */

struct kept_secret {
    struct text tenant, name;
    int64_t revision; /* 1, and one more with every change */
    int64_t created_at, updated_at;
    struct bytes sealed; /* lists leave it empty */
};

struct kept_secret_write {
    struct text tenant, name;
    /* 0 = any; else E_CHANGED when it is another, and E_NOT_FOUND when there is none. -1 = there must be
     * none yet, else E_CHANGED. */
    int64_t expected_revision;
    int64_t at;
    struct bytes sealed;
};
/* *out_new: there was none. E_INVALID: a name that is empty or too long, nothing sealed. */
struct status store_kept_secret_put(struct store *s, const struct kept_secret_write *w,
                                    const struct audit_entry *audit, bool *out_new);
/* E_NOT_FOUND. */
struct status store_kept_secret_get(struct store *s, struct text tenant, struct text name, struct arena *a,
                                    struct kept_secret *out);
/* E_NOT_FOUND; E_CHANGED unless expected_revision is 0 or the row's. */
struct status store_kept_secret_delete(struct store *s, struct text tenant, struct text name,
                                       int64_t expected_revision, const struct audit_entry *audit);
/* Sorted by name; the cursor is the name of the last row. */
typedef bool kept_secret_row(void *ctx, const struct kept_secret *k); /* false stops */
struct status store_kept_secret_list(struct store *s, struct text tenant, const struct page_request *page,
                                     struct arena *a, kept_secret_row *row, void *ctx);

/* "kept-secret/<tenant>/<name>": the identity under which it is sealed; in the arena. {NULL, 0} when out of
 * memory. */
struct text kept_secret_seal_name(struct text tenant, struct text name, struct arena *a);
