/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/generated.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "scratch.h"
#include "x509/certificate.h"

OWNABLE(struct ca, ca_close);

#define DAY 86400LL

static char directory[SCRATCH_MAX];

static int start(void **state)
{
    (void)state;
    scratch_make(directory);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return scratch_remove(directory);
}

static struct ca *open_ca(const char *algorithm)
{
    static char key[96];
    const struct ca_settings settings = {
        .key_algorithm = text_of(algorithm), .subject = TEXT("CN=CA"), .validity_s = 365 * DAY};
    struct ca *ca = NULL;
    struct store *own = NULL;
    struct vault *own_vault = NULL;
    (void)snprintf(key, sizeof key, "%s/%s.key", directory, algorithm[0] == 'r' ? "rsa" : "ec");
    const struct store_settings in_memory = {
        .url = TEXT("memory:"), .read_connections = 1, .write_queue_max = 16};
    const struct vault_settings vault_settings = {.key_file = text_of(key), .may_create = true};
    must(status_ok(store_open(&in_memory, &own, NULL)));
    must(status_ok(vault_open(&vault_settings, own, &own_vault, NULL)));
    must(status_ok(ca_open(&settings, own, own_vault, &ca, NULL)));
    vault_close(own_vault);
    store_close(own);
    return ca;
}

static const struct generated_settings usual = {
    .key_algorithm = TEXT_INIT("rsa:2048"), .validity_s = 365 * DAY, .require_sha256_with_rsa = true};

static void keeps_the_promise_or_names_what_gives_it_up(void **state)
{
    (void)state;
    static const struct {
        const char *key, *ca; /* NULL: self-signed */
        bool promised;
        const char *refusal; /* NULL: fine */
    } cases[] = {
        {"rsa:1024", NULL, true, "registry.generated_key_algorithm: "},
        {"", NULL, false, "registry.generated_key_algorithm: "},
        {"ec:P-256", NULL, true, "registry.generated_key_algorithm is ec:P-256"},
        {"ed25519", NULL, true, "registry.generated_key_algorithm is ed25519"},
        {"ec:P-256", "rsa:2048", true, "registry.generated_key_algorithm is ec:P-256"},
        {"rsa:2048", "ec:P-256", true, "registry.generated_issuer is ca, whose key is ec:P-256"},
        {"rsa:2048", NULL, true, NULL},
        {"rsa:4096", "rsa:2048", true, NULL},
        {"ec:P-256", NULL, false, NULL},
        {"rsa:2048", "ec:P-256", false, NULL},
        {"ec:P-384", "ec:P-256", false, NULL},
    };
    OWNED(ca_close) struct ca *rsa = open_ca("rsa:2048"), *ec = open_ca("ec:P-256");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct generated_settings s = {text_of(cases[i].key), cases[i].ca != NULL, DAY,
                                             cases[i].promised};
        struct error err = {0};
        const struct ca *ca = !cases[i].ca ? NULL : cases[i].ca[0] == 'r' ? rsa : ec;
        struct status got = generated_check(&s, ca, &err);
        assert_int_equal(got.code, cases[i].refusal ? E_INVALID : E_OK);
        if (cases[i].refusal && !text_starts_with(text_of(err.message), text_of(cases[i].refusal)))
            fail_msg("'%s'", err.message);
        bool promise = cases[i].refusal && strstr(cases[i].refusal, " is ");
        assert_true(!promise || strstr(err.message, "registry.require_sha256_with_rsa: false"));
    }
    struct generated_settings none = usual;
    none.validity_s = 0;
    assert_status(generated_check(&none, NULL, NULL), E_INVALID);
}

static void refuses_common_names_that_are_none(void **state)
{
    (void)state;
    static char long_name[65], umlauts[130];
    memset(long_name, 'a', sizeof long_name);
    for (size_t i = 0; i < sizeof umlauts; i++)
        umlauts[i] = i % 2 ? (char)0xa4 : (char)0xc3;
    const struct text names[] = {
        TEXT(""),     {long_name, 65}, {umlauts, 130},       TEXT("\xff"),
        TEXT("a\0b"), TEXT("cut\xc3"), TEXT("\xed\xa0\x80"), /* a surrogate */
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct generated_pair pair = {0};
        struct error err = {0};
        assert_status(generated_pair_make(&usual, NULL, NULL, names[i], 0, &pair, &err), E_INVALID);
        assert_non_null(strstr(err.message, "commonName"));
        assert_null(pair.key_pem.p);
    }
}

static void refuses_a_validity_past_the_year_9999(void **state)
{
    (void)state;
    struct generated_settings s = usual;
    struct generated_pair pair = {0};
    s.key_algorithm = TEXT("ec:P-256");
    s.validity_s = INT64_MAX;
    assert_status(generated_pair_make(&s, NULL, NULL, TEXT("a"), clock_now_s(), &pair, NULL), E_INVALID);
}

static void takes_common_names_of_64_characters(void **state)
{
    (void)state;
    static char umlauts[128];
    for (size_t i = 0; i < sizeof umlauts; i++)
        umlauts[i] = i % 2 ? (char)0xa4 : (char)0xc3;
    const struct text names[] = {{umlauts, 128}, TEXT("a"), TEXT("a, b=c+d"), TEXT(" \xf0\x9f\x94\x91 ")};
    struct generated_settings s = usual;
    s.key_algorithm = TEXT("ec:P-256");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        OWNED(generated_pair_release) struct generated_pair pair = {0};
        OWNED(arena_release) struct arena a;
        arena_init(&a, 4096, 1 << 20);
        struct certificate_fields c;
        assert_ok(generated_pair_make(&s, NULL, NULL, names[i], 1000, &pair, NULL));
        assert_ok(certificate_from_pem(buffer_as_text(&pair.certificate_pem), &a, &c, NULL));
        assert_int_equal(c.subject.count, 1);
        assert_true(text_equal(name_first(&c.subject, NAME_CN), names[i]));
    }
}

/* ---- by the eyes of openssl(1) ---- */

static void put(const char *name, struct bytes content)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(content.p, 1, content.n, f), content.n);
    assert_int_equal(fclose(f), 0);
}

/* Runs it in the directory; its output, both streams. */
static const char *run(const char *command, bool *out_good)
{
    static char output[16384];
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (chdir(directory) == 0 && dup2(ends[1], 1) == 1 && dup2(ends[1], 2) == 2 && close(ends[0]) == 0)
            (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    size_t n = 0;
    ssize_t got;
    do {
        got = read(ends[0], output + n, sizeof output - 1 - n);
        n += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    output[n] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    *out_good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return output;
}

static void expect(const char *command, const char *const *wanted, size_t count)
{
    bool good = false;
    const char *output = run(command, &good);
    if (!good)
        fail_msg("%s: %s", command, output);
    for (size_t i = 0; i < count; i++) {
        if (!strstr(output, wanted[i]))
            fail_msg("%s: no '%s' in:\n%s", command, wanted[i], output);
    }
}
#define EXPECT(command, ...)                                                                                 \
    do {                                                                                                     \
        static const char *const wanted_[] = {__VA_ARGS__};                                                  \
        expect(command, wanted_, sizeof wanted_ / sizeof wanted_[0]);                                        \
    } while (0)

static void a_self_signed_pair_is_the_contracts(void **state)
{
    (void)state;
    OWNED(generated_pair_release) struct generated_pair pair = {0};
    OWNED(key_pool_free) struct key_pool *pool = NULL;
    assert_ok(key_pool_new(TEXT("rsa:2048"), 1, 1, &pool));
    int64_t now = clock_now_s();
    assert_ok(generated_pair_make(&usual, pool, NULL, TEXT("shop.example"), now, &pair, NULL));
    assert_true(pair.not_after == now + 365 * DAY);
    assert_ok(pair_check(buffer_bytes(&pair.certificate_pem), secret_bytes(&pair.key_pem), now, NULL));
    assert_true(
        text_starts_with(bytes_text(secret_bytes(&pair.key_pem)), TEXT("-----BEGIN RSA PRIVATE KEY-----\n")));
    put("crt", buffer_bytes(&pair.certificate_pem));
    put("key", secret_bytes(&pair.key_pem));
    EXPECT("openssl x509 -in crt -noout -text", "Version: 3 (0x2)",
           "Signature Algorithm: sha256WithRSAEncryption", "Issuer: CN = shop.example\n",
           "Subject: CN = shop.example\n", "Public-Key: (2048 bit)",
           "        X509v3 extensions:\n"
           "            X509v3 Key Usage: critical\n"
           "                Digital Signature\n"
           "            X509v3 Extended Key Usage: \n"
           "                TLS Web Client Authentication\n"
           "    Signature Algorithm");
    EXPECT("openssl rsa -in key -check -noout", "RSA key ok");
    EXPECT("openssl verify -purpose sslclient -check_ss_sig -CAfile crt crt", "crt: OK");
    EXPECT("test \"$(openssl x509 -in crt -noout -pubkey)\" = \"$(openssl rsa -in key -pubout 2>&-)\" && "
           "echo same",
           "same");
    struct certificate_facts facts;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    assert_ok(certificate_facts_read(buffer_bytes(&pair.certificate_pem), &a, &facts, NULL));
    assert_text(facts.subject, "CN=shop.example");
    assert_true(facts.not_before == now && facts.not_after == now + 365 * DAY);
}

static void a_pair_of_the_ca_leads_to_it(void **state)
{
    (void)state;
    OWNED(ca_close) struct ca *ca = open_ca("rsa:2048");
    OWNED(generated_pair_release) struct generated_pair pair = {0};
    struct generated_settings s = usual;
    s.by_ca = true;
    s.validity_s = 1000 * DAY;
    int64_t now = clock_now_s();
    assert_ok(generated_pair_make(&s, NULL, ca, TEXT("sh\xc3\xb6p"), now, &pair, NULL));
    assert_true(pair.not_after == ca_not_after(ca)); /* never past the CA's own end */
    assert_ok(pair_check(buffer_bytes(&pair.certificate_pem), secret_bytes(&pair.key_pem), now, NULL));
    assert_true(text_ends_with(buffer_as_text(&pair.certificate_pem), ca_certificate_pem(ca)));
    put("crt", buffer_bytes(&pair.certificate_pem));
    put("key", secret_bytes(&pair.key_pem));
    put("ca", text_bytes(ca_certificate_pem(ca)));
    EXPECT("openssl x509 -in crt -noout -text -nameopt utf8,sep_comma_plus",
           "Signature Algorithm: sha256WithRSAEncryption", "Issuer: CN=CA\n", "Subject: CN=sh\xc3\xb6p\n",
           "TLS Web Client Authentication", "X509v3 Authority Key Identifier");
    EXPECT("openssl rsa -in key -check -noout", "RSA key ok");
    EXPECT("openssl verify -x509_strict -purpose sslclient -CAfile ca crt", "crt: OK");
}

static void another_kind_of_key_is_pkcs8(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"ec:P-256", "ec:P-384", "ed25519"};
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        OWNED(generated_pair_release) struct generated_pair pair = {0};
        struct generated_settings s = usual;
        s.key_algorithm = text_of(algorithms[i]);
        int64_t now = clock_now_s();
        assert_ok(generated_pair_make(&s, NULL, NULL, TEXT("shop"), now, &pair, NULL));
        assert_true(
            text_starts_with(bytes_text(secret_bytes(&pair.key_pem)), TEXT("-----BEGIN PRIVATE KEY-----\n")));
        assert_ok(pair_check(buffer_bytes(&pair.certificate_pem), secret_bytes(&pair.key_pem), now, NULL));
        put("crt", buffer_bytes(&pair.certificate_pem));
        EXPECT("openssl verify -purpose sslclient -check_ss_sig -CAfile crt crt", "crt: OK");
    }
}

static struct status make_once(void)
{
    OWNED(generated_pair_release) struct generated_pair pair = {0};
    struct generated_settings s = usual;
    s.key_algorithm = TEXT("ec:P-256");
    return generated_pair_make(&s, NULL, NULL, TEXT("shop"), 1000, &pair, NULL);
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    assert_survives_failing_allocations(make_once());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_promise_or_names_what_gives_it_up),
        cmocka_unit_test(refuses_common_names_that_are_none),
        cmocka_unit_test(refuses_a_validity_past_the_year_9999),
        cmocka_unit_test(takes_common_names_of_64_characters),
        cmocka_unit_test(a_self_signed_pair_is_the_contracts),
        cmocka_unit_test(a_pair_of_the_ca_leads_to_it),
        cmocka_unit_test(another_kind_of_key_is_pkcs8),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
