/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "http/h1_scan.h"
#include "http/h1_target.h"
#include "http/h2_client_internal.h"

/*
 * What may enter the compression table (RFC 7541 7.1.3): fields whose values are few, repeat, and are no
 * secrets. Callers of several owners share a connection, and a table tells by the size of what is sent
 * whether a guess of somebody else's value was right. So everything that is not known to be harmless stays
 * out of it: besides credentials, whatever a registered service adds of its own.
 */
static bool may_be_indexed(struct text name)
{
    static const struct text harmless[] = {
        TEXT_INIT("accept"),
        TEXT_INIT("accept-encoding"),
        TEXT_INIT("accept-language"),
        TEXT_INIT("cache-control"),
        TEXT_INIT("content-type"),
        TEXT_INIT("origin"),
        TEXT_INIT("pragma"),
        TEXT_INIT("te"),
        TEXT_INIT("user-agent"),
        TEXT_INIT("x-forwarded-host"),
        TEXT_INIT("x-forwarded-proto"),
        TEXT_INIT("x-requested-with"),
    };
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        if (text_equal_nocase(name, harmless[i]))
            return true;
    return false;
}

nghttp2_nv h2_client_field(struct text name, struct text value)
{
    /* nghttp2 writes to neither; its type has no const. */
    union {
        const char *from;
        uint8_t *to;
    } n = {.from = name.p}, v = {.from = value.p ? value.p : ""};
    const uint8_t flags = may_be_indexed(name) ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX;
    return (nghttp2_nv){n.to, v.to, name.n, value.n, flags};
}

static void add(struct h2_fields *out, struct text name, struct text value)
{
    out->list[out->count++] = h2_client_field(name, value);
}

/* The same for all calls of a connection, or nearly. */
static void add_pseudo(struct h2_fields *out, struct text name, struct text value)
{
    add(out, name, value);
    if (!text_equal(name, TEXT(":path")))
        out->list[out->count - 1].flags = NGHTTP2_NV_FLAG_NONE;
}

struct parsed {
    struct h1_request_line line;
    struct header list[H2_CLIENT_REQUEST_FIELDS];
    struct headers fields;
    bool has_options; /* Connection */
};

static struct status parse(struct bytes head, struct parsed *out)
{
    static const struct h1_head_limits limits = {H2_CLIENT_REQUEST_BYTES, H2_CLIENT_REQUEST_BYTES};
    struct h1_head_end end = {0};
    size_t size = 0;
    if (h1_scan_head_end(&end, head, &limits, &size) != H1_NONE || size != head.n || size == 0 ||
        end.start > 0)
        return STATUS(INVALID);
    struct text rest = bytes_text(head);
    if (h1_scan_request_line(h1_scan_line(&rest), &out->line) != H1_NONE)
        return STATUS(INVALID);
    out->has_options = false;
    out->fields = (struct headers){.list = out->list, .capacity = H2_CLIENT_REQUEST_FIELDS};
    for (struct text line = h1_scan_line(&rest); line.n > 0; line = h1_scan_line(&rest)) {
        struct header *field = &out->list[out->fields.count];
        if (out->fields.count == H2_CLIENT_REQUEST_FIELDS || h1_scan_field(line, field) != H1_NONE)
            return STATUS(INVALID);
        out->fields.count++;
        out->has_options = out->has_options || text_equal_nocase(field->name, TEXT("Connection"));
    }
    return DONE;
}

/* The framing that the head would have had over HTTP/1.1 is the one that is asked for. */
static bool framing_agrees(const struct h2_request *request, const struct headers *fields)
{
    const size_t lengths = headers_count(fields, TEXT("Content-Length"));
    const size_t codings = headers_count(fields, TEXT("Transfer-Encoding"));
    uint64_t length = 0;
    if (lengths == 1 && !text_to_u64(headers_get(fields, TEXT("Content-Length")), UINT64_MAX, &length))
        return false;
    switch (request->body) {
    case BODY_NONE:
        return codings == 0 && (lengths == 0 || (lengths == 1 && length == 0));
    case BODY_SIZED:
        return codings == 0 && (lengths == 0 || (lengths == 1 && length == request->content_length));
    case BODY_STREAM:
        return lengths == 0 && codings <= 1;
    }
    return false;
}

static struct status check(const struct h2_request *request, const struct parsed *p)
{
    const struct text target = p->line.target;
    const bool asterisk = text_equal(target, TEXT("*")) && request->method == HTTP_OPTIONS;
    const bool sound =
        p->line.version == HTTP_1_1 && request->method != HTTP_CONNECT && request->method != HTTP_TRACE &&
        text_equal(p->line.method, text_of(http_method_name(request->method))) &&
        (asterisk || text_starts_with(target, TEXT("/"))) &&
        (text_equal(request->scheme, TEXT("https")) || text_equal(request->scheme, TEXT("http"))) &&
        headers_count(&p->fields, TEXT("Host")) == 1 &&
        h1_authority_is_valid(headers_get(&p->fields, TEXT("Host"))) && framing_agrees(request, &p->fields);
    return sound ? DONE : STATUS(INVALID);
}

static bool is_left_out(const struct parsed *p, struct text name)
{
    static const struct text always[] = {
        TEXT_INIT("Connection"),     TEXT_INIT("Content-Length"),    TEXT_INIT("Host"),
        TEXT_INIT("Keep-Alive"),     TEXT_INIT("Proxy-Connection"),  TEXT_INIT("TE"),
        TEXT_INIT("Trailer"),        TEXT_INIT("Transfer-Encoding"), TEXT_INIT("Upgrade"),
        TEXT_INIT("HTTP2-Settings"),
    };
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        if (text_equal_nocase(name, always[i]))
            return true;
    return p->has_options && header_is_hop_by_hop(name, &p->fields);
}

struct status h2_client_head(const struct h2_request *request, struct h2_fields *out)
{
    struct parsed p;
    TRY(parse(request->head, &p));
    TRY(check(request, &p));
    out->count = 0;
    add_pseudo(out, TEXT(":method"), p.line.method);
    add_pseudo(out, TEXT(":scheme"), request->scheme);
    add_pseudo(out, TEXT(":authority"), headers_get(&p.fields, TEXT("Host")));
    add_pseudo(out, TEXT(":path"), p.line.target);
    for (size_t i = 0; i < p.fields.count; i++)
        if (!is_left_out(&p, p.list[i].name))
            add(out, p.list[i].name, p.list[i].value);
    /* RFC 9113 8.2.2: the one value of TE that may be said here. */
    if (headers_has_token(&p.fields, TEXT("TE"), TEXT("trailers")))
        add(out, TEXT("te"), TEXT("trailers"));
    if (request->body != BODY_SIZED)
        return DONE;
    char digits[24];
    const int n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)request->content_length);
    must(n > 0 && (size_t)n <= sizeof(out->length));
    memcpy(out->length, digits, (size_t)n);
    add(out, TEXT("content-length"), (struct text){out->length, (size_t)n});
    return DONE;
}
