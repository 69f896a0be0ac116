/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* This host's name, for addresses that we hand out. */

#include <stddef.h>

/*
 * The full name of this host if it resolves on this host, else "localhost": an address that not even we can
 * follow helps nobody. Asks the resolver, at most about a second: for the supervisor at start, never on a
 * loop. Writes at most `size` bytes with NUL.
 */
void host_full_name(char *out, size_t size);
