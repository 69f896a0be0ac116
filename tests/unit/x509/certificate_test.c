/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/certificate.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "check.h"
#include "make_csr.h"
#include "x509/pem.h"

OWNABLE(X509, X509_free);

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, 4096, 1 << 22);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

struct wanted {
    int nid;
    const char *value;
};

/* A self-signed certificate by OpenSSL. */
static void make_certificate(const char *key, const struct wanted *extensions, size_t count,
                             struct buffer *out)
{
    OWNED(X509_free) X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    must(X509_set_version(x, X509_VERSION_3) && ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), 0xf1f2f3));
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0));
    must(X509_set_issuer_name(x, name) && X509_set_pubkey(x, test_key(key)));
    must(ASN1_TIME_set_string_X509(X509_getm_notBefore(x), "20260101000000Z") == 1);
    must(ASN1_TIME_set_string_X509(X509_getm_notAfter(x), "20600101000000Z") == 1);
    for (size_t i = 0; i < count; i++) {
        X509V3_CTX ctx;
        X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, extensions[i].nid, extensions[i].value);
        must(e && X509_add_ext(x, e, -1));
        X509_EXTENSION_free(e);
    }
    must(X509_sign(x, test_key(key), EVP_sha256()) > 0);
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    must(n > 0);
    buffer_append(out, (struct bytes){der, (size_t)n});
    OPENSSL_free(der);
}

static const struct wanted many[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:3"},
    {NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign,decipherOnly"},
    {NID_ext_key_usage, "serverAuth,clientAuth,1.2.3.4"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always,issuer:always"},
    {NID_subject_alt_name, "DNS:a.test,IP:10.0.0.1,IP:::1,email:a@b.test,URI:https://x.test/,RID:1.2.3"},
    {NID_crl_distribution_points, "URI:http://crl.test/1,URI:http://crl.test/2"},
    {NID_info_access, "OCSP;URI:http://ocsp.test,caIssuers;URI:http://ca.test"},
    {NID_inhibit_any_policy, "1"},
};
#define MANY (sizeof(many) / sizeof(many[0]))

static void refuses_every_truncation_and_trailing_bytes(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 65536);
    make_certificate("ec:P-256", many, MANY, &der);
    struct certificate_fields c;
    for (size_t n = 0; n < buffer_size(&der); n++) {
        uint8_t *copy = mem_alloc(n ? n : 1);
        memcpy(copy, buffer_bytes(&der).p, n);
        struct status s = certificate_parse((struct bytes){copy, n}, &arena, &c, NULL);
        mem_free(copy);
        assert_status(s, E_INVALID);
        arena_reset(&arena);
    }
    buffer_u8(&der, 0);
    struct error err;
    assert_status(certificate_parse(buffer_bytes(&der), &arena, &c, &err), E_INVALID);
    assert_string_equal(err.message, "the certificate has trailing bytes");
}

static void refuses_an_extension_that_stands_there_twice(void **state)
{
    (void)state;
    static const struct wanted twice[] = {{NID_key_usage, "digitalSignature"},
                                          {NID_key_usage, "keyAgreement"}};
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 65536);
    make_certificate("ec:P-256", twice, 2, &der);
    struct certificate_fields c;
    struct error err;
    assert_status(certificate_parse(buffer_bytes(&der), &arena, &c, &err), E_INVALID);
    assert_string_equal(err.message, "an extension stands there twice");
}

static void refuses_two_signature_algorithms(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 65536);
    make_certificate("ec:P-256", NULL, 0, &der);
    struct certificate_fields c;
    assert_ok(certificate_parse(buffer_bytes(&der), &arena, &c, NULL));
    /* the outer identifier follows the TBSCertificate; its last octet says SHA-256 */
    size_t outer = (size_t)(c.tbs.p + c.tbs.n - c.der.p) + c.algorithm.n - 1;
    der.data[der.start + outer] ^= 1;
    struct error err;
    assert_status(certificate_parse(buffer_bytes(&der), &arena, &c, &err), E_INVALID);
    assert_string_equal(err.message, "the certificate names two signature algorithms");
}

static void refuses_texts_without_a_certificate(void **state)
{
    (void)state;
    static const char *const cases[] = {"", "hello", "-----BEGIN X-----\nAAAA\n-----END X-----\n",
                                        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct certificate_fields c;
        assert_status(certificate_from_pem(text_of(cases[i]), &arena, &c, NULL), E_INVALID);
    }
}

static void reads_every_field(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer der, pem;
    buffer_init(&der, 65536);
    buffer_init(&pem, 65536);
    make_certificate("ec:P-256", many, MANY, &der);
    pem_encode(&pem, TEXT("CERTIFICATE"), buffer_bytes(&der));
    struct certificate_fields c;
    struct error err = {0};
    struct status s = certificate_from_pem(buffer_as_text(&pem), &arena, &c, &err);
    if (!status_ok(s))
        fail_msg("%s", err.message);
    assert_int_equal(c.version, 3);
    assert_text(certificate_serial_text(&c, &arena), "00:f1:f2:f3");
    assert_text(name_format(&c.subject, &arena), "CN=test");
    assert_text(name_format(&c.issuer, &arena), "CN=test");
    assert_true(c.not_before == 1767225600 && c.not_after == 2840140800);
    assert_true(c.key_is_known && c.key.kind == KEY_EC_P256);
    assert_true(c.is_ca && c.path_length == 3);
    assert_text(certificate_key_usage_text(&c, &arena),
                "digitalSignature, keyCertSign, cRLSign, decipherOnly");
    assert_text(certificate_purposes_text(&c, &arena), "serverAuth, clientAuth, 1.2.3.4");
    assert_true(certificate_has_purpose(&c, OID_EKU_CLIENT));
    assert_false(certificate_has_purpose(&c, OID_EKU_CODE));
    assert_int_equal(c.subject_key_id.n, 20);
    assert_true(bytes_equal(c.subject_key_id, c.authority_key_id));
    static const struct {
        enum alternative_kind kind;
        const char *value;
    } names[] = {{ALTERNATIVE_DNS, "a.test"},
                 {ALTERNATIVE_IP, "10.0.0.1"},
                 {ALTERNATIVE_IP, "::1"},
                 {ALTERNATIVE_EMAIL, "a@b.test"},
                 {ALTERNATIVE_URI, "https://x.test/"},
                 {ALTERNATIVE_OTHER, "88022a03"}};
    assert_int_equal(c.alternative_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(c.alternatives[i].kind, names[i].kind);
        assert_text(c.alternatives[i].value, names[i].value);
    }
    assert_text(c.crl_url, "http://crl.test/1");
    assert_text(c.ocsp_url, "http://ocsp.test");
    assert_text(c.issuer_url, "http://ca.test");
    assert_int_equal(c.extension_count, MANY);
    assert_true(certificate_extension(&c, OID_BASIC_CONSTRAINTS)->critical);
    assert_false(certificate_extension(&c, OID_EXT_KEY_USAGE)->critical);
}

static void shows_certificates_with_keys_that_it_would_not_sign(void **state)
{
    (void)state;
    static const char *const keys[] = {"rsa:1024", "ec:secp256k1"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, 65536);
        make_certificate(keys[i], NULL, 0, &der);
        struct certificate_fields c;
        assert_ok(certificate_parse(buffer_bytes(&der), &arena, &c, NULL));
        assert_false(c.key_is_known);
        assert_int_equal(c.extension_count, 0);
        assert_int_equal(c.path_length, -1);
    }
}

static struct bytes sample;

static struct status read_sample(void)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 64, 1 << 20);
    struct certificate_fields c;
    TRY(certificate_parse(sample, &a, &c, NULL));
    bool complete = certificate_serial_text(&c, &a).p && certificate_purposes_text(&c, &a).p &&
                    certificate_key_usage_text(&c, &a).p;
    return complete ? DONE : STATUS(NOMEM);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 65536);
    make_certificate("ec:P-256", many, MANY, &der);
    sample = buffer_bytes(&der);
    assert_survives_failing_allocations(read_sample());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_every_truncation_and_trailing_bytes),
        cmocka_unit_test(refuses_an_extension_that_stands_there_twice),
        cmocka_unit_test(refuses_two_signature_algorithms),
        cmocka_unit_test(refuses_texts_without_a_certificate),
        cmocka_unit_test(reads_every_field),
        cmocka_unit_test(shows_certificates_with_keys_that_it_would_not_sign),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
