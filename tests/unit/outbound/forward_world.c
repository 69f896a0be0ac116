/* SPDX-License-Identifier: Apache-2.0 */
#include "forward_world.h"

#include <stdio.h>

#include "base/clock.h"

struct world w;
static _Atomic uint64_t counters[PAGE_COUNTERS];

/* ---- the exchange ---- */
static struct caller *caller_of(struct exchange *x)
{
    return (struct caller *)(void *)x;
}

static void finish(struct caller *c)
{
    if (w.in_event || c->finished)
        return;
    c->finished = true;
    if (c->call) /* none: there was no memory for one */
        outbound_finished(c->call);
    assert_null(c->call);
    if (!w.comes_late)
        return;
    arena_reset(&c->x.arena); /* as the session does: the next request has it */
    c->x.request = (struct request){0};
}

void exchange_want_body(struct exchange *x)
{
    assert_false(caller_of(x)->wanted);
    caller_of(x)->wanted = true;
}
void exchange_pause_body(struct exchange *x)
{
    assert_false(caller_of(x)->paused);
    caller_of(x)->paused = true;
}
void exchange_resume_body(struct exchange *x)
{
    assert_true(caller_of(x)->paused);
    caller_of(x)->paused = false;
}
struct status exchange_respond(struct exchange *x, const struct response *head)
{
    struct caller *c = caller_of(x);
    assert_false(x->responded);
    for (size_t i = 0; i < head->headers.count; i++)
        TRY(headers_add(&c->head, &x->arena, arena_text(&x->arena, head->headers.list[i].name),
                        arena_text(&x->arena, head->headers.list[i].value)));
    x->responded = true;
    c->status = head->status;
    return DONE;
}
struct status exchange_write(struct exchange *x, struct bytes body)
{
    struct caller *c = caller_of(x);
    assert_true(x->responded && !c->ended && !c->aborted);
    buffer_append(&c->got, body);
    return status_of(w.exchange_says);
}
struct status exchange_interim(struct exchange *x, const struct response *head)
{
    assert_false(x->responded);
    caller_of(x)->interim = head->status;
    return DONE;
}
struct status exchange_end_with(struct exchange *x, const struct headers *trailers)
{
    struct caller *c = caller_of(x);
    c->trailers = trailers->count;
    for (size_t i = 0; i < trailers->count; i++) /* a text that is gone is found here */
        assert_true(trailers->list[i].name.n > 0 && trailers->list[i].name.p[0] == 'X');
    assert_true(x->responded && !c->ended && !c->aborted);
    c->ended = true;
    finish(c);
    return DONE;
}
struct status exchange_reply(struct exchange *x, struct response *head, struct bytes body)
{
    TRY(exchange_respond(x, head));
    if (body.n)
        (void)exchange_write(x, body).code;
    static const struct headers none;
    return exchange_end_with(x, &none);
}
void exchange_abort(struct exchange *x)
{
    struct caller *c = caller_of(x);
    assert_false(c->ended);
    c->aborted = true;
    finish(c);
}
struct status exchange_tunnel(struct exchange *x, const struct response *head)
{
    assert_int_equal(head->status, 101);
    assert_true(headers_get(&head->headers, TEXT("Upgrade")).n > 0);
    caller_of(x)->tunnel = true;
    return exchange_respond(x, head);
}
void connection_flush_later(struct connection *c)
{
    (void)c;
}
const char *connection_address(const struct connection *c, char out[static CONNECTION_ADDRESS_MAX])
{
    (void)c;
    (void)snprintf(out, CONNECTION_ADDRESS_MAX, "[2001:db8::1]:51234");
    return out;
}

/* ---- the pure parts ---- */
struct status outbound_address_read(const struct request *r, struct outbound_address *out)
{
    struct text rest = text_from(r->path, 1);
    *out = (struct outbound_address){.kind = ADDRESS_PATH};
    out->application = text_cut(&rest, '/');
    out->service = rest.p ? text_cut(&rest, '/') : rest;
    out->rest = rest;
    out->prefix = r->path;
    return out->service.n ? DONE : STATUS(INVALID);
}
struct status outbound_address_enter(struct outbound_address *a)
{
    struct text rest = a->rest;
    if (a->entry.n > 0 || rest.n == 0)
        return STATUS(INVALID);
    a->entry = text_cut(&rest, '/');
    a->rest = rest;
    return DONE;
}
void outbound_address_question(const struct outbound_address *a, struct text tenant, struct buffer *out)
{
    (void)tenant;
    buffer_printf(out, "/front/target?application=%.*s&service=%.*s", TEXT_ARG(a->application),
                  TEXT_ARG(a->service));
    if (a->entry.n > 0)
        buffer_printf(out, "&entry=%.*s", TEXT_ARG(a->entry));
}
struct status rewrite_request(const struct request *r, const struct outbound_address *address,
                              const struct hop_target *target, const struct rewrite_settings *settings,
                              struct buffer *out)
{
    (void)r;
    assert_text(settings->peer_address, "2001:db8::1");
    if (text_equal(address->rest, TEXT("refused")))
        return STATUS(INVALID);
    buffer_printf(out, "GET / HTTP/1.1\r\nVersion: %u\r\n\r\n", (unsigned)target->version);
    return DONE;
}
struct text rewrite_request_id(const struct request *r)
{
    return headers_get(&r->headers, TEXT("X-Request-Id"));
}

bool rewrite_is_upgrade(const struct request *r)
{
    return text_equal(headers_get(&r->headers, TEXT("Upgrade")), TEXT("websocket"));
}
struct status rewrite_response(const struct response *from, const struct outbound_address *address,
                               const struct hop_target *target, struct arena *a, struct response *to)
{
    (void)target;
    for (size_t i = 0; i < from->headers.count; i++) {
        const struct header *h = &from->headers.list[i];
        if (text_equal_nocase(h->name, TEXT("Bad")))
            return STATUS(INVALID);
        bool location = address->prefix.n && text_equal_nocase(h->name, TEXT("Location"));
        TRY(headers_add(&to->headers, a, h->name, location ? TEXT("/rewritten") : h->value));
    }
    return DONE;
}
struct status tls_contexts_new(struct text system_anchors_pem, struct text more_anchors_pem, unsigned max,
                               struct tls_contexts **out)
{
    (void)system_anchors_pem;
    (void)more_anchors_pem;
    (void)max;
    *out = NULL;
    return DONE;
}
void tls_contexts_free(struct tls_contexts *c)
{
    (void)c;
}
struct status outbound_target_new(uint8_t *bytes, size_t size, struct tls_contexts *contexts,
                                  struct outbound_target **out, struct error *err)
{
    (void)contexts;
    const struct reply *r = (const struct reply *)(void *)bytes;
    assert_int_equal(size, sizeof *r);
    struct outbound_target *t = w.answers_unusable ? NULL : mem_alloc(sizeof *t);
    if (!t) {
        mem_free(bytes);
        return error_set(err, E_INVALID, "the key does not belong to the certificate");
    }
    t->references = 1;
    t->bytes = bytes;
    t->answer = (struct hop_target){.status = r->status,
                                    .message = text_of(r->message),
                                    .bundle = r->bundle,
                                    .version = r->version,
                                    .application = TEXT("app"),
                                    .service = TEXT("svc"),
                                    .refresh_at = r->refresh_at,
                                    .until = r->until};
    if (r->counter)
        t->answer.pairs = (struct page_pairs){.pair = {{r->counter, r->version}}, .count = 1};
    w.targets++;
    *out = t;
    return DONE;
}
void outbound_target_unref(struct outbound_target *t)
{
    if (!t || --t->references > 0)
        return;
    w.targets--;
    mem_free(t->bytes);
    mem_free(t);
}
bool outbound_target_usable(const struct outbound_target *t, const struct page *page, int64_t now_ms)
{
    return now_ms / 1000 < t->answer.until && page_pairs_current(&t->answer.pairs, page);
}

/* ---- targets ---- */
const char *upstream_failure_name(enum upstream_failure f)
{
    return f == UPSTREAM_CONNECT ? "connect" : "other";
}
int upstream_failure_status(enum upstream_failure f)
{
    if (f == UPSTREAM_BUSY || f == UPSTREAM_MEMORY || f == UPSTREAM_EJECTED)
        return 503;
    return f == UPSTREAM_FIRST_BYTE_TIMEOUT ? 504 : 502;
}
struct status upstreams_new(struct loop *loop, const struct guard *guard, struct upstreams **out)
{
    (void)loop;
    (void)guard;
    *out = NULL;
    return DONE;
}
void upstreams_free(struct upstreams *u)
{
    (void)u;
}
void upstreams_set_limits(struct upstreams *u, const struct upstream_limits *limits)
{
    (void)u;
    (void)limits;
}
void upstreams_guard_changed(struct upstreams *u)
{
    (void)u;
}
void upstreams_count_in(struct upstreams *u, struct slab *slab)
{
    (void)u;
    (void)slab;
}
int64_t upstream_ejected_ms(const struct upstreams *u, const struct upstream_endpoint *endpoint)
{
    (void)u;
    (void)endpoint;
    return 6100;
}
struct upstream_call *upstream_start(struct upstreams *u, const struct upstream_endpoint *endpoint,
                                     const struct upstream_request *request,
                                     const struct upstream_events *events, void *owner,
                                     enum upstream_failure *out_why)
{
    (void)u;
    (void)endpoint;
    if (w.start_fails >= 0) {
        *out_why = (enum upstream_failure)w.start_fails;
        return NULL;
    }
    assert_true(w.call_count < CALLS_MAX);
    struct upstream_call *c = &w.calls[w.call_count++];
    c->events = events;
    c->owner = owner;
    c->upgrade = request->upgrade;
    buffer_init(&c->head, 1 << 16);
    buffer_init(&c->body, 1 << 20);
    buffer_append(&c->head, request->head);
    return c;
}
struct status upstream_write(struct upstream_call *c, struct bytes chunk)
{
    assert_false(c->gone || c->cancelled || c->ended);
    buffer_append(&c->body, chunk);
    return status_of(w.upstream_says);
}
struct status upstream_end_body(struct upstream_call *c, const struct headers *trailers)
{
    (void)trailers;
    assert_false(c->gone || c->cancelled || c->ended);
    c->ended = true;
    return DONE;
}
void upstream_pause(struct upstream_call *c)
{
    assert_false(c->gone || c->cancelled);
    c->paused = true;
}
void upstream_resume(struct upstream_call *c)
{
    assert_false(c->gone || c->cancelled);
    c->paused = false;
}
void upstream_cancel(struct upstream_call *c)
{
    assert_false(c->gone || c->cancelled);
    c->cancelled = true;
}
void upstream_facts(const struct upstream_call *c, struct upstream_facts *out)
{
    assert_false(c->gone || c->cancelled);
    *out = (struct upstream_facts){.reused = true, .first_byte_us = 1234};
}

/* ---- the core ---- */
static struct asked *write_down(struct text target)
{
    assert_true(w.asked_count < ASKED_MAX);
    struct asked *a = &w.asked[w.asked_count++];
    assert_true(text_to_cstr(target, a->text, sizeof a->text));
    return a;
}
static bool ask(void *ctx, struct text target, struct outbound_asking *q)
{
    assert_ptr_equal(ctx, &w);
    if (w.core_away)
        return false;
    write_down(target)->q = q;
    return true;
}
static bool report(void *ctx, struct text target, struct outbound_call *c)
{
    assert_ptr_equal(ctx, &w);
    if (w.report_fails)
        return false;
    write_down(target)->reporter = c;
    return true;
}

/* ---- for tests ---- */
int world_set_up(void **state)
{
    (void)state;
    clock_set_test(1000000, 5000);
    for (size_t i = 0; i < PAGE_COUNTERS; i++)
        counters[i] = 0;
    w = (struct world){.page = {.counters = counters}, .start_fails = -1};
    w.settings =
        (struct outbound_settings){.retry_buffer_bytes = 16, .targets_max = 4, .rewrite_location = true};
    const struct outbound_parts parts = {
        .page = &w.page, .slab = &w.slab, .ctx = &w, .ask = ask, .report = report};
    return outbound_new(&w.settings, &parts, &w.o, NULL).code == E_OK ? 0 : -1;
}

void world_forget_callers(void)
{
    for (unsigned i = 0; i < w.caller_count; i++) {
        struct caller *c = &w.callers[i];
        if (!c->finished && c->call)
            world_leave(c);
        buffer_release(&c->got);
        arena_release(&c->x.arena);
        *c = (struct caller){0};
    }
    w.caller_count = 0;
}

int world_tear_down(void **state)
{
    (void)state;
    world_forget_callers();
    for (unsigned i = 0; i < w.asked_count; i++) {
        struct asked *a = &w.asked[i];
        if (a->q)
            world_answer(a, NULL);
        if (a->reporter)
            world_reported(a, false);
    }
    outbound_free(w.o);
    for (unsigned i = 0; i < w.call_count; i++) {
        buffer_release(&w.calls[i].head);
        buffer_release(&w.calls[i].body);
    }
    assert_int_equal(w.targets, 0);
    clock_real();
    return 0;
}

static void add_headers(struct headers *to, struct arena *a, const char *lines)
{
    struct text rest = text_of(lines);
    while (rest.n) {
        struct text value = text_cut(&rest, '\n');
        struct text name = text_cut(&value, ':');
        assert_ok(headers_add(to, a, arena_text(a, name), arena_text(a, text_trim(value))));
    }
}

struct caller *world_request(enum http_method m, const char *path, const char *headers, enum body_kind body,
                             uint64_t length)
{
    assert_true(w.caller_count < CALLERS_MAX);
    struct caller *c = &w.callers[w.caller_count++];
    arena_init(&c->x.arena, 1024, 1 << 20);
    buffer_init(&c->got, 1 << 20);
    c->x.request = (struct request){.version = HTTP_1_1,
                                    .method = m,
                                    .path = text_of(path),
                                    .target = text_of(path),
                                    .body = body,
                                    .content_length = length};
    add_headers(&c->x.request.headers, &c->x.arena, headers);
    w.in_event = !w.comes_late;
    outbound_request(w.o, &c->call, NULL, &c->x, TEXT(""), TEXT("id"));
    w.in_event = false;
    if (c->ended || c->aborted)
        finish(c);
    return c;
}

struct caller *world_get(const char *path)
{
    return world_request(HTTP_GET, path, NULL, BODY_NONE, 0);
}

void world_send(struct caller *c, const char *chunk)
{
    assert_true(c->wanted || c->tunnel);
    outbound_body(c->call, text_bytes(text_of(chunk)));
}
void world_send_end(struct caller *c)
{
    c->x.body_complete = true;
    outbound_body_end(c->call);
}
void world_leave(struct caller *c)
{
    finish(c);
}

struct asked *world_last_asked(void)
{
    assert_true(w.asked_count > 0);
    return &w.asked[w.asked_count - 1];
}
void world_answer(struct asked *a, const struct reply *r)
{
    struct outbound_asking *q = a->q;
    assert_non_null(q);
    a->q = NULL;
    outbound_answered(w.o, q, (const uint8_t *)r, r ? sizeof *r : 0);
}
void world_reported(struct asked *a, bool again)
{
    struct outbound_call *c = a->reporter;
    assert_non_null(c);
    a->reporter = NULL;
    outbound_reported(c, again);
}

struct upstream_call *world_running(struct caller **out, enum http_method m, const char *headers,
                                    enum body_kind body)
{
    static const struct reply good = {.version = 1, .until = 2000, .counter = 7};
    counters[7] = 1;
    struct caller *c = world_request(m, "/app/svc/x", headers, body, 8);
    if (c->call->state == CALL_ASKING)
        world_answer(world_last_asked(), &good);
    assert_true(w.call_count > 0);
    *out = c;
    return &w.calls[w.call_count - 1];
}

void world_head(struct upstream_call *u, int status, const char *headers)
{
    struct arena a;
    struct response head = {.status = status, .body = BODY_STREAM};
    arena_init(&a, 1024, 1 << 16);
    add_headers(&head.headers, &a, headers);
    assert_false(u->cancelled || u->gone);
    u->events->head(u->owner, &head);
    arena_release(&a); /* whoever kept a text of it reads poison */
}
void world_body(struct upstream_call *u, const char *chunk)
{
    assert_false(u->cancelled || u->gone);
    u->events->body(u->owner, text_bytes(text_of(chunk)));
}
void world_end_with(struct upstream_call *u, const char *trailers)
{
    struct headers list = {0};
    struct arena a;
    arena_init(&a, 1024, 1 << 16);
    add_headers(&list, &a, trailers);
    assert_false(u->cancelled || u->gone);
    u->gone = true;
    u->events->end(u->owner, &list);
    arena_release(&a); /* whoever kept a text of it reads poison */
}
void world_interim(struct upstream_call *u, int status)
{
    const struct response head = {.status = status};
    assert_false(u->cancelled || u->gone);
    u->events->interim(u->owner, &head);
}
void world_end(struct upstream_call *u)
{
    world_end_with(u, "");
}
void world_fail(struct upstream_call *u, enum upstream_failure why)
{
    assert_false(u->cancelled || u->gone);
    u->gone = true;
    u->events->failed(u->owner, why, "words", false);
}
uint64_t world_count(enum slab_counter c)
{
    return atomic_load(&w.slab.counters[c]);
}
