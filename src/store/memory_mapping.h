/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What fills the entries subject_mapping_* of store_ops; private to src/store/memory*.c. */

#include "store/memory_store.h"
#include "store/subject_mapping.h"

struct status memory_mapping_create(struct store *s, const struct subject_mapping *m,
                                    const struct audit_entry *audit);
struct status memory_mapping_replace(struct store *s, const struct subject_mapping *m,
                                     const struct audit_entry *audit);
struct status memory_mapping_delete(struct store *s, const uint8_t id[static UUID_SIZE],
                                    const struct audit_entry *audit);
struct status memory_mapping_get(struct store *s, const uint8_t id[static UUID_SIZE], struct arena *a,
                                 struct subject_mapping *out);
struct status memory_mapping_find(struct store *s, struct text subject, struct arena *a,
                                  struct subject_mapping *out);
struct status memory_mapping_list(struct store *s, const struct offset_page *page, struct arena *a,
                                  subject_mapping_row *row, void *ctx, uint64_t *out_total);

void memory_mapping_open(struct memory_store *m);
void memory_mapping_close(struct memory_store *m);
