/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uuid.h"

#include <stdio.h>

#include "base/encoding.h"
#include "base/random.h"

void uuid_new(uint8_t out[static UUID_SIZE])
{
    random_bytes(out, UUID_SIZE);
    out[6] = (uint8_t)((out[6] & 0x0f) | 0x40); /* version 4 (RFC 9562 5.4) */
    out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}

struct text uuid_text(const uint8_t id[static UUID_SIZE], char out[static UUID_TEXT + 1])
{
    char hex[2 * UUID_SIZE + 1];
    hex_encode(hex, (struct bytes){id, UUID_SIZE});
    (void)snprintf(out, UUID_TEXT + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                   hex + 20);
    return (struct text){out, UUID_TEXT};
}

bool uuid_parse(struct text t, uint8_t out[static UUID_SIZE])
{
    char hex[2 * UUID_SIZE];
    size_t digits = 0;
    if (t.n != UUID_TEXT)
        return false;
    for (size_t i = 0; i < UUID_TEXT; i++) {
        const char c = t.p[i];
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !digit)
            return false;
        if (digit)
            hex[digits++] = c;
    }
    return hex_decode(out, UUID_SIZE, (struct text){hex, sizeof hex});
}
