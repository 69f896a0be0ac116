/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "http/message.h"

#define FIRST_CAPACITY 16 /* a browser sends 12 to 18 fields */

static struct status grow(struct headers *h, struct arena *a)
{
    size_t capacity = h->capacity ? h->capacity * 2 : FIRST_CAPACITY;
    struct header *list = arena_array(a, capacity, sizeof(*list));
    if (!list)
        return STATUS(NOMEM);
    if (h->count)
        memcpy(list, h->list, h->count * sizeof(*list));
    h->list = list;
    h->capacity = capacity;
    return DONE;
}

struct status headers_add(struct headers *h, struct arena *a, struct text name, struct text value)
{
    if (h->count >= LIMIT_HEADER_COUNT)
        return STATUS(TOO_LARGE);
    if (h->count == h->capacity)
        TRY(grow(h, a));
    h->list[h->count++] = (struct header){name, value.p ? value : TEXT("")};
    return DONE;
}

struct text headers_get(const struct headers *h, struct text name)
{
    for (size_t i = 0; i < h->count; i++)
        if (text_equal_nocase(h->list[i].name, name))
            return h->list[i].value;
    return (struct text){NULL, 0};
}

size_t headers_count(const struct headers *h, struct text name)
{
    size_t count = 0;
    for (size_t i = 0; i < h->count; i++)
        count += text_equal_nocase(h->list[i].name, name) ? 1 : 0;
    return count;
}

static bool list_has_token(struct text list, struct text token)
{
    while (list.p)
        if (text_equal_nocase(text_trim(text_cut(&list, ',')), token))
            return true;
    return false;
}

bool headers_has_token(const struct headers *h, struct text name, struct text token)
{
    for (size_t i = 0; i < h->count; i++)
        if (text_equal_nocase(h->list[i].name, name) && list_has_token(h->list[i].value, token))
            return true;
    return false;
}

bool header_is_hop_by_hop(struct text name, const struct headers *all)
{
    static const struct text always[] = {
        TEXT_INIT("Connection"), TEXT_INIT("Keep-Alive"), TEXT_INIT("Proxy-Connection"),
        TEXT_INIT("TE"),         TEXT_INIT("Trailer"),    TEXT_INIT("Transfer-Encoding"),
        TEXT_INIT("Upgrade"),
    };
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        if (text_equal_nocase(name, always[i]))
            return true;
    return all && headers_has_token(all, TEXT("Connection"), name);
}

static bool names_field(struct text options)
{
    while (options.p) {
        const struct text option = text_trim(text_cut(&options, ','));
        if (option.n > 0 && !text_equal_nocase(option, TEXT("keep-alive")) &&
            !text_equal_nocase(option, TEXT("close")) && !text_equal_nocase(option, TEXT("upgrade")))
            return true;
    }
    return false;
}

bool headers_name_hops(const struct headers *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (text_equal_nocase(all->list[i].name, TEXT("Connection")) && names_field(all->list[i].value))
            return true;
    return false;
}
