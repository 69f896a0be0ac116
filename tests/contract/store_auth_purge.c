/* SPDX-License-Identifier: Apache-2.0 */
#include "store_suite.h"

#include "store/directory.h"

/* System auths that came to nothing are forgotten, a few at a time; what came to something stays. */

#define OLD    (NOW - 1000)
#define BEFORE (NOW - 500)

static struct object make(struct fixture *f)
{
    struct object o = {.kind = OBJECT_APPLICATION,
                       .name = TEXT("shop"),
                       .labels = TEXT("{}"),
                       .details = TEXT("{}"),
                       .created_at = OLD};
    uuid_new(o.id);
    assert_ok(store_object_create(f->s, &o, AUDIT("object.create")));
    return o;
}

/* Number n in the order of ids. */
static struct system_auth make_auth(struct fixture *f, const struct object *o, uint8_t n, int64_t created_at)
{
    struct system_auth auth = {.kind = OBJECT_APPLICATION, .id = {n}, .created_at = created_at};
    memcpy(auth.object, o->id, sizeof auth.object);
    assert_ok(store_system_auth_create(f->s, &auth, AUDIT("auth.create")));
    return auth;
}

static bool is_there(struct fixture *f, uint8_t n)
{
    struct system_auth got;
    const uint8_t id[OBJECT_ID_SIZE] = {n};
    const struct status s = store_system_auth_get(f->s, NULL, id, NOW, &f->arena, &got);
    assert_true(status_ok(s) || s.code == E_NOT_FOUND);
    return status_ok(s);
}

static void what_came_to_something_stays(struct fixture *f)
{
    uint8_t at[OBJECT_ID_SIZE] = {0};
    unsigned count = 9;
    const struct object o = make(f);
    (void)make_auth(f, &o, 1, BEFORE); /* young */
    const struct system_auth with_token = make_auth(f, &o, 2, OLD), paired = make_auth(f, &o, 3, OLD);
    (void)make_auth(f, &o, 4, OLD);
    struct token_create token = {.token = token_of(1, "shop")};
    token.token.kind = TOKEN_COMPASS_APPLICATION;
    token.token.system_auth = BYTES_OF(with_token.id);
    assert_ok(store_token_create(f->s, &token, AUDIT("token.create")));
    struct certificate_issue issue = {.certificate = certificate_of(f, 10, "shop")};
    issue.certificate.system_auth = BYTES_OF(paired.id);
    assert_ok(store_certificate_issue(f->s, &issue, AUDIT("certificate.issue")));
    bool was_revoked = false;
    assert_ok(store_certificate_revoke(f->s, digest_of(10).p, TEXT("over"), NOW, AUDIT("certificate.revoke"),
                                       &was_revoked));

    assert_ok(store_system_auth_purge(f->s, BEFORE, 100, at, &count));
    assert_int_equal(count, 1);
    assert_true(is_there(f, 1) && is_there(f, 2) && is_there(f, 3) && !is_there(f, 4));

    unsigned tokens = 0;
    assert_ok(store_token_purge(f->s, NOW + 1000000, 100, &tokens));
    memset(at, 0, sizeof at);
    assert_ok(store_system_auth_purge(f->s, BEFORE, 100, at, &count));
    assert_int_equal(count, 1); /* its token is forgotten, too */
    assert_true(is_there(f, 1) && !is_there(f, 2) && is_there(f, 3));
}

static void a_round_looks_at_a_few_and_goes_on_there(struct fixture *f)
{
    static const uint8_t zeros[OBJECT_ID_SIZE] = {0};
    uint8_t at[OBJECT_ID_SIZE] = {0};
    unsigned count = 0;
    assert_status(store_system_auth_purge(f->s, BEFORE, 0, at, &count), E_INVALID);
    const struct object o = make(f);
    for (uint8_t n = 1; n <= 5; n++)
        (void)make_auth(f, &o, n, n == 2 ? NOW : OLD);
    static const struct {
        unsigned count;
        uint8_t at;
    } rounds[] = {{1, 2}, {2, 4}, {1, 5}, {0, 0}, {0, 2}};
    for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
        assert_ok(store_system_auth_purge(f->s, BEFORE, 2, at, &count));
        assert_int_equal(count, rounds[i].count);
        assert_int_equal(at[0], rounds[i].at);
    }
    assert_true(is_there(f, 2));
    assert_memory_equal(at + 1, zeros, sizeof at - 1);
}

const struct contract_check auth_purge_checks[] = {
    {"a system auth that came to something stays", what_came_to_something_stays, false},
    {"a round of the purge looks at a few and goes on there", a_round_looks_at_a_few_and_goes_on_there,
     false},
    {NULL, NULL, false},
};
