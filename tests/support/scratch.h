/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A directory of its own for a test, removed with everything in it. Needs check.h. */

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#define SCRATCH_MAX 40

static inline void scratch_make(char out[static SCRATCH_MAX])
{
    (void)snprintf(out, SCRATCH_MAX, "/tmp/fairlead-test.XXXXXX");
    assert_non_null(mkdtemp(out));
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline int scratch_remove(const char *directory)
{
    return nftw(directory, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Entries besides "." and "..". */
static inline unsigned scratch_count(const char *directory)
{
    DIR *d = opendir(directory);
    unsigned count = 0;
    assert_non_null(d);
    while (readdir(d))
        count++;
    (void)closedir(d);
    return count - 2;
}
