/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/rewrite.h"

#include "base/secret.h"
#include "http/h1_scan.h"
#include "outbound/query.h"
#include "outbound/rewrite_internal.h"

/* ---- the request ---- */

/* TRACE would show the caller the credentials that are added here; CONNECT asks for a tunnel to anywhere. */
static bool is_forwarded(enum http_method m)
{
    return m != HTTP_TRACE && m != HTTP_CONNECT && m < HTTP_METHOD_COUNT;
}

/*
 * By path, the first two segments are the service: whoever climbs out of what follows means something else
 * than what is asked for here. By host, everything below the root belongs to the caller; but a registered
 * path is a boundary that the credentials were given for.
 */
static bool leads_elsewhere(const struct outbound_address *address, const struct hop_target *target)
{
    const bool rooted = target->path.n == 0 || text_equal(target->path, TEXT("/"));
    return (address->kind != ADDRESS_HOST || !rooted) && path_climbs(address->rest);
}

bool rewrite_is_upgrade(const struct request *r)
{
    if (r->version != HTTP_1_1 || r->body != BODY_NONE ||
        !headers_has_token(&r->headers, TEXT("Connection"), TEXT("upgrade")) ||
        headers_count(&r->headers, TEXT("Upgrade")) != 1)
        return false;
    struct text protocols = headers_get(&r->headers, TEXT("Upgrade"));
    while (protocols.p) {
        struct text version = text_trim(text_cut(&protocols, ','));
        const struct text protocol = text_cut(&version, '/');
        if (!h1_is_token(protocol) || text_equal_nocase(protocol, TEXT("h2c")) ||
            text_equal_nocase(protocol, TEXT("HTTP")) || text_equal_nocase(protocol, TEXT("TLS")))
            return false;
    }
    return true;
}

/*
 * Not less than the head will have. A buffer that grew while it is written would leave copies of the
 * credentials behind.
 */
static size_t largest_head(const struct request *r, const struct outbound_address *address,
                           const struct hop_target *target, const struct rewrite_settings *settings)
{
    size_t n = 512 + 3 * (target->path.n + target->query.n + address->rest.n) + r->query.n + target->host.n +
               target->authorization.n + target->csrf_token.n + target->csrf_cookies.n +
               settings->peer_address.n + settings->request_id.n + settings->user_agent.n;
    for (size_t i = 0; i < r->headers.count; i++)
        n += r->headers.list[i].name.n + r->headers.list[i].value.n + 4;
    for (unsigned i = 0; i < target->header_count; i++)
        n += target->headers[i].name.n + target->headers[i].value.n + 4;
    for (unsigned i = 0; i < target->query_count; i++)
        n += 3 * (target->query_fields[i].name.n + target->query_fields[i].value.n) + 2;
    return n;
}

static struct status write_request(const struct request *r, const struct outbound_address *address,
                                   const struct hop_target *target, const struct rewrite_settings *settings,
                                   struct buffer *out)
{
    buffer_cstr(out, http_method_name(r->method));
    buffer_byte(out, ' ');
    const size_t before = buffer_size(out);
    TRY(path_write(out, address, target));
    query_write(out, target, r->query);
    const struct text line = text_from(buffer_as_text(out), before);
    if (out->failed == E_OK && !h1_is_target(line))
        return STATUS(INVALID);
    buffer_text(out, TEXT(" HTTP/1.1\r\n"));
    TRY(fields_write(out, r, target, settings));
    buffer_text(out, TEXT("\r\n"));
    return buffer_status(out);
}

struct status rewrite_request(const struct request *r, const struct outbound_address *address,
                              const struct hop_target *target, const struct rewrite_settings *settings,
                              struct buffer *out)
{
    if (target->status != 0 || !is_forwarded(r->method) || leads_elsewhere(address, target))
        return STATUS(INVALID);
    const size_t before = buffer_size(out);
    const size_t largest = largest_head(r, address, target, settings);
    /* Where the maximum is nearer than that, the head may still fit. */
    (void)buffer_reserve(out, largest < out->max - before ? largest : out->max - before);
    const struct status s = write_request(r, address, target, settings, out);
    if (!status_ok(s) && out->data) { /* credentials may be in it */
        secret_wipe(out->data + out->start + before, buffer_size(out) - before);
        out->end = out->start + before;
    }
    return s;
}

/* ---- the answer ---- */

static bool stays_behind(struct text name, const struct response *from, const struct headers *named)
{
    /* Of a 101 this one is the point (RFC 9110 7.8). */
    if (from->status == 101 && text_equal_nocase(name, TEXT("Upgrade")))
        return false;
    /* Body and length are in the struct. */
    return header_is_hop_by_hop(name, named) || text_equal_nocase(name, TEXT("Content-Length")) ||
           (name.n > 6 && text_equal_nocase(text_first(name, 6), TEXT("Proxy-")));
}

struct status rewrite_response(const struct response *from, const struct outbound_address *address,
                               const struct hop_target *target, struct arena *a, struct response *to)
{
    struct response out = {
        .status = from->status, .body = from->body, .content_length = from->content_length};
    const struct headers *named = headers_name_hops(&from->headers) ? &from->headers : NULL;
    const bool locates = (from->status >= 300 && from->status <= 399) || from->status == 201;
    for (size_t i = 0; i < from->headers.count; i++) {
        struct header f = from->headers.list[i];
        if (stays_behind(f.name, from, named))
            continue;
        if (locates && text_equal_nocase(f.name, TEXT("Location"))) {
            f.value = location_rewrite(f.value, address, target, a);
            if (!f.value.p)
                return STATUS(NOMEM);
        }
        TRY(headers_add(&out.headers, a, f.name, f.value));
    }
    *to = out;
    return DONE;
}
