/* SPDX-License-Identifier: Apache-2.0 */
#include "director/mapping.h"

#include <stdlib.h>

#include "x509/name.h"

/* The form in which subjects are compared. It can be read back (values are escaped), so two names have the
 * same form only when they have the same attributes. */

#define FORM_MAX SUBJECT_MAPPING_TEXT_MAX

static int rank(enum name_attribute attribute)
{
    static const enum name_attribute first[] = {NAME_CN, NAME_OU, NAME_O, NAME_L, NAME_C};
    for (int i = 0; i < (int)(sizeof first / sizeof first[0]); i++)
        if (first[i] == attribute)
            return i;
    return (int)(sizeof first / sizeof first[0]) + (int)attribute;
}

static int compare(const void *a, const void *b)
{
    const struct name_part *x = a, *y = b;
    const int by_type = rank(x->attribute) - rank(y->attribute);
    return by_type != 0 ? by_type : text_compare(x->value, y->value);
}

static struct status check(const struct name *n, struct error *err)
{
    size_t count[NAME_OTHER] = {0};
    for (size_t i = 0; i < n->count; i++) {
        if (n->parts[i].attribute == NAME_OTHER)
            return error_set(err, E_INVALID, "has an attribute of type %.*s, which has no name here",
                             TEXT_ARG(n->parts[i].oid));
        if (n->parts[i].value.n == 0)
            return error_set(err, E_INVALID, "has an empty %s", name_label(n->parts[i].attribute));
        count[n->parts[i].attribute]++;
    }
    static const enum name_attribute once[] = {NAME_CN, NAME_O, NAME_L, NAME_C};
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
        if (count[once[i]] != 1)
            return error_set(err, E_INVALID, "has %s %s, where there must be one",
                             count[once[i]] == 0 ? "no" : "more than one", name_label(once[i]));
    return count[NAME_OU] > 0 ? DONE : error_set(err, E_INVALID, "has no OU, where there must be one");
}

static struct status write(const struct name_part *parts, size_t count, struct arena *a, struct text *out,
                           struct error *err)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, FORM_MAX);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].attribute == NAME_ST)
            continue;
        buffer_cstr(&b, buffer_size(&b) > 0 ? ", " : "");
        buffer_cstr(&b, name_label(parts[i].attribute));
        buffer_byte(&b, '=');
        name_escape(parts[i].value, &b);
    }
    if (buffer_status(&b).code == E_TOO_LARGE)
        return error_set(err, E_INVALID, "is longer than %d bytes", FORM_MAX);
    TRY(buffer_status(&b));
    *out = arena_text(a, buffer_as_text(&b));
    return out->p ? DONE : STATUS(NOMEM);
}

struct status director_subject_form(const struct name *n, struct arena *a, struct text *out,
                                    struct error *err)
{
    TRY(check(n, err));
    struct name_part *parts = arena_array(a, n->count, sizeof *parts);
    if (!parts)
        return STATUS(NOMEM);
    for (size_t i = 0; i < n->count; i++)
        parts[i] = n->parts[i];
    qsort(parts, n->count, sizeof *parts, compare);
    return write(parts, n->count, a, out, err);
}
