/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "api/front/front.h"
#include "base/clock.h"
#include "base/limits.h"
#include "ca/ca.h"
#include "net/hop.h"
#include "os/files.h"

static_assert(HOP_TLS_LISTENERS == LISTENER_COUNT - 1);
static_assert(HOP_LISTENERS_BYTES_MAX <= LIMIT_REPLY_BODY);

/* Own files are read again this often, for whoever renews them by replacing files. */
#define FILES_AGAIN_S 3600

/* Everything gathered for one answer; released, and keys wiped, when it has been encoded. */
struct gathered {
    struct listener_keys keys[LISTENER_COUNT];
    struct buffer target_anchors, workload_anchors, external_anchors;
    struct hop_listeners answer;
};

static void gathered_release(struct gathered *g)
{
    for (int i = 0; i < LISTENER_COUNT; i++) {
        buffer_release(&g->keys[i].chain_pem);
        secret_release(&g->keys[i].key_pem);
    }
    buffer_release(&g->target_anchors);
    buffer_release(&g->workload_anchors);
    buffer_release(&g->external_anchors);
}
OWNABLE_VALUE(struct gathered, gathered_release);

/* What is bound counts: a socket of systemd's is served whatever listen.* says. */
static bool needs_keys(const struct domain *d, enum listener l)
{
    return (d->listening & 1u << l) && settings_speaks_tls(d->settings, l);
}

static bool takes_client_certificates(enum listener l)
{
    return l == LISTENER_GATEWAY || l == LISTENER_CLUSTER || l == LISTENER_PROXY;
}

static struct status keys_from_files(const struct settings_tls *files, int64_t now, struct listener_keys *out,
                                     struct error *err)
{
    TRY(file_read(files->certificate_file, HOP_CHAIN_MAX, &out->chain_pem, err));
    TRY(file_read_key(files->key_file, HOP_CHAIN_MAX, &out->key_pem, err));
    out->renew_at = now + FILES_AGAIN_S;
    return DONE;
}

/* Of files that a front may not open (DESIGN 3.1, 17). */
static struct status read_anchors(struct call *c, const char *path, int64_t now, struct buffer *into,
                                  struct gathered *g)
{
    TRY(file_read(path, HOP_ANCHORS_MAX, into, &c->err));
    if (g->answer.renew_at == 0 || now + FILES_AGAIN_S < g->answer.renew_at)
        g->answer.renew_at = now + FILES_AGAIN_S;
    return DONE;
}

static struct status gather(struct call *c, const struct keys_source *from, enum listener l,
                            struct gathered *g)
{
    const struct settings_tls *files = &c->domain->settings->tls[l];
    struct listener_keys *keys = &g->keys[l];
    if (files->certificate_file[0])
        TRY(keys_from_files(files, from->now, keys, &c->err));
    else
        TRY(issued_keys(from, listener_name(l), keys, &c->err));
    g->answer.item[g->answer.count++] = (struct hop_listener){
        .listener = (uint8_t)l,
        .chain_pem = buffer_as_text(&keys->chain_pem),
        .key_pem = bytes_text(secret_bytes(&keys->key_pem)),
        .anchors_pem = takes_client_certificates(l) ? ca_anchors_pem(c->domain->ca) : TEXT(""),
    };
    if (g->answer.renew_at == 0 || keys->renew_at < g->answer.renew_at)
        g->answer.renew_at = keys->renew_at;
    return DONE;
}

/* What fronts trust of targets comes with their keys. */
static struct status gather_target_anchors(struct call *c, int64_t now, struct gathered *g)
{
    const struct settings *s = c->domain->settings;
    if (!(c->domain->listening & 1u << LISTENER_PROXY) || s->outbound_ca_file[0] == 0)
        return DONE;
    TRY(read_anchors(c, s->outbound_ca_file, now, &g->target_anchors, g));
    g->answer.target_anchors_pem = buffer_as_text(&g->target_anchors);
    return DONE;
}

/* CAs of others whose clients are let in, of the listener that was gathered last. */
static struct status gather_guests(struct call *c, const char *file, int64_t now, struct buffer *into,
                                   struct gathered *g)
{
    if (file[0] == 0)
        return DONE;
    TRY(read_anchors(c, file, now, into, g));
    g->answer.item[g->answer.count - 1].guest_anchors_pem = buffer_as_text(into);
    return DONE;
}

/* Workloads know the proxy listener by other names than external systems know the others by. */
static struct status gather_proxy(struct call *c, const struct keys_source *others, struct gathered *g)
{
    const struct settings *s = c->domain->settings;
    struct server_names names;
    proxy_names(s, c->domain->host_name, c->arena, &names);
    struct keys_source from = *others;
    from.names = &names;
    TRY(gather(c, &from, LISTENER_PROXY, g));
    return gather_guests(c, s->tls_proxy_client_ca_file, from.now, &g->workload_anchors, g);
}

/* "What are my listeners' keys and anchors?" (net/hop.h). The answer holds keys: whoever sends it wipes it
 * afterwards. */
struct status front_listeners(struct call *c)
{
    const struct domain *d = c->domain;
    OWNED(gathered_release) struct gathered g = {0};
    for (int i = 0; i < LISTENER_COUNT; i++)
        buffer_init(&g.keys[i].chain_pem, HOP_CHAIN_MAX);
    buffer_init(&g.target_anchors, HOP_ANCHORS_MAX);
    buffer_init(&g.workload_anchors, HOP_ANCHORS_MAX);
    buffer_init(&g.external_anchors, HOP_ANCHORS_MAX);
    /* Before anything is read (DESIGN 3.1, 1). */
    must(page_pairs_add(&g.answer.pairs, d->page, page_index(PAGE_LISTENERS, (struct bytes){NULL, 0})));
    must(page_pairs_add(&g.answer.pairs, d->page, page_index(PAGE_TRUST, (struct bytes){NULL, 0})));

    struct server_names names;
    server_names(d->settings, connector_settings_of(d->connector), c->arena, &names);
    const struct keys_source from = {.ca = d->ca,
                                     .store = d->store,
                                     .vault = d->vault,
                                     .names = &names,
                                     .arena = c->arena,
                                     .now = clock_now_s()};
    for (int l = 0; l < LISTENER_COUNT; l++) {
        if (l == LISTENER_PROXY || !needs_keys(d, (enum listener)l))
            continue;
        TRY(gather(c, &from, (enum listener)l, &g));
        if (l == LISTENER_GATEWAY)
            TRY(gather_guests(c, d->settings->tls_gateway_client_ca_file, from.now, &g.external_anchors, &g));
    }
    if (needs_keys(d, LISTENER_PROXY))
        TRY(gather_proxy(c, &from, &g));
    TRY(gather_target_anchors(c, from.now, &g));
    hop_listeners_encode(&g.answer, &c->reply.body);
    c->reply.status = 200;
    c->reply.content_type = TEXT("application/octet-stream");
    return DONE;
}
