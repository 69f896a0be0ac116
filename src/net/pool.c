/* SPDX-License-Identifier: Apache-2.0 */
#include "net/pool.h"

#include "base/alloc.h"
#include "net/pool_internal.h"

#define REDIAL_MS 50

void pool_call_free(struct pool_call *call)
{
    timeout_disarm(&call->waiting_timeout);
    if (call->bytes) /* may hold tokens and CSRs */
        explicit_bzero(call->bytes, call->size);
    mem_free(call->bytes);
    mem_free(call);
}

void pool_call_fail(struct pool_call *call, enum pool_failure why)
{
    call->events->failed(call->owner, why, call->answer_started);
    pool_call_free(call);
}

static void queue_remove(struct pool *p, struct pool_call *call)
{
    struct pool_call **at = &p->waiting_first, *previous = NULL;
    while (*at && *at != call) {
        previous = *at;
        at = &(*at)->next;
    }
    if (!*at)
        return;
    *at = call->next;
    if (p->waiting_last == call)
        p->waiting_last = previous;
    p->waiting--;
}

void pool_requeue(struct pool_call *call)
{
    struct pool *p = call->pool;
    call->next = NULL;
    call->connection = NULL;
    if (p->waiting_last)
        p->waiting_last->next = call;
    else
        p->waiting_first = call;
    p->waiting_last = call;
    p->waiting++;
    timeout_arm(p->wait_class, &call->waiting_timeout);
}

static void waited_too_long(void *ctx, struct timeout_entry *e)
{
    struct pool *p = ctx;
    struct pool_call *call =
        (struct pool_call *)(void *)((char *)e - offsetof(struct pool_call, waiting_timeout));
    queue_remove(p, call);
    pool_call_fail(call, POOL_UNREACHED);
}

static void idle_too_long(void *ctx, struct timeout_entry *e)
{
    (void)ctx;
    pool_connection_free(
        (struct pool_connection *)(void *)((char *)e - offsetof(struct pool_connection, idle_timeout)));
}

/* One connection is dialled for each waiting call that no connecting one will serve; none more once dialling
 * fails. */
static void dial_for_waiting(struct pool *p)
{
    for (;;) {
        unsigned connecting = p->counts[POOL_CONNECTING];
        unsigned open = connecting + p->counts[POOL_IDLE] + p->counts[POOL_ACTIVE];
        if (p->waiting <= connecting || open >= p->settings.max_connections || p->closing)
            return;
        pool_dial(p);
        if (p->counts[POOL_CONNECTING] == connecting)
            return;
    }
}

static void redial(void *ctx)
{
    struct pool *p = ctx;
    timer_stop(p->redial);
    p->redial = NULL;
    dial_for_waiting(p);
}

void pool_schedule_redial(struct pool *p)
{
    if (p->redial || p->closing || p->waiting == 0)
        return;
    status_ignore(timer_start(p->settings.loop, REDIAL_MS, 0, redial, p, &p->redial));
}

void pool_connection_lost(struct pool_connection *pc, enum pool_failure why)
{
    struct pool *p = pc->pool;
    struct pool_call *call = pc->call;
    pc->call = NULL;
    bool started = h1_client_started(pc->client);
    pool_connection_free(pc);
    if (call && call->retry && !started && why == POOL_LOST && !p->closing) {
        call->retry = false; /* once */
        pool_requeue(call);
    } else if (call) {
        pool_call_fail(call, why);
    }
    pool_schedule_redial(p); /* the call may have been queued again */
}

struct status pool_new(const struct pool_settings *settings, struct pool **out)
{
    struct pool *p = mem_alloc(sizeof *p);
    if (!p)
        return STATUS(NOMEM);
    p->settings = *settings;
    p->read_buffer = mem_alloc(POOL_READ_SIZE);
    if (!p->read_buffer) {
        mem_free(p);
        return STATUS(NOMEM);
    }
    struct status st =
        timeout_class_new(settings->loop, settings->connect_ms, waited_too_long, p, &p->wait_class);
    if (status_ok(st))
        st = timeout_class_new(settings->loop, settings->idle_ms, idle_too_long, p, &p->idle_class);
    if (!status_ok(st)) {
        pool_free(p);
        return st;
    }
    *out = p;
    return DONE;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    p->closing = true;
    for (int state = POOL_CONNECTING; state <= POOL_ACTIVE; state++)
        while (p->lists[state])
            pool_connection_lost(p->lists[state], POOL_LOST);
    while (p->waiting_first) {
        struct pool_call *call = p->waiting_first;
        queue_remove(p, call);
        pool_call_fail(call, POOL_UNREACHED);
    }
    timer_stop(p->redial);
    timeout_class_free(p->wait_class);
    timeout_class_free(p->idle_class);
    explicit_bzero(p->read_buffer, POOL_READ_SIZE); /* answers hold tokens and certificates */
    mem_free(p->read_buffer);
    mem_free(p);
}

struct pool_call *pool_send(struct pool *p, enum http_method method, struct bytes bytes, bool retry,
                            const struct pool_events *events, void *owner)
{
    struct pool_connection *idle = p->lists[POOL_IDLE];
    if (p->closing || (!idle && p->waiting >= p->settings.max_waiting))
        return NULL;
    struct pool_call *call = mem_alloc(sizeof *call);
    if (!call)
        return NULL;
    *call = (struct pool_call){.pool = p, .events = events, .owner = owner, .method = method, .retry = retry};
    call->bytes = mem_resize(NULL, bytes.n, 1);
    if (!call->bytes) {
        mem_free(call);
        return NULL;
    }
    memcpy(call->bytes, bytes.p, bytes.n);
    call->size = bytes.n;
    if (idle) {
        pool_connection_assign(idle, call);
    } else {
        pool_requeue(call);
        dial_for_waiting(p);
    }
    return call;
}

void pool_cancel(struct pool_call *call)
{
    if (call->connection) {
        call->connection->call = NULL;
        pool_connection_free(call->connection);
    } else {
        queue_remove(call->pool, call);
    }
    pool_call_free(call);
}

void pool_pause(struct pool_call *call)
{
    call->paused = true;
    if (call->connection)
        pool_connection_watch(call->connection);
}

void pool_resume(struct pool_call *call)
{
    call->paused = false;
    if (call->connection)
        pool_connection_watch(call->connection);
}

struct pool_stats pool_stats(const struct pool *p)
{
    return (struct pool_stats){
        .open = p->counts[POOL_CONNECTING] + p->counts[POOL_IDLE] + p->counts[POOL_ACTIVE],
        .idle = p->counts[POOL_IDLE],
        .busy = p->counts[POOL_ACTIVE],
        .waiting = p->waiting,
    };
}
