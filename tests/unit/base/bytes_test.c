/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include "check.h"

static const struct text none = {NULL, 0};

static void refuses_numbers_that_are_not_plain_digits(void **state)
{
    (void)state;
    const struct text bad[] = {none,       TEXT(""),    TEXT(" 1"),  TEXT("1 "),  TEXT("+1"),   TEXT("-1"),
                               TEXT("1a"), TEXT("0x1"), TEXT("1\0"), TEXT("1_0"), TEXT("\xb2"), TEXT("1.0")};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint64_t v = 42;
        assert_false(text_to_u64(bad[i], UINT64_MAX, &v));
        assert_int_equal(v, 42);
    }
}

static void refuses_numbers_over_the_maximum(void **state)
{
    (void)state;
    static const struct {
        const char *digits;
        uint64_t max;
        bool good;
    } cases[] = {
        {"255", 255, true},
        {"256", 255, false},
        {"0", 0, true},
        {"1", 0, false},
        {"9", 8, false},
        {"000255", 255, true},
        {"18446744073709551615", UINT64_MAX, true},
        {"18446744073709551616", UINT64_MAX, false},
        {"99999999999999999999", UINT64_MAX, false},
        {"184467440737095516150", UINT64_MAX, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t v;
        assert_int_equal(text_to_u64(text_of(cases[i].digits), cases[i].max, &v), cases[i].good);
    }
}

static void refuses_c_strings_that_do_not_fit_or_hold_nul(void **state)
{
    (void)state;
    char out[4] = "zzz";
    assert_false(text_to_cstr(TEXT("abcd"), out, sizeof(out)));
    assert_string_equal(out, "");
    assert_false(text_to_cstr(TEXT("a\0b"), out, sizeof(out)));
    assert_string_equal(out, "");
    assert_false(text_to_cstr(none, out, 0));
    assert_true(text_to_cstr(TEXT("abc"), out, sizeof(out)));
    assert_string_equal(out, "abc");
    assert_true(text_to_cstr(none, out, 1));
    assert_string_equal(out, "");
}

static void every_function_accepts_the_empty_slice(void **state)
{
    (void)state;
    struct text t = none;
    assert_true(bytes_equal((struct bytes){NULL, 0}, (struct bytes){(const uint8_t *)"", 0}));
    assert_true(text_equal(none, TEXT("")));
    assert_true(text_equal_nocase(none, none));
    assert_int_equal(text_compare(none, TEXT("")), 0);
    assert_true(text_starts_with(none, none));
    assert_true(text_ends_with(TEXT("a"), none));
    assert_false(text_ends_with(none, TEXT("a")));
    assert_int_equal(text_find(none, 'a'), 0);
    assert_int_equal(text_from(none, 5).n, 0);
    assert_int_equal(text_trim(none).n, 0);
    assert_int_equal(text_cut(&t, ',').n, 0);
    assert_null(t.p);
    assert_true(text_is_utf8(none));
    assert_int_equal(text_of(NULL).n, 0);
}

static void case_is_ascii_only(void **state)
{
    (void)state;
    assert_true(text_equal_nocase(TEXT("Content-LENGTH"), TEXT("content-length")));
    assert_false(text_equal_nocase(TEXT("@["), TEXT("`{"))); /* the neighbours of A-Z in ASCII */
    assert_false(text_equal_nocase(TEXT("Content-@"), TEXT("content-`")));
    assert_false(text_equal_nocase(TEXT("X[Forwarded-For"), TEXT("X{Forwarded-For")));
    assert_false(text_equal_nocase(TEXT("X-Forwarded-For"), TEXT("X-Forwarded-Fog")));
    assert_false(text_equal_nocase(TEXT("X-ForwardedxFor"), TEXT("X-Forwarded-For")));
    assert_true(text_equal_nocase(TEXT("X-Forwarded-For"), TEXT("x-fORWARDED-foR")));
    assert_true(text_equal_nocase(TEXT("Location"), TEXT("lOCATION")));
    assert_false(text_equal_nocase(TEXT("\xc3\x84"), TEXT("\xc3\xa4")));
    assert_false(text_equal_nocase(TEXT("a"), TEXT("ab")));
}

static void shorter_texts_come_first(void **state)
{
    (void)state;
    assert_true(text_compare(TEXT("a"), TEXT("ab")) < 0);
    assert_true(text_compare(TEXT("b"), TEXT("ab")) > 0);
    assert_int_equal(text_compare(TEXT("ab"), TEXT("ab")), 0);
    assert_true(text_compare(TEXT("\x7f"), TEXT("\x80")) < 0); /* unsigned */
}

static void parts_stay_inside_the_text(void **state)
{
    (void)state;
    assert_text(text_from(TEXT("abc"), 1), "bc");
    assert_text(text_from(TEXT("abc"), 9), "");
    assert_text(text_first(TEXT("abc"), 9), "abc");
    assert_text(text_first(TEXT("abc"), 2), "ab");
    assert_true(text_starts_with(TEXT("abc"), TEXT("ab")));
    assert_false(text_starts_with(TEXT("ab"), TEXT("abc")));
    assert_true(text_ends_with(TEXT("abc"), TEXT("bc")));
    assert_false(text_ends_with(TEXT("abc"), TEXT("ab")));
    assert_true(text_contains(TEXT("abc"), 'c'));
    assert_false(text_contains(TEXT("abc"), '\0'));
}

static void trimming_takes_space_and_tab_only(void **state)
{
    (void)state;
    assert_text(text_trim(TEXT(" \t a b \t")), "a b");
    assert_text(text_trim(TEXT("\na\r")), "\na\r");
    assert_text(text_trim(TEXT(" \t ")), "");
}

static void cutting_yields_every_part(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        const char *parts[4];
        size_t count;
    } cases[] = {
        {"a,b,c", {"a", "b", "c"}, 3}, {",", {"", ""}, 2},   {"a", {"a"}, 1},
        {"a,", {"a", ""}, 2},          {",a", {"", "a"}, 2}, {"", {""}, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text rest = text_of(cases[i].in);
        size_t count = 0;
        while (rest.p) {
            assert_true(count < cases[i].count);
            assert_text(text_cut(&rest, ','), cases[i].parts[count]);
            count++;
        }
        assert_int_equal(count, cases[i].count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_numbers_that_are_not_plain_digits),
        cmocka_unit_test(refuses_numbers_over_the_maximum),
        cmocka_unit_test(refuses_c_strings_that_do_not_fit_or_hold_nul),
        cmocka_unit_test(every_function_accepts_the_empty_slice),
        cmocka_unit_test(case_is_ascii_only),
        cmocka_unit_test(shorter_texts_come_first),
        cmocka_unit_test(parts_stay_inside_the_text),
        cmocka_unit_test(trimming_takes_space_and_tab_only),
        cmocka_unit_test(cutting_yields_every_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
