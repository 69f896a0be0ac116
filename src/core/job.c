/* SPDX-License-Identifier: Apache-2.0 */
#include "core/job.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "base/log.h"

void job_free(struct job *j)
{
    if (j->call.reply.done)
        j->call.reply.done(&j->call);
    buffer_wipe(&j->body); /* CSRs, passwords and what operators send */
    buffer_release(&j->body);
    buffer_wipe(&j->call.reply.body); /* tokens and keys */
    buffer_release(&j->call.reply.body);
    arena_wipe(&j->arena); /* what handlers decoded from them */
    arena_release(&j->arena);
    snapshot_unref(j->snapshot);
    mem_free(j);
}

static void answer_error(struct job *j, int status, const char *message)
{
    struct call *call = &j->call;
    if (!call->arena)
        call->arena = &j->exchange->arena;
    buffer_init(&call->reply.body, LIMIT_BODY_JSON);
    status_ignore(reply_error(call, status, "%s", message));
    job_answer(j);
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
        job_answer(j);
    else
        job_free(j);
}

static void run(struct job *j)
{
    struct core *c = j->core;
    const struct route *route = j->call.route;
    /* Who must still show a token is not looked up on the loop. */
    const bool asks = route->permission == PERMIT_OPERATOR && j->call.principal.kind == PRINCIPAL_ANONYMOUS;
    if ((route->flags & ROUTE_INLINE) && !asks) {
        prepare_call(j);
        log_set_request(j->call.request_id);
        api_dispatch(&j->call);
        log_set_request((struct text){NULL, 0});
        job_answer(j);
        return;
    }
    j->arena = j->exchange->arena;
    arena_init(&j->exchange->arena, j->arena.chunk_size, j->arena.max);
    j->arena.max += buffer_size(&j->body); /* what is decoded from a body is not larger than it */
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
        if (x->request.body == BODY_NONE) {
            run(j);
            return;
        }
        /* At once: growing would leave copies behind, of passwords and keys among others. */
        if (x->request.body == BODY_SIZED && x->request.content_length <= match.route->body_max)
            (void)buffer_reserve(&j->body, (size_t)x->request.content_length);
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
    if (!j || j->streaming)
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
    struct job *j = x->owner;
    if (j)
        job_drained(j);
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
