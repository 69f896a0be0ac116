/* SPDX-License-Identifier: Apache-2.0 */
#include "rewriting.h"

struct climb {
    const char *base, *rest;
    bool by_host_too; /* refused by host as well: there is a path to climb out of */
};

static void refuses_to_climb_out_of_what_was_addressed(void **state)
{
    (void)state;
    static const struct climb cases[] = {
        {"/base", "/..", true},
        {"/base", "/../admin", true},
        {"/base/", "/../admin", true},
        {"/base", "/a/../../admin", true},
        {"/base", "/./../admin", true},
        {"/base", "/%2e%2e/admin", true},
        {"/base", "/.%2E/admin", true},
        {"/base", "/..%2fadmin", true},
        {"/base", "/a%2f..%2f..%2fadmin", true},
        {"/base", "/..%5cadmin", true},
        {"/base", "/..\\admin", true},
        {"/base", "/..;/admin", true},
        {"/base", "/..;a=b/admin", true},
        {"/base", "//../admin", true},         /* slashes may be merged */
        {"/base", "/a//../../admin", true},    /* likewise */
        {"/base", "/a\\b/../../admin", true},  /* one segment or two */
        {"/base", "/a%2fb/../../admin", true}, /* likewise */
        {"/base", "/a/x%2f../../admin", true},
        {"", "/../admin", false},
        {"/", "/../admin", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        w.target.path = text_of(cases[i].base);
        w.address = (struct outbound_address){
            .kind = ADDRESS_PATH, .rest = text_of(cases[i].rest), .prefix = TEXT("/a/s")};
        rewriting_refused(&w, cases[i].rest);
        w.target.encode_url = true;
        rewriting_refused(&w, cases[i].rest);
        w.target.encode_url = false;
        w.address.kind = ADDRESS_HOST;
        if (cases[i].by_host_too)
            rewriting_refused(&w, cases[i].rest);
        else
            assert_text(rewriting_target(&w), cases[i].rest);
    }
}

struct join {
    const char *base, *rest, *expected;
};

static void joins_with_exactly_one_slash_and_changes_nothing_else(void **state)
{
    (void)state;
    static const struct join cases[] = {
        {"", "", "/"},
        {"/", "", "/"},
        {"", "/", "/"},
        {"/", "/", "/"},
        {"", "/x", "/x"},
        {"/", "/x", "/x"},
        {"", "x", "/x"},
        {"/base", "", "/base"},
        {"/base/", "", "/base/"},
        {"/base", "/", "/base/"},
        {"/base/", "/", "/base/"},
        {"/base", "/x", "/base/x"},
        {"/base/", "/x", "/base/x"},
        {"/base", "x", "/base/x"},
        {"base", "/x", "/base/x"},
        {"/base", "//x", "/base//x"},
        {"/base/", "//x", "/base//x"},
        {"/base", "/x/", "/base/x/"},
        {"/base", "/a//b/./c/../d", "/base/a//b/./c/../d"},
        {"/base", "/a/b/../../c", "/base/a/b/../../c"},
        {"/base", "/...", "/base/..."},
        {"/base", "/..a/.b", "/base/..a/.b"},
        {"/base", "/a%2Fb", "/base/a%2Fb"},
        {"/base", "/%7Cx(", "/base/%7Cx("},
        {"/base", "/Xyz('1')", "/base/Xyz('1')"},
        {"/base", "/a%zz", "/base/a%zz"},
        {"/b%20c", "/x", "/b%20c/x"},
        {"/b c#\xc3\xbc", "/x", "/b%20c%23%C3%BC/x"},
        {"/b\r\nc", "/x", "/b%0D%0Ac/x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        w.target.path = text_of(cases[i].base);
        w.address.rest = text_of(cases[i].rest);
        assert_text(rewriting_target(&w), cases[i].expected);
        w.address.kind = ADDRESS_PATH;
        assert_text(rewriting_target(&w), cases[i].expected);
    }
}

struct encoding {
    const char *rest, *by_host, *by_path; /* NULL: refused */
};

static void encodes_again_when_the_service_asks_for_it(void **state)
{
    (void)state;
    static const struct encoding cases[] = {
        {"/Xyz('1')", "/Xyz('1')", "/Xyz%28%271%27%29"},
        {"/a%20b/Xyz('1')", "/a%20b/Xyz%28%271%27%29", "/a%20b/Xyz%28%271%27%29"},
        {"/a%2Fb", "/a/b", "/a/b"},
        {"/a%2fb(", "/a/b(", "/a/b%28"},
        {"/%25", "/%25", "/%25"},
        {"/%7C", "/%7C", "/%7C"},
        {"/%7C('1')", "/%7C%28%271%27%29", "/%7C%28%271%27%29"},
        {"/|", "/%7C", "/%7C"},
        {"/%61%62", "/ab", "/ab"},
        {"/a;b,c=d&e+f:g@h$i~j", "/a;b,c=d&e+f:g@h$i~j", "/a;b,c=d&e+f:g@h$i~j"},
        {"/[1]!*", "/[1]!*", "/%5B1%5D%21%2A"},
        {"/%3Fx", "/%3Fx", "/%3Fx"},
        {"/%23x", "/%23x", "/%23x"},
        {"/%0d%0aX:%20y", "/%0D%0AX:%20y", "/%0D%0AX:%20y"},
        {"/%00", "/%00", "/%00"},
        {"/%C3%BC", "/%C3%BC", "/%C3%BC"},
        {"/%252e%252e/x", "/%252e%252e/x", "/%252e%252e/x"},
        {"/x/", "/x/", "/x/"},
        {"/a%", NULL, NULL},
        {"/a%2", NULL, NULL},
        {"/a%zz", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        w.target.path = TEXT("");
        w.target.encode_url = true;
        w.address.rest = text_of(cases[i].rest);
        if (!cases[i].by_host) {
            rewriting_refused(&w, cases[i].rest);
            continue;
        }
        assert_text(rewriting_target(&w), cases[i].by_host);
        w.address.kind = ADDRESS_PATH;
        assert_text(rewriting_target(&w), cases[i].by_path);
    }
}

static void the_registered_path_is_encoded_with_the_rest(void **state)
{
    (void)state;
    OWNED(rewriting_end) struct rewriting w;
    rewriting_begin(&w);
    w.target.encode_url = true;
    w.target.path = TEXT("/b%20(/");
    w.address.rest = TEXT("/x");
    assert_text(rewriting_target(&w), "/b%20%28/x");
    w.target.path = TEXT("/(");
    assert_text(rewriting_target(&w), "/(/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_to_climb_out_of_what_was_addressed),
        cmocka_unit_test(joins_with_exactly_one_slash_and_changes_nothing_else),
        cmocka_unit_test(encodes_again_when_the_service_asks_for_it),
        cmocka_unit_test(the_registered_path_is_encoded_with_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
