/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/call.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "fake_control.h"

/* `fairlead call` between a control socket and a proxy listener that a test wrote down. */

#define ID        "3bb33152-1bdb-4d68-b267-3fd239633d7b"
#define WORDS_MAX 16
#define HEARD_MAX 65536
#define SHOWN_MAX 4096

static const char *const silent[] = {NULL};

/* ---- a proxy listener that answers one connection ---- */

struct fake_proxy {
    int listening;
    const char *answer; /* raw */
    struct buffer heard;
    char status[256]; /* what the control socket says: where this listens */
    pthread_t thread;
};

static size_t missing(struct text heard)
{
    const char *end = heard.p ? memmem(heard.p, heard.n, "\r\n\r\n", 4) : NULL;
    if (!end)
        return SIZE_MAX;
    const size_t head = (size_t)(end - heard.p) + 4;
    const char *length = memmem(heard.p, head, "Content-Length: ", 16);
    return head + (length ? strtoul(length + 16, NULL, 10) : 0) - heard.n;
}

static void *serve(void *self)
{
    struct fake_proxy *p = self;
    char chunk[4096];
    const int fd = accept(p->listening, NULL, NULL);
    if (fd < 0)
        return NULL;
    while (missing(buffer_as_text(&p->heard)) > 0) {
        const ssize_t n = read(fd, chunk, sizeof chunk);
        if (n <= 0)
            break;
        buffer_append(&p->heard, (struct bytes){(uint8_t *)chunk, (size_t)n});
    }
    const size_t size = strlen(p->answer);
    assert_true(size == 0 || send(fd, p->answer, size, MSG_NOSIGNAL) == (ssize_t)size);
    close(fd);
    return NULL;
}

static void proxy_start(struct fake_proxy *p, const char *answer)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    *p = (struct fake_proxy){.answer = answer};
    buffer_init(&p->heard, HEARD_MAX);
    p->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->listening, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(p->listening, 1), 0);
    assert_int_equal(getsockname(p->listening, (struct sockaddr *)&a, &size), 0);
    snprintf(p->status, sizeof p->status,
             "200 {\"listeners\":[{\"name\":\"internal\",\"address\":\"127.0.0.1:1\"},"
             "{\"name\":\"proxy\",\"address\":\"127.0.0.1:%u\"}]}",
             ntohs(a.sin_port));
    assert_int_equal(pthread_create(&p->thread, NULL, serve, p), 0);
}

static void proxy_stop(struct fake_proxy *p)
{
    shutdown(p->listening, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->listening);
}

/* ---- what a person would see ---- */

struct seen {
    struct status status;
    struct error err;
    int exit_status;
    struct text shown; /* standard output */
    char bytes[SHOWN_MAX];
};

/* Runs the command with standard output in a file: bodies are written as they come. */
static void see(struct fake_control *f, const char *const *answers, const char *const *words,
                struct seen *out)
{
    char path[] = "/tmp/fairlead-cli-call-XXXXXX";
    struct cli c;
    const int file = mkstemp(path), saved = dup(STDOUT_FILENO);
    assert_true(file >= 0 && saved >= 0);
    unlink(path);
    fflush(stdout);
    assert_true(dup2(file, STDOUT_FILENO) >= 0);
    out->status = fake_run(f, answers, &c, words, &out->err);
    const struct status flushed = cli_flush(&c, NULL);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    close(saved);
    assert_ok(flushed);
    const ssize_t n = pread(file, out->bytes, SHOWN_MAX, 0);
    assert_true(n >= 0 && n < SHOWN_MAX);
    close(file);
    out->shown = (struct text){out->bytes, (size_t)n};
    out->exit_status = c.exit_status;
    cli_ended(&c);
}

static bool contains(struct text t, const char *what)
{
    return t.p && memmem(t.p, t.n, what, strlen(what)) != NULL;
}

static void assert_contains(struct text t, const char *what)
{
    if (!contains(t, what))
        fail_msg("no '%s' in: %.*s", what, TEXT_ARG(t));
}

/* ---- refusals ---- */

static void wrong_usage_says_what_is_right_and_asks_nobody(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS_MAX];
        const char *message;
    } rows[] = {
        {{"call", "shop"}, "needs APP SERVICE [PATH]"},
        {{"call", "shop", "orders", "-X", "get"}, "-X takes GET"},
        {{"call", "shop", "orders", "-X", "TRACE"}, "-X takes GET"},
        {{"call", "shop", "orders", "-H", "no colon"}, "-H takes 'Name: value'"},
        {{"call", "shop", "orders", "-H", "a name: x"}, "-H takes 'Name: value'"},
        {{"call", "shop", "orders", "-H", "Host: x"}, "Host says how the request is sent"},
        {{"call", "shop", "orders", "-H", "content-length: 5"}, "content-length says how"},
        {{"call", "shop", "orders", "--max-time", "30"}, "--max-time takes a duration"},
        {{"call", "shop", "orders", "--max-time", "0s"}, "--max-time takes a duration"},
        {{"call", "shop", "orders", "--explain", "-i"}, "leave out -i"},
        {{"call", "shop", "orders", "-o", "json"}, "-o goes with --explain"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake_control f;
        struct cli c;
        struct error err;
        assert_status(fake_run(&f, silent, &c, rows[i].words, &err), E_INVALID);
        assert_contains(text_of(err.message), rows[i].message);
        assert_int_equal(f.count, 0);
        cli_ended(&c);
        fake_release(&f);
    }
}

static void a_server_without_the_listener_says_which_setting(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "200 {\"listeners\":[{\"name\":\"internal\",\"address\":\"127.0.0.1:1\"}]}", NULL};
    struct fake_control f;
    struct seen seen;
    const char *const words[] = {"call", "shop", "orders", NULL};
    see(&f, answers, words, &seen);
    assert_status(seen.status, E_UNAVAILABLE);
    assert_contains(text_of(seen.err.message), "set listen.proxy");
    fake_release(&f);
}

static void what_breaks_a_request_is_not_sent(void **state)
{
    (void)state;
    static const char *const paths[] = {"/a b", "/a\r\nX: y", "/\xc3\xbc"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct fake_control f;
        struct fake_proxy p;
        struct seen seen;
        proxy_start(&p, "");
        const char *const answers[] = {p.status, NULL};
        const char *const words[] = {"call", "shop", "orders", paths[i], NULL};
        see(&f, answers, words, &seen);
        proxy_stop(&p);
        assert_status(seen.status, E_INVALID);
        assert_contains(text_of(seen.err.message), "percent-encoding");
        assert_int_equal(buffer_size(&p.heard), 0);
        buffer_release(&p.heard);
        fake_release(&f);
    }
}

static void answers_that_are_none_or_cut_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *message;
        enum code code;
    } rows[] = {
        {"", "closed the connection without an answer", E_UNAVAILABLE},
        {"220 mail ready\r\n\r\n", "not valid HTTP", E_UPSTREAM},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "cut short", E_UPSTREAM},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 8\r\n\r\n", "not valid HTTP", E_UPSTREAM},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake_control f;
        struct fake_proxy p;
        struct seen seen;
        proxy_start(&p, rows[i].answer);
        const char *const answers[] = {p.status, NULL};
        const char *const words[] = {"call", "shop", "orders", NULL};
        see(&f, answers, words, &seen);
        proxy_stop(&p);
        assert_status(seen.status, rows[i].code);
        assert_contains(text_of(seen.err.message), rows[i].message);
        buffer_release(&p.heard);
        fake_release(&f);
    }
}

#define OWN(status, body)                                                                                    \
    "HTTP/1.1 " status " X\r\nContent-Type: application/json;charset=UTF-8\r\nConnection: "                  \
    "close\r\n\r\n" body

static void an_error_of_the_gateway_names_the_next_step(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *message;
        enum code code;
    } rows[] = {
        {OWN("404", "{\"code\":404,\"error\":\"service with name orders not found\"}\n"),
         "service with name orders not found: `fairlead service list shop` shows", E_NOT_FOUND},
        {OWN("400", "{\"code\":400,\"error\":\"multiple services found\"}\n"), "multiple services found",
         E_INVALID},
        {OWN("502", "{\"code\":502,\"error\":\"connect: refused\"}\n"),
         "connect: refused: `fairlead call --explain shop orders` shows", E_UPSTREAM},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake_control f;
        struct fake_proxy p;
        struct seen seen;
        proxy_start(&p, rows[i].answer);
        const char *const answers[] = {p.status, NULL};
        const char *const words[] = {"call", "shop", "orders", "/x", NULL};
        see(&f, answers, words, &seen);
        proxy_stop(&p);
        assert_status(seen.status, rows[i].code);
        assert_contains(text_of(seen.err.message), rows[i].message);
        assert_int_equal(seen.shown.n, 0);
        buffer_release(&p.heard);
        fake_release(&f);
    }
}

/* ---- calls ---- */

static void an_error_of_the_target_is_printed_and_exits_with_one(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: "
        "12\r\n\r\n{\"code\":404}",
        OWN("404", "{\"code\":404}"),
        OWN("404", "{\"code\":500,\"error\":\"x\"}"),
        OWN("404", "no JSON"),
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct fake_control f;
        struct fake_proxy p;
        struct seen seen;
        proxy_start(&p, bodies[i]);
        const char *const answers[] = {p.status, NULL};
        const char *const words[] = {"call", "shop", "orders", NULL};
        see(&f, answers, words, &seen);
        proxy_stop(&p);
        assert_ok(seen.status);
        assert_int_equal(seen.exit_status, EXIT_STATUS_ERROR);
        assert_true(text_ends_with(text_of(bodies[i]), seen.shown) && seen.shown.n > 0);
        buffer_release(&p.heard);
        fake_release(&f);
    }
}

static void the_request_is_what_was_asked_for(void **state)
{
    (void)state;
    struct fake_control f;
    struct fake_proxy p;
    struct seen seen;
    proxy_start(&p, "HTTP/1.1 201 Created\r\nX-A: 1\r\nX-A: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "3\r\none\r\n4\r\ntwo\n\r\n0\r\n\r\n");
    const char *const answers[] = {p.status, NULL};
    const char *const words[] = {"call",      "my shop", ID,       "a?b=%20", "--body",
                                 "{\"n\":1}", "-H",      "X-B: 3", "-i",      NULL};
    see(&f, answers, words, &seen);
    proxy_stop(&p);
    assert_ok(seen.status);
    assert_int_equal(seen.exit_status, 0);
    assert_text(seen.shown, "HTTP/1.1 201 Created\nX-A: 1\nX-A: 2\nTransfer-Encoding: chunked\n\nonetwo\n");
    const struct text heard = buffer_as_text(&p.heard);
    assert_contains(heard, "POST /my%20shop/" ID "/a?b=%20 HTTP/1.1\r\nHost: 127.0.0.1:");
    assert_contains(heard, "\r\nX-B: 3\r\n");
    assert_contains(heard, "\r\nContent-Type: application/json\r\n");
    assert_contains(heard, "\r\nConnection: close\r\n");
    assert_contains(heard, "\r\nContent-Length: 7\r\n\r\n{\"n\":1}");
    buffer_release(&p.heard);
    fake_release(&f);
}

#define ROW(id, name) "{\"id\":\"" id "\",\"name\":\"" name "\"}"

static void a_name_that_paths_do_not_take_is_looked_up(void **state)
{
    (void)state;
    static const struct {
        const char *pages[3]; /* of services */
        const char *message;  /* NULL: it is called */
    } rows[] = {
        {{"200 {\"services\":[" ROW("wrong", "My Orders 2") "],\"next\":\"c1\"}",
          "200 {\"services\":[" ROW(ID, "My Orders") "],\"next\":null}"},
         NULL},
        {{"200 {\"services\":[],\"next\":null}"}, "shop has no service named 'My Orders'"},
        {{"200 {\"services\":[" ROW(ID, "My Orders") "," ROW("b", "My Orders") "],\"next\":null}"},
         "several services named 'My Orders'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake_control f;
        struct fake_proxy p;
        struct seen seen;
        proxy_start(&p, "HTTP/1.1 204 No Content\r\n\r\n");
        const char *const answers[] = {p.status, rows[i].pages[0], rows[i].pages[1], NULL};
        const char *const words[] = {"call", "shop", "My Orders", NULL};
        see(&f, answers, words, &seen);
        proxy_stop(&p);
        assert_contains(fake_head(&f, 1), "/services?limit=200&name=My%20Orders HTTP/1.1");
        if (rows[i].message) {
            assert_contains(text_of(seen.err.message), rows[i].message);
            assert_int_equal(buffer_size(&p.heard), 0);
        } else {
            assert_ok(seen.status);
            assert_contains(buffer_as_text(&p.heard), "GET /shop/" ID " HTTP/1.1\r\n");
        }
        buffer_release(&p.heard);
        fake_release(&f);
    }
}

static const char route[] =
    "200 {\"id\":\"" ID "\",\"name\":\"Orders\",\"target\":\"https://h/v1\",\"addresses\":[\"10.0.0.1\"],"
    "\"strategy\":\"oauth\",\"authorization\":\"Bearer\",\"csrf\":true,\"headers\":[\"X-A\",\"X-B\"],"
    "\"queryParameters\":[],\"clientCertificate\":{\"subject\":\"CN=x\",\"notAfter\":"
    "\"2020-02-01T00:00:00Z\"},\"tokenUntil\":null,\"refusal\":null,\"warnings\":[\"one\",\"two\"]}";

static void an_explanation_shows_the_way_and_counts_the_body(void **state)
{
    (void)state;
    struct fake_control f;
    struct fake_proxy p;
    struct seen seen;
    proxy_start(&p, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
    const char *const answers[] = {p.status, route, NULL};
    const char *const words[] = {"call", "shop", "orders", "--explain", NULL};
    see(&f, answers, words, &seen);
    proxy_stop(&p);
    assert_ok(seen.status);
    assert_contains(fake_head(&f, 1), "GET /api/v1/applications/shop/services/orders/route HTTP/1.1");
    assert_contains(seen.shown, "Service:            " ID "\n"
                                "Name:               Orders\n"
                                "Target:             https://h/v1\n"
                                "Addresses:          10.0.0.1\n"
                                "Credentials:        oauth (Authorization: Bearer ...)\n"
                                "Certificate:        CN=x\n"
                                "Certificate until:  2020-02-01T00:00:00Z (over)\n"
                                "CSRF token:         fetched and added\n"
                                "Headers added:      X-A, X-B\n"
                                "Warning:            one\n"
                                "Warning:            two\n"
                                "Called:             GET http://127.0.0.1:");
    assert_contains(seen.shown, "/shop/orders\nAnswer:             200 OK, 6 bytes\n");
    assert_false(contains(seen.shown, "secret"));
    buffer_release(&p.heard);
    fake_release(&f);
}

static void an_explanation_is_given_of_a_call_that_fails(void **state)
{
    (void)state;
    struct fake_control f;
    struct fake_proxy p;
    struct seen seen;
    proxy_start(&p, OWN("502", "{\"code\":502,\"error\":\"h: no such host\"}\n"));
    const char *const answers[] = {
        p.status, "200 {\"refusal\":{\"status\":502,\"message\":\"h: no such host\"},\"warnings\":[]}", NULL};
    const char *const words[] = {"call", "shop", "orders", "--explain", "-o", "json", NULL};
    see(&f, answers, words, &seen);
    proxy_stop(&p);
    assert_status(seen.status, E_UPSTREAM);
    assert_contains(seen.shown, "{\"route\":{\"refusal\":{\"status\":502,");
    assert_contains(seen.shown, "\"status\":502,\"bytes\":39,\"answeredBy\":\"gateway\",");
    buffer_release(&p.heard);
    fake_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_usage_says_what_is_right_and_asks_nobody),
        cmocka_unit_test(a_server_without_the_listener_says_which_setting),
        cmocka_unit_test(what_breaks_a_request_is_not_sent),
        cmocka_unit_test(answers_that_are_none_or_cut_are_errors),
        cmocka_unit_test(an_error_of_the_gateway_names_the_next_step),
        cmocka_unit_test(an_error_of_the_target_is_printed_and_exits_with_one),
        cmocka_unit_test(the_request_is_what_was_asked_for),
        cmocka_unit_test(a_name_that_paths_do_not_take_is_looked_up),
        cmocka_unit_test(an_explanation_shows_the_way_and_counts_the_body),
        cmocka_unit_test(an_explanation_is_given_of_a_call_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
