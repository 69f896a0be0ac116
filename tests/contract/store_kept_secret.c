/* SPDX-License-Identifier: Apache-2.0 */
#include "store_suite.h"

#include <stdio.h>

#include "store/kept_secret.h"

/* Secrets that belong to no service. */

static struct status put_in(struct fixture *f, const char *tenant, const char *name, int64_t expected,
                            const char *sealed, bool *out_new)
{
    const struct kept_secret_write w = {
        .tenant = text_of(tenant),
        .name = text_of(name),
        .expected_revision = expected,
        .at = NOW,
        .sealed = text_bytes(text_of(sealed)),
    };
    return store_kept_secret_put(f->s, &w, AUDIT("secret.put"), out_new);
}

static struct status put(struct fixture *f, const char *name, int64_t expected, const char *sealed)
{
    bool is_new;
    return put_in(f, "", name, expected, sealed, &is_new);
}

static struct status get(struct fixture *f, const char *name, struct kept_secret *out)
{
    return store_kept_secret_get(f->s, TEXT(""), text_of(name), &f->arena, out);
}

static void refuses_what_cannot_be_kept(struct fixture *f)
{
    char long_name[KEPT_SECRET_NAME_MAX + 2];
    bool is_new;
    struct kept_secret k;
    (void)memset(long_name, 'a', sizeof long_name);
    long_name[KEPT_SECRET_NAME_MAX + 1] = '\0';
    assert_status(put(f, "", 0, "s"), E_INVALID);
    assert_status(put(f, long_name, 0, "s"), E_INVALID);
    assert_status(put(f, "a", 0, ""), E_INVALID);
    assert_status(put(f, "a", -2, "s"), E_INVALID);
    assert_status(put_in(f, "t/u", "a", 0, "s", &is_new), E_INVALID);
    const struct kept_secret_write w = {.name = TEXT("a"), .sealed = BYTES_OF("s")};
    assert_status(store_kept_secret_put(f->s, &w, NO_AUDIT, &is_new), E_INVALID);
    assert_status(store_kept_secret_delete(f->s, TEXT(""), TEXT("a"), 0, NO_AUDIT), E_INVALID);
    assert_status(store_kept_secret_delete(f->s, TEXT(""), TEXT("a"), 0, AUDIT("secret.delete")),
                  E_NOT_FOUND);
    assert_status(get(f, "a", &k), E_NOT_FOUND);
    assert_int_equal(audit_rows(f, ""), 0);
    long_name[KEPT_SECRET_NAME_MAX] = '\0';
    assert_ok(put(f, long_name, 0, "s"));
}

static void putting_again_moves_the_revision(struct fixture *f)
{
    bool is_new = false;
    struct kept_secret k;
    assert_ok(put_in(f, "", "one", 0, "first", &is_new));
    assert_true(is_new);
    assert_ok(put_in(f, "", "one", 0, "second", &is_new));
    assert_false(is_new);
    assert_ok(get(f, "one", &k));
    assert_int_equal(k.revision, 2);
    assert_int_equal(k.created_at, NOW);
    assert_text(bytes_text(k.sealed), "second");
    fixture_reopen(f);
    if (strcmp(f->backend, "memory") != 0)
        assert_ok(get(f, "one", &k));
}

static void another_revision_changes_nothing(struct fixture *f)
{
    struct kept_secret k;
    assert_status(put(f, "one", 1, "s"), E_NOT_FOUND);
    assert_ok(put(f, "one", -1, "first"));
    assert_status(put(f, "one", -1, "s"), E_CHANGED);
    assert_status(put(f, "one", 2, "s"), E_CHANGED);
    assert_ok(put(f, "one", 1, "second"));
    assert_status(store_kept_secret_delete(f->s, TEXT(""), TEXT("one"), 1, AUDIT("secret.delete")),
                  E_CHANGED);
    assert_ok(get(f, "one", &k));
    assert_text(bytes_text(k.sealed), "second");
    assert_int_equal(audit_rows(f, "secret."), 2);
    assert_ok(store_kept_secret_delete(f->s, TEXT(""), TEXT("one"), 2, AUDIT("secret.delete")));
    assert_status(get(f, "one", &k), E_NOT_FOUND);
    assert_ok(put(f, "one", -1, "third"));
    assert_ok(get(f, "one", &k));
    assert_int_equal(k.revision, 1);
}

static void tenants_have_their_own(struct fixture *f)
{
    bool is_new;
    struct kept_secret k;
    assert_ok(put_in(f, "t", "one", 0, "theirs", &is_new));
    assert_status(get(f, "one", &k), E_NOT_FOUND);
    assert_status(store_kept_secret_delete(f->s, TEXT(""), TEXT("one"), 0, AUDIT("secret.delete")),
                  E_NOT_FOUND);
    assert_ok(put(f, "one", 0, "ours"));
    assert_ok(store_kept_secret_get(f->s, TEXT("t"), TEXT("one"), &f->arena, &k));
    assert_text(bytes_text(k.sealed), "theirs");
    assert_text(k.tenant, "t");
}

struct seen {
    char joined[256];
    unsigned left;
};

static bool see(void *ctx, const struct kept_secret *k)
{
    struct seen *seen = ctx;
    const size_t used = strlen(seen->joined);
    assert_int_equal(k->sealed.n, 0);
    (void)snprintf(seen->joined + used, sizeof seen->joined - used, "%.*s ", TEXT_ARG(k->name));
    return --seen->left > 0;
}

static const char *listed(struct fixture *f, const char *after, unsigned limit, unsigned most)
{
    static struct seen seen;
    seen = (struct seen){.left = most};
    const struct page_request page = {text_of(after), limit};
    assert_ok(store_kept_secret_list(f->s, TEXT(""), &page, &f->arena, see, &seen));
    return seen.joined;
}

static void are_listed_by_name(struct fixture *f)
{
    static const char *const names[] = {"b", "a", "b.1", "c"};
    const struct page_request none = {TEXT(""), 0};
    struct seen seen = {.left = 9};
    bool is_new;
    for (size_t i = 0; i < 4; i++)
        assert_ok(put(f, names[i], 0, "s"));
    assert_ok(put_in(f, "t", "theirs", 0, "s", &is_new));
    assert_string_equal(listed(f, "", 10, 9), "a b b.1 c ");
    assert_string_equal(listed(f, "", 2, 9), "a b ");
    assert_string_equal(listed(f, "b", 2, 9), "b.1 c ");
    assert_string_equal(listed(f, "aa", 10, 1), "b ");
    assert_string_equal(listed(f, "c", 10, 9), "");
    assert_status(store_kept_secret_list(f->s, TEXT(""), &none, &f->arena, see, &seen), E_INVALID);
}

struct places {
    struct sealed_place list[8];
    char names[8][64];
    unsigned count;
};

static bool see_place(void *ctx, const struct sealed_place *place, struct text name, struct bytes sealed)
{
    struct places *p = ctx;
    assert_text(bytes_text(sealed), "old");
    p->list[p->count] = *place;
    assert_true(text_to_cstr(name, p->names[p->count++], sizeof p->names[0]));
    return true;
}

static void are_sealed_anew_with_the_others(struct fixture *f)
{
    struct places p = {.count = 0};
    struct kept_secret k;
    bool is_new;
    assert_ok(put(f, "z", 0, "old"));
    assert_ok(put_in(f, "t", "a", 0, "old", &is_new));
    struct sealed_place after = {.n = 0};
    for (unsigned pages = 0; pages < 3; pages++) {
        assert_ok(store_sealed_list(f->s, &after, 1, &f->arena, see_place, &p));
        after = p.list[p.count - 1];
    }
    assert_int_equal(p.count, 2);
    assert_string_equal(p.names[0], "kept-secret//z");
    assert_string_equal(p.names[1], "kept-secret/t/a");
    const struct sealed_exchange list[] = {{p.list[0], text_bytes(TEXT("old")), text_bytes(TEXT("fresh"))},
                                           {p.list[1], text_bytes(TEXT("other")), text_bytes(TEXT("fresh"))}};
    assert_ok(store_sealed_exchange(f->s, list, 2));
    assert_ok(get(f, "z", &k));
    assert_text(bytes_text(k.sealed), "fresh");
    assert_int_equal(k.revision, 1);
    assert_ok(store_kept_secret_get(f->s, TEXT("t"), TEXT("a"), &f->arena, &k));
    assert_text(bytes_text(k.sealed), "old");
}

const struct contract_check kept_secret_checks[] = {
    {"refuses secrets that cannot be kept", refuses_what_cannot_be_kept, false},
    {"putting a kept secret again moves its revision", putting_again_moves_the_revision, false},
    {"another revision of a kept secret changes nothing", another_revision_changes_nothing, false},
    {"tenants have kept secrets of their own", tenants_have_their_own, false},
    {"kept secrets are listed by name", are_listed_by_name, false},
    {"kept secrets are sealed anew with the others", are_sealed_anew_with_the_others, false},
    {NULL, NULL, false},
};
