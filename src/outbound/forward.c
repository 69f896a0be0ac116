/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/forward.h"

#include "base/alloc.h"
#include "outbound/forward_internal.h"

#define TLS_CONTEXTS_MAX 256
#define TARGETS_MAX      1000000 /* as the schema allows */

/* ---- the module ---- */
struct status outbound_trust(struct outbound *o, struct text system_anchors_pem, struct text more_anchors_pem,
                             struct error *err)
{
    struct tls_contexts *contexts = NULL;
    struct status st = tls_contexts_new(system_anchors_pem, more_anchors_pem, TLS_CONTEXTS_MAX, &contexts);
    if (!status_ok(st))
        return error_set(err, st.code, "outbound.ca_file: no certificates that can be trusted: %s",
                         code_text(st.code));
    targets_forget(o); /* they hold contexts with the former trust; calls under way keep theirs */
    tls_contexts_free(o->contexts);
    o->contexts = contexts;
    return DONE;
}

static struct status build(struct outbound *o, struct error *err)
{
    const struct text none = {NULL, 0};
    TRY(outbound_trust(o, none, none, err));
    struct status st = upstreams_new(o->parts.loop, o->parts.guard, &o->upstreams);
    if (!status_ok(st))
        return error_set(err, st.code, "%s", code_text(st.code));
    upstreams_set_limits(o->upstreams, &o->settings.limits);
    upstreams_count_in(o->upstreams, o->parts.slab);
    return DONE;
}

struct status outbound_new(const struct outbound_settings *settings, const struct outbound_parts *parts,
                           struct outbound **out, struct error *err)
{
    struct outbound *o = mem_alloc(sizeof *o);
    if (!o)
        return STATUS(NOMEM);
    o->settings = *settings;
    o->parts = *parts;
    map_init(&o->known, TARGETS_MAX);
    map_init(&o->questions, OUTBOUND_QUESTIONS_MAX);
    buffer_init(&o->head, OUTBOUND_HEAD_MAX);
    buffer_init(&o->question, OUTBOUND_QUESTION_MAX);
    struct status st = build(o, err);
    if (!status_ok(st)) {
        outbound_free(o);
        return st;
    }
    *out = o;
    return DONE;
}

void outbound_free(struct outbound *o)
{
    if (!o)
        return;
    must(!o->running && o->questions.count == 0);
    targets_forget(o);
    map_release(&o->known);
    map_release(&o->questions);
    while (o->spare) {
        struct outbound_call *c = o->spare;
        o->spare = c->next;
        mem_free(c);
    }
    upstreams_free(o->upstreams);
    tls_contexts_free(o->contexts);
    buffer_wipe(&o->head);
    buffer_release(&o->head);
    buffer_release(&o->question);
    mem_free(o);
}

void outbound_set(struct outbound *o, const struct outbound_settings *settings)
{
    o->settings = *settings;
    upstreams_set_limits(o->upstreams, &settings->limits);
    upstreams_guard_changed(o->upstreams);
}

/* ---- calls ---- */
static struct outbound_call *call_new(struct outbound *o)
{
    struct outbound_call *c = o->spare;
    if (!c)
        return mem_alloc(sizeof *c);
    o->spare = c->next;
    o->spare_count--;
    *c = (struct outbound_call){0};
    return c;
}

void call_drop(struct outbound_call *c)
{
    must(c->references > 0);
    if (--c->references > 0)
        return;
    struct outbound *o = c->o;
    must(!c->x && !c->upstream && !c->back);
    call_forget_kept(c);
    call_held_forget(c);
    known_unref(c->known);
    if (o->spare_count == OUTBOUND_SPARE_MAX) {
        mem_free(c);
        return;
    }
    c->next = o->spare;
    o->spare = c;
    o->spare_count++;
}

void call_unlink(struct outbound_call *c)
{
    if (!c->back)
        return;
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
    else if (c->asking)
        c->asking->waiting_end = c->back;
    c->next = NULL;
    c->back = NULL;
}

struct text call_id(const struct outbound_call *c)
{
    const struct text callers = rewrite_request_id(&c->x->request);
    return callers.n > 0 ? callers : c->request_id;
}

static void link_running(struct outbound_call *c)
{
    struct outbound *o = c->o;
    call_unlink(c);
    c->next = o->running;
    c->back = &o->running;
    if (c->next)
        c->next->back = &c->next;
    o->running = c;
}

/* "203.0.113.7:51234" and "[2001:db8::1]:51234" without the port. */
static struct text without_port(struct text peer)
{
    if (peer.n && peer.p[0] == '[')
        return text_first(text_from(peer, 1), text_find(text_from(peer, 1), ']'));
    return text_first(peer, text_find(peer, ':'));
}

static struct status write_head(struct outbound_call *c)
{
    struct outbound *o = c->o;
    char peer[CONNECTION_ADDRESS_MAX];
    const struct rewrite_settings settings = {
        .forwarded = o->settings.forwarded,
        .peer_address = without_port(text_of(connection_address(c->connection, peer))),
        .request_id = c->request_id,
    };
    buffer_clear(&o->head);
    TRY(rewrite_request(&c->x->request, &c->address, &c->known->target->answer, &settings, &o->head));
    return buffer_status(&o->head);
}

/* Safe or idempotent (RFC 9110 9.2). */
static bool is_repeatable(enum http_method m)
{
    return m != HTTP_POST && m != HTTP_PATCH;
}

static void call_target(struct outbound_call *c)
{
    const struct request *r = &c->x->request;
    struct status st = write_head(c);
    if (!status_ok(st)) {
        const bool memory = st.code == E_NOMEM;
        call_refuse(c, memory ? 503 : 400,
                    memory ? TEXT("out of memory") : TEXT("the request cannot be forwarded to this target"));
        return;
    }
    const struct upstream_request request = {
        .method = r->method,
        .head = buffer_bytes(&c->o->head),
        .body = r->body,
        .content_length = r->content_length,
        .repeatable = is_repeatable(r->method),
        .upgrade = rewrite_is_upgrade(r),
    };
    struct upstream_endpoint endpoint = c->known->target->endpoint;
    endpoint.http2 = c->o->settings.http2;
    enum upstream_failure why = UPSTREAM_MEMORY;
    slab_add(c->o->parts.slab, SLAB_OUTBOUND_CALLS, 1);
    c->upstream = upstream_start(c->o->upstreams, &endpoint, &request, &call_events, c, &why);
    if (!c->upstream) {
        call_failed(c, why, NULL);
        return;
    }
    c->state = CALL_RUNNING;
    c->upstream_full = c->answer_paused = false;
    c->facts = (struct upstream_facts){0};
    call_body_started(c);
}

void call_begin(struct outbound_call *c)
{
    const struct hop_target *answer = &c->known->target->answer;
    c->pairs = answer->pairs;
    link_running(c);
    if (answer->status != 0)
        call_refuse(c, answer->status, answer->message);
    else
        call_target(c);
}

void outbound_request(struct outbound *o, struct outbound_call **slot, struct connection *connection,
                      struct exchange *x, struct text tenant, struct text request_id)
{
    struct outbound_call *c = call_new(o);
    *slot = c;
    if (!c) {
        exchange_abort(x);
        return;
    }
    c->o = o;
    c->slot = slot;
    c->connection = connection;
    c->x = x;
    c->tenant = tenant;
    c->request_id = request_id;
    c->references = 2; /* the exchange, and us */
    buffer_init(&c->kept, o->settings.retry_buffer_bytes);
    c->keeping = x->request.body != BODY_SIZED || x->request.content_length <= o->settings.retry_buffer_bytes;
    if (!status_ok(outbound_address_read(&x->request, &c->address)))
        call_refuse(c, 400, TEXT("failed to extract API Identifier from path"));
    else
        call_find_target(c);
    call_drop(c);
}

void outbound_finished(struct outbound_call *c)
{
    c->x = NULL;
    *TAKE(c->slot) = NULL;
    c->state = CALL_OVER;
    if (c->upstream)
        upstream_cancel(TAKE(c->upstream)); /* the caller left: nobody waits for this answer */
    call_leave_question(c);
    call_unlink(c);
    call_drop(c);
}

void outbound_summarise(const struct outbound_call *c, struct outbound_summary *out)
{
    const struct hop_target *t = c->known ? &c->known->target->answer : NULL;
    const bool said = t && t->application.n > 0;
    *out = (struct outbound_summary){
        .request_id = call_id(c),
        .tenant = c->tenant,
        .application = said ? t->application : c->address.application,
        .service = said ? t->service_name : c->address.service,
        .service_id = said ? t->service : TEXT(""),
        .status = c->status,
        .target_status = c->target_status,
        .failure = c->failure,
        .bytes_in = c->bytes_in,
        .bytes_out = c->bytes_out,
        .retried = c->retried,
        .facts = c->facts,
    };
    if (c->address.kind == ADDRESS_HOST && !out->service.n)
        out->service = c->address.label;
}

int outbound_status(const struct outbound_call *c)
{
    return c->status;
}

static enum slab_call_class class_of(const struct outbound_call *c, bool cancelled)
{
    static const enum slab_call_class by_status[] = {SLAB_CALL_1XX, SLAB_CALL_2XX, SLAB_CALL_3XX,
                                                     SLAB_CALL_4XX, SLAB_CALL_5XX};
    if (c->failed)
        return SLAB_CALL_FAILED;
    /* A tunnel has no other end than that one side leaves. */
    if (c->status < 100 || c->status > 599 || (cancelled && c->status != 101))
        return SLAB_CALL_CANCELLED;
    return by_status[c->status / 100 - 1];
}

void outbound_count(const struct outbound_call *c, bool cancelled, uint64_t us)
{
    const struct hop_target *t = c->known ? &c->known->target->answer : NULL;
    if (t && t->application.n > 0 && t->series <= SLAB_SERIES_OTHER)
        slab_call(&c->o->parts.slab->series[t->series], class_of(c, cancelled),
                  c->status == 101 ? SLAB_CALL_UNTIMED : us); /* however the tunnel ended */
}
