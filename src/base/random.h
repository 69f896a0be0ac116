/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Cryptographic randomness (OpenSSL's CSPRNG). Any thread. A generator that fails is a broken invariant:
 * aborts. */

#include <stddef.h>
#include <stdint.h>

void random_bytes(uint8_t *out, size_t n);
uint64_t random_u64(void);
