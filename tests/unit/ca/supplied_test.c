/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/ca.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "fake_store.h"
#include "make_csr.h"

OWNABLE(X509, X509_free);
OWNABLE(FILE, fclose);
OWNABLE(struct ca, ca_close);

#define DAY 86400L

/* All files lie in one directory that is made for this run. */
static char directory[] = "/tmp/fairlead-ca-test-XXXXXX";
static char paths[4][64];
enum file { CA_CRT, CA_KEY, ROOT_CRT, FILES };

struct wanted {
    const char *subject, *issuer;
    const char *key, *issuer_key;
    const char *basic_constraints; /* NULL: absent */
    const char *key_usage;
    long starts_in, ends_in; /* seconds from now */
};

static void set_name(X509_NAME *name, const char *common_name)
{
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0));
}

static void add(X509 *x, int nid, const char *value)
{
    if (!value)
        return;
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(e && X509_add_ext(x, e, -1));
    X509_EXTENSION_free(e);
}

static void write_certificate(enum file file, const struct wanted *w)
{
    OWNED(X509_free) X509 *x = X509_new();
    must(X509_set_version(x, X509_VERSION_3) && ASN1_INTEGER_set(X509_get_serialNumber(x), 7));
    set_name(X509_get_subject_name(x), w->subject);
    set_name(X509_get_issuer_name(x), w->issuer);
    must(X509_set_pubkey(x, test_key(w->key)));
    must(X509_gmtime_adj(X509_getm_notBefore(x), w->starts_in) &&
         X509_gmtime_adj(X509_getm_notAfter(x), w->ends_in));
    add(x, NID_basic_constraints, w->basic_constraints);
    add(x, NID_key_usage, w->key_usage);
    must(X509_sign(x, test_key(w->issuer_key), EVP_sha256()) > 0);
    OWNED(fclose) FILE *f = fopen(paths[file], "w");
    must(f && PEM_write_X509(f, x) == 1);
}

enum key_form { PKCS8, TRADITIONAL };

static void write_key(enum file file, const char *key, enum key_form form, mode_t mode)
{
    unlink(paths[file]);
    BIO *bio = BIO_new_file(paths[file], "w");
    must(bio);
    if (form == PKCS8)
        must(PEM_write_bio_PKCS8PrivateKey(bio, test_key(key), NULL, NULL, 0, NULL, NULL) == 1);
    else
        must(PEM_write_bio_PrivateKey_traditional(bio, test_key(key), NULL, NULL, 0, NULL, NULL) == 1);
    BIO_free(bio);
    must(chmod(paths[file], mode) == 0);
}

static void write_text(enum file file, const char *text)
{
    OWNED(fclose) FILE *f = fopen(paths[file], "w");
    must(f && fputs(text, f) >= 0);
}

static int start(void **state)
{
    (void)state;
    must(mkdtemp(directory));
    for (int i = 0; i < FILES; i++)
        snprintf(paths[i], sizeof(paths[i]), "%s/%d", directory, i);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++)
        unlink(paths[i]);
    return rmdir(directory);
}

static const struct wanted good_ca = {
    "CA", "CA", "ec:P-256", "ec:P-256", "critical,CA:TRUE", "critical,keyCertSign", -DAY, DAY};
static const struct wanted good_root = {
    "Root", "Root", "rsa:2048", "rsa:2048", "critical,CA:TRUE", "critical,keyCertSign", -DAY, DAY};
static const struct wanted good_issued = {
    "CA", "Root", "ec:P-256", "rsa:2048", "critical,CA:TRUE", "critical,keyCertSign", -DAY, DAY};

static struct ca_settings settings(bool with_root)
{
    return (struct ca_settings){.certificate_file = text_of(paths[CA_CRT]),
                                .key_file = text_of(paths[CA_KEY]),
                                .root_file = text_of(with_root ? paths[ROOT_CRT] : NULL)};
}

static void expect_refusal(const struct ca_settings *s, enum code code, const char *message)
{
    struct ca *ca = NULL;
    struct error err = {0};
    struct status status = ca_open(s, NULL, NULL, &ca, &err);
    if (status.code != code || !strstr(err.message, message))
        fail_msg("%s '%s', expected %s '%s'", code_name(status.code), err.message, code_name(code), message);
}

static void refuses_certificates_that_are_no_ca(void **state)
{
    (void)state;
    static const struct {
        struct wanted wanted;
        const char *message;
    } cases[] = {
        {{"CA", "CA", "ec:P-256", "ec:P-256", NULL, NULL, -DAY, DAY}, "is not a CA certificate"},
        {{"CA", "CA", "ec:P-256", "ec:P-256", "CA:FALSE", NULL, -DAY, DAY}, "is not a CA certificate"},
        {{"CA", "CA", "ec:P-256", "ec:P-256", "CA:TRUE", "digitalSignature", -DAY, DAY},
         "may not sign certificates"},
        {{"CA", "CA", "ec:P-256", "ec:P-256", "CA:TRUE", "keyCertSign", DAY, 2 * DAY}, "is not valid before"},
        {{"CA", "CA", "ec:P-256", "ec:P-256", "CA:TRUE", "keyCertSign", -2 * DAY, -DAY}, "ended at"},
        {{"CA", "CA", "rsa:1024", "rsa:1024", "CA:TRUE", "keyCertSign", -DAY, DAY},
         "has a key that is not accepted"},
        {{"CA", "CA", "ec:P-384", "ec:P-384", "CA:TRUE", "keyCertSign", -DAY, DAY},
         "does not belong to the certificate"},
        {{"CA", "CA", "rsa:2048", "rsa:2048", "CA:TRUE", "keyCertSign", -DAY, DAY},
         "does not belong to the certificate"},
    };
    write_key(CA_KEY, "ec:P-256", PKCS8, 0600);
    struct ca_settings s = settings(false);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_certificate(CA_CRT, &cases[i].wanted);
        expect_refusal(&s, E_INVALID, cases[i].message);
    }
}

static void refuses_files_that_are_not_what_they_should_be(void **state)
{
    (void)state;
    write_certificate(CA_CRT, &good_ca);
    struct ca_settings s = settings(false);
    s.key_file = text_of(NULL);
    expect_refusal(&s, E_INVALID, "ca.certificate_file needs ca.key_file");
    s.key_file = TEXT("/nowhere/at/all");
    expect_refusal(&s, E_NOT_FOUND, "/nowhere/at/all");
    s = settings(false);
    write_text(CA_KEY, "no key");
    must(chmod(paths[CA_KEY], 0600) == 0);
    expect_refusal(&s, E_INVALID, "there is no private key in PEM");
    s.certificate_file = TEXT("/nowhere/at/all");
    expect_refusal(&s, E_NOT_FOUND, "/nowhere/at/all");
    s = settings(false);
    write_text(CA_CRT, "no certificate");
    expect_refusal(&s, E_INVALID, "there is no certificate in PEM");
}

static void refuses_a_key_file_that_others_can_read(void **state)
{
    (void)state;
    write_certificate(CA_CRT, &good_ca);
    struct ca_settings s = settings(false);
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0666};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        write_key(CA_KEY, "ec:P-256", PKCS8, modes[i]);
        expect_refusal(&s, E_DENIED, paths[CA_KEY]);
    }
}

static void refuses_a_root_that_did_not_issue_the_ca(void **state)
{
    (void)state;
    write_key(CA_KEY, "ec:P-256", PKCS8, 0600);
    write_certificate(CA_CRT, &good_issued);
    struct ca_settings s = settings(true);
    static const struct {
        struct wanted root;
        const char *message;
    } cases[] = {
        {{"Other", "Other", "rsa:2048", "rsa:2048", "critical,CA:TRUE", "keyCertSign", -DAY, DAY},
         "does not verify against"},
        {{"Root", "Root", "ec:P-384", "ec:P-384", "critical,CA:TRUE", "keyCertSign", -DAY, DAY},
         "does not verify against"},

        {{"Root", "Root", "rsa:2048", "rsa:2048", NULL, NULL, -DAY, DAY}, "is not a CA certificate"},
        {{"Root", "Root", "rsa:2048", "rsa:2048", "CA:TRUE", "cRLSign", -DAY, DAY},
         "may not sign certificates"},
        {{"Root", "Root", "rsa:2048", "rsa:2048", "CA:TRUE", NULL, -2 * DAY, -DAY}, "ended at"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_certificate(ROOT_CRT, &cases[i].root);
        expect_refusal(&s, E_INVALID, cases[i].message);
    }
}

static void opens_each_form_of_key(void **state)
{
    (void)state;
    static const char *const keys[] = {"ec:P-256", "ec:P-384", "rsa:2048"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct wanted w = good_ca;
        w.key = w.issuer_key = keys[i];
        w.key_usage = i ? w.key_usage : NULL; /* 'openssl req -x509' writes none */
        write_certificate(CA_CRT, &w);
        for (enum key_form form = PKCS8; form <= TRADITIONAL; form++) {
            write_key(CA_KEY, keys[i], form, 0400);
            struct ca_settings s = settings(false);
            OWNED(ca_close) struct ca *ca = NULL;
            struct error err = {0};
            struct status status = ca_open(&s, NULL, NULL, &ca, &err);
            if (!status_ok(status))
                fail_msg("%s: %s", keys[i], err.message);
            assert_text(ca_key_algorithm(ca), keys[i]);
            assert_text(ca_subject(ca), "CN=CA");
            assert_false(ca_has_root(ca));
        }
    }
}

static void opens_a_ca_with_its_root(void **state)
{
    (void)state;
    write_key(CA_KEY, "ec:P-256", PKCS8, 0600);
    write_certificate(CA_CRT, &good_issued);
    write_certificate(ROOT_CRT, &good_root);
    struct ca_settings s = settings(true);
    OWNED(ca_close) struct ca *ca = NULL;
    assert_ok(ca_open(&s, NULL, NULL, &ca, NULL));
    assert_true(ca_has_root(ca));
    assert_memory_not_equal(ca_fingerprint(ca), ca_root_fingerprint(ca), SHA256_SIZE);
    assert_false(text_equal(ca_root_pem(ca), ca_certificate_pem(ca)));
    assert_int_equal(ca_anchors_pem(ca).n, ca_certificate_pem(ca).n + ca_root_pem(ca).n);
    assert_true(text_starts_with(ca_anchors_pem(ca), ca_certificate_pem(ca)));
    assert_true(text_ends_with(ca_anchors_pem(ca), ca_root_pem(ca)));
    /* this CA has no key identifier, so its certificates name none (contract 5.3) */
    struct arena a;
    arena_init(&a, 4096, 1 << 20);
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 65536);
    make_csr(&(struct test_csr){.key = "ec:P-256", .digest = "SHA256"}, &der);
    struct csr csr;
    assert_ok(csr_parse(buffer_bytes(&der), &a, &csr, NULL));
    const struct ca_leaf_request request = {&csr, &csr.subject, clock_now_s(), 3600};
    struct ca_leaf leaf;
    assert_ok(ca_issue_client(ca, &request, &a, &leaf, NULL));
    const uint8_t *p = leaf.der.p;
    OWNED(X509_free) X509 *x = d2i_X509(NULL, &p, (long)leaf.der.n);
    assert_non_null(x);
    assert_int_equal(X509_get_ext_by_NID(x, NID_authority_key_identifier, -1), -1);
    assert_int_equal(X509_verify(x, test_key("ec:P-256")), 1);
    arena_release(&a);
}

static void a_root_file_that_is_the_ca_itself_adds_nothing(void **state)
{
    (void)state;
    write_key(CA_KEY, "ec:P-256", PKCS8, 0600);
    write_certificate(CA_CRT, &good_ca);
    struct ca_settings s = settings(true);
    s.root_file = s.certificate_file;
    OWNED(ca_close) struct ca *ca = NULL;
    assert_ok(ca_open(&s, NULL, NULL, &ca, NULL));
    assert_false(ca_has_root(ca));
}

static struct status open_once(void)
{
    struct ca_settings s = settings(true);
    struct ca *ca = NULL;
    TRY(ca_open(&s, NULL, NULL, &ca, NULL));
    ca_close(ca);
    return DONE;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    write_key(CA_KEY, "ec:P-256", PKCS8, 0600);
    write_certificate(CA_CRT, &good_issued);
    write_certificate(ROOT_CRT, &good_root);
    assert_survives_failing_allocations(open_once());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_certificates_that_are_no_ca),
        cmocka_unit_test(refuses_files_that_are_not_what_they_should_be),
        cmocka_unit_test(refuses_a_key_file_that_others_can_read),
        cmocka_unit_test(refuses_a_root_that_did_not_issue_the_ca),
        cmocka_unit_test(opens_each_form_of_key),
        cmocka_unit_test(opens_a_ca_with_its_root),
        cmocka_unit_test(a_root_file_that_is_the_ca_itself_adds_nothing),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
