/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/internal.h"

/* What fills either kind of list: false when it is full. */
typedef bool put_field(void *out, struct text name, struct text value);

static bool has(const struct parameter_list *list, struct text name, bool nocase)
{
    for (size_t i = 0; i < list->count; i++) {
        if (nocase ? text_equal_nocase(list->list[i].name, name) : text_equal(list->list[i].name, name))
            return true;
    }
    return false;
}

static bool put_list(const struct parameter_list *list, const struct parameter_list *but, bool nocase,
                     put_field *put, void *out)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct parameter *p = &list->list[i];
        if (but && has(but, p->name, nocase))
            continue;
        for (size_t k = 0; k < p->count; k++) {
            if (!put(out, p->name, p->values[k]))
                return false;
        }
    }
    return true;
}

struct fetch_fields {
    struct fetch_field *list;
    size_t count;
};

static bool put_fetch(void *out, struct text name, struct text value)
{
    struct fetch_fields *f = out;
    if (f->count == FETCH_FIELDS_MAX)
        return false;
    f->list[f->count++] = (struct fetch_field){name, value};
    return true;
}

bool fields_for_fetch(const struct parameter_list *first, const struct parameter_list *more, bool nocase,
                      struct fetch_field *out, size_t *out_count)
{
    struct fetch_fields f = {.list = out};
    const bool fits =
        put_list(first, NULL, nocase, put_fetch, &f) && put_list(more, first, nocase, put_fetch, &f);
    *out_count = f.count;
    return fits;
}

struct hop_fields {
    struct hop_field *list;
    unsigned count;
};

static bool put_hop(void *out, struct text name, struct text value)
{
    struct hop_fields *f = out;
    if (f->count == HOP_FIELDS_MAX)
        return false;
    f->list[f->count++] = (struct hop_field){name, value};
    return true;
}

bool fields_for_hop(const struct parameter_list *first, const struct parameter_list *more, bool nocase,
                    struct hop_field *out, unsigned *out_count)
{
    struct hop_fields f = {.list = out};
    const bool fits =
        put_list(first, NULL, nocase, put_hop, &f) && put_list(more, first, nocase, put_hop, &f);
    *out_count = f.count;
    return fits;
}
