/* SPDX-License-Identifier: Apache-2.0 */

/* Which rows a list of services gives, for every backend. Nothing here allocates but service_copy. */

#include "base/encoding.h"
#include "base/utf8.h"
#include "store/backend.h"

struct text labels_or_none(struct text labels)
{
    return labels.n > 0 ? labels : TEXT("{}");
}

static bool has_nocase(struct text t, struct text part)
{
    if (part.n == 0)
        return true;
    for (size_t i = 0; i + part.n <= t.n; i++)
        if (text_equal_nocase((struct text){t.p + i, part.n}, part))
            return true;
    return false;
}

/* ---- labels ---- */

static uint32_t hex4(const char *p)
{
    uint8_t b[2] = {0, 0};
    (void)hex_decode(b, 2, (struct text){p, 4});
    return (uint32_t)b[0] << 8 | b[1];
}

/* The code point of an escape (without its backslash) and its length; lone surrogates are U+FFFD, as
 * json_string_decode has it. */
static size_t unescape(struct text in, uint32_t *out)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *simple = in.n > 0 ? memchr(from, in.p[0], sizeof from - 1) : NULL;
    if (in.n == 0 || in.p[0] != 'u' || in.n < 5) {
        *out = simple ? (uint32_t)to[simple - from] : in.n > 0 ? (uint8_t)in.p[0] : UTF8_REPLACEMENT;
        return in.n > 0;
    }
    uint32_t high = hex4(in.p + 1);
    *out = high;
    if (high < 0xd800 || high > 0xdfff)
        return 5;
    uint32_t low = in.n >= 11 && in.p[5] == '\\' && in.p[6] == 'u' ? hex4(in.p + 7) : 0;
    if (high > 0xdbff || low < 0xdc00 || low > 0xdfff) {
        *out = UTF8_REPLACEMENT;
        return 5;
    }
    *out = 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
    return 11;
}

/* Whether the inside of a JSON string stands for this text. */
static bool json_inside_is(struct text inside, struct text wanted)
{
    while (inside.n > 0) {
        char expected[UTF8_MAX] = {inside.p[0]};
        size_t used = 1, n = 1;
        if (inside.p[0] == '\\') {
            uint32_t point;
            used += unescape(text_from(inside, 1), &point);
            n = utf8_encode(point, expected);
        }
        if (wanted.n < n || memcmp(wanted.p, expected, n) != 0)
            return false;
        inside = text_from(inside, used);
        wanted = text_from(wanted, n);
    }
    return wanted.n == 0;
}

/* The inside of the next string of an object of strings; the rest follows in *t. False when there is none. */
static bool next_string(struct text *t, struct text *out)
{
    size_t start = text_find(*t, '"') + 1;
    for (size_t i = start; i < t->n; i++) {
        if (t->p[i] == '\\') {
            i++;
        } else if (t->p[i] == '"') {
            *out = (struct text){t->p + start, i - start};
            *t = text_from(*t, i + 1);
            return true;
        }
    }
    return false;
}

static bool has_label(struct text labels, struct text name, struct text value)
{
    struct text key, is;
    while (next_string(&labels, &key) && next_string(&labels, &is))
        if (json_inside_is(key, name))
            return !value.p || json_inside_is(is, value);
    return false;
}

/* ---- rows ---- */

bool service_is_wanted(const struct service_filter *f, const struct service *s)
{
    return text_equal(s->tenant, f->tenant) && (!f->callable_only || service_role_is_callable(s->role)) &&
           (f->application.n == 0 || text_equal(s->application, f->application)) &&
           has_nocase(s->name, f->name_contains) && has_nocase(s->provider, f->provider_contains) &&
           has_nocase(s->target_url, f->target_contains) &&
           (f->label_name.n == 0 || has_label(s->labels, f->label_name, f->label_value));
}

bool service_fills_page(const struct service *s, size_t *bytes)
{
    *bytes += sizeof *s + s->tenant.n + s->application.n + s->name.n + s->provider.n + s->description.n +
              s->path_name.n + s->short_description.n + s->identifier.n + s->labels.n + s->target_url.n;
    return *bytes >= SERVICE_PAGE_BYTES;
}

struct status service_copy(const struct service *from, struct arena *a, struct service *out)
{
    struct service s = *from;
    struct text *texts[] = {&s.tenant,      &s.application,       &s.name,       &s.provider,
                            &s.description, &s.short_description, &s.identifier, &s.labels,
                            &s.target_url,  &s.details,           &s.path_name,  &s.call_anchors_pem};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i]->n == 0)
            continue;
        *texts[i] = arena_text(a, *texts[i]);
        if (!texts[i]->p)
            return STATUS(NOMEM);
    }
    *out = s;
    return DONE;
}
