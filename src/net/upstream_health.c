/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/upstream_internal.h"
#include "os/sockets.h"

/*
 * Addresses that fail. `eject_after` failures in a row to connect to an address, or to get as much as the
 * head of an answer from it, and it is left out for eject_ms, twice as long each further time up to sixteen
 * times; then a single call tries it (half open), and the next one when that has taken longer than getting a
 * connection may: a caller with a slow upload, or one who waits long for his answer, keeps nobody else away.
 * What the target answers is no failure, whatever its status, nor is a caller who leaves, nor the end of a
 * connection that had answered calls before, or its silence. An attempt to connect is one failure, however
 * many callers it keeps waiting for too long.
 *
 * Only addresses with failures are remembered: a target that is well costs one comparison. They are a pool's
 * own (its TLS settings may be what fails) and stay when the pool is forgotten, until they are well or
 * HEALTH_MAX others have failed since.
 */

#define HEALTH_MAX  4096
#define DOUBLED_MAX 4 /* times */
#define KEY_SIZE    (SHA256_SIZE + 16 + 2)
#define TRIAL_MS    1000 /* of one call alone, and what getting a connection may take */

struct upstream_health {
    uint8_t key[KEY_SIZE];
    struct upstream_health *newer, *older; /* by last failure */
    unsigned failures;                     /* in a row */
    unsigned times;                        /* left out in a row; 0 = it takes part */
    int64_t until_ms;                      /* monotonic */
    struct upstream_call *tried_by;        /* which has it as `tries` */
    int64_t tried_until_ms;                /* monotonic; from then on another call may try it as well */
    bool unreached;                        /* the last failure: no connection */
};

static void write_key(const uint8_t share[static SHA256_SIZE], const struct upstream_address *a,
                      uint8_t out[static KEY_SIZE])
{
    memcpy(out, share, SHA256_SIZE);
    memcpy(out + SHA256_SIZE, a->address, sizeof a->address);
    out[KEY_SIZE - 2] = (uint8_t)(a->port >> 8);
    out[KEY_SIZE - 1] = (uint8_t)a->port;
}

static struct upstream_health *find(const struct upstreams *u, const uint8_t share[static SHA256_SIZE],
                                    const struct upstream_address *a)
{
    uint8_t key[KEY_SIZE];
    if (u->health.count == 0)
        return NULL;
    write_key(share, a, key);
    return map_get(&u->health, BYTES_OF(key));
}

/* ---- what is remembered ---- */

static void unlink_health(struct upstreams *u, struct upstream_health *h)
{
    *(h->newer ? &h->newer->older : &u->newest_health) = h->older;
    *(h->older ? &h->older->newer : &u->oldest_health) = h->newer;
    h->newer = h->older = NULL;
}

static void put_newest(struct upstreams *u, struct upstream_health *h)
{
    h->older = u->newest_health;
    *(h->older ? &h->older->newer : &u->oldest_health) = h;
    u->newest_health = h;
}

static void stop_trying(struct upstream_health *h)
{
    if (h->tried_by)
        h->tried_by->tries = NULL;
    h->tried_by = NULL;
}

static void forget(struct upstreams *u, struct upstream_health *h)
{
    stop_trying(h);
    unlink_health(u, h);
    (void)map_remove(&u->health, BYTES_OF(h->key));
    mem_free(h);
}

static struct upstream_health *find_or_add(struct upstreams *u, const uint8_t share[static SHA256_SIZE],
                                           const struct upstream_address *a)
{
    struct upstream_health *h = find(u, share, a);
    if (h) {
        unlink_health(u, h);
        put_newest(u, h);
        return h;
    }
    while (u->oldest_health && u->health.count >= HEALTH_MAX)
        forget(u, u->oldest_health);
    h = mem_alloc(sizeof *h);
    if (!h)
        return NULL;
    write_key(share, a, h->key);
    if (!status_ok(map_put(&u->health, BYTES_OF(h->key), h))) {
        mem_free(h);
        return NULL;
    }
    put_newest(u, h);
    return h;
}

void upstream_health_init(struct upstreams *u)
{
    map_init(&u->health, HEALTH_MAX);
}

void upstream_health_release(struct upstreams *u)
{
    while (u->oldest_health)
        forget(u, u->oldest_health);
    map_release(&u->health);
}

/* ---- leaving out ---- */

static bool takes_part(const struct upstreams *u, const struct upstream_health *h)
{
    if (!h || h->times == 0 || u->limits.eject_after == 0)
        return true;
    const int64_t now = clock_monotonic_ms();
    return now >= h->until_ms && (!h->tried_by || now >= h->tried_until_ms);
}

static void say(enum log_level level, const char *event, const struct upstream_pool *p,
                const struct upstream_address *a, unsigned failures, int64_t for_ms)
{
    char text[SOCKET_TEXT_MAX];
    struct socket_address shown;
    (void)upstream_socket_address(a, &shown);
    log_event(level, event, F_CSTR("host", p->server_name),
              F_CSTR("address", socket_address_format(&shown, text)), F_INT("failures", failures),
              F_INT("left_out_ms", for_ms));
}

static bool leads_to(const struct upstream_connection *uc, const struct upstream_address *a)
{
    return memcmp(uc->address.address, a->address, sizeof a->address) == 0 && uc->address.port == a->port;
}

/* Connections to it are worth no more than new ones: idle ones close, those of HTTP/2 that carry calls take
 * no more. One of HTTP/1.1 in use stays: it gets another call only after it has answered. */
static void retire_connections(struct upstream_pool *p, const struct upstream_address *a)
{
    const bool serving = p->serving;
    for (struct upstream_node *n = p->sharing.first; n; n = n->after) {
        struct upstream_connection *uc = UPSTREAM_OF(struct upstream_connection, sharing, n);
        uc->retired = uc->retired || leads_to(uc, a);
    }
    p->serving = true; /* and the pool stays */
    for (struct upstream_connection *uc = p->idle, *below; uc; uc = below) {
        below = uc->below;
        if (leads_to(uc, a))
            upstream_connection_close(uc);
    }
    p->serving = serving;
}

static void leave_out(struct upstream_pool *p, const struct upstream_address *a, struct upstream_health *h)
{
    struct upstreams *u = p->all;
    stop_trying(h);
    const int64_t for_ms = u->limits.eject_ms << (h->times < DOUBLED_MAX ? h->times : DOUBLED_MAX);
    h->until_ms = clock_monotonic_ms() + for_ms;
    if (h->times++ == 0 && u->slab)
        slab_add(u->slab, SLAB_OUTBOUND_EJECTIONS, 1);
    say(LOG_WARNING, "outbound.address_left_out", p, a, h->failures, for_ms);
    retire_connections(p, a);
}

/* Of an address that is left out only calls that try it say something new, not those on connections from
 * before. */
static bool tries(const struct upstream_call *c, const struct upstream_health *h)
{
    return h->tried_by == c || c->started_us / 1000 >= h->until_ms;
}

static void note_failure(struct upstream_call *c, const struct upstream_address *a, bool unreached)
{
    struct upstreams *u = c->all;
    if (u->limits.eject_after == 0)
        return;
    struct upstream_health *h = find_or_add(u, c->pool->key, a);
    if (!h)
        return;
    if (h->failures < UINT32_MAX)
        h->failures++;
    h->unreached = unreached;
    if (h->times > 0 ? tries(c, h) : h->failures >= u->limits.eject_after)
        leave_out(c->pool, a, h);
}

void upstream_health_unreached(struct upstream_connection *uc, const struct upstream_address *a,
                               struct upstream_call *c)
{
    if (!uc->blamed)
        note_failure(c, a, true);
    uc->blamed = true;
}

/* What had failed works. Whether answers come is for all to see. */
void upstream_health_reached(struct upstream_call *c)
{
    if (c->tries && c->tries->unreached)
        stop_trying(c->tries);
}

void upstream_health_fine(struct upstream_connection *uc)
{
    struct upstreams *u = uc->all;
    struct upstream_health *h = find(u, uc->pool->key, &uc->address);
    uc->blamed = false;
    if (!h)
        return;
    if (h->times > 0)
        say(LOG_NOTICE, "outbound.address_back", uc->pool, &uc->address, h->failures, 0);
    if (h->times > 0 && u->slab)
        slab_add(u->slab, SLAB_OUTBOUND_RETURNS, 1);
    forget(u, h);
}

void upstream_health_judge(struct upstream_call *c, struct upstream_connection *uc, enum upstream_failure why)
{
    if (!uc)
        return;
    if (why == UPSTREAM_CONNECT_TIMEOUT) {
        upstream_health_unreached(uc, &uc->address, c);
        return;
    }
    if (c->head_told || uc->carried || uc->blamed)
        return;
    uc->blamed = why == UPSTREAM_RESET; /* by the first of many calls */
    if (uc->blamed || why == UPSTREAM_FIRST_BYTE_TIMEOUT)
        note_failure(c, &uc->address, false);
}

/* ---- trying ---- */

bool upstream_health_admits(struct upstream_call *c, const struct upstream_address *a)
{
    struct upstream_health *h = find(c->all, c->pool->key, a);
    if (!takes_part(c->all, h))
        return false;
    if (h && h->times > 0) {
        upstream_health_undecided(c);
        stop_trying(h);
        h->tried_by = c;
        h->tried_until_ms = clock_monotonic_ms() + c->all->limits.connect_ms + TRIAL_MS;
        c->tries = h;
    }
    return true;
}

void upstream_health_undecided(struct upstream_call *c)
{
    if (c->tries)
        stop_trying(c->tries);
}

bool upstream_health_leaves_out_all(const struct upstream_pool *p)
{
    if (p->all->health.count == 0 || p->address_count == 0)
        return false;
    for (unsigned i = 0; i < p->address_count; i++)
        if (takes_part(p->all, find(p->all, p->key, &p->addresses[i])))
            return false;
    return true;
}

int64_t upstream_ejected_ms(const struct upstreams *u, const struct upstream_endpoint *endpoint)
{
    const int64_t now = clock_monotonic_ms();
    int64_t least = 0;
    for (unsigned i = 0; i < endpoint->address_count; i++) {
        const struct upstream_health *h = find(u, endpoint->share, &endpoint->addresses[i]);
        if (takes_part(u, h))
            return 0;
        const int64_t left = h->until_ms > now ? h->until_ms - now : 1; /* it is being tried */
        least = least == 0 || left < least ? left : least;
    }
    return least;
}
