/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs.h"

/* FETCH_TOKEN. Every secret of these tests has "geheim" in it, and no reason has. */

static struct peer *plain, *encrypted, *mutual, *misnamed;
static struct pki *pki;
static const struct pki_identity *client, *stranger;

static void answer(struct peer_io *io, const char *path, const char *request)
{
    static const struct {
        const char *path, *answer;
    } pages[] = {
        {"/token", "HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"geheim-1\",\"expires_in\":\"3600\"}"},
        {"/201", "HTTP/1.1 201 Created\r\n\r\n{\"access_token\":\"geheim-1\"}"},
        {"/401", "HTTP/1.1 401 Unauthorized\r\n\r\n{\"error\":\"geheim\"}"},
        {"/500", "HTTP/1.1 500 x\r\n\r\n"},
        {"/302", "HTTP/1.1 302 Found\r\nLocation: /token?geheim\r\n\r\n"},
        {"/empty", "HTTP/1.1 200 OK\r\n\r\n{}"},
        {"/nothing", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
        {"/lines", "HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"geheim\\r\\nX: b\"}"},
        {"/html", "HTTP/1.1 200 OK\r\n\r\n<html>geheim"},
        {"/soon", "HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"geheim\",\"expires_in\":0.5}"},
        {"/short", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"},
        {"/nonsense", "geheim\r\n\r\n"},
    };
    (void)request;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(path, pages[i].path) == 0)
            (void)peer_write(io, text_of(pages[i].answer));
    }
    if (strcmp(path, "/silent") == 0)
        peer_wait(io, PATIENT_MS);
    if (strcmp(path, "/endless") == 0) {
        (void)peer_write(io, TEXT("HTTP/1.1 200 OK\r\n\r\n"));
        while (peer_write(io, TEXT("                                                                ")))
            ;
    }
}

static int start(void **state)
{
    (void)state;
    pki = pki_new("ec:P-256");
    client = pki_client(pki, PKI_VIA_INTERMEDIATE, "shop");
    stranger = pki_client(pki, PKI_WRONG_CA, "shop");
    plain = peer_start(answer, NULL);
    encrypted = peer_start(answer, pki_server(pki, "DNS:localhost,IP:127.0.0.1"));
    mutual = peer_start_mutual(answer, pki_server(pki, "DNS:localhost,IP:127.0.0.1"), pki_ca_pem(pki));
    misnamed = peer_start(answer, pki_server(pki, "DNS:shop.example"));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    peer_stop(plain);
    peer_stop(encrypted);
    peer_stop(mutual);
    peer_stop(misnamed);
    pki_free(pki);
    return 0;
}

static const struct fetch_field form[] = {
    {TEXT_INIT("client_id"), TEXT_INIT("the id&")},
    {TEXT_INIT("client_secret"), TEXT_INIT("geheim p\xc3\xa4ss=1")},
    {TEXT_INIT("grant_type"), TEXT_INIT("client_credentials")},
};
static const struct fetch_field parameters[] = {{TEXT_INIT("key"), TEXT_INIT("geheim")},
                                                {TEXT_INIT("tenant"), TEXT_INIT("8")}};
static const struct fetch_field headers[] = {{TEXT_INIT("X-Key"), TEXT_INIT("geheim")},
                                             {TEXT_INIT("authorization"), TEXT_INIT("geheim 2")},
                                             {TEXT_INIT("content-Type"), TEXT_INIT("text/plain")}};

static struct fetch_request token_of(const char *url)
{
    return (struct fetch_request){
        .job = FETCH_TOKEN,
        .url = text_of(url),
        .headers = headers,
        .header_count = 3,
        .query = parameters,
        .query_count = 2,
        .form = form,
        .form_count = 3,
        .authentication = FETCH_BASIC,
        .user = TEXT("the id&"),
        .password = TEXT("geheim p\xc3\xa4ss=1"),
        .timeout_ms = PATIENT_MS,
    };
}

/* The whole reason, with %s for the URL. */
static void expect_reason(const struct fetch_policy *p, const struct fetch_request *r,
                          enum fetch_outcome outcome, int status, const char *reason)
{
    struct fetch_answer a;
    fetch_do(p, r, &a);
    if (a.outcome != outcome || a.http_status != status || !strstr(a.reason, reason))
        fail_msg("%.*s: outcome %d status %d '%s', expected %d %d '%s'", TEXT_ARG(r->url), (int)a.outcome,
                 a.http_status, a.reason, (int)outcome, status, reason);
    assert_null(strstr(a.reason, "geheim"));
    assert_true(a.token.n == 0 && !a.token.p && a.cookies.n == 0 && a.expires_in_s == -1);
    fetch_answer_release(&a);
}

static void fails_in_the_words_of_the_contract(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum fetch_outcome outcome;
        int status;
        const char *before, *after; /* the URL is between them, if `after` is there */
    } rows[] = {
        {"/201", FETCH_STATUS, 201, "incorrect response code '201' while getting token from ", ""},
        {"/401", FETCH_STATUS, 401, "incorrect response code '401' while getting token from ", ""},
        {"/500", FETCH_STATUS, 500, "incorrect response code '500' while getting token from ", ""},
        {"/302", FETCH_STATUS, 302, "incorrect response code '302' while getting token from ", ""},
        {"/empty", FETCH_AUTHORIZATION, 200,
         "failed to unmarshal token response body: it has no access_token", NULL},
        {"/nothing", FETCH_AUTHORIZATION, 200, "failed to unmarshal token response body: it is not JSON",
         NULL},
        {"/html", FETCH_AUTHORIZATION, 200, "failed to unmarshal token response body: it is not JSON", NULL},
        {"/lines", FETCH_AUTHORIZATION, 200,
         "failed to unmarshal token response body: it has an access_token that cannot be sent", NULL},
        {"/soon", FETCH_AUTHORIZATION, 200,
         "failed to unmarshal token response body: it has an expires_in that is no whole number of seconds",
         NULL},
        {"/short", FETCH_UNREACHABLE, 200, "failed to read token response body from '", "': "},
        {"/endless", FETCH_TOO_LARGE, 200, "failed to read token response body from '",
         "': larger than 262144 bytes"},
        {"/nonsense", FETCH_UNREACHABLE, 0, "failed to make a request to '", "': "},
        {"/silent", FETCH_TIMEOUT, 0, "failed to make a request to '", "': timed out after 400 ms"},
    };
    struct fetch_policy policy;
    policy_default(&policy);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char url[512], with_user[600], wanted[800];
        (void)url_to(plain, rows[i].path, url);
        (void)snprintf(with_user, sizeof with_user, "http://me:geheim@%s?also=geheim#geheim", url + 7);
        (void)snprintf(wanted, sizeof wanted, "%s%s%s", rows[i].before, rows[i].after ? url : "",
                       rows[i].after ? rows[i].after : "");
        struct fetch_request r = token_of(with_user);
        r.timeout_ms = strstr(url, "silent") ? 400 : PATIENT_MS;
        expect_reason(&policy, &r, rows[i].outcome, rows[i].status, wanted);
    }
}

static void refuses_what_it_does_not_go_to_or_cannot_send(void **state)
{
    (void)state;
    static const char *const created = "failed to create token request: ";
    static const struct fetch_field bad = {TEXT_INIT("X-Key"), TEXT_INIT("geheim\r\n")};
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    struct fetch_request r = token_of("http://me:geheim@169.254.169.254/token");
    expect_reason(&policy, &r, FETCH_REFUSED, 0,
                  "failed to make a request to 'http://169.254.169.254/token': the address 169.254.169.254 "
                  "is a link-local address");
    r = token_of("file:///geheim");
    expect_reason(&policy, &r, FETCH_REFUSED, 0, created);
    r = token_of("");
    expect_reason(&policy, &r, FETCH_REFUSED, 0, created);
    r = token_of(url_to(plain, "/token", url));
    r.headers = &bad;
    r.header_count = 1;
    expect_reason(&policy, &r, FETCH_REFUSED, 0, created);
    r = token_of(url);
    r.authorization = TEXT("Bearer geheim\nX: y");
    expect_reason(&policy, &r, FETCH_REFUSED, 0, created);
    r = token_of(url);
    r.client_chain_pem = client->chain_pem;
    expect_reason(&policy, &r, FETCH_REFUSED, 0, created);
    policy.guard.allow_loopback = false;
    r = token_of(url);
    expect_reason(&policy, &r, FETCH_REFUSED, 0, "the address 127.0.0.1 is");
    r = token_of("http://127.0.0.1:1/token");
    policy.guard.allow_loopback = true;
    expect_reason(&policy, &r, FETCH_UNREACHABLE, 0,
                  "failed to make a request to 'http://127.0.0.1:1/token': cannot connect to 127.0.0.1");
}

static void expect_sent(const char *const *wanted, size_t count, const char *unwanted)
{
    char got[PAGE_MAX];
    peer_request(plain, got, sizeof got);
    for (size_t i = 0; i < count; i++) {
        if (!strstr(got, wanted[i]))
            fail_msg("'%s' is not in '%s'", wanted[i], got);
    }
    if (strcasestr(got, unwanted))
        fail_msg("'%s' is in '%s'", unwanted, got);
}

static void expect_token(const struct fetch_policy *p, const struct fetch_request *r)
{
    struct fetch_answer a;
    fetch_do(p, r, &a);
    if (a.outcome != FETCH_FINE)
        fail_msg("outcome %d '%s'", (int)a.outcome, a.reason);
    assert_int_equal(a.http_status, 200);
    assert_int_equal(a.expires_in_s, 3600);
    assert_text(bytes_text(secret_bytes(&a.token)), "geheim-1");
    assert_int_equal(a.cookies.n, 0);
    fetch_answer_release(&a);
    assert_true(!a.token.p && a.token.n == 0);
}

static void posts_the_form_as_the_contract_has_it(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "POST /token?tenant=7&key=geheim HTTP/1.1\r\n",
        "\r\nAuthorization: Basic dGhlIGlkJjpnZWhlaW0gcMOkc3M9MQ==\r\n",
        "\r\nContent-Type: application/x-www-form-urlencoded\r\n",
        "\r\nUser-Agent: fairlead/",
        "\r\nX-Key: geheim\r\n",
        "\r\nAccept: application/json\r\n",
        "\r\n\r\nclient_id=the%20id%26&client_secret=geheim%20p%C3%A4ss%3D1&grant_type=client_credentials",
    };
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    struct fetch_request r = token_of(url_to(plain, "/token?tenant=7", url));
    expect_token(&policy, &r);
    expect_sent(wanted, sizeof wanted / sizeof wanted[0], "text/plain");
}

static void sends_no_authorization_unless_told(void **state)
{
    (void)state;
    static const struct fetch_field accept = {TEXT_INIT("accept"), TEXT_INIT("text/json")};
    static const char *const wanted[] = {"\r\naccept: text/json\r\n", "\r\nContent-Length: 0\r\n"};
    static const char *const given[] = {"\r\nAuthorization: Bearer geheim-0\r\n"};
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    struct fetch_request r = token_of(url_to(plain, "/token", url));
    r.authentication = FETCH_NO_AUTHENTICATION;
    r.headers = &accept;
    r.header_count = 1;
    r.form_count = 0;
    expect_token(&policy, &r);
    expect_sent(wanted, 2, "authorization");
    r.authentication = FETCH_BASIC;
    r.authorization = TEXT("Bearer geheim-0");
    expect_token(&policy, &r);
    expect_sent(given, 1, "Basic");
}

/* ---- TLS ---- */
static struct fetch_request tls_token(const struct peer *p, const struct pki_identity *identity,
                                      struct text anchors, char url[static 512])
{
    (void)snprintf(url, 512, "https://localhost:%u/token", peer_port(p));
    struct fetch_request r = token_of(url);
    r.anchors_pem = anchors;
    if (identity) {
        r.client_chain_pem = identity->chain_pem;
        r.client_key_pem = identity->key_pem;
    }
    return r;
}

static void refuses_servers_and_certificates_that_prove_nothing(void **state)
{
    (void)state;
    const struct text ca = pki_ca_pem(pki), other = pki_other_ca_pem(pki), none = {NULL, 0};
    const struct pki_identity crossed = {.chain_pem = client->chain_pem, .key_pem = stranger->key_pem};
    const struct pki_identity nonsense = {.chain_pem = TEXT("geheim"), .key_pem = TEXT("geheim")};
    const struct {
        struct peer *peer;
        const struct pki_identity *identity;
        struct text anchors;
        const char *reason;
    } rows[] = {
        {encrypted, NULL, none, "the server's certificate is not trusted"},
        {encrypted, NULL, other, "the server's certificate is not trusted"},
        {misnamed, NULL, ca, "the server's certificate is not trusted"},
        {encrypted, NULL, TEXT("geheim"), "certificates to trust cannot be read"},
        {mutual, NULL, ca, "TLS with localhost ended, as when another client certificate is wanted"},
        {mutual, stranger, ca, "TLS with localhost ended, as when another client certificate is wanted"},
        {mutual, &crossed, ca, "the client certificate or its key cannot be used"},
        {mutual, &nonsense, ca, "the client certificate or its key cannot be used"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char url[512];
        struct fetch_policy policy;
        policy_default(&policy);
        policy.verify_tls = false; /* that is for documents */
        policy.trust_path = "/nonexistent";
        struct fetch_request r = tls_token(rows[i].peer, rows[i].identity, rows[i].anchors, url);
        expect_reason(&policy, &r, FETCH_UNREACHABLE, 0, rows[i].reason);
    }
}

static void authenticates_with_its_certificate(void **state)
{
    (void)state;
    const struct text ca = pki_ca_pem(pki), other = pki_other_ca_pem(pki), none = {NULL, 0};
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    policy.trust_path = "/nonexistent";
    struct fetch_request r = tls_token(encrypted, NULL, ca, url);
    expect_token(&policy, &r);
    r = tls_token(mutual, client, ca, url);
    expect_token(&policy, &r);
    buffer_text(&policy.trusted, other); /* trust beside that of the configuration */
    expect_token(&policy, &r);
    buffer_clear(&policy.trusted);
    buffer_text(&policy.trusted, ca);
    r = tls_token(mutual, client, other, url);
    expect_token(&policy, &r);
    buffer_release(&policy.trusted);
    r = tls_token(misnamed, NULL, none, url);
    r.insecure = true;
    expect_token(&policy, &r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fails_in_the_words_of_the_contract),
        cmocka_unit_test(refuses_what_it_does_not_go_to_or_cannot_send),
        cmocka_unit_test(refuses_servers_and_certificates_that_prove_nothing),
        cmocka_unit_test(posts_the_form_as_the_contract_has_it),
        cmocka_unit_test(sends_no_authorization_unless_told),
        cmocka_unit_test(authenticates_with_its_certificate),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
