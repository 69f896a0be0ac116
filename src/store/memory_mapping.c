/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_mapping.h"

static const struct memory_shape shape = {
    sizeof(struct subject_mapping),
    4,
    {offsetof(struct subject_mapping, subject), offsetof(struct subject_mapping, consumer_type),
     offsetof(struct subject_mapping, internal_consumer_id), offsetof(struct subject_mapping, levels)},
};

static int compare(const void *a, const void *b)
{
    return memcmp(((const struct subject_mapping *)a)->id, ((const struct subject_mapping *)b)->id,
                  UUID_SIZE);
}

void memory_mapping_open(struct memory_store *m)
{
    m->mappings.compare = compare;
}

void memory_mapping_close(struct memory_store *m)
{
    memory_table_release(&m->mappings);
}

static struct subject_mapping *by_id(const struct memory_store *m, const uint8_t id[static UUID_SIZE])
{
    struct subject_mapping key = {.created_at = 0};
    memcpy(key.id, id, UUID_SIZE);
    return memory_table_find(&m->mappings, &key);
}

static struct subject_mapping *by_subject(const struct memory_store *m, struct text subject)
{
    for (size_t i = 0; i < m->mappings.count; i++) {
        struct subject_mapping *row = m->mappings.rows[i];
        if (text_equal(row->subject, subject))
            return row;
    }
    return NULL;
}

static struct status put(struct memory_store *m, const struct subject_mapping *row,
                         const struct audit_entry *audit)
{
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_stage_add(&stage, &m->mappings, memory_copy(&shape, row, NULL)));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

struct status memory_mapping_create(struct store *s, const struct subject_mapping *in,
                                    const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    TRY(memory_caller_check(m, audit));
    if (by_id(m, in->id) || by_subject(m, in->subject))
        return STATUS(CONFLICT);
    return put(m, in, audit);
}

struct status memory_mapping_replace(struct store *s, const struct subject_mapping *in,
                                     const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    TRY(memory_caller_check(m, audit));
    const struct subject_mapping *was = by_id(m, in->id);
    const struct subject_mapping *same = by_subject(m, in->subject);
    if (!was)
        return STATUS(NOT_FOUND);
    if (same && same != was)
        return STATUS(CONFLICT);
    struct subject_mapping next = *in;
    next.created_at = was->created_at;
    return put(m, &next, audit);
}

struct status memory_mapping_delete(struct store *s, const uint8_t id[static UUID_SIZE],
                                    const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_caller_check(m, audit));
    const struct subject_mapping *was = by_id(m, id);
    if (!was)
        return STATUS(NOT_FOUND);
    bool found = false;
    const size_t at = memory_table_seek(&m->mappings, was, &found);
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    memory_table_remove(&m->mappings, at);
    m->operations++;
    return DONE;
}

struct status memory_mapping_get(struct store *s, const uint8_t id[static UUID_SIZE], struct arena *a,
                                 struct subject_mapping *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    const struct subject_mapping *row = by_id(m, id);
    return row ? memory_copy_to(&shape, row, a, out) : STATUS(NOT_FOUND);
}

struct status memory_mapping_find(struct store *s, struct text subject, struct arena *a,
                                  struct subject_mapping *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    const struct subject_mapping *row = by_subject(m, subject);
    return row ? memory_copy_to(&shape, row, a, out) : STATUS(NOT_FOUND);
}

static struct status collect(struct store *s, const struct offset_page *page, struct arena *a,
                             struct subject_mapping **out, size_t *out_count, uint64_t *out_total)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    struct subject_mapping *rows = arena_array(a, page->limit, sizeof *rows);
    size_t count = 0;
    if (!rows)
        return STATUS(NOMEM);
    for (uint64_t i = page->offset; i < m->mappings.count && count < page->limit; i++)
        TRY(memory_copy_to(&shape, m->mappings.rows[i], a, &rows[count++]));
    *out = rows;
    *out_count = count;
    *out_total = m->mappings.count;
    return DONE;
}

struct status memory_mapping_list(struct store *s, const struct offset_page *page, struct arena *a,
                                  subject_mapping_row *row, void *ctx, uint64_t *out_total)
{
    struct subject_mapping *rows = NULL;
    size_t count = 0;
    TRY(collect(s, page, a, &rows, &count, out_total));
    for (size_t i = 0; i < count && row(ctx, &rows[i]); i++)
        ;
    return DONE;
}
