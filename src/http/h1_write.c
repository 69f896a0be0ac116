/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_write.h"

#include "http/date.h"
#include "http/h1_client.h"
#include "http/h1_scan.h"
#include "http/trailers.h"

/* A field line in one step: four appends would each check for room. */
static void write_field(struct buffer *out, struct text name, struct text value)
{
    uint8_t *p = buffer_reserve(out, name.n + value.n + 4);
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
    buffer_commit(out, name.n + value.n + 4);
}

/* Decimal without printf, which would cost more than the rest of a head. */
static struct text decimal(uint64_t n, char digits[static 20])
{
    size_t at = 20;
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    return (struct text){digits + at, 20 - at};
}

static void write_content_length(struct buffer *out, uint64_t n)
{
    char digits[20];
    write_field(out, TEXT("Content-Length"), decimal(n, digits));
}

static bool field_is_sound(const struct header *field)
{
    return h1_is_token(field->name) && h1_is_field_value(field->value);
}

static bool fields_are_sound(const struct headers *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        if (!field_is_sound(&fields->list[i]))
            return false;
    return true;
}

/* Fields that only this file writes. Names are told apart by length first, since nearly all are others. */
static bool is_framing(struct text name)
{
    switch (name.n) {
    case 2:
        return text_equal_nocase(name, TEXT("TE"));
    case 7:
        return text_equal_nocase(name, TEXT("Upgrade")) || text_equal_nocase(name, TEXT("Trailer"));
    case 10:
        return text_equal_nocase(name, TEXT("Connection")) || text_equal_nocase(name, TEXT("Keep-Alive"));
    case 14:
        return text_equal_nocase(name, TEXT("Content-Length"));
    case 16:
        return text_equal_nocase(name, TEXT("Proxy-Connection"));
    case 17:
        return text_equal_nocase(name, TEXT("Transfer-Encoding"));
    default:
        return false;
    }
}

static void write_status_line(struct buffer *out, int status)
{
    char digits[20];
    if (status == 200) {
        buffer_text(out, TEXT("HTTP/1.1 200 OK\r\n"));
        return;
    }
    buffer_text(out, TEXT("HTTP/1.1 "));
    buffer_text(out, decimal((uint64_t)status, digits));
    buffer_byte(out, ' ');
    buffer_cstr(out, http_reason(status));
    buffer_text(out, TEXT("\r\n"));
}

static void write_response_framing(struct buffer *out, const struct h1_response_line *line,
                                   const struct headers *fields)
{
    switch (line->framing) {
    case H1_FRAMING_NONE:
        break;
    case H1_FRAMING_LENGTH:
        write_content_length(out, line->content_length);
        break;
    case H1_FRAMING_CHUNKED:
        buffer_text(out, TEXT("Transfer-Encoding: chunked\r\n"));
        break;
    case H1_FRAMING_UPGRADE:
        write_field(out, TEXT("Upgrade"), headers_get(fields, TEXT("Upgrade")));
        break;
    }
    if (line->connection)
        write_field(out, TEXT("Connection"), text_of(line->connection));
    buffer_text(out, TEXT("\r\n"));
}

struct status h1_write_response_head(struct buffer *out, const struct h1_response_line *line,
                                     const struct headers *fields)
{
    if (line->status < 100 || line->status > 599 || !fields_are_sound(fields))
        return STATUS(INVALID);
    write_status_line(out, line->status);
    bool dated = line->status < 200 && line->status != 101;
    const bool has_options = headers_get(fields, TEXT("Connection")).p != NULL;
    for (size_t i = 0; i < fields->count; i++) {
        const struct header *f = &fields->list[i];
        if (is_framing(f->name) || (has_options && header_is_hop_by_hop(f->name, fields)))
            continue;
        /* A forwarded answer keeps the origin's date (RFC 9110 6.6.1). */
        dated = dated || text_equal_nocase(f->name, TEXT("Date"));
        write_field(out, f->name, f->value);
    }
    if (!dated)
        write_field(out, TEXT("Date"), http_date_now());
    if (line->server_name && line->status >= 200)
        write_field(out, TEXT("Server"), text_of(line->server_name));
    write_response_framing(out, line, fields);
    return buffer_status(out);
}

/* Host is written from the authority; Expect is between the client and its own server; the rest frames. */
static bool is_replaced_in_requests(struct text name)
{
    return is_framing(name) || text_equal_nocase(name, TEXT("Host")) ||
           text_equal_nocase(name, TEXT("Expect"));
}

static bool request_is_sound(const struct request *r, const struct headers *extra)
{
    if (r->target.n == 0 || (r->target.p[0] != '/' && !text_equal(r->target, TEXT("*"))))
        return false;
    return h1_is_target(r->target) && !text_contains(r->authority, ' ') && h1_is_field_value(r->authority) &&
           fields_are_sound(&r->headers) && (!extra || fields_are_sound(extra));
}

void h1_write_request_head(struct buffer *out, const struct request *r, const struct headers *extra)
{
    if (!request_is_sound(r, extra)) {
        out->failed = E_INVALID;
        return;
    }
    buffer_cstr(out, http_method_name(r->method));
    buffer_byte(out, ' ');
    buffer_text(out, r->target);
    buffer_text(out, TEXT(" HTTP/1.1\r\n"));
    write_field(out, TEXT("Host"), r->authority);
    const bool has_options = headers_get(&r->headers, TEXT("Connection")).p != NULL;
    for (size_t i = 0; i < r->headers.count; i++) {
        const struct header *f = &r->headers.list[i];
        if (!is_replaced_in_requests(f->name) && !(has_options && header_is_hop_by_hop(f->name, &r->headers)))
            write_field(out, f->name, f->value);
    }
    for (size_t i = 0; extra && i < extra->count; i++)
        write_field(out, extra->list[i].name, extra->list[i].value);
    if (r->body == BODY_SIZED)
        write_content_length(out, r->content_length);
    else if (r->body == BODY_STREAM)
        buffer_text(out, TEXT("Transfer-Encoding: chunked\r\n"));
    buffer_text(out, TEXT("\r\n"));
}

void h1_write_chunk_size(struct buffer *out, size_t size)
{
    char line[24];
    size_t at = sizeof(line);
    line[--at] = '\n';
    line[--at] = '\r';
    for (size_t n = size; n > 0; n >>= 4)
        line[--at] = "0123456789abcdef"[n & 15];
    buffer_text(out, (struct text){line + at, sizeof(line) - at});
}

void h1_write_chunk(struct buffer *out, struct bytes data)
{
    if (data.n == 0)
        return; /* an empty chunk would end the body */
    h1_write_chunk_size(out, data.n);
    buffer_append(out, data);
    buffer_text(out, TEXT("\r\n"));
}

void h1_write_last_chunk(struct buffer *out)
{
    buffer_text(out, TEXT("0\r\n\r\n"));
}

void h1_write_last_chunk_with(struct buffer *out, const struct headers *trailers)
{
    static const struct headers none = {0};
    const struct headers *fields = trailers ? trailers : &none;
    for (size_t i = 0; i < fields->count; i++) {
        if (!trailer_passes(fields->list[i].name) || field_is_sound(&fields->list[i]))
            continue;
        out->failed = E_INVALID;
        return;
    }
    buffer_text(out, TEXT("0\r\n"));
    for (size_t i = 0; i < fields->count; i++)
        if (trailer_passes(fields->list[i].name))
            write_field(out, fields->list[i].name, fields->list[i].value);
    buffer_text(out, TEXT("\r\n"));
}
