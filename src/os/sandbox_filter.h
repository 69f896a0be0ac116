/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to os/sandbox*.c: how a seccomp allow-list is written down. Functions return 0 or libseccomp's
 * negative errno. */

#include <stddef.h>

#include <seccomp.h>

#include "os/sandbox.h"

#define SANDBOX_CALLS_MAX 40

/* Calls allowed with any arguments. `reason` is for the reader. */
struct sandbox_group {
    const char *reason;
    int calls[SANDBOX_CALLS_MAX]; /* ends with END */
};
#define END     (-1000000)
#define C(name) SCMP_SYS(name)

/* The argument with this number. libseccomp's own SCMP_A0.. leave a member out, which clang's -Wextra
 * refuses. */
#define EQUAL(number, value)                                                                                 \
    {                                                                                                        \
        (number), SCMP_CMP_EQ, (value), 0                                                                    \
    }
#define OTHER_THAN(number, value)                                                                            \
    {                                                                                                        \
        (number), SCMP_CMP_NE, (value), 0                                                                    \
    }
#define MASKED(number, mask, value)                                                                          \
    {                                                                                                        \
        (number), SCMP_CMP_MASKED_EQ, (mask), (value)                                                        \
    }

/* Allowed when all conditions hold. Several rows of one call are alternatives. */
struct sandbox_checked_call {
    int call;
    unsigned count;
    struct scmp_arg_cmp conditions[2];
};

int sandbox_allow_groups(scmp_filter_ctx ctx, const struct sandbox_group *groups, size_t count);
int sandbox_allow_checked(scmp_filter_ctx ctx, const struct sandbox_checked_call *rows, size_t count);

/* sandbox_fetcher.c: what the fetcher and its jobs need beyond every process's list. */
int sandbox_add_fetcher(scmp_filter_ctx ctx);
int sandbox_add_fetch_job(scmp_filter_ctx ctx);
/* The files of this system that resolving names and verifying servers need. */
#define SANDBOX_FETCH_PATHS_MAX 40
unsigned sandbox_fetch_paths(struct sandbox_path out[static SANDBOX_FETCH_PATHS_MAX]);
