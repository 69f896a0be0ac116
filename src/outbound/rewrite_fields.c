/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "http/h1_scan.h"
#include "http/h1_target.h"
#include "outbound/cookies.h"
#include "outbound/rewrite_internal.h"

/* ---- writing ---- */

struct writer {
    struct buffer *out;
    const struct request *request;
    const struct hop_target *target;
    const struct rewrite_settings *settings;
    uint8_t kinds[LIMIT_HEADER_COUNT];  /* enum field_kind of each of the caller's fields */
    uint8_t configured[HOP_FIELDS_MAX]; /* and of each configured one */
    bool sent[FIELD_KINDS];             /* the caller sent one of that kind */
    bool is_configured[FIELD_KINDS];
    struct text access_token; /* empty = none */
    bool unsound;             /* something could split the head */
};

/* `name` is one of ours. */
static void write_ours(struct writer *w, struct text name, struct text value)
{
    uint8_t *p = buffer_reserve(w->out, name.n + value.n + 4);
    w->unsound = w->unsound || !h1_is_field_value(value);
    if (!p)
        return;
    memcpy(p, name.p, name.n);
    p += name.n;
    *p++ = ':';
    *p++ = ' ';
    if (value.n > 0)
        memcpy(p, value.p, value.n);
    p += value.n;
    *p++ = '\r';
    *p = '\n';
    buffer_commit(w->out, name.n + value.n + 4);
}

static void write_theirs(struct writer *w, struct text name, struct text value)
{
    w->unsound = w->unsound || !h1_is_token(name);
    write_ours(w, name, value);
}

/* The caller's fields of one kind, as they are. */
static void write_kind(struct writer *w, enum field_kind kind)
{
    if (!w->sent[kind])
        return;
    for (size_t i = 0; i < w->request->headers.count; i++)
        if (w->kinds[i] == kind)
            write_theirs(w, w->request->headers.list[i].name, w->request->headers.list[i].value);
}

/* The configured fields of one kind. */
static void write_configured(struct writer *w, enum field_kind kind)
{
    for (unsigned i = 0; w->is_configured[kind] && i < w->target->header_count; i++)
        if (w->configured[i] == kind)
            write_theirs(w, w->target->headers[i].name, w->target->headers[i].value);
}

static struct text configured_value(const struct writer *w, enum field_kind kind)
{
    for (unsigned i = 0; w->is_configured[kind] && i < w->target->header_count; i++)
        if (w->configured[i] == kind)
            return w->target->headers[i].value;
    return (struct text){NULL, 0};
}

/* ---- what the caller sent ---- */

/* An Access-Token is for us: it may well be named as one that goes no further. */
static void drop_named(struct writer *w)
{
    const struct headers *h = &w->request->headers;
    for (size_t i = 0; i < h->count; i++)
        if (w->kinds[i] != FIELD_ACCESS_TOKEN && w->kinds[i] != FIELD_CONNECTION &&
            w->kinds[i] != FIELD_UPGRADE && w->kinds[i] != FIELD_TE &&
            header_is_hop_by_hop(h->list[i].name, h))
            w->kinds[i] = FIELD_DROPPED;
}

static struct status sort_fields(struct writer *w)
{
    const struct headers *h = &w->request->headers;
    const struct hop_target *t = w->target;
    if (h->count > LIMIT_HEADER_COUNT || t->header_count > HOP_FIELDS_MAX)
        return STATUS(INVALID);
    for (size_t i = 0; i < h->count; i++)
        w->kinds[i] = (uint8_t)field_kind_of(h->list[i].name);
    if (headers_name_hops(h))
        drop_named(w);
    for (size_t i = 0; i < h->count; i++) {
        if (w->kinds[i] == FIELD_ACCESS_TOKEN && !w->sent[FIELD_ACCESS_TOKEN])
            w->access_token = h->list[i].value;
        w->sent[w->kinds[i]] = true;
    }
    for (unsigned i = 0; i < t->header_count; i++) {
        w->configured[i] = (uint8_t)field_kind_of(t->headers[i].name);
        w->is_configured[w->configured[i]] = true;
    }
    /* Contract 1.19: configured fields come before this check. */
    if (!w->sent[FIELD_ACCESS_TOKEN])
        w->access_token = configured_value(w, FIELD_ACCESS_TOKEN);
    return DONE;
}

/* Fields that went no further count as not sent: nobody strips a configured one by naming it in Connection.
 */
static bool caller_sent(const struct writer *w, struct text name)
{
    for (size_t i = 0; i < w->request->headers.count; i++)
        if (w->kinds[i] == FIELD_PLAIN && text_equal_nocase(w->request->headers.list[i].name, name))
            return true;
    return false;
}

/* ---- the groups ---- */

bool target_host_is_valid(struct text host)
{
    const bool address = text_starts_with(host, TEXT("["));
    return (address ? text_ends_with(host, TEXT("]")) : !text_contains(host, ':')) &&
           h1_authority_is_valid(host);
}

static void write_host(struct writer *w)
{
    buffer_text(w->out, TEXT("Host: "));
    buffer_text(w->out, w->target->host);
    char port[6];
    size_t at = sizeof port;
    for (unsigned n = w->target->port; n > 0; n /= 10)
        port[--at] = (char)('0' + n % 10);
    port[--at] = ':';
    if (!w->target->port_is_default)
        buffer_text(w->out, (struct text){port + at, sizeof port - at});
    buffer_text(w->out, TEXT("\r\n"));
    w->unsound = w->unsound || w->target->port == 0 || !target_host_is_valid(w->target->host);
}

/* The caller's Access-Token, the strategy's, the caller's own, a configured one: the first there is. */
static void write_authorization(struct writer *w)
{
    if (w->access_token.n > 0)
        write_ours(w, TEXT("Authorization"), w->access_token);
    else if (w->target->authorization.n > 0)
        write_ours(w, TEXT("Authorization"), w->target->authorization);
    else if (w->sent[FIELD_AUTHORIZATION])
        write_kind(w, FIELD_AUTHORIZATION);
    else
        write_configured(w, FIELD_AUTHORIZATION);
}

static void write_configured_fields(struct writer *w)
{
    for (unsigned i = 0; i < w->target->header_count; i++) {
        const struct hop_field *f = &w->target->headers[i];
        if (w->configured[i] == FIELD_PLAIN && !caller_sent(w, f->name))
            write_theirs(w, f->name, f->value);
    }
}

static void write_csrf(struct writer *w)
{
    if (w->target->csrf)
        write_ours(w, TEXT("X-Csrf-Token"), w->target->csrf_token);
    else if (w->sent[FIELD_CSRF])
        write_kind(w, FIELD_CSRF);
    else
        write_configured(w, FIELD_CSRF);
}

static void write_cookies(struct writer *w)
{
    const struct text fetched = w->target->csrf ? w->target->csrf_cookies : TEXT("");
    struct cookie_line line = {.out = w->out};
    const size_t before = buffer_size(w->out);
    cookies_add(&line, fetched, TEXT(""));
    for (size_t i = 0; w->sent[FIELD_COOKIE] && i < w->request->headers.count; i++)
        if (w->kinds[i] == FIELD_COOKIE)
            cookies_add(&line, w->request->headers.list[i].value, fetched);
    for (unsigned i = 0; !w->sent[FIELD_COOKIE] && i < w->target->header_count; i++)
        if (w->configured[i] == FIELD_COOKIE)
            cookies_add(&line, w->target->headers[i].value, fetched);
    w->unsound = w->unsound || !h1_is_field_value(text_from(buffer_as_text(w->out), before));
    cookies_end(&line);
}

/* 1.x removes what callers say and names the peer; 2.1 and later append it (contract 3.4, 3.9). */
static void write_forwarded(struct writer *w)
{
    const bool append = w->settings->forwarded == FORWARDED_APPEND;
    if (append && w->sent[FIELD_FORWARDED])
        write_kind(w, FIELD_FORWARDED);
    const size_t before = buffer_size(w->out);
    bool begun = false;
    for (size_t i = 0; append && w->sent[FIELD_FORWARDED_FOR] && i < w->request->headers.count; i++) {
        if (w->kinds[i] != FIELD_FORWARDED_FOR || w->request->headers.list[i].value.n == 0)
            continue;
        buffer_text(w->out, begun ? TEXT(", ") : TEXT("X-Forwarded-For: "));
        buffer_text(w->out, w->request->headers.list[i].value);
        begun = true;
    }
    if (w->settings->peer_address.n > 0) {
        buffer_text(w->out, begun ? TEXT(", ") : TEXT("X-Forwarded-For: "));
        buffer_text(w->out, w->settings->peer_address);
        begun = true;
    }
    w->unsound = w->unsound || !h1_is_field_value(text_from(buffer_as_text(w->out), before));
    if (begun)
        buffer_text(w->out, TEXT("\r\n"));
}

/* One valid traceparent passes with its tracestate; otherwise a trace begins here, and what the caller says
 * of another one's state is not about it (W3C Trace Context 3.3). */
static void write_trace(struct writer *w)
{
    struct text parent = {NULL, 0};
    size_t count = 0;
    for (size_t i = 0; w->sent[FIELD_TRACE_PARENT] && i < w->request->headers.count; i++) {
        if (w->kinds[i] == FIELD_TRACE_PARENT) {
            parent = w->request->headers.list[i].value;
            count++;
        }
    }
    if (count == 1 && trace_parent_is_valid(parent)) {
        write_kind(w, FIELD_TRACE_PARENT);
        write_kind(w, FIELD_TRACE_STATE);
        return;
    }
    char begun[TRACE_PARENT_SIZE];
    write_ours(w, TEXT("traceparent"), trace_parent_new(begun));
}

/* The caller's, else the configured one, else ours (empty: none). */
static void write_or_else(struct writer *w, enum field_kind kind, struct text name, struct text ours)
{
    if (w->sent[kind])
        write_kind(w, kind);
    else if (configured_value(w, kind).n > 0)
        write_configured(w, kind);
    else if (ours.n > 0)
        write_ours(w, name, ours);
}

/* The caller's if it is sane: what is not would end up in logs of others. */
static void write_request_id(struct writer *w)
{
    const struct text callers =
        w->sent[FIELD_REQUEST_ID] ? rewrite_request_id(w->request) : (struct text){NULL, 0};
    if (callers.n > 0)
        write_ours(w, TEXT("X-Request-Id"), callers);
    else if (configured_value(w, FIELD_REQUEST_ID).n > 0)
        write_configured(w, FIELD_REQUEST_ID);
    else if (w->settings->request_id.n > 0)
        write_ours(w, TEXT("X-Request-Id"), w->settings->request_id);
}

static bool has_usual_body(enum http_method m)
{
    return m == HTTP_POST || m == HTTP_PUT || m == HTTP_PATCH;
}

static void write_length(struct writer *w, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    write_ours(w, TEXT("Content-Length"), (struct text){digits + at, sizeof digits - at});
}

static void write_framing(struct writer *w)
{
    const struct request *r = w->request;
    if (w->sent[FIELD_UPGRADE] && rewrite_is_upgrade(r)) {
        write_ours(w, TEXT("Connection"), TEXT("Upgrade"));
        write_ours(w, TEXT("Upgrade"), headers_get(&r->headers, TEXT("Upgrade")));
    } else if (w->sent[FIELD_TE] && headers_has_token(&r->headers, TEXT("TE"), TEXT("trailers"))) {
        write_ours(w, TEXT("Connection"), TEXT("TE"));
        write_ours(w, TEXT("TE"), TEXT("trailers"));
    }
    switch (r->body) {
    case BODY_NONE:
        if (has_usual_body(r->method)) /* RFC 9110 8.6 */
            write_length(w, 0);
        return;
    case BODY_SIZED:
        write_length(w, r->content_length);
        return;
    case BODY_STREAM:
        buffer_text(w->out, TEXT("Transfer-Encoding: chunked\r\n"));
        return;
    }
}

struct status fields_write(struct buffer *out, const struct request *r, const struct hop_target *target,
                           const struct rewrite_settings *settings)
{
    struct writer w = {.out = out, .request = r, .target = target, .settings = settings};
    TRY(sort_fields(&w));
    write_host(&w);
    write_kind(&w, FIELD_PLAIN);
    write_authorization(&w);
    write_configured_fields(&w);
    write_csrf(&w);
    write_cookies(&w);
    write_forwarded(&w);
    write_trace(&w);
    write_request_id(&w);
    write_or_else(&w, FIELD_USER_AGENT, TEXT("User-Agent"), settings->user_agent);
    write_framing(&w);
    return w.unsound ? STATUS(INVALID) : DONE;
}
