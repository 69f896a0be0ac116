/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_table.h"

#include "base/alloc.h"

/* struct text and struct bytes have the same members but for the pointer's target. */
static struct bytes slice_at(const void *row, size_t offset)
{
    struct bytes slice;
    memcpy(&slice, (const char *)row + offset, sizeof slice);
    return slice;
}

static void fix_slices(const struct memory_shape *shape, void *row, uint8_t *space)
{
    for (size_t i = 0; i < shape->count; i++) {
        struct bytes slice = slice_at(row, shape->slices[i]);
        if (slice.n > 0)
            memcpy(space, slice.p, slice.n);
        slice.p = slice.n > 0 ? space : NULL;
        space += slice.n;
        memcpy((char *)row + shape->slices[i], &slice, sizeof slice);
    }
}

static size_t slices_size(const struct memory_shape *shape, const void *row)
{
    size_t size = 0;
    for (size_t i = 0; i < shape->count; i++)
        size += slice_at(row, shape->slices[i]).n;
    return size;
}

void *memory_copy(const struct memory_shape *shape, const void *row, struct arena *a)
{
    size_t size = shape->size + slices_size(shape, row);
    void *copy = a ? arena_alloc(a, size) : mem_alloc(size);
    if (!copy)
        return NULL;
    memcpy(copy, row, shape->size);
    fix_slices(shape, copy, (uint8_t *)copy + shape->size);
    return copy;
}

struct status memory_copy_to(const struct memory_shape *shape, const void *row, struct arena *a, void *out)
{
    void *copy = memory_copy(shape, row, a);
    if (!copy)
        return STATUS(NOMEM);
    memcpy(out, copy, shape->size);
    return DONE;
}

void memory_table_release(struct memory_table *t)
{
    for (size_t i = 0; i < t->count && !t->borrows; i++)
        mem_free(t->rows[i]);
    mem_free(t->rows);
    t->rows = NULL;
    t->count = t->capacity = 0;
}

size_t memory_table_seek(const struct memory_table *t, const void *key, bool *out_found)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->compare(t->rows[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *out_found = low < t->count && t->compare(t->rows[low], key) == 0;
    return low;
}

void *memory_table_find(const struct memory_table *t, const void *key)
{
    bool found = false;
    size_t position = memory_table_seek(t, key, &found);
    return found ? t->rows[position] : NULL;
}

void memory_table_remove(struct memory_table *t, size_t position)
{
    if (!t->borrows)
        mem_free(t->rows[position]);
    t->count--;
    memmove(t->rows + position, t->rows + position + 1, (t->count - position) * sizeof *t->rows);
}

static void insert(struct memory_table *t, void *row)
{
    bool found = false;
    size_t position = memory_table_seek(t, row, &found);
    if (found) {
        if (!t->borrows)
            mem_free(t->rows[position]);
    } else {
        memmove(t->rows + position + 1, t->rows + position, (t->count - position) * sizeof *t->rows);
        t->count++;
    }
    t->rows[position] = row;
}

/* Room for one more than what is staged already. */
static struct status reserve(struct memory_table *t)
{
    if (t->count + t->staged < t->capacity)
        return DONE;
    size_t capacity = t->capacity ? 2 * t->capacity : 16;
    void *rows = mem_resize(t->rows, capacity, sizeof *t->rows);
    if (!rows)
        return STATUS(NOMEM);
    t->rows = rows;
    t->capacity = capacity;
    return DONE;
}

static struct status stage(struct memory_stage *stage, struct memory_table *table, void *row)
{
    if (!row)
        return STATUS(NOMEM);
    if (stage->count == stage->capacity) {
        size_t capacity = stage->capacity ? 2 * stage->capacity : 8;
        void *items = mem_resize(stage->items, capacity, sizeof *stage->items);
        if (!items)
            return STATUS(NOMEM);
        stage->items = items;
        stage->capacity = capacity;
    }
    TRY(reserve(table));
    table->staged++;
    stage->items[stage->count++] = (struct memory_staged){table, row};
    return DONE;
}

struct status memory_stage_add(struct memory_stage *s, struct memory_table *table, void *row)
{
    struct status result = stage(s, table, row);
    if (!status_ok(result) && !table->borrows)
        mem_free(row);
    return result;
}

void memory_stage_commit(struct memory_stage *s)
{
    for (size_t i = 0; i < s->count; i++) {
        insert(s->items[i].table, s->items[i].row);
        s->items[i].table->staged--;
    }
    s->count = 0;
}

void memory_stage_release(struct memory_stage *s)
{
    for (size_t i = 0; i < s->count; i++) {
        s->items[i].table->staged--;
        if (!s->items[i].table->borrows)
            mem_free(s->items[i].row);
    }
    mem_free(s->items);
    *s = (struct memory_stage){0};
}
