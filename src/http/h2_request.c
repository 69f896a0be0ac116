/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h2_session.h"

#include "base/limits.h"
#include "http/h1_rules.h"
#include "http/h1_scan.h"
#include "http/trailers.h"

/* RFC 7541 4.1, and SETTINGS_MAX_HEADER_LIST_SIZE is counted like this. */
#define FIELD_OVERHEAD 32

static void refuse_later(struct h2_stream *s, enum h1_reason reason)
{
    if (s->refusal == H1_NONE)
        s->refusal = reason;
}

static bool note_pseudo(struct h2_stream *s, struct text name, struct text value)
{
    struct text *where = NULL;
    if (text_equal(name, TEXT(":method")))
        where = &s->method;
    else if (text_equal(name, TEXT(":path")))
        where = &s->path;
    else if (text_equal(name, TEXT(":authority")))
        where = &s->authority;
    else if (text_equal(name, TEXT(":scheme")))
        where = &s->scheme;
    else
        return true; /* nghttp2 lets no other pass */
    *where = arena_text(&s->x.arena, value);
    if (value.n == 0)
        *where = TEXT("");
    return where->p != NULL;
}

static bool add_field(struct h2_stream *s, struct headers *to, struct text name, struct text value)
{
    const struct text own_name = arena_text(&s->x.arena, name);
    const struct text own_value = arena_text(&s->x.arena, value);
    if (!own_name.p || (value.n > 0 && !own_value.p))
        return false;
    const struct status added = headers_add(to, &s->x.arena, own_name, own_value);
    if (added.code == E_TOO_LARGE)
        refuse_later(s, H1_TOO_MANY_FIELDS);
    return added.code != E_NOMEM;
}

bool h2_note_field(struct h2_stream *s, struct text name, struct text value)
{
    const struct session_settings *settings = s->session->base.settings;
    s->field_bytes += name.n + value.n + FIELD_OVERHEAD;
    if (s->field_bytes > settings->header_bytes) {
        refuse_later(s, H1_HEAD_TOO_LARGE);
        /* HPACK turns a byte into kilobytes: beyond reason the connection ends, not only the stream. */
        return s->field_bytes <= 4 * settings->header_bytes;
    }
    if (s->refusal != H1_NONE)
        return true;
    if (text_starts_with(name, TEXT(":")))
        return note_pseudo(s, name, value);
    if (s->x.request.headers.count >= settings->header_count) {
        refuse_later(s, H1_TOO_MANY_FIELDS);
        return true;
    }
    if (!h1_is_field_value(value))
        refuse_later(s, H1_CONTROL);
    return add_field(s, &s->x.request.headers, name, value);
}

bool h2_note_trailer(struct h2_stream *s, struct text name, struct text value)
{
    s->trailer_bytes += name.n + value.n + FIELD_OVERHEAD;
    if (s->trailer_bytes > LIMIT_TRAILER_BYTES)
        refuse_later(s, H1_TRAILER_TOO_LARGE);
    else if (trailer_is_refused(name))
        refuse_later(s, H1_TRAILER_FORBIDDEN);
    else if (!h1_is_field_value(value))
        refuse_later(s, H1_CONTROL);
    return s->refusal != H1_NONE || add_field(s, &s->x.trailers, name, value);
}

/* RFC 9113 8.3.1: :authority replaces Host, and both must name the same. The message has one Host, as in h1.
 */
static enum h1_reason settle_host(struct h2_stream *s)
{
    struct headers *h = &s->x.request.headers;
    struct headers kept = {.list = h->list, .capacity = h->capacity};
    struct text host = s->authority;
    for (size_t i = 0; i < h->count; i++) {
        if (!text_equal(h->list[i].name, TEXT("host"))) {
            kept.list[kept.count++] = h->list[i];
            continue;
        }
        if (host.p && !text_equal_nocase(host, h->list[i].value))
            return H1_TARGET_AUTHORITY;
        host = h->list[i].value;
    }
    *h = kept;
    if (!host.p)
        return H1_HOST_MISSING;
    const struct status added =
        headers_add(h, &s->x.arena, TEXT("host"), s->authority.p ? s->authority : host);
    return status_ok(added) ? H1_NONE : added.code == E_NOMEM ? H1_NO_MEMORY : H1_TOO_MANY_FIELDS;
}

/* RFC 9113 8.2.3: a cookie may come in several fields for the sake of compression; further on it is one. */
static enum h1_reason join_cookies(struct h2_stream *s)
{
    static const struct text cookie = TEXT_INIT("cookie"), between = TEXT_INIT("; ");
    struct headers *h = &s->x.request.headers;
    if (headers_count(h, cookie) < 2)
        return H1_NONE;
    char *all =
        arena_alloc(&s->x.arena, s->field_bytes); /* which counts more for each than the blank between */
    if (!all)
        return H1_NO_MEMORY;
    size_t n = 0;
    struct header *first = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < h->count; i++) {
        const struct header field = h->list[i];
        const bool is_cookie = text_equal(field.name, cookie);
        if (!is_cookie || !first)
            h->list[kept++] = field;
        if (!is_cookie)
            continue;
        if (first) {
            memcpy(all + n, between.p, between.n);
            n += between.n;
        } else {
            first = &h->list[kept - 1];
        }
        memcpy(all + n, field.value.p, field.value.n);
        n += field.value.n;
    }
    if (first)
        first->value = (struct text){all, n};
    h->count = kept;
    return H1_NONE;
}

static enum h1_reason check_pseudo(const struct h2_stream *s)
{
    if (!text_equal_nocase(s->scheme, TEXT("https")) && !text_equal_nocase(s->scheme, TEXT("http")))
        return H1_TARGET_FORM;
    if (!h1_is_target(s->path))
        return H1_TARGET_CHARACTER;
    /* RFC 9113 8.3.1: a path, or * with OPTIONS; absolute-form is for HTTP/1 proxies. */
    if (!text_starts_with(s->path, TEXT("/")) && !text_equal(s->path, TEXT("*")))
        return H1_TARGET_FORM;
    return H1_NONE;
}

/* HTTP/2's own rules, then the verdicts that both protocols share. */
static enum h1_reason judge(struct h2_stream *s, bool end_of_stream)
{
    struct request *r = &s->x.request;
    /* CONNECT has neither scheme nor path (RFC 9113 8.5). */
    if (text_equal(s->method, TEXT("CONNECT")))
        return H1_METHOD_CONNECT;
    enum h1_reason reason = check_pseudo(s);
    if (reason == H1_NONE)
        reason = settle_host(s);
    if (reason == H1_NONE)
        reason = join_cookies(s);
    if (reason != H1_NONE)
        return reason;
    const struct session_settings *settings = s->session->base.settings;
    const struct h1_rules_settings rules = {.body_max = settings->body_bytes, .uri_max = settings->uri_bytes};
    const struct h1_request_line line = {s->method, s->path, HTTP_1_1};
    bool keep_alive = false;
    reason = h1_rules_request(&rules, &line, &s->x.arena, r, &keep_alive);
    r->version = HTTP_2;
    if (r->body == BODY_NONE && !end_of_stream)
        r->body = BODY_STREAM;
    r->expect_continue = !end_of_stream && headers_count(&r->headers, TEXT("expect")) > 0;
    return reason;
}

void h2_head_done(struct h2_stream *s, bool end_of_stream)
{
    s->input_ended = end_of_stream;
    if (s->refusal == H1_NONE)
        s->refusal = judge(s, end_of_stream);
    if (s->refusal != H1_NONE) {
        h2_refuse(s, s->refusal);
        return;
    }
    s->head_done = true;
    s->session->due = true;
}
