/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "config/schema.h"
#include "config/settings.h"

#include "check.h"

OWNABLE(struct settings, settings_free);

static void refused(const struct settings_sources *from, const char *message)
{
    struct error err = {.code = E_OK};
    struct settings *s = NULL;
    struct status status = settings_load(from, &s, &err);
    settings_free(s);
    assert_int_equal(status.code, E_INVALID);
    assert_string_equal(err.message, message);
}

static void refuses_bad_options(void **state)
{
    (void)state;
    static const struct {
        const char *option, *message;
    } rows[] = {
        {"token.length", "--set token.length: must be key=value"},
        {"token.length=1", "--set token.length: must be a whole number, 16 to 256, not '1'"},
        {"tokn.length=64", "--set tokn.length: unknown key (did you mean token.length?)"},
        {"token=64", "--set token: unknown key (did you mean token?)"},
        {"=", "--set : unknown key (`fairlead config reference` lists them)"},
        {"ca.key_file=/nowhere", "--set ca.key_file: needs ca.certificate_file as well"},
        {"listen.proxy=[::]:1",
         "--set listen.proxy: '[::]:1' is reachable from other hosts and nobody is asked "
         "who they are there: use 127.0.0.1 or [::1], or set tls.proxy.mode: mutual"},
        {"tls.proxy.mode=mutual",
         "--set tls.proxy.mode: 'mutual' would admit nobody: there are runtimes in central mode only "
         "(mode.central), so tls.proxy.client_ca_file must name the workloads' CA"},
        {"tls.proxy.client_ca_file=/dev/null",
         "--set tls.proxy.client_ca_file: is used with tls.proxy.mode: mutual only"},
        {"auth.subject_mappings_file=/dev/null",
         "--set auth.subject_mappings_file: is about certificates of external CAs: needs "
         "tls.gateway.client_ca_file as well"},
        {"registry.generated_key_algorithm=ec:P-256",
         "--set registry.generated_key_algorithm: 'ec:P-256' is not what the tutorials promise, an RSA key "
         "and "
         "SHA256withRSA; set registry.require_sha256_with_rsa: false to give that up"},
        {"registry.generated_key_algorithm=rsa:1024", "--set registry.generated_key_algorithm: must be "
                                                      "rsa:2048, rsa:3072, rsa:4096, ec:P-256 or ec:P-384, "
                                                      "not 'rsa:1024'"},
        {"registry.namespace=a.b", "--set registry.namespace: must be a DNS label in lower case, not 'a.b'"},
        {"registry.namespace=A", "--set registry.namespace: must be a DNS label in lower case, not 'A'"},
        {"registry.namespace=", "--set registry.namespace: must be a DNS label in lower case"},
        {"registry.fetches=17", "--set registry.fetches: must be a whole number, 1 to 16, not '17'"},
        {"outbound.refuse=10.0.0.1/8",
         "--set outbound.refuse: must be a list of IP addresses or networks, not '10.0.0.1/8'"},
        {"outbound.ca_file=/nowhere",
         "--set outbound.ca_file: cannot open '/nowhere': No such file or directory"},
        {"log.level=\x1b[1m", "--set: holds control characters or is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *set[] = {rows[i].option};
        refused(&(struct settings_sources){.set = set, .set_count = 1, .data_dir = "/x"}, rows[i].message);
    }
}

static void a_promise_of_generated_certificates_is_given_up_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *message; /* NULL = taken */
    } rows[] = {
        {"{registry: {generated_key_algorithm: 'ec:P-384', require_sha256_with_rsa: false}}", NULL},
        {"{registry: {generated_key_algorithm: 'rsa:4096'}}", NULL},
        {"{registry: {generated_issuer: ca}}", NULL},
        {"{ca: {accept_unrecorded: true}}", NULL},
        {"{registry: {generated_issuer: ca}, ca: {accept_unrecorded: true}}",
         "f:1: registry.generated_issuer: 'ca' would make a service's certificate an identity on the gateway "
         "listener, as ca.accept_unrecorded is true; set one of them to its default"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        OWNED(settings_free) struct settings *s = NULL;
        struct error err = {.code = E_OK};
        struct status st = settings_load_text(text_of(rows[i].yaml), "f", &s, &err);
        assert_string_equal(err.message, rows[i].message ? rows[i].message : "");
        assert_int_equal(st.code, rows[i].message ? E_INVALID : E_OK);
    }
}

static void refuses_bad_variables_of_our_sections_only(void **state)
{
    (void)state;
    static const struct {
        char variable[64];
        const char *message;
    } rows[] = {
        {"FAIRLEAD_TOKEN_LENGTH=x",
         "environment FAIRLEAD_TOKEN_LENGTH: must be a whole number, 16 to 256, not 'x'"},
        {"FAIRLEAD_TOKEN_LENGHT=64",
         "environment FAIRLEAD_TOKEN_LENGHT: unknown key (did you mean token.length?)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char variable[64];
        memcpy(variable, rows[i].variable, sizeof variable);
        char *environment[] = {variable, NULL};
        refused(&(struct settings_sources){.environment = environment, .data_dir = "/x"}, rows[i].message);
    }
}

static void ignores_variables_that_are_not_ours(void **state)
{
    (void)state;
    static char names[][48] = {"FAIRLEAD_CONFIG=/x",
                               "FAIRLEAD_SERVICE_HOST=10.0.0.1",
                               "FAIRLEAD_PORT=tcp://x",
                               "FAIRLEAD_PORT_8443_TCP=x",
                               "FAIRLEAD_STORE_SERVICE_PORT=1",
                               "FAIRLEAD_STORE_PORT=1",
                               "FAIRLEAD_CA_PORT_1_TCP=x",
                               "FAIRLEAD=1",
                               "FAIRLEADER_TOKEN_X=1",
                               "FAIRLEAD_TEST_KEEP=1"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *environment[] = {names[i], NULL};
        OWNED(settings_free) struct settings *s = NULL;
        struct error err = {.code = E_OK};
        struct status status =
            settings_load(&(struct settings_sources){.environment = environment, .data_dir = "/x"}, &s, &err);
        assert_string_equal(err.message, "");
        assert_ok(status);
    }
}

static void later_sources_win(void **state)
{
    (void)state;
    char variable[] = "FAIRLEAD_TOKEN_LENGTH=32";
    char other[] = "FAIRLEAD_DATA_DIR=/from/environment";
    char *environment[] = {variable, other, NULL};
    const char *set[] = {"token.length=20", "token.length=24"};
    struct settings_sources from = {.environment = environment};
    {
        OWNED(settings_free) struct settings *s = NULL;
        assert_ok(settings_load(&from, &s, NULL));
        assert_int_equal(s->token_length, 32);
        assert_string_equal(s->data_dir, "/from/environment");
    }
    from.set = set;
    from.set_count = 2;
    from.data_dir = "/from/option";
    OWNED(settings_free) struct settings *s = NULL;
    assert_ok(settings_load(&from, &s, NULL));
    assert_int_equal(s->token_length, 24);
    assert_string_equal(s->data_dir, "/from/option");
}

static void relative_paths_become_absolute(void **state)
{
    (void)state;
    const char *set[] = {"store.url=sqlite:x.db", "vault.key_file=not/there/yet"};
    OWNED(settings_free) struct settings *s = NULL;
    assert_ok(
        settings_load(&(struct settings_sources){.set = set, .set_count = 2, .data_dir = "d"}, &s, NULL));
    assert_int_equal(s->data_dir[0], '/');
    assert_true(text_ends_with(text_of(s->data_dir), TEXT("/d")));
    assert_true(text_starts_with(text_of(s->store_url), TEXT("sqlite:/")));
    assert_true(text_ends_with(text_of(s->store_url), TEXT("/x.db")));
    assert_int_equal(s->vault_key_file[0], '/');
}

static void a_reload_refuses_what_needs_a_restart(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *message;
    } rows[] = {
        {"{token: {length: 32}, log: {level: debug}}", NULL},
        {"{limits: {idle: 5s}}", NULL},
        {"{server: {fronts: 3}}",
         "server.fronts: cannot change while the server runs: restart it, or undo the change"},
        {"{listen: {gateway: '1.2.3.4:1'}}",
         "listen.gateway: cannot change while the server runs: restart it, or undo the change"},
    };
    OWNED(settings_free) struct settings *running = NULL;
    assert_ok(settings_load_text(TEXT(""), "f", &running, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        OWNED(settings_free) struct settings *wanted = NULL;
        assert_ok(settings_load_text(text_of(rows[i].yaml), "f", &wanted, NULL));
        struct error err = {.code = E_OK};
        struct status s = settings_check_reload(running, wanted, &err);
        assert_int_equal(s.code, rows[i].message ? E_CONFLICT : E_OK);
        assert_string_equal(err.message, rows[i].message ? rows[i].message : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_options),
        cmocka_unit_test(a_promise_of_generated_certificates_is_given_up_by_name),
        cmocka_unit_test(refuses_bad_variables_of_our_sections_only),
        cmocka_unit_test(ignores_variables_that_are_not_ours),
        cmocka_unit_test(later_sources_win),
        cmocka_unit_test(relative_paths_become_absolute),
        cmocka_unit_test(a_reload_refuses_what_needs_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
