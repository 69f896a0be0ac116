/* SPDX-License-Identifier: Apache-2.0 */
#include "api/native/etag.h"

#include "check.h"

/* Entity tags of the native API (RFC 9110 8.8.3, 13.1.1, 13.1.2). The revision is 7 throughout. */

struct fixture {
    struct arena arena;
    struct request request;
    struct call call;
};

static void prepare(struct fixture *f, const char *name, const char *first, const char *second)
{
    *f = (struct fixture){0};
    arena_init(&f->arena, 1024, 1 << 16);
    if (first)
        assert_ok(headers_add(&f->request.headers, &f->arena, text_of(name), text_of(first)));
    if (second)
        assert_ok(headers_add(&f->request.headers, &f->arena, text_of(name), text_of(second)));
    f->call = (struct call){.request = &f->request, .arena = &f->arena};
}

struct row {
    const char *first, *second; /* lines of the field */
    bool match, none_match;     /* what If-Match allows; what If-None-Match has already */
};

static const struct row rows[] = {
    {NULL, NULL, true, false},
    {"*", NULL, true, true},
    {" * ", NULL, true, true},
    {"\"7\"", NULL, true, true},
    {"\"8\"", NULL, false, false},
    {"\"07\"", NULL, false, false},
    {"\"\"", NULL, false, false},
    {"W/\"7\"", NULL, false, true},
    {"\"6\", \"7\"", NULL, true, true},
    {"\"6\",\"7\",\"8\"", NULL, true, true},
    {"\"6\" , , W/\"7\"", NULL, false, true},
    {",\"7\",", NULL, true, true},
    {"\"6\"", "\"7\"", true, true},
    {"\"a,b\", \"7\"", NULL, true, true},
    {"", NULL, false, false},
};

static void refuses_what_is_no_list_of_tags(void **state)
{
    (void)state;
    static const char *const bad[] = {"7",      "\"7",      "7\"",      "w/\"7\"", "W/7",      "\"7\" \"8\"",
                                      "\"7\"x", "*, \"7\"", "\"7\", *", "\"a b\"", "\"\x7f\"", "W/ \"7\""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fixture f;
        bool given;
        bool result;
        prepare(&f, "If-Match", bad[i], NULL);
        assert_status(etag_may_change(&f.call, 7, &given, &result), E_INVALID);
        assert_non_null(strstr(f.call.err.message, "If-Match is neither * nor a list"));
        arena_release(&f.arena);
        prepare(&f, "If-None-Match", bad[i], NULL);
        assert_status(etag_is_known(&f.call, 7, &result), E_INVALID);
        arena_release(&f.arena);
    }
    struct fixture f;
    bool given;
    bool result;
    prepare(&f, "If-Match", "*", "\"7\""); /* alone or not at all */
    assert_status(etag_may_change(&f.call, 7, &given, &result), E_INVALID);
    arena_release(&f.arena);
}

static void compares_strongly_for_changes_and_weakly_for_reading(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        bool given;
        bool result;
        prepare(&f, "if-match", rows[i].first, rows[i].second);
        assert_ok(etag_may_change(&f.call, 7, &given, &result));
        assert_int_equal(given, rows[i].first != NULL);
        if (result != rows[i].match)
            fail_msg("If-Match: %s", rows[i].first);
        arena_release(&f.arena);
        prepare(&f, "If-None-Match", rows[i].first, rows[i].second);
        assert_ok(etag_is_known(&f.call, 7, &result));
        if (result != rows[i].none_match)
            fail_msg("If-None-Match: %s", rows[i].first);
        arena_release(&f.arena);
    }
}

static void writes_the_revision_in_quotes(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, "", NULL, NULL);
    assert_ok(etag_put(&f.call, INT64_MAX));
    assert_text(headers_get(&f.call.reply.headers, TEXT("ETag")), "\"9223372036854775807\"");
    arena_release(&f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_list_of_tags),
        cmocka_unit_test(compares_strongly_for_changes_and_weakly_for_reading),
        cmocka_unit_test(writes_the_revision_in_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
