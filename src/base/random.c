/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <openssl/rand.h>

#include "base/status.h"

void random_bytes(uint8_t *out, size_t n)
{
    while (n > 0) {
        int part = n > INT32_MAX ? INT32_MAX : (int)n;
        must(RAND_bytes(out, part) == 1);
        out += part;
        n -= (size_t)part;
    }
}

uint64_t random_u64(void)
{
    uint64_t v;
    random_bytes((uint8_t *)&v, sizeof(v));
    return v;
}
