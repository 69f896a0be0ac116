/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tables for people: columns line up by what a terminal shows (East Asian wide characters take two cells,
 * combining ones none), the last column is not padded, nothing is coloured. Control characters from the
 * server's data are shown as '?', so that a name cannot move the cursor. One thread.
 */

#include "base/buffer.h"
#include "base/bytes.h"

#define TABLE_COLUMNS_MAX 12

struct table {
    struct buffer cells; /* per cell: u32 length and bytes */
    size_t columns;
    size_t count; /* cells, the header's included */
    size_t width[TABLE_COLUMNS_MAX];
    uint32_t filled;   /* bit per column: some cell below the header had a value */
    uint32_t optional; /* bit per column: left out while none has; the caller's, before table_print */
    size_t line_max;   /* the last column is cut so that lines have at most so many cells; 0 = never */
    bool started;      /* something was printed: which columns there are is settled */
};

void table_init(struct table *t, size_t max_bytes);
void table_release(struct table *t);
OWNABLE_VALUE(struct table, table_release);
/* Ends at NULL; at most TABLE_COLUMNS_MAX. Before the first cell. */
void table_header(struct table *t, const char *const *names);
void table_cell(struct table *t, struct text value); /* empty shows as "-" */
/*
 * Prints what there is and forgets it: a long table is printed in parts, whose columns may become wider but
 * never narrower. The buffers' failure is the caller's to ask: buffer_status(&t->cells) and of out.
 */
void table_print(struct table *t, struct buffer *out);

size_t text_width(struct text t);                       /* terminal cells */
void text_printable(struct text t, struct buffer *out); /* with '?' for control characters and broken UTF-8 */
/* A word for a shell: in single quotes unless it is plain. */
void shell_word(struct text t, struct buffer *out);
/* RFC 4180 field, quoted when needed. A leading = + - @ is quoted and given a ' in front: spreadsheets run
 * such cells. */
void csv_field(struct text t, struct buffer *out);
