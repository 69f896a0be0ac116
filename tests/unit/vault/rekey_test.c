/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/wait.h>

#include "vault/internal.h"

#define REKEY_AUDIT (&(struct audit_entry){.at = 1, .action = TEXT("vault.rekey"), .actor = TEXT("uid:0")})

static void assert_secret(struct vault *v, struct store *s, struct text name, struct bytes expected)
{
    struct secret out = {0};
    assert_ok(vault_get(v, s, name, &out, NULL));
    assert_true(bytes_equal(secret_bytes(&out), expected));
    secret_release(&out);
}

static void refuses_to_write_a_systemd_credential(void **state)
{
    (void)state;
    struct place p = place_make();
    struct store *s = open_store("memory:");
    struct vault *v = NULL;
    struct error err = {0};
    uint8_t raw[32] = {3};
    char credential[96];
    (void)snprintf(credential, sizeof credential, "%.40s/vault.key", p.dir);
    write_file(credential, BYTES_OF(raw), 0400);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", p.dir, 1), 0);
    struct vault_settings settings = {.may_create = true};
    assert_ok(vault_open(&settings, s, &v, &err));
    assert_status(vault_rekey(v, s, REKEY_AUDIT, &err), E_INVALID);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    vault_close(v);
    store_close(s);
    (void)scratch_remove(p.dir);
}

static void seals_everything_anew(void **state)
{
    (void)state;
    struct place p = place_make();
    struct store *s = open_store(p.url);
    struct vault *v = NULL;
    uint8_t before[64], after[64];
    assert_ok(open_vault(&p, s, true, &v, NULL));
    assert_ok(vault_put(v, s, TEXT("a"), BYTES_OF("one"), NULL));
    assert_ok(vault_put(v, s, TEXT("b"), BYTES_OF("two"), NULL));
    assert_ok(store_blob_put(s, TEXT("instance"), BYTES_OF("public"), NULL));
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 1 << 20);
    struct bytes sealed_before, sealed_after, instance;
    assert_ok(store_blob_get(s, TEXT("a"), &a, &sealed_before));
    size_t n = read_whole(p.key, before, sizeof before);

    for (int round = 0; round < 3; round++)
        assert_ok(vault_rekey(v, s, REKEY_AUDIT, NULL));

    assert_int_equal(read_whole(p.key, after, sizeof after), n);
    assert_memory_not_equal(before, after, n);
    assert_int_equal(access(p.old, F_OK), -1);
    assert_ok(store_blob_get(s, TEXT("a"), &a, &sealed_after));
    assert_false(bytes_equal(sealed_before, sealed_after));
    assert_ok(store_blob_get(s, TEXT("instance"), &a, &instance));
    assert_true(bytes_equal(instance, BYTES_OF("public")));
    assert_secret(v, s, TEXT("a"), BYTES_OF("one"));
    assert_ok(vault_put(v, s, TEXT("c"), BYTES_OF("three"), NULL));
    struct secret out = {0};
    assert_status(vault_unseal(v, TEXT("a"), sealed_before, &out, NULL),
                  E_BROKEN); /* under the retired key */
    vault_close(v);

    assert_ok(open_vault(&p, s, false, &v, NULL));
    assert_secret(v, s, TEXT("b"), BYTES_OF("two"));
    assert_secret(v, s, TEXT("c"), BYTES_OF("three"));
    vault_close(v);
    write_file(p.key, (struct bytes){before, n}, 0600);
    assert_status(open_vault(&p, s, false, &v, NULL), E_DENIED); /* the first key opens nothing any more */
    store_close(s);
    (void)scratch_remove(p.dir);
}

static enum rekey_step die_at;

static void die(enum rekey_step step)
{
    if (step == die_at)
        _exit(42);
}

static void rekey_and_die(const struct place *p, enum rekey_step step)
{
    struct store *s = open_store(p->url);
    struct vault *v = NULL;
    if (!status_ok(open_vault(p, s, false, &v, NULL)))
        _exit(1);
    die_at = step;
    vault_rekey_set_hook(die);
    struct status ignored = vault_rekey(v, s, REKEY_AUDIT, NULL);
    _exit(status_ok(ignored) ? 2 : 3);
}

static void a_crash_at_any_step_loses_nothing(void **state)
{
    (void)state;
    static const enum rekey_step steps[] = {REKEY_OLD_KEPT, REKEY_NEW_IN_PLACE, REKEY_STORED, REKEY_OLD_GONE,
                                            REKEY_RETIRED};
    struct place p = place_make();
    struct store *s = open_store(p.url);
    struct vault *v = NULL;
    assert_ok(open_vault(&p, s, true, &v, NULL));
    assert_ok(vault_put(v, s, TEXT("a"), BYTES_OF("one"), NULL));
    vault_close(v);
    store_close(s);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            rekey_and_die(&p, steps[i]);
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);

        s = open_store(p.url);
        assert_ok(open_vault(&p, s, false, &v, NULL));
        assert_secret(v, s, TEXT("a"), BYTES_OF("one"));
        assert_int_equal(access(p.old, F_OK), -1); /* tidied up */
        vault_close(v);
        assert_ok(open_vault(&p, s, false, &v, NULL));
        assert_ok(vault_rekey(v, s, REKEY_AUDIT, NULL)); /* and it can be done again */
        assert_secret(v, s, TEXT("a"), BYTES_OF("one"));
        vault_close(v);
        store_close(s);
    }
    (void)scratch_remove(p.dir);
}

static void a_damaged_value_stops_it_before_anything_changes(void **state)
{
    (void)state;
    struct place p = place_make();
    struct store *s = open_store("memory:");
    struct vault *v = NULL;
    struct error err = {0};
    uint8_t before[64], after[64];
    assert_ok(open_vault(&p, s, true, &v, NULL));
    assert_ok(vault_put(v, s, TEXT("a"), BYTES_OF("one"), NULL));
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 1 << 20);
    struct bytes sealed;
    assert_ok(store_blob_get(s, TEXT("a"), &a, &sealed));
    assert_ok(store_blob_put(s, TEXT("moved"), sealed, NULL));
    size_t n = read_whole(p.key, before, sizeof before);
    assert_status(vault_rekey(v, s, REKEY_AUDIT, &err), E_BROKEN);
    assert_int_equal(read_whole(p.key, after, sizeof after), n);
    assert_memory_equal(before, after, n);
    assert_secret(v, s, TEXT("a"), BYTES_OF("one"));
    vault_close(v);
    store_close(s);
    (void)scratch_remove(p.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_to_write_a_systemd_credential),
        cmocka_unit_test(a_damaged_value_stops_it_before_anything_changes),
        cmocka_unit_test(seals_everything_anew),
        cmocka_unit_test(a_crash_at_any_step_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
