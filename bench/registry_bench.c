/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What does a registration cost without HTTP? Reading a description with Basic credentials and a
 * specification of 2 KiB, registering it durably on SQLite, and reading a service back. Prints, for 1 and 16
 * threads, microseconds of wall time and of CPU (all threads, user and kernel) per operation; then the parts
 * of a registration that need no store.
 *
 *     bench_registry DIRECTORY        an empty one, on the disk that counts
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "registry/decode.h"
#include "registry/registry.h"
#include "registry/specification.h"
#include "registry/validate.h"

#define REGISTRATIONS 8000
#define PARTS         20000
#define THREADS_MAX   16
#define SPEC_BYTES    2048

static void need(const char *what, struct status s, const struct error *err)
{
    if (status_ok(s))
        return;
    fprintf(stderr, "bench_registry: %s: %s\n", what, error_text(err, s));
    exit(1);
}

struct bench {
    struct store *store;
    struct vault *vault;
    struct ca *ca;
    struct page page;
    struct slab *slab;
    struct registry *registry;
    struct text body;
    uint8_t last[SERVICE_ID_SIZE];
};

static void open_all(struct bench *b, const char *directory)
{
    static char url[4096], key_file[4096];
    struct error err = {0};
    (void)snprintf(url, sizeof url, "sqlite:%s/fairlead.db", directory);
    (void)snprintf(key_file, sizeof key_file, "%s/vault.key", directory);
    const struct store_settings store = {.url = text_of(url), .read_connections = 4, .write_queue_max = 4096};
    need("store", store_open(&store, &b->store, &err), &err);
    const struct vault_settings vault = {
        .key_file = text_of(key_file), .data_dir = TEXT("/nowhere"), .may_create = true};
    need("vault", vault_open(&vault, b->store, &b->vault, &err), &err);
    const struct ca_settings ca = {
        .key_algorithm = TEXT("ec:P-256"), .subject = TEXT("CN=Bench"), .validity_s = 864000};
    need("ca", ca_open(&ca, b->store, b->vault, &b->ca, &err), &err);
    int fd = -1;
    need("page", page_create(&fd), NULL);
    need("page", page_map(fd, true, &b->page), NULL);
    need("slab", slab_create(&fd), NULL);
    need("slab", slab_map(fd, &b->slab), NULL);
    const struct registry_settings settings = {
        .generated = {.key_algorithm = TEXT("ec:P-256"), .validity_s = 86400},
        .cluster_namespace = TEXT("kyma-integration"),
        .specification_max = 4u << 20,
        .fetch_timeout_ms = 20000,
        .fetches_at_once = 8};
    const struct registry_parts parts = {.store = b->store,
                                         .vault = b->vault,
                                         .ca = b->ca,
                                         .page = &b->page,
                                         .slab = b->slab,
                                         .lane_width = 2};
    need("registry", registry_new(&settings, &parts, NULL, &b->registry, &err), &err);
    const struct application app = {.name = TEXT("bench"), .created_at = 1};
    need("application",
         store_application_create(b->store, &app,
                                  &(struct audit_entry){.at = 1, .action = TEXT("application.create")}),
         NULL);
}

/* A description whose specification looks like one: paths of an OpenAPI document. */
static struct text description(void)
{
    static struct buffer b;
    buffer_init(&b, 64 * 1024);
    buffer_cstr(
        &b, "{\"provider\":\"SAP\",\"name\":\"Orders\",\"description\":\"All orders of the shop\",\"labels\":"
            "{\"region\":\"eu\"},\"api\":{\"targetUrl\":\"https://orders.example.com/v1\",\"credentials\":"
            "{\"basic\":{\"username\":\"alice\",\"password\":\"correct horse battery staple\"}},\"spec\":");
    const size_t before = buffer_size(&b);
    buffer_cstr(&b, "{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"Orders\",\"version\":\"1\"},\"paths\":{");
    for (int i = 0; buffer_size(&b) - before < SPEC_BYTES - 180; i++)
        buffer_printf(
            &b,
            "%s\"/orders/%d/items\":{\"get\":{\"summary\":\"Items of order %d\",\"responses\":{\"200\":"
            "{\"description\":\"OK\",\"content\":{\"application/json\":{}}}}}}",
            i ? "," : "", i * 7919, i);
    buffer_cstr(&b, "}}}}");
    return buffer_as_text(&b);
}

struct cost {
    int64_t wall_us, user_us, kernel_us;
};

static struct cost cost_now(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (struct cost){clock_monotonic_us(), u.ru_utime.tv_sec * INT64_C(1000000) + u.ru_utime.tv_usec,
                         u.ru_stime.tv_sec * INT64_C(1000000) + u.ru_stime.tv_usec};
}

static void report(const char *what, unsigned threads, struct cost from, unsigned count)
{
    const struct cost to = cost_now();
    printf("%-12s %2u threads: %7.1f us wall, %6.1f us user, %6.1f us kernel\n", what, threads,
           (double)(to.wall_us - from.wall_us) / count, (double)(to.user_us - from.user_us) / count,
           (double)(to.kernel_us - from.kernel_us) / count);
}

/* ---- with the store ---- */

struct worker {
    struct bench *b;
    unsigned count;
    void (*one)(struct bench *b, struct arena *a);
    pthread_t thread;
};

static const struct audit_caller caller = {
    .actor = TEXT_INIT("certificate:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
    .address = TEXT_INIT("192.0.2.17:53211"),
    .user_agent = TEXT_INIT("curl/7.88.1"),
    .request_id = TEXT_INIT("0123456789abcdef"),
};

static void register_one(struct bench *b, struct arena *a)
{
    struct service_details d;
    struct error err = {0};
    uint8_t id[SERVICE_ID_SIZE];
    need("decode", service_decode(b->body, 0, a, &d, &err), &err);
    const struct registry_input in = {.details = &d};
    need("register", registry_register(b->registry, &caller, TEXT(""), TEXT("bench"), &in, a, id, &err),
         &err);
}

static void find_one(struct bench *b, struct arena *a)
{
    struct registry_key key = {.tenant = TEXT(""), .application = TEXT("bench")};
    struct registry_view view;
    struct error err = {0};
    memcpy(key.id, b->last, SERVICE_ID_SIZE);
    need("find", registry_find(b->registry, &key, a, &view, &err), &err);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct arena a;
    arena_init(&a, 16384, 1u << 20);
    for (unsigned i = 0; i < w->count; i++) {
        w->one(w->b, &a);
        arena_reset(&a);
    }
    arena_release(&a);
    return NULL;
}

static void measure(struct bench *b, const char *what, unsigned threads, unsigned count,
                    void (*one)(struct bench *b, struct arena *a))
{
    struct worker workers[THREADS_MAX];
    const struct cost from = cost_now();
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (struct worker){.b = b, .count = count / threads, .one = one};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            exit(1);
    }
    for (unsigned i = 0; i < threads; i++)
        (void)pthread_join(workers[i].thread, NULL);
    report(what, threads, from, count);
}

static bool remember(void *ctx, const struct service *row)
{
    memcpy(ctx, row->id, SERVICE_ID_SIZE);
    return false;
}

static void choose_one(struct bench *b)
{
    struct arena a;
    arena_init(&a, 16384, 1u << 20);
    struct text next;
    const struct service_filter filter = {.application = TEXT("bench")};
    const struct page_request page = {.limit = 1};
    struct error err = {0};
    need("list", registry_list(b->registry, &filter, &page, &a, remember, b->last, &next, &err), &err);
    arena_release(&a);
}

/* ---- without ---- */

static void decode_one(struct bench *b, struct arena *a)
{
    struct service_details d;
    need("decode", service_decode(b->body, 0, a, &d, NULL), NULL);
}

static void validate_one(struct bench *b, struct arena *a)
{
    struct service_details d;
    struct text message;
    need("decode", service_decode(b->body, 0, a, &d, NULL), NULL);
    need("validate", service_validate(&d, a, &message), NULL);
}

static void pack_one(struct bench *b, struct arena *a)
{
    (void)a;
    struct buffer packed;
    struct specification_row row;
    buffer_init(&packed, 64 * 1024);
    need("pack", specification_pack(text_bytes(b->body), &packed, &row), NULL);
    buffer_release(&packed);
}

static void seal_one(struct bench *b, struct arena *a)
{
    (void)a;
    struct buffer sealed;
    buffer_init(&sealed, 4096);
    need("seal", vault_seal(b->vault, TEXT("secret//0/0"), text_bytes(text_first(b->body, 60)), &sealed),
         NULL);
    buffer_release(&sealed);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: bench_registry DIRECTORY\n");
        return 2;
    }
    static struct bench b;
    open_all(&b, argv[1]);
    b.body = description();
    printf("body of %zu bytes\n", b.body.n);
    measure(&b, "register", 1, REGISTRATIONS / 8, register_one);
    measure(&b, "register", 16, REGISTRATIONS, register_one);
    choose_one(&b);
    measure(&b, "find", 1, PARTS, find_one);
    measure(&b, "find", 16, PARTS, find_one);
    measure(&b, "decode", 1, PARTS, decode_one);
    measure(&b, "and validate", 1, PARTS, validate_one);
    measure(&b, "pack", 1, PARTS, pack_one);
    measure(&b, "seal", 1, PARTS, seal_one);
    registry_free(b.registry);
    ca_close(b.ca);
    vault_close(b.vault);
    store_close(b.store);
    return 0;
}
