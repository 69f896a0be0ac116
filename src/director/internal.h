/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Shared by the files of this directory only. */

#include "director/director.h"

const char *kind_word(enum object_kind kind);
size_t characters(struct text t);
bool is_word(struct text t, const char *more); /* letters, digits and those of `more`; not empty */
struct status no_object(const struct director_call *d, enum object_kind kind, struct text id);
bool may_change(const struct director_call *d, enum object_kind kind,
                const uint8_t id[static OBJECT_ID_SIZE]);
/* director_get() of what the caller may change. */
struct status get_to_change(const struct director_call *d, enum object_kind kind, struct text id,
                            struct object *out);
struct audit_entry director_audit(const struct director_call *d, const char *action, const struct object *o,
                                  struct text subject);
/* Of an act that is in no tenant: an operator, a tenant. The detail is the caller's to add. */
struct audit_entry director_audit_plain(const struct director_call *d, const char *action,
                                        struct text subject);
struct text id_text(const struct director_call *d,
                    const uint8_t id[static OBJECT_ID_SIZE]); /* in the arena */
struct status check_label_key(const struct director_call *d, enum object_kind kind, struct text key);
struct status director_change(const struct director_call *d, const struct object *o,
                              const struct object_change *change, const char *action);

/* labels.c: a JSON object of labels, keys sorted. */
bool labels_find(struct text labels, struct text key, struct text *out_json);
/* With `key` set to `value`, or without it when value.p is NULL; sorted either way. key.p NULL: only sorts.
 * In the arena; {NULL, 0} when out of memory. */
struct text labels_with(struct arena *a, struct text labels, struct text key, struct text value);
