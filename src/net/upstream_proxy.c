/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "net/upstream_internal.h"
#include "os/sockets.h"

/*
 * Through outbound.proxy: CONNECT (RFC 9110 9.3.6), for http and https targets alike; behind its answer the
 * connection is as any other. Nothing of that answer is used but its status, and nothing may follow its head:
 * a target does not speak first. So no two readers can differ about where it ends.
 */

#define ANSWER_MAX  (16u * 1024)
#define REQUEST_MAX (8u * 1024)
#define WORDS_MAX   128

/* ---- the pool's ---- */

void upstream_proxy_release(struct upstream_pool *p)
{
    mem_free(p->proxy_to);
    secret_release(&p->proxy_authorization);
    p->proxy_to = NULL;
}

/* What it is connected to changes with the addresses of the target; what it is shown is part of `share`. */
bool upstream_proxy_set(struct upstream_pool *p, const struct upstream_endpoint *endpoint)
{
    const struct text to = text_of(endpoint->proxy_to);
    if (text_equal(to, text_of(p->proxy_to)))
        return true;
    char *copy = to.n ? mem_strndup(to.p, to.n) : NULL;
    struct secret authorization = {0};
    const struct bytes shown = text_bytes(endpoint->proxy_authorization);
    if ((to.n && !copy) || (shown.n && !status_ok(secret_copy(&authorization, shown)))) {
        mem_free(copy);
        return false;
    }
    upstream_proxy_release(p);
    p->proxy_to = copy;
    p->proxy_authorization = authorization;
    return true;
}

/* The proxy itself is the operator's word; where it leads to is not. A name is one of outbound.proxy_names.
 */
const char *upstream_proxy_refusal(const struct upstream_pool *p)
{
    struct socket_address to;
    struct error ignored = {0};
    if (!status_ok(socket_address_parse(text_of(p->proxy_to), &to, &ignored)))
        return NULL;
    return guard_check(p->all->guard, &to.any, to.any.sa_family == AF_INET ? sizeof to.v4 : sizeof to.v6);
}

/* ---- asking ---- */

static void fail(struct upstream_connection *uc, const char *words)
{
    upstream_opening_failed(uc, UPSTREAM_PROXY, words);
}

static bool write_request(struct upstream_connection *uc)
{
    const struct upstream_pool *p = uc->pool;
    buffer_init(&uc->proxying, REQUEST_MAX);
    (void)buffer_reserve(&uc->proxying, REQUEST_MAX); /* growing would leave copies of the credentials */
    buffer_printf(&uc->proxying, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", p->proxy_to, p->proxy_to);
    if (p->proxy_authorization.n > 0) {
        buffer_text(&uc->proxying, TEXT("Proxy-Authorization: "));
        buffer_append(&uc->proxying, secret_bytes(&p->proxy_authorization));
        buffer_text(&uc->proxying, TEXT("\r\n"));
    }
    buffer_text(&uc->proxying, TEXT("\r\n"));
    return status_ok(buffer_status(&uc->proxying));
}

static void forget_bytes(struct upstream_connection *uc)
{
    buffer_wipe(&uc->proxying);
    buffer_release(&uc->proxying);
}

void upstream_proxy_forget(struct upstream_connection *uc)
{
    forget_bytes(uc);
    uc->proxy_asked = false;
}

/* false: not all of it yet, or it failed. */
static bool send_request(struct upstream_connection *uc)
{
    while (buffer_size(&uc->proxying) > 0) {
        const struct bytes left = buffer_bytes(&uc->proxying);
        const ssize_t n = send(uc->fd, left.p, left.n, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            watch_set(uc->watch, WATCH_WRITE);
            return false;
        }
        if (n < 0) {
            fail(uc, "it ended the connection");
            return false;
        }
        buffer_consume(&uc->proxying, (size_t)n);
    }
    forget_bytes(uc);
    buffer_init(&uc->proxying, ANSWER_MAX);
    uc->proxy_asked = true;
    watch_set(uc->watch, WATCH_READ);
    return true;
}

/* ---- its answer ---- */

/* With the final empty line; 0: not there yet. */
static size_t head_size(struct text t)
{
    for (size_t i = 3; i < t.n; i++)
        if (memcmp(t.p + i - 3, "\r\n\r\n", 4) == 0)
            return i + 1;
    return 0;
}

static bool is_plain(struct text line)
{
    for (size_t i = 0; i < line.n; i++)
        if (((uint8_t)line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 127)
            return false;
    return true;
}

/* Of "HTTP/1.1 200 Connection established"; 0: it is none. */
static int status_in(struct text line)
{
    if (line.n < 12 || (line.n > 12 && line.p[12] != ' ') || !is_plain(line) ||
        !(text_starts_with(line, TEXT("HTTP/1.1 ")) || text_starts_with(line, TEXT("HTTP/1.0 "))))
        return 0;
    uint64_t status = 0;
    return text_to_u64((struct text){line.p + 9, 3}, 599, &status) && status >= 100 ? (int)status : 0;
}

static int read_head(struct text head)
{
    struct text rest = head;
    int status = 0;
    for (bool first = true; rest.n > 2; first = false) {
        const size_t end = text_find(rest, '\r');
        const struct text line = text_first(rest, end);
        if (!text_starts_with(text_from(rest, end), TEXT("\r\n")) || !is_plain(line))
            return 0;
        if (first)
            status = status_in(line);
        else if (text_find(line, ':') == 0 || text_find(line, ':') == line.n)
            return 0;
        rest = text_from(rest, end + 2);
    }
    return status;
}

/* A head came. true: it was the last one, and the connection is the target's. */
static bool judge(struct upstream_connection *uc, struct text all, size_t head)
{
    const int status = read_head(text_first(all, head));
    char words[WORDS_MAX];
    if (status == 0) {
        fail(uc, "its answer to CONNECT is not HTTP");
    } else if (status >= 200 && status < 300 && head < all.n) {
        fail(uc, "it sent more than an answer to CONNECT");
    } else if (status < 200 || status >= 300) {
        const char *reason = http_reason(status);
        (void)snprintf(words, sizeof words, "the proxy answered %d%s%s", status, *reason ? " " : "", reason);
        fail(uc, words);
    } else {
        return true;
    }
    return false;
}

static bool read_more(struct upstream_connection *uc)
{
    uint8_t *room = buffer_reserve(&uc->proxying, 1024);
    if (!room) {
        if (uc->proxying.failed == E_NOMEM)
            upstream_opening_failed(uc, UPSTREAM_MEMORY, "out of memory");
        else
            fail(uc, "the head of its answer to CONNECT is too large");
        return false;
    }
    const ssize_t n = recv(uc->fd, room, 1024, 0);
    if (n > 0) {
        buffer_commit(&uc->proxying, (size_t)n);
        return true;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        fail(uc, "it ended the connection without an answer to CONNECT");
    return false;
}

static bool begins_like_http(struct text t)
{
    const struct text begin = TEXT("HTTP/1.");
    return t.n < begin.n ? text_starts_with(begin, t) : text_starts_with(t, begin);
}

/* true: connected to the target. Otherwise more is to come, or the call has failed. */
bool upstream_proxy_ready(struct upstream_connection *uc)
{
    if (!uc->proxy_asked && !send_request(uc))
        return false;
    if (!read_more(uc))
        return false;
    const struct text all = buffer_as_text(&uc->proxying);
    if (!begins_like_http(all)) {
        fail(uc, "its answer to CONNECT is not HTTP");
        return false;
    }
    const size_t head = head_size(all);
    if (head == 0 || !judge(uc, all, head))
        return false;
    upstream_proxy_forget(uc);
    return true;
}

bool upstream_proxy_start(struct upstream_connection *uc)
{
    uc->state = UPSTREAM_PROXYING;
    if (!write_request(uc)) {
        const bool memory = uc->proxying.failed == E_NOMEM;
        upstream_opening_failed(uc, memory ? UPSTREAM_MEMORY : UPSTREAM_PROXY,
                                memory ? "out of memory" : "its credentials are too long");
        return false;
    }
    return upstream_proxy_ready(uc);
}
