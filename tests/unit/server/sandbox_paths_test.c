/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "server/sandbox_paths.h"

static char directory[SCRATCH_MAX];

static int set_up_directory(void **state)
{
    (void)state;
    scratch_make(directory);
    char path[64];
    (void)snprintf(path, sizeof path, "%s/live", directory);
    (void)setenv("XDG_CONFIG_HOME", directory, 1);
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    return mkdir(path, 0700);
}

static int tear_down_directory(void **state)
{
    (void)state;
    return scratch_remove(directory);
}

/* Settings with these lines of YAML, on top of a data directory. */
static struct settings *settings_of(const char *lines)
{
    char yaml[512];
    struct settings *s = NULL;
    struct error err = {0};
    (void)snprintf(yaml, sizeof yaml, "data:\n  dir: /data\n%s", lines);
    struct status st = settings_load_text(text_of(yaml), "test", &s, &err);
    if (!status_ok(st))
        fail_msg("%s", err.message);
    return s;
}

#define TLS(file) "tls:\n  gateway:\n    certificate_file: " file "\n    key_file: /etc/tls/key.pem\n"

static void a_reload_may_not_need_a_new_directory(void **state)
{
    (void)state;
    static const struct {
        const char *running, *wanted;
        enum code expected;
    } cases[] = {
        {"", TLS("/etc/tls/new.pem"), E_CONFLICT},
        {TLS("/etc/tls/a.pem"), TLS("/etc/other/a.pem"), E_CONFLICT},
        {TLS("/etc/tls/a.pem"), TLS("/etc/tlsx/a.pem"), E_CONFLICT}, /* a prefix of letters is no parent */
        {"", "vault:\n  key_file: /data2/vault.key\n", E_CONFLICT},
        {TLS("/etc/tls/a.pem"), TLS("/etc/tls/b.pem"), E_OK},
        {TLS("/etc/tls/a.pem"), TLS("/etc/tls/sub/b.pem"), E_OK},
        {TLS("/etc/tls/a.pem"), "", E_OK},
        {"", "", E_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings *running = settings_of(cases[i].running), *wanted = settings_of(cases[i].wanted);
        struct error err = {0};
        assert_status(sandbox_paths_check_reload(running, wanted, &err), cases[i].expected);
        assert_int_equal(err.message[0] != '\0', cases[i].expected != E_OK);
        settings_free(running);
        settings_free(wanted);
    }
}

static bool has(const struct sandbox_paths *p, const char *path, bool writable)
{
    for (unsigned i = 0; i < p->count; i++) {
        if (strcmp(p->list[i].path, path) == 0 && p->list[i].writable == writable)
            return true;
    }
    return false;
}

static void only_data_and_key_directory_are_writable(void **state)
{
    (void)state;
    struct settings *s = settings_of(TLS("/etc/tls/a.pem"));
    OWNED(sandbox_paths_release) struct sandbox_paths p = {0};
    assert_ok(sandbox_paths_for_core(s, &p, NULL));
    char key_directory[64];
    (void)snprintf(key_directory, sizeof key_directory, "%s/fairlead", directory);
    assert_true(has(&p, "/data", true));
    assert_true(has(&p, key_directory, true));
    assert_int_equal(access(key_directory, F_OK), 0); /* made, so that a rule can name it */
    assert_true(has(&p, "/etc/tls", false));
    unsigned writable = 0;
    for (unsigned i = 0; i < p.count; i++)
        writable += p.list[i].writable;
    assert_int_equal(writable, 2);
    settings_free(s);
}

static void follows_links_to_where_files_really_are(void **state)
{
    (void)state;
    char target[64], link[64], live[64], yaml[256], real[64];
    (void)snprintf(target, sizeof target, "%s/archive.pem", directory);
    (void)snprintf(live, sizeof live, "%s/live", directory);
    (void)snprintf(link, sizeof link, "%s/live/link.pem", directory);
    int fd = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(symlink(target, link), 0);
    (void)snprintf(yaml, sizeof yaml,
                   "tls:\n  gateway:\n    certificate_file: %s\n    key_file: /etc/tls/key.pem\n", link);
    struct settings *s = settings_of(yaml);
    OWNED(sandbox_paths_release) struct sandbox_paths p = {0};
    assert_ok(sandbox_paths_for_core(s, &p, NULL));
    (void)snprintf(real, sizeof real, "%s", directory);
    assert_true(has(&p, live, false));
    assert_true(has(&p, real, false));
    settings_free(s);
}

static struct settings *for_failing;

static struct status collect(void)
{
    OWNED(sandbox_paths_release) struct sandbox_paths p = {0};
    return sandbox_paths_for_core(for_failing, &p, NULL);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    for_failing = settings_of(TLS("/etc/tls/a.pem"));
    assert_survives_failing_allocations(collect());
    settings_free(for_failing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reload_may_not_need_a_new_directory),
        cmocka_unit_test(only_data_and_key_directory_are_writable),
        cmocka_unit_test(follows_links_to_where_files_really_are),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, set_up_directory, tear_down_directory);
}
