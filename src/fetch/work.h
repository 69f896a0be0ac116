/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The process that does one job. Private to fetch/. */

#include "fetch/policy.h"

#define JOB_TIMEOUT_MAX_MS 120000 /* whatever a request says; the setting ends at 60 s */
#define JOB_CEILING_MS     (JOB_TIMEOUT_MAX_MS + 10000) /* then the parent kills it */

/*
 * In the child after fork: closes everything but stderr and the connection, takes on the limits, reads the
 * request, does it, answers and ends the process. `parent`: who forked it.
 */
[[gnu::noreturn]] void work(int connection, const struct fetch_policy *p, pid_t parent);
