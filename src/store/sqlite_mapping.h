/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What fills the entries subject_mapping_* of store_ops; private to src/store/sqlite*.c. */

#include "store/sqlite_store.h"
#include "store/subject_mapping.h"

struct status sqlite_mapping_create(struct store *s, const struct subject_mapping *m,
                                    const struct audit_entry *audit);
struct status sqlite_mapping_replace(struct store *s, const struct subject_mapping *m,
                                     const struct audit_entry *audit);
struct status sqlite_mapping_delete(struct store *s, const uint8_t id[static UUID_SIZE],
                                    const struct audit_entry *audit);
struct status sqlite_mapping_get(struct store *s, const uint8_t id[static UUID_SIZE], struct arena *a,
                                 struct subject_mapping *out);
struct status sqlite_mapping_find(struct store *s, struct text subject, struct arena *a,
                                  struct subject_mapping *out);
struct status sqlite_mapping_list(struct store *s, const struct offset_page *page, struct arena *a,
                                  subject_mapping_row *row, void *ctx, uint64_t *out_total);
