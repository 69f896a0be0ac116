/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* This host's name, for addresses that we hand out, and its own addresses. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The full name of this host if it resolves on this host, else "localhost": an address that not even we can
 * follow helps nobody. Asks the resolver, at most about a second: for the supervisor at start, never on a
 * loop. Writes at most `size` bytes with NUL.
 */
void host_full_name(char *out, size_t size);

/*
 * The addresses of this host's interfaces, IPv4 as ::ffff:a.b.c.d: how a wildcard listener is told from a
 * target. Returns how many; false when they cannot be listed or are more than `max`. Opens a netlink socket:
 * not inside a front's sandbox.
 */
bool host_addresses(uint8_t (*out)[16], unsigned max, unsigned *out_count);
