/* SPDX-License-Identifier: Apache-2.0 */
#include "net/connection.h"

/* Between the HTTP session and the handler: counts, and keeps the connection's own state in step with its
 * exchanges. */

static void on_request(void *owner, struct exchange *x)
{
    struct connection *c = owner;
    struct net_server *s = c->server;
    slab_add(s->settings.slab, x->request.version == HTTP_2 ? SLAB_REQUESTS_H2 : SLAB_REQUESTS_H1, 1);
    if (x->request.body != BODY_NONE) {
        x->uploading = true;
        if (c->uploads++ == 0) {
            c->body_started_ms = loop_now_ms(s->settings.loop);
            c->body_bytes = 0;
        }
    }
    s->settings.handler->request(s->settings.ctx, c, x);
}

/* Once per exchange: at the end of its body, or, where nobody wanted the body, at its own. */
static void upload_ended(struct connection *c, struct exchange *x)
{
    if (x->uploading)
        c->uploads--;
    x->uploading = false;
}

static void on_body(void *owner, struct exchange *x, struct bytes chunk)
{
    struct connection *c = owner;
    c->server->settings.handler->body(c->server->settings.ctx, c, x, chunk);
}

static void on_body_end(void *owner, struct exchange *x)
{
    struct connection *c = owner;
    upload_ended(c, x);
    c->server->settings.handler->body_end(c->server->settings.ctx, c, x);
}

static void on_drained(void *owner, struct exchange *x)
{
    struct connection *c = owner;
    c->server->settings.handler->drained(c->server->settings.ctx, c, x);
}

static void on_finished(void *owner, struct exchange *x, bool cancelled)
{
    struct connection *c = owner;
    upload_ended(c, x);
    c->server->settings.handler->finished(c->server->settings.ctx, c, x, cancelled);
    if (c->kind == NET_HOP) {
        c->has_preamble = false;
        buffer_clear(&c->preamble_bytes);
    }
}

static size_t on_write_now(void *owner, const struct bytes *parts, size_t count)
{
    return connection_write_now(owner, parts, count);
}

const struct session_events connection_session_events = {
    .request = on_request,
    .body = on_body,
    .body_end = on_body_end,
    .drained = on_drained,
    .finished = on_finished,
    .write_now = on_write_now,
};
