/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/oid.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    struct text octets;
    const char *name;
} table[] = {[OID_UNKNOWN] = {{NULL, 0}, "unknown"},
#define X(name, octets, text) [OID_##name] = {TEXT_INIT(octets), text},
             OIDS(X)
#undef X
};
#define TABLE_SIZE (sizeof(table) / sizeof(table[0]))

enum oid oid_find(struct bytes content)
{
    for (size_t i = OID_UNKNOWN + 1; i < TABLE_SIZE; i++) {
        if (bytes_equal(content, text_bytes(table[i].octets)))
            return (enum oid)i;
    }
    return OID_UNKNOWN;
}

struct bytes oid_bytes(enum oid oid)
{
    return text_bytes(table[oid].octets);
}

const char *oid_name(enum oid oid)
{
    return table[oid].name;
}

/* One arc in base 128 (X.690 8.19.2); false when it does not end or is over 64 bits. */
static bool read_arc(struct bytes content, size_t *position, uint64_t *out)
{
    uint64_t arc = 0;
    while (*position < content.n) {
        uint8_t octet = content.p[(*position)++];
        if (arc >> 57)
            return false;
        arc = arc << 7 | (octet & 0x7f);
        if (!(octet & 0x80)) {
            *out = arc;
            return true;
        }
    }
    return false;
}

const char *oid_format(struct bytes content, char out[static OID_TEXT_MAX])
{
    size_t used = 0;
    uint64_t arc;
    for (size_t i = 0; i < content.n;) {
        bool first = i == 0;
        if (!read_arc(content, &i, &arc)) {
            snprintf(out, OID_TEXT_MAX, "...");
            return out;
        }
        int n;
        if (first) { /* X.690 8.19.4: the first two arcs share one number */
            uint64_t root = arc < 80 ? arc / 40 : 2;
            n = snprintf(out, OID_TEXT_MAX, "%" PRIu64 ".%" PRIu64, root, arc - root * 40);
        } else {
            n = snprintf(out + used, OID_TEXT_MAX - used, ".%" PRIu64, arc);
        }
        used += (size_t)n;
        if (used >= OID_TEXT_MAX) {
            snprintf(out, OID_TEXT_MAX, "...");
            return out;
        }
    }
    if (used == 0)
        out[0] = '\0';
    return out;
}
