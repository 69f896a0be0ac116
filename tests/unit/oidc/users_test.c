/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/users.h"

#include "check.h"
#include "config/grant.h"

static struct arena arena;
static char *const users[] = {
    (char[]){"admin@example.com tenant=* scope=*"},
    (char[]){"sub:robot@clients tenant=t1 scope=application:read scope=runtime:read"},
    (char[]){"CiQwOGE4 tenant=t1 tenant=t2 scope=tenant:read"}};
static char *const groups[] = {(char[]){"Team Shop tenant=t3 scope=application:write"},
                               (char[]){"ops tenant=* scope=admin"}};

static size_t grants_of(const struct claims *who, struct oidc_grant out[static OIDC_GRANTS_MAX])
{
    struct settings_list u = {.item = {users[0], users[1], users[2]}, .count = 3};
    struct settings_list g = {.item = {groups[0], groups[1]}, .count = 2};
    size_t count = 0;
    assert_ok(users_grants(who, &u, &g, &arena, out, &count));
    return count;
}

static void gives_nothing_to_whom_nothing_names(void **state)
{
    (void)state;
    struct oidc_grant out[OIDC_GRANTS_MAX];
    static struct text near[] = {TEXT_INIT("team shop"), TEXT_INIT("Team"), TEXT_INIT("op"), TEXT_INIT("")};
    const struct claims rows[] = {
        {.subject = TEXT("nobody")},
        {.subject = TEXT("admin@example.com")}, /* a subject that looks like an address */
        {.subject = TEXT("sub:robot@clients")},
        {.subject = TEXT("x"), .email = TEXT("robot@clients")},
        {.subject = TEXT("x"), .email = TEXT("Admin@example.com")},
        {.subject = TEXT("x"), .email = TEXT("CiQwOGE4")},
        {.subject = TEXT("Team Shop"), .groups = near, .group_count = 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(grants_of(&rows[i], out), 0);
}

static void gives_what_the_lines_say_side_by_side(void **state)
{
    (void)state;
    struct oidc_grant out[OIDC_GRANTS_MAX];
    static struct text member[] = {TEXT_INIT("other"), TEXT_INIT("Team Shop"), TEXT_INIT("ops")};
    struct claims who = {
        .subject = TEXT("CiQwOGE4"), .email = TEXT("admin@example.com"), .groups = member, .group_count = 3};
    assert_int_equal(grants_of(&who, out), 4);
    assert_text(out[0].tenants, "*");
    assert_text(out[1].tenants, "t1 t2");
    assert_text(out[1].scopes, "tenant:read");
    assert_text(out[2].tenants, "t3");
    assert_text(out[2].scopes, "application:write");
    assert_text(out[3].scopes, "admin");
    who = (struct claims){.subject = TEXT("robot@clients")};
    assert_int_equal(grants_of(&who, out), 1);
    assert_text(out[0].scopes, "application:read runtime:read");
}

static void refuses_lines_that_are_half(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "x",
                                      "x tenant=*",
                                      "x scope=*",
                                      "tenant=* scope=*",
                                      "x tenant= scope=*",
                                      "x tenant=* scope=",
                                      "x tenant=* scope=* y",
                                      "x tenant=* scope=* scopes=a",
                                      "x tenant=* Scope=*"};
    struct grant_line line;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (grant_read(text_of(bad[i]), &line))
            fail_msg("'%s' was taken", bad[i]);
    assert_true(grant_read(TEXT("  Team  A   tenant=t  scope=s "), &line));
    assert_text(line.who, "Team  A");
}

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 4096, 1024 * 1024);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_nothing_to_whom_nothing_names),
        cmocka_unit_test(gives_what_the_lines_say_side_by_side),
        cmocka_unit_test(refuses_lines_that_are_half),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
