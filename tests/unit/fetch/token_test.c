/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs.h"

static struct peer *tokens, *documents;

static void answer_token(struct peer_io *io, const char *path, const char *request)
{
    static const struct {
        const char *path, *answer;
    } pages[] = {
        {"/token", "HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"abc\\u002d1\",\"expires_in\":\"x\"}"},
        {"/401", "HTTP/1.1 401 Unauthorized\r\n\r\n{\"error\":\"invalid_client\"}"},
        {"/302", "HTTP/1.1 302 Found\r\nLocation: /token\r\n\r\n"},
        {"/empty", "HTTP/1.1 200 OK\r\n\r\n{}"},
        {"/empty-token", "HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"\"}"},
        {"/number", "HTTP/1.1 200 OK\r\n\r\n{\"access_token\":5}"},
        {"/lines", "HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"a\\r\\nX: b\"}"},
        {"/nul", "HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"a\\u0000b\"}"},
        {"/html", "HTTP/1.1 200 OK\r\n\r\n<html>"},
        {"/short", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"},
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

static void answer_document(struct peer_io *io, const char *path, const char *request)
{
    (void)path;
    bool known = strstr(request, "\r\nAuthorization: Bearer abc-1\r\n") != NULL;
    (void)peer_print(io, "HTTP/1.1 %s\r\n\r\n{\"openapi\":\"3.1.0\"}", known ? "200 OK" : "401 Unauthorized");
}

static int start(void **state)
{
    (void)state;
    tokens = peer_start(answer_token, NULL);
    documents = peer_start(answer_document, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    peer_stop(tokens);
    peer_stop(documents);
    return 0;
}

static void expect_token(const char *token_url, enum fetch_outcome outcome, const char *reason)
{
    static const struct fetch_field header = {TEXT_INIT("X-Only"), TEXT_INIT("for the document")};
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    struct fetch_request r = job_of(url_to(documents, "/spec", url));
    r.headers = &header;
    r.header_count = 1;
    r.authentication = FETCH_OAUTH;
    r.user = TEXT("the id&");
    r.password = TEXT("p\xc3\xa4ss=1");
    r.token_url = text_of(token_url);
    r.timeout_ms = strstr(token_url, "silent") ? 400 : PATIENT_MS;
    expect_of(&policy, &r, outcome, reason);
}

static void fails_when_the_token_endpoint_does(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum fetch_outcome outcome;
        const char *reason;
    } rows[] = {
        {"/401", FETCH_AUTHORIZATION, "the token endpoint answered with status 401"},
        {"/302", FETCH_AUTHORIZATION, "the token endpoint answered with status 302"},
        {"/empty", FETCH_AUTHORIZATION, "the token endpoint's answer has no access_token"},
        {"/empty-token", FETCH_AUTHORIZATION, "the token endpoint's answer has no access_token"},
        {"/number", FETCH_AUTHORIZATION, "the token endpoint's answer has no access_token"},
        {"/lines", FETCH_AUTHORIZATION,
         "the token endpoint's answer has an access_token that cannot be sent"},
        {"/nul", FETCH_AUTHORIZATION, "the token endpoint's answer has an access_token that cannot be sent"},
        {"/html", FETCH_AUTHORIZATION, "the token endpoint's answer is not JSON"},
        {"/short", FETCH_AUTHORIZATION, "token endpoint: the download from 127.0.0.1 failed"},
        {"/endless", FETCH_AUTHORIZATION, "token endpoint: larger than 262144 bytes"},
        {"/silent", FETCH_TIMEOUT, "token endpoint: timed out after 400 ms"},
    };
    unsigned before = peer_count(documents);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char url[512];
        expect_token(url_to(tokens, rows[i].path, url), rows[i].outcome, rows[i].reason);
    }
    expect_token("http://169.254.169.254/token", FETCH_REFUSED,
                 "token endpoint: the address 169.254.169.254 is a link-local address");
    expect_token("file:///token", FETCH_REFUSED, "token endpoint: the URL's scheme is 'file'");
    expect_token("", FETCH_REFUSED, "token endpoint: it is not a URL");
    assert_int_equal(peer_count(documents), before);
}

static void says_the_status_of_the_token_endpoint(void **state)
{
    (void)state;
    struct fetch_policy policy;
    struct fetch_answer a;
    char url[512], token[512];
    policy_default(&policy);
    struct fetch_request r = job_of(url_to(documents, "/spec", url));
    r.authentication = FETCH_OAUTH;
    r.token_url = text_of(url_to(tokens, "/401", token));
    fetch_do(&policy, &r, &a);
    assert_int_equal(a.outcome, FETCH_AUTHORIZATION);
    assert_int_equal(a.http_status, 401);
}

static void exchanges_id_and_secret_for_a_token(void **state)
{
    (void)state;
    char url[512], got[PAGE_MAX];
    expect_token(url_to(tokens, "/token?tenant=7", url), FETCH_FINE, "");
    peer_request(tokens, got, sizeof got);
    static const char *const wanted[] = {
        "POST /token?tenant=7 HTTP/1.1\r\n",
        "\r\nAuthorization: Basic dGhlIGlkJjpww6Rzcz0x\r\n",
        "\r\nContent-Type: application/x-www-form-urlencoded\r\n",
        "\r\n\r\nclient_id=the%20id%26&client_secret=p%C3%A4ss%3D1&grant_type=client_credentials",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (!strstr(got, wanted[i]))
            fail_msg("'%s' is not in '%s'", wanted[i], got);
    }
    assert_null(strstr(got, "X-Only"));
    peer_request(documents, got, sizeof got);
    assert_non_null(strstr(got, "\r\nX-Only: for the document\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fails_when_the_token_endpoint_does),
        cmocka_unit_test(says_the_status_of_the_token_endpoint),
        cmocka_unit_test(exchanges_id_and_secret_for_a_token),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
