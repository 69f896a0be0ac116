/* SPDX-License-Identifier: Apache-2.0 */
#include "api/native/etag.h"

#define TAG_MAX 24 /* an int64 in quotes, and a NUL */

static struct text trim_left(struct text t)
{
    while (t.n > 0 && (t.p[0] == ' ' || t.p[0] == '\t'))
        t = text_from(t, 1);
    return t;
}

/* etagc = %x21 / %x23-7E / obs-text (RFC 9110 8.8.3): neither blanks nor quotes. */
static bool is_etagc(char ch)
{
    const unsigned char b = (unsigned char)ch;
    return b > 0x20 && b != '"' && b != 0x7f;
}

/* Cuts one entity tag off the front, quotes included. */
static bool cut_tag(struct text *rest, bool *out_weak, struct text *out_tag)
{
    struct text t = *rest;
    *out_weak = text_starts_with(t, TEXT("W/"));
    if (*out_weak)
        t = text_from(t, 2);
    if (t.n < 2 || t.p[0] != '"')
        return false;
    size_t n = 1;
    while (n < t.n && is_etagc(t.p[n]))
        n++;
    if (n == t.n || t.p[n] != '"')
        return false;
    *out_tag = text_first(t, n + 1);
    *rest = text_from(t, n + 1);
    return true;
}

struct condition {
    struct text tag; /* of what there is */
    bool weak_counts;
    bool matches, any; /* found so far */
};

/* One line: "*", or tags with commas between them; empty elements are skipped (RFC 9110 5.6.1.2). */
static bool read_line(struct text line, struct condition *o)
{
    struct text rest = trim_left(line);
    if (text_equal(text_trim(rest), TEXT("*"))) {
        o->any = true;
        o->matches = true;
        return true;
    }
    while (rest.n > 0) {
        bool weak;
        struct text tag;
        if (rest.p[0] != ',') {
            if (!cut_tag(&rest, &weak, &tag))
                return false;
            if ((!weak || o->weak_counts) && text_equal(tag, o->tag))
                o->matches = true;
            rest = trim_left(rest);
            if (rest.n > 0 && rest.p[0] != ',')
                return false;
        }
        rest = trim_left(text_from(rest, 1));
    }
    return true;
}

static struct status evaluate(struct call *c, struct text field, struct condition *o, bool *out_given)
{
    const struct headers *h = &c->request->headers;
    const size_t lines = headers_count(h, field);
    *out_given = lines > 0;
    for (size_t i = 0; i < h->count; i++) {
        if (!text_equal_nocase(h->list[i].name, field))
            continue;
        if (!read_line(h->list[i].value, o) || (o->any && lines > 1)) /* "*" stands alone */
            return error_set(&c->err, E_INVALID, "%.*s is neither * nor a list of entity tags such as \"7\"",
                             TEXT_ARG(field));
    }
    return DONE;
}

static struct text tag_of(int64_t revision, char out[static TAG_MAX])
{
    char digits[TAG_MAX];
    size_t n = 0;
    uint64_t rest = revision > 0 ? (uint64_t)revision : 0;
    do
        digits[n++] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    size_t at = 0;
    out[at++] = '"';
    while (n > 0)
        out[at++] = digits[--n];
    out[at++] = '"';
    return (struct text){out, at};
}

struct status etag_may_change(struct call *c, int64_t revision, bool *out_given, bool *out_may)
{
    char tag[TAG_MAX];
    struct condition o = {.tag = tag_of(revision, tag)};
    TRY(evaluate(c, TEXT("If-Match"), &o, out_given));
    *out_may = !*out_given || o.matches;
    return DONE;
}

struct status etag_is_known(struct call *c, int64_t revision, bool *out_known)
{
    char tag[TAG_MAX];
    bool given;
    struct condition o = {.tag = tag_of(revision, tag), .weak_counts = true};
    TRY(evaluate(c, TEXT("If-None-Match"), &o, &given));
    *out_known = given && o.matches;
    return DONE;
}

struct status etag_put(struct call *c, int64_t revision)
{
    char tag[TAG_MAX];
    const struct text text = arena_text(c->arena, tag_of(revision, tag));
    return text.p ? reply_header(c, TEXT("ETag"), text) : STATUS(NOMEM);
}
