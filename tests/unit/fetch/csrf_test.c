/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs.h"

/* FETCH_CSRF. Every secret of these tests has "geheim" in it, and no reason has. */

static struct peer *first, *second, *mutual;
static struct pki *pki;

#define TOKEN                                                                                                \
    "X-CSRF-Token: geheim-1\r\nSet-Cookie: s=geheim; Path=/; HttpOnly\r\nset-cookie: l=2; Secure\r\n"

static void answer(struct peer_io *io, const char *path, const char *request)
{
    static const struct {
        const char *path, *answer;
    } pages[] = {
        {"/token", "HTTP/1.1 200 OK\r\n" TOKEN "\r\n<service/>"},
        {"/after/interim", "HTTP/1.1 103 Hints\r\nX-CSRF-Token: early\r\nSet-Cookie: e=1\r\n\r\n"
                           "HTTP/1.1 200 OK\r\n" TOKEN "\r\n"},
        {"/none", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
        {"/folded", "HTTP/1.1 200 OK\r\nX-CSRF-Token: geheim\x01\r\n\r\n"},
        {"/bad-cookie", "HTTP/1.1 200 OK\r\nSet-Cookie: a=geheim\x01\r\n\r\n"},
        {"/gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" TOKEN "\r\nno gzip"},
        {"/large", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n" TOKEN "\r\nand so on"},
        {"/401", "HTTP/1.1 401 Unauthorized\r\n" TOKEN "\r\n"},
        {"/404", "HTTP/1.1 404 Not Found\r\n\r\ngeheim"},
        {"/204", "HTTP/1.1 204 No Content\r\n" TOKEN "\r\n"},
        {"/304", "HTTP/1.1 304 Not Modified\r\n" TOKEN "\r\n"},
        {"/302", "HTTP/1.1 302 Found\r\nX-CSRF-Token: no\r\nSet-Cookie: no=1\r\nLocation: token\r\n\r\n"},
        {"/loop", "HTTP/1.1 307 x\r\nLocation: /loop\r\n\r\n"},
        {"/user", "HTTP/1.1 302 x\r\nLocation: //me:geheim@127.0.0.1/token\r\n\r\n"},
        {"/elsewhere", "HTTP/1.1 302 x\r\nLocation: https://shop.example/geheim\r\n\r\n"},
        {"/file", "HTTP/1.1 302 x\r\nLocation: file:///etc/passwd\r\n\r\n"},
    };
    (void)request;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(path, pages[i].path) == 0)
            (void)peer_write(io, text_of(pages[i].answer));
    }
    if (strcmp(path, "/port") == 0)
        (void)peer_print(io, "HTTP/1.1 302 x\r\nLocation: http://127.0.0.1:%u/token\r\n\r\n",
                         peer_port(second));
    if (strcmp(path, "/silent") == 0)
        peer_wait(io, PATIENT_MS);
    if (strcmp(path, "/endless") == 0) {
        (void)peer_write(io, TEXT("HTTP/1.1 200 OK\r\n"));
        while (peer_write(io, TEXT("Set-Cookie: geheim=1234567890123456789012345678901234567890\r\n")))
            ;
    }
}

static int start(void **state)
{
    (void)state;
    pki = pki_new("ec:P-256");
    first = peer_start(answer, NULL);
    second = peer_start(answer, NULL);
    mutual = peer_start_mutual(answer, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    peer_stop(first);
    peer_stop(second);
    peer_stop(mutual);
    pki_free(pki);
    return 0;
}

static struct fetch_request csrf_of(const char *url)
{
    static const struct fetch_field headers[] = {{TEXT_INIT("X-Key"), TEXT_INIT("geheim")},
                                                 {TEXT_INIT("X-Csrf-Token"), TEXT_INIT("geheim")},
                                                 {TEXT_INIT("accept"), TEXT_INIT("text/geheim")}};
    static const struct fetch_field query = {TEXT_INIT("key"), TEXT_INIT("geheim")};
    return (struct fetch_request){
        .job = FETCH_CSRF,
        .url = text_of(url),
        .headers = headers,
        .header_count = 3,
        .query = &query,
        .query_count = 1,
        .authorization = TEXT("Bearer geheim"),
        .timeout_ms = PATIENT_MS,
    };
}

static void expect_reason(const struct fetch_policy *p, const struct fetch_request *r,
                          enum fetch_outcome outcome, int status, const char *reason)
{
    struct fetch_answer a;
    fetch_do(p, r, &a);
    if (a.outcome != outcome || a.http_status != status || !strstr(a.reason, reason))
        fail_msg("%.*s: outcome %d status %d '%s', expected %d %d '%s'", TEXT_ARG(r->url), (int)a.outcome,
                 a.http_status, a.reason, (int)outcome, status, reason);
    assert_null(strstr(a.reason, "geheim"));
    assert_true(!a.token.p && !a.cookies.p);
    fetch_answer_release(&a);
}

static void expect_csrf(const struct fetch_policy *p, const struct fetch_request *r, const char *token,
                        const char *cookies)
{
    struct fetch_answer a;
    fetch_do(p, r, &a);
    if (a.outcome != FETCH_FINE)
        fail_msg("%.*s: outcome %d '%s'", TEXT_ARG(r->url), (int)a.outcome, a.reason);
    assert_int_equal(a.http_status, 200);
    assert_int_equal(a.expires_in_s, -1);
    assert_text(bytes_text(secret_bytes(&a.token)), token);
    assert_text(bytes_text(secret_bytes(&a.cookies)), cookies);
    fetch_answer_release(&a);
    assert_true(!a.token.p && !a.cookies.p);
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
        {"/401", FETCH_STATUS, 401, "incorrect response code '401' while getting token from ", ""},
        {"/404", FETCH_STATUS, 404, "incorrect response code '404' while getting token from ", ""},
        {"/204", FETCH_STATUS, 204, "incorrect response code '204' while getting token from ", ""},
        {"/304", FETCH_STATUS, 304, "incorrect response code '304' while getting token from ", ""},
        {"/folded", FETCH_AUTHORIZATION, 200, "it has an X-CSRF-Token that cannot be sent", NULL},
        {"/bad-cookie", FETCH_AUTHORIZATION, 200, "it has a cookie that cannot be sent", NULL},
        {"/endless", FETCH_TOO_LARGE, 200, "failed to make a request to '", "': the header of the answer"},
        {"/silent", FETCH_TIMEOUT, 0, "failed to make a request to '", "': timed out after 400 ms"},
        {"/port", FETCH_REFUSED, 302, "failed to make a request to '", "': it redirects to another origin"},
        {"/elsewhere", FETCH_REFUSED, 302, "': it redirects to another origin", NULL},
        {"/user", FETCH_REFUSED, 302, "': it redirects to another origin", NULL},
        {"/file", FETCH_REFUSED, 302, "': it redirects: the URL's scheme is 'file'", NULL},
        {"/loop", FETCH_REFUSED, 307, "': it redirects more than 10 times", NULL},
    };
    struct fetch_policy policy;
    unsigned before = peer_count(second);
    policy_default(&policy);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char url[512], with_user[600], wanted[800];
        (void)url_to(first, rows[i].path, url);
        (void)snprintf(with_user, sizeof with_user, "http://me:geheim@%s", url + 7);
        (void)snprintf(wanted, sizeof wanted, "%s%s%s", rows[i].before, rows[i].after ? url : "",
                       rows[i].after ? rows[i].after : "");
        struct fetch_request r = csrf_of(with_user);
        r.timeout_ms = strstr(url, "silent") ? 400 : PATIENT_MS;
        expect_reason(&policy, &r, rows[i].outcome, rows[i].status, wanted);
    }
    assert_int_equal(peer_count(second), before);
}

static void refuses_what_it_does_not_go_to_or_cannot_send(void **state)
{
    (void)state;
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    struct fetch_request r = csrf_of("http://[fe80::1]/token");
    expect_reason(&policy, &r, FETCH_REFUSED, 0,
                  "failed to make a request to 'http://[fe80::1]/token': the address fe80::1 is");
    r = csrf_of("ftp://shop.example/");
    expect_reason(&policy, &r, FETCH_REFUSED, 0, "failed to create token request: ");
    r = csrf_of(url_to(first, "/token", url));
    r.authorization = TEXT("Bearer geheim\r");
    expect_reason(&policy, &r, FETCH_REFUSED, 0, "failed to create token request: ");
    (void)snprintf(url, sizeof url, "https://localhost:%u/token", peer_port(mutual));
    policy.trust_path = "/nonexistent";
    r = csrf_of(url);
    expect_reason(&policy, &r, FETCH_UNREACHABLE, 0, "the server's certificate is not trusted");
}

static void takes_the_header_and_leaves_the_body(void **state)
{
    (void)state;
    static const char *const paths[] = {"/token", "/after/interim", "/gzip", "/large", "/302"};
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct fetch_request r = csrf_of(url_to(first, paths[i], url));
        expect_csrf(&policy, &r, "geheim-1", "s=geheim; l=2");
    }
    struct fetch_request r = csrf_of(url_to(first, "/none", url));
    expect_csrf(&policy, &r, "", "");
}

static void asks_as_the_contract_has_it(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "GET /token?a=b&key=geheim HTTP/1.1\r\n",
        "\r\nX-csrf-token: fetch\r\n",
        "\r\nAccept: */*\r\n",
        "\r\ncache-control: no-cache\r\n",
        "\r\nAuthorization: Bearer geheim\r\n",
        "\r\nX-Key: geheim\r\n",
        "\r\nUser-Agent: fairlead/",
    };
    static const char *const unwanted[] = {"text/geheim", "X-Csrf-Token: geheim", "Accept-Encoding"};
    struct fetch_policy policy;
    char url[512], got[PAGE_MAX];
    policy_default(&policy);
    struct fetch_request r = csrf_of(url_to(first, "/token?a=b", url));
    expect_csrf(&policy, &r, "geheim-1", "s=geheim; l=2");
    peer_request(first, got, sizeof got);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (!strstr(got, wanted[i]))
            fail_msg("'%s' is not in '%s'", wanted[i], got);
    }
    for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++)
        assert_null(strstr(got, unwanted[i]));
    r.authorization = (struct text){NULL, 0};
    r.authentication = FETCH_BASIC;
    r.user = TEXT("me");
    r.password = TEXT("geheim");
    expect_csrf(&policy, &r, "geheim-1", "s=geheim; l=2");
    assert_non_null(
        strstr(peer_request(first, got, sizeof got), "\r\nAuthorization: Basic bWU6Z2VoZWlt\r\n"));
}

static void authenticates_with_its_certificate(void **state)
{
    (void)state;
    const struct pki_identity *client = pki_client(pki, PKI_GOOD, "shop");
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    policy.trust_path = "/nonexistent";
    (void)snprintf(url, sizeof url, "https://localhost:%u/302", peer_port(mutual));
    struct fetch_request r = csrf_of(url);
    r.client_chain_pem = client->chain_pem;
    r.client_key_pem = client->key_pem;
    r.anchors_pem = pki_ca_pem(pki);
    expect_csrf(&policy, &r, "geheim-1", "s=geheim; l=2");
    r.anchors_pem = (struct text){NULL, 0};
    r.insecure = true;
    expect_csrf(&policy, &r, "geheim-1", "s=geheim; l=2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fails_in_the_words_of_the_contract),
        cmocka_unit_test(refuses_what_it_does_not_go_to_or_cannot_send),
        cmocka_unit_test(takes_the_header_and_leaves_the_body),
        cmocka_unit_test(asks_as_the_contract_has_it),
        cmocka_unit_test(authenticates_with_its_certificate),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
