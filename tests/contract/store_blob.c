/* SPDX-License-Identifier: Apache-2.0 */
#include "store_suite.h"

static struct status put(struct fixture *f, const char *name, const char *value)
{
    return store_blob_put(f->s, text_of(name), text_bytes(text_of(value)), NO_AUDIT);
}

static void assert_blob(struct fixture *f, const char *name, const char *expected)
{
    struct bytes value;
    assert_ok(store_blob_get(f->s, text_of(name), &f->arena, &value));
    assert_text(bytes_text(value), expected);
}

static void refuses_to_create_what_is_there(struct fixture *f)
{
    struct bytes value;
    assert_status(store_blob_get(f->s, TEXT("ca/key"), &f->arena, &value), E_NOT_FOUND);
    assert_ok(store_blob_create(f->s, TEXT("ca/key"), BYTES_OF("1"), AUDIT("ca.create")));
    assert_status(store_blob_create(f->s, TEXT("ca/key"), BYTES_OF("2"), AUDIT("ca.create")), E_CONFLICT);
    assert_ok(store_blob_get(f->s, TEXT("ca/key"), &f->arena, &value));
    assert_true(bytes_equal(value, BYTES_OF("1")));
    assert_int_equal(audit_rows(f, "ca.create"), 1);
}

static void refuses_a_blob_without_a_name(struct fixture *f)
{
    assert_status(put(f, "", "x"), E_INVALID);
    struct named_blob blobs[] = {{TEXT("a"), BYTES_OF("1")}, {TEXT(""), BYTES_OF("2")}};
    assert_status(store_blob_replace(f->s, blobs, 2, AUDIT("vault.rekey")), E_INVALID);
    assert_status(store_blob_replace(f->s, blobs, 1, NO_AUDIT), E_INVALID);
}

static void puts_and_replaces(struct fixture *f)
{
    assert_ok(put(f, "a", "one"));
    assert_blob(f, "a", "one");
    assert_ok(put(f, "a", "two"));
    assert_blob(f, "a", "two");
    assert_ok(put(f, "empty", ""));
    assert_blob(f, "empty", "");
    struct named_blob blobs[] = {{TEXT("a"), text_bytes(TEXT("three"))},
                                 {TEXT("b"), text_bytes(TEXT("four"))}};
    assert_ok(store_blob_replace(f->s, blobs, 2, AUDIT("vault.rekey")));
    assert_blob(f, "a", "three");
    assert_blob(f, "b", "four");
    assert_int_equal(audit_rows(f, "vault.rekey"), 1);
}

struct names {
    char joined[128];
};

static bool join(void *ctx, struct text name, struct bytes value)
{
    struct names *n = ctx;
    size_t used = strlen(n->joined);
    struct text shown = name.n ? name : bytes_text(value);
    assert_true(used + shown.n + 2 < sizeof n->joined);
    memcpy(n->joined + used, shown.p, shown.n);
    n->joined[used + shown.n] = ' ';
    return true;
}

static void lists_by_prefix_in_order(struct fixture *f)
{
    static const char *const names[] = {"vault/2", "vault/1", "vault", "vaults", "a", "vault/10", "vault%"};
    for (size_t i = 0; i < 7; i++)
        assert_ok(put(f, names[i], "v"));
    struct names n = {0};
    assert_ok(store_blob_list(f->s, TEXT("vault/"), &f->arena, join, &n));
    assert_string_equal(n.joined, "vault/1 vault/10 vault/2 ");
    n = (struct names){0};
    assert_ok(store_blob_list(f->s, TEXT(""), &f->arena, join, &n));
    assert_string_equal(n.joined, "a vault vault% vault/1 vault/10 vault/2 vaults ");
}

static void keeps_large_binary_values(struct fixture *f)
{
    size_t n = 300000;
    uint8_t *p = arena_alloc(&f->arena, n);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 31 >> 3);
    assert_ok(store_blob_put(f->s, TEXT("big"), (struct bytes){p, n}, NO_AUDIT));
    struct bytes value;
    assert_ok(store_blob_get(f->s, TEXT("big"), &f->arena, &value));
    assert_true(bytes_equal(value, (struct bytes){p, n}));
}

const struct contract_check blob_checks[] = {
    {"refuses to create a blob that is there", refuses_to_create_what_is_there, false},
    {"refuses a blob without a name", refuses_a_blob_without_a_name, false},
    {"puts and replaces blobs", puts_and_replaces, false},
    {"lists blobs by prefix in order", lists_by_prefix_in_order, false},
    {"keeps large binary values", keeps_large_binary_values, false},
    {NULL, NULL, false},
};
