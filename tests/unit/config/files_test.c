/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "config/settings.h"

#include "check.h"

OWNABLE(struct settings, settings_free);

static char directory[] = "/tmp/fairlead-config-XXXXXX";
static char certificate[64], key[64], yaml[64];

static void write_file(const char *path, const char *content, mode_t mode)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static int make_directory(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(certificate, sizeof certificate, "%s/ca.crt", directory);
    snprintf(key, sizeof key, "%s/ca.key", directory);
    snprintf(yaml, sizeof yaml, "%s/f.yaml", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(certificate);
    unlink(key);
    unlink(yaml);
    return rmdir(directory);
}

static struct status load(bool skip_files, struct error *err)
{
    OWNED(settings_free) struct settings *s = NULL;
    struct settings_sources from = {.file = yaml, .data_dir = "/x", .skip_files = skip_files};
    return settings_load(&from, &s, err);
}

static void write_yaml(const char *section)
{
    char text[256];
    snprintf(text, sizeof text, "%s:\n  certificate_file: %s\n  key_file: %s\n", section, certificate, key);
    write_file(yaml, text, 0644);
}

static void refuses_key_files_open_to_others(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        const char *why; /* NULL = taken */
    } rows[] = {
        {0644, "is open to every user of this host (mode 0644): run chmod 600 on it"},
        {0602, "is open to every user of this host (mode 0602): run chmod 600 on it"},
        {0660, "can be written by its group (mode 0660): run chmod 600 on it"},
        {0640, "can be read by its group (mode 0640): run chmod 600 on it"},
        {0610, "can be read by its group (mode 0610): run chmod 600 on it"},
        {0600, NULL},
        {0400, NULL},
    };
    write_file(certificate, "c", 0644);
    write_yaml("ca");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_file(key, "k", rows[i].mode);
        char expected[256] = "";
        if (rows[i].why)
            snprintf(expected, sizeof expected, "%s:3: ca.key_file: '%s' %s", yaml, key, rows[i].why);
        struct error err = {.code = E_OK};
        struct status s = load(false, &err);
        assert_int_equal(s.code, rows[i].why ? E_INVALID : E_OK);
        assert_string_equal(err.message, expected);
        assert_ok(load(true, NULL));
    }
}

/* What reads the file at start decides, and `config check` must not promise more: os/files.h. */
static void a_link_and_a_reading_group_are_for_listener_keys_only(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        bool link;
        mode_t mode;
        const char *why; /* NULL = taken */
    } rows[] = {
        {"ca", true, 0600, "is a symbolic link: give the path of the file itself"},
        {"ca", false, 0640, "can be read by its group (mode 0640): run chmod 600 on it"},
        {"tls.gateway", true, 0600, NULL},
        {"tls.gateway", true, 0640, NULL},
        {"tls.gateway", false, 0640, NULL},
    };
    char target[80];
    snprintf(target, sizeof target, "%s/target", directory);
    write_file(certificate, "c", 0644);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char certificate_option[128], key_option[128];
        snprintf(certificate_option, sizeof certificate_option, "%s.certificate_file=%s", rows[i].section,
                 certificate);
        snprintf(key_option, sizeof key_option, "%s.key_file=%s", rows[i].section, key);
        const char *set[] = {certificate_option, key_option};
        write_file(rows[i].link ? target : key, "k", rows[i].mode);
        if (rows[i].link) {
            unlink(key);
            assert_int_equal(symlink(target, key), 0);
        }
        char expected[256] = "";
        if (rows[i].why)
            snprintf(expected, sizeof expected, "--set %s.key_file: '%s' %s", rows[i].section, key,
                     rows[i].why);
        OWNED(settings_free) struct settings *s = NULL;
        struct error err = {.code = E_OK};
        struct status st =
            settings_load(&(struct settings_sources){.set = set, .set_count = 2, .data_dir = "/x"}, &s, &err);
        assert_string_equal(err.message, expected);
        assert_int_equal(st.code, rows[i].why ? E_INVALID : E_OK);
    }
    unlink(target);
}

static void refuses_files_that_are_absent_or_no_files(void **state)
{
    (void)state;
    char expected[256];
    struct error err = {.code = E_OK};
    write_yaml("ca");
    write_file(certificate, "c", 0644);
    unlink(key);
    assert_status(load(false, &err), E_INVALID);
    snprintf(expected, sizeof expected, "%s:3: ca.key_file: cannot open '%s': No such file or directory",
             yaml, key);
    assert_string_equal(err.message, expected);

    write_file(key, "k", 0600);
    unlink(certificate);
    assert_int_equal(mkfifo(certificate, 0600), 0);
    assert_status(load(false, &err), E_INVALID);
    snprintf(expected, sizeof expected, "%s:2: ca.certificate_file: '%s' is not a file", yaml, certificate);
    assert_string_equal(err.message, expected);
}

static void refuses_a_configuration_that_cannot_be_read(void **state)
{
    (void)state;
    char expected[256];
    struct error err = {.code = E_OK};
    unlink(yaml);
    assert_status(load(false, &err), E_INVALID);
    snprintf(expected, sizeof expected, "%s: cannot open: No such file or directory", yaml);
    assert_string_equal(err.message, expected);

    write_file(yaml, "#", 0644);
    assert_int_equal(truncate(yaml, 1024 * 1024 + 1), 0);
    assert_status(load(false, &err), E_INVALID);
    snprintf(expected, sizeof expected, "%s: larger than 1 MiB", yaml);
    assert_string_equal(err.message, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_key_files_open_to_others),
        cmocka_unit_test(a_link_and_a_reading_group_are_for_listener_keys_only),
        cmocka_unit_test(refuses_files_that_are_absent_or_no_files),
        cmocka_unit_test(refuses_a_configuration_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
