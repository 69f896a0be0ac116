/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "registry/decode.h"

const struct audit_caller world_caller = {
    .actor = TEXT_INIT("certificate:00"),
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

static void open_registry(struct world *w, struct registry *previous)
{
    const struct registry_parts parts = {.store = w->store,
                                         .vault = w->vault,
                                         .ca = w->ca,
                                         .page = &w->page,
                                         .slab = w->slab,
                                         .fetcher = &w->client,
                                         .lane_width = 1};
    check(registry_new(&w->settings, &parts, previous, &w->registry, &w->err), &w->err, "registry");
}

static void open_store(struct world *w, const char *url)
{
    const struct text made = arena_printf(&w->arena, "sqlite:%s/fairlead.db", w->directory);
    const struct store_settings store = {.url = !url   ? TEXT("memory:")
                                                : *url ? text_of(url)
                                                       : made,
                                         .read_connections = 2,
                                         .write_queue_max = 64};
    check(store_open(&store, &w->store, &w->err), &w->err, "store");
    const struct text key_file = arena_printf(&w->arena, "%s/vault.key", w->directory);
    const struct vault_settings vault = {
        .key_file = key_file, .data_dir = TEXT("/nowhere"), .may_create = true};
    check(vault_open(&vault, w->store, &w->vault, &w->err), &w->err, "vault");
    const struct ca_settings ca = {
        .key_algorithm = TEXT("ec:P-256"), .subject = TEXT("CN=Test CA"), .validity_s = 864000};
    check(ca_open(&ca, w->store, w->vault, &w->ca, &w->err), &w->err, "ca");
}

struct world *world_open(const char *store_url)
{
    struct world *w = mem_alloc(sizeof *w);
    must(w);
    arena_init(&w->arena, 16384, 64u << 20);
    snprintf(w->directory, sizeof w->directory, "/tmp/fairlead-registry-XXXXXX");
    must(mkdtemp(w->directory));
    open_store(w, store_url);
    check(page_create(&w->page_fd), NULL, "page");
    check(page_map(w->page_fd, true, &w->page), NULL, "page");
    check(slab_create(&w->slab_fd), NULL, "slab");
    check(slab_map(w->slab_fd, &w->slab), NULL, "slab");
    snprintf(w->client.path, sizeof w->client.path, "%s/fetcher", w->directory);
    w->fetcher = fake_fetcher_open(w->client.path);
    w->settings = (struct registry_settings){
        .generated = {.key_algorithm = TEXT("ec:P-256"), .validity_s = 86400},
        .cluster_namespace = TEXT("kyma-integration"),
        .specification_max = 64 * 1024,
        .fetch_timeout_ms = 5000,
        .fetches_at_once = 2,
    };
    open_registry(w, NULL);
    const struct application app = {.name = TEXT("shop"), .created_at = 1};
    const struct audit_entry audit = {
        .at = 1, .last_at = 1, .count = 1, .action = TEXT("application.create")};
    check(store_application_create(w->store, &app, &audit), NULL, "application");
    return w;
}

void world_reopen(struct world *w)
{
    struct registry *previous = w->registry;
    open_registry(w, previous);
    registry_free(previous);
}

static void remove_directory(const char *path)
{
    DIR *d = opendir(path);
    must(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (e->d_name[0] != '.')
            unlinkat(dirfd(d), e->d_name, 0);
    }
    closedir(d);
    rmdir(path);
}

void world_close(struct world *w)
{
    registry_free(w->registry);
    fake_fetcher_close(w->fetcher);
    ca_close(w->ca);
    vault_close(w->vault);
    store_close(w->store);
    page_unmap(&w->page);
    slab_unmap(w->slab);
    close(w->page_fd);
    close(w->slab_fd);
    remove_directory(w->directory);
    arena_release(&w->arena);
    mem_free(w);
}

/* ---- descriptions ---- */

struct service_details *world_details(struct world *w, const char *json)
{
    char *copy = arena_cstr(&w->arena, text_of(json));
    struct service_details *d = arena_alloc(&w->arena, sizeof *d);
    must(copy && d);
    for (char *c = copy; *c; c++) {
        if (*c == '\'')
            *c = '"';
    }
    check(service_decode(text_of(copy), DECODE_STRICT | DECODE_TEXT_SPECS, &w->arena, d, &w->err), &w->err,
          json);
    return d;
}

const char *world_service(struct world *w, const char *api, const char *more)
{
    const char *comma = *api ? "," : "";
    return FORMAT(w,
                  "{'provider':'SAP','name':'Orders','description':'All orders','api':{'targetUrl':"
                  "'https://h.com'%s%s}%s}",
                  comma, api, more);
}

struct registry_key world_key(const uint8_t id[static SERVICE_ID_SIZE])
{
    struct registry_key key = {.tenant = TEXT(""), .application = TEXT("shop")};
    memcpy(key.id, id, SERVICE_ID_SIZE);
    return key;
}

struct status world_register(struct world *w, const char *json, struct registry_key *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    w->refusal = (struct text){NULL, 0};
    const struct registry_input in = {.details = world_details(w, json), .out_refusal = &w->refusal};
    TRY(registry_register(w->registry, &world_caller, TEXT(""), TEXT("shop"), &in, &w->arena, id, &w->err));
    *out = world_key(id);
    return DONE;
}

struct registry_key world_registered(struct world *w, const char *json)
{
    struct registry_key key;
    check(world_register(w, json, &key), &w->err, json);
    return key;
}

struct status world_replace(struct world *w, const struct registry_key *key, const char *json,
                            struct registry_view *out)
{
    w->refusal = (struct text){NULL, 0};
    const struct registry_input in = {.details = world_details(w, json), .out_refusal = &w->refusal};
    return registry_replace(w->registry, &world_caller, key, &in, 0, &w->arena, out, &w->err);
}

/* ---- what is there ---- */

struct registry_view world_find(struct world *w, const struct registry_key *key)
{
    struct registry_view view;
    check(registry_find(w->registry, key, &w->arena, &view, &w->err), &w->err, "find");
    return view;
}

const char *world_secret(struct world *w, const struct registry_key *key, enum secret_slot slot,
                         const char *item)
{
    struct registry_secret s = {.name = {NULL, 0}};
    const struct status found = registry_secret_open(w->registry, key, slot, &w->arena, &s, &w->err);
    if (found.code == E_NOT_FOUND)
        return "(none)";
    check(found, &w->err, "secret");
    const struct bytes value = secret_data_get(&s.data, item);
    const char *copy = value.p ? arena_cstr(&w->arena, bytes_text(value)) : "(none)";
    secret_data_release(&s.data);
    return copy;
}

int64_t world_secret_revision(struct world *w, const struct registry_key *key, enum secret_slot slot)
{
    struct registry_secret s = {.name = {NULL, 0}};
    const struct status found = registry_secret_open(w->registry, key, slot, &w->arena, &s, &w->err);
    if (found.code == E_NOT_FOUND)
        return 0;
    check(found, &w->err, "secret");
    secret_data_release(&s.data);
    return s.revision;
}

const char *world_specification(struct world *w, const struct registry_key *key, enum specification_slot slot)
{
    const struct registry_view view = world_find(w, key);
    if (!view.row.specifications[slot].present)
        return "(none)";
    struct buffer b;
    buffer_init(&b, 1u << 20);
    check(registry_specification(w->registry, TEXT(""), &view.row.specifications[slot], &b, &w->err), &w->err,
          "specification");
    const char *copy = arena_cstr(&w->arena, buffer_as_text(&b));
    buffer_release(&b);
    return copy;
}

struct audit_count {
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
    struct audit_count n = {.newest = newest};
    check(store_audit_list(w->store, &filter, &w->arena, audit_counted, &n), NULL, "audit");
    return n.count;
}

int world_setup(void **state)
{
    *state = world_open(NULL);
    return 0;
}

int world_teardown(void **state)
{
    world_close(*state);
    return 0;
}
