/* SPDX-License-Identifier: Apache-2.0 */
#include "store_suite.h"

#include <stdio.h>

static void refuses_the_same_token_twice(struct fixture *f)
{
    assert_ok(make_token(f, 1, "a"));
    assert_status(make_token(f, 1, "a"), E_CONFLICT);
    assert_int_equal(audit_rows(f, "token.create"), 1);
}

static void refuses_a_token_that_never_was_valid(struct fixture *f)
{
    struct token_create in = {.token = token_of(1, "a")};
    in.token.expires_at = in.token.created_at;
    assert_status(store_token_create(f->s, &in, AUDIT("token.create")), E_INVALID);
    in = (struct token_create){.token = token_of(1, ""), .create_application = true};
    assert_status(store_token_create(f->s, &in, AUDIT("token.create")), E_INVALID);
}

static void refuses_a_token_for_a_missing_application(struct fixture *f)
{
    struct token_create in = {.token = token_of(1, "a"), .require_application = true};
    struct token t;
    assert_status(store_token_create(f->s, &in, AUDIT("token.create")), E_NOT_FOUND);
    assert_status(store_token_find(f->s, in.token.hash, NOW, &f->arena, &t), E_NOT_FOUND);
    assert_int_equal(audit_rows(f, "token.create"), 0);
    assert_ok(make_application(f, "a"));
    assert_ok(store_token_create(f->s, &in, AUDIT("token.create")));
}

static void makes_a_missing_application_when_told(struct fixture *f)
{
    struct token_create in = {
        .token = token_of(1, "a"), .create_application = true, .require_application = true};
    assert_ok(store_token_create(f->s, &in, AUDIT("token.create")));
    struct application app;
    assert_ok(store_application_get(f->s, TEXT(""), TEXT("a"), &f->arena, &app));
    assert_true(app.auto_created);
    in.token = token_of(2, "a");
    assert_ok(store_token_create(f->s, &in, AUDIT("token.create")));
    assert_int_equal(counts_of(f).applications, 1);
    /* a refusal takes the application it would have made along */
    in.token = token_of(2, "b");
    assert_status(store_token_create(f->s, &in, AUDIT("token.create")), E_CONFLICT);
    assert_status(store_application_get(f->s, TEXT(""), TEXT("b"), &f->arena, &app), E_NOT_FOUND);
}

static void keeps_every_field(struct fixture *f)
{
    struct token_create in = {.token = token_of(1, "a")};
    in.token.kind = TOKEN_RUNTIME;
    in.token.tenant = TEXT("t");
    in.token.group = TEXT("g");
    assert_ok(store_token_create(f->s, &in, AUDIT("token.create")));
    struct token out;
    assert_ok(store_token_find(f->s, in.token.hash, NOW, &f->arena, &out));
    assert_memory_equal(out.hash, in.token.hash, SHA256_SIZE);
    assert_true(text_equal(out.id, token_id_of(f, 1)));
    assert_int_equal(out.kind, TOKEN_RUNTIME);
    assert_int_equal(out.state, TOKEN_ACTIVE);
    assert_text(out.tenant, "t");
    assert_text(out.group, "g");
    assert_text(out.application, "a");
    assert_int_equal(out.created_at, NOW);
    assert_int_equal(out.expires_at, NOW + 300);
    assert_int_equal(out.ended_at, 0);
    assert_text(out.created_by, "uid:1000");
    assert_text(out.ended_by, "");
}

static void expires_to_the_second(struct fixture *f)
{
    assert_ok(make_token(f, 1, "a"));
    assert_int_equal(token_state_of(f, 1, NOW + 299), TOKEN_ACTIVE);
    assert_int_equal(token_state_of(f, 1, NOW + 300), TOKEN_EXPIRED);
    struct store_counts counts;
    assert_ok(store_counts(f->s, NOW + 299, &counts));
    assert_int_equal(counts.active_tokens, 1);
    assert_ok(store_counts(f->s, NOW + 300, &counts));
    assert_int_equal(counts.active_tokens, 0);
    struct token next = token_of(2, "a");
    assert_status(store_token_exchange(f->s, digest_of(1).p, &next, NOW + 300, AUDIT("token.exchange")),
                  E_CONFLICT);
    assert_ok(store_token_exchange(f->s, digest_of(1).p, &next, NOW + 299, AUDIT("token.exchange")));
}

static void exchanges_once(struct fixture *f)
{
    struct token second = token_of(2, "a"), third = token_of(3, "a");
    struct audit_entry audit = entry("token.exchange");
    audit.address = TEXT("192.0.2.1");
    assert_status(store_token_exchange(f->s, digest_of(1).p, &second, NOW, &audit), E_CONFLICT); /* unknown */
    assert_ok(make_token(f, 1, "a"));
    assert_ok(store_token_exchange(f->s, digest_of(1).p, &second, NOW + 7, &audit));
    assert_status(store_token_exchange(f->s, digest_of(1).p, &third, NOW + 8, &audit), E_CONFLICT);
    assert_int_equal(token_state_of(f, 1, NOW), TOKEN_USED);
    assert_int_equal(token_state_of(f, 2, NOW), TOKEN_ACTIVE);
    struct token t;
    assert_status(store_token_find(f->s, digest_of(3).p, NOW, &f->arena, &t), E_NOT_FOUND);
    assert_ok(store_token_find(f->s, digest_of(1).p, NOW, &f->arena, &t));
    assert_int_equal(t.ended_at, NOW + 7);
    assert_text(t.ended_by, "192.0.2.1");
    assert_int_equal(audit_rows(f, "token.exchange"), 1);
}

static void an_exchange_for_a_known_token_uses_nothing_up(struct fixture *f)
{
    assert_ok(make_token(f, 1, "a"));
    assert_ok(make_token(f, 2, "a"));
    struct token next = token_of(2, "a");
    assert_status(store_token_exchange(f->s, digest_of(1).p, &next, NOW, AUDIT("token.exchange")),
                  E_CONFLICT);
    assert_int_equal(token_state_of(f, 1, NOW), TOKEN_ACTIVE);
}

static void only_the_newest_of_a_remote_environment_is_valid(struct fixture *f)
{
    static const struct {
        enum token_kind kind;
        const char *tenant, *group, *application;
    } others[] = {
        {TOKEN_APPLICATION, "", "", "re"},
        {TOKEN_REMOTE_ENVIRONMENT, "t", "", "re"},
        {TOKEN_REMOTE_ENVIRONMENT, "", "g", "re"},
        {TOKEN_REMOTE_ENVIRONMENT, "", "", "re2"},
    };
    struct token_create in = {.token = token_of(1, "re"), .replaces_others = true};
    in.token.kind = TOKEN_REMOTE_ENVIRONMENT;
    assert_ok(store_token_create(f->s, &in, AUDIT("token.create")));
    for (unsigned i = 0; i < 4; i++) {
        struct token_create other = {.token = token_of(10 + i, others[i].application),
                                     .replaces_others = true};
        other.token.kind = others[i].kind;
        other.token.tenant = text_of(others[i].tenant);
        other.token.group = text_of(others[i].group);
        assert_ok(store_token_create(f->s, &other, AUDIT("token.create")));
    }
    memcpy(in.token.hash, digest_of(2).p, SHA256_SIZE);
    in.token.created_at = NOW + 5;
    assert_ok(store_token_create(f->s, &in, AUDIT("token.create")));
    assert_int_equal(token_state_of(f, 1, NOW), TOKEN_REPLACED);
    assert_int_equal(token_state_of(f, 2, NOW), TOKEN_ACTIVE);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(token_state_of(f, 10 + i, NOW), TOKEN_ACTIVE);
    struct token t;
    assert_ok(store_token_find(f->s, digest_of(1).p, NOW, &f->arena, &t));
    assert_int_equal(t.ended_at, NOW + 5);
}

static void revokes_by_id(struct fixture *f)
{
    static const char *const not_ids[] = {"", "zz", "0123456789ab", "0123456789AB", "0123456789abcd"};
    assert_ok(make_token(f, 1, "a"));
    for (size_t i = 0; i < sizeof not_ids / sizeof not_ids[0]; i++)
        assert_status(store_token_revoke(f->s, text_of(not_ids[i]), NOW, AUDIT("token.revoke")), E_NOT_FOUND);
    assert_ok(store_token_revoke(f->s, token_id_of(f, 1), NOW, AUDIT("token.revoke")));
    assert_int_equal(token_state_of(f, 1, NOW), TOKEN_REVOKED);
    assert_status(store_token_revoke(f->s, token_id_of(f, 1), NOW, AUDIT("token.revoke")), E_CONFLICT);
    assert_ok(make_token(f, 2, "a"));
    assert_status(store_token_revoke(f->s, token_id_of(f, 2), NOW + 300, AUDIT("token.revoke")), E_CONFLICT);
    assert_int_equal(audit_rows(f, "token.revoke"), 1);
}

static void refuses_an_ambiguous_id(struct fixture *f)
{
    struct token_create in = {.token = token_of(1, "a")};
    assert_ok(store_token_create(f->s, &in, AUDIT("token.create")));
    in.token.hash[31] ^= 1;
    assert_ok(store_token_create(f->s, &in, AUDIT("token.create")));
    assert_status(store_token_revoke(f->s, token_id_of(f, 1), NOW, AUDIT("token.revoke")), E_CONFLICT);
    assert_int_equal(token_state_of(f, 1, NOW), TOKEN_ACTIVE);
}

struct seen {
    unsigned numbers[64];
    size_t count;
    struct token last;
};

static bool see(void *ctx, const struct token *t)
{
    struct seen *seen = ctx;
    for (unsigned n = 0; n < 100; n++)
        if (memcmp(digest_of(n).p, t->hash, SHA256_SIZE) == 0)
            seen->numbers[seen->count++] = n;
    seen->last = *t;
    return true;
}

static struct seen list(struct fixture *f, struct token_filter filter, struct text after, unsigned limit)
{
    struct seen seen = {0};
    struct page_request page = {.after = after, .limit = limit};
    filter.now = filter.now ? filter.now : NOW;
    assert_ok(store_token_list(f->s, &filter, &page, &f->arena, see, &seen));
    return seen;
}

static void lists_newest_first(struct fixture *f)
{
    for (unsigned i = 0; i < 6; i++) {
        struct token_create in = {.token = token_of(i, i % 2 ? "odd" : "even")};
        in.token.created_at = NOW + i;
        in.token.expires_at = NOW + 100 + i;
        assert_ok(store_token_create(f->s, &in, AUDIT("token.create")));
    }
    assert_ok(store_token_revoke(f->s, token_id_of(f, 4), NOW + 50, AUDIT("token.revoke")));
    struct seen seen = list(f, (struct token_filter){0}, TEXT(""), 100);
    assert_int_equal(seen.count, 6);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(seen.numbers[i], 5 - i);
    seen = list(f, (struct token_filter){.application = TEXT("even")}, TEXT(""), 100);
    assert_true(seen.count == 3 && seen.numbers[0] == 4 && seen.numbers[2] == 0);
    seen = list(f, (struct token_filter){.active_only = true, .now = NOW + 102}, TEXT(""), 100);
    assert_true(seen.count == 2 && seen.numbers[0] == 5 && seen.numbers[1] == 3);
    seen = list(f, (struct token_filter){.application = TEXT("even"), .active_only = true, .now = NOW + 101},
                TEXT(""), 100);
    assert_true(seen.count == 1 && seen.numbers[0] == 2);
    seen = list(f, (struct token_filter){.now = NOW + 105}, TEXT(""), 1);
    assert_int_equal(seen.last.state, TOKEN_EXPIRED);
}

static void pages_over_tokens_of_the_same_second(struct fixture *f)
{
    static const struct token_filter filters[] = {{.active_only = false},
                                                  {.application = TEXT_INIT("a")},
                                                  {.active_only = true},
                                                  {.application = TEXT_INIT("a"), .active_only = true}};
    for (unsigned i = 0; i < 20; i++)
        assert_ok(make_token(f, i, "a"));
    for (size_t k = 0; k < 4; k++) {
        bool met[20] = {false};
        struct text after = TEXT("");
        size_t total = 0;
        for (;;) {
            struct seen seen = list(f, filters[k], after, 3);
            for (size_t i = 0; i < seen.count; i++) {
                assert_false(met[seen.numbers[i]]);
                met[seen.numbers[i]] = true;
            }
            total += seen.count;
            if (seen.count == 0)
                break;
            after =
                arena_printf(&f->arena, "%lld/%.*s", (long long)seen.last.created_at, TEXT_ARG(seen.last.id));
        }
        assert_int_equal(total, 20);
    }
}

static void refuses_cursors_it_did_not_give(struct fixture *f)
{
    static const char *const cursors[] = {
        "x", "1", "1/", "/001122334455", "1/00112233445", "1/00112233445g", "-1/001122334455"};
    for (size_t i = 0; i < sizeof cursors / sizeof cursors[0]; i++) {
        struct page_request page = {.after = text_of(cursors[i]), .limit = 1};
        struct token_filter filter = {0};
        assert_status(store_token_list(f->s, &filter, &page, &f->arena, see, NULL), E_INVALID);
    }
}

static void purges_what_ended_long_ago(struct fixture *f)
{
    for (unsigned i = 0; i < 5; i++)
        assert_ok(make_token(f, i, "a"));
    assert_ok(store_token_revoke(f->s, token_id_of(f, 0), NOW + 10, AUDIT("token.revoke")));
    unsigned count = 99;
    assert_ok(store_token_purge(f->s, NOW + 10, 100, &count));
    assert_int_equal(count, 0);
    assert_ok(store_token_purge(f->s, NOW + 11, 100, &count));
    assert_int_equal(count, 1);
    assert_ok(store_token_purge(f->s, NOW + 301, 3, &count)); /* expired at NOW + 300 */
    assert_int_equal(count, 3);
    assert_ok(store_token_purge(f->s, NOW + 301, 3, &count));
    assert_int_equal(count, 1);
    assert_int_equal(list(f, (struct token_filter){0}, TEXT(""), 100).count, 0);
}

const struct contract_check token_checks[] = {
    {"refuses the same token twice", refuses_the_same_token_twice, false},
    {"refuses a token that never was valid", refuses_a_token_that_never_was_valid, false},
    {"refuses a token for a missing application", refuses_a_token_for_a_missing_application, false},
    {"makes a missing application when told", makes_a_missing_application_when_told, false},
    {"a token keeps every field", keeps_every_field, false},
    {"a token expires to the second", expires_to_the_second, false},
    {"exchanges a token once", exchanges_once, false},
    {"an exchange for a known token uses nothing up", an_exchange_for_a_known_token_uses_nothing_up, false},
    {"only the newest token of a remote environment is valid",
     only_the_newest_of_a_remote_environment_is_valid, false},
    {"revokes a token by id", revokes_by_id, false},
    {"refuses an ambiguous id", refuses_an_ambiguous_id, false},
    {"lists tokens newest first", lists_newest_first, false},
    {"pages over tokens of the same second", pages_over_tokens_of_the_same_second, false},
    {"refuses cursors of tokens it did not give", refuses_cursors_it_did_not_give, false},
    {"purges tokens that ended long ago", purges_what_ended_long_ago, false},
    {NULL, NULL, false},
};
