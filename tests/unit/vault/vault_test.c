/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static void refuses_a_store_without_a_vault_unless_it_may_make_one(void **state)
{
    (void)state;
    struct place p = place_make();
    struct store *s = open_store("memory:");
    struct vault *v = NULL;
    struct error err = {0};
    assert_status(open_vault(&p, s, false, &v, &err), E_NOT_FOUND);
    assert_int_equal(access(p.key, F_OK), -1);
    store_close(s);
    (void)scratch_remove(p.dir);
}

static void refuses_a_missing_key_file_rather_than_make_a_new_one(void **state)
{
    (void)state;
    struct place p = place_make();
    struct store *s = open_store("memory:");
    struct vault *v = NULL;
    struct error err = {0};
    assert_ok(open_vault(&p, s, true, &v, &err));
    vault_close(v);
    assert_int_equal(unlink(p.key), 0);
    assert_status(open_vault(&p, s, true, &v, &err), E_NOT_FOUND);
    assert_non_null(strstr(err.message, p.key));
    assert_int_equal(access(p.key, F_OK), -1);
    store_close(s);
    (void)scratch_remove(p.dir);
}

static void refuses_the_key_of_another_store(void **state)
{
    (void)state;
    struct place p = place_make(), other = place_make();
    struct store *s = open_store("memory:"), *t = open_store("memory:");
    struct vault *v = NULL, *w = NULL;
    struct error err = {0};
    assert_ok(open_vault(&p, s, true, &v, &err));
    assert_ok(open_vault(&other, t, true, &w, &err));
    vault_close(v);
    vault_close(w);
    assert_status(open_vault(&p, t, true, &v, &err), E_DENIED);
    assert_non_null(strstr(err.message, p.key));
    store_close(s);
    store_close(t);
    (void)scratch_remove(p.dir);
    (void)scratch_remove(other.dir);
}

static void refuses_a_value_under_another_name(void **state)
{
    (void)state;
    struct place p = place_make();
    struct store *s = open_store("memory:");
    struct vault *v = NULL;
    struct error err = {0};
    assert_ok(open_vault(&p, s, true, &v, &err));
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 65536);
    struct bytes sealed;
    struct secret out = {0};
    assert_ok(vault_put(v, s, TEXT("ca/key"), BYTES_OF("secret"), NULL));
    assert_ok(store_blob_get(s, TEXT("ca/key"), &a, &sealed));
    assert_ok(store_blob_put(s, TEXT("listener/key"), sealed,
                             NULL)); /* moved by somebody who can write the store */
    assert_status(vault_get(v, s, TEXT("listener/key"), &out, &err), E_BROKEN);
    assert_status(vault_unseal(v, TEXT("listener/key"), sealed, &out, &err), E_BROKEN);
    assert_status(vault_unseal(v, TEXT("ca/key"), BYTES_OF("plain"), &out, &err), E_BROKEN);
    assert_status(vault_get(v, s, TEXT("nobody"), &out, &err), E_NOT_FOUND);
    vault_close(v);
    store_close(s);
    (void)scratch_remove(p.dir);
}

static void keeps_secrets_over_a_restart(void **state)
{
    (void)state;
    struct place p = place_make();
    struct store *s = open_store(p.url);
    struct vault *v = NULL;
    assert_ok(open_vault(&p, s, true, &v, NULL));
    assert_string_equal(vault_key_path(v), p.key);
    assert_false(vault_key_is_inside_data_dir(v));
    assert_ok(vault_put(v, s, TEXT("ca/key"), BYTES_OF("a very secret key"), NULL));
    vault_close(v);
    store_close(s);
    s = open_store(p.url);
    assert_ok(open_vault(&p, s, false, &v, NULL));
    struct secret out = {0};
    assert_ok(vault_get(v, s, TEXT("ca/key"), &out, NULL));
    assert_true(bytes_equal(secret_bytes(&out), BYTES_OF("a very secret key")));
    secret_release(&out);
    vault_close(v);
    store_close(s);
    (void)scratch_remove(p.dir);
}

static void the_database_file_holds_no_secret(void **state)
{
    (void)state;
    static uint8_t content[1 << 20];
    static const char *const files[] = {"fairlead.db", "fairlead.db-wal"};
    struct place p = place_make();
    struct store *s = open_store(p.url);
    struct vault *v = NULL;
    uint8_t key[64];
    assert_ok(open_vault(&p, s, true, &v, NULL));
    assert_ok(vault_put(v, s, TEXT("ca/key"), BYTES_OF("a very secret key"), NULL));
    size_t key_size = read_whole(p.key, key, sizeof key) - 1; /* without the newline */
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%.40s/data/%s", p.dir, files[i]);
        size_t n = read_whole(path, content, sizeof content);
        assert_null(memmem(content, n, "very secret", 11));
        assert_null(memmem(content, n, key, key_size));
    }
    vault_close(v);
    store_close(s);
    (void)scratch_remove(p.dir);
}

static void uses_a_key_that_was_put_there(void **state)
{
    (void)state;
    struct place p = place_make();
    struct store *s = open_store("memory:");
    struct vault *v = NULL;
    uint8_t raw[32] = {9}, after[64];
    char directory[96];
    (void)snprintf(directory, sizeof directory, "%.40s/config", p.dir);
    assert_int_equal(mkdir(directory, 0700), 0);
    write_file(p.key, BYTES_OF(raw), 0600);
    assert_ok(open_vault(&p, s, true, &v, NULL));
    assert_int_equal(read_whole(p.key, after, sizeof after), 32);
    assert_memory_equal(after, raw, 32);
    vault_close(v);
    store_close(s);
    (void)scratch_remove(p.dir);
}

static void knows_when_the_key_lies_beside_what_it_protects(void **state)
{
    (void)state;
    struct place p = place_make();
    struct store *s = open_store("memory:");
    struct vault *v = NULL;
    struct vault_settings settings = {
        .key_file = text_of(p.key), .data_dir = text_of(p.dir), .may_create = true};
    assert_ok(vault_open(&settings, s, &v, NULL));
    assert_true(vault_key_is_inside_data_dir(v));
    vault_close(v);
    store_close(s);
    (void)scratch_remove(p.dir);
}

static struct status open_and_use(const struct place *p)
{
    struct store_settings settings = {.url = TEXT("memory:"), .read_connections = 1, .write_queue_max = 16};
    struct store *s = NULL;
    struct vault *v = NULL;
    struct secret out = {0};
    struct error err;
    struct status result = store_open(&settings, &s, &err);
    (void)unlink(p->key);
    if (status_ok(result))
        result = open_vault(p, s, true, &v, &err);
    if (status_ok(result))
        result = vault_put(v, s, TEXT("a"), BYTES_OF("b"), NULL);
    if (status_ok(result))
        result = vault_rekey(v, s, &(struct audit_entry){.action = TEXT("vault.rekey"), .at = 1}, &err);
    if (status_ok(result))
        result = vault_get(v, s, TEXT("a"), &out, &err);
    secret_release(&out);
    vault_close(v);
    store_close(s);
    return result;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    struct place p = place_make();
    assert_survives_failing_allocations(open_and_use(&p));
    (void)scratch_remove(p.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_store_without_a_vault_unless_it_may_make_one),
        cmocka_unit_test(refuses_a_missing_key_file_rather_than_make_a_new_one),
        cmocka_unit_test(refuses_the_key_of_another_store),
        cmocka_unit_test(refuses_a_value_under_another_name),
        cmocka_unit_test(keeps_secrets_over_a_restart),
        cmocka_unit_test(the_database_file_holds_no_secret),
        cmocka_unit_test(uses_a_key_that_was_put_there),
        cmocka_unit_test(knows_when_the_key_lies_beside_what_it_protects),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
