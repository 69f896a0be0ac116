/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/encoding.h"
#include "x509/pem.h"

const struct audit_caller world_caller = {
    .actor = TEXT_INIT("loopback"),
    .address = TEXT_INIT("203.0.113.7:51234"),
    .user_agent = TEXT_INIT("curl/7.88.1"),
    .request_id = TEXT_INIT("request-1"),
};

static void check(struct status s, const struct error *err, const char *what)
{
    if (status_ok(s))
        return;
    fprintf(stderr, "world: %s: %s (%s)\n", what, error_text(err, s), code_name(s.code));
    abort();
}

static void open_settings(struct world *w, const char *const *set)
{
    const char *all[16] = {"server.sandbox=false"};
    unsigned count = 1;
    for (; set && *set; set++) {
        must(count < 16);
        all[count++] = *set;
    }
    const struct settings_sources from = {.set = all, .set_count = count, .data_dir = w->directory};
    check(settings_load(&from, &w->settings, &w->err), &w->err, "settings");
}

static void open_connector(struct world *w)
{
    struct connector_settings settings;
    connector_settings_from(w->settings, &settings);
    settings.connector_url = TEXT(WORLD_CONNECTOR_URL);
    settings.gateway_url = TEXT(WORLD_GATEWAY_URL);
    const struct connector_parts parts = {
        .store = w->store, .ca = w->ca, .page = &w->page, .slab = w->slab, .lane_width = 2};
    check(connector_new(&settings, &parts, NULL, &w->connector, &w->err), &w->err, "connector");
}

static void open_registry(struct world *w)
{
    struct registry_settings settings;
    registry_settings_from(w->settings, &settings);
    const struct registry_parts parts = {.store = w->store,
                                         .vault = w->vault,
                                         .ca = w->ca,
                                         .page = &w->page,
                                         .slab = w->slab,
                                         .lane_width = 2};
    check(registry_new(&settings, &parts, NULL, &w->registry, &w->err), &w->err, "registry");
}

struct world *world_open(const char *const *set)
{
    struct world *w = mem_alloc(sizeof *w);
    must(w);
    arena_init(&w->arena, 16384, 16u << 20);
    snprintf(w->directory, sizeof w->directory, "/tmp/fairlead-world-XXXXXX");
    must(mkdtemp(w->directory));
    open_settings(w, set);

    const struct store_settings store = {
        .url = TEXT("memory:"), .read_connections = 1, .write_queue_max = 4096};
    check(store_open(&store, &w->store, &w->err), &w->err, "store");
    const struct text key_file = arena_printf(&w->arena, "%s/vault.key", w->directory);
    const struct vault_settings vault = {
        .key_file = key_file, .data_dir = TEXT("/nowhere"), .may_create = true};
    check(vault_open(&vault, w->store, &w->vault, &w->err), &w->err, "vault");
    const struct ca_settings ca = {.key_algorithm = text_of(w->settings->ca_key_algorithm),
                                   .subject = text_of(w->settings->ca_subject),
                                   .validity_s = w->settings->ca_validity_ms / 1000,
                                   .certificate_file = text_of(w->settings->ca_certificate_file),
                                   .key_file = text_of(w->settings->ca_key_file),
                                   .root_file = text_of(w->settings->ca_root_file)};
    check(ca_open(&ca, w->store, w->vault, &w->ca, &w->err), &w->err, "ca");
    check(page_create(&w->page_fd), NULL, "page");
    check(page_map(w->page_fd, true, &w->page), NULL, "page");
    check(slab_create(&w->slab_fd), NULL, "slab");
    check(slab_map(w->slab_fd, &w->slab), NULL, "slab");
    open_connector(w);
    open_registry(w);
    return w;
}

void world_close(struct world *w)
{
    registry_free(w->registry);
    connector_free(w->connector);
    ca_close(w->ca);
    vault_close(w->vault);
    store_close(w->store);
    page_unmap(&w->page);
    slab_unmap(w->slab);
    close(w->page_fd);
    close(w->slab_fd);
    settings_free(w->settings);
    char path[96];
    snprintf(path, sizeof path, "%s/vault.key", w->directory);
    unlink(path);
    snprintf(path, sizeof path, "%s/vault.key.old", w->directory);
    unlink(path);
    rmdir(w->directory);
    arena_release(&w->arena);
    mem_free(w);
}

struct connector_holder world_application(const char *name)
{
    return (struct connector_holder){.kind = TOKEN_APPLICATION, .application = text_of(name)};
}

struct text world_token(struct world *w, const struct connector_holder *h)
{
    struct connector_token token;
    check(connector_token_create(w->connector, &world_caller, h, &w->arena, &token, &w->err), &w->err,
          "token");
    return token.token;
}

struct text world_csr_of(struct world *w, const struct test_csr *in)
{
    struct buffer der;
    struct buffer pem;
    struct buffer encoded;
    buffer_init(&der, 1u << 20);
    buffer_init(&pem, 1u << 20);
    buffer_init(&encoded, 1u << 20);
    make_csr(in, &der);
    pem_encode(&pem, TEXT("CERTIFICATE REQUEST"), buffer_bytes(&der));
    base64_encode(&encoded, buffer_bytes(&pem));
    const struct text out = arena_text(&w->arena, buffer_as_text(&encoded));
    must(out.n > 0);
    buffer_release(&der);
    buffer_release(&pem);
    buffer_release(&encoded);
    return out;
}

struct text world_csr(struct world *w, const char *subject)
{
    return world_csr_of(w, &(struct test_csr){.key = "ec:P-256", .digest = "SHA256", .subject = subject});
}

struct connector_issued world_certificate(struct world *w, const char *application)
{
    const struct connector_holder h = world_application(application);
    const struct text token = world_token(w, &h);
    const char *subject = arena_cstr(
        &w->arena,
        arena_printf(&w->arena, "/OU=OrgUnit/O=Organization/L=Waldorf/ST=Waldorf/C=DE/CN=%s", application));
    struct connector_grant grant = {0};
    struct connector_issued issued;
    check(connector_grant_open(w->connector, TOKEN_APPLICATION, TEXT(""), token, &w->arena, &grant, &w->err),
          &w->err, "grant");
    check(connector_sign(w->connector, &world_caller, &grant, world_csr(w, subject), &w->arena, &issued,
                         &w->err),
          &w->err, "sign");
    connector_grant_close(&grant);
    return issued;
}

struct audit_count {
    struct world *world;
    unsigned count;
    struct audit_entry *newest;
};

static bool audit_counted(void *ctx, const struct audit_entry *e)
{
    struct audit_count *n = ctx;
    if (n->count++ == 0 && n->newest)
        *n->newest = *e;
    return true;
}

unsigned world_audit(struct world *w, const char *prefix, struct audit_entry *newest)
{
    const struct audit_filter filter = {.action_prefix = text_of(prefix), .limit = 1000};
    struct audit_count n = {.world = w, .newest = newest};
    check(store_audit_list(w->store, &filter, &w->arena, audit_counted, &n), NULL, "audit");
    return n.count;
}
