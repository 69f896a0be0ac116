/* SPDX-License-Identifier: Apache-2.0 */
#include "store_suite.h"

struct seen {
    struct audit_entry rows[16];
    size_t count, stop_at;
};

static bool see(void *ctx, const struct audit_entry *e)
{
    struct seen *seen = ctx;
    seen->rows[seen->count++] = *e;
    return seen->count != seen->stop_at;
}

static struct seen list(struct fixture *f, struct audit_filter filter)
{
    struct seen seen = {0};
    filter.limit = filter.limit ? filter.limit : 16;
    assert_ok(store_audit_list(f->s, &filter, &f->arena, see, &seen));
    return seen;
}

static void refuses_a_row_without_an_action(struct fixture *f)
{
    struct audit_entry rows[2] = {entry("token.create"), entry("")};
    assert_status(store_audit_append(f->s, rows, 2), E_INVALID);
    assert_int_equal(list(f, (struct audit_filter){0}).count, 0);
}

static void refuses_a_page_of_no_rows_or_too_many(struct fixture *f)
{
    static const unsigned limits[] = {0, 1001};
    for (size_t i = 0; i < 2; i++) {
        struct audit_filter filter = {.limit = limits[i]};
        assert_status(store_audit_list(f->s, &filter, &f->arena, see, NULL), E_INVALID);
    }
}

static void refuses_to_continue_after_a_row_that_never_was(struct fixture *f)
{
    struct audit_filter filter = {.limit = 1, .before_id = 99};
    assert_status(store_audit_list(f->s, &filter, &f->arena, see, NULL), E_INVALID);
}

static void keeps_every_field(struct fixture *f)
{
    struct audit_entry row = {
        .at = NOW,
        .last_at = NOW + 59,
        .count = 17,
        .action = TEXT("refused.revoked"),
        .actor = TEXT("certificate:aa"),
        .tenant = TEXT("t1"),
        .application = TEXT("commerce"),
        .subject = TEXT("subject \xc3\xa4"),
        .detail = TEXT("{\"a\":1}"),
        .address = TEXT("[::1]:4711"),
        .user_agent = TEXT("curl/8\0x"),
        .request_id = TEXT("r-1"),
    };
    assert_ok(store_audit_append(f->s, &row, 1));
    struct seen seen = list(f, (struct audit_filter){0});
    assert_int_equal(seen.count, 1);
    const struct audit_entry *got = &seen.rows[0];
    assert_true(got->id > 0);
    assert_int_equal(got->at, NOW);
    assert_int_equal(got->last_at, NOW + 59);
    assert_int_equal(got->count, 17);
    assert_text(got->action, "refused.revoked");
    assert_text(got->actor, "certificate:aa");
    assert_text(got->tenant, "t1");
    assert_text(got->application, "commerce");
    assert_text(got->subject, "subject \xc3\xa4");
    assert_text(got->detail, "{\"a\":1}");
    assert_text(got->address, "[::1]:4711");
    assert_true(text_equal(got->user_agent, row.user_agent));
    assert_text(got->request_id, "r-1");
}

static void counts_one_when_nothing_else_is_said(struct fixture *f)
{
    assert_ok(store_audit_append(f->s, AUDIT("token.create"), 1));
    struct seen seen = list(f, (struct audit_filter){0});
    assert_int_equal(seen.rows[0].count, 1);
    assert_int_equal(seen.rows[0].last_at, NOW);
}

static void fill(struct fixture *f)
{
    /* a tally comes late but began early; two rows share a second */
    static const struct {
        int64_t at;
        const char *action, *application, *actor;
    } rows[] = {
        {NOW + 10, "token.create", "a", "uid:1"},       {NOW + 20, "certificate.issue", "a", "token:1"},
        {NOW + 20, "certificate.revoke", "b", "uid:2"}, {NOW + 5, "refused.revoked", "", "certificate:1"},
        {NOW + 30, "token.create", "b", "uid:1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct audit_entry e = entry(rows[i].action);
        e.at = rows[i].at;
        e.application = text_of(rows[i].application);
        e.actor = text_of(rows[i].actor);
        assert_ok(store_audit_append(f->s, &e, 1));
    }
}

static void lists_newest_first_and_pages(struct fixture *f)
{
    static const int64_t expected[] = {NOW + 30, NOW + 20, NOW + 20, NOW + 10, NOW + 5};
    fill(f);
    struct seen all = list(f, (struct audit_filter){0});
    assert_int_equal(all.count, 5);
    int64_t before = 0;
    for (size_t i = 0; i < 5; i++) {
        struct seen one = list(f, (struct audit_filter){.limit = 1, .before_id = before});
        assert_int_equal(one.count, 1);
        assert_int_equal(one.rows[0].at, expected[i]);
        assert_int_equal(one.rows[0].id, all.rows[i].id);
        before = one.rows[0].id;
    }
    assert_int_equal(list(f, (struct audit_filter){.before_id = before}).count, 0);
    assert_true(all.rows[1].id > all.rows[2].id);
}

static void filters_each_by_its_field(struct fixture *f)
{
    static const struct {
        struct audit_filter filter;
        size_t expected;
    } cases[] = {
        {{.action_prefix = TEXT_INIT("certificate.")}, 2},
        {{.action_prefix = TEXT_INIT("token.create")}, 2},
        {{.action_prefix = TEXT_INIT("token.create.")}, 0},
        {{.action_prefix = TEXT_INIT("%")}, 0},
        {{.application = TEXT_INIT("a")}, 2},
        {{.application = TEXT_INIT("b"), .action_prefix = TEXT_INIT("token")}, 1},
        {{.application = TEXT_INIT("c")}, 0},
        {{.actor = TEXT_INIT("uid:1")}, 2},
        {{.actor = TEXT_INIT("uid:")}, 0},
        {{.since = NOW + 20}, 3},
        {{.until = NOW + 20}, 2},
        {{.since = NOW + 10, .until = NOW + 21}, 3},
        {{.since = NOW + 31}, 0},
        {{.application = TEXT_INIT("b"), .since = NOW + 21}, 1},
    };
    fill(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (list(f, cases[i].filter).count != cases[i].expected)
            fail_msg("case %zu: %zu rows", i, list(f, cases[i].filter).count);
}

static void stops_when_the_callback_says_so(struct fixture *f)
{
    fill(f);
    struct seen seen = {.stop_at = 2};
    struct audit_filter filter = {.limit = 10};
    assert_ok(store_audit_list(f->s, &filter, &f->arena, see, &seen));
    assert_int_equal(seen.count, 2);
}

const struct contract_check audit_checks[] = {
    {"refuses a row without an action, and the rows beside it", refuses_a_row_without_an_action, false},
    {"refuses a page of no rows or too many", refuses_a_page_of_no_rows_or_too_many, false},
    {"refuses to continue after a row that never was", refuses_to_continue_after_a_row_that_never_was, false},
    {"audit keeps every field", keeps_every_field, false},
    {"audit counts one when nothing else is said", counts_one_when_nothing_else_is_said, false},
    {"audit lists newest first and pages", lists_newest_first_and_pages, false},
    {"audit filters each by its field", filters_each_by_its_field, false},
    {"audit stops when the callback says so", stops_when_the_callback_says_so, false},
    {NULL, NULL, false},
};
