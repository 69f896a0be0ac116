/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rows of the memory backend: sorted arrays of immutable rows, and transactions that cannot fail half-way;
 * private to src/store/memory*.c. Under the store's lock.
 *
 * A row is one allocation: a struct followed by the bytes of its slices. A change is a new row with the same
 * key. An operation first stages every row it will write (copies and room in the tables, which may fail) and
 * then commits (which cannot).
 */

#include "base/arena.h"
#include "base/bytes.h"
#include "base/own.h"
#include "base/status.h"

/* Where the slices (struct text or struct bytes) of a row type are. */
struct memory_shape {
    size_t size;
    size_t count;
    size_t slices[12];
};

/* A copy of the row and its slices; in the arena, or on the heap when `a` is NULL (then freed with mem_free).
 * NULL: no memory. */
void *memory_copy(const struct memory_shape *shape, const void *row, struct arena *a);
/* The same into a struct of the caller. */
struct status memory_copy_to(const struct memory_shape *shape, const void *row, struct arena *a, void *out);

struct memory_table {
    void **rows; /* sorted by `compare`, no two equal */
    size_t count, capacity;
    size_t staged;
    int (*compare)(const void *a, const void *b);
    bool borrows; /* a second index over the rows of another table */
};

void memory_table_release(struct memory_table *t);
/* Position of the first row not before `key` (a row with its key fields set); *out_found when it is equal. */
size_t memory_table_seek(const struct memory_table *t, const void *key, bool *out_found);
void *memory_table_find(const struct memory_table *t, const void *key); /* NULL when absent */
void memory_table_remove(struct memory_table *t, size_t position);

struct memory_stage {
    struct memory_staged {
        struct memory_table *table;
        void *row;
    } * items;
    size_t count, capacity;
};

/* Takes ownership of `row` (unless the table borrows), also on failure. NULL is E_NOMEM, so that copies need
 * no check of their own. */
struct status memory_stage_add(struct memory_stage *stage, struct memory_table *table, void *row);
void memory_stage_commit(struct memory_stage *stage); /* inserts or replaces all */
void memory_stage_release(struct memory_stage *stage);
OWNABLE_VALUE(struct memory_stage, memory_stage_release);
