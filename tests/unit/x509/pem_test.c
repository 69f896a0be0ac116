/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/pem.h"

#include "base/encoding.h"
#include "check.h"
#include "x509/csr.h"

#define BLOCK "-----BEGIN X-----\nMAMCAQE=\n-----END X-----\n"

static void says_what_was_pasted_instead_of_pem(void **state)
{
    (void)state;
    static const struct {
        struct text pem;
        const char *message;
    } cases[] = {
        {TEXT_INIT(""), "there is no PEM block"},
        {TEXT_INIT("hello"), "there is no PEM block"},
        {TEXT_INIT("\x30\x82\x01\x00"),
         "this is bare DER, not PEM: convert it with 'openssl req -inform DER -outform PEM'"},
        {TEXT_INIT("MIIBAA=="), "there is no PEM block: this is base64 without the BEGIN and END lines"},
        {TEXT_INIT("LS0tLS1CRUdJTiBYLS0tLS0KTUFNQ0FRRT0KLS0tLS1FTkQgWC0tLS0tCg=="),
         "this is base64 of base64: encode the PEM text once"},
        {TEXT_INIT("LS0tLS1CRUdJTiBYLS0t\nLS0KTUFNQ0FRRT0KLS0tLS1FTkQg\r\nWC0tLS0tCg==\n"),
         "this is base64 of base64: encode the PEM text once"},
        {TEXT_INIT("-----BEGIN X-----\nMAMCAQE=\n"), "the PEM block has no END line"},
        {TEXT_INIT("-----BEGIN X-----\nMAMCAQE=\n-----END Y-----\n"),
         "the PEM block's END line does not repeat its BEGIN line"},
        {TEXT_INIT("-----BEGIN X-----\nMAMC*QE=\n-----END X-----\n"), "the PEM block does not hold base64"},
        {TEXT_INIT("-----BEGIN X-----\nMAMCAQE\n-----END X-----\n"), "the PEM block does not hold base64"},
        {TEXT_INIT("-----BEGIN X-----"), "the PEM block has no END line"},
        {TEXT_INIT("-----BEGIN "), "there is no PEM block"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 1024);
        struct error err;
        assert_status(pem_first_block(cases[i].pem, &out, &err), E_INVALID);
        assert_string_equal(err.message, cases[i].message);
    }
}

static void reads_every_form_people_write(void **state)
{
    (void)state;
    static const struct text cases[] = {
        TEXT_INIT(BLOCK),
        TEXT_INIT("-----BEGIN X-----\r\nMAMCAQE=\r\n-----END X-----\r\n"),
        TEXT_INIT("Certificate Request:\n  Version: 1\n" BLOCK "trailing words"),
        TEXT_INIT("-----BEGIN X-----\nMAMC\nAQE=\n-----END X-----"),
        TEXT_INIT("-----BEGIN X-----  \n  MAMC \t\n AQE= \n-----END X----- \n"),
        TEXT_INIT("-----BEGIN X-----\nComment: \"made by a tool\"\nOther: 1\n\nMAMCAQE=\n-----END X-----\n"),
        TEXT_INIT(
            "-----BEGIN NEW CERTIFICATE REQUEST-----\nMAMCAQE=\n-----END NEW CERTIFICATE REQUEST-----\n"),
        TEXT_INIT("-----BEGIN -----\nMAMCAQE=\n-----END -----\n"),
        TEXT_INIT(BLOCK "-----BEGIN Y-----\nAAAA\n-----END Y-----\n"),
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 1024);
        struct error err = {0};
        struct status s = pem_first_block(cases[i], &out, &err);
        if (!status_ok(s))
            fail_msg("case %zu: %s", i, err.message);
        assert_int_equal(buffer_size(&out), 5);
        assert_memory_equal(buffer_bytes(&out).p, "\x30\x03\x02\x01\x01", 5);
    }
}

static void walks_over_several_blocks(void **state)
{
    (void)state;
    struct text rest =
        TEXT("-----BEGIN A-----\nAQ==\n-----END A-----\nwords\n-----BEGIN B-----\nAg==\n-----END B-----\n");
    struct text again = rest, label;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 16);
    assert_ok(pem_next(&rest, &label, &out, NULL));
    assert_text(label, "A");
    assert_ok(pem_next(&rest, &label, &out, NULL));
    assert_text(label, "B");
    assert_int_equal(buffer_size(&out), 1);
    assert_int_equal(buffer_bytes(&out).p[0], 2);
    assert_status(pem_next(&rest, &label, &out, NULL), E_NOT_FOUND);
    assert_ok(pem_next_labelled(&again, TEXT("B"), &out, NULL));
    assert_int_equal(buffer_bytes(&out).p[0], 2);
    assert_status(pem_next_labelled(&again, TEXT("B"), &out, NULL), E_NOT_FOUND);
}

static void writes_64_columns_and_reads_them_back(void **state)
{
    (void)state;
    uint8_t der[200];
    for (size_t n = 0; n < sizeof(der); n++)
        der[n] = (uint8_t)(n * 7);
    for (size_t n = 0; n <= sizeof(der); n++) {
        OWNED(buffer_release) struct buffer pem, back;
        buffer_init(&pem, 4096);
        buffer_init(&back, 4096);
        pem_encode(&pem, TEXT("CERTIFICATE"), (struct bytes){der, n});
        struct text rest = buffer_as_text(&pem), label;
        assert_true(text_ends_with(rest, TEXT("-----END CERTIFICATE-----\n")));
        for (struct text lines = rest; lines.p;)
            assert_true(text_cut(&lines, '\n').n <= 64);
        assert_ok(pem_next(&rest, &label, &back, NULL));
        assert_true(bytes_equal(buffer_bytes(&back), (struct bytes){der, n}));
    }
}

static struct status read_one(void)
{
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 1024);
    TRY(pem_first_block(TEXT(BLOCK), &out, NULL));
    OWNED(buffer_release) struct buffer pem;
    buffer_init(&pem, 1024);
    pem_encode(&pem, TEXT("X"), buffer_bytes(&out));
    return buffer_status(&pem);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(read_one());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_was_pasted_instead_of_pem),
        cmocka_unit_test(reads_every_form_people_write),
        cmocka_unit_test(walks_over_several_blocks),
        cmocka_unit_test(writes_64_columns_and_reads_them_back),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
