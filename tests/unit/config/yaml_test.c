/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "config/settings.h"

#include "check.h"

OWNABLE(struct settings, settings_free);

struct refusal {
    const char *yaml;
    const char *message;
};

static void refused(const struct refusal *row)
{
    struct error err = {.code = E_OK};
    struct settings *s = NULL;
    struct status status = settings_load_text(text_of(row->yaml), "f.yaml", &s, &err);
    settings_free(s);
    if (status_ok(status))
        fail_msg("taken: %s", row->yaml);
    assert_int_equal(status.code, E_INVALID);
    assert_string_equal(err.message, row->message);
}

static void each_refusal_names_file_line_and_key(void **state)
{
    (void)state;
    static const struct refusal rows[] = {
        {"listen:\n  internl: off\n",
         "f.yaml:2: listen.internl: unknown key (did you mean listen.internal?)"},
        {"listn:\n  internal: off\n", "f.yaml:1: listn: unknown key (did you mean listen?)"},
        {"\n\ntoken.lenght: 5\n", "f.yaml:3: token.lenght: unknown key (did you mean token.length?)"},
        {"wibble: 5\n", "f.yaml:1: wibble: unknown key (`fairlead config reference` lists them)"},
        {"<<: {}\n", "f.yaml:1: <<: unknown key (`fairlead config reference` lists them)"},
        {"token:\n  length: 5\n", "f.yaml:2: token.length: must be a whole number, 16 to 256, not '5'"},
        {"token:\n  length: -64\n", "f.yaml:2: token.length: must be a whole number, 16 to 256, not '-64'"},
        {"token:\n  length: 64.0\n", "f.yaml:2: token.length: must be a whole number, 16 to 256, not '64.0'"},
        {"token:\n  length: many\n", "f.yaml:2: token.length: must be a whole number, 16 to 256, not 'many'"},
        {"token:\n  length: [64]\n", "f.yaml:2: token.length: must be a whole number, 16 to 256, not a list"},
        {"token:\n  length:\n    x: 1\n",
         "f.yaml:3: token.length: must be a whole number, 16 to 256, not a section"},
        {"token:\n  length:\n", "f.yaml:2: token.length: has no value (write \"\" to leave it empty)"},
        {"token:\n  length: ~\n", "f.yaml:2: token.length: has no value (write \"\" to leave it empty)"},
        {"token:\n  length: 64\n  length: 64\n",
         "f.yaml:3: token.length: given twice (the first is on line 2)"},
        {"token.length: 64\ntoken:\n  length: 64\n",
         "f.yaml:3: token.length: given twice (the first is on line 1)"},
        {"token: 64\n", "f.yaml:1: token: is a section: its keys go below it, indented"},
        {"token: [64]\n", "f.yaml:1: token: is a section: its keys go below it, indented"},
        {"mode:\n  central: yes\n", "f.yaml:2: mode.central: must be true or false, not 'yes'"},
        {"token:\n  runtime_ttl: 5\n",
         "f.yaml:2: token.runtime_ttl: must be a duration with ms, s, m, h or d, 1s to 30d, not '5'"},
        {"log:\n  level: loud\n",
         "f.yaml:2: log.level: must be debug, info, notice, warning or error, not 'loud'"},
        {"limits:\n  header_bytes: 2GiB\n",
         "f.yaml:2: limits.header_bytes: must be bytes, or with KiB or MiB, 1KiB to 1MiB, not '2GiB'"},
        {"subject:\n  country: Germany\n", "f.yaml:2: subject.country: is too long: at most 2 bytes"},
        {"subject:\n  country: de\n", "f.yaml:2: subject.country: must be two capital letters, not 'de'"},
        {"subject:\n  locality: a,b\n",
         "f.yaml:2: subject.locality: must be text without , = + /, not 'a,b'"},
        {"subject:\n  locality: \"\"\n", "f.yaml:2: subject.locality: must be text without , = + /"},
        {"ca:\n  subject: \"a\\nb\"\n", "f.yaml:2: ca.subject: holds control characters or is not UTF-8"},
        {"store:\n  url: mysql://u:secret@h\n", "f.yaml:2: store.url: must be sqlite:PATH or memory:"},
        {"server:\n  fronts: 65\n",
         "f.yaml:2: server.fronts: must be auto or a whole number, 0 to 64, not '65'"},
        {"inbound:\n  trusted_proxies: [10.0.0.1/8]\n",
         "f.yaml:2: inbound.trusted_proxies: must be a list of IP addresses or networks, not '10.0.0.1/8'"},
        {"inbound:\n  trusted_proxies: [[1.2.3.4]]\n",
         "f.yaml:2: inbound.trusted_proxies: must hold plain values only"},
        {"inbound:\n  trusted_proxies: 1.2.3.4,\n",
         "f.yaml:2: inbound.trusted_proxies: must be a list of IP addresses or networks"},
        {"url:\n  internal_hosts: [\"a,b\"]\n",
         "f.yaml:2: url.internal_hosts: an item must not hold a comma"},
        {"tls:\n  gateway:\n    key_file: /k\n",
         "f.yaml:3: tls.gateway.key_file: needs tls.gateway.certificate_file as well"},
        {"ca:\n  root_file: /r\n", "f.yaml:2: ca.root_file: needs ca.certificate_file as well"},
        {"listen:\n  internal: 0.0.0.0:8080\n",
         "f.yaml:2: listen.internal: '0.0.0.0:8080' is reachable from other hosts and nobody is asked who "
         "they are there: use 127.0.0.1 or [::1], or set auth.required or auth.oidc.issuer"},
        {"auth:\n  oidc:\n    issuer: https://dex.example\n",
         "f.yaml:3: auth.oidc.issuer: needs auth.oidc.audience as well"},
        {"auth:\n  oidc:\n    jwks_url: https://dex.example/keys\n",
         "f.yaml:3: auth.oidc.jwks_url: needs auth.oidc.issuer as well"},
        {"auth:\n  oidc:\n    issuer: http://dex.example\n",
         "f.yaml:3: auth.oidc.issuer: must be an https URL, not 'http://dex.example'"},
        {"auth:\n  oidc:\n    issuer: https://dex.example/\n    audience: x\n    scope_claim: y\n",
         "f.yaml:5: auth.oidc.scope_claim: needs auth.oidc.tenant_claim as well"},
        {"auth:\n  users: [\"me tenant=*\"]\n",
         "f.yaml:2: auth.users: must be a list of WHO tenant=ID... scope=NAME..., not 'me tenant=*'"},
        {"listen:\n  gateway: localhost:1\n",
         "f.yaml:2: listen.gateway: must be an IP address and port, or off, not 'localhost:1'"},
        {"url:\n  gateway: https://x/\n",
         "f.yaml:2: url.gateway: must be an https URL without a final slash, not 'https://x/'"},
        {"a: &x 1\n", "f.yaml:1: a: unknown key (`fairlead config reference` lists them)"},
        {"token:\n  length: &x 64\n", "f.yaml:2: token.length: anchors and tags are not supported"},
        {"token:\n  length: !!int 64\n", "f.yaml:2: token.length: anchors and tags are not supported"},
        {"token: &t\n  length: 64\n", "f.yaml:1: token: is a section: its keys go below it, indented"},
        {"token:\n  length: *x\n", "f.yaml:2: token.length: must hold plain values only"},
        {"- a\n", "f.yaml:1: must be sections and keys, such as 'token:' and below it '  length: 64'"},
        {"hello\n", "f.yaml:1: must be sections and keys, such as 'token:' and below it '  length: 64'"},
        {"token: {}\n---\ntoken: {}\n", "f.yaml:2: a second document: there may be only one"},
        {"? [a]\n: b\n", "f.yaml:1: a key must be a word such as token.length"},
        {"token:\n\tlength: 1\n", "f.yaml:2: not YAML: found character that cannot start any token"},
        {"token: {\n", "f.yaml:2: not YAML: did not find expected node content"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(&rows[i]);
}

static void empty_texts_are_empty_configurations(void **state)
{
    (void)state;
    static const char *const rows[] = {"",      "\n",   "# nothing\n",
                                       "---\n", "{}\n", "token:\n  # length: 64\nlog: {}\n"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        OWNED(settings_free) struct settings *s = NULL;
        assert_ok(settings_load_text(text_of(rows[i]), "f.yaml", &s, NULL));
        assert_int_equal(s->token_length, 64);
    }
}

static void reads_every_kind_of_value(void **state)
{
    (void)state;
    OWNED(settings_free) struct settings *s = NULL;
    struct error err = {.code = E_OK};
    struct status status = settings_load_text(TEXT("listen:\n  gateway: \"[::]:443\"\n  cluster: off\n"
                                                   "token.length: 32\n"
                                                   "token: {application_ttl: 90s}\n"
                                                   "mode: {central: true}\n"
                                                   "server: {fronts: 0}\n"
                                                   "limits: {header_bytes: 16KiB}\n"
                                                   "log: {level: debug, format: json}\n"
                                                   "url: {internal_hosts: [a.b, '::1']}\n"
                                                   "inbound:\n  trusted_proxies: 10.0.0.0/8, 1.2.3.4\n"),
                                              "f.yaml", &s, &err);
    assert_string_equal(err.message, "");
    assert_ok(status);
    assert_string_equal(s->listen[LISTENER_GATEWAY], "[::]:443");
    assert_string_equal(s->listen[LISTENER_CLUSTER], "");
    assert_int_equal(s->token_length, 32);
    assert_int_equal(s->token_application_ttl_ms, 90000);
    assert_true(s->central);
    assert_int_equal(s->server_fronts, 0);
    assert_int_equal(s->limit_header_bytes, 16384);
    assert_int_equal(s->log_level, LOG_DEBUG);
    assert_int_equal(s->log_format, LOG_FORMAT_JSON);
    assert_int_equal(s->internal_hosts.count, 2);
    assert_string_equal(s->internal_hosts.item[1], "::1");
    assert_int_equal(s->inbound_trusted_proxies.count, 2);
    assert_string_equal(s->inbound_trusted_proxies.item[1], "1.2.3.4");
}

static struct status load_once(void)
{
    OWNED(settings_free) struct settings *s = NULL;
    return settings_load_text(
        TEXT("inbound: {trusted_proxies: [10.0.0.0/8, 1.2.3.4]}\nca: {subject: CN=x}\n"), "f", &s, NULL);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(load_once());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_names_file_line_and_key),
        cmocka_unit_test(empty_texts_are_empty_configurations),
        cmocka_unit_test(reads_every_kind_of_value),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
