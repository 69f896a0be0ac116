/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/name.h"

#include "base/encoding.h"
#include "x509/name_internal.h"

/* Names as RFC 4514 writes them, for values that have to be exact: nothing is guessed, what could be read in
 * two ways is refused. */

static const char special[] = "\"+,;<>=# \\";

struct scan {
    struct text rest;
    char *value; /* room for all that is left */
    size_t n;
};

static void skip_blanks(struct scan *s)
{
    while (s->rest.n > 0 && s->rest.p[0] == ' ')
        s->rest = text_from(s->rest, 1);
}

static bool is_one_of(const char *set, char c)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static void take(struct scan *s, char c, size_t used)
{
    s->value[s->n++] = c;
    s->rest = text_from(s->rest, used);
}

/* After a backslash: a special character, or two hex digits. */
static struct status take_escaped(struct scan *s, struct error *err)
{
    uint8_t octet = 0;
    if (s->rest.n >= 2 && is_one_of(special, s->rest.p[1])) {
        take(s, s->rest.p[1], 2);
        return DONE;
    }
    if (s->rest.n < 3 || !hex_decode(&octet, 1, text_first(text_from(s->rest, 1), 2)) || octet == 0)
        return error_set(
            err, E_INVALID,
            "a backslash in a name stands before one of \" + , ; < > = # \\, a blank, or two hex "
            "digits that are not 00");
    take(s, (char)octet, 3);
    return DONE;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static struct status take_quoted(struct scan *s, struct error *err)
{
    s->rest = text_from(s->rest, 1);
    while (s->rest.n > 0 && s->rest.p[0] != '"') {
        if (s->rest.p[0] == '\\')
            TRY(take_escaped(s, err));
        else if (is_control(s->rest.p[0]))
            return error_set(err, E_INVALID, "a name may not hold control characters");
        else
            take(s, s->rest.p[0], 1);
    }
    if (s->rest.n == 0)
        return error_set(err, E_INVALID, "a quoted value in the name has no end");
    s->rest = text_from(s->rest, 1);
    skip_blanks(s);
    return DONE;
}

/* Up to a separator; blanks before it count only when they are escaped. */
static struct status take_plain(struct scan *s, struct error *err)
{
    size_t significant = 0;
    while (s->rest.n > 0 && !is_one_of(",+", s->rest.p[0])) {
        const char c = s->rest.p[0];
        if (c == '\\')
            TRY(take_escaped(s, err));
        else if (is_control(c) || is_one_of("\";<>", c) || (c == '#' && s->n == 0))
            return error_set(err, E_INVALID,
                             "a value in the name holds one of \" ; < > or begins with #: a backslash goes "
                             "before it");
        else
            take(s, c, 1);
        if (c != ' ')
            significant = s->n;
    }
    s->n = significant;
    return DONE;
}

static struct status take_value(struct scan *s, struct arena *a, struct text *out, struct error *err)
{
    s->value = arena_alloc(a, s->rest.n + 1);
    s->n = 0;
    if (!s->value)
        return error_set(err, E_NOMEM, "out of memory");
    skip_blanks(s);
    if (s->rest.n > 0 && s->rest.p[0] == '"')
        TRY(take_quoted(s, err));
    else
        TRY(take_plain(s, err));
    *out = (struct text){s->value, s->n};
    if (out->n == 0)
        return error_set(err, E_INVALID, "a name may not hold an empty value");
    if (out->n > NAME_VALUE_MAX || !text_is_utf8(*out))
        return error_set(err, E_INVALID, "a value in the name is too long or not UTF-8");
    return DONE;
}

static struct status take_type(struct scan *s, enum name_attribute *out, struct error *err)
{
    const size_t equals = text_find(s->rest, '=');
    const struct text label = text_trim(text_first(s->rest, equals));
    if (equals == s->rest.n || label.n == 0)
        return error_set(err, E_INVALID, "the name wants TYPE=value parts, such as CN=name, O=organization");
    for (unsigned i = 0; i < NAME_OTHER; i++) {
        if (!text_equal_nocase(label, text_of(name_label((enum name_attribute)i))))
            continue;
        *out = (enum name_attribute)i;
        s->rest = text_from(s->rest, equals + 1);
        return DONE;
    }
    return error_set(err, E_INVALID,
                     "'%.*s' is not an attribute type; known are CN, OU, O, L, ST, C, STREET, postalCode, "
                     "serialNumber, emailAddress, DC and UID",
                     TEXT_ARG(text_first(label, 40)));
}

struct status name_from_rfc4514(struct text t, struct arena *a, struct name *out, struct error *err)
{
    struct name n = {.parts = arena_array(a, NAME_PARTS_MAX, sizeof(struct name_part))};
    struct scan s = {.rest = t};
    if (!n.parts)
        return error_set(err, E_NOMEM, "out of memory");
    for (unsigned rdn = 0;;) {
        if (n.count == NAME_PARTS_MAX)
            return error_set(err, E_INVALID, "the name has more than 64 attributes");
        struct name_part *part = &n.parts[n.count++];
        part->rdn = rdn;
        TRY(take_type(&s, &part->attribute, err));
        TRY(take_value(&s, a, &part->value, err));
        if (s.rest.n == 0)
            break;
        if (!is_one_of(",+", s.rest.p[0]))
            return error_set(err, E_INVALID, "after a quoted value in the name comes a comma");
        rdn += s.rest.p[0] == ',';
        s.rest = text_from(s.rest, 1);
    }
    *out = n;
    return DONE;
}
