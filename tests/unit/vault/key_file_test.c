/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "vault/key_file.h"

static const char base64[] = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

static struct status read_key(struct key_file *k, const char *path, struct error *err)
{
    struct secret key = {0};
    struct status s = key_file_read(k, path, &key, err);
    if (status_ok(s))
        for (size_t i = 0; i < VAULT_KEY_SIZE; i++)
            assert_int_equal(key.p[i], i + 1);
    secret_release(&key);
    return s;
}

static void refuses_what_is_no_key(void **state)
{
    (void)state;
    static const char *const contents[] = {
        "",
        "short",
        "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw==",
        "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh",
        "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA",
        "not base64 at all, and longer than thirty-two bytes",
    };
    struct place p = place_make();
    char path[96];
    (void)snprintf(path, sizeof path, "%.40s/k", p.dir);
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        struct error err = {0};
        struct key_file k = {0};
        write_file(path, text_bytes(text_of(contents[i])), 0600);
        assert_status(read_key(&k, path, &err), E_INVALID);
        assert_non_null(strstr(err.message, path));
        assert_null(strstr(err.message, "AQID")); /* messages never show what is in the file */
    }
    (void)scratch_remove(p.dir);
}

static void refuses_a_file_that_others_can_reach(void **state)
{
    (void)state;
    static const unsigned modes[] = {0640, 0604, 0620, 0666};
    struct place p = place_make();
    char path[96], link_path[96];
    (void)snprintf(path, sizeof path, "%.40s/k", p.dir);
    (void)snprintf(link_path, sizeof link_path, "%.40s/link", p.dir);
    for (size_t i = 0; i < 4; i++) {
        struct key_file k = {0};
        write_file(path, text_bytes(text_of(base64)), modes[i]);
        assert_status(read_key(&k, path, NULL), E_DENIED);
    }
    struct key_file k = {0};
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(symlink(path, link_path), 0);
    assert_status(read_key(&k, link_path, NULL), E_DENIED);
    assert_status(read_key(&k, "/nonexistent/k", NULL), E_NOT_FOUND);
    (void)scratch_remove(p.dir);
}

static void reads_raw_bytes_and_base64(void **state)
{
    (void)state;
    uint8_t raw[VAULT_KEY_SIZE];
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (uint8_t)(i + 1);
    struct place p = place_make();
    char path[96];
    (void)snprintf(path, sizeof path, "%.40s/k", p.dir);
    struct key_file k = {0}, credential = {.is_credential = true};
    write_file(path, BYTES_OF(raw), 0600);
    assert_ok(read_key(&k, path, NULL));
    write_file(path, (struct bytes){(const uint8_t *)base64, sizeof base64 - 1}, 0400);
    assert_ok(read_key(&k, path, NULL));
    write_file(path, (struct bytes){(const uint8_t *)base64, sizeof base64 - 1}, 0440);
    assert_ok(read_key(&credential, path, NULL)); /* systemd's access list shows as group permission */
    (void)scratch_remove(p.dir);
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    struct place p = place_make();
    struct secret key = {0}, back = {0};
    assert_ok(secret_alloc(&key, VAULT_KEY_SIZE));
    memset(key.p, 0xa5, key.n);
    assert_ok(key_file_write(p.key, &key, NULL));
    struct stat st;
    assert_int_equal(stat(p.key, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 45);
    struct key_file k = {0};
    assert_ok(key_file_read(&k, p.key, &back, NULL));
    assert_true(bytes_equal(secret_bytes(&key), secret_bytes(&back)));
    secret_release(&key);
    secret_release(&back);
    (void)scratch_remove(p.dir);
}

static void looks_in_the_documented_places(void **state)
{
    (void)state;
    struct place p = place_make();
    struct key_file k;
    char credential[96];
    (void)snprintf(credential, sizeof credential, "%.40s/vault.key", p.dir);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", p.dir, 1), 0);
    assert_int_equal(setenv("XDG_CONFIG_HOME", "/xdg", 1), 0);
    assert_int_equal(setenv("HOME", "/home/somebody", 1), 0);

    assert_ok(key_file_locate(TEXT("/given/key"), &k, NULL));
    assert_string_equal(k.path, "/given/key");
    assert_string_equal(k.old_path, "/given/key.old");
    assert_ok(key_file_locate(TEXT(""), &k, NULL)); /* no such credential */
    assert_string_equal(k.path, "/xdg/fairlead/vault.key");
    write_file(credential, text_bytes(text_of(base64)), 0400);
    assert_ok(key_file_locate(TEXT(""), &k, NULL));
    assert_string_equal(k.path, credential);
    assert_true(k.is_credential);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    assert_int_equal(setenv("XDG_CONFIG_HOME", "relative", 1), 0);
    assert_ok(key_file_locate(TEXT(""), &k, NULL));
    assert_string_equal(k.path, "/home/somebody/.config/fairlead/vault.key");
    assert_int_equal(unsetenv("HOME"), 0);
    if (geteuid() == 0) {
        assert_ok(key_file_locate(TEXT(""), &k, NULL));
        assert_string_equal(k.path, "/etc/fairlead/vault.key");
    } else {
        assert_status(key_file_locate(TEXT(""), &k, NULL), E_INVALID);
    }
    (void)scratch_remove(p.dir);
}

static void knows_when_it_lies_inside_a_directory(void **state)
{
    (void)state;
    struct place p = place_make();
    char inside[96], beside[96];
    (void)snprintf(inside, sizeof inside, "%.40s/config", p.dir);
    (void)snprintf(beside, sizeof beside, "%.40s/conf", p.dir);
    assert_int_equal(mkdir(inside, 0700), 0);
    assert_int_equal(mkdir(beside, 0700), 0);
    struct key_file k;
    assert_ok(key_file_locate(text_of(p.key), &k, NULL));
    assert_true(key_file_is_inside(&k, text_of(p.dir)));
    assert_true(key_file_is_inside(&k, text_of(inside)));
    assert_true(key_file_is_inside(&k, TEXT("/")));
    assert_false(key_file_is_inside(&k, text_of(beside)));
    assert_false(key_file_is_inside(&k, TEXT("")));
    assert_false(key_file_is_inside(&k, TEXT("/nonexistent")));
    (void)scratch_remove(p.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_key),
        cmocka_unit_test(refuses_a_file_that_others_can_reach),
        cmocka_unit_test(reads_raw_bytes_and_base64),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(looks_in_the_documented_places),
        cmocka_unit_test(knows_when_it_lies_inside_a_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
