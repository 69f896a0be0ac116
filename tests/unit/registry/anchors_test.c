/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/anchors.h"

#include "base/clock.h"
#include "check.h"
#include "pki.h"

static struct pki *pki, *other;
static struct arena arena;

static int start(void **state)
{
    (void)state;
    pki = pki_new("ec:P-256");
    other = pki_new("rsa:2048");
    arena_init(&arena, 16 * 1024, 16u * 1024 * 1024);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_release(&arena);
    pki_free(pki);
    pki_free(other);
    return 0;
}

static struct text joined(struct text a, struct text b)
{
    return arena_printf(&arena, "%.*s%.*s", TEXT_ARG(a), TEXT_ARG(b));
}

static void refuses(struct text pem, int64_t now, const char *because)
{
    struct anchors out;
    struct error err = {0};
    assert_status(anchors_read(pem, now, &arena, &out, &err), E_INVALID);
    if (!strstr(err.message, because))
        fail_msg("'%s', expected '%s'", err.message, because);
}

static void refuses_what_is_no_ca(void **state)
{
    (void)state;
    const int64_t now = clock_now_s();
    const struct pki_identity *leaf = pki_client(pki, PKI_GOOD, "shop");
    const struct text ca = pki_ca_pem(pki);
    refuses(TEXT(""), now, "there is no certificate in PEM");
    refuses(TEXT("hello"), now, "there is no certificate in PEM");
    refuses(TEXT("-----BEGIN CERTIFICATE-----\nMAA=\n"), now, "");
    refuses(TEXT("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), now, "empty");
    refuses(leaf->key_pem, now, "only CERTIFICATE blocks");
    refuses(joined(ca, leaf->key_pem), now, "certificate 2: only CERTIFICATE blocks");
    refuses(leaf->chain_pem, now, "certificate 1: it is not a CA's");
    refuses(joined(ca, leaf->chain_pem), now, "certificate 2: it is not a CA's");
    refuses(ca, now + (int64_t)100 * 365 * 86400, "it ended at");
    refuses(ca, 1, "it is not valid before");
}

static void refuses_more_than_it_keeps(void **state)
{
    (void)state;
    struct text many = pki_ca_pem(pki);
    while (many.n <= ANCHORS_BYTES_MAX)
        many = joined(many, many);
    refuses(many, clock_now_s(), "more than 65536 bytes");
    many = pki_ca_pem(pki);
    for (unsigned i = 0; i < ANCHORS_MAX; i++)
        many = joined(many, pki_ca_pem(pki));
    if (many.n <= ANCHORS_BYTES_MAX)
        refuses(many, clock_now_s(), "more than 64 certificates");
}

static void keeps_the_certificates_and_nothing_around_them(void **state)
{
    (void)state;
    struct anchors out, again;
    const struct text both =
        joined(pki_ca_pem(pki), joined(TEXT("\r\n# and the old one\r\n"), pki_ca_pem(other)));
    assert_ok(anchors_read(both, clock_now_s(), &arena, &out, NULL));
    assert_int_equal(out.count, 2);
    assert_memory_equal(out.list[0].fingerprint, pki_ca_identity(pki)->fingerprint, SHA256_SIZE);
    assert_memory_equal(out.list[1].fingerprint, pki_ca_identity(other)->fingerprint, SHA256_SIZE);
    assert_true(out.list[0].subject.n > 0);
    assert_text(out.pem, arena_cstr(&arena, joined(pki_ca_pem(pki), pki_ca_pem(other))));
    assert_ok(anchors_read(out.pem, -1, &arena, &again, NULL));
    assert_int_equal(again.count, 2);
}

static void shows_what_has_ended(void **state)
{
    (void)state;
    struct anchors out;
    assert_ok(anchors_read(pki_ca_pem(pki), -1, &arena, &out, NULL));
    assert_int_equal(out.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_ca),
        cmocka_unit_test(refuses_more_than_it_keeps),
        cmocka_unit_test(keeps_the_certificates_and_nothing_around_them),
        cmocka_unit_test(shows_what_has_ended),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
