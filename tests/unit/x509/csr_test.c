/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/csr.h"

#include <openssl/rsa.h>

#include "check.h"
#include "make_csr.h"
#include "x509/der.h"

#define RSA_OID      "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define SHA256_RSA   "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"
#define SHA256_ECDSA "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define EC_OID       "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
#define P256_OID     "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define SUBJECT                                                                                              \
    "\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x03"                                                   \
    "app"

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, 4096, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* A request put together from its parts; NULL texts mean what a good request has. The signature is never
 * right. */
struct parts {
    struct text version, subject, spki, attributes, info_tail, algorithm, signature, tail;
};

static void put_or(struct buffer *out, struct text part, struct text otherwise)
{
    buffer_text(out, part.p ? part : otherwise);
}

static void put_spki(struct buffer *out, struct text algorithm, struct bytes key)
{
    size_t spki = der_begin(out, DER_SEQUENCE), identifier = der_begin(out, DER_SEQUENCE);
    buffer_text(out, algorithm);
    der_finish(out, identifier);
    der_put_bits(out, key);
    der_finish(out, spki);
}

static void put_ec_spki(struct buffer *out)
{
    uint8_t point[65] = {0x04, 1};
    put_spki(out, TEXT(EC_OID P256_OID), BYTES_OF(point));
}

static void put_request(struct buffer *out, const struct parts *p)
{
    OWNED(buffer_release) struct buffer spki;
    buffer_init(&spki, 512);
    put_ec_spki(&spki);
    size_t request = der_begin(out, DER_SEQUENCE), info = der_begin(out, DER_SEQUENCE);
    put_or(out, p->version, TEXT("\x02\x01\x00"));
    put_or(out, p->subject, TEXT(SUBJECT));
    put_or(out, p->spki, buffer_as_text(&spki));
    put_or(out, p->attributes, TEXT("\xa0\x00"));
    put_or(out, p->info_tail, TEXT(""));
    der_finish(out, info);
    put_or(out, p->algorithm, TEXT(SHA256_ECDSA));
    put_or(out, p->signature, TEXT("\x03\x02\x00\x01"));
    der_finish(out, request);
    put_or(out, p->tail, TEXT(""));
}

static void expect_refusal(struct bytes der, const char *message)
{
    struct csr csr;
    struct error err = {0};
    struct status s = csr_parse(der, &arena, &csr, &err);
    if (s.code != E_INVALID || strcmp(err.message, message) != 0)
        fail_msg("%s '%s', expected a refusal with '%s'", code_name(s.code), err.message, message);
    arena_reset(&arena);
}

static void refuses_each_malformed_part(void **state)
{
    (void)state;
    static const struct {
        struct parts parts;
        const char *message;
    } cases[] = {
        {{.tail = TEXT_INIT("\x00")}, "the request has trailing bytes"},
        {{.version = TEXT_INIT("\x02\x01\x01")}, "the version is not 0 (PKCS#10 has no other)"},
        {{.version = TEXT_INIT("\x02\x01\xff")}, "the version is negative"},
        {{.version = TEXT_INIT("")}, "the version is not an INTEGER"},
        {{.version = TEXT_INIT("\x02\x02\x00\x00")}, "the request holds an INTEGER that is not minimal"},
        {{.subject = TEXT_INIT("")}, "the public key is not a SEQUENCE"},
        {{.subject = TEXT_INIT("\x31\x00")}, "the subject is not a SEQUENCE"},
        {{.subject = TEXT_INIT("\x30\x02\x31\x00")}, "the subject: the name holds an empty part"},
        {{.spki = TEXT_INIT("\x30\x00")}, "the key's algorithm is missing"},
        {{.attributes = TEXT_INIT("\xa1\x00")}, "the attribute list has an unexpected type"},
        {{.attributes = TEXT_INIT("\x80\x00")}, "the attribute list has an unexpected type"},
        {{.attributes = TEXT_INIT("\xa0\x02\x30\x00")}, "the type of an attribute is missing"},
        {{.attributes = TEXT_INIT("\xa0\x06\x30\x04\x06\x02\x2a\x03")},
         "the value set of an attribute is missing"},
        {{.attributes = TEXT_INIT("\xa0\x08\x30\x06\x06\x02\x2a\x03\x30\x00")},
         "the value set of an attribute is not a SET"},
        {{.attributes = TEXT_INIT("\xa0\x0a\x30\x08\x06\x02\x2a\x03\x31\x00\x05\x00")},
         "an attribute has trailing bytes"},
        {{.attributes = TEXT_INIT("\xa0\x0b\x30\x09\x06\x02\x2a\x03\x31\x03\x01\x01\x01")},
         "the request holds a BOOLEAN that is neither 00 nor FF"},
        {{.info_tail = TEXT_INIT("\x05\x00")}, "the request's content has trailing bytes"},
        {{.algorithm = TEXT_INIT("\x30\x00")}, "the signature algorithm is missing"},
        {{.algorithm = TEXT_INIT("\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x05\x00")},
         "the signature algorithm has trailing bytes"},
        {{.algorithm = TEXT_INIT("\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01")},
         "signature digest SHA-1 is not accepted"},
        {{.algorithm = TEXT_INIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04\x05\x00")},
         "signature digest MD5 is not accepted"},
        {{.algorithm = TEXT_INIT("\x30\x04\x06\x02\x2a\x03")}, "signature algorithm 1.2.3 is not accepted"},
        {{.algorithm = TEXT_INIT(SHA256_RSA)}, "the signature algorithm does not belong to the key"},
        {{.signature = TEXT_INIT("\x04\x01\x01")}, "the signature is not a BIT STRING"},
        {{.signature = TEXT_INIT("\x03\x02\x01\x00")}, "the signature has unused bits"},
        {{.signature = TEXT_INIT("")}, "the signature is missing"},
        {{.signature = TEXT_INIT("\x03\x02\x00\x01\x05\x00")}, "the request has trailing bytes"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, 4096);
        put_request(&der, &cases[i].parts);
        expect_refusal(buffer_bytes(&der), cases[i].message);
    }
    expect_refusal((struct bytes){NULL, 0}, "the request is missing");
}

static void refuses_each_malformed_key(void **state)
{
    (void)state;
    static const uint8_t point[65] = {0x04, 1}, compressed[33] = {0x02, 1}, hybrid[65] = {0x06, 1},
                         ed[32] = {0};
    static const struct {
        struct text algorithm;
        struct bytes key;
        const char *message;
    } cases[] = {
        {TEXT_INIT(EC_OID P256_OID), {compressed, 33}, "the EC point must be uncompressed"},
        {TEXT_INIT(EC_OID P256_OID), {hybrid, 65}, "the EC point must be uncompressed"},
        {TEXT_INIT(EC_OID P256_OID), {point, 64}, "the EC point has the wrong length"},
        {TEXT_INIT(EC_OID P256_OID), {NULL, 0}, "the EC point must be uncompressed"},
        {TEXT_INIT(EC_OID P256_OID "\x05\x00"), {point, 65}, "the key's algorithm has trailing bytes"},
        {TEXT_INIT(EC_OID),
         {point, 65},
         "the EC key must name its curve (explicit parameters are not accepted)"},
        {TEXT_INIT(EC_OID "\x05\x00"),
         {point, 65},
         "the EC key must name its curve (explicit parameters are not accepted)"},
        {TEXT_INIT(EC_OID "\x30\x00"),
         {point, 65},
         "the EC key must name its curve (explicit parameters are not accepted)"},
        {TEXT_INIT(EC_OID "\x06\x05\x2b\x81\x04\x00\x0a"),
         {point, 65},
         "curve 1.3.132.0.10 is not accepted; use P-256, P-384 or P-521"},
        {TEXT_INIT("\x06\x03\x2b\x65\x70"), {ed, 31}, "the Ed25519 key has the wrong length"},
        {TEXT_INIT("\x06\x03\x2b\x65\x70\x05\x00"), {ed, 32}, "the key's algorithm has trailing bytes"},
        {TEXT_INIT("\x06\x03\x2b\x65\x71"),
         {ed, 32},
         "key algorithm Ed448 is not accepted; use RSA, EC or Ed25519"},
        {TEXT_INIT("\x06\x02\x2a\x03"),
         {ed, 32},
         "key algorithm 1.2.3 is not accepted; use RSA, EC or Ed25519"},
        {TEXT_INIT(RSA_OID), {point, 65}, "the parameter of the RSA key is missing"},
        {TEXT_INIT(RSA_OID "\x05\x00"), {point, 65}, "the RSA key is not a SEQUENCE"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer spki, der;
        buffer_init(&spki, 4096);
        buffer_init(&der, 4096);
        put_spki(&spki, cases[i].algorithm, cases[i].key);
        put_request(&der, &(struct parts){.spki = buffer_as_text(&spki)});
        expect_refusal(buffer_bytes(&der), cases[i].message);
    }
}

/* An RSA key of `bits` whose first and last modulus octets are given. */
static void put_rsa_spki(struct buffer *out, unsigned bits, uint8_t last, struct text exponent)
{
    OWNED(buffer_release) struct buffer key;
    buffer_init(&key, 8192);
    static uint8_t modulus[2049];
    size_t n = (bits + 7) / 8;
    memset(modulus, 0x5a, sizeof(modulus));
    modulus[0] = (uint8_t)(1u << ((bits - 1) % 8));
    modulus[n - 1] = last;
    size_t sequence = der_begin(&key, DER_SEQUENCE);
    der_put_positive(&key, (struct bytes){modulus, n});
    buffer_text(&key, exponent);
    der_finish(&key, sequence);
    put_spki(out, TEXT(RSA_OID "\x05\x00"), buffer_bytes(&key));
}

static void refuses_each_weak_rsa_key(void **state)
{
    (void)state;
    static const struct {
        unsigned bits;
        uint8_t last;
        struct text exponent;
        const char *message; /* NULL: accepted */
    } cases[] = {
        {1024, 1, TEXT_INIT("\x02\x01\x03"), "RSA key has 1024 bits, at least 2048 are needed"},
        {2047, 1, TEXT_INIT("\x02\x01\x03"), "RSA key has 2047 bits, at least 2048 are needed"},
        {2048, 1, TEXT_INIT("\x02\x01\x03"), NULL},
        {2048, 1, TEXT_INIT("\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff"), NULL},
        {16384, 1, TEXT_INIT("\x02\x03\x01\x00\x01"), NULL},
        {16385, 1, TEXT_INIT("\x02\x03\x01\x00\x01"), "RSA key has 16385 bits, at most 16384 are accepted"},
        {2048, 2, TEXT_INIT("\x02\x01\x03"), "the RSA modulus is even"},
        {2048, 1, TEXT_INIT("\x02\x01\x01"), "the RSA exponent must be odd, at least 3 and below 2^64"},
        {2048, 1, TEXT_INIT("\x02\x01\x04"), "the RSA exponent must be odd, at least 3 and below 2^64"},
        {2048, 1, TEXT_INIT("\x02\x01\x00"), "the RSA exponent is not positive"},
        {2048, 1, TEXT_INIT("\x02\x01\x83"), "the RSA exponent is not positive"},
        {2048, 1, TEXT_INIT("\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x01"),
         "the RSA exponent must be odd, at least 3 and below 2^64"},
        {2048, 1, TEXT_INIT("\x02\x01\x03\x05\x00"), "the RSA key has trailing bytes"},
        {2048, 1, TEXT_INIT(""), "the RSA exponent is missing"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer spki, der;
        buffer_init(&spki, 8192);
        buffer_init(&der, 8192);
        put_rsa_spki(&spki, cases[i].bits, cases[i].last, cases[i].exponent);
        put_request(&der, &(struct parts){.spki = buffer_as_text(&spki), .algorithm = TEXT(SHA256_RSA)});
        struct csr csr;
        if (cases[i].message)
            expect_refusal(buffer_bytes(&der), cases[i].message);
        else
            assert_ok(csr_parse(buffer_bytes(&der), &arena, &csr, NULL));
    }
}

static void refuses_weak_keys_and_digests_of_real_requests(void **state)
{
    (void)state;
    static const struct {
        struct test_csr csr;
        const char *message;
    } cases[] = {
        {{.key = "rsa:1024", .digest = "SHA256"}, "RSA key has 1024 bits, at least 2048 are needed"},
        {{.key = "rsa:2048", .digest = "SHA1"}, "signature digest SHA-1 is not accepted"},
        {{.key = "rsa:2048", .digest = "MD5"}, "signature digest MD5 is not accepted"},
        {{.key = "rsa:2048", .digest = "SHA224"}, "signature digest SHA-224 is not accepted"},
        {{.key = "ec:P-256", .digest = "SHA1"}, "signature digest SHA-1 is not accepted"},
        {{.key = "ec:secp256k1", .digest = "SHA256"},
         "curve 1.3.132.0.10 is not accepted; use P-256, P-384 or P-521"},
        {{.key = "ed448"}, "key algorithm Ed448 is not accepted; use RSA, EC or Ed25519"},
        {{.key = "rsa:2048", .digest = "SHA256", .pss_salt = 20},
         "RSA-PSS must have a salt as long as its digest"},
        {{.key = "rsa:2048", .digest = "SHA1", .pss_salt = RSA_PSS_SALTLEN_DIGEST},
         "signature digest SHA-1 is not accepted"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, 65536);
        make_csr(&cases[i].csr, &der);
        expect_refusal(buffer_bytes(&der), cases[i].message);
    }
}

static void refuses_every_truncation(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 65536);
    make_csr(&(struct test_csr){.key = "rsa:2048", .digest = "SHA256", .with_attributes = true}, &der);
    for (size_t n = 0; n < buffer_size(&der); n++) {
        /* a copy of its own size, so that a read past the end is seen by ASan */
        uint8_t *copy = mem_alloc(n ? n : 1);
        memcpy(copy, buffer_bytes(&der).p, n);
        struct csr csr;
        struct status s = csr_parse((struct bytes){copy, n}, &arena, &csr, NULL);
        mem_free(copy);
        assert_status(s, E_INVALID);
        arena_reset(&arena);
    }
}

static void refuses_a_signature_by_another_key_or_over_other_bytes(void **state)
{
    (void)state;
    static const struct test_csr cases[] = {
        {.key = "rsa:2048", .digest = "SHA256"},
        {.key = "rsa:2048", .digest = "SHA256", .pss_salt = RSA_PSS_SALTLEN_DIGEST},
        {.key = "ec:P-256", .digest = "SHA256"},
        {.key = "ed25519"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, 65536);
        make_csr(&cases[i], &der);
        struct csr csr;
        struct error err = {0};
        assert_ok(csr_parse(buffer_bytes(&der), &arena, &csr, &err));
        assert_ok(csr_verify(&csr, &err));
        uint8_t *in_subject =
            der.data + der.start + (csr.subject.parts[0].value.p - (const char *)buffer_bytes(&der).p);
        *in_subject ^= 1;
        assert_status(csr_verify(&csr, &err), E_INVALID);
        assert_string_equal(
            err.message,
            "the request does not prove possession of its key: the signature does not fit the key");
        *in_subject ^= 1;
        assert_ok(csr_verify(&csr, &err));
        uint8_t *in_signature =
            der.data + der.start + (csr.signature.p - buffer_bytes(&der).p) + csr.signature.n / 2;
        *in_signature ^= 1;
        assert_status(csr_verify(&csr, &err), E_INVALID);
        arena_reset(&arena);
    }
}

static void refuses_a_point_that_is_not_on_its_curve(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 4096);
    put_request(&der, &(struct parts){0});
    struct csr csr;
    struct error err = {0};
    assert_ok(csr_parse(buffer_bytes(&der), &arena, &csr, &err));
    assert_status(csr_verify(&csr, &err), E_INVALID);
    assert_string_equal(
        err.message,
        "the request does not prove possession of its key: the public key is not a valid ec:P-256 key");
}

static void reads_a_request_without_attributes_as_openssl_does(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 4096);
    put_request(&der, &(struct parts){.attributes = TEXT("")});
    struct csr csr;
    assert_ok(csr_parse(buffer_bytes(&der), &arena, &csr, NULL));
}

static void reads_the_request_of_a_dialogue(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 65536);
    make_csr(
        &(struct test_csr){
            .key = "rsa:2048",
            .digest = "SHA256",
            .subject = "/C=DE/ST=Waldorf/L=Waldorf/O=Organization/OU=OrgUnit/CN=app/emailAddress=a@b.test",
            .with_attributes = true},
        &der);
    struct csr csr;
    struct error err = {0};
    assert_ok(csr_parse(buffer_bytes(&der), &arena, &csr, &err));
    assert_ok(csr_verify(&csr, &err));
    assert_text(name_last(&csr.subject, NAME_CN), "app");
    assert_text(name_first(&csr.subject, NAME_EMAIL), "a@b.test");
    char name[16];
    assert_string_equal(csr_key_name(&csr, name), "rsa:2048");
    assert_int_equal(csr.key_bits, 2048);
}

static struct bytes good_request;

static struct status read_and_verify(void)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 256, 1 << 20);
    struct csr csr;
    TRY(csr_parse(good_request, &a, &csr, NULL));
    return csr_verify(&csr, NULL);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 65536);
    make_csr(&(struct test_csr){.key = "ec:P-256", .digest = "SHA256", .with_attributes = true}, &der);
    good_request = buffer_bytes(&der);
    assert_survives_failing_allocations(read_and_verify());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_each_malformed_part),
        cmocka_unit_test(refuses_each_malformed_key),
        cmocka_unit_test(refuses_each_weak_rsa_key),
        cmocka_unit_test(refuses_weak_keys_and_digests_of_real_requests),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(refuses_a_signature_by_another_key_or_over_other_bytes),
        cmocka_unit_test(refuses_a_point_that_is_not_on_its_curve),
        cmocka_unit_test(reads_a_request_without_attributes_as_openssl_does),
        cmocka_unit_test(reads_the_request_of_a_dialogue),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
