/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/query.h"

#include "outbound/rewrite_internal.h"

static bool is_unreserved(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void query_encode(struct buffer *out, struct text t)
{
    for (size_t i = 0; i < t.n; i++) {
        const uint8_t c = (uint8_t)t.p[i];
        if (is_unreserved(c))
            buffer_byte(out, c);
        else if (c == ' ')
            buffer_byte(out, '+');
        else
            percent_write(out, c);
    }
}

/* Compares while it decodes, so that nothing is copied. */
static bool form_equals(struct text raw, struct text plain)
{
    size_t at = 0;
    for (size_t i = 0; i < raw.n; at++) {
        uint8_t c = (uint8_t)raw.p[i];
        size_t used = 1;
        if (c == '%') {
            used = percent_read(text_from(raw, i), &c);
            if (used == 0)
                return false;
        } else if (c == '+') {
            c = ' ';
        }
        if (at >= plain.n || (uint8_t)plain.p[at] != c)
            return false;
        i += used;
    }
    return at == plain.n;
}

bool query_has(struct text query, struct text name)
{
    while (query.p) {
        struct text parameter = text_cut(&query, '&');
        if (form_equals(text_cut(&parameter, '='), name))
            return true;
    }
    return false;
}

void query_write(struct buffer *out, const struct hop_target *target, struct text caller)
{
    const struct text registered = target->query;
    const bool both = registered.n > 0 && caller.n > 0;
    if (registered.n > 0 || caller.p)
        buffer_byte(out, '?');
    registered_write(out, registered);
    if (both)
        buffer_byte(out, '&');
    buffer_text(out, caller);

    bool begun = registered.n > 0 || caller.p;
    bool first = registered.n == 0 && caller.n == 0;
    for (unsigned i = 0; i < target->query_count; i++) {
        const struct hop_field *f = &target->query_fields[i];
        if (query_has(registered, f->name) || query_has(caller, f->name))
            continue;
        if (!begun || !first)
            buffer_byte(out, begun ? '&' : '?');
        begun = true;
        first = false;
        query_encode(out, f->name);
        buffer_byte(out, '=');
        query_encode(out, f->value);
    }
}
