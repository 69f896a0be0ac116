/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <getopt.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX (1u << 20) /* per thread; later operations are counted but not sampled */

struct targets {
    char *text;
    char **line;
    size_t count;
    _Atomic size_t next;
};

struct worker {
    const struct load_options *options;
    SSL_CTX *ctx;
    struct targets *targets;
    FILE *collect;
    pthread_t thread;
    struct load_connection connection;
    double due; /* with a rate: when the next request is */
    uint64_t operations, errors;
    uint32_t *samples; /* microseconds */
    size_t sample_count;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void record(struct worker *w, double started, int status)
{
    if (status != w->options->expect) {
        w->errors++;
        return;
    }
    w->operations++;
    if (w->sample_count < SAMPLES_MAX)
        w->samples[w->sample_count++] = (uint32_t)((now() - started) * 1e6);
}

static int request(struct worker *w, const char *path)
{
    return w->options->h2 ? load_h2_request(w->options, &w->connection, path)
                          : load_h1_request(w->options, &w->connection, path);
}

static const char *next_target(struct worker *w)
{
    if (!w->targets)
        return w->options->path;
    size_t i = atomic_fetch_add(&w->targets->next, 1);
    if (w->options->again && w->targets->count)
        i %= w->targets->count;
    return i < w->targets->count ? w->targets->line[i] : NULL;
}

/*
 * With a rate, requests have a time at which they are due, whatever became of those before: what is measured
 * from then on includes the wait behind a slow answer, which a client that keeps to the rate would have had.
 */
static double due(struct worker *w)
{
    if (w->options->rate <= 0)
        return now();
    const double at = w->due;
    w->due += (double)w->options->threads / w->options->rate;
    const struct timespec until = {(time_t)at, (long)((at - (double)(time_t)at) * 1e9)};
    if (at > now())
        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    return at;
}

static void run_keepalive(struct worker *w, double end)
{
    bool connected = false;
    while (now() < end) {
        const char *path = next_target(w);
        if (!path)
            break;
        if (!connected && load_connect(w->options, w->ctx, &w->connection) != 0) {
            w->errors++;
            usleep(1000);
            continue;
        }
        connected = true;
        double started = due(w);
        int status = request(w, path);
        record(w, started, status);
        if (w->collect && status == w->options->expect)
            fprintf(w->collect, "%s\n", w->connection.token); /* stdio locks */
        if (status < 0) {
            load_disconnect(&w->connection, false);
            connected = false;
        }
    }
    if (connected)
        load_disconnect(&w->connection, true);
}

static void run_handshakes(struct worker *w, double end)
{
    while (now() < end) {
        double started = now();
        int status = -1;
        if (load_connect(w->options, w->ctx, &w->connection) == 0) {
            status = request(w, w->options->path);
            load_disconnect(&w->connection, true);
        }
        record(w, started, status);
    }
}

static void *run_worker(void *arg)
{
    struct worker *w = arg;
    double end = now() + w->options->seconds;
    (void)prctl(PR_SET_TIMERSLACK, 1);
    if (w->options->mode == LOAD_HANDSHAKE)
        run_handshakes(w, end);
    else
        run_keepalive(w, end);
    return NULL;
}

/* Opens connections, makes one request on each, says "ready" and holds them until standard input ends. */
static int run_idle(const struct load_options *o, SSL_CTX *ctx)
{
    struct load_connection *all = calloc(o->connections, sizeof *all);
    unsigned open = 0;
    for (unsigned i = 0; all && i < o->connections; i++) {
        if (load_connect(o, ctx, &all[i]) != 0)
            break;
        int status = o->h2 ? load_h2_request(o, &all[i], o->path) : load_h1_request(o, &all[i], o->path);
        if (status != o->expect)
            break;
        open++;
    }
    printf("{\"ready\": %u}\n", open);
    fflush(stdout);
    char c;
    while (read(0, &c, 1) > 0)
        ;
    for (unsigned i = 0; i < open; i++)
        load_disconnect(&all[i], true);
    free(all);
    return open == o->connections ? 0 : 1;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void report(struct worker *workers, unsigned count, double seconds)
{
    uint64_t operations = 0, errors = 0;
    size_t samples = 0;
    for (unsigned i = 0; i < count; i++) {
        operations += workers[i].operations;
        errors += workers[i].errors;
        samples += workers[i].sample_count;
    }
    uint32_t *all = calloc(samples + 1, sizeof *all);
    size_t n = 0;
    for (unsigned i = 0; i < count && all; i++) {
        memcpy(all + n, workers[i].samples, workers[i].sample_count * sizeof *all);
        n += workers[i].sample_count;
    }
    if (n)
        qsort(all, n, sizeof *all, compare);
    printf("{\"operations\": %llu, \"errors\": %llu, \"seconds\": %.3f, \"p50_us\": %u, \"p99_us\": %u}\n",
           (unsigned long long)operations, (unsigned long long)errors, seconds, n ? all[n / 2] : 0,
           n ? all[n * 99 / 100] : 0);
    free(all);
}

static int run_threads(const struct load_options *o, SSL_CTX *ctx, struct targets *targets)
{
    struct worker *workers = calloc(o->threads, sizeof *workers);
    FILE *collect = o->collect_file ? fopen(o->collect_file, "w") : NULL;
    double started = now();
    for (unsigned i = 0; i < o->threads; i++) {
        workers[i] = (struct worker){.options = o, .ctx = ctx, .targets = targets, .collect = collect};
        workers[i].due = o->rate > 0 ? started + i / o->rate : 0; /* spread over the first round */
        workers[i].samples = malloc(SAMPLES_MAX * sizeof(uint32_t));
        if (!workers[i].samples || pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]) != 0)
            return 1;
    }
    for (unsigned i = 0; i < o->threads; i++)
        pthread_join(workers[i].thread, NULL);
    report(workers, o->threads, now() - started);
    if (collect && fclose(collect) != 0)
        return 1;
    for (unsigned i = 0; i < o->threads; i++)
        free(workers[i].samples);
    free(workers);
    return 0;
}

static int read_targets(const char *path, struct targets *t)
{
    FILE *in = fopen(path, "r");
    if (!in)
        return -1;
    size_t capacity = 0;
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    while ((n = getline(&line, &size, in)) > 0) {
        if (line[n - 1] == '\n')
            line[n - 1] = '\0';
        if (t->count == capacity) {
            capacity = capacity ? capacity * 2 : 1024;
            char **more = realloc(t->line, capacity * sizeof *more);
            if (!more)
                return -1;
            t->line = more;
        }
        t->line[t->count++] = strdup(line);
    }
    free(line);
    fclose(in);
    return 0;
}

static SSL_CTX *client_context(const struct load_options *o)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    static const unsigned char h2[] = "\x02h2", h1[] = "\x08http/1.1";
    if (!ctx || SSL_CTX_load_verify_locations(ctx, o->ca_file, NULL) != 1)
        return NULL;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(ctx,
                             "TLS_AES_128_GCM_SHA256"); /* the same for every server, whatever it prefers */
    SSL_CTX_set1_groups_list(ctx, "X25519");
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (o->cert_file && (SSL_CTX_use_certificate_chain_file(ctx, o->cert_file) != 1 ||
                         SSL_CTX_use_PrivateKey_file(ctx, o->key_file, SSL_FILETYPE_PEM) != 1))
        return NULL;
    SSL_CTX_set_alpn_protos(ctx, o->h2 ? h2 : h1, o->h2 ? 3 : 9);
    return ctx;
}

static int mode_of(const char *word, enum load_mode *out)
{
    static const char *const names[] = {"keepalive", "handshake", "idle", "burst"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(word, names[i]) == 0) {
            *out = (enum load_mode)i;
            return 0;
        }
    }
    return -1;
}

static const struct option long_options[] = {
    {"mode", 1, 0, 'm'},    {"name", 1, 0, 'n'},    {"port", 1, 0, 'p'},        {"ca", 1, 0, 'a'},
    {"cert", 1, 0, 'c'},    {"key", 1, 0, 'k'},     {"path", 1, 0, 'u'},        {"body", 1, 0, 'b'},
    {"targets", 1, 0, 't'}, {"threads", 1, 0, 'j'}, {"seconds", 1, 0, 's'},     {"h2", 0, 0, '2'},
    {"plain", 0, 0, 'P'},   {"expect", 1, 0, 'e'},  {"connections", 1, 0, 'C'}, {"header", 1, 0, 'H'},
    {"collect", 1, 0, 'o'}, {"again", 0, 0, 'A'},   {"number", 0, 0, 'N'},      {"number-from", 1, 0, 'F'},
    {"rate", 1, 0, 'R'},    {0, 0, 0, 0},
};

static int parse(int argc, char **argv, struct load_options *o)
{
    int c;
    while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (c) {
        case 'm':
            if (mode_of(optarg, &o->mode) != 0)
                return -1;
            break;
        case 'n':
            o->name = optarg;
            break;
        case 'p':
            o->port = (int)strtol(optarg, NULL, 10);
            break;
        case 'a':
            o->ca_file = optarg;
            break;
        case 'c':
            o->cert_file = optarg;
            break;
        case 'k':
            o->key_file = optarg;
            break;
        case 'u':
            o->path = optarg;
            break;
        case 'b':
            o->body = optarg;
            break;
        case 't':
            o->targets_file = optarg;
            break;
        case 'j':
            o->threads = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 's':
            o->seconds = strtod(optarg, NULL);
            break;
        case 'e':
            o->expect = (int)strtol(optarg, NULL, 10);
            break;
        case 'C':
            o->connections = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'H':
            o->header = optarg;
            break;
        case 'o':
            o->collect_file = optarg;
            break;
        case 'A':
            o->again = true;
            break;
        case 'N':
            o->number = true;
            break;
        case 'F':
            o->number = true;
            o->number_from = strtol(optarg, NULL, 10);
            break;
        case 'R':
            o->rate = strtod(optarg, NULL);
            break;
        case '2':
            o->h2 = true;
            break;
        case 'P':
            o->plain = true;
            break;
        default:
            return -1;
        }
    }
    return o->port > 0 && o->threads > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct load_options o = {.name = "localhost",
                             .path = "/",
                             .threads = 1,
                             .seconds = 5,
                             .expect = 200,
                             .connections = 1,
                             .number_from = -1};
    struct targets targets = {0};
    if (parse(argc, argv, &o) != 0 || (o.targets_file && read_targets(o.targets_file, &targets) != 0)) {
        fprintf(stderr, "usage: load --mode keepalive|handshake|idle|burst --port N --ca FILE [--cert FILE "
                        "--key FILE] ...\n");
        return 2;
    }
    SSL_CTX *ctx = o.plain ? NULL : client_context(&o);
    if (!o.plain && !ctx) {
        fprintf(stderr, "load: cannot use the certificate files\n");
        return 2;
    }
    if (o.mode == LOAD_BURST)
        return load_burst(&o, ctx);
    return o.mode == LOAD_IDLE ? run_idle(&o, ctx) : run_threads(&o, ctx, o.targets_file ? &targets : NULL);
}
