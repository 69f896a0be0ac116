/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream_world.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD(line) line " HTTP/1.1\r\nHost: target\r\n"

const struct upstream_request get_request = {
    .method = HTTP_GET,
    .head = {(const uint8_t *)HEAD("GET /") "\r\n", sizeof(HEAD("GET /") "\r\n") - 1},
    .repeatable = true};
const struct upstream_request head_request = {
    .method = HTTP_HEAD,
    .head = {(const uint8_t *)HEAD("HEAD /") "\r\n", sizeof(HEAD("HEAD /") "\r\n") - 1},
    .repeatable = true};
const struct upstream_request post_request = {
    .method = HTTP_POST,
    .head = {(const uint8_t *)HEAD("POST /") "Content-Length: 5\r\n\r\n",
             sizeof(HEAD("POST /") "Content-Length: 5\r\n\r\n") - 1},
    .body = BODY_SIZED,
    .content_length = 5};

#define PATTERN_PERIOD 251u /* a prime: a lost or doubled block of any usual size shows */
static uint8_t pattern[PATTERN_PERIOD + 256u * 1024];

struct bytes pattern_at(size_t offset, size_t n)
{
    if (pattern[1] == 0)
        for (size_t i = 0; i < sizeof pattern; i++)
            pattern[i] = (uint8_t)(i % PATTERN_PERIOD);
    assert_true(n <= 256u * 1024);
    return (struct bytes){pattern + offset % PATTERN_PERIOD, n};
}

uint64_t sum_of(uint64_t sum, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.n; i++)
        sum = sum * 31 + bytes.p[i];
    return sum;
}

/* ---- the target ---- */

static void peer_take(struct peer *p, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n && p->received + i < WORLD_KEPT; i++)
        p->text[p->received + i] = (char)bytes[i];
    p->received += n;
    p->sum = sum_of(p->sum, (struct bytes){bytes, n});
    p->text[p->received < WORLD_KEPT ? p->received : WORLD_KEPT] = '\0';
    if (p->took)
        p->took(p, (struct bytes){bytes, n});
}

static void peer_ended(struct peer *p)
{
    p->ended = true;
    watch_set(p->watch, 0);
}

static void peer_read_tls(struct peer *p)
{
    uint8_t bytes[16 * 1024];
    if (!p->shaken) {
        const enum tls_result r = tls_handshake(p->tls);
        if (r == TLS_CLOSED || r == TLS_FAILED)
            peer_ended(p);
        if (r != TLS_OK)
            return;
        p->shaken = true;
    }
    do {
        size_t n = 0;
        const enum tls_result r = tls_read(p->tls, bytes, sizeof bytes, &n);
        if (r == TLS_OK)
            peer_take(p, bytes, n);
        else if (r == TLS_CLOSED || r == TLS_FAILED)
            peer_ended(p);
        if (r != TLS_OK)
            return;
    } while (tls_pending(p->tls));
}

static void peer_ready(void *ctx, unsigned ready)
{
    struct peer *p = ctx;
    uint8_t bytes[16 * 1024];
    loop_stop(p->world->loop);
    if (!(ready & WATCH_READ) || p->deaf)
        return;
    if (p->tls) {
        peer_read_tls(p);
        return;
    }
    const ssize_t n = recv(p->fd, bytes, sizeof bytes, 0);
    if (n > 0)
        peer_take(p, bytes, (size_t)n);
    else if (n == 0 || errno != EAGAIN)
        peer_ended(p);
}

static void accept_one(void *ctx, unsigned ready)
{
    struct world *w = ctx;
    (void)ready;
    const int fd = accept4(w->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    assert_true(w->accepted < WORLD_CONNECTIONS);
    struct peer *p = &w->peers[w->accepted++];
    *p = (struct peer){.world = w, .fd = fd};
    assert_ok(watch_start(w->loop, fd, WATCH_READ, peer_ready, p, &p->watch));
    if (w->server_tls)
        assert_ok(tls_session_new(w->server_tls, fd, true, NULL, &p->tls));
    if (w->accepted_one)
        w->accepted_one(w, w->accepted - 1);
    loop_stop(w->loop);
}

static int listen_anywhere(uint16_t *out_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    const int buffer = 128 * 1024;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    /* For those accepted too: that a peer takes no more shows soon, whatever this system's usual buffers are.
     */
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *out_port = ntohs(at.sin_port);
    return fd;
}

void world_listen_on(struct world *w, int fd)
{
    w->listener = fd;
    assert_ok(watch_start(w->loop, fd, WATCH_READ, accept_one, w, &w->accepting));
}

bool world_asked(const struct world *w, int peer)
{
    return w->accepted > peer && strstr(w->peers[peer].text, "\r\n\r\n") != NULL;
}

size_t world_send(struct world *w, int peer, struct bytes bytes)
{
    struct peer *p = &w->peers[peer];
    if (p->tls) {
        size_t sent = 0, n = 0;
        while (sent < bytes.n &&
               tls_write(p->tls, (struct bytes){bytes.p + sent, bytes.n - sent}, &n) == TLS_OK)
            sent += n;
        return sent;
    }
    const ssize_t n = send(p->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
    return n > 0 ? (size_t)n : 0;
}

void world_say(struct world *w, int peer, const char *text)
{
    struct peer *p = &w->peers[peer];
    p->received = 0;
    p->text[0] = '\0';
    assert_int_equal(world_send(w, peer, text_bytes(text_of(text))), strlen(text));
}

void world_close(struct world *w, int peer)
{
    struct peer *p = &w->peers[peer];
    if (p->fd < 0)
        return;
    tls_session_free(p->tls);
    p->tls = NULL;
    watch_stop(p->watch);
    (void)close(p->fd);
    p->fd = -1;
}

void world_reset(struct world *w, int peer)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(w->peers[peer].fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    world_close(w, peer);
}

/* ---- calls ---- */

static struct record *entered(void *owner)
{
    struct record *r = owner;
    r->nested = r->nested || r->world->in_api;
    loop_stop(r->world->loop);
    return r;
}

static void on_interim(void *owner, const struct response *head)
{
    struct record *r = entered(owner);
    r->interims++;
    r->status = head->status;
}

static void on_head(void *owner, const struct response *head)
{
    struct record *r = entered(owner);
    r->heads++;
    r->status = head->status;
    if (r->on_head)
        r->on_head(r);
}

static void on_body(void *owner, struct bytes chunk)
{
    struct record *r = entered(owner);
    for (size_t i = 0; i < chunk.n && r->body_size + i < WORLD_KEPT; i++)
        r->body[r->body_size + i] = (char)chunk.p[i];
    r->body_size += chunk.n;
    r->bodies++;
    r->sum = sum_of(r->sum, chunk);
    if (r->on_body)
        r->on_body(r);
}

static void on_writable(void *owner)
{
    struct record *r = entered(owner);
    r->writables++;
    if (r->on_writable)
        r->on_writable(r);
}

static void on_end(void *owner, const struct headers *trailers)
{
    struct record *r = entered(owner);
    r->ends++;
    r->trailers = trailers->count;
    upstream_facts(r->call, &r->facts);
    if (r->on_end)
        r->on_end(r);
    r->call = NULL;
}

static void on_failed(void *owner, enum upstream_failure why, const char *detail, bool answer_started)
{
    struct record *r = entered(owner);
    r->failures++;
    r->why = why;
    r->answer_started = answer_started;
    (void)snprintf(r->detail, sizeof r->detail, "%s", detail);
    upstream_facts(r->call, &r->facts);
    if (r->on_failed)
        r->on_failed(r);
    r->call = NULL;
}

static const struct upstream_events events = {on_interim, on_head, on_body, on_writable, on_end, on_failed};

struct upstream_call *world_start(struct world *w, struct record *r, const struct upstream_request *request)
{
    *r = (struct record){.world = w,
                         .on_head = r->on_head,
                         .on_body = r->on_body,
                         .on_end = r->on_end,
                         .on_failed = r->on_failed,
                         .on_writable = r->on_writable};
    w->in_api = true;
    r->call = upstream_start(w->u, &w->endpoint, request, &events, r, &r->why);
    w->in_api = false;
    assert_false(r->nested);
    return r->call;
}

void world_must_start(struct world *w, struct record *r, const struct upstream_request *request)
{
    assert_non_null(world_start(w, r, request));
}

struct status world_write(struct record *r, struct bytes chunk)
{
    r->world->in_api = true;
    const struct status st = upstream_write(r->call, chunk);
    r->world->in_api = false;
    assert_false(r->nested);
    return st;
}

/* ---- all of it ---- */

static void tick(void *ctx)
{
    loop_stop(ctx);
}

void world_turn(struct world *w)
{
    loop_run(w->loop);
    if (w->each_turn)
        w->each_turn(w);
}

void world_run_for(struct world *w, int64_t ms)
{
    const int64_t until = clock_monotonic_ms() + ms;
    while (clock_monotonic_ms() < until)
        world_turn(w);
}

void world_set_limits(struct world *w)
{
    upstreams_set_limits(w->u, &w->limits);
}

void world_init(struct world *w)
{
    *w = (struct world){.limits = {.connections = 4,
                                   .waiting = 2,
                                   .connect_ms = 30000,
                                   .first_byte_ms = 30000,
                                   .keep_ms = 30000,
                                   .idle_per_pool = 4,
                                   .idle_in_all = 8}};
    w->guard.allow_loopback = true;
    w->loop = loop_new();
    assert_non_null(w->loop);
    assert_ok(timer_start(w->loop, 1, 1, tick, w->loop, &w->tick));
    w->addresses[0] = (struct upstream_address){
        .address = {[10] = 0xff, [11] = 0xff, [12] = 127, [13] = 0, [14] = 0, [15] = 1}};
    world_listen_on(w, listen_anywhere(&w->addresses[0].port));
    w->endpoint = (struct upstream_endpoint){
        .share = {1}, .addresses = w->addresses, .address_count = 1, .server_name = "localhost"};
    assert_ok(upstreams_new(w->loop, &w->guard, &w->u));
    world_set_limits(w);
}

void world_use_tls(struct world *w, const struct pki_identity *server, struct text anchors,
                   const struct pki_identity *client)
{
    struct error err;
    const struct tls_key_pair pair = {server->chain_pem, server->key_pem};
    const struct tls_server_settings server_settings = {.pairs = &pair,
                                                        .pair_count = 1,
                                                        .client_auth =
                                                            client ? TLS_CLIENT_REQUIRED : TLS_CLIENT_NONE,
                                                        .anchors_pem = client ? anchors : (struct text){0},
                                                        .session_context = TEXT("upstream test"),
                                                        .resumption = !client};
    struct tls_client_settings client_settings = {.anchors_pem = anchors, .resume_servers = 8};
    if (client)
        client_settings.own = (struct tls_key_pair){client->chain_pem, client->key_pem};
    assert_ok(tls_server_context_new(&server_settings, &w->server_tls, &err));
    assert_ok(tls_client_context_new(&client_settings, &w->client_tls, &err));
    w->endpoint.tls = w->client_tls;
}

void world_free(struct world *w)
{
    upstreams_free(w->u);
    for (int i = 0; i < w->accepted; i++)
        world_close(w, i);
    timer_stop(w->tick);
    watch_stop(w->accepting);
    if (w->listener >= 0)
        (void)close(w->listener);
    loop_free(w->loop);
    tls_context_unref(w->client_tls);
    tls_context_unref(w->server_tls);
}

struct upstream_stats world_stats(const struct world *w)
{
    struct upstream_stats stats;
    upstreams_stats(w->u, &stats);
    return stats;
}

void world_fails_with(struct world *w, struct record *r, enum upstream_failure why)
{
    wait_for(w, r->failures + r->ends > 0);
    assert_int_equal(r->ends, 0);
    assert_int_equal(r->failures, 1);
    if (r->why != why)
        fail_msg("%s (%s), expected %s", upstream_failure_name(r->why), r->detail,
                 upstream_failure_name(why));
}

void world_answers(struct world *w, struct record *r, int peer)
{
    world_must_start(w, r, &get_request);
    wait_for(w, r->failures == 1 || world_asked(w, peer));
    if (r->failures)
        fail_msg("%s: %s", upstream_failure_name(r->why), r->detail);
    world_say(w, peer, OK_ANSWER);
    wait_for(w, r->ends == 1);
    assert_string_equal(r->body, "hi");
}

void world_unlisten(struct world *w)
{
    watch_stop(w->accepting);
    w->accepting = NULL;
    (void)close(w->listener);
    w->listener = -1;
}
