/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The fetcher process (DESIGN 3): holds nothing lasting. A small parent accepts jobs on its Unix socket and
 * forks one process for each, with limits on memory, CPU time and files; that one reads the job, does it,
 * answers and ends. A job whose deadline has passed is killed. Only the core may connect (peer credentials).
 */

#include "os/child.h"

/* As front_main and core_main: exit status. */
int fetcher_main(const struct child_channels *ch);

#define FETCHER_JOBS_MAX 16 /* at once; more wait in the socket's backlog */
