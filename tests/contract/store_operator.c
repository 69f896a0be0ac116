/* SPDX-License-Identifier: Apache-2.0 */
#include "store_suite.h"

#include "store/directory.h"

/* Operators. */

static bool count_operator(void *ctx, const struct operator_row *o)
{
    (void)o;
    ++*(size_t *)ctx;
    return true;
}

static void an_operator_is_found_by_the_hash_of_its_token(struct fixture *f)
{
    struct operator_row o = {.name = TEXT("ci"),
                             .scopes = TEXT("application:read application:write"),
                             .tenants = TEXT("*"),
                             .created_at = NOW,
                             .expires_at = NOW + 60,
                             .created_by = TEXT("uid:1000")};
    memcpy(o.hash, digest_of(1).p, sizeof o.hash);
    struct operator_row got;
    assert_ok(store_operator_create(f->s, &o, AUDIT("operator.create")));
    assert_status(store_operator_create(f->s, &o, AUDIT("operator.create")), E_CONFLICT);
    assert_status(store_operator_find(f->s, digest_of(2).p, &f->arena, &got), E_NOT_FOUND);
    assert_ok(store_operator_used(f->s, TEXT("ci"), NOW + 5));
    assert_ok(store_operator_used(f->s, TEXT("ci"), NOW + 4));
    assert_ok(store_operator_find(f->s, digest_of(1).p, &f->arena, &got));
    assert_text(got.scopes, "application:read application:write");
    assert_int_equal(got.last_used_at, NOW + 5);
    assert_int_equal(got.expires_at, NOW + 60);
    size_t listed = 0;
    assert_ok(store_operator_list(f->s, &f->arena, count_operator, &listed));
    assert_int_equal(listed, 1);
    assert_ok(store_operator_delete(f->s, TEXT("ci"), AUDIT("operator.delete")));
    assert_status(store_operator_delete(f->s, TEXT("ci"), AUDIT("operator.delete")), E_NOT_FOUND);
    assert_status(store_operator_find(f->s, digest_of(1).p, &f->arena, &got), E_NOT_FOUND);
}

static void a_change_of_an_operator_leaves_what_it_does_not_name(struct fixture *f)
{
    struct operator_row o = {.name = TEXT("ci"),
                             .scopes = TEXT("application:read"),
                             .tenants = TEXT("a b"),
                             .created_at = NOW,
                             .expires_at = NOW + 60,
                             .created_by = TEXT("uid:1000")};
    memcpy(o.hash, digest_of(1).p, sizeof o.hash);
    assert_ok(store_operator_create(f->s, &o, AUDIT("operator.create")));
    const struct text scopes = TEXT("*"), tenants = TEXT("c");
    const int64_t never = 0;
    const struct operator_change nothing = {NULL, NULL, NULL}, one = {.scopes = &scopes},
                                 others = {.tenants = &tenants, .expires_at = &never};
    struct operator_row got;
    assert_status(store_operator_update(f->s, TEXT("cd"), &one, AUDIT("operator.update"), &f->arena, &got),
                  E_NOT_FOUND);
    assert_int_equal(audit_rows(f, "operator.update"), 0);

    assert_ok(store_operator_update(f->s, TEXT("ci"), &nothing, AUDIT("operator.update"), &f->arena, &got));
    assert_text(got.scopes, "application:read");
    assert_int_equal(got.expires_at, NOW + 60);
    assert_ok(store_operator_update(f->s, TEXT("ci"), &one, AUDIT("operator.update"), &f->arena, &got));
    assert_text(got.scopes, "*");
    assert_text(got.tenants, "a b");
    assert_ok(store_operator_update(f->s, TEXT("ci"), &others, AUDIT("operator.update"), &f->arena, &got));
    assert_ok(store_operator_find(f->s, digest_of(1).p, &f->arena, &got)); /* its token is the same */
    assert_text(got.name, "ci");
    assert_text(got.scopes, "*");
    assert_text(got.tenants, "c");
    assert_int_equal(got.expires_at, 0);
    assert_int_equal(got.created_at, NOW);
    assert_text(got.created_by, "uid:1000");
    assert_int_equal(audit_rows(f, "operator.update"), 3);
}

const struct contract_check operator_checks[] = {
    {"an operator is found by the hash of its token", an_operator_is_found_by_the_hash_of_its_token, false},
    {"a change of an operator leaves what it does not name",
     a_change_of_an_operator_leaves_what_it_does_not_name, false},
    {NULL, NULL, false},
};
