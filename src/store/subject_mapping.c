/* SPDX-License-Identifier: Apache-2.0 */
#include "store/subject_mapping.h"

#include "store/arguments.h"
#include "store/backend.h"

static bool is_valid(const struct subject_mapping *m)
{
    const struct text wanted[] = {m->subject, m->consumer_type, m->levels};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (wanted[i].n == 0 || wanted[i].n > SUBJECT_MAPPING_TEXT_MAX)
            return false;
    return m->internal_consumer_id.n <= SUBJECT_MAPPING_TEXT_MAX;
}

struct status store_subject_mapping_create(struct store *s, const struct subject_mapping *m,
                                           const struct audit_entry *audit)
{
    if (!is_valid(m) || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->subject_mapping_create(s, m, audit);
}

struct status store_subject_mapping_replace(struct store *s, const struct subject_mapping *m,
                                            const struct audit_entry *audit)
{
    if (!is_valid(m) || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->subject_mapping_replace(s, m, audit);
}

struct status store_subject_mapping_delete(struct store *s, const uint8_t id[static UUID_SIZE],
                                           const struct audit_entry *audit)
{
    return audit_is_valid(audit) ? s->ops->subject_mapping_delete(s, id, audit) : STATUS(INVALID);
}

struct status store_subject_mapping_get(struct store *s, const uint8_t id[static UUID_SIZE], struct arena *a,
                                        struct subject_mapping *out)
{
    return s->ops->subject_mapping_get(s, id, a, out);
}

struct status store_subject_mapping_find(struct store *s, struct text subject, struct arena *a,
                                         struct subject_mapping *out)
{
    return s->ops->subject_mapping_find(s, subject, a, out);
}

struct status store_subject_mapping_list(struct store *s, const struct offset_page *page, struct arena *a,
                                         subject_mapping_row *row, void *ctx, uint64_t *out_total)
{
    if (!offset_is_valid(page))
        return STATUS(INVALID);
    return s->ops->subject_mapping_list(s, page, a, row, ctx, out_total);
}
