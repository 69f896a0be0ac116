/* SPDX-License-Identifier: Apache-2.0 */
#include "core/core.h"

#include <stdio.h>
#include <unistd.h>

#include "api/compass/compass.h"
#include "api/front/series.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "ca/ca.h"
#include "connector/connector.h"
#include "core/core_internal.h"
#include "director/director.h"
#include "store/store.h"
#include "vault/vault.h"

#define READ_CONNECTIONS 8
#define WRITE_QUEUE_MAX  4096

/* ---- words of the supervisor ---- */
static void reload_prepare(struct core *c, int fd)
{
    struct error err = {0};
    snapshot_unref(TAKE(c->next));
    struct status st = snapshot_new(c, fd, c->current, &c->next, &err);
    (void)close(fd);
    enum child_word answer = status_ok(st) ? CHILD_RELOAD_OK : CHILD_RELOAD_REFUSED;
    status_ignore(child_send(c->ch->control_fd, answer, status_ok(st) ? NULL : error_text(&err, st), -1));
}

static void reload_apply(struct core *c)
{
    if (!c->next)
        return;
    c->next->domain.started_at = c->current->domain.started_at;
    snapshot_unref(c->current);
    c->current = TAKE(c->next);
    log_configure(c->current->settings->log_level, c->current->settings->log_format, NULL);
    page_bump_all(&c->page); /* subjects, URLs and files may have changed what any answer says */
    page_wake(&c->page);
}

static void check_stopped(struct core *c)
{
    if (!c->stopping || c->stopped_said || c->running > 0)
        return;
    c->stopped_said = true;
    status_ignore(connector_flush_refusals(c->current->domain.connector, true));
    status_ignore(child_send(c->ch->control_fd, CHILD_STOPPED, NULL, -1));
    if (!c->ch->single)
        loop_stop(c->loop);
}

static void on_control(void *ctx, unsigned ready)
{
    (void)ready;
    struct core *c = ctx;
    struct child_message m;
    struct status st = child_receive(c->ch->control_fd, &m);
    if (st.code == E_UNAVAILABLE) {
        loop_stop(c->loop); /* the supervisor is gone */
        return;
    }
    if (!status_ok(st))
        return;
    if (m.word == CHILD_RELOAD) {
        reload_prepare(c, m.fd);
    } else if (m.word == CHILD_RELOAD_APPLY) {
        reload_apply(c);
    } else if (m.word == CHILD_RELOAD_DROP) {
        snapshot_unref(TAKE(c->next));
    } else if (m.word == CHILD_STOP) {
        c->stopping = true;
        check_stopped(c);
    }
}

static void on_lifeline(void *ctx, unsigned ready)
{
    (void)ready;
    struct core *c = ctx;
    loop_stop(c->loop);
}

static void every_second(void *ctx)
{
    struct core *c = ctx;
    atomic_store_explicit(&c->slab->heartbeat_ms, clock_monotonic_ms(), memory_order_relaxed);
    core_housekeeping(c);
    check_stopped(c);
}

/* ---- start ---- */
static struct status open_store(struct core *c, const struct settings *s, struct error *err)
{
    char url[4096 + 32];
    if (s->store_url[0])
        (void)snprintf(url, sizeof url, "%s", s->store_url);
    else
        (void)snprintf(url, sizeof url, "sqlite:%s/fairlead.db", s->data_dir);
    const struct store_settings settings = {
        .url = text_of(url),
        .read_connections = READ_CONNECTIONS,
        .write_queue_max = WRITE_QUEUE_MAX,
    };
    return store_open(&settings, &c->store, err);
}

static struct status open_vault(struct core *c, const struct settings *s, struct error *err)
{
    const struct vault_settings settings = {
        .key_file = text_of(s->vault_key_file),
        .data_dir = text_of(s->data_dir),
        .may_create = true,
    };
    return vault_open(&settings, c->store, &c->vault, err);
}

static struct status open_ca(struct core *c, const struct settings *s, struct error *err)
{
    const struct ca_settings settings = {
        .key_algorithm = text_of(s->ca_key_algorithm),
        .subject = text_of(s->ca_subject),
        .validity_s = s->ca_validity_ms / 1000,
        .certificate_file = text_of(s->ca_certificate_file),
        .key_file = text_of(s->ca_key_file),
        .root_file = text_of(s->ca_root_file),
        .crl_url = text_of(s->ca_crl_url),
        .ocsp_url = text_of(s->ca_ocsp_url),
        .issuer_url = text_of(s->ca_issuer_url),
    };
    TRY(ca_open(&settings, c->store, c->vault, &c->ca, err));
    TRY(director_default_tenant(c->store, err));
    return compass_new(&c->compass, err);
}

static struct status open_domain(struct core *c, struct error *err)
{
    struct snapshot *first = NULL;
    TRY(snapshot_new(c, c->ch->config_fd, NULL, &first, err));
    struct status st = open_store(c, first->settings, err);
    if (status_ok(st))
        st = open_vault(c, first->settings, err);
    if (status_ok(st))
        st = open_ca(c, first->settings, err);
    snapshot_unref(first);
    TRY(st);
    return snapshot_new(c, c->ch->config_fd, NULL, &c->current, err);
}

static struct status map_shared(struct core *c)
{
    TRY(page_map(c->ch->page_fd, true, &c->page));
    for (unsigned i = 0; i < c->ch->wake_count; i++)
        page_add_wake(&c->page, c->ch->wake_fds[i]);
    TRY(slab_map(c->ch->slab_fd, &c->slab));
    c->slabs[c->slab_count++] = c->slab;
    TRY(series_open(c->slab, &c->series));
    for (unsigned i = 0; i < c->ch->front_slab_count; i++)
        TRY(slab_map(c->ch->front_slab_fds[i], &c->slabs[c->slab_count++]));
    return slab_map(c->ch->fetcher_slab_fd, &c->fetcher_slab);
}

static struct status listen_sockets(struct core *c)
{
    /* Connections of our own fronts and of the CLI: one per request at most, no time-outs of the network
     * kind. */
    const struct net_limits limits = {
        .connections = 65536,
        .connections_per_address = 65536,
        .handshakes_per_address = 65536,
        .idle_ms = 3600000,
        .header_ms = 60000,
        .body_idle_ms = 60000,
        .handshake_ms = 10000,
        .write_ms = 60000,
    };
    struct net_server_settings settings = {
        .loop = c->loop, .handler = &core_handler, .ctx = c, .limits = limits, .slab = &c->hop_slab};
    session_settings_default(&settings.session);
    settings.session.trusted_peer = true;
    settings.session.header_count *= 2; /* what a client may send, and what the front adds */
    settings.session.header_bytes *= 2;
    TRY(net_server_new(&settings, &c->server));
    TRY(net_listen(c->server, c->ch->hop_edge_fd, NET_HOP, CORE_EDGE, NULL));
    TRY(net_listen(c->server, c->ch->hop_egress_fd, NET_HOP, CORE_EGRESS, NULL));
    settings.session.trusted_peer = false; /* the CLI is ours, but anything of the same user may connect */
    TRY(net_server_new(&settings, &c->control));
    return net_listen(c->control, c->ch->control_listen_fd, NET_CONTROL, CORE_CONTROL, NULL);
}

static struct status watch_channels(struct core *c)
{
    TRY(watch_start(c->loop, c->ch->control_fd, WATCH_READ, on_control, c, &c->control_watch));
    if (c->ch->lifeline_fd >= 0)
        TRY(watch_start(c->loop, c->ch->lifeline_fd, WATCH_READ, on_lifeline, c, &c->lifeline_watch));
    return timer_start(c->loop, 100, 1000, every_second, c, &c->second_timer);
}

static struct status build(struct core *c, struct error *err)
{
    TRY(map_shared(c));
    TRY(open_domain(c, err));
    TRY(router_new(api_routes, api_route_count, &c->router, err));
    TRY(workqueue_new(c->loop, "request", REQUEST_THREADS,
                      (unsigned)c->current->settings->limit_core_requests, &c->requests));
    TRY(watch_channels(c));
    /* Before the socket opens: whatever a front remembers from an earlier core is stale (DESIGN 3.1, 1). */
    page_bump_all(&c->page);
    TRY(listen_sockets(c));
    page_wake(&c->page);
    return DONE;
}

struct status core_start(struct loop *loop, const struct child_channels *ch, struct core **out,
                         struct error *err)
{
    struct core *c = mem_alloc(sizeof *c);
    if (!c)
        return STATUS(NOMEM);
    c->loop = loop;
    c->ch = ch;
    memcpy(c->fetcher.path, ch->fetch_path, sizeof c->fetcher.path);
    struct error inner = {0};
    struct status st = build(c, &inner);
    if (!status_ok(st)) {
        core_free(c);
        return error_set(err, st.code, "%s", error_text(&inner, st));
    }
    *out = c;
    status_ignore(child_send(ch->control_fd, CHILD_READY, NULL, -1));
    return DONE;
}

void core_free(struct core *c)
{
    if (!c)
        return;
    watch_stop(c->control_watch);
    watch_stop(c->lifeline_watch);
    timer_stop(c->second_timer);
    net_server_free(c->control);
    net_server_free(c->server); /* requests on threads lose their exchange and finish alone */
    workqueue_free(c->requests);
    snapshot_unref(c->current);
    snapshot_unref(c->next);
    router_free(c->router);
    compass_free(c->compass);
    ca_close(c->ca);
    vault_close(c->vault);
    store_close(c->store);
    series_close(c->series);
    for (unsigned i = 0; i < c->slab_count; i++)
        slab_unmap(c->slabs[i]);
    slab_unmap(c->fetcher_slab);
    page_unmap(&c->page);
    mem_free(c);
}

int core_main(const struct child_channels *ch)
{
    struct error err = {0};
    struct core *c = NULL;
    struct loop *loop = loop_new();
    struct status st = loop ? core_start(loop, ch, &c, &err) : STATUS(NOMEM);
    if (!status_ok(st)) {
        status_ignore(child_send(ch->control_fd, CHILD_FAILED, error_text(&err, st), -1));
        loop_free(loop);
        return 1;
    }
    loop_run(loop);
    core_free(c);
    loop_free(loop);
    return 0;
}
