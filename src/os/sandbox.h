/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a process may still do once it runs: a seccomp allow-list per kind (anything else ends the process,
 * and the kernel logs it) and Landlock's file rights. Nothing depends on Landlock's network rules. For good:
 * there is no way out. Before the process starts threads. Always off in sanitizer builds, whose run time
 * needs more.
 */

#include "base/error.h"
#include "base/status.h"

enum sandbox_kind {
    SANDBOX_FRONT,     /* sockets; opens no file at all */
    SANDBOX_CORE,      /* files below the paths given; Unix sockets only */
    SANDBOX_FETCHER,   /* forks jobs and ends them; files for reading only */
    SANDBOX_FETCH_JOB, /* one of these jobs, on top of the fetcher's: a client of the network that forks and
                          signals nobody; reads what resolving and TLS need, and the paths given */
};

struct sandbox_path {
    const char *path; /* file or directory with all below it; skipped when it does not exist */
    bool writable;
};

/* Paths are for the core, and for a job, where none is writable. A job of a fetcher that entered nothing
 * (server.sandbox: false) enters nothing either. A kernel without Landlock gets seccomp alone. E_UNAVAILABLE
 * when the kernel refuses. */
struct status sandbox_enter(enum sandbox_kind kind, const struct sandbox_path *paths, unsigned count,
                            struct error *err);

/* For `fairlead status`: "seccomp, Landlock ABI 3", "seccomp", "off". Of this process; constant after
 * sandbox_enter. */
const char *sandbox_describe(void);
