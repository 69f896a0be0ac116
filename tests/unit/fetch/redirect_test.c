/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs.h"

#include <stdlib.h>

/* Redirects, and what TLS proves about the server. */

#define FINE "HTTP/1.1 200 OK\r\n\r\n{\"openapi\":\"3.0.0\"}"

static struct peer *first, *second, *encrypted, *misnamed;
static struct pki *pki;

/* /to/<port>/<rest> leads to /<rest> there, /loop to itself, /count/<n> to /count/<n-1>. */
static void answer(struct peer_io *io, const char *path, const char *request)
{
    static const struct {
        const char *path, *location;
    } leads[] = {
        {"/metadata", "http://169.254.169.254/latest/"},
        {"/relative-metadata", "//169.254.169.254/latest/"},
        {"/file", "file:///etc/passwd"},
        {"/gopher", "gopher://127.0.0.1:25/x"},
        {"/loop", "/loop"},
        {"/user", "http://me:secret@127.0.0.1/"},
        {"/nonsense", "http://"},
        {"/odd", "http:/fine"},
        {"/relative/a", "../fine?x=1#y"},
        {"/endless-body", "/fine"},
    };
    (void)request;
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        if (strcmp(path, leads[i].path) != 0)
            continue;
        (void)peer_print(io, "HTTP/1.1 302 Found\r\nLocation: %s\r\n\r\n", leads[i].location);
        while (strcmp(path, "/endless-body") == 0 && peer_write(io, TEXT("more and more ")))
            ;
        return;
    }
    if (strncmp(path, "/count/", 7) == 0 && path[7] != '0')
        (void)peer_print(io, "HTTP/1.1 301 Moved\r\nLocation: /count/%ld\r\nContent-Length: 0\r\n\r\n",
                         strtol(path + 7, NULL, 10) - 1);
    else if (strncmp(path, "/to/", 4) == 0)
        (void)peer_print(io, "HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:%.*s/fine\r\n\r\n",
                         (int)strcspn(path + 4, "/"), path + 4);
    else if (strcmp(path, "/host") == 0)
        (void)peer_print(io, "HTTP/1.1 308 x\r\nLocation: http://localhost:%u/fine\r\n\r\n",
                         peer_port(first));
    else
        (void)peer_write(io, TEXT(FINE));
}

static int start(void **state)
{
    (void)state;
    pki = pki_new("ec:P-256");
    first = peer_start(answer, NULL);
    second = peer_start(answer, NULL);
    encrypted = peer_start(answer, pki_server(pki, "DNS:localhost,IP:127.0.0.1"));
    misnamed = peer_start(answer, pki_server(pki, "DNS:shop.example"));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    peer_stop(first);
    peer_stop(second);
    peer_stop(encrypted);
    peer_stop(misnamed);
    pki_free(pki);
    return 0;
}

static void refuses_where_it_would_not_go_either(void **state)
{
    (void)state;
    static const struct {
        const char *path, *reason;
    } rows[] = {
        {"/metadata", "it redirects: the address 169.254.169.254 is a link-local address"},
        {"/relative-metadata", "it redirects: the address 169.254.169.254 is a link-local address"},
        {"/file", "it redirects: the URL's scheme is 'file'"},
        {"/gopher", "it redirects: the URL's scheme is 'gopher'"},
        {"/user", "it redirects to a URL with credentials in it"},
        {"/nonsense", "it redirects: it is not a URL"},
        {"/odd", "it redirects: it is not a URL"},
        {"/loop", "it redirects more than 5 times (registry.fetch_redirects)"},
        {"/count/6", "it redirects more than 5 times"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(first, rows[i].path, FETCH_REFUSED, rows[i].reason);
}

static void refuses_to_be_led_to_loopback(void **state)
{
    (void)state;
    struct fetch_policy policy;
    char own[64], path[64], url[512];
    policy_default(&policy);
    (void)snprintf(own, sizeof own, "127.0.0.1:%u", peer_port(second));
    assert_ok(guard_add_own(&policy.guard, text_of(own), NULL));
    (void)snprintf(path, sizeof path, "/to/%u", peer_port(second));
    struct fetch_request r = job_of(url_to(first, path, url));
    unsigned before = peer_count(second);
    expect_of(&policy, &r, FETCH_REFUSED, "it redirects: the address 127.0.0.1 is one of this server's own");
    assert_int_equal(peer_count(second), before);
}

static void follows_as_often_as_configured(void **state)
{
    (void)state;
    struct fetch_policy policy;
    char url[512];
    expect(first, "/count/5", FETCH_FINE, "");
    expect(first, "/endless-body", FETCH_FINE, "");
    policy_default(&policy);
    policy.redirects = 0;
    struct fetch_request r = job_of(url_to(first, "/count/1", url));
    expect_of(&policy, &r, FETCH_REFUSED, "it redirects more than 0 times");
}

static void resolves_relative_locations(void **state)
{
    (void)state;
    char got[PAGE_MAX];
    expect(first, "/relative/a", FETCH_FINE, "");
    assert_true(strncmp(peer_request(first, got, sizeof got), "GET /fine?x=1 HTTP/1.1\r\n", 24) == 0);
}

static void expect_secrets(struct peer *at, const char *path, bool kept)
{
    static const struct fetch_field header = {TEXT_INIT("X-Secret"), TEXT_INIT("geheim")};
    static const struct fetch_field query = {TEXT_INIT("key"), TEXT_INIT("geheim")};
    struct fetch_policy policy;
    char url[512], got[PAGE_MAX];
    policy_default(&policy);
    struct fetch_request r = job_of(url_to(first, path, url));
    r.headers = &header;
    r.query = &query;
    r.header_count = r.query_count = 1;
    r.authentication = FETCH_BASIC;
    r.user = TEXT("me");
    r.password = TEXT("geheim");
    expect_of(&policy, &r, FETCH_FINE, "");
    peer_request(at, got, sizeof got);
    assert_non_null(strstr(got, "GET /fine HTTP/1.1\r\n"));
    assert_true((strstr(got, "X-Secret: geheim") != NULL) == kept);
    assert_true((strstr(got, "Authorization: Basic") != NULL) == kept);
}

static void secrets_stay_at_the_origin_they_were_registered_for(void **state)
{
    (void)state;
    char path[64];
    (void)snprintf(path, sizeof path, "/to/%u", peer_port(second));
    expect_secrets(second, path, false);   /* another port */
    expect_secrets(first, "/host", false); /* another name */
    (void)snprintf(path, sizeof path, "/to/%u", peer_port(first));
    expect_secrets(first, path, true);
}

/* ---- TLS ---- */
static void expect_tls(struct peer *p, const char *host, const char *path, bool trusted, bool verify,
                       enum fetch_outcome outcome, const char *reason)
{
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    policy.verify_tls = verify;
    policy.trust_path = "/nonexistent";
    buffer_text(&policy.trusted, trusted ? pki_ca_pem(pki) : pki_other_ca_pem(pki));
    (void)snprintf(url, sizeof url, "https://%s:%u%s", host, peer_port(p), path);
    struct fetch_request r = job_of(url);
    expect_of(&policy, &r, outcome, reason);
    buffer_release(&policy.trusted);
}

static void refuses_a_certificate_that_proves_nothing(void **state)
{
    (void)state;
    expect_tls(encrypted, "localhost", "/fine", false, true, FETCH_UNREACHABLE,
               "the server's certificate is not trusted (outbound.ca_file)");
    expect_tls(misnamed, "localhost", "/fine", true, true, FETCH_UNREACHABLE,
               "the server's certificate is not trusted");
    expect_tls(misnamed, "127.0.0.1", "/fine", true, true, FETCH_UNREACHABLE,
               "the server's certificate is not trusted");
    expect_tls(first, "127.0.0.1", "/fine", true, true, FETCH_UNREACHABLE, "TLS with 127.0.0.1 failed");
    struct fetch_policy policy; /* the system's trust alone */
    char url[512];
    policy_default(&policy);
    (void)snprintf(url, sizeof url, "https://localhost:%u/fine", peer_port(encrypted));
    struct fetch_request r = job_of(url);
    expect_of(&policy, &r, FETCH_UNREACHABLE, "the server's certificate is not trusted");
}

static void trusts_what_the_configuration_says(void **state)
{
    (void)state;
    expect_tls(encrypted, "localhost", "/fine", true, true, FETCH_FINE, "");
    expect_tls(encrypted, "127.0.0.1", "/fine", true, true, FETCH_FINE, "");
    expect_tls(encrypted, "localhost", "/fine", false, false, FETCH_FINE, "");
    expect_tls(misnamed, "localhost", "/fine", false, false, FETCH_FINE, "");
}

static void refuses_to_be_led_out_of_tls(void **state)
{
    (void)state;
    expect_tls(encrypted, "localhost", "/host", true, true, FETCH_REFUSED,
               "it redirects from https to http, where anybody can change it");
}

/* ---- an issuer's keys ---- */
static void keys_come_from_the_configured_place_alone(void **state)
{
    (void)state;
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    policy.guard.allow_loopback = false;
    struct fetch_request r = job_of(url_to(first, "/fine", url));
    expect_of(&policy, &r, FETCH_REFUSED, "the address 127.0.0.1 is a loopback address");
    r.job = FETCH_KEYS; /* the operator's word */
    expect_of(&policy, &r, FETCH_FINE, "");
    r.url = text_of(url_to(first, "/count/1", url));
    expect_of(&policy, &r, FETCH_STATUS, "301");
    policy.proxy = (struct proxy_rules){.place = TEXT("127.0.0.1:1"), .host = TEXT("127.0.0.1"), .port = 1};
    r.url = text_of(url_to(first, "/fine", url));
    expect_of(&policy, &r, FETCH_FINE, ""); /* a proxy could answer what it likes */
    r.url = TEXT("https://10.0.0.1/keys");
    expect_of(&policy, &r, FETCH_UNREACHABLE, "outbound.proxy");
    r.url = TEXT("http://10.0.0.1/keys");
    expect_of(&policy, &r, FETCH_REFUSED, "the address 10.0.0.1 is no loopback address");
    r.url = TEXT("http://169.254.169.254/keys");
    expect_of(&policy, &r, FETCH_REFUSED, "the address 169.254.169.254 is a link-local address");
}

static void keys_come_over_verified_tls(void **state)
{
    (void)state;
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    policy.verify_tls = false; /* registry.verify_tls is for specifications */
    policy.trust_path = "/nonexistent";
    (void)snprintf(url, sizeof url, "https://localhost:%u/fine", peer_port(encrypted));
    struct fetch_request r = job_of(url);
    r.job = FETCH_KEYS;
    expect_of(&policy, &r, FETCH_UNREACHABLE, "the server's certificate is not trusted");
    r.anchors_pem = pki_ca_pem(pki);
    expect_of(&policy, &r, FETCH_FINE, "");
    (void)snprintf(url, sizeof url, "https://localhost:%u/fine", peer_port(misnamed));
    expect_of(&policy, &r, FETCH_UNREACHABLE, "the server's certificate is not trusted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_from_the_configured_place_alone),
        cmocka_unit_test(keys_come_over_verified_tls),
        cmocka_unit_test(refuses_where_it_would_not_go_either),
        cmocka_unit_test(refuses_to_be_led_to_loopback),
        cmocka_unit_test(refuses_to_be_led_out_of_tls),
        cmocka_unit_test(refuses_a_certificate_that_proves_nothing),
        cmocka_unit_test(secrets_stay_at_the_origin_they_were_registered_for),
        cmocka_unit_test(follows_as_often_as_configured),
        cmocka_unit_test(resolves_relative_locations),
        cmocka_unit_test(trusts_what_the_configuration_says),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
