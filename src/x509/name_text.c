/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/name.h"

#include "x509/name_internal.h"

/* Names as people write them. */

#define NAME_TEXT_MAX (64 * 1024) /* 64 values of 1024 bytes, mostly unescaped */

const char *name_label(enum name_attribute attribute)
{
    return name_types[attribute].label;
}

void name_escape(struct text v, struct buffer *out)
{
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        bool edge_space = c == ' ' && (i == 0 || i + 1 == v.n);
        if ((unsigned char)c < 0x20 || c == 0x7f) {
            buffer_printf(out, "\\%02X", (unsigned)(unsigned char)c);
        } else if (edge_space || (c == '#' && i == 0) || strchr(",+\"\\<>;", c)) {
            buffer_byte(out, '\\');
            buffer_byte(out, (uint8_t)c);
        } else {
            buffer_byte(out, (uint8_t)c);
        }
    }
}

static void append_part(struct buffer *out, const struct name_part *part)
{
    if (part->attribute == NAME_OTHER)
        buffer_text(out, part->oid);
    else
        buffer_cstr(out, name_label(part->attribute));
    buffer_byte(out, '=');
    if (part->is_hex)
        buffer_text(out, part->value);
    else
        name_escape(part->value, out);
}

struct text name_format(const struct name *n, struct arena *a)
{
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, NAME_TEXT_MAX);
    for (size_t end = n->count; end > 0;) { /* RFC 4514 2.1: the last RelativeDistinguishedName first */
        size_t start = end - 1;
        while (start > 0 && n->parts[start - 1].rdn == n->parts[end - 1].rdn)
            start--;
        for (size_t i = start; i < end; i++) {
            if (buffer_size(&out))
                buffer_byte(&out, i == start ? ',' : '+');
            append_part(&out, &n->parts[i]);
        }
        end = start;
    }
    if (!status_ok(buffer_status(&out)))
        return (struct text){NULL, 0};
    return arena_text(a, buffer_as_text(&out));
}

static bool attribute_from_label(struct text label, enum name_attribute *out)
{
    static const struct {
        struct text label;
        enum name_attribute attribute;
    } aliases[] = {
        {TEXT_INIT("S"), NAME_ST},
        {TEXT_INIT("E"), NAME_EMAIL},
        {TEXT_INIT("EMAIL"), NAME_EMAIL},
        {TEXT_INIT("SN"), NAME_SERIAL_NUMBER},
    };
    for (unsigned i = 0; i < NAME_OTHER; i++) {
        if (text_equal_nocase(label, text_of(name_types[i].label))) {
            *out = (enum name_attribute)i;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (text_equal_nocase(label, aliases[i].label)) {
            *out = aliases[i].attribute;
            return true;
        }
    }
    return false;
}

/*
 * The value up to an unescaped separator, with "\x" turned into x; *t moves behind the separator (p = NULL at
 * the end). A value with control characters or without UTF-8 would not survive name_encode.
 */
static struct status cut_value(struct text *t, char separator, struct arena *a, struct text *out,
                               struct error *err)
{
    char *value = arena_alloc(a, t->n + 1);
    if (!value)
        return error_set(err, E_NOMEM, "out of memory");
    size_t n = 0, i = 0;
    while (i < t->n && t->p[i] != separator) {
        if (t->p[i] == '+')
            return error_set(err, E_INVALID,
                             "a name may not have several values in one part; write \\+ for a plus sign");
        if (t->p[i] == '\\' && ++i == t->n)
            return error_set(err, E_INVALID, "a name may not end with a backslash");
        if ((unsigned char)t->p[i] < 0x20 || t->p[i] == 0x7f)
            return error_set(err, E_INVALID, "a name may not hold control characters");
        value[n++] = t->p[i++];
    }
    *t = i < t->n ? text_from(*t, i + 1) : (struct text){NULL, 0};
    *out = text_trim((struct text){value, n});
    if (out->n == 0)
        return error_set(err, E_INVALID, "a name may not hold an empty value");
    if (out->n > NAME_VALUE_MAX || !text_is_utf8(*out))
        return error_set(err, E_INVALID, "a value in the name is too long or not UTF-8");
    return DONE;
}

struct status name_from_text(struct text t, struct arena *a, struct name *out, struct error *err)
{
    struct name n = {.parts = arena_array(a, NAME_PARTS_MAX, sizeof(struct name_part))};
    if (!n.parts)
        return error_set(err, E_NOMEM, "out of memory");
    t = text_trim(t);
    if (t.n == 0)
        return error_set(err, E_INVALID, "the name is empty");
    char separator = t.p[0] == '/' ? '/' : ',';
    if (separator == '/')
        t = text_from(t, 1);
    while (t.p) {
        if (n.count == NAME_PARTS_MAX)
            return error_set(err, E_INVALID, "the name has more than 64 attributes");
        size_t equals = text_find(t, '=');
        struct text label = text_trim(text_first(t, equals));
        if (equals == t.n || label.n == 0)
            return error_set(err, E_INVALID,
                             "the name wants TYPE=value parts, such as CN=name,O=organization");
        struct name_part *part = &n.parts[n.count];
        if (!attribute_from_label(label, &part->attribute))
            return error_set(err, E_INVALID,
                             "'%.*s' is not an attribute type; known are C, ST, L, STREET, postalCode, O, "
                             "OU, CN, serialNumber",
                             TEXT_ARG(label));
        t = text_from(t, equals + 1);
        TRY(cut_value(&t, separator, a, &part->value, err));
        part->rdn = (unsigned)n.count++;
    }
    *out = n;
    return DONE;
}
