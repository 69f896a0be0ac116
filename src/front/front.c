/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/random.h"
#include "front/front_internal.h"
#include "os/processes.h"

#define HOP_CONNECTIONS_MAX 256
#define HOP_WAITING_MAX     4096
#define HOP_WAIT_MS         2000 /* DESIGN 3.1 (3): core away: requests wait at most this long */
#define HOP_IDLE_MS         60000
#define IDENTITIES_MAX      65536
/* The largest body of any route, and the largest head there may be (limits.header_bytes, limits.uri_bytes)
 * with the preamble in front. */
#define SCRATCH_MAX (LIMIT_BODY_SERVICE + 2u * 1024 * 1024)

/* ---- what the settings say about peers ---- */
static struct net_limits limits_from(const struct settings *s)
{
    return (struct net_limits){
        .connections = (unsigned)s->limit_connections,
        .connections_per_address = (unsigned)s->limit_connections_per_address,
        .handshakes_per_address = (unsigned)s->limit_handshakes_per_address,
        .idle_ms = s->limit_idle_ms,
        .header_ms = s->limit_header_ms,
        .body_idle_ms = s->limit_body_idle_ms,
        .handshake_ms = s->limit_handshake_ms,
        .write_ms = s->limit_write_ms,
        .body_min_rate = (unsigned)s->limit_body_min_rate,
    };
}

static struct session_settings session_from(const struct settings *s)
{
    struct session_settings out;
    session_settings_default(&out);
    out.header_bytes = (size_t)s->limit_header_bytes;
    out.header_count = (size_t)s->limit_header_count;
    out.uri_bytes = (size_t)s->limit_uri_bytes;
    out.h2_streams = (uint32_t)s->limit_h2_streams;
    out.h2_resets_per_second = (uint32_t)s->limit_h2_resets;
    out.h2_control_per_second = (uint32_t)s->limit_h2_control;
    return out;
}

/* ---- words of the supervisor ---- */
static void reload_prepare(struct front *f, int fd)
{
    struct error err = {0};
    settings_free(TAKE(f->next_settings));
    struct status st = settings_read(fd, &f->next_settings, &err);
    (void)close(fd);
    enum child_word answer = status_ok(st) ? CHILD_RELOAD_OK : CHILD_RELOAD_REFUSED;
    status_ignore(child_send(f->ch->control_fd, answer, status_ok(st) ? NULL : error_text(&err, st), -1));
}

static void reload_apply(struct front *f)
{
    if (!f->next_settings)
        return;
    settings_free(f->settings);
    f->settings = TAKE(f->next_settings);
    struct net_limits limits = limits_from(f->settings);
    struct session_settings session = session_from(f->settings);
    net_server_set_limits(f->server, &limits, &session);
    log_configure(f->settings->log_level, f->settings->log_format, NULL);
    front_access_configure(f);
    front_reload_outbound(f);
    front_ask_listeners(f);
}

void front_check_stopped(struct front *f)
{
    if (!f->stopping || f->stopped_said || net_server_connections(f->server) > 0)
        return;
    front_tally_flush(f);
    if (f->telling > 0) /* the core stops when we have, and must have heard this by then */
        return;
    f->stopped_said = true;
    status_ignore(child_send(f->ch->control_fd, CHILD_STOPPED, NULL, -1));
    if (!f->ch->single)
        loop_stop(f->loop);
}

static void stop(struct front *f)
{
    f->stopping = true;
    net_server_drain(f->server);
    front_check_stopped(f);
}

static void on_control(void *ctx, unsigned ready)
{
    (void)ready;
    struct front *f = ctx;
    struct child_message m;
    struct status st = child_receive(f->ch->control_fd, &m);
    if (st.code == E_UNAVAILABLE) {
        loop_stop(f->loop); /* the supervisor is gone */
        return;
    }
    if (!status_ok(st))
        return;
    if (m.word == CHILD_RELOAD)
        reload_prepare(f, m.fd);
    else if (m.word == CHILD_RELOAD_APPLY)
        reload_apply(f);
    else if (m.word == CHILD_RELOAD_DROP)
        settings_free(TAKE(f->next_settings));
    else if (m.word == CHILD_STOP)
        stop(f);
}

static void on_lifeline(void *ctx, unsigned ready)
{
    (void)ready;
    struct front *f = ctx;
    loop_stop(f->loop);
}

/* ---- the page's wake-up, and the second ---- */
static void on_wake(void *ctx, unsigned ready)
{
    (void)ready;
    struct front *f = ctx;
    uint64_t count;
    if (read(f->ch->wake_fds[0], &count, sizeof count) < 0)
        return;
    identity_recheck(f);
    if (f->outbound)
        outbound_recheck(f->outbound);
    if (front_listeners_stale(f))
        front_ask_listeners(f);
}

static void every_second(void *ctx)
{
    struct front *f = ctx;
    atomic_store_explicit(&f->slab->heartbeat_ms, clock_monotonic_ms(), memory_order_relaxed);
    if (front_listeners_stale(f))
        front_ask_listeners(f);
    if (f->outbound)
        outbound_recheck(f->outbound); /* what could not be asked at the wake-up */
    front_tally_flush(f);
    front_check_stopped(f);
}

/* ---- start ---- */
static struct status make_pools(struct front *f)
{
    struct pool_settings settings = {
        .loop = f->loop,
        .unix_path = f->ch->hop_edge_path,
        .greeting = HOP_VERSION,
        .trusted_peer = true,
        .max_connections = HOP_CONNECTIONS_MAX,
        .max_waiting = HOP_WAITING_MAX,
        .connect_ms = HOP_WAIT_MS,
        .idle_ms = HOP_IDLE_MS,
    };
    TRY(pool_new(&settings, &f->edge));
    settings.unix_path = f->ch->hop_egress_path;
    return pool_new(&settings, &f->egress);
}

static struct status make_server(struct front *f)
{
    const struct net_server_settings settings = {
        .loop = f->loop,
        .handler = &front_handler,
        .ctx = f,
        .session = session_from(f->settings),
        .limits = limits_from(f->settings),
        .slab = f->slab,
    };
    return net_server_new(&settings, &f->server);
}

static struct status watch_channels(struct front *f)
{
    const struct child_channels *ch = f->ch;
    TRY(watch_start(f->loop, ch->control_fd, WATCH_READ, on_control, f, &f->control_watch));
    TRY(watch_start(f->loop, ch->wake_fds[0], WATCH_READ, on_wake, f, &f->wake_watch));
    if (ch->lifeline_fd >= 0)
        TRY(watch_start(f->loop, ch->lifeline_fd, WATCH_READ, on_lifeline, f, &f->lifeline_watch));
    return timer_start(f->loop, 200, 1000, every_second, f, &f->second_timer);
}

static struct status build(struct front *f, struct error *err)
{
    TRY(settings_read(f->ch->config_fd, &f->settings, err));
    front_access_configure(f);
    TRY(page_map(f->ch->page_fd, false, &f->page));
    TRY(slab_map(f->ch->slab_fd, &f->slab));
    atomic_store(&f->slab->gauges_connections, 0);
    TRY(router_new(api_routes, api_route_count, &f->router, err));
    TRY(make_server(f));
    TRY(make_pools(f));
    TRY(front_start_outbound(f, err));
    TRY(watch_channels(f));
    front_ask_listeners(f);
    return DONE;
}

struct status front_start(struct loop *loop, const struct child_channels *ch, struct front **out,
                          struct error *err)
{
    struct front *f = mem_alloc(sizeof *f);
    if (!f)
        return STATUS(NOMEM);
    f->loop = loop;
    f->ch = ch;
    f->id_seed = (uint32_t)random_u64();
    buffer_init(&f->scratch, SCRATCH_MAX);
    map_init(&f->identities, IDENTITIES_MAX);
    map_init(&f->questions, HOP_WAITING_MAX);
    map_init(&f->slots, HOP_WAITING_MAX);
    map_init(&f->tallies, HOP_WAITING_MAX);
    map_init(&f->seen, HOP_WAITING_MAX);
    struct error inner = {0};
    struct status st = build(f, &inner);
    if (!status_ok(st)) {
        front_free(f);
        return error_set(err, st.code, "front: %s", error_text(&inner, st));
    }
    *out = f;
    return DONE;
}

void front_free(struct front *f)
{
    if (!f)
        return;
    f->stopped_said = true; /* calls that fail below ask whether we may stop */
    watch_stop(f->control_watch);
    watch_stop(f->wake_watch);
    watch_stop(f->lifeline_watch);
    timer_stop(f->second_timer);
    net_server_free(f->server);
    pool_free(f->edge);
    pool_free(f->egress);
    outbound_free(f->outbound);
    front_free_listeners(f);
    identity_release_all(f);
    front_tally_release(f);
    front_slots_release(f);
    buffer_release(&f->scratch);
    router_free(f->router);
    settings_free(f->settings);
    settings_free(f->next_settings);
    page_unmap(&f->page);
    slab_unmap(f->slab);
    mem_free(f);
}

int front_main(const struct child_channels *ch)
{
    struct error err = {0};
    struct front *f = NULL;
    struct loop *loop = loop_new();
    struct status st = loop ? front_start(loop, ch, &f, &err) : STATUS(NOMEM);
    if (!status_ok(st)) {
        status_ignore(child_send(ch->control_fd, CHILD_FAILED, error_text(&err, st), -1));
        loop_free(loop);
        return 1;
    }
    loop_run(loop);
    front_free(f);
    loop_free(loop);
    return 0;
}
