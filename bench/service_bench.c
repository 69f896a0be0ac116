/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What does the record of one registration cost? store_service_create with a sealed secret, a specification
 * of its own and an audit row, on SQLite, for 1 and 16 threads: wall time and CPU (all threads) per operation
 * and operations per commit. Look-ups and pages of lists are measured among a thousand services and, with a
 * second argument, among that many; every tenth belongs to one application, scattered over the table.
 *
 *     bench_services DIRECTORY [SERVICES]     the directory is on the disk that counts; it may be an earlier
 * run's
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/random.h"
#include "store/registry.h"

#define NOW          INT64_C(1790000000)
#define CREATES      8000
#define LOOKUPS      4000
#define PAGE         100
#define LOADERS      64
#define APPLICATIONS 1000
#define SEALED       3000 /* an RSA-2048 pair in PEM */
#define PACKED       8000

static void need(const char *what, struct status s)
{
    if (status_ok(s))
        return;
    fprintf(stderr, "bench_services: %s: %s\n", what, code_text(s.code));
    exit(1);
}

static struct store *open_store(const char *directory, uint64_t services)
{
    char url[512];
    (void)snprintf(url, sizeof url, "sqlite:%s/services-%llu/fairlead.db", directory,
                   (unsigned long long)services);
    struct store_settings settings = {.url = text_of(url), .read_connections = 4, .write_queue_max = 4096};
    struct store *s = NULL;
    struct error err = {0};
    struct status opened = store_open(&settings, &s, &err);
    if (!status_ok(opened)) {
        fprintf(stderr, "bench_services: %s\n", error_text(&err, opened));
        exit(1);
    }
    return s;
}

/* ---- writing ---- */

struct application_name {
    char p[32];
};

static struct application_name application_of(uint64_t n)
{
    struct application_name name;
    (void)snprintf(name.p, sizeof name.p, "application-%06u", n % 10 ? (unsigned)(n % APPLICATIONS) : 0);
    return name;
}

static void id_of(uint64_t n, uint8_t out[static SERVICE_ID_SIZE])
{
    uint8_t digest[SHA256_SIZE];
    sha256((struct bytes){(const uint8_t *)&n, sizeof n}, digest);
    memcpy(out, digest, SERVICE_ID_SIZE);
}

static void create(struct store *s, uint64_t n, bool full)
{
    static const uint8_t sealed[SEALED] = {1}, packed[PACKED] = {2};
    struct application_name application = application_of(n);
    char name[32], target[64];
    struct specification_row content = {.size = 5 * PACKED, .packed = BYTES_OF(packed)};
    struct service_write w = {.service = {.application = text_of(application.p),
                                          .created_at = NOW,
                                          .updated_at = NOW,
                                          .provider = TEXT("SAP Hybris"),
                                          .description = TEXT("An API of a system that is elsewhere."),
                                          .labels = TEXT("{\"connected-app\":\"commerce\"}"),
                                          .credential_kind = 3,
                                          .details = TEXT("{\"apiType\":\"openapi\",\"commonName\":\"x\"}")}};
    (void)snprintf(name, sizeof name, "Service %llu", (unsigned long long)n);
    (void)snprintf(target, sizeof target, "https://upstream.example/%llu", (unsigned long long)n);
    w.service.name = text_of(name);
    w.service.target_url = text_of(target);
    id_of(n, w.service.id);
    w.secrets[SECRET_CREDENTIALS] = (struct secret_write){
        .change = SECRET_PUT, .sealed = full ? BYTES_OF(sealed) : (struct bytes){sealed, 200}};
    if (full) {
        sha256(text_bytes(text_of(name)), content.hash);
        w.service.specifications[0] = (struct specification_ref){.present = true, .size = content.size};
        memcpy(w.service.specifications[0].hash, content.hash, SHA256_SIZE);
        w.specifications[0] = &content;
    }
    struct audit_entry audit = {.at = NOW,
                                .action = TEXT("service.create"),
                                .actor = TEXT("certificate:0123456789abcdef"),
                                .application = w.service.application,
                                .address = TEXT("192.0.2.17:53211"),
                                .request_id = TEXT("0123456789abcdef")};
    need("create", store_service_create(s, &w, &audit));
}

struct writer {
    struct store *s;
    uint64_t first, count;
    bool full;
    pthread_t thread;
};

static void *write_all(void *ctx)
{
    const struct writer *w = ctx;
    for (uint64_t n = w->first; n < w->first + w->count; n++)
        create(w->s, n, w->full);
    return NULL;
}

static void spread(struct store *s, uint64_t first, uint64_t count, unsigned threads, bool full)
{
    struct writer writers[LOADERS];
    for (unsigned i = 0; i < threads; i++) {
        writers[i] = (struct writer){
            .s = s, .first = first + count / threads * i, .count = count / threads, .full = full};
        if (pthread_create(&writers[i].thread, NULL, write_all, &writers[i]) != 0)
            exit(1);
    }
    for (unsigned i = 0; i < threads; i++)
        (void)pthread_join(writers[i].thread, NULL);
}

static int64_t cpu_us(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000) + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

static void measure_create(struct store *s, unsigned threads, bool full)
{
    struct store_counts before, after;
    uint64_t first = random_u64(), count = threads == 1 ? CREATES / 8 : CREATES;
    need("counts", store_counts(s, NOW, &before));
    int64_t cpu = cpu_us(), wall = clock_monotonic_us();
    spread(s, first, count, threads, full);
    wall = clock_monotonic_us() - wall;
    cpu = cpu_us() - cpu;
    need("counts", store_counts(s, NOW, &after));
    double n = (double)count, commits = (double)(after.commits - before.commits);
    printf("create %-22s %2u threads  %7.1f us wall, %6.1f us CPU;  %5.1f per commit of %7.1f us\n",
           full ? "pair and specification" : "password only", threads, (double)wall / n, (double)cpu / n,
           n / commits, (double)(after.commit_us_total - before.commit_us_total) / commits);
}

/* ---- reading ---- */

enum question { GET, GET_UNKNOWN, LIST_APPLICATION, LIST_ALL, LIST_SCAN, QUESTIONS };
static const char *const question_names[QUESTIONS] = {"get with secrets", "get unknown",
                                                      "page of one application", "page of all",
                                                      "scan of 5000 without a hit"};

static bool ignore(void *ctx, const struct service *service)
{
    (void)service;
    ++*(uint64_t *)ctx;
    return true;
}

static void ask(struct store *s, enum question q, uint64_t services, struct arena *a)
{
    uint8_t id[SERVICE_ID_SIZE];
    uint64_t n = random_u64() % services, rows = 0;
    struct application_name application = application_of(n);
    struct service service;
    struct service_secret secrets[SECRET_SLOTS];
    struct text next;
    struct page_request page = {.limit = PAGE, .after = arena_printf(a, "%llu", (unsigned long long)n)};
    struct service_filter filter = {.tenant = TEXT("")};
    id_of(q == GET ? n : ~n, id);
    if (q == GET || q == GET_UNKNOWN) {
        struct status got = store_service_get(s, TEXT(""), text_of(application.p), id, a, &service, secrets);
        if (q == GET)
            need("get", got);
        return;
    }
    if (q == LIST_APPLICATION)
        filter.application = TEXT("application-000000");
    if (q == LIST_SCAN)
        filter.name_contains = TEXT("no such name");
    need("list", store_service_list(s, &filter, &page, 5000, a, ignore, &rows, &next));
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void measure_reads(struct store *s, uint64_t services)
{
    static int64_t times[LOOKUPS];
    OWNED(arena_release) struct arena a;
    arena_init(&a, 65536, 1 << 20);
    for (enum question q = 0; q < QUESTIONS; q++) {
        int rounds = q == LIST_SCAN ? LOOKUPS / 20 : LOOKUPS;
        for (int i = 0; i < rounds; i++) {
            arena_reset(&a);
            int64_t start = clock_monotonic_us();
            ask(s, q, services, &a);
            times[i] = clock_monotonic_us() - start;
        }
        qsort(times, (size_t)rounds, sizeof times[0], compare_times);
        printf("%-27s %8llu services  p50 %5lld us  p99 %5lld us\n", question_names[q],
               (unsigned long long)services, (long long)times[rounds / 2],
               (long long)times[rounds * 99 / 100]);
    }
}

/* ---- the run ---- */

static void fill(struct store *s, uint64_t services)
{
    struct audit_entry audit = {.at = NOW, .action = TEXT("application.create")};
    for (uint64_t n = 0; n < APPLICATIONS; n++) {
        char name[32];
        (void)snprintf(name, sizeof name, "application-%06u", (unsigned)n);
        struct application app = {.name = text_of(name), .created_at = NOW};
        need("application", store_application_create(s, &app, &audit));
    }
    spread(s, 0, (services + LOADERS - 1) / LOADERS * LOADERS, LOADERS, false);
}

static void measure_at(const char *directory, uint64_t services)
{
    struct registry_counts counts;
    struct store *s = open_store(directory, services);
    int64_t start = clock_monotonic_us();
    need("counts", store_registry_counts(s, &counts));
    if (counts.services == 0) /* otherwise a directory of an earlier run */
        fill(s, services);
    printf("filled with %llu services in %.1f s\n", (unsigned long long)services,
           (double)(clock_monotonic_us() - start) / 1e6);
    measure_reads(s, services);
    for (unsigned full = 0; full < 2; full++) {
        measure_create(s, 1, full);
        measure_create(s, 16, full);
    }
    store_close(s);
}

int main(int argc, char **argv)
{
    uint64_t services = 0;
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: bench_services DIRECTORY [SERVICES]\n");
        return 2;
    }
    measure_at(argv[1], 1000);
    if (argc == 3 && text_to_u64(text_of(argv[2]), UINT32_MAX, &services) && services > 1000)
        measure_at(argv[1], services);
    return 0;
}
