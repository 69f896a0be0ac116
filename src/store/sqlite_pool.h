/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A bounded set of read connections; private to src/store/sqlite*.c. Any thread. They are opened when first
 * needed, so that a start does not pay for them; with all of them lent, sqlite_pool_take waits.
 */

#include "store/sqlite_db.h"

struct sqlite_pool;

/* `path` is copied. max in 1..64. */
struct status sqlite_pool_new(const char *path, unsigned max, struct sqlite_pool **out, struct error *err);
void sqlite_pool_free(struct sqlite_pool *p); /* nothing may be lent; accepts NULL */

/* A lent connection; gives itself back at the end of the scope. */
struct sqlite_reader {
    struct sqlite_pool *pool;
    struct sqlite_db *db; /* borrowed; NULL when nothing is lent */
};
struct status sqlite_pool_take(struct sqlite_pool *p, struct sqlite_reader *out);
void sqlite_pool_give(struct sqlite_reader *r);
OWNABLE_VALUE(struct sqlite_reader, sqlite_pool_give);
