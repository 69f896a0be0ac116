/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/name.h"

#include "x509/der.h"
#include "x509/name_internal.h"

/* PrintableString (X.680 41.4). '*' and '&' are not in it, whatever some tools write. */
static bool is_printable(struct text v)
{
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alphanumeric && (c == '\0' || !strchr(" '()+,-./:=?", c)))
            return false;
    }
    return true;
}

static unsigned string_tag(struct text v)
{
    return is_printable(v) ? DER_PRINTABLE_STRING : DER_UTF8_STRING;
}

/*
 * The order of two AttributeTypeAndValues of one type in a SET OF (X.690 11.6) without encoding them: the
 * octets differ first in the SEQUENCE's length, then in the string's tag, then in the value.
 */
static int compare_encoded(struct text a, struct text b)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    unsigned tag_a = string_tag(a), tag_b = string_tag(b);
    if (tag_a != tag_b)
        return tag_a < tag_b ? -1 : 1;
    return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

/* The values of one attribute, sorted, without repetitions (a SET holds a value once). */
static size_t collect(const struct name *n, enum name_attribute attribute,
                      struct text values[static NAME_PARTS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < n->count; i++) {
        if (n->parts[i].attribute != attribute)
            continue;
        struct text v = n->parts[i].value;
        size_t at = 0;
        while (at < count && compare_encoded(values[at], v) < 0)
            at++;
        if (at < count && compare_encoded(values[at], v) == 0)
            continue;
        memmove(&values[at + 1], &values[at], (count - at) * sizeof(values[0]));
        values[at] = v;
        count++;
    }
    return count;
}

void name_encode(const struct name *n, struct buffer *out)
{
    must(n->count <= NAME_PARTS_MAX);
    size_t name = der_begin(out, DER_SEQUENCE);
    for (unsigned attribute = NAME_C; attribute <= NAME_SERIAL_NUMBER; attribute++) {
        struct text values[NAME_PARTS_MAX + 1];
        size_t count = collect(n, (enum name_attribute)attribute, values);
        if (count == 0)
            continue;
        size_t rdn = der_begin(out, DER_SET);
        for (size_t i = 0; i < count; i++) {
            size_t part = der_begin(out, DER_SEQUENCE);
            der_put_oid(out, oid_bytes(name_types[attribute].oid));
            der_put(out, string_tag(values[i]), text_bytes(values[i]));
            der_finish(out, part);
        }
        der_finish(out, rdn);
    }
    der_finish(out, name);
}
