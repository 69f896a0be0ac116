/* SPDX-License-Identifier: Apache-2.0 */
#include "net/pool_internal.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"

/* ---- answers, from http/h1_client to the call's owner ---- */
static void on_head(void *owner, const struct response *head)
{
    struct pool_connection *pc = owner;
    pc->call->answer_started = true;
    pc->call->events->head(pc->call->owner, head);
}

static void on_body(void *owner, struct bytes chunk)
{
    struct pool_connection *pc = owner;
    if (pc->call)
        pc->call->events->body(pc->call->owner, chunk);
}

static void on_end(void *owner)
{
    struct pool_connection *pc = owner;
    struct pool_call *call = pc->call;
    pc->call_ended = true;
    if (!call)
        return;
    /* Answered before all of the request was sent: what the server takes the next bytes for, nobody knows. */
    pc->cut = pc->cut || call->sent < call->size;
    pc->call = NULL;
    call->events->end(call->owner);
    pool_call_free(call);
}

static const struct h1_client_events client_events = {.head = on_head, .body = on_body, .end = on_end};

static void list_remove(struct pool_connection *pc)
{
    struct pool *p = pc->pool;
    if (pc->prev)
        pc->prev->next = pc->next;
    else
        p->lists[pc->state] = pc->next;
    if (pc->next)
        pc->next->prev = pc->prev;
    pc->prev = pc->next = NULL;
    p->counts[pc->state]--;
}

static void list_add(struct pool_connection *pc, enum pool_connection_state state)
{
    struct pool *p = pc->pool;
    pc->state = state;
    pc->next = p->lists[state];
    if (pc->next)
        pc->next->prev = pc;
    p->lists[state] = pc;
    p->counts[state]++;
}

static void move_to(struct pool_connection *pc, enum pool_connection_state state)
{
    list_remove(pc);
    list_add(pc, state);
}

void pool_connection_watch(struct pool_connection *pc)
{
    unsigned want = WATCH_READ;
    if (pc->state == POOL_ACTIVE && pc->call) {
        if (pc->call->paused)
            want = 0;
        if (pc->call->sent < pc->call->size && !pc->cut)
            want |= WATCH_WRITE;
    } else if (pc->state == POOL_CONNECTING && pc->pool->settings.greeting == 0) {
        want = WATCH_WRITE;
    }
    watch_set(pc->watch, want);
}

static void send_more(struct pool_connection *pc)
{
    struct pool_call *call = pc->call;
    while (call->sent < call->size) {
        ssize_t n = send(pc->fd, call->bytes + call->sent, call->size - call->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0 && call->sent == 0) {
            pc->call = NULL;
            pool_requeue(call); /* nothing left this process: any method may go again */
            pool_connection_lost(pc, POOL_UNREACHED);
            return;
        }
        if (n < 0) {
            /* The rest can never be sent. The end of the input follows and says whether an answer came first.
             */
            pc->cut = true;
            break;
        }
        call->sent += (size_t)n;
    }
    pool_connection_watch(pc);
}

void pool_connection_assign(struct pool_connection *pc, struct pool_call *call)
{
    timeout_disarm(&pc->idle_timeout);
    timeout_disarm(&call->waiting_timeout);
    if (pc->state != POOL_ACTIVE)
        move_to(pc, POOL_ACTIVE);
    pc->call = call;
    pc->call_ended = false;
    call->connection = pc;
    call->sent = 0;
    h1_client_reset(pc->client, call->method);
    send_more(pc);
}

static void feed(struct pool_connection *pc, struct bytes in)
{
    size_t used = 0;
    pc->feeding = true;
    struct status st = h1_client_feed(pc->client, in, &used);
    pc->feeding = false;
    if (pc->dead) {
        pool_connection_free(pc);
    } else if (!status_ok(st)) {
        pool_connection_lost(pc, st.code == E_NOMEM ? POOL_MEMORY : POOL_MALFORMED);
    } else if (pc->call_ended) {
        if (used < in.n || pc->cut || !h1_client_reusable(pc->client)) {
            pool_connection_free(pc); /* bytes that nobody asked for, or Connection: close */
            return;
        }
        pool_connection_available(pc);
    }
}

static void read_answer(struct pool_connection *pc, struct bytes in)
{
    if (pc->state == POOL_ACTIVE && pc->call) {
        feed(pc, in);
        return;
    }
    pool_connection_lost(pc, POOL_LOST); /* an idle server has nothing to say */
}

static void connected(struct pool_connection *pc, struct bytes in)
{
    if (in.n != 1 || in.p[0] != pc->pool->settings.greeting) {
        pool_connection_lost(pc, POOL_UNREACHED);
        return;
    }
    pool_connection_available(pc);
}

static void ended(struct pool_connection *pc)
{
    if (pc->state == POOL_ACTIVE && pc->call) {
        pc->feeding = true;
        struct status st = h1_client_end_of_input(pc->client);
        pc->feeding = false;
        if (status_ok(st) && pc->call_ended) {
            pool_connection_free(pc);
            return;
        }
    }
    pool_connection_lost(pc, POOL_LOST);
}

static void on_ready(void *ctx, unsigned ready)
{
    struct pool_connection *pc = ctx;
    if (pc->state == POOL_CONNECTING && pc->pool->settings.greeting == 0 && (ready & WATCH_WRITE)) {
        pool_connection_available(pc);
        return;
    }
    if ((ready & WATCH_WRITE) && pc->call && pc->call->sent < pc->call->size && !pc->cut) {
        send_more(pc);
        return; /* level-triggered: what can be read will be reported again */
    }
    if (!(ready & WATCH_READ) || (pc->call && pc->call->paused))
        return;
    uint8_t *bytes = pc->pool->read_buffer;
    ssize_t n = recv(pc->fd, bytes, POOL_READ_SIZE, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        ended(pc);
    else if (pc->state == POOL_CONNECTING)
        connected(pc, (struct bytes){bytes, (size_t)n});
    else
        read_answer(pc, (struct bytes){bytes, (size_t)n});
}

static int dial_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!text_to_cstr(text_of(path), to.sun_path, sizeof to.sun_path))
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static struct status set_up(struct pool *p, int fd, struct pool_connection **out)
{
    struct pool_connection *pc = mem_alloc(sizeof *pc);
    if (!pc)
        return STATUS(NOMEM);
    pc->pool = p;
    pc->fd = fd;
    pc->client = h1_client_new(&client_events, pc, p->settings.trusted_peer);
    struct status st = pc->client ? DONE : STATUS(NOMEM);
    unsigned events = p->settings.greeting ? WATCH_READ : WATCH_WRITE;
    if (status_ok(st))
        st = watch_start(p->settings.loop, fd, events, on_ready, pc, &pc->watch);
    if (!status_ok(st)) {
        h1_client_free(pc->client);
        mem_free(pc);
        return st;
    }
    *out = pc;
    return DONE;
}

void pool_dial(struct pool *p)
{
    int fd = p->settings.dial ? p->settings.dial(p->settings.dial_ctx) : dial_unix(p->settings.unix_path);
    struct pool_connection *pc = NULL;
    if (fd < 0 || !status_ok(set_up(p, fd, &pc))) {
        if (fd >= 0)
            (void)close(fd);
        pool_schedule_redial(p);
        return;
    }
    list_add(pc, POOL_CONNECTING);
}

void pool_connection_free(struct pool_connection *pc)
{
    if (pc->watch) {
        timeout_disarm(&pc->idle_timeout);
        watch_stop(pc->watch);
        pc->watch = NULL;
        (void)close(pc->fd);
        list_remove(pc);
        pool_schedule_redial(pc->pool); /* there is room for a call that waits */
    }
    if (pc->feeding) {
        pc->dead = true; /* feed() frees it */
        return;
    }
    h1_client_free(pc->client);
    mem_free(pc);
}

void pool_connection_available(struct pool_connection *pc)
{
    struct pool *p = pc->pool;
    struct pool_call *next = p->waiting_first;
    if (next) {
        p->waiting_first = next->next;
        if (!p->waiting_first)
            p->waiting_last = NULL;
        p->waiting--;
        next->next = NULL;
        pool_connection_assign(pc, next);
        return;
    }
    move_to(pc, POOL_IDLE);
    pool_connection_watch(pc);
    timeout_arm(p->idle_class, &pc->idle_timeout);
}
