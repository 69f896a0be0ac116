/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Secrets that an operator keeps under a name, as the Compass runtime agent did (contract 3.3): data keys and
 * values, sealed in the vault. What they mean is read when they are used (registry/target.h); any keys and
 * values may be kept. Any thread; blocks (store).
 */

#include "registry/registry.h"
#include "store/kept_secret.h"

struct registry_kept {
    struct text name;
    int64_t revision, created_at, updated_at;
    struct secret_data data; /* opened; released by the caller */
};

struct kept_change {
    struct text tenant, name;
    const struct secret_item *items; /* all there will be; CREDENTIAL_MASK keeps what is stored */
    size_t count;
    int64_t expected_revision; /* as struct kept_secret_write */
};
/*
 * E_INVALID: a name or key of other characters than letters, digits, '-', '_' and '.', a key twice, a mask
 * with nothing behind it, too much. E_NOT_FOUND, E_CHANGED; E_AGAIN: a mask, and no revision, and others were
 * quicker every time. *out_new may be NULL.
 */
struct status registry_kept_put(struct registry *r, const struct audit_caller *caller,
                                const struct kept_change *change, bool *out_new, struct error *err);
/* E_NOT_FOUND: "secrets "N" not found". */
struct status registry_kept_open(struct registry *r, struct text tenant, struct text name, struct arena *a,
                                 struct registry_kept *out, struct error *err);
struct status registry_kept_delete(struct registry *r, const struct audit_caller *caller, struct text tenant,
                                   struct text name, int64_t expected_revision, struct error *err);
/* As store_kept_secret_list. */
struct status registry_kept_list(struct registry *r, struct text tenant, const struct page_request *page,
                                 struct arena *a, kept_secret_row *row, void *ctx);
/* Whether people may see the value: a target's URL with neither a user and password nor a query in it,
 * and CREDENTIALS_TYPE. */
bool registry_kept_is_shown(const struct secret_item *item);

/* Why calls by it would be refused, for whoever has just put it there; {NULL, 0} when they would not be. The
 * arena holds values then. */
struct text registry_kept_warning(const struct secret_data *data, struct arena *a);

/* Whether the bytes are such a name, or such a key. */
bool registry_kept_name_is_valid(struct text name);
