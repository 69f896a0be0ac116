/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What does one certificate cost, without HTTP and without a store? Request read, its signature checked,
 * certificate written, linted, signed, in microseconds of CPU, beside the way a program takes that follows
 * libcrypto's manual (d2i_X509_REQ, X509_REQ_verify, X509V3_EXT_conf, X509_sign). One and two threads: the
 * library's decoders serialise. Interleaved rounds; median, and the range in brackets.
 *
 *     ninja -C build bench/bench_ca && build/bench/bench_ca [rounds] [milliseconds per measurement]
 */

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "ca/ca.h"
#include "fake_store.h"
#include "make_csr.h"
#include "x509/certificate.h"
#include "x509/keys.h"

#define ROUNDS_MAX 64
#define VALIDITY_S (92LL * 86400)

struct mix {
    const char *request_key;
    const char *ca_key;
};

static const struct mix mixes[] = {
    {"rsa:2048", "ec:P-256"}, {"ec:P-256", "ec:P-256"}, {"rsa:2048", "rsa:2048"}, {"ec:P-256", "rsa:2048"}};
#define MIXES (sizeof(mixes) / sizeof(mixes[0]))

struct setting {
    struct ca *ca;
    struct bytes request;
    const struct name *subject;
    X509 *naive_ca;
    EVP_PKEY *naive_key;
};

typedef bool work(const struct setting *s, struct arena *a);

static bool issue_ours(const struct setting *s, struct arena *a)
{
    struct csr csr;
    struct ca_leaf leaf;
    if (!status_ok(csr_parse(s->request, a, &csr, NULL)) || !status_ok(csr_verify(&csr, NULL)))
        return false;
    const struct ca_leaf_request request = {&csr, s->subject, clock_now_s(), VALIDITY_S};
    return status_ok(ca_issue_client(s->ca, &request, a, &leaf, NULL));
}

static bool verify_ours(const struct setting *s, struct arena *a)
{
    struct csr csr;
    return status_ok(csr_parse(s->request, a, &csr, NULL)) && status_ok(csr_verify(&csr, NULL));
}

static bool parse_ours(const struct setting *s, struct arena *a)
{
    struct csr csr;
    return status_ok(csr_parse(s->request, a, &csr, NULL));
}

static bool add_extension(X509 *x, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
    bool added = e && X509_add_ext(x, e, -1) == 1;
    X509_EXTENSION_free(e);
    return added;
}

static bool set_serial(X509 *x)
{
    BIGNUM *serial = BN_new();
    bool set = serial && BN_rand(serial, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
               BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) != NULL;
    BN_free(serial);
    return set;
}

static bool fill_naive(X509 *x, X509_REQ *req, EVP_PKEY *key, const struct setting *s)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, s->naive_ca, x, req, NULL, 0);
    return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
           X509_set_issuer_name(x, X509_get_subject_name(s->naive_ca)) == 1 &&
           X509_set_subject_name(x, X509_REQ_get_subject_name(req)) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(x), -300) &&
           X509_gmtime_adj(X509_getm_notAfter(x), VALIDITY_S) && X509_set_pubkey(x, key) == 1 &&
           add_extension(x, &ctx, NID_key_usage, "critical,digitalSignature") &&
           add_extension(x, &ctx, NID_ext_key_usage, "clientAuth") &&
           add_extension(x, &ctx, NID_subject_key_identifier, "hash") &&
           add_extension(x, &ctx, NID_authority_key_identifier, "keyid:always");
}

static bool issue_naive(const struct setting *s, struct arena *a)
{
    (void)a;
    const uint8_t *p = s->request.p;
    unsigned char *der = NULL;
    X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)s->request.n);
    EVP_PKEY *key = req ? X509_REQ_get0_pubkey(req) : NULL;
    X509 *x = X509_new();
    bool good = key && x && X509_REQ_verify(req, key) == 1 && fill_naive(x, req, key, s) &&
                X509_sign(x, s->naive_key, EVP_sha256()) > 0 && i2d_X509(x, &der) > 0;
    OPENSSL_free(der);
    X509_free(x);
    X509_REQ_free(req);
    return good;
}

static const struct way {
    const char *name;
    work *run;
} ways[] = {{"fairlead", issue_ours},
            {"naive OpenSSL", issue_naive},
            {"parse+verify", verify_ours},
            {"parse", parse_ours}};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

struct runner {
    const struct setting *setting;
    work *run;
    int64_t until_ns;
    long done;
};

static void *run_until(void *arg)
{
    struct runner *r = arg;
    struct arena a;
    arena_init(&a, 16 * 1024, 1024 * 1024);
    while (clock_ns(CLOCK_MONOTONIC) < r->until_ns) {
        for (int i = 0; i < 10; i++) {
            must(r->run(r->setting, &a));
            arena_reset(&a);
            r->done++;
        }
    }
    arena_release(&a);
    return NULL;
}

struct sample {
    double cpu_us, per_second;
};

static struct sample measure(const struct setting *s, work *run, unsigned threads, int64_t ms)
{
    struct runner runners[2];
    pthread_t ids[2];
    int64_t start = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (unsigned i = 0; i < threads; i++) {
        runners[i] = (struct runner){s, run, start + ms * 1000000, 0};
        must(pthread_create(&ids[i], NULL, run_until, &runners[i]) == 0);
    }
    long done = 0;
    for (unsigned i = 0; i < threads; i++) {
        must(pthread_join(ids[i], NULL) == 0);
        done += runners[i].done;
    }
    cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    double elapsed = (double)(clock_ns(CLOCK_MONOTONIC) - start);
    return (struct sample){(double)cpu / 1000 / (double)done, (double)done / elapsed * 1e9};
}

static int by_cpu(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return x->cpu_us < y->cpu_us ? -1 : x->cpu_us > y->cpu_us;
}

static void prepare(const struct mix *mix, struct setting *out, struct buffer *request, struct arena *a,
                    const struct name *subject)
{
    struct store *store = calloc(1, sizeof(*store));
    static struct vault vault;
    const struct ca_settings settings = {
        .key_algorithm = text_of(mix->ca_key), .subject = TEXT("CN=Bench CA"), .validity_s = 365LL * 86400};
    *out = (struct setting){.subject = subject};
    must(store && status_ok(ca_open(&settings, store, &vault, &out->ca, NULL)));
    struct secret key = {0};
    must(status_ok(vault_get(&vault, store, TEXT("ca/key"), &key, NULL)));
    must(status_ok(key_from_pkcs8(secret_bytes(&key), &out->naive_key, NULL)));
    secret_release(&key);
    free(store);
    struct bytes der = ca_certificate_der(out->ca);
    const uint8_t *p = der.p;
    out->naive_ca = d2i_X509(NULL, &p, (long)der.n);
    must(out->naive_ca != NULL);
    make_csr(&(struct test_csr){.key = mix->request_key, .digest = "SHA256"}, request);
    struct bytes kept = arena_bytes(a, buffer_bytes(request));
    buffer_clear(request);
    out->request = kept;
}

static void print_row(const struct mix *mix, const char *way, unsigned threads, struct sample *samples,
                      size_t rounds)
{
    qsort(samples, rounds, sizeof(*samples), by_cpu);
    printf("%-9s %-9s %-14s %u  %8.1f us  [%.1f .. %.1f]  %9.0f /s\n", mix->request_key, mix->ca_key, way,
           threads, samples[rounds / 2].cpu_us, samples[0].cpu_us, samples[rounds - 1].cpu_us,
           samples[rounds / 2].per_second);
}

int main(int argc, char **argv)
{
    uint64_t rounds = 5, ms = 200;
    if ((argc > 1 && !text_to_u64(text_of(argv[1]), ROUNDS_MAX, &rounds)) ||
        (argc > 2 && !text_to_u64(text_of(argv[2]), 60000, &ms)) || rounds == 0 || ms == 0) {
        fprintf(stderr, "usage: bench_ca [rounds] [milliseconds]\n");
        return 2;
    }
    static struct setting settings[MIXES];
    static struct sample samples[MIXES][WAYS][2][ROUNDS_MAX];
    struct arena a;
    arena_init(&a, 16 * 1024, 1024 * 1024);
    struct buffer request;
    buffer_init(&request, 65536);
    struct name subject;
    must(status_ok(name_from_text(TEXT("C=DE,ST=Waldorf,L=Waldorf,O=Organization,OU=OrgUnit,CN=app"), &a,
                                  &subject, NULL)));
    for (size_t m = 0; m < MIXES; m++)
        prepare(&mixes[m], &settings[m], &request, &a, &subject);
    for (size_t round = 0; round < rounds; round++)
        for (size_t m = 0; m < MIXES; m++)
            for (size_t w = 0; w < WAYS; w++)
                for (unsigned threads = 1; threads <= 2; threads++)
                    samples[m][w][threads - 1][round] =
                        measure(&settings[m], ways[w].run, threads, (int64_t)ms);
    printf(
        "request   CA        way            threads, CPU per operation (median of %u, range), throughput\n",
        (unsigned)rounds);
    for (size_t m = 0; m < MIXES; m++)
        for (size_t w = 0; w < WAYS; w++)
            for (unsigned threads = 1; threads <= 2; threads++)
                print_row(&mixes[m], ways[w].name, threads, samples[m][w][threads - 1], rounds);
    for (size_t m = 0; m < MIXES; m++) {
        ca_close(settings[m].ca);
        X509_free(settings[m].naive_ca);
        EVP_PKEY_free(settings[m].naive_key);
    }
    buffer_release(&request);
    arena_release(&a);
    return 0;
}
