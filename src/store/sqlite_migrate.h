/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Brings a database to the schema of this program; private to src/store/sqlite*.c. Migrations are SQL files
 * in migrations/, numbered from 1 without gaps and embedded by the build. What was applied is recorded with a
 * checksum: a migration that was edited after it was applied somewhere is refused, as is a database with more
 * migrations than this program knows.
 */

#include "store/sqlite_db.h"

struct sqlite_migration {
    int version;
    const char *name;
    struct text sql; /* ends in a NUL that is not counted */
};

extern const struct sqlite_migration sqlite_migrations[];
extern const size_t sqlite_migrations_count;

/*
 * Applies what is missing in one transaction, under the database's write lock so that two programs that start
 * at once do not both migrate. Before an existing schema changes, the database is copied to <its
 * directory>/backup/fairlead-<schema version>-<UTC time>.db.
 */
struct status sqlite_migrate(struct sqlite_db *db, const char *path,
                             const struct sqlite_migration *migrations, size_t count, struct error *err);
