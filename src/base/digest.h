/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One-shot digests over EVP with algorithms fetched once (EVP_MD_fetch per call costs more than the hash).
 * Any thread. */

#include "base/bytes.h"

#define SHA256_SIZE 32
#define SHA1_SIZE   20

void sha256(struct bytes in, uint8_t out[static SHA256_SIZE]);
void sha1(struct bytes in, uint8_t out[static SHA1_SIZE]); /* RFC 5280 4.2.1.2 key identifiers only */
/* true when equal; time depends on n only (CRYPTO_memcmp). */
bool constant_time_equal(const uint8_t *a, const uint8_t *b, size_t n);
