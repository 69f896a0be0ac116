/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/limits.h"
#include "base/log.h"
#include "core/core_internal.h"

/*
 * One request in the core. Inline routes run on the loop, in the exchange's own arena. Others run on a
 * request thread: the job takes the arena over from the exchange, so that a front which goes away while the
 * handler runs pulls nothing from under it.
 */

struct job {
    struct work work;
    struct core *core;
    struct connection *connection;
    struct exchange *exchange; /* NULL once the front or CLI has gone */
    struct snapshot *snapshot; /* referenced while the job lives */
    struct buffer body;        /* collected */
    struct arena arena;        /* taken over from the exchange while on a thread */
    struct request request;    /* copy; its texts are in the arena */
    struct call call;
    bool on_thread;
};

static void job_free(struct job *j)
{
    buffer_wipe(&j->body); /* CSRs and what operators send */
    buffer_release(&j->body);
    buffer_wipe(&j->call.reply.body); /* tokens and keys */
    buffer_release(&j->call.reply.body);
    arena_release(&j->arena);
    snapshot_unref(j->snapshot);
    mem_free(j);
}

/* ---- the answer ---- */
static struct status send_reply(struct job *j, struct exchange *x)
{
    struct reply *reply = &j->call.reply;
    struct bytes body = buffer_bytes(&reply->body);
    struct response head = {.status = reply->status, .body = BODY_SIZED, .content_length = body.n};
    if (reply->content_type.n)
        TRY(headers_add(&head.headers, &x->arena, TEXT("Content-Type"), reply->content_type));
    TRY(headers_add(&head.headers, &x->arena, TEXT("X-Request-Id"), j->call.request_id));
    for (size_t i = 0; i < reply->headers.count; i++)
        TRY(headers_add(&head.headers, &x->arena, reply->headers.list[i].name, reply->headers.list[i].value));
    TRY(buffer_status(&reply->body));
    return exchange_reply(x, &head, body);
}

/* The job's last step. The exchange may finish (and free itself) inside exchange_reply(), so the two part
 * before. */
static void answer(struct job *j)
{
    struct connection *c = j->connection;
    struct exchange *x = TAKE(j->exchange);
    x->owner = NULL;
    struct status st = send_reply(j, x);
    if (!status_ok(st) && st.code != E_AGAIN)
        exchange_abort(x);
    job_free(j);
    connection_flush_later(c);
}

static void answer_error(struct job *j, int status, const char *message)
{
    struct call *call = &j->call;
    if (!call->arena)
        call->arena = &j->exchange->arena;
    buffer_init(&call->reply.body, LIMIT_BODY_JSON);
    status_ignore(reply_error(call, status, "%s", message));
    answer(j);
}

/* ---- running ---- */
static void prepare_call(struct job *j)
{
    struct call *call = &j->call;
    call->arena = j->on_thread ? &j->arena : &j->exchange->arena;
    call->request = &j->request;
    call->body = buffer_bytes(&j->body);
    call->domain = &j->snapshot->domain;
    buffer_init(&call->reply.body, LIMIT_REPLY_BODY);
}

static void run_on_thread(struct work *w)
{
    struct job *j = (struct job *)(void *)((char *)w - offsetof(struct job, work));
    log_set_request(j->call.request_id);
    api_dispatch(&j->call);
    log_set_request((struct text){NULL, 0});
}

static void done_on_loop(struct work *w)
{
    struct job *j = (struct job *)(void *)((char *)w - offsetof(struct job, work));
    j->core->running--;
    j->on_thread = false;
    if (j->exchange)
        answer(j);
    else
        job_free(j);
}

static void run(struct job *j)
{
    struct core *c = j->core;
    const struct route *route = j->call.route;
    if (route->flags & ROUTE_INLINE) {
        prepare_call(j);
        log_set_request(j->call.request_id);
        api_dispatch(&j->call);
        log_set_request((struct text){NULL, 0});
        answer(j);
        return;
    }
    j->arena = j->exchange->arena;
    arena_init(&j->exchange->arena, j->arena.chunk_size, j->arena.max);
    j->on_thread = true;
    prepare_call(j);
    j->work = (struct work){.run = run_on_thread, .done = done_on_loop};
    if (status_ok(workqueue_submit(c->requests, &j->work))) {
        c->running++;
        return;
    }
    j->on_thread = false;
    answer_error(j, 503, "Too many requests are waiting; try again in a second.");
}

/* ---- events ---- */
static void route_it(struct job *j)
{
    struct exchange *x = j->exchange;
    struct call *call = &j->call;
    struct route_match match;
    enum route_verdict verdict =
        router_find(j->core->router, call->listener, x->request.method, x->request.path, &x->arena, &match);
    if (verdict == ROUTE_FOUND) {
        call->route = match.route;
        call->param_count = match.param_count;
        memcpy(call->params, match.params, sizeof match.params);
        buffer_init(&j->body, match.route->body_max);
        if (x->request.body == BODY_NONE)
            run(j);
        else
            exchange_want_body(x);
        return;
    }
    if (verdict == ROUTE_WRONG_METHOD)
        answer_error(j, 405, "Method not allowed.");
    else
        answer_error(j, 404, "Requested resource could not be found.");
}

static void on_request(void *ctx, struct connection *connection, struct exchange *x)
{
    struct core *c = ctx;
    struct job *j = mem_alloc(sizeof *j);
    if (!j) {
        exchange_abort(x);
        return;
    }
    c->next_request++;
    j->core = c;
    j->connection = connection;
    j->exchange = x;
    j->snapshot = snapshot_ref(c->current);
    j->request = x->request;
    j->call.domain = &j->snapshot->domain;
    j->call.request = &j->request;
    x->owner = j;
    if (!core_principal(c, connection, &x->arena, &j->call)) {
        log_event(LOG_ERROR, "core.refused_connection",
                  F_CSTR("reason", "this socket may not speak for that listener or user"));
        connection_close(connection);
        return;
    }
    route_it(j);
}

static void on_body(void *ctx, struct connection *connection, struct exchange *x, struct bytes chunk)
{
    (void)ctx;
    (void)connection;
    struct job *j = x->owner;
    if (!j)
        return;
    buffer_append(&j->body, chunk);
    if (status_ok(buffer_status(&j->body)))
        return;
    answer_error(j, 413, "The request body is larger than this route accepts.");
}

static void on_body_end(void *ctx, struct connection *connection, struct exchange *x)
{
    (void)ctx;
    (void)connection;
    struct job *j = x->owner;
    if (j)
        run(j);
}

static void on_drained(void *ctx, struct connection *connection, struct exchange *x)
{
    (void)ctx;
    (void)connection;
    (void)x; /* replies are whole; the session holds what the socket did not take */
}

static void on_finished(void *ctx, struct connection *connection, struct exchange *x, bool cancelled)
{
    (void)ctx;
    (void)connection;
    (void)cancelled;
    struct job *j = x->owner;
    if (!j)
        return;
    x->owner = NULL;
    j->exchange = NULL;
    if (!j->on_thread)
        job_free(j);
}

const struct net_handler core_handler = {
    .request = on_request,
    .body = on_body,
    .body_end = on_body_end,
    .drained = on_drained,
    .finished = on_finished,
};
