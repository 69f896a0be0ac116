/* SPDX-License-Identifier: Apache-2.0 */
#include "net/hop.h"

#include "base/reader.h"
#include "net/hop_internal.h"

/*
 *   u16 status   32-prefixed message   u64 version   32-prefixed application, service, its name
 *   u16 series
 *   u8 flags (enum target_flag)   32-prefixed host   u16 port   32-prefixed path, query
 *   u8 count, 16 octets each: addresses   32-prefixed: proxy_to, proxy, its authorization   u16 its port
 *   32-prefixed: anchors, chain, key, authorization   u8 count, 32-prefixed name and value: headers, then
 *   query fields   32-prefixed: CSRF token, its cookies   u64 refresh_at   u64 until   pairs
 *
 * Texts have 32-bit lengths throughout: a bearer token may be longer than 64 KiB. Whoever sends bounds the
 * whole with the maximum of its buffer, HOP_TARGET_MAX.
 */
enum target_flag {
    TARGET_TLS = 1,
    TARGET_VERIFY = 2,
    TARGET_PORT_IS_DEFAULT = 4,
    TARGET_ENCODE_URL = 8,
    TARGET_CSRF = 16,
    TARGET_BUNDLE = 32,
    TARGET_FLAGS = 63
};

static void text32(struct buffer *out, struct text t)
{
    buffer_bytes32(out, text_bytes(t));
}

static struct text take32(struct reader *r)
{
    return bytes_text(reader_bytes32(r));
}

static void fields_encode(const struct hop_field *fields, unsigned count, struct buffer *out)
{
    must(count <= HOP_FIELDS_MAX);
    buffer_u8(out, (uint8_t)count);
    for (unsigned i = 0; i < count; i++) {
        text32(out, fields[i].name);
        text32(out, fields[i].value);
    }
}

static bool fields_decode(struct reader *r, struct hop_field *out, unsigned *out_count)
{
    unsigned count = reader_u8(r);
    if (count > HOP_FIELDS_MAX)
        return false;
    for (unsigned i = 0; i < count; i++) {
        out[i].name = take32(r);
        out[i].value = take32(r);
    }
    *out_count = count;
    return !r->failed;
}

static void addresses_encode(const struct hop_target *t, struct buffer *out)
{
    must(t->address_count <= HOP_ADDRESSES_MAX);
    buffer_u8(out, (uint8_t)t->address_count);
    for (unsigned i = 0; i < t->address_count; i++)
        buffer_append(out, BYTES_OF(t->addresses[i]));
}

static bool addresses_decode(struct reader *r, struct hop_target *out)
{
    out->address_count = reader_u8(r);
    if (out->address_count > HOP_ADDRESSES_MAX)
        return false;
    for (unsigned i = 0; i < out->address_count; i++) {
        struct bytes address = reader_take(r, sizeof out->addresses[i]);
        if (address.n == 0)
            return false;
        memcpy(out->addresses[i], address.p, sizeof out->addresses[i]);
    }
    return true;
}

static uint8_t flags_of(const struct hop_target *t)
{
    return (uint8_t)((t->tls ? TARGET_TLS : 0) | (t->verify ? TARGET_VERIFY : 0) |
                     (t->port_is_default ? TARGET_PORT_IS_DEFAULT : 0) |
                     (t->encode_url ? TARGET_ENCODE_URL : 0) | (t->csrf ? TARGET_CSRF : 0) |
                     (t->bundle ? TARGET_BUNDLE : 0));
}

void hop_target_encode(const struct hop_target *t, struct buffer *out)
{
    buffer_u16(out, (uint16_t)t->status);
    text32(out, t->message);
    buffer_u64(out, t->version);
    text32(out, t->application);
    text32(out, t->service);
    text32(out, t->service_name);
    buffer_u16(out, t->series);
    buffer_u8(out, flags_of(t));
    text32(out, t->host);
    buffer_u16(out, t->port);
    text32(out, t->path);
    text32(out, t->query);
    addresses_encode(t, out);
    text32(out, t->proxy_to);
    text32(out, t->proxy);
    text32(out, t->proxy_authorization);
    buffer_u16(out, t->proxy_port);
    text32(out, t->anchors_pem);
    text32(out, t->chain_pem);
    text32(out, t->key_pem);
    text32(out, t->authorization);
    fields_encode(t->headers, t->header_count, out);
    fields_encode(t->query_fields, t->query_count, out);
    text32(out, t->csrf_token);
    text32(out, t->csrf_cookies);
    buffer_u64(out, (uint64_t)t->refresh_at);
    buffer_u64(out, (uint64_t)t->until);
    hop_pairs_encode(&t->pairs, out);
}

/* What tells the target apart and where it is. */
static bool place_decode(struct reader *r, struct hop_target *out)
{
    out->status = reader_u16(r);
    out->message = take32(r);
    out->version = reader_u64(r);
    out->application = take32(r);
    out->service = take32(r);
    out->service_name = take32(r);
    out->series = reader_u16(r);
    const unsigned flags = reader_u8(r);
    out->tls = flags & TARGET_TLS;
    out->verify = flags & TARGET_VERIFY;
    out->port_is_default = flags & TARGET_PORT_IS_DEFAULT;
    out->encode_url = flags & TARGET_ENCODE_URL;
    out->csrf = flags & TARGET_CSRF;
    out->bundle = flags & TARGET_BUNDLE;
    out->host = take32(r);
    out->port = reader_u16(r);
    out->path = take32(r);
    out->query = take32(r);
    return !r->failed && (flags & ~(unsigned)TARGET_FLAGS) == 0 && addresses_decode(r, out);
}

/* All of it or nothing. */
static bool proxy_decode(struct reader *r, struct hop_target *out)
{
    out->proxy_to = take32(r);
    out->proxy = take32(r);
    out->proxy_authorization = take32(r);
    out->proxy_port = reader_u16(r);
    const bool proxied = out->proxy_to.n > 0;
    return !r->failed && (out->proxy.n > 0) == proxied && (out->proxy_port > 0) == proxied &&
           (proxied || out->proxy_authorization.n == 0);
}

/* What is shown to it. */
static bool credentials_decode(struct reader *r, struct hop_field_room *room, struct hop_target *out)
{
    out->anchors_pem = take32(r);
    out->chain_pem = take32(r);
    out->key_pem = take32(r);
    out->authorization = take32(r);
    if (!fields_decode(r, room->headers, &out->header_count) ||
        !fields_decode(r, room->query_fields, &out->query_count))
        return false;
    out->headers = room->headers;
    out->query_fields = room->query_fields;
    out->csrf_token = take32(r);
    out->csrf_cookies = take32(r);
    return !r->failed;
}

struct status hop_target_decode(struct bytes in, struct hop_field_room *room, struct hop_target *out)
{
    struct reader r = reader_of(in);
    struct hop_target t = {0};
    if (in.n > HOP_TARGET_MAX || !place_decode(&r, &t) || !proxy_decode(&r, &t) ||
        !credentials_decode(&r, room, &t))
        return STATUS(INVALID);
    t.refresh_at = (int64_t)reader_u64(&r);
    t.until = (int64_t)reader_u64(&r);
    if (!hop_pairs_decode(&r, &t.pairs) || !reader_done(&r) ||
        (t.status != 0 && (t.status < 400 || t.status > 599)))
        return STATUS(INVALID);
    *out = t;
    return DONE;
}
