/* SPDX-License-Identifier: Apache-2.0 */
#include "config/grant.h"

static bool value_of(struct text word, struct text kind, struct text *out)
{
    struct text rest = word;
    const struct text name = text_cut(&rest, '=');
    *out = rest;
    return rest.p && rest.n > 0 && text_equal(name, kind);
}

static bool is_right(struct text word)
{
    struct text value;
    return value_of(word, TEXT("tenant"), &value) || value_of(word, TEXT("scope"), &value);
}

bool grant_next(struct text *rest, struct text kind, struct text *out)
{
    while (rest->p)
        if (value_of(text_cut(rest, ' '), kind, out))
            return true;
    return false;
}

/* The name ends where the first right begins; behind it there is nothing but rights. */
bool grant_read(struct text line, struct grant_line *out)
{
    struct text rest = line, value;
    const char *first = NULL;
    while (rest.p) {
        const struct text word = text_cut(&rest, ' ');
        if (is_right(word))
            first = first ? first : word.p;
        else if (first && word.n > 0)
            return false;
    }
    if (!first)
        return false;
    out->who = text_trim(text_first(line, (size_t)(first - line.p)));
    out->rights = text_from(line, (size_t)(first - line.p));
    struct text tenants = out->rights, scopes = out->rights;
    return out->who.n > 0 && grant_next(&tenants, TEXT("tenant"), &value) &&
           grant_next(&scopes, TEXT("scope"), &value);
}
