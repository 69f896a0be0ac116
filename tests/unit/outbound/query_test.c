/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/query.h"

#include "rewriting.h"

struct query_case {
    const char *registered, *caller, *configured, *expected; /* caller NULL: no '?' */
};

static void joins_queries_and_adds_what_is_not_there(void **state)
{
    (void)state;
    static const struct query_case cases[] = {
        {"", NULL, "", "/base/x"},
        {"", "", "", "/base/x?"},
        {"", "a=1", "", "/base/x?a=1"},
        {"t=1", NULL, "", "/base/x?t=1"},
        {"t=1", "", "", "/base/x?t=1"},
        {"t=1", "a=1&b=2&a=3", "", "/base/x?t=1&a=1&b=2&a=3"},
        {"", "b=2&a=%7C+%20('1')&&;", "", "/base/x?b=2&a=%7C+%20('1')&&;"},
        {"t=a b#", "a=1", "", "/base/x?t=a%20b%23&a=1"},
        {"", NULL, "k=v", "/base/x?k=v"},
        {"", "", "k=v", "/base/x?k=v"},
        {"", "a=1", "k=v", "/base/x?a=1&k=v"},
        {"t=1", NULL, "k=v", "/base/x?t=1&k=v"},
        {"t=1", "a=1", "k=v\nl=w", "/base/x?t=1&a=1&k=v&l=w"},
        {"", "k=mine", "k=v", "/base/x?k=mine"},
        {"", "k", "k=v", "/base/x?k"},
        {"", "k=", "k=v", "/base/x?k="},
        {"k=1", "a=1", "k=v", "/base/x?k=1&a=1"},
        {"", "%6B=mine", "k=v", "/base/x?%6B=mine"},
        {"", "a+b=mine", "a b=v", "/base/x?a+b=mine"},
        {"", "a%20b=mine", "a b=v", "/base/x?a%20b=mine"},
        {"", "K=mine", "k=v", "/base/x?K=mine&k=v"}, /* names of parameters have a case */
        {"", "kk=1&xk=2", "k=v", "/base/x?kk=1&xk=2&k=v"},
        {"", "%6=1", "k=v", "/base/x?%6=1&k=v"},
        {"", NULL, "k=1\nk=2", "/base/x?k=1&k=2"}, /* several values */
        {"", "k=0", "k=1\nk=2", "/base/x?k=0"},
        {"", NULL, "a b=&#%+", "/base/x?a+b=%26%23%25%2B"},
        {"", NULL, "k=a\xc3\xbc~", "/base/x?k=a%C3%BC~"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        w.target.query = text_of(cases[i].registered);
        w.request.query = text_of(cases[i].caller);
        rewriting_query_fields(&w, cases[i].configured);
        assert_text(rewriting_target(&w), cases[i].expected);
    }
}

static void a_configured_value_cannot_end_the_line(void **state)
{
    (void)state;
    OWNED(rewriting_end) struct rewriting w;
    rewriting_begin(&w);
    w.room.query_fields[w.target.query_count++] =
        (struct hop_field){TEXT("a\r\n"), TEXT(" HTTP/1.1\r\nX: y")};
    assert_text(rewriting_target(&w), "/base/x?a%0D%0A=+HTTP%2F1.1%0D%0AX%3A+y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_queries_and_adds_what_is_not_there),
        cmocka_unit_test(a_configured_value_cannot_end_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
