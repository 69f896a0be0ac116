/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "base/secret.h"

/* A request crosses to the core, the answer comes back: preamble + re-serialised head + collected body in one
 * write; answers stream. */

#define SLOTS_KEPT          256
#define HOP_CONNECTIONS_MAX 256 /* as front.c gives to the pools */

/* One application, or one certificate of an external CA, holds at most a quarter of the slots (DESIGN 3.1,
 * 3), so that a busy one leaves room for the others. */
static struct bytes slot_key(const struct front_call *fc)
{
    if (fc->guest)
        return (struct bytes){tls_peer(connection_tls(fc->connection))->fingerprint, SHA256_SIZE};
    return fc->identity ? text_bytes(fc->identity->answer.application) : (struct bytes){NULL, 0};
}

static bool slot_take(struct front_call *fc)
{
    struct map *slots = &fc->front->slots;
    struct bytes key = slot_key(fc);
    if (key.n == 0)
        return true;
    size_t *count = map_get(slots, key);
    if (!count) {
        count = mem_alloc(sizeof *count);
        if (!count || !status_ok(map_put(slots, key, count))) {
            mem_free(count);
            return false;
        }
    }
    if (*count >= HOP_CONNECTIONS_MAX / 4)
        return false;
    (*count)++;
    fc->slot = 1;
    return true;
}

void front_slot_give(struct front_call *fc)
{
    if (!fc->slot)
        return;
    fc->slot = 0;
    struct bytes key = slot_key(fc);
    size_t *count = map_get(&fc->front->slots, key);
    /* A few entries of none stay, so that an application with one request at a time costs no allocation each.
     */
    if (count && --*count == 0 && fc->front->slots.count > SLOTS_KEPT)
        mem_free(map_remove(&fc->front->slots, key));
}

void front_slots_release(struct front *f)
{
    size_t cursor = 0;
    struct bytes key;
    void *count;
    while (map_next(&f->slots, &cursor, &key, &count))
        mem_free(count);
    map_release(&f->slots);
}

/* ---- the answer ---- */
static void copy_head(struct front_call *fc, const struct response *head)
{
    struct exchange *x = fc->exchange;
    struct response out = {
        .status = head->status, .body = head->body, .content_length = head->content_length};
    struct status st = DONE;
    for (size_t i = 0; i < head->headers.count && status_ok(st); i++) {
        const struct header *h = &head->headers.list[i];
        if (!header_is_hop_by_hop(h->name, &head->headers) &&
            !text_equal_nocase(h->name, TEXT("Content-Length")) && !text_equal_nocase(h->name, TEXT("Date")))
            st = headers_add(&out.headers, &x->arena, h->name, h->value);
    }
    fc->status = head->status;
    if (status_ok(st))
        st = exchange_respond(x, &out);
    if (!status_ok(st) && st.code != E_AGAIN)
        exchange_abort(x);
}

static void on_head(void *owner, const struct response *head)
{
    struct front_call *fc = owner;
    struct connection *c = fc->connection;
    if (!fc->exchange->responded)
        copy_head(fc, head); /* may abort the exchange: fc is gone then */
    connection_flush_later(c);
}

static void on_body(void *owner, struct bytes chunk)
{
    struct front_call *fc = owner;
    if (!fc->exchange)
        return;
    fc->body_out += chunk.n;
    struct status st = exchange_write(fc->exchange, chunk);
    if (st.code == E_AGAIN && fc->upstream)
        pool_pause(fc->upstream); /* on_drained() resumes */
    if (fc->exchange)
        connection_flush_later(fc->connection);
}

static void on_end(void *owner)
{
    struct front_call *fc = owner;
    fc->upstream = NULL;
    if (!fc->exchange)
        return;
    struct connection *c = fc->connection;
    status_ignore(exchange_end(fc->exchange));
    connection_flush_later(c);
}

static void on_failed(void *owner, enum pool_failure why, bool answer_started)
{
    struct front_call *fc = owner;
    fc->upstream = NULL;
    if (!fc->exchange)
        return;
    if (answer_started || fc->exchange->responded) {
        struct connection *c = fc->connection;
        exchange_abort(fc->exchange); /* a cut answer must look cut */
        connection_flush_later(c);
    } else if (why == POOL_LOST) {
        slab_add(fc->front->slab, SLAB_CORE_UNAVAILABLE, 1);
        front_error(fc, 503,
                    "The service restarted while this request ran; whether it took effect is not known.");
    } else {
        front_call_unavailable(fc);
    }
}

static const struct pool_events relay_events = {on_head, on_body, on_end, on_failed};

/* ---- the request ---- */
static void write_preamble(const struct front_call *fc, struct buffer *out)
{
    char address[CONNECTION_ADDRESS_MAX];
    struct hop_preamble p = {
        .listener = (uint8_t)connection_tag(fc->connection),
        .verdict = CERT_NONE,
        .front = (uint16_t)fc->front->ch->index,
        .request_id = text_of(fc->request_id),
        .peer_address = text_of(connection_address(fc->connection, address)),
    };
    if (fc->identity) {
        const struct hop_identity *id = &fc->identity->answer;
        p.verdict = id->verdict;
        p.flags = id->runtime ? HOP_RUNTIME : 0;
        p.fingerprint = (struct bytes){fc->identity->fingerprint, SHA256_SIZE};
        p.application = id->application;
        p.tenant = id->tenant;
        p.group = id->group;
        p.system_auth = id->system_auth;
        p.subject_error = id->subject_error;
    }
    if (fc->guest) {
        p.flags = HOP_GUEST;
        p.fingerprint = (struct bytes){tls_peer(connection_tls(fc->connection))->fingerprint, SHA256_SIZE};
        if (fc->guest->subject.n <= HOP_SUBJECT_MAX)
            p.subject = text_bytes(fc->guest->subject);
    }
    hop_preamble_encode(&p, out);
}

/* What a client says about forwarded certificates ends here: nothing behind us may believe it. */
static struct request cleaned(const struct request *r, size_t body_size)
{
    struct request out = *r;
    size_t kept = 0;
    for (size_t i = 0; i < r->headers.count; i++)
        if (!text_equal_nocase(r->headers.list[i].name, TEXT("X-Forwarded-Client-Cert")))
            out.headers.list[kept++] = r->headers.list[i];
    out.headers.count = kept;
    out.body = body_size ? BODY_SIZED : BODY_NONE;
    out.content_length = body_size;
    out.expect_continue = false;
    return out;
}

static struct pool *pool_for(const struct front_call *fc)
{
    unsigned listener = connection_tag(fc->connection);
    bool egress = listener == LISTENER_INTERNAL || listener == LISTENER_PROXY;
    return egress ? fc->front->egress : fc->front->edge;
}

static bool may_repeat(enum http_method m)
{
    return m == HTTP_GET || m == HTTP_HEAD; /* a write is never sent twice */
}

/* What was in it may have been a secret of the caller. Not all of its room: that is a large body's. */
static void scratch_wipe(struct buffer *scratch)
{
    if (scratch->end > 0)
        secret_wipe(scratch->data, scratch->end);
    buffer_clear(scratch);
}

void front_relay(struct front_call *fc)
{
    struct front *f = fc->front;
    struct exchange *x = fc->exchange;
    if (!slot_take(fc)) {
        front_error(fc, 503, "This application has too many requests running; try again in a second.");
        return;
    }
    buffer_clear(&f->scratch);
    write_preamble(fc, &f->scratch);
    struct request r = cleaned(&x->request, buffer_size(&fc->body));
    h1_write_request_head(&f->scratch, &r, NULL);
    buffer_append(&f->scratch, buffer_bytes(&fc->body));
    if (!status_ok(buffer_status(&f->scratch))) {
        scratch_wipe(&f->scratch);
        front_error(fc, 413, "The request is too large.");
        return;
    }
    if (fc->identity)
        front_tally_seen(f, &fc->identity->answer);
    enum http_method m = x->request.method;
    fc->upstream = pool_send(pool_for(fc), m, buffer_bytes(&f->scratch), may_repeat(m), &relay_events, fc);
    scratch_wipe(&f->scratch);
    if (!fc->upstream)
        front_call_unavailable(fc);
}
