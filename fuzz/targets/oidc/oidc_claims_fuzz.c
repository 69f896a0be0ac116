/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers claims_read (oidc/claims.h), users_grants (oidc/users.h) and grant_read (config/grant.h): a line of
 * auth.users, a newline, claims.
 * Properties: claims that are taken name somebody, in one line; "*" comes from the configuration alone; a
 * grant has tenants and scopes.
 */

#include "oidc/users.h"

#include "base/own.h"
#include "config/grant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_words(struct text words)
{
    while (words.p && words.n > 0)
        must(!text_equal(text_cut(&words, ' '), TEXT("*")));
}

static void check_grants(const struct claims *who, struct text line, struct arena *a)
{
    struct oidc_grant grants[OIDC_GRANTS_MAX];
    struct settings_list users = {.item = {arena_cstr(a, line)}, .count = 1};
    const struct settings_list groups = users;
    size_t count = 0;
    struct grant_line read;
    if (!users.item[0] || !status_ok(users_grants(who, &users, &groups, a, grants, &count)))
        return;
    must(count == 0 || grant_read(line, &read));
    for (size_t i = 0; i < count; i++)
        must(grants[i].tenants.n > 0 && grants[i].scopes.n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena_release) struct arena a;
    struct text json = {(const char *)data, size};
    const struct text line = text_cut(&json, '\n');
    const struct claims_wanted wanted = {.issuer = TEXT("i"),
                                         .audience = TEXT("a"),
                                         .tenant_claim = TEXT("t"),
                                         .scope_claim = TEXT("s"),
                                         .skew_s = 60};
    struct claims who;
    arena_init(&a, 4096, 4 * 1024 * 1024);
    if (text_find(line, '\0') < line.n || !status_ok(json_scan_with(json, 4000, NULL)) ||
        !status_ok(claims_read(json, &wanted, 1000, &a, &who, NULL)))
        return 0;
    must(who.subject.n > 0 && !text_contains(who.subject, '\n') && !text_contains(who.email, '\n'));
    check_words(who.tenants);
    check_words(who.scopes);
    check_grants(&who, line, &a);
    return 0;
}
