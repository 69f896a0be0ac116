/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Mappings of certificate subjects: for whom a certificate of an external CA speaks (contract of Compass,
 * 3.4). Rules of store.h hold: any thread, calls block, a write returns after its commit and carries its
 * audit row; one whose audit entry names a revoked certificate is E_DENIED.
 *
 * They stand above tenants, as operators do: what they reach is said by `levels`.
 */

#include "base/uuid.h"
#include "store/store.h"

#define SUBJECT_MAPPING_TEXT_MAX 4096 /* bytes of each of its texts */

struct subject_mapping {
    uint8_t id[UUID_SIZE];
    struct text subject; /* in the one form that equal subjects have (director/mapping.h); unique */
    struct text consumer_type;
    struct text internal_consumer_id; /* may be empty */
    struct text levels;               /* words with single blanks between them; not empty */
    int64_t created_at, updated_at;   /* seconds */
};
/* E_CONFLICT: the subject (or the id) is in use. E_INVALID: empty or longer texts than allowed. */
struct status store_subject_mapping_create(struct store *s, const struct subject_mapping *m,
                                           const struct audit_entry *audit);
/* All but id and created_at. E_NOT_FOUND; E_CONFLICT: another one has the subject. */
struct status store_subject_mapping_replace(struct store *s, const struct subject_mapping *m,
                                            const struct audit_entry *audit);
struct status store_subject_mapping_delete(struct store *s, const uint8_t id[static UUID_SIZE],
                                           const struct audit_entry *audit);
struct status store_subject_mapping_get(struct store *s, const uint8_t id[static UUID_SIZE], struct arena *a,
                                        struct subject_mapping *out);
/* By its subject, byte for byte. E_NOT_FOUND. */
struct status store_subject_mapping_find(struct store *s, struct text subject, struct arena *a,
                                         struct subject_mapping *out);
typedef bool subject_mapping_row(void *ctx, const struct subject_mapping *m); /* false stops */
/* By id. The count is of all. */
struct status store_subject_mapping_list(struct store *s, const struct offset_page *page, struct arena *a,
                                         subject_mapping_row *row, void *ctx, uint64_t *out_total);
