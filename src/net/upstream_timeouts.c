/* SPDX-License-Identifier: Apache-2.0 */
#include "net/upstream_internal.h"

/* With several addresses to try, one that does not answer gets this part of the time for all. */
#define ATTEMPT_SHARE 3

/* How long a head waits for the first bytes of its body, so that both go in one write; a tick of the loop's
 * timers in practice. Whoever sends a body sends it at once, or the target can wait for it as well. */
#define HEAD_WAITS_MS 1

/* An HTTP/2 connection with calls that hears nothing for the first is asked whether it still leads anywhere;
 * without an answer in the second it does not. */
#define SILENCE_MS 15000
#define PING_MS    5000

static struct upstream_call *call_of_phase(struct timeout_entry *e)
{
    return (struct upstream_call *)(void *)((char *)e - offsetof(struct upstream_call, phase));
}

static struct upstream_connection *connection_of(struct timeout_entry *e)
{
    return (struct upstream_connection *)(void *)((char *)e - offsetof(struct upstream_connection, timeout));
}

/*
 * A paused call waits for its owner, who has time-outs of his own; only the whole call's goes on. Until the
 * request is out, and once the answer's head is in, bytes have to move; in between the target may think.
 */
void upstream_call_phase(struct upstream_call *c)
{
    struct upstreams *u = c->all;
    const struct upstream_connection *uc = c->connection;
    if (c->failing || c->finishing)
        return;
    if (c->waiting || (uc && uc->state != UPSTREAM_ACTIVE)) {
        if (!timeout_armed(&c->phase))
            timeout_arm(u->connect, &c->phase);
    } else if (c->paused) {
        timeout_disarm(&c->phase);
    } else if (!c->head_told && upstream_request_sent(c)) {
        if (c->phase.cls != u->first_byte)
            timeout_arm(u->first_byte, &c->phase);
    } else if (u->limits.idle_ms > 0) {
        timeout_arm(u->idle, &c->phase);
    } else {
        timeout_disarm(&c->phase);
    }
}

static void connect_expired(void *all, struct timeout_entry *e)
{
    struct upstream_call *c = call_of_phase(e);
    (void)all;
    if (c->waiting && c->pool->opening == 0)
        upstream_fail(c, UPSTREAM_BUSY, "no connection became free in time");
    else if (c->connection && c->connection->state == UPSTREAM_HANDSHAKE)
        upstream_fail(c, UPSTREAM_CONNECT_TIMEOUT, "the TLS handshake took too long");
    else if (c->connection && c->connection->state == UPSTREAM_PROXYING)
        upstream_fail(c, UPSTREAM_CONNECT_TIMEOUT, "the proxy did not answer in time");
    else
        upstream_fail(c, UPSTREAM_CONNECT_TIMEOUT, "no address answered in time");
}

static void attempt_expired(void *all, struct timeout_entry *e)
{
    (void)all;
    upstream_attempt_expired(connection_of(e));
}

static void head_expired(void *all, struct timeout_entry *e)
{
    (void)all;
    upstream_h1_push(connection_of(e));
}

static void first_byte_expired(void *all, struct timeout_entry *e)
{
    struct upstream_call *c = call_of_phase(e);
    struct upstream_connection *uc = c->connection;
    (void)all;
    uc->codec->suspect(uc);
    upstream_fail(c, UPSTREAM_FIRST_BYTE_TIMEOUT, "no answer in time");
}

static void idle_expired(void *all, struct timeout_entry *e)
{
    (void)all;
    upstream_fail(call_of_phase(e), UPSTREAM_IDLE_TIMEOUT, "no byte moved for too long");
}

static void total_expired(void *all, struct timeout_entry *e)
{
    (void)all;
    upstream_fail((struct upstream_call *)(void *)((char *)e - offsetof(struct upstream_call, total)),
                  UPSTREAM_TOTAL_TIMEOUT, "the call as a whole took too long");
}

static void keep_expired(void *all, struct timeout_entry *e)
{
    (void)all;
    upstream_connection_close(connection_of(e));
}

static void silence_expired(void *all, struct timeout_entry *e)
{
    (void)all;
    connection_of(e)->codec->suspect(connection_of(e));
}

static void ping_expired(void *all, struct timeout_entry *e)
{
    (void)all;
    connection_of(e)->codec->dead(connection_of(e));
}

static int64_t at_least_1(int64_t ms)
{
    return ms > 0 ? ms : 1; /* 0 is "none": never armed */
}

struct status upstream_timeouts_new(struct upstreams *u)
{
    const struct upstream_limits *l = &u->limits;
    const struct {
        struct timeout_class **out;
        int64_t ms;
        timeout_callback *expired;
    } classes[] = {
        {&u->connect, l->connect_ms, connect_expired},
        {&u->attempt, l->connect_ms / ATTEMPT_SHARE, attempt_expired},
        {&u->head, HEAD_WAITS_MS, head_expired},
        {&u->first_byte, l->first_byte_ms, first_byte_expired},
        {&u->idle, l->idle_ms, idle_expired},
        {&u->total, l->total_ms, total_expired},
        {&u->keep, l->keep_ms, keep_expired},
        {&u->silence, SILENCE_MS, silence_expired},
        {&u->ping, PING_MS, ping_expired},
    };
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        TRY(timeout_class_new(u->loop, at_least_1(classes[i].ms), classes[i].expired, u, classes[i].out));
    return DONE;
}

void upstream_timeouts_set(struct upstreams *u)
{
    const struct upstream_limits *l = &u->limits;
    timeout_class_set_period(u->connect, at_least_1(l->connect_ms));
    timeout_class_set_period(u->attempt, at_least_1(l->connect_ms / ATTEMPT_SHARE));
    timeout_class_set_period(u->first_byte, at_least_1(l->first_byte_ms));
    /* 0 switches it off for what comes; entries that run keep their time */
    if (l->idle_ms > 0)
        timeout_class_set_period(u->idle, l->idle_ms);
    if (l->total_ms > 0)
        timeout_class_set_period(u->total, l->total_ms);
    timeout_class_set_period(u->keep, at_least_1(l->keep_ms));
}

void upstream_timeouts_free(struct upstreams *u)
{
    timeout_class_free(u->connect);
    timeout_class_free(u->attempt);
    timeout_class_free(u->head);
    timeout_class_free(u->first_byte);
    timeout_class_free(u->idle);
    timeout_class_free(u->total);
    timeout_class_free(u->keep);
    timeout_class_free(u->silence);
    timeout_class_free(u->ping);
}
