/* SPDX-License-Identifier: Apache-2.0 */
#include "csr_differential.h"

#include <openssl/rsa.h>
#include <stdlib.h>

#include "check.h"
#include "make_csr.h"

static const struct test_csr cases[] = {
    {.key = "rsa:2048", .digest = "SHA256"},
    {.key = "rsa:2048", .digest = "SHA384"},
    {.key = "rsa:2048", .digest = "SHA512"},
    {.key = "rsa:2048", .digest = "SHA256", .pss_salt = RSA_PSS_SALTLEN_DIGEST},
    {.key = "rsa:2048", .digest = "SHA384", .pss_salt = RSA_PSS_SALTLEN_DIGEST},
    {.key = "rsa:2048", .digest = "SHA512", .pss_salt = RSA_PSS_SALTLEN_DIGEST},
    {.key = "rsa:3072", .digest = "SHA256"},
    {.key = "rsa:4096", .digest = "SHA512"},
    {.key = "ec:P-256", .digest = "SHA256"},
    {.key = "ec:P-256", .digest = "SHA512"},
    {.key = "ec:P-384", .digest = "SHA384"},
    {.key = "ec:P-384", .digest = "SHA256"},
    {.key = "ec:P-521", .digest = "SHA512"},
    {.key = "ed25519"},
    {.key = "ec:P-256", .digest = "SHA256", .with_attributes = true},
    {.key = "rsa:2048",
     .digest = "SHA256",
     .with_attributes = true,
     .subject = "/C=DE/CN=M\xc3\xbcller & S\xc3\xb6hne/emailAddress=x@y.test/UID=7"},
};

static void agrees_with_openssl_on_every_key_and_digest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(arena_release) struct arena a;
        arena_init(&a, 4096, 1 << 20);
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, 65536);
        make_csr(&cases[i], &der);
        struct csr csr;
        struct error err = {0};
        struct status s = csr_parse(buffer_bytes(&der), &a, &csr, &err);
        if (!status_ok(s))
            fail_msg("case %zu: %s", i, err.message);
        s = csr_verify(&csr, &err);
        if (!status_ok(s))
            fail_msg("case %zu: %s", i, err.message);
        const char *difference = csr_difference(buffer_bytes(&der), &csr);
        if (difference)
            fail_msg("case %zu: %s", i, difference);
    }
}

/* Every single-byte change of a request: whatever we still read, OpenSSL reads the same way. */
static void agrees_with_openssl_on_damaged_requests(void **state)
{
    (void)state;
    static const struct test_csr damaged[] = {
        {.key = "ec:P-256", .digest = "SHA256", .with_attributes = true},
        {.key = "rsa:2048", .digest = "SHA256", .pss_salt = RSA_PSS_SALTLEN_DIGEST},
    };
    static const uint8_t flips[] = {0x01, 0x80, 0x20, 0xff};
    size_t still_read = 0;
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        OWNED(arena_release) struct arena a;
        arena_init(&a, 4096, 1 << 20);
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, 65536);
        make_csr(&damaged[i], &der);
        for (size_t n = 0; n < buffer_size(&der) * sizeof(flips); n++) {
            uint8_t *byte = der.data + der.start + n / sizeof(flips);
            uint8_t flip = flips[n % sizeof(flips)];
            *byte ^= flip;
            struct csr csr;
            if (status_ok(csr_parse(buffer_bytes(&der), &a, &csr, NULL))) {
                still_read++;
                const char *difference = csr_difference(buffer_bytes(&der), &csr);
                if (difference)
                    fail_msg("byte %zu ^ %02x: %s", n / sizeof(flips), flip, difference);
            }
            *byte ^= flip;
            arena_reset(&a);
        }
    }
    assert_true(still_read > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_openssl_on_every_key_and_digest),
        cmocka_unit_test(agrees_with_openssl_on_damaged_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
