/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/rewrite_internal.h"
#include "rewriting.h"

#define TRACE  "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"

static void refuses_what_is_no_trace_parent(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "00",
        "00-" TRACE "-" PARENT,
        "00-" TRACE "-" PARENT "-0",
        "00-" TRACE "-" PARENT "-0g",
        "00-" TRACE "-" PARENT "-011",
        "00-" TRACE "-" PARENT "-01-x", /* version 0 ends there */
        "ff-" TRACE "-" PARENT "-01",
        "0-" TRACE "-" PARENT "-001",
        "00_" TRACE "-" PARENT "-01",
        "00-" TRACE "_" PARENT "-01",
        "00-00000000000000000000000000000000-" PARENT "-01",
        "00-" TRACE "-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01",
        "00-" TRACE "-B7AD6B7169203331-01",
        "cc-" TRACE "-" PARENT "-01x",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (trace_parent_is_valid(text_of(cases[i])))
            fail_msg("accepted '%s'", cases[i]);
}

static void accepts_this_version_and_later_ones(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "00-" TRACE "-" PARENT "-01",
        "00-" TRACE "-" PARENT "-00",
        "00-" TRACE "-" PARENT "-ff",
        "cc-" TRACE "-" PARENT "-01",
        "cc-" TRACE "-" PARENT "-01-what-comes",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (!trace_parent_is_valid(text_of(cases[i])))
            fail_msg("refused '%s'", cases[i]);
}

static void what_is_begun_here_is_valid_and_never_the_same(void **state)
{
    (void)state;
    char one[TRACE_PARENT_SIZE], two[TRACE_PARENT_SIZE];
    for (int i = 0; i < 1000; i++) {
        assert_true(trace_parent_is_valid(trace_parent_new(one)));
        assert_true(trace_parent_is_valid(trace_parent_new(two)));
        assert_false(bytes_equal(BYTES_OF(one), BYTES_OF(two)));
    }
}

static void a_valid_trace_passes_with_its_state_and_another_begins_anew(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        bool passes;
    } cases[] = {
        {"traceparent: 00-" TRACE "-" PARENT "-01\ntracestate: a=1\ntracestate: b=2", true},
        {"Traceparent: 00-" TRACE "-" PARENT "-01\nTracestate: a=1\nTracestate: b=2", true},
        {"tracestate: a=1\ntracestate: b=2", false},
        {"traceparent: 00-" TRACE "-" PARENT "\ntracestate: a=1", false},
        {"traceparent: 00-" TRACE "-" PARENT "-01\ntraceparent: 00-" TRACE "-" PARENT "-01\ntracestate: a=1",
         false},
        {"traceparent: 00-" TRACE "-" PARENT "-01\nConnection: traceparent\ntracestate: a=1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        rewriting_fields(&w, cases[i].fields);
        const char *parent = rewriting_value(&w, "traceparent");
        assert_true(trace_parent_is_valid(text_of(parent)));
        assert_int_equal(strcmp(parent, "00-" TRACE "-" PARENT "-01") == 0, cases[i].passes);
        assert_string_equal(rewriting_value(&w, "tracestate"), cases[i].passes ? "a=1 | b=2" : "-");
    }
}

static struct text id_of(const char *const *values)
{
    static struct arena a;
    struct request r = {.path = TEXT("/")};
    arena_release(&a);
    arena_init(&a, 1024, 1 << 16);
    for (; *values; values++)
        assert_ok(headers_add(&r.headers, &a, TEXT("x-request-id"), text_of(*values)));
    return rewrite_request_id(&r);
}

static void a_callers_request_id_passes_when_it_is_sane(void **state)
{
    (void)state;
    char longest[129], longer[130];
    memset(longest, 'a', 128);
    memset(longer, 'a', 129);
    longest[128] = longer[129] = 0;
    const char *const sane[] = {"a", "0af76519-16cd", "Aa0-_.:/+=@", longest};
    const char *const not [] = {"",     " ",     "a b",      "a,b",  "a\"b", "a;b",
                                "a\tb", "a\x7f", "\xc3\xbc", "a%0a", longer};
    for (size_t i = 0; i < sizeof sane / sizeof sane[0]; i++)
        assert_text(id_of((const char *const[]){sane[i], NULL}), sane[i]);
    for (size_t i = 0; i < sizeof not / sizeof not [0]; i++)
        if (id_of((const char *const[]){not [i], NULL}).n > 0)
            fail_msg("taken: %s", not [i]);
    assert_int_equal(id_of((const char *const[]){NULL}).n, 0);
    assert_int_equal(id_of((const char *const[]){"a", "a", NULL}).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_callers_request_id_passes_when_it_is_sane),
        cmocka_unit_test(refuses_what_is_no_trace_parent),
        cmocka_unit_test(accepts_this_version_and_later_ones),
        cmocka_unit_test(what_is_begun_here_is_valid_and_never_the_same),
        cmocka_unit_test(a_valid_trace_passes_with_its_state_and_another_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
