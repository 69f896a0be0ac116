/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encoding.h"

#include "check.h"

static void refuses_malformed_base64(void **state)
{
    (void)state;
    static const struct text bad[] = {
        TEXT_INIT("Z"),        TEXT_INIT("Zg"),     TEXT_INIT("Zg="),      TEXT_INIT("Zm8"),
        TEXT_INIT("="),        TEXT_INIT("===="),   TEXT_INIT("Z==="),     TEXT_INIT("Zg==="),
        TEXT_INIT("Zg==Zg=="), TEXT_INIT("Zm9v="),  TEXT_INIT("Zm9v===="), TEXT_INIT("Zg=A"),
        TEXT_INIT("Zh=="), /* unused bits set */
        TEXT_INIT("Zm9="),     TEXT_INIT("Zm 9v"),  TEXT_INIT("Zm\t9v"),   TEXT_INIT("Zm9v "),
        TEXT_INIT("Zm-v"),     TEXT_INIT("Zm_v"), /* the other alphabet */
        TEXT_INIT("Zm9\0"),    TEXT_INIT("Zm9v\0"), TEXT_INIT("\0"),       TEXT_INIT("Zm9\xc3"),
        TEXT_INIT("Z\n\n\n"),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 100);
        assert_status(base64_decode(&out, bad[i]), E_INVALID);
    }
}

static void base64url_has_one_spelling(void **state)
{
    (void)state;
    static const struct text bad[] = {
        TEXT_INIT("Z"),     TEXT_INIT("Zm9vY"), TEXT_INIT("Zg=="),    TEXT_INIT("Zm8="), TEXT_INIT("Zh"),
        TEXT_INIT("Zm9"),   TEXT_INIT("Zm+v"),  TEXT_INIT("Zm/v"),    TEXT_INIT("="),    TEXT_INIT("Z\nm9v"),
        TEXT_INIT("Zm9 v"), TEXT_INIT("Zm9\0"), TEXT_INIT("Zm9\xc3"),
    };
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 100);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_status(base64url_decode(&out, bad[i]), E_INVALID);
    buffer_clear(&out);
    assert_ok(base64url_decode(&out, TEXT("")));
    assert_ok(base64url_decode(&out, TEXT("Zg")));
    assert_ok(base64url_decode(&out, TEXT("Zm8")));
    assert_ok(base64url_decode(&out, TEXT("Zm9v_-__")));
    assert_text(buffer_as_text(&out), "ffofoo\xff\xef\xff");
}

static void refuses_more_than_the_buffer_takes(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 5);
    assert_status(base64_decode(&out, TEXT("Zm9vYmFy")), E_TOO_LARGE);
    buffer_clear(&out);
    assert_ok(base64_decode(&out, TEXT("Zm9vYmE=")));
    buffer_clear(&out);
    base64_encode(&out, text_bytes(TEXT("abcd")));
    assert_status(buffer_status(&out), E_TOO_LARGE);
}

/* RFC 4648 section 10. */
static const char *const vectors[][2] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void base64_matches_the_standard(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 100);
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        buffer_clear(&out);
        base64_encode(&out, text_bytes(text_of(vectors[i][0])));
        assert_text(buffer_as_text(&out), vectors[i][1]);
        assert_int_equal(base64_encoded_size(strlen(vectors[i][0])), strlen(vectors[i][1]));
        buffer_clear(&out);
        assert_ok(base64_decode(&out, text_of(vectors[i][1])));
        assert_text(buffer_as_text(&out), vectors[i][0]);
    }
}

static void line_breaks_are_ignored_anywhere(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 100);
    assert_ok(base64_decode(&out, TEXT("\r\nZ\nm8\r=\n\n")));
    assert_text(buffer_as_text(&out), "fo");
    buffer_clear(&out);
    assert_ok(base64_decode(&out, TEXT("\n")));
    assert_text(buffer_as_text(&out), "");
}

static void the_two_alphabets_differ_in_two_characters(void **state)
{
    (void)state;
    static const uint8_t in[] = {0xfb, 0xff, 0xfe, 0xfb};
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 100);
    base64_encode(&out, BYTES_OF(in));
    assert_text(buffer_as_text(&out), "+//++w==");
    buffer_clear(&out);
    base64url_encode(&out, BYTES_OF(in));
    assert_text(buffer_as_text(&out), "-__--w==");
}

static void every_byte_survives_a_round_trip(void **state)
{
    (void)state;
    uint8_t all[256];
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)i;
    for (size_t n = 0; n <= sizeof(all); n++) {
        OWNED(buffer_release) struct buffer text;
        OWNED(buffer_release) struct buffer back;
        buffer_init(&text, 1000);
        buffer_init(&back, 1000);
        base64_encode(&text, (struct bytes){all, n});
        assert_ok(base64_decode(&back, buffer_as_text(&text)));
        assert_true(bytes_equal(buffer_bytes(&back), (struct bytes){all, n}));
        char hex[2 * sizeof(all) + 1];
        uint8_t decoded[sizeof(all)];
        hex_encode(hex, (struct bytes){all, n});
        assert_true(hex_decode(decoded, n, text_of(hex)));
        assert_memory_equal(decoded, all, n);
    }
}

static struct status encode_and_decode(void)
{
    static const uint8_t in[3000];
    OWNED(buffer_release) struct buffer text;
    OWNED(buffer_release) struct buffer back;
    buffer_init(&text, 8192);
    buffer_init(&back, 8192);
    base64_encode(&text, BYTES_OF(in));
    TRY(buffer_status(&text));
    return base64_decode(&back, buffer_as_text(&text));
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_survives_failing_allocations(encode_and_decode());
}

static void refuses_malformed_hex(void **state)
{
    (void)state;
    uint8_t out[2] = {7, 7};
    assert_false(hex_decode(out, 2, TEXT("012")));
    assert_false(hex_decode(out, 2, TEXT("01234")));
    assert_false(hex_decode(out, 2, TEXT("012345")));
    assert_false(hex_decode(out, 2, TEXT("01g3")));
    assert_false(hex_decode(out, 2, TEXT("0x12")));
    assert_false(hex_decode(out, 2, TEXT("")));
    assert_false(hex_decode(out, SIZE_MAX / 2 + 2, TEXT("0102")));
    assert_true(hex_decode(out, 2, TEXT("aBCd")));
    assert_int_equal(out[0] << 8 | out[1], 0xabcd);
    assert_true(hex_decode(out, 0, (struct text){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_malformed_base64),
        cmocka_unit_test(base64url_has_one_spelling),
        cmocka_unit_test(refuses_more_than_the_buffer_takes),
        cmocka_unit_test(refuses_malformed_hex),
        cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(base64_matches_the_standard),
        cmocka_unit_test(line_breaks_are_ignored_anywhere),
        cmocka_unit_test(the_two_alphabets_differ_in_two_characters),
        cmocka_unit_test(every_byte_survives_a_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
