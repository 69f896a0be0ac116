/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/ca.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "check.h"
#include "fake_store.h"
#include "make_csr.h"
#include "x509/certificate.h"

OWNABLE(X509, X509_free);
OWNABLE(X509_STORE, X509_STORE_free);
OWNABLE(X509_STORE_CTX, X509_STORE_CTX_free);
OWNABLE(BIO, BIO_free_all);
OWNABLE(EVP_PKEY, EVP_PKEY_free);
OWNABLE(struct ca, ca_close);

#define NOW      1790000000LL
#define DAY      86400LL
#define VALIDITY (92 * DAY)

static struct arena arena;
static struct store store;
static struct vault vault;
static struct ca *ca;
static struct csr csr;
static struct buffer csr_der;
static struct name subject;

static const struct ca_settings settings = {
    .key_algorithm = TEXT_INIT("ec:P-256"),
    .subject = TEXT_INIT("CN=Fairlead CA"),
    .validity_s = 365 * DAY,
    .crl_url = TEXT_INIT("http://ca.test/crl"),
    .ocsp_url = TEXT_INIT("http://ca.test/ocsp"),
    .issuer_url = TEXT_INIT("http://ca.test/ca.crt"),
};

static int start(void **state)
{
    (void)state;
    clock_set_test(NOW * 1000, 0);
    arena_init(&arena, 16384, 1 << 22);
    buffer_init(&csr_der, 65536);
    make_csr(&(struct test_csr){.key = "rsa:2048", .digest = "SHA256"}, &csr_der);
    must(status_ok(csr_parse(buffer_bytes(&csr_der), &arena, &csr, NULL)));
    must(status_ok(name_from_text(TEXT("CN=app,OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE"), &arena,
                                  &subject, NULL)));
    must(status_ok(ca_open(&settings, &store, &vault, &ca, NULL)));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    ca_close(ca);
    buffer_release(&csr_der);
    arena_release(&arena);
    return 0;
}

static struct ca_leaf_request request_at(int64_t now)
{
    return (struct ca_leaf_request){&csr, &subject, now, VALIDITY};
}

static void refuses_to_issue(const struct ca_leaf_request *request, enum code code, const char *message)
{
    struct ca_leaf leaf;
    struct error err = {0};
    assert_status(ca_issue_client(ca, request, &arena, &leaf, &err), code);
    if (!strstr(err.message, message))
        fail_msg("'%s', expected '%s'", err.message, message);
}

static void refuses_outside_the_cas_own_time(void **state)
{
    (void)state;
    struct ca_leaf_request request = request_at(NOW + 365 * DAY);
    refuses_to_issue(&request, E_UNAVAILABLE, "the CA's certificate ended at");
    request = request_at(NOW - 301);
    refuses_to_issue(&request, E_UNAVAILABLE, "the CA's certificate begins at");
    request = request_at(NOW);
    request.validity_s = 0;
    refuses_to_issue(&request, E_INVALID, "the validity must be longer");
}

static void signs_nothing_that_a_lint_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *subject;
        const char *message;
    } cases[] = {
        {"C=DEU,CN=app", "lint subject_bounds"},
        {"CN=12345678901234567890123456789012345678901234567890123456789012345", "lint subject_bounds"},
        {"C=D1,CN=app", "lint country"},
        {"DC=only", "lint subject_present"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct name odd;
        assert_ok(name_from_text(text_of(cases[i].subject), &arena, &odd, NULL));
        struct ca_leaf_request request = request_at(NOW);
        request.subject = &odd;
        refuses_to_issue(&request, E_BROKEN, cases[i].message);
    }
    struct csr weak = csr;
    /* an algorithm that nobody knows, in a well-formed SubjectPublicKeyInfo */
    weak.spki = text_bytes(TEXT("\x30\x09\x30\x04\x06\x02\x2a\x03\x03\x01\x00"));
    struct ca_leaf_request request = request_at(NOW);
    request.csr = &weak;
    refuses_to_issue(&request, E_BROKEN, "lint key");
}

static X509 *decode(struct bytes der)
{
    const uint8_t *p = der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    assert_non_null(x);
    assert_ptr_equal(p, der.p + der.n);
    return x;
}

/* libcrypto's path check with the CA as the only anchor. */
static void check_path(X509 *leaf, const struct ca *issuer, int purpose)
{
    OWNED(X509_free) X509 *root = decode(ca_certificate_der(issuer));
    OWNED(X509_STORE_free) X509_STORE *anchors = X509_STORE_new();
    OWNED(X509_STORE_CTX_free) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    assert_int_equal(X509_STORE_add_cert(anchors, root), 1);
    assert_int_equal(X509_STORE_CTX_init(ctx, anchors, leaf, NULL), 1);
    X509_STORE_CTX_set_time(ctx, X509_V_FLAG_USE_CHECK_TIME, NOW);
    X509_STORE_CTX_set_purpose(ctx, purpose);
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx),
                                X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
    if (X509_verify_cert(ctx) != 1)
        fail_msg("X509_verify_cert: %s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
}

static void issues_what_the_contract_says(void **state)
{
    (void)state;
    struct ca_leaf leaf;
    const struct ca_leaf_request request = request_at(NOW);
    assert_ok(ca_issue_client(ca, &request, &arena, &leaf, NULL));
    assert_true(leaf.not_before == NOW - 300 && leaf.not_after == NOW + VALIDITY);
    OWNED(X509_free) X509 *x = decode(leaf.der);
    check_path(x, ca, X509_PURPOSE_SSL_CLIENT);
    assert_int_equal(X509_get_version(x), X509_VERSION_3);
    assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_CLIENT);
    assert_int_equal(X509_get_ext_by_NID(x, NID_basic_constraints, -1), -1);
    assert_int_equal(X509_get_ext_by_NID(x, NID_subject_alt_name, -1), -1);
    assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(x, X509_get_ext_by_NID(x, NID_key_usage, -1))),
                     1);
    assert_int_equal(X509_get_ext_count(x), 6);
    assert_int_equal(X509_get_signature_nid(x), NID_ecdsa_with_SHA256);
    const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(x), *aki = X509_get0_authority_key_id(x);
    uint8_t key_id[SHA1_SIZE];
    sha1(csr.public_key, key_id);
    assert_memory_equal(ASN1_STRING_get0_data(ski), key_id, SHA1_SIZE);
    OWNED(X509_free) X509 *issuer = decode(ca_certificate_der(ca));
    assert_int_equal(ASN1_OCTET_STRING_cmp(aki, X509_get0_subject_key_id(issuer)), 0);
    assert_int_equal(X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(issuer)), 0);
    OWNED(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
    assert_true(X509_NAME_print_ex(bio, X509_get_subject_name(x), 0, XN_FLAG_RFC2253) > 0);
    char *text;
    long n = BIO_get_mem_data(bio, &text);
    assert_text(((struct text){text, (size_t)n}),
                "CN=app,OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE");
    unsigned char *spki = NULL;
    int spki_size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
    assert_true(bytes_equal(csr.spki, (struct bytes){spki, (size_t)spki_size}));
    OPENSSL_free(spki);
    uint8_t fingerprint[SHA256_SIZE];
    sha256(leaf.der, fingerprint);
    assert_memory_equal(fingerprint, leaf.fingerprint, SHA256_SIZE);
}

static void a_bare_key_gets_what_a_request_gets(void **state)
{
    (void)state;
    struct ca_leaf by_request, by_key;
    struct certificate_fields a, b;
    const struct ca_leaf_request request = request_at(NOW);
    struct ca_key_request key = {csr.spki, &subject, NOW, VALIDITY};
    assert_ok(ca_issue_client(ca, &request, &arena, &by_request, NULL));
    assert_ok(ca_issue_client_key(ca, &key, &arena, &by_key, NULL));
    OWNED(X509_free) X509 *x = decode(by_key.der);
    check_path(x, ca, X509_PURPOSE_SSL_CLIENT);
    assert_ok(certificate_parse(by_request.der, &arena, &a, NULL));
    assert_ok(certificate_parse(by_key.der, &arena, &b, NULL));
    assert_true(bytes_equal(a.subject.der, b.subject.der));
    assert_true(bytes_equal(a.spki, b.spki));
    assert_true(bytes_equal(a.validity, b.validity));
    assert_true(bytes_equal(a.subject_key_id, b.subject_key_id));
    assert_int_equal(a.extension_count, b.extension_count);

    struct error err = {0};
    key.spki.n--;
    assert_status(ca_issue_client_key(ca, &key, &arena, &by_key, &err), E_INVALID);
    key.spki = text_bytes(TEXT("\x30\x09\x30\x04\x06\x02\x2a\x03\x03\x01\x00"));
    assert_status(ca_issue_client_key(ca, &key, &arena, &by_key, &err), E_INVALID);
}

static void writes_the_configured_addresses(void **state)
{
    (void)state;
    struct ca_leaf leaf;
    const struct ca_leaf_request request = request_at(NOW);
    assert_ok(ca_issue_client(ca, &request, &arena, &leaf, NULL));
    struct certificate_fields c;
    assert_ok(certificate_parse(leaf.der, &arena, &c, NULL));
    assert_text(c.crl_url, "http://ca.test/crl");
    assert_text(c.ocsp_url, "http://ca.test/ocsp");
    assert_text(c.issuer_url, "http://ca.test/ca.crt");
    assert_text(certificate_purposes_text(&c, &arena), "clientAuth");
    assert_text(certificate_key_usage_text(&c, &arena), "digitalSignature");
    assert_true(bytes_equal(c.serial, leaf.serial));
    OWNED(X509_free) X509 *x = decode(leaf.der);
    STACK_OF(OPENSSL_STRING) *ocsp = X509_get1_ocsp(x);
    assert_int_equal(sk_OPENSSL_STRING_num(ocsp), 1);
    assert_string_equal(sk_OPENSSL_STRING_value(ocsp, 0), "http://ca.test/ocsp");
    X509_email_free(ocsp);
    CRL_DIST_POINTS *points = X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
    assert_int_equal(sk_DIST_POINT_num(points), 1);
    CRL_DIST_POINTS_free(points);
}

static void draws_serials_of_16_octets_that_never_repeat(void **state)
{
    (void)state;
    static uint8_t seen[64][16];
    for (size_t i = 0; i < 64; i++) {
        struct ca_leaf leaf;
        const struct ca_leaf_request request = request_at(NOW);
        assert_ok(ca_issue_client(ca, &request, &arena, &leaf, NULL));
        assert_int_equal(leaf.serial.n, 16);
        assert_true(leaf.serial.p[0] >= 1 && leaf.serial.p[0] <= 0x7f);
        memcpy(seen[i], leaf.serial.p, 16);
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(seen[k], seen[i], 16);
    }
}

static void never_outlives_the_ca(void **state)
{
    (void)state;
    struct ca_leaf leaf;
    struct ca_leaf_request request = request_at(NOW + 364 * DAY);
    assert_ok(ca_issue_client(ca, &request, &arena, &leaf, NULL));
    assert_true(leaf.not_after == ca_not_after(ca));
    request = request_at(NOW);
    request.validity_s = INT64_MAX;
    assert_ok(ca_issue_client(ca, &request, &arena, &leaf, NULL));
    assert_true(leaf.not_after == ca_not_after(ca));
    request = request_at(NOW - 100);
    assert_ok(ca_issue_client(ca, &request, &arena, &leaf, NULL));
    assert_true(leaf.not_before == ca_not_before(ca));
}

static void issues_for_every_key_with_every_ca(void **state)
{
    (void)state;
    static const char *const cas[] = {"ec:P-256", "ec:P-384", "rsa:2048"};
    static const struct test_csr requests[] = {
        {.key = "rsa:2048", .digest = "SHA256"}, {.key = "rsa:4096", .digest = "SHA512"},
        {.key = "ec:P-256", .digest = "SHA256"}, {.key = "ec:P-384", .digest = "SHA384"},
        {.key = "ec:P-521", .digest = "SHA512"}, {.key = "ed25519"},
    };
    for (size_t i = 0; i < sizeof(cas) / sizeof(cas[0]); i++) {
        static struct store own;
        own = (struct store){0};
        struct ca_settings with = settings;
        with.key_algorithm = text_of(cas[i]);
        with.validity_s = 40LL * 365 * DAY; /* past 2050: GeneralizedTime */
        OWNED(ca_close) struct ca *one = NULL;
        assert_ok(ca_open(&with, &own, &vault, &one, NULL));
        for (size_t k = 0; k < sizeof(requests) / sizeof(requests[0]); k++) {
            OWNED(buffer_release) struct buffer der;
            buffer_init(&der, 65536);
            make_csr(&requests[k], &der);
            struct csr parsed;
            struct ca_leaf leaf;
            assert_ok(csr_parse(buffer_bytes(&der), &arena, &parsed, NULL));
            const struct ca_leaf_request request = {&parsed, &subject, NOW,
                                                    k % 2 ? VALIDITY : 30LL * 365 * DAY};
            struct error err = {0};
            struct status s = ca_issue_client(one, &request, &arena, &leaf, &err);
            if (!status_ok(s))
                fail_msg("%s for %s: %s", cas[i], requests[k].key, err.message);
            OWNED(X509_free) X509 *x = decode(leaf.der);
            check_path(x, one, X509_PURPOSE_SSL_CLIENT);
        }
    }
}

static void refuses_server_names_that_are_none(void **state)
{
    (void)state;
    static const char *const cases[] = {"",    "a b",      "-a", "a..b",  "a.",         "http://x",
                                        "a,b", "\xc3\xbc", "*",  "a.*.b", "1.2.3.4:80", "[::1]"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer chain;
        buffer_init(&chain, 65536);
        OWNED(secret_release) struct secret key = {0};
        int64_t not_after;
        struct error err = {0};
        const struct text names[] = {TEXT("localhost"), text_of(cases[i])};
        assert_status(ca_issue_server(ca, names, 2, NOW, DAY, &chain, &key, &not_after, &err), E_INVALID);
        assert_non_null(strstr(err.message, "is neither a host name nor an address"));
    }
    assert_status(ca_issue_server(ca, NULL, 0, NOW, DAY, NULL, NULL, NULL, NULL), E_INVALID);
}

static void issues_server_certificates_with_each_name(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer chain;
    buffer_init(&chain, 65536);
    OWNED(secret_release) struct secret key = {0};
    int64_t not_after = 0;
    const struct text names[] = {TEXT("gateway.example.test"), TEXT("localhost"), TEXT("127.0.0.1"),
                                 TEXT("::1"), TEXT("*.example.test")};
    assert_ok(ca_issue_server(ca, names, 5, NOW, 365 * DAY, &chain, &key, &not_after, NULL));
    assert_true(not_after == NOW + 90 * DAY);
    OWNED(BIO_free_all) BIO *bio = BIO_new_mem_buf(buffer_bytes(&chain).p, (int)buffer_size(&chain));
    OWNED(X509_free) X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    OWNED(X509_free) X509 *issuer = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    OWNED(X509_free) X509 *more = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_non_null(leaf);
    assert_non_null(issuer);
    assert_null(more);
    check_path(leaf, ca, X509_PURPOSE_SSL_SERVER);
    assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_SERVER);
    assert_int_equal(X509_check_host(leaf, "gateway.example.test", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(leaf, "localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(leaf, "any.example.test", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(leaf, "other.test", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(leaf, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "::1", 0), 1);
    OWNED(BIO_free_all) BIO *key_bio = BIO_new_mem_buf(key.p, (int)key.n);
    OWNED(EVP_PKEY_free) EVP_PKEY *pkey = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
    assert_int_equal(X509_check_private_key(leaf, pkey), 1);
    assert_true(text_starts_with(bytes_text(secret_bytes(&key)), TEXT("-----BEGIN PRIVATE KEY-----\n")));
}

static struct status issue_both(void)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 512, 1 << 20);
    struct ca_leaf leaf;
    const struct ca_leaf_request request = request_at(NOW);
    TRY(ca_issue_client(ca, &request, &a, &leaf, NULL));
    OWNED(buffer_release) struct buffer chain;
    buffer_init(&chain, 65536);
    OWNED(secret_release) struct secret key = {0};
    int64_t not_after;
    const struct text names[] = {TEXT("localhost")};
    return ca_issue_server(ca, names, 1, NOW, DAY, &chain, &key, &not_after, NULL);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(issue_both());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_outside_the_cas_own_time),
        cmocka_unit_test(signs_nothing_that_a_lint_refuses),
        cmocka_unit_test(refuses_server_names_that_are_none),
        cmocka_unit_test(issues_what_the_contract_says),
        cmocka_unit_test(a_bare_key_gets_what_a_request_gets),
        cmocka_unit_test(writes_the_configured_addresses),
        cmocka_unit_test(draws_serials_of_16_octets_that_never_repeat),
        cmocka_unit_test(never_outlives_the_ca),
        cmocka_unit_test(issues_for_every_key_with_every_ca),
        cmocka_unit_test(issues_server_certificates_with_each_name),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
