/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs.h"

#include <stdlib.h>
#include <unistd.h>

#include "fetch/exchange.h"

#define PETSTORE "{\"openapi\":\"3.0.0\"}"
#define OK_HEAD  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

/* 1 MiB of zeros, gzipped: zeros but for these. */
static void write_bomb(struct peer_io *io)
{
    static const struct {
        uint16_t at;
        uint8_t value;
    } bytes[] = {
        {0, 0x1f},    {1, 0x8b},    {2, 0x08},    {8, 0x02},    {9, 0x03},    {10, 0xed},
        {11, 0xc1},   {12, 0x31},   {13, 0x01},   {17, 0xc2},   {18, 0xa0},   {19, 0xf5},
        {20, 0x4f},   {21, 0x6d},   {22, 0x08},   {23, 0x5f},   {24, 0xa0},   {1041, 0x3e},
        {1042, 0x03}, {1043, 0x1c}, {1044, 0xea}, {1045, 0x38}, {1046, 0xa7}, {1049, 0x10},
    };
    char bomb[1051] = {0};
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
        bomb[bytes[i].at] = (char)bytes[i].value;
    (void)peer_print(io, OK_HEAD "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", sizeof bomb);
    (void)peer_write(io, (struct text){bomb, sizeof bomb});
}

static void write_gzip(struct peer_io *io)
{
    static const char small[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\xca\x2f\x48\xcd\x4b\x2c\xc8"
                                "\x54\xb2\x52\x32\xd6\x33\xd0\x33\x50\xaa\x05\x00\xee\x15\x83\x73\x13\x00\x00"
                                "\x00";
    (void)peer_print(io, OK_HEAD "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", sizeof small - 1);
    (void)peer_write(io, (struct text){small, sizeof small - 1});
}

static void write_endless(struct peer_io *io, const char *piece)
{
    while (peer_write(io, text_of(piece)))
        ;
}

static void drip(struct peer_io *io)
{
    (void)peer_print(io, OK_HEAD "\r\n");
    while (peer_write(io, TEXT(" ")))
        (void)usleep(50000);
}

struct page {
    const char *path;
    const char *answer;
};

static bool write_page(struct peer_io *io, const char *path)
{
    static const struct page pages[] = {
        {"/fine", OK_HEAD "Content-Length: 19\r\n\r\n" PETSTORE},
        {"/chunked", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n13\r\n" PETSTORE "\r\n0\r\n\r\n"},
        {"/until-close", "HTTP/1.0 200 OK\r\n\r\n" PETSTORE},
        {"/mark", OK_HEAD "\r\n\xef\xbb\xbf" PETSTORE},
        {"/empty", OK_HEAD "Content-Length: 0\r\n\r\n"},
        {"/401", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 6\r\n\r\ndenied"},
        {"/403", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"},
        {"/404", "HTTP/1.1 404 Not Found\r\nContent-Length: 9999999\r\n\r\n<html>"},
        {"/204", "HTTP/1.1 204 No Content\r\n\r\n"},
        {"/206", "HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\n{}"},
        {"/500", "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n"},
        {"/304", "HTTP/1.1 304 Not Modified\r\nLocation: /fine\r\n\r\n"},
        {"/302-nowhere", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"},
        {"/html",
         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n<!DOCTYPE html><html>login</html>"},
        {"/short", OK_HEAD "Content-Length: 500\r\n\r\n{}"},
        {"/nothing", ""},
        {"/garbage", "SSH-2.0-OpenSSH_9.2\r\n"},
        {"/large", OK_HEAD "Content-Length: 70000\r\n\r\n{"},
        {"/damaged", OK_HEAD "Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08junkjunkjunk"},
        {"/not-gzip", OK_HEAD "Content-Encoding: gzip\r\n\r\n" PETSTORE},
        {"/unknown-coding", OK_HEAD "Content-Encoding: rot13\r\n\r\n" PETSTORE},
    };
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(path, pages[i].path) == 0)
            return peer_write(io, text_of(pages[i].answer)) || true;
    }
    return false;
}

static void answer(struct peer_io *io, const char *path, const char *request)
{
    (void)request;
    if (write_page(io, path))
        return;
    if (strcmp(path, "/silent") == 0) {
        peer_wait(io, PATIENT_MS);
    } else if (strcmp(path, "/drip") == 0) {
        drip(io);
    } else if (strcmp(path, "/endless") == 0) {
        (void)peer_print(io, OK_HEAD "\r\n");
        write_endless(io, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");
    } else if (strcmp(path, "/endless-header") == 0) {
        (void)peer_print(io, OK_HEAD);
        write_endless(io, "X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    } else if (strcmp(path, "/endless-interim") == 0) {
        write_endless(io, "HTTP/1.1 103 Early Hints\r\nLink: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n");
    } else if (strcmp(path, "/endless-404") == 0) {
        (void)peer_print(io, "HTTP/1.1 404 Not Found\r\n\r\n");
        write_endless(io, "not here not here not here not here not here not here not here ");
    } else if (strcmp(path, "/bomb") == 0) {
        write_bomb(io);
    } else if (strcmp(path, "/gzip") == 0) {
        write_gzip(io);
    }
}

static struct peer *server;

static int start(void **state)
{
    (void)state;
    server = peer_start(answer, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    peer_stop(server);
    return 0;
}

struct row {
    const char *what; /* URL or path */
    enum fetch_outcome outcome;
    const char *reason;
};
#define EACH(rows) (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)

static void refuses_urls_and_addresses_it_does_not_go_to(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"file:///etc/passwd", FETCH_REFUSED, "the URL's scheme is 'file': only http and https are fetched"},
        {"gopher://example.com/1", FETCH_REFUSED, "scheme is 'gopher'"},
        {"ftp://example.com/a", FETCH_REFUSED, "scheme is 'ftp'"},
        {"ldap://example.com/", FETCH_REFUSED, "scheme is 'ldap'"},
        {"javascript:alert(1)", FETCH_REFUSED, ""},
        {"", FETCH_REFUSED, "it is not a URL"},
        {"/spec.json", FETCH_REFUSED, "it is not a URL"},
        {"http://", FETCH_REFUSED, "it is not a URL"},
        {"http:///spec", FETCH_REFUSED, "it is not a URL"},
        {"HTTP:/example.com/spec", FETCH_REFUSED, "it is not a URL"},
        {"http://a b/", FETCH_REFUSED, "it is not a URL"},
        {"http://example.com/a\r\nX: y", FETCH_REFUSED, "it is not a URL"},
        {"http://example.com:99999/", FETCH_REFUSED, "it is not a URL"},
        {"http://169.254.169.254/latest/meta-data", FETCH_REFUSED,
         "the address 169.254.169.254 is a link-local address, where cloud metadata services live"},
        {"http://2852039166/", FETCH_REFUSED, "the address 169.254.169.254 is a link-local"},
        {"http://0xa9fea9fe/", FETCH_REFUSED, "the address 169.254.169.254 is a link-local"},
        {"http://0251.0376.0251.0376/", FETCH_REFUSED, "the address 169.254.169.254 is a link-local"},
        {"http://[::ffff:169.254.169.254]/", FETCH_REFUSED, "a link-local address"},
        {"http://[fe80::1]/", FETCH_REFUSED, "the address fe80::1 is a link-local address"},
        {"http://[fe80::1%25lo]/", FETCH_REFUSED, "the address fe80::1 is a link-local address"},
        {"https://100.100.100.200/", FETCH_REFUSED, "is a cloud metadata service"},
        {"http://0.0.0.0/", FETCH_REFUSED, "an unspecified address"},
        {"http://0/", FETCH_REFUSED, "an unspecified address"},
        {"http://224.0.0.1/", FETCH_REFUSED, "a multicast address"},
        {"http://127.0.0.1/", FETCH_REFUSED, "the address 127.0.0.1 is a loopback address, this host itself"},
        {"http://127.1/", FETCH_REFUSED, "the address 127.0.0.1 is a loopback address"},
        {"http://localhost/", FETCH_REFUSED, "is a loopback address"},
        {"http://LOCALHOST/", FETCH_REFUSED, "is a loopback address"},
        {"http://user:pass-word@[::1]/", FETCH_REFUSED, "the address ::1 is a loopback address"},
    };
    struct fetch_policy policy;
    policy_default(&policy);
    policy.guard.allow_loopback = false;
    for
        EACH(rows)
        {
            struct fetch_request r = job_of(rows[i].what);
            expect_of(&policy, &r, rows[i].outcome, rows[i].reason);
        }
}

static void refuses_its_own_listeners(void **state)
{
    (void)state;
    struct fetch_policy policy;
    char own[64], url[512];
    policy_default(&policy);
    (void)snprintf(own, sizeof own, "0.0.0.0:%u", peer_port(server));
    assert_ok(guard_add_own(&policy.guard, text_of(own), NULL));
    policy.wildcard = true;
    struct fetch_request r = job_of(url_to(server, "/fine", url));
    unsigned before = peer_count(server);
    expect_of(&policy, &r, FETCH_REFUSED, "one of this server's own listeners");
    assert_int_equal(peer_count(server), before);
    policy.guard.allow_own = true;
    expect_of(&policy, &r, FETCH_FINE, "");
}

static void only_status_200_counts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"/401", FETCH_STATUS, "401 Unauthorized: does the URL need credentials?"},
        {"/403", FETCH_STATUS, "403 Forbidden: does the URL need credentials?"},
        {"/404", FETCH_STATUS, "404 Not Found"},
        {"/endless-404", FETCH_STATUS, "404 Not Found"},
        {"/500", FETCH_STATUS, "500"},
        {"/204", FETCH_STATUS, "204"},
        {"/206", FETCH_STATUS, "206"},
        {"/304", FETCH_STATUS, "304"},
        {"/302-nowhere", FETCH_STATUS, "302"},
        {"/fine", FETCH_FINE, ""},
    };
    for
        EACH(rows)
    expect(server, rows[i].what, rows[i].outcome, rows[i].reason);
}

static void says_what_is_wrong_with_an_answer(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"/html", FETCH_WRONG_TYPE, "it is HTML, not a specification: does the URL need credentials?"},
        {"/empty", FETCH_WRONG_TYPE, "it is empty"},
        {"/short", FETCH_UNREACHABLE, "the download from 127.0.0.1 failed: "},
        {"/nothing", FETCH_UNREACHABLE, "the download from 127.0.0.1 failed: "},
        {"/garbage", FETCH_UNREACHABLE, "the download from 127.0.0.1 failed: "},
        {"/damaged", FETCH_UNREACHABLE, "the compression of the answer is damaged"},
        {"/not-gzip", FETCH_UNREACHABLE, "the compression of the answer is damaged"},
        {"/unknown-coding", FETCH_UNREACHABLE, "the compression of the answer is damaged"},
    };
    for
        EACH(rows)
    expect(server, rows[i].what, rows[i].outcome, rows[i].reason);
}

static void stops_at_the_limit_of_decoded_bytes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"/large", FETCH_TOO_LARGE, "larger than 65536 bytes (registry.specification_bytes)"},
        {"/endless", FETCH_TOO_LARGE, "larger than 65536 bytes"},
        {"/bomb", FETCH_TOO_LARGE, "larger than 65536 bytes"},
        {"/endless-header", FETCH_TOO_LARGE, "the header of the answer is larger than 256 KiB"},
        {"/endless-interim", FETCH_TOO_LARGE, "the header of the answer is larger than 256 KiB"},
    };
    for
        EACH(rows)
    expect(server, rows[i].what, rows[i].outcome, rows[i].reason);
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    struct fetch_request r = job_of(url_to(server, "/fine", url));
    r.document_max = sizeof PETSTORE - 1;
    expect_of(&policy, &r, FETCH_FINE, "");
    r.document_max--;
    expect_of(&policy, &r, FETCH_TOO_LARGE, "larger than 18 bytes");
}

static void gives_up_at_the_deadline(void **state)
{
    (void)state;
    static const char *const slow[] = {"/silent", "/drip"};
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    for
        EACH(slow)
        {
            int64_t before = clock_monotonic_ms();
            struct fetch_request r = job_of(url_to(server, slow[i], url));
            r.timeout_ms = 400;
            expect_of(&policy, &r, FETCH_TIMEOUT, "timed out after 400 ms");
            assert_true(clock_monotonic_ms() - before < PATIENT_MS);
        }
}

/* Too long for a label (RFC 1035 2.3.4): the resolver refuses it without asking a server, which may be slow
 * or absent. */
#define LONG_LABEL "a123456789b123456789c123456789d123456789e123456789f123456789g1234"

static void says_who_cannot_be_reached(void **state)
{
    (void)state;
    struct peer *gone = peer_start(answer, NULL);
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    (void)url_to(gone, "/fine?token=geheim", url);
    peer_stop(gone);
    struct fetch_request r = job_of(url);
    expect_of(&policy, &r, FETCH_UNREACHABLE, "cannot connect to 127.0.0.1: Connection refused");
    r = job_of("http://user:pass-word@" LONG_LABEL ".invalid/spec");
    expect_of(&policy, &r, FETCH_UNREACHABLE, "the host name " LONG_LABEL ".invalid cannot be resolved");
}

static void takes_every_framing_and_encoding(void **state)
{
    (void)state;
    static const char *const paths[] = {"/fine", "/chunked", "/until-close", "/mark", "/gzip"};
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    for
        EACH(paths)
        {
            struct fetch_answer a;
            struct fetch_request r = job_of(url_to(server, paths[i], url));
            r.claim = TEXT("OpenApi");
            fetch_do(&policy, &r, &a);
            if (a.outcome != FETCH_FINE)
                fail_msg("%s: %s", paths[i], a.reason);
            assert_int_equal(a.format, FETCH_FORMAT_JSON);
            assert_text(buffer_as_text(&a.document), PETSTORE); /* the mark is gone */
            fetch_answer_release(&a);
        }
}

static void sends_what_is_registered_and_keeps_its_own(void **state)
{
    (void)state;
    static const struct fetch_field headers[] = {
        {TEXT_INIT("X-Key"), TEXT_INIT("one")},
        {TEXT_INIT("x-key"), TEXT_INIT("two")},
        {TEXT_INIT("X-Empty"), TEXT_INIT("")},
        {TEXT_INIT("Accept"), TEXT_INIT("application/json")},
        {TEXT_INIT("HOST"), TEXT_INIT("evil")},
        {TEXT_INIT("user-agent"), TEXT_INIT("evil")},
        {TEXT_INIT("Accept-Encoding"), TEXT_INIT("evil")},
        {TEXT_INIT("Transfer-Encoding"), TEXT_INIT("evil")},
        {TEXT_INIT("Content-Length"), TEXT_INIT("666")},
        {TEXT_INIT("Connection"), TEXT_INIT("evil")},
        {TEXT_INIT("authorization"), TEXT_INIT("evil")},
    };
    static const struct fetch_field query[] = {
        {TEXT_INIT("a"), TEXT_INIT("evil")},      {TEXT_INIT("b c"), TEXT_INIT("evil")},
        {TEXT_INIT("new"), TEXT_INIT("x&y=z #")}, {TEXT_INIT("new"), TEXT_INIT("\xc3\xa4")},
        {TEXT_INIT("A"), TEXT_INIT("")},
    };
    struct fetch_policy policy;
    char url[512], got[PAGE_MAX];
    policy_default(&policy);
    struct fetch_request r = job_of(url_to(server, "/fine?a=1&b+c=%32#part", url));
    r.headers = headers;
    r.header_count = sizeof headers / sizeof headers[0];
    r.query = query;
    r.query_count = sizeof query / sizeof query[0];
    r.authentication = FETCH_BASIC;
    r.user = TEXT("Aladdin");
    r.password = TEXT("open sesame");
    expect_of(&policy, &r, FETCH_FINE, "");
    peer_request(server, got, sizeof got);
    static const char *const wanted[] = {
        "GET /fine?a=1&b+c=%32&new=x%26y%3dz%20%23&new=%c3%a4&A= HTTP/1.1\r\n",
        "\r\nUser-Agent: fairlead/" FAIRLEAD_VERSION "\r\n",
        "\r\nAccept-Encoding: gzip, deflate\r\n",
        "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n",
        "\r\nX-Key: one\r\n",
        "\r\nx-key: two\r\n",
        "\r\nX-Empty:\r\n",
        "\r\nAccept: application/json\r\n",
        "\r\nHost: 127.0.0.1:",
    };
    for
        EACH(wanted)
        {
            if (!strstr(got, wanted[i]))
                fail_msg("'%s' is not in '%s'", wanted[i], got);
        }
    assert_null(strstr(got, "evil"));
    assert_null(strstr(got, "666"));
    assert_null(strstr(got, "#part"));
}

static void a_registered_authorization_is_sent_when_there_is_no_other(void **state)
{
    (void)state;
    static const struct fetch_field header = {TEXT_INIT("Authorization"), TEXT_INIT("Bearer x")};
    struct fetch_policy policy;
    char url[512], got[PAGE_MAX];
    policy_default(&policy);
    struct fetch_request r = job_of(url_to(server, "/fine", url));
    r.headers = &header;
    r.header_count = 1;
    expect_of(&policy, &r, FETCH_FINE, "");
    assert_non_null(strstr(peer_request(server, got, sizeof got), "\r\nAuthorization: Bearer x\r\n"));
}

static void refuses_headers_that_would_be_more_than_one(void **state)
{
    (void)state;
    static const struct fetch_field bad[] = {
        {TEXT_INIT("X-A"), TEXT_INIT("b\r\nX-Evil: c")},
        {TEXT_INIT("X-A"), TEXT_INIT("b\nc")},
        {TEXT_INIT("X-A"), TEXT_INIT("b\0c")},
        {TEXT_INIT("X-A: b\r\nX-Evil"), TEXT_INIT("c")},
        {TEXT_INIT("X A"), TEXT_INIT("b")},
        {TEXT_INIT(""), TEXT_INIT("b")},
        {TEXT_INIT("X:"), TEXT_INIT("b")},
    };
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    unsigned before = peer_count(server);
    for
        EACH(bad)
        {
            struct fetch_request r = job_of(url_to(server, "/fine", url));
            r.headers = &bad[i];
            r.header_count = 1;
            expect_of(&policy, &r, FETCH_REFUSED, "cannot be sent");
        }
    assert_int_equal(peer_count(server), before);
}

static void user_info_is_basic_authentication_and_never_shown(void **state)
{
    (void)state;
    struct fetch_policy policy;
    char url[512], got[PAGE_MAX];
    policy_default(&policy);
    (void)snprintf(url, sizeof url, "http://Aladdin:open%%20sesame@127.0.0.1:%u/fine", peer_port(server));
    struct fetch_request r = job_of(url);
    expect_of(&policy, &r, FETCH_FINE, "");
    peer_request(server, got, sizeof got);
    assert_non_null(strstr(got, "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    r.authentication = FETCH_BASIC;
    r.user = TEXT("other");
    expect_of(&policy, &r, FETCH_FINE, "");
    assert_non_null(strstr(peer_request(server, got, sizeof got), "\r\nAuthorization: Basic b3RoZXI6\r\n"));
    static const char *const failing[] = {"/404", "/short", "/html", "/large"};
    for
        EACH(failing)
        {
            struct fetch_answer a;
            (void)snprintf(url, sizeof url, "http://Aladdin:sesame@127.0.0.1:%u%s", peer_port(server),
                           failing[i]);
            r = job_of(url);
            fetch_do(&policy, &r, &a);
            assert_null(strstr(a.reason, "sesame"));
            assert_null(strstr(a.reason, "Aladdin"));
        }
}

static void the_environment_gives_no_proxy(void **state)
{
    (void)state;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1/", 1), 0);
    assert_int_equal(setenv("ALL_PROXY", "http://127.0.0.1:1/", 1), 0);
    expect(server, "/fine", FETCH_FINE, "");
    assert_int_equal(unsetenv("http_proxy"), 0);
    assert_int_equal(unsetenv("ALL_PROXY"), 0);
}

/* The proxy is not there: whoever asks it fails. */
static void what_no_proxy_holds_is_reached_at_that_address_alone(void **state)
{
    (void)state;
    static char network[] = "127.0.0.0/8";
    static char *no_proxy[] = {network};
    struct fetch_policy policy;
    char text[512];
    policy_default(&policy);
    policy.proxy = (struct proxy_rules){
        .place = TEXT("127.0.0.1:1"), .host = TEXT("127.0.0.1"), .port = 1, .no_proxy = {no_proxy, 1}};
    (void)snprintf(text, sizeof text, "http://localhost:%u/fine", peer_port(server));
    const struct fetch_request r = job_of(text);
    expect_of(&policy, &r, FETCH_FINE, "");
    OWNED(url_release) struct url url = {0};
    struct fetch_answer answer = {.outcome = FETCH_FINE};
    struct exchange x = {.policy = &policy, .guard = &policy.guard, .url = &url, .answer = &answer};
    assert_true(fetch_url_parse(text_of(text), NULL, &url, &answer));
    assert_true(exchange_find_way(&x));
    assert_false(x.way.by_proxy);
    assert_string_equal(x.way.target, "127.0.0.1");
    policy.proxy.no_proxy.count = 0;
    assert_true(exchange_find_way(&x));
    assert_true(x.way.by_proxy);
    assert_string_equal(x.way.target, "127.0.0.1");
    expect_of(&policy, &r, FETCH_UNREACHABLE, "outbound.proxy");
    policy.proxy.place = TEXT("");
    assert_true(exchange_find_way(&x));
    assert_false(x.way.by_proxy);
    assert_string_equal(x.way.target, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_urls_and_addresses_it_does_not_go_to),
        cmocka_unit_test(refuses_its_own_listeners),
        cmocka_unit_test(refuses_headers_that_would_be_more_than_one),
        cmocka_unit_test(only_status_200_counts),
        cmocka_unit_test(says_what_is_wrong_with_an_answer),
        cmocka_unit_test(stops_at_the_limit_of_decoded_bytes),
        cmocka_unit_test(gives_up_at_the_deadline),
        cmocka_unit_test(says_who_cannot_be_reached),
        cmocka_unit_test(takes_every_framing_and_encoding),
        cmocka_unit_test(sends_what_is_registered_and_keeps_its_own),
        cmocka_unit_test(a_registered_authorization_is_sent_when_there_is_no_other),
        cmocka_unit_test(user_info_is_basic_authentication_and_never_shown),
        cmocka_unit_test(the_environment_gives_no_proxy),
        cmocka_unit_test(what_no_proxy_holds_is_reached_at_that_address_alone),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
