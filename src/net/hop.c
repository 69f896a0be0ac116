/* SPDX-License-Identifier: Apache-2.0 */
#include "net/hop.h"

#include "base/reader.h"
#include "net/hop_internal.h"

static void text16(struct buffer *out, struct text t)
{
    buffer_bytes16(out, text_bytes(t));
}

void hop_preamble_encode(const struct hop_preamble *p, struct buffer *out)
{
    const struct text texts[] = {p->request_id,  p->peer_address,  bytes_text(p->fingerprint),
                                 p->application, p->tenant,        p->group,
                                 p->system_auth, p->subject_error, bytes_text(p->subject)};
    size_t length = 6;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        length += 2 + texts[i].n;
    must(length <= HOP_PREAMBLE_MAX);
    buffer_u32(out, (uint32_t)length);
    buffer_u8(out, HOP_VERSION);
    buffer_u8(out, p->listener);
    buffer_u8(out, p->verdict);
    buffer_u8(out, p->flags);
    buffer_u16(out, p->front);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        text16(out, texts[i]);
}

struct status hop_preamble_decode(struct bytes in, struct hop_preamble *out, size_t *out_used)
{
    *out_used = 0;
    if (in.n < 4)
        return DONE;
    struct reader r = reader_of(in);
    size_t length = reader_u32(&r);
    if (length > HOP_PREAMBLE_MAX || length < 6)
        return STATUS(INVALID);
    if (r.rest.n < length)
        return DONE;
    r.rest.n = length;
    if (reader_u8(&r) != HOP_VERSION)
        return STATUS(INVALID);
    struct hop_preamble p = {0}; /* statements, not initialisers: those have no order */
    p.listener = reader_u8(&r);
    p.verdict = reader_u8(&r);
    p.flags = reader_u8(&r);
    p.front = reader_u16(&r);
    p.request_id = reader_text16(&r);
    p.peer_address = reader_text16(&r);
    p.fingerprint = reader_bytes16(&r);
    p.application = reader_text16(&r);
    p.tenant = reader_text16(&r);
    p.group = reader_text16(&r);
    p.system_auth = reader_text16(&r);
    p.subject_error = reader_text16(&r);
    p.subject = reader_bytes16(&r);
    if (!reader_done(&r) || (p.fingerprint.n != 0 && p.fingerprint.n != 32) || p.listener > 31 ||
        p.verdict > 3)
        return STATUS(INVALID);
    *out = p;
    *out_used = 4 + length;
    return DONE;
}

void hop_pairs_encode(const struct page_pairs *pairs, struct buffer *out)
{
    buffer_u8(out, (uint8_t)pairs->count);
    for (unsigned i = 0; i < pairs->count; i++) {
        buffer_u32(out, pairs->pair[i].index);
        buffer_u64(out, pairs->pair[i].value);
    }
}

bool hop_pairs_decode(struct reader *r, struct page_pairs *out)
{
    unsigned count = reader_u8(r);
    if (count > PAGE_PAIRS_MAX)
        return false;
    out->count = count;
    for (unsigned i = 0; i < count; i++) {
        out->pair[i].index = reader_u32(r);
        out->pair[i].value = reader_u64(r);
        if (out->pair[i].index >= PAGE_COUNTERS)
            return false;
    }
    return !r->failed;
}

void hop_identity_encode(const struct hop_identity *id, struct buffer *out)
{
    buffer_u8(out, id->verdict);
    buffer_u8(out, id->runtime ? 1 : 0);
    buffer_u64(out, (uint64_t)id->valid_until);
    hop_pairs_encode(&id->pairs, out);
    text16(out, id->application);
    text16(out, id->tenant);
    text16(out, id->group);
    text16(out, id->system_auth);
    text16(out, id->subject_error);
}

struct status hop_identity_decode(struct bytes in, struct hop_identity *out)
{
    struct reader r = reader_of(in);
    struct hop_identity id = {0};
    id.verdict = reader_u8(&r);
    id.runtime = reader_u8(&r) == 1;
    id.valid_until = (int64_t)reader_u64(&r);
    if (!hop_pairs_decode(&r, &id.pairs))
        return STATUS(INVALID);
    id.application = reader_text16(&r);
    id.tenant = reader_text16(&r);
    id.group = reader_text16(&r);
    id.system_auth = reader_text16(&r);
    id.subject_error = reader_text16(&r);
    if (!reader_done(&r) || id.verdict > 3)
        return STATUS(INVALID);
    *out = id;
    return DONE;
}

static void text32(struct buffer *out, struct text t)
{
    buffer_bytes32(out, text_bytes(t));
}

void hop_listeners_encode(const struct hop_listeners *l, struct buffer *out)
{
    buffer_u8(out, (uint8_t)l->count);
    buffer_u64(out, (uint64_t)l->renew_at);
    hop_pairs_encode(&l->pairs, out);
    text32(out, l->target_anchors_pem);
    for (unsigned i = 0; i < l->count; i++) {
        const struct hop_listener *item = &l->item[i];
        buffer_u8(out, item->listener);
        text32(out, item->chain_pem);
        text32(out, item->key_pem);
        text32(out, item->chain2_pem);
        text32(out, item->key2_pem);
        text32(out, item->anchors_pem);
        text32(out, item->guest_anchors_pem);
    }
}

struct status hop_listeners_decode(struct bytes in, struct hop_listeners *out)
{
    struct reader r = reader_of(in);
    struct hop_listeners l = {0};
    l.count = reader_u8(&r);
    l.renew_at = (int64_t)reader_u64(&r);
    if (l.count > HOP_LISTENERS_MAX || !hop_pairs_decode(&r, &l.pairs))
        return STATUS(INVALID);
    l.target_anchors_pem = bytes_text(reader_bytes32(&r));
    for (unsigned i = 0; i < l.count; i++) {
        struct hop_listener *item = &l.item[i];
        item->listener = reader_u8(&r);
        item->chain_pem = bytes_text(reader_bytes32(&r));
        item->key_pem = bytes_text(reader_bytes32(&r));
        item->chain2_pem = bytes_text(reader_bytes32(&r));
        item->key2_pem = bytes_text(reader_bytes32(&r));
        item->anchors_pem = bytes_text(reader_bytes32(&r));
        item->guest_anchors_pem = bytes_text(reader_bytes32(&r));
    }
    if (!reader_done(&r))
        return STATUS(INVALID);
    *out = l;
    return DONE;
}
