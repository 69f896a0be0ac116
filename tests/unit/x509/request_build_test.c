/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/request_build.h"

#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/own.h"
#include "x509/pem.h"
#include "x509/pkcs12.h"

#include "check.h"

static const char subject_text[] = "O=Organization,OU=OrgUnit,L=Waldorf,ST=Waldorf,C=DE,CN=shop";

static struct status build(struct text subject, EVP_PKEY *key, struct arena *a, struct buffer *out)
{
    struct name name;
    TRY(name_from_text(subject, a, &name, NULL));
    return request_build(&name, key, out, NULL);
}

static void each_kind_of_key_makes_a_request_that_verifies(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"rsa:2048", "ec:P-256", "ec:P-384", "ec:P-521", "ed25519"};
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        struct csr csr;
        struct error err = {.code = E_OK};
        OWNED(arena_release) struct arena a;
        arena_init(&a, 4096, 1 << 20);
        OWNED(key_free) EVP_PKEY *key = NULL;
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, 65536);
        assert_ok(key_generate(text_of(algorithms[i]), &key, NULL));
        assert_ok(build(text_of(subject_text), key, &a, &der));
        struct status s = csr_parse(buffer_bytes(&der), &a, &csr, &err);
        if (!status_ok(s))
            fail_msg("%s: %s", algorithms[i], err.message);
        assert_ok(csr_verify(&csr, NULL));
        assert_text(name_format(&csr.subject, &a),
                    "CN=shop,OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE");

        const unsigned char *p = buffer_bytes(&der).p;
        X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)buffer_size(&der));
        assert_non_null(req);
        assert_int_equal(X509_REQ_verify(req, key), 1);
        X509_REQ_free(req);
    }
}

static EVP_PKEY *shared_key;

static struct status build_once(void)
{
    OWNED(arena_release) struct arena a;
    OWNED(buffer_release) struct buffer der;
    arena_init(&a, 4096, 1 << 20);
    buffer_init(&der, 65536);
    return build(text_of(subject_text), shared_key, &a, &der);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_ok(key_generate(TEXT("ec:P-256"), &shared_key, NULL));
    assert_survives_failing_allocations(build_once());
    key_free(shared_key);
}

/* ---- PKCS#12 ---- */

static X509 *self_signed(EVP_PKEY *key)
{
    X509 *x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, (const unsigned char *)"shop",
                               -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    return x;
}

static void a_pkcs12_opens_with_its_password_only(void **state)
{
    (void)state;
    OWNED(key_free) EVP_PKEY *key = NULL;
    OWNED(key_free) EVP_PKEY *other = NULL;
    assert_ok(key_generate(TEXT("ec:P-256"), &key, NULL));
    assert_ok(key_generate(TEXT("ec:P-256"), &other, NULL));
    X509 *x = self_signed(key);
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    struct bytes leaf = {der, (size_t)n};
    struct pkcs12_contents in = {
        .key = key, .leaf = leaf, .chain = &leaf, .chain_count = 1, .name = TEXT("shop")};
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 65536);

    assert_status(pkcs12_build(&in, (struct bytes){NULL, 0}, &out, NULL), E_INVALID);
    assert_status(pkcs12_build(&in, text_bytes(TEXT("\xff")), &out, NULL), E_INVALID);
    in.key = other;
    assert_status(pkcs12_build(&in, text_bytes(TEXT("p")), &out, NULL), E_INVALID);
    in.key = key;
    in.leaf.n--;
    assert_status(pkcs12_build(&in, text_bytes(TEXT("p")), &out, NULL), E_INVALID);
    in.leaf = leaf;
    assert_int_equal(buffer_size(&out), 0);

    assert_ok(pkcs12_build(&in, text_bytes(TEXT("p\xc3\xa4ss")), &out, NULL));
    const unsigned char *p = buffer_bytes(&out).p;
    PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)buffer_size(&out));
    assert_non_null(p12);
    assert_int_equal(PKCS12_verify_mac(p12, "wrong", -1), 0);
    EVP_PKEY *read_key = NULL;
    X509 *read_leaf = NULL;
    STACK_OF(X509) *read_chain = NULL;
    assert_int_equal(PKCS12_parse(p12, "p\xc3\xa4ss", &read_key, &read_leaf, &read_chain), 1);
    assert_int_equal(EVP_PKEY_eq(read_key, key), 1);
    assert_int_equal(X509_cmp(read_leaf, x), 0);
    assert_int_equal(sk_X509_num(read_chain), 1);
    sk_X509_pop_free(read_chain, X509_free);
    X509_free(read_leaf);
    EVP_PKEY_free(read_key);
    PKCS12_free(p12);
    OPENSSL_free(der);
    X509_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_key_makes_a_request_that_verifies),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(a_pkcs12_opens_with_its_password_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
