/* SPDX-License-Identifier: Apache-2.0 */
#include "store/backend.h"

#include "base/encoding.h"

enum token_state token_state_at(enum token_state stored, int64_t expires_at, int64_t now)
{
    return stored == TOKEN_ACTIVE && now >= expires_at ? TOKEN_EXPIRED : stored;
}

struct text token_id(const uint8_t hash[static SHA256_SIZE], struct arena *a)
{
    char *hex = arena_alloc(a, 2 * TOKEN_ID_BYTES + 1);
    if (!hex)
        return (struct text){NULL, 0};
    hex_encode(hex, (struct bytes){hash, TOKEN_ID_BYTES});
    return (struct text){hex, 2 * TOKEN_ID_BYTES};
}

struct text audit_consumer(const struct audit_entry *audit)
{
    return audit->address.n > 0 ? audit->address : audit->actor;
}

int64_t audit_count(const struct audit_entry *e)
{
    return e->count > 0 ? e->count : 1;
}

int64_t audit_last_at(const struct audit_entry *e)
{
    return e->last_at > e->at ? e->last_at : e->at;
}

bool digest_range(struct text hex_prefix, uint8_t low[static SHA256_SIZE], uint8_t high[static SHA256_SIZE])
{
    char digits[2][2 * SHA256_SIZE];
    if (hex_prefix.n > sizeof digits[0])
        return false;
    memset(digits[0], '0', sizeof digits[0]);
    memset(digits[1], 'f', sizeof digits[1]);
    for (size_t i = 0; i < hex_prefix.n; i++) {
        char c = hex_prefix.p[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
        digits[0][i] = digits[1][i] = c;
    }
    return hex_decode(low, SHA256_SIZE, (struct text){digits[0], sizeof digits[0]}) &&
           hex_decode(high, SHA256_SIZE, (struct text){digits[1], sizeof digits[1]});
}

bool text_has(struct text t, struct text part)
{
    return part.n == 0 || (t.n >= part.n && memmem(t.p, t.n, part.p, part.n));
}
