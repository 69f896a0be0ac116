/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What does the record of one certificate cost? store_certificate_issue with a token's consumption and an
 * audit row, on SQLite. Prints, for 1 and 16 threads: microseconds of wall time and of CPU (all threads, user
 * and kernel) per operation and operations per commit. With a number as second argument, that many
 * certificates (all but the newest tenth revoked) are put in first, and look-ups and lists are measured
 * beside the same with a thousand, as are start-up and the size of the log.
 *
 *     bench_store DIRECTORY [RECORDS]        the directory is on the disk that counts; it may be an earlier
 * run's
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/random.h"
#include "store/store.h"

#define NOW      INT64_C(1790000000)
#define DER_SIZE 750
#define ISSUES   8000
#define LOOKUPS  4000
#define PAGE     50
#define LOADERS  64
#define ISSUER   7

static void give_up(const char *what, struct status s, const struct error *err)
{
    fprintf(stderr, "bench_store: %s: %s\n", what, error_text(err, s));
    exit(1);
}

static void need(const char *what, struct status s)
{
    struct error err = {0};
    if (!status_ok(s))
        give_up(what, s, &err);
}

static struct store *open_store(const char *url)
{
    struct store_settings settings = {.url = text_of(url), .read_connections = 4, .write_queue_max = 4096};
    struct store *s = NULL;
    struct error err = {0};
    struct status opened = store_open(&settings, &s, &err);
    if (!status_ok(opened))
        give_up("open", opened, &err);
    return s;
}

static void digest_of(uint64_t n, uint8_t out[static SHA256_SIZE])
{
    sha256((struct bytes){(const uint8_t *)&n, sizeof n}, out);
}

struct cpu {
    int64_t user_us, kernel_us;
};

static struct cpu cpu_now(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (struct cpu){u.ru_utime.tv_sec * INT64_C(1000000) + u.ru_utime.tv_usec,
                        u.ru_stime.tv_sec * INT64_C(1000000) + u.ru_stime.tv_usec};
}

/* ---- writing ---- */

struct writer {
    struct store *s;
    uint64_t first, count;
    bool with_token, revoke;
    pthread_t thread;
};

static void make_token(struct store *s, uint64_t n)
{
    struct token_create in = {
        .token = {.created_at = NOW, .expires_at = NOW + 3600, .created_by = TEXT("loopback")}};
    char name[32];
    (void)snprintf(name, sizeof name, "application-%06u", (unsigned)(n % 100000));
    in.token.application = text_of(name);
    digest_of(n, in.token.hash);
    need("token",
         store_token_create(s, &in, &(struct audit_entry){.at = NOW, .action = TEXT("token.create")}));
}

static void issue(const struct writer *w, uint64_t n)
{
    static const uint8_t der[DER_SIZE] = {0x30};
    uint8_t token[SHA256_SIZE], serial[16];
    char name[32], subject[96];
    struct certificate_issue in = {.token_hash = w->with_token ? token : NULL};
    struct certificate *c = &in.certificate;
    digest_of(n, token);
    digest_of(~n, c->fingerprint);
    digest_of(ISSUER, c->issuer);
    random_bytes(serial, sizeof serial);
    (void)snprintf(name, sizeof name, "application-%06u", (unsigned)(n % 100000));
    (void)snprintf(subject, sizeof subject, "CN=%s,OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE",
                   name);
    c->serial = BYTES_OF(serial);
    c->application = text_of(name);
    c->subject = text_of(subject);
    c->key_algorithm = TEXT("rsa:2048");
    c->issued_at = NOW + (int64_t)(n / 100);
    c->not_before = c->issued_at - 300;
    c->not_after = c->issued_at + 92 * 86400;
    c->issued_by = TEXT("token:0123456789ab");
    c->der = BYTES_OF(der);
    if (w->with_token)
        c->issued_at = NOW;
    struct audit_entry audit = {
        .at = NOW,
        .action = TEXT("certificate.issue"),
        .actor = TEXT("token:0123456789ab"),
        .application = c->application,
        .subject = TEXT("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
        .address = TEXT("192.0.2.17:53211"),
        .user_agent = TEXT("curl/7.88.1"),
        .request_id = TEXT("0123456789abcdef"),
    };
    need("issue", store_certificate_issue(w->s, &in, &audit));
    bool was = false;
    if (w->revoke)
        need("revoke", store_certificate_revoke(w->s, c->fingerprint, TEXT("superseded"), NOW, &audit, &was));
}

static void *write_all(void *ctx)
{
    const struct writer *w = ctx;
    for (uint64_t n = w->first; n < w->first + w->count; n++)
        issue(w, n);
    return NULL;
}

static void run(struct writer *writers, unsigned threads)
{
    for (unsigned i = 0; i < threads; i++)
        if (pthread_create(&writers[i].thread, NULL, write_all, &writers[i]) != 0)
            exit(1);
    for (unsigned i = 0; i < threads; i++)
        (void)pthread_join(writers[i].thread, NULL);
}

static void spread(struct store *s, uint64_t first, uint64_t count, unsigned threads, bool with_token,
                   bool revoke)
{
    struct writer writers[LOADERS];
    for (unsigned i = 0; i < threads; i++)
        writers[i] = (struct writer){.s = s,
                                     .first = first + count / threads * i,
                                     .count = count / threads,
                                     .with_token = with_token,
                                     .revoke = revoke};
    run(writers, threads);
}

static void measure_issue(struct store *s, uint64_t *next, unsigned threads)
{
    uint64_t count = threads == 1 ? ISSUES / 8 : ISSUES;
    struct store_counts before, after;
    for (uint64_t i = 0; i < count; i++)
        make_token(s, *next + i);
    need("counts", store_counts(s, NOW, &before));
    struct cpu from = cpu_now();
    int64_t wall = clock_monotonic_us();
    spread(s, *next, count, threads, true, false);
    wall = clock_monotonic_us() - wall;
    struct cpu to = cpu_now();
    need("counts", store_counts(s, NOW, &after));
    *next += count;
    double commits = (double)(after.commits - before.commits), n = (double)count;
    printf("issue    %2u threads  per certificate: %7.1f us wall, %6.1f us user, %6.1f us kernel;  %5.1f per "
           "commit of "
           "%7.1f us\n",
           threads, (double)wall / n, (double)(to.user_us - from.user_us) / n,
           (double)(to.kernel_us - from.kernel_us) / n, n / commits,
           (double)(after.commit_us_total - before.commit_us_total) / commits);
}

/* ---- reading ---- */

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool ignore_certificate(void *ctx, const struct certificate *c)
{
    (void)ctx, (void)c;
    return true;
}

static bool ignore_application(void *ctx, const struct application *app)
{
    (void)ctx, (void)app;
    return true;
}

enum question {
    FIND,
    FIND_UNKNOWN,
    LIST_EXPIRING,
    LIST_APPLICATION,
    LIST_ANY,
    LIST_APPLICATIONS,
    COUNTS,
    QUESTIONS
};
static const char *const question_names[QUESTIONS] = {"find",
                                                      "find unknown",
                                                      "list active by expiry",
                                                      "list of one application",
                                                      "list both states, newest",
                                                      "list applications",
                                                      "counts"};

static void ask(struct store *s, enum question q, uint64_t records, struct arena *a)
{
    uint8_t fingerprint[SHA256_SIZE];
    uint64_t n;
    char name[32];
    struct certificate c;
    struct store_counts counts;
    struct page_request page = {.limit = PAGE};
    struct certificate_filter filter = {.state = CERTIFICATE_ACTIVE};
    random_bytes((uint8_t *)&n, sizeof n);
    n %= records;
    (void)snprintf(name, sizeof name, "application-%06u", (unsigned)(n % 100000));
    digest_of(q == FIND ? ~n : n, fingerprint);
    switch (q) {
    case FIND:
        need("find", store_certificate_find(s, fingerprint, true, a, &c));
        return;
    case FIND_UNKNOWN:
        status_ignore(store_certificate_find(s, fingerprint, true, a, &c));
        return;
    case LIST_EXPIRING:
        filter.expires_after = NOW + (int64_t)(n / 100) + 92 * 86400;
        break;
    case LIST_APPLICATION:
        filter.state = -1;
        filter.application = text_of(name);
        break;
    case LIST_ANY:
        filter = (struct certificate_filter){.state = -1, .sort = SORT_ISSUED_AT, .descending = true};
        break;
    case LIST_APPLICATIONS:
        page.after = arena_printf(a, "/%s", name);
        need("list", store_application_list(s, TEXT(""), &page, a, ignore_application, NULL));
        return;
    case COUNTS:
    case QUESTIONS:
        need("counts", store_counts(s, NOW, &counts));
        return;
    }
    need("list", store_certificate_list(s, &filter, &page, a, ignore_certificate, NULL));
}

static void measure_reads(struct store *s, uint64_t records)
{
    static int64_t times[LOOKUPS];
    OWNED(arena_release) struct arena a;
    arena_init(&a, 65536, 1 << 22);
    for (enum question q = 0; q < QUESTIONS; q++) {
        for (int i = 0; i < LOOKUPS; i++) {
            arena_reset(&a);
            int64_t start = clock_monotonic_us();
            ask(s, q, records, &a);
            times[i] = clock_monotonic_us() - start;
        }
        qsort(times, LOOKUPS, sizeof times[0], compare_times);
        printf("%-26s %9llu records  p50 %5lld us  p99 %5lld us\n", question_names[q],
               (unsigned long long)records, (long long)times[LOOKUPS / 2],
               (long long)times[LOOKUPS * 99 / 100]);
    }
}

static void fill(struct store *s, uint64_t records)
{
    struct application app = {.created_at = NOW};
    struct audit_entry audit = {.at = NOW, .action = TEXT("application.create")};
    char name[32];
    uint64_t applications = records / 10 ? records / 10 : 1, old = records / 10 * 9 / LOADERS * LOADERS;
    for (uint64_t n = 0; n < applications && n < 2000; n++) {
        (void)snprintf(name, sizeof name, "application-%06u", (unsigned)(n * (100000 / 2000)));
        app.name = text_of(name);
        status_ignore(store_application_create(s, &app, &audit));
    }
    spread(s, 0, old, LOADERS, false, true);
    spread(s, old, (records - old) / LOADERS * LOADERS + LOADERS, LOADERS, false, false);
}

static struct store *open_timed(const char *what, const char *url)
{
    int64_t start = clock_monotonic_us();
    struct store *s = open_store(url);
    printf("%-14s %.1f ms\n", what, (double)(clock_monotonic_us() - start) / 1e3);
    return s;
}

static void measure_at(const char *directory, uint64_t records)
{
    char url[512];
    (void)snprintf(url, sizeof url, "sqlite:%s/%llu/fairlead.db", directory, (unsigned long long)records);
    struct store *s = open_timed("open as found", url);
    int64_t start = clock_monotonic_us();
    struct store_counts counts;
    need("counts", store_counts(s, NOW, &counts));
    if (counts.applications == 0) /* otherwise a directory of an earlier run */
        fill(s, records);
    printf("filled   %9llu records in %.1f s\n", (unsigned long long)records,
           (double)(clock_monotonic_us() - start) / 1e6);
    measure_reads(s, records);
    uint64_t next; /* numbers that no earlier run used */
    random_bytes((uint8_t *)&next, sizeof next);
    measure_issue(s, &next, 1);
    measure_issue(s, &next, 16);
    struct stat st;
    (void)snprintf(url, sizeof url, "%s/%llu/fairlead.db-wal", directory, (unsigned long long)records);
    if (stat(url, &st) == 0)
        printf("log      %.1f MiB\n", (double)st.st_size / 1048576);
    store_close(s);
    (void)snprintf(url, sizeof url, "sqlite:%s/%llu/fairlead.db", directory, (unsigned long long)records);
    s = open_timed("open", url);
    store_close(s);
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: bench_store DIRECTORY [RECORDS]\n");
        return 2;
    }
    measure_at(argv[1], 1000);
    uint64_t records = 0;
    if (argc == 3 && text_to_u64(text_of(argv[2]), UINT32_MAX, &records) && records > 1000)
        measure_at(argv[1], records);
    return 0;
}
