/* SPDX-License-Identifier: Apache-2.0 */
#include "net/upstream.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "net/upstream_internal.h"

#define POOLS_MAX (64u * 1024)

static const struct {
    const char *name;
    int status;
} failures[UPSTREAM_FAILURE_COUNT] = {
    [UPSTREAM_BUSY] = {"busy", 503},
    [UPSTREAM_GUARDED] = {"guarded", 502},
    [UPSTREAM_CONNECT] = {"connect", 502},
    [UPSTREAM_CONNECT_TIMEOUT] = {"connect_timeout", 504},
    [UPSTREAM_TLS] = {"tls", 502},
    [UPSTREAM_FIRST_BYTE_TIMEOUT] = {"first_byte_timeout", 504},
    [UPSTREAM_IDLE_TIMEOUT] = {"idle_timeout", 504},
    [UPSTREAM_TOTAL_TIMEOUT] = {"total_timeout", 504},
    [UPSTREAM_RESET] = {"reset", 502},
    [UPSTREAM_MALFORMED] = {"malformed", 502},
    [UPSTREAM_MEMORY] = {"memory", 503},
    [UPSTREAM_EJECTED] = {"ejected", 503},
    [UPSTREAM_PROXY] = {"proxy", 502},
};

const char *upstream_failure_name(enum upstream_failure f)
{
    return failures[f].name;
}

int upstream_failure_status(enum upstream_failure f)
{
    return failures[f].status;
}

/* ---- pools ---- */

static void pool_free(struct upstream_pool *p)
{
    tls_context_unref(p->tls);
    upstream_proxy_release(p);
    mem_free(p->server_name);
    mem_free(p);
}
OWNABLE(struct upstream_pool, pool_free);

void upstream_pool_forget_if_empty(struct upstream_pool *p)
{
    if (p->calls > 0 || p->open > 0 || p->serving)
        return;
    (void)map_remove(&p->all->pools, BYTES_OF(p->key));
    pool_free(p);
}

static struct upstream_pool *pool_new(struct upstreams *u, const struct upstream_endpoint *endpoint,
                                      const uint8_t key[static UPSTREAM_KEY_SIZE])
{
    OWNED(pool_free) struct upstream_pool *p = mem_alloc(sizeof *p);
    if (!p)
        return NULL;
    p->all = u;
    memcpy(p->key, key, sizeof p->key);
    p->offers_h2 = key[SHA256_SIZE];
    const struct text name = text_of(endpoint->server_name);
    p->server_name = mem_strndup(name.p ? name.p : "", name.n);
    if (!p->server_name || !status_ok(map_put(&u->pools, BYTES_OF(p->key), p)))
        return NULL;
    return TAKE(p);
}

/* What a name resolves to, and the object that holds the TLS settings, change while the pool lives: the
 * latest count. */
static struct upstream_pool *pool_of(struct upstreams *u, const struct upstream_endpoint *endpoint,
                                     bool upgrade)
{
    uint8_t key[UPSTREAM_KEY_SIZE];
    memcpy(key, endpoint->share, SHA256_SIZE);
    /* Upgrade is not of HTTP/2 (RFC 9113 8.6): such calls have connections of their own. */
    key[SHA256_SIZE] = endpoint->http2 && endpoint->tls && !upgrade;
    struct upstream_pool *p = map_get(&u->pools, BYTES_OF(key));
    if (!p)
        p = pool_new(u, endpoint, key);
    if (!p)
        return NULL;
    if (!upstream_proxy_set(p, endpoint)) {
        upstream_pool_forget_if_empty(p);
        return NULL;
    }
    unsigned n = endpoint->address_count;
    p->address_count = n < UPSTREAM_ADDRESSES_MAX ? n : UPSTREAM_ADDRESSES_MAX;
    for (unsigned i = 0; i < p->address_count; i++)
        p->addresses[i] = endpoint->addresses[i];
    if (p->tls != endpoint->tls) {
        tls_context_unref(p->tls);
        p->tls = endpoint->tls ? tls_context_ref(endpoint->tls) : NULL;
    }
    return p;
}

/* ---- calls ---- */

struct upstream_call *upstream_start(struct upstreams *u, const struct upstream_endpoint *endpoint,
                                     const struct upstream_request *request,
                                     const struct upstream_events *events, void *owner,
                                     enum upstream_failure *out_why)
{
    *out_why = UPSTREAM_MEMORY;
    struct upstream_pool *p = pool_of(u, endpoint, request->upgrade);
    if (!p)
        return NULL;
    const bool left_out = upstream_health_leaves_out_all(p);
    if (left_out || upstream_pool_is_full(p)) {
        *out_why = left_out ? UPSTREAM_EJECTED : UPSTREAM_BUSY;
        upstream_pool_forget_if_empty(p);
        return NULL;
    }
    struct upstream_call *c = upstream_call_new(p, request);
    if (!c) {
        upstream_pool_forget_if_empty(p);
        return NULL;
    }
    c->events = events;
    c->owner = owner;
    upstream_place(c, NULL);
    return c;
}

/* ---- all of them ---- */

static void free_all(struct upstreams *u)
{
    upstreams_free(u);
}
OWNABLE(struct upstreams, free_all);

struct status upstreams_new(struct loop *loop, const struct guard *guard, struct upstreams **out)
{
    OWNED(free_all) struct upstreams *u = mem_alloc(sizeof *u);
    if (!u)
        return STATUS(NOMEM);
    u->loop = loop;
    u->guard = guard;
    u->limits = (struct upstream_limits){.connections = 256,
                                         .waiting = 1024,
                                         .connect_ms = 5000,
                                         .first_byte_ms = 60000,
                                         .idle_ms = 60000,
                                         .keep_ms = 60000,
                                         .idle_per_pool = 64,
                                         .idle_in_all = 1024,
                                         .streams = 100};
    map_init(&u->pools, POOLS_MAX);
    upstream_health_init(u);
    u->read_buffer = mem_alloc(UPSTREAM_READ_SIZE);
    if (!u->read_buffer)
        return STATUS(NOMEM);
    TRY(upstream_timeouts_new(u));
    TRY(upstream_later_new(u));
    *out = TAKE(u);
    return DONE;
}

void upstreams_free(struct upstreams *u)
{
    if (!u)
        return;
    must(u->calls == 0);
    while (u->oldest_idle)
        upstream_connection_close(u->oldest_idle);
    must(u->open == 0 && u->pools.count == 0);
    while (u->free_calls) {
        struct upstream_call *c = u->free_calls;
        u->free_calls = c->next;
        buffer_release(&c->out);
        mem_free(c);
    }
    map_release(&u->pools);
    upstream_health_release(u);
    upstream_timeouts_free(u);
    upstream_later_free(u);
    if (u->read_buffer)
        explicit_bzero(u->read_buffer, UPSTREAM_READ_SIZE); /* answers are nobody else's business */
    mem_free(u->read_buffer);
    mem_free(u);
}

void upstreams_set_limits(struct upstreams *u, const struct upstream_limits *limits)
{
    u->limits = *limits;
    upstream_timeouts_set(u);
    while (u->idling > limits->idle_in_all)
        upstream_connection_close(u->oldest_idle);
}

/* The oldest idle one that leads where calls must not go any more. */
static struct upstream_connection *refused_idle(const struct upstreams *u)
{
    struct upstream_connection *uc = u->oldest_idle;
    while (uc && upstream_may_connect(uc))
        uc = uc->younger;
    return uc;
}

/* One that is being opened, and one of HTTP/1.1 that carries a call, are looked at when that is done. */
void upstreams_guard_changed(struct upstreams *u)
{
    struct upstream_connection *uc;
    size_t cursor = 0;
    struct bytes key;
    void *pool;
    while (map_next(&u->pools, &cursor, &key, &pool)) {
        const struct upstream_pool *p = pool;
        for (struct upstream_node *n = p->sharing.first; n; n = n->after) {
            uc = UPSTREAM_OF(struct upstream_connection, sharing, n);
            uc->retired = uc->retired || !upstream_may_connect(uc);
        }
    }
    while ((uc = refused_idle(u)))
        upstream_connection_close(uc);
}

void upstreams_count_in(struct upstreams *u, struct slab *slab)
{
    u->slab = slab;
}

void upstreams_stats(const struct upstreams *u, struct upstream_stats *out)
{
    *out = (struct upstream_stats){.pools = (unsigned)u->pools.count,
                                   .open = u->open,
                                   .idle = u->idling,
                                   .waiting = u->waiting,
                                   .connections_made = u->made,
                                   .connections_reused = u->reused};
}
