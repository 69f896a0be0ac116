/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The database as files: places, modes, copies; private to src/store/sqlite*.c. */

#include "store/sqlite_db.h"

/*
 * Makes the directory (0700, only its last component) and an empty database file (0600) where missing.
 * Refuses a database that is no regular file, is a symbolic link, belongs to somebody else or that others may
 * read or write.
 */
struct status sqlite_files_prepare(const char *path, struct error *err);

/*
 * Writes a consistent copy of the open database to `path`, which must not exist, with mode 0600; copy and
 * directory are on the disk when it returns. Nothing is left behind on failure.
 */
struct status sqlite_files_copy(struct sqlite_db *db, const char *path, struct error *err);

/* Directory of `path` as an OWNED string ("." when it names none); NULL when out of memory. */
char *sqlite_files_directory(const char *path);
