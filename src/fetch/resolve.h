/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* FETCH_RESOLVE: where a host is, as far as we may go there. Private to fetch/. */

#include "fetch/fetch.h"
#include "net/guard.h"

/*
 * `guard` NULL: whatever they are. true with the addresses in `answer`; false with outcome and reason. Blocks
 * as long as the resolver does: the job's deadline is the process's. No library but libc: targets are looked
 * up often.
 */
bool resolve_host(const struct guard *guard, struct text host, uint16_t port, struct fetch_answer *answer);
