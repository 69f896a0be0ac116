/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_client.h"

#include "check.h"

struct caller {
    struct h1_client *client;
    struct buffer seen;
    bool reset_at_end;
};

static void on_interim(void *owner, const struct response *head)
{
    struct caller *c = owner;
    buffer_printf(&c->seen, "interim %d\n", head->status);
}

static void on_head(void *owner, const struct response *head)
{
    struct caller *c = owner;
    buffer_printf(&c->seen, "head %d", head->status);
    if (head->body == BODY_SIZED)
        buffer_printf(&c->seen, " sized %llu", (unsigned long long)head->content_length);
    if (head->body == BODY_STREAM)
        buffer_printf(&c->seen, " stream");
    const struct text x = headers_get(&head->headers, TEXT("X"));
    if (x.p)
        buffer_printf(&c->seen, " x=%.*s", TEXT_ARG(x));
    buffer_cstr(&c->seen, "\nbody ");
}

static void on_body(void *owner, struct bytes chunk)
{
    struct caller *c = owner;
    buffer_append(&c->seen, chunk);
}

static void on_end(void *owner)
{
    struct caller *c = owner;
    const struct headers *trailers = h1_client_trailers(c->client);
    for (size_t i = 0; i < trailers->count; i++)
        buffer_printf(&c->seen, "\ntrailer %.*s=%.*s", TEXT_ARG(trailers->list[i].name),
                      TEXT_ARG(trailers->list[i].value));
    buffer_cstr(&c->seen, h1_client_reusable(c->client) ? "\nend, reusable\n" : "\nend\n");
    if (c->reset_at_end)
        h1_client_reset(c->client, HTTP_GET);
}

static const struct h1_client_events events = {on_interim, on_head, on_body, on_end};

static void caller_init(struct caller *c, enum http_method method, bool trusted)
{
    *c = (struct caller){0};
    buffer_init(&c->seen, 65536);
    c->client = h1_client_new(&events, c, trusted);
    if (c->client)
        h1_client_reset(c->client, method);
}

static void caller_release(struct caller *c)
{
    h1_client_free(c->client);
    buffer_release(&c->seen);
}

/* Feeds in pieces of `piece` bytes until refused or ended; *out_used is what was consumed. */
static struct status feed_pieces(struct caller *c, struct text all, size_t piece, size_t *out_used)
{
    struct status s = DONE;
    *out_used = 0;
    while (*out_used < all.n && status_ok(s)) {
        const struct text part = text_first(text_from(all, *out_used), piece);
        size_t used = 0;
        s = h1_client_feed(c->client, text_bytes(part), &used);
        *out_used += used;
        if (used < part.n)
            break;
    }
    return s;
}

struct answer_case {
    const char *name;
    enum http_method method;
    struct text bytes;
    bool then_closed;
    enum code code;
    const char *seen;
};

#define OK "HTTP/1.1 200 OK\r\n"

static const struct answer_case refused[] = {
    {"CL and TE", HTTP_GET, TEXT_INIT(OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     false, E_INVALID, ""},
    {"two CL", HTTP_GET, TEXT_INIT(OK "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), false, E_INVALID,
     ""},
    {"CL list", HTTP_GET, TEXT_INIT(OK "Content-Length: 3, 3\r\n\r\nabc"), false, E_INVALID, ""},
    {"TE gzip", HTTP_GET, TEXT_INIT(OK "Transfer-Encoding: gzip\r\n\r\n"), false, E_INVALID, ""},
    {"TE gzip, chunked", HTTP_GET, TEXT_INIT(OK "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), false,
     E_INVALID, ""},
    {"TE in 1.0", HTTP_GET, TEXT_INIT("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     false, E_INVALID, ""},
    {"204 with a body", HTTP_GET, TEXT_INIT("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc"), false,
     E_INVALID, ""},
    {"204 chunked", HTTP_GET,
     TEXT_INIT("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), false, E_INVALID,
     ""},
    {"100 with a body", HTTP_GET, TEXT_INIT("HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\nabc"), false,
     E_INVALID, ""},
    {"bare LF", HTTP_GET, TEXT_INIT("HTTP/1.1 200 OK\nContent-Length: 0\n\n"), false, E_INVALID, ""},
    {"splitting by bare CR", HTTP_GET, TEXT_INIT(OK "X: a\rContent-Length: 0\r\n\r\n"), false, E_INVALID, ""},
    {"NUL in a value", HTTP_GET, TEXT_INIT(OK "X: \0\r\n\r\n"), false, E_INVALID, ""},
    {"obs-fold", HTTP_GET, TEXT_INIT(OK "X: a\r\n b\r\n\r\n"), false, E_INVALID, ""},
    {"blank before colon", HTTP_GET, TEXT_INIT(OK "Content-Length : 0\r\n\r\n"), false, E_INVALID, ""},
    {"HTTP/2.0", HTTP_GET, TEXT_INIT("HTTP/2.0 200 OK\r\n\r\n"), false, E_INVALID, ""},
    {"ICY", HTTP_GET, TEXT_INIT("ICY 200 OK\r\n\r\n"), false, E_INVALID, ""},
    {"status 99", HTTP_GET, TEXT_INIT("HTTP/1.1 099 X\r\n\r\n"), false, E_INVALID, ""},
    {"status 600", HTTP_GET, TEXT_INIT("HTTP/1.1 600 X\r\n\r\n"), false, E_INVALID, ""},
    {"status of two digits", HTTP_GET, TEXT_INIT("HTTP/1.1 20 OK\r\n\r\n"), false, E_INVALID, ""},
    {"status of four digits", HTTP_GET, TEXT_INIT("HTTP/1.1 2000 OK\r\n\r\n"), false, E_INVALID, ""},
    {"two spaces", HTTP_GET, TEXT_INIT("HTTP/1.1  200 OK\r\n\r\n"), false, E_INVALID, ""},
    {"an empty line first", HTTP_GET, TEXT_INIT("\r\n" OK "Content-Length: 0\r\n\r\n"), false, E_INVALID, ""},
    {"a request", HTTP_GET, TEXT_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), false, E_INVALID, ""},
    {"a banner whose line has not ended", HTTP_GET, TEXT_INIT("220 mail"), false, E_INVALID, ""},
    {"the first byte of a TLS record", HTTP_GET, TEXT_INIT("\x15"), false, E_INVALID, ""},
    {"33 connection options", HTTP_GET,
     TEXT_INIT(OK "Connection: ,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\r\nContent-Length: 0\r\n\r\n"), false,
     E_INVALID, ""},
    {"nine interim answers", HTTP_GET,
     TEXT_INIT("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 "
               "C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
               "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"),
     false, E_INVALID,
     "interim 100\ninterim 100\ninterim 100\ninterim 100\ninterim 100\ninterim 100\ninterim 100\ninterim "
     "100\n"},
    {"cut in the head", HTTP_GET, TEXT_INIT("HTTP/1.1 200 OK\r\nX: a"), true, E_INVALID, ""},
    {"cut before the head", HTTP_GET, TEXT_INIT(""), true, E_INVALID, ""},
    {"cut after an interim answer", HTTP_GET, TEXT_INIT("HTTP/1.1 100 Continue\r\n\r\n"), true, E_INVALID,
     "interim 100\n"},
    {"cut in a sized body", HTTP_GET, TEXT_INIT(OK "Content-Length: 4\r\n\r\nabc"), true, E_INVALID,
     "head 200 sized 4\nbody abc"},
    {"cut in a chunk", HTTP_GET, TEXT_INIT(OK "Transfer-Encoding: chunked\r\n\r\n4\r\nabc"), true, E_INVALID,
     "head 200 stream\nbody abc"},
    {"cut between chunks", HTTP_GET, TEXT_INIT(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), true,
     E_INVALID, "head 200 stream\nbody abc"},
    {"cut in the trailer", HTTP_GET, TEXT_INIT(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"),
     true, E_INVALID, "head 200 stream\nbody abc"},
    {"a broken chunk", HTTP_GET, TEXT_INIT(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"),
     false, E_INVALID, "head 200 stream\nbody abc"},
    {"a forbidden trailer", HTTP_GET,
     TEXT_INIT(OK "Transfer-Encoding: chunked\r\n\r\n0\r\nSet-Cookie: a=b\r\n\r\n"), false, E_INVALID,
     "head 200 stream\nbody "},
};

static const struct answer_case accepted[] = {
    {"sized", HTTP_GET, TEXT_INIT(OK "X: y\r\nContent-Length: 3\r\n\r\nabc"), false, E_OK,
     "head 200 sized 3 x=y\nbody abc\nend, reusable\n"},
    {"empty", HTTP_GET, TEXT_INIT(OK "Content-Length: 0\r\n\r\n"), false, E_OK,
     "head 200 sized 0\nbody \nend, reusable\n"},
    {"chunked", HTTP_GET,
     TEXT_INIT(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x\r\nd\r\n0\r\nX-T: 1\r\n\r\n"), false,
     E_OK, "head 200 stream\nbody abcd\ntrailer X-T=1\nend, reusable\n"},
    {"close", HTTP_GET, TEXT_INIT(OK "Connection: close\r\nContent-Length: 3\r\n\r\nabc"), false, E_OK,
     "head 200 sized 3\nbody abc\nend\n"},
    {"1.0", HTTP_GET, TEXT_INIT("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc"), false, E_OK,
     "head 200 sized 3\nbody abc\nend\n"},
    {"1.0 kept", HTTP_GET,
     TEXT_INIT("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc"), false, E_OK,
     "head 200 sized 3\nbody abc\nend, reusable\n"},
    {"close-delimited", HTTP_GET, TEXT_INIT(OK "\r\nabc"), true, E_OK, "head 200 stream\nbody abc\nend\n"},
    {"HEAD with length", HTTP_HEAD, TEXT_INIT(OK "Content-Length: 3\r\n\r\n"), false, E_OK,
     "head 200 sized 3\nbody \nend, reusable\n"},
    {"HEAD chunked", HTTP_HEAD, TEXT_INIT(OK "Transfer-Encoding: chunked\r\n\r\n"), false, E_OK,
     "head 200\nbody \nend, reusable\n"},
    {"304 with length", HTTP_GET, TEXT_INIT("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n"), false,
     E_OK, "head 304 sized 3\nbody \nend, reusable\n"},
    {"204", HTTP_DELETE, TEXT_INIT("HTTP/1.1 204 No Content\r\n\r\n"), false, E_OK,
     "head 204\nbody \nend, reusable\n"},
    {"204 with length 0", HTTP_DELETE, TEXT_INIT("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"),
     false, E_OK, "head 204\nbody \nend, reusable\n"},
    {"no reason", HTTP_GET, TEXT_INIT("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"), false, E_OK,
     "head 200 sized 0\nbody \nend, reusable\n"},
    {"no space either", HTTP_GET, TEXT_INIT("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), false, E_OK,
     "head 200 sized 0\nbody \nend, reusable\n"},
    {"interim answers", HTTP_POST,
     TEXT_INIT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: a\r\n\r\n" OK
               "Content-Length: 0\r\n\r\n"),
     false, E_OK, "interim 100\ninterim 103\nhead 200 sized 0\nbody \nend, reusable\n"},
    {"an offer to upgrade is no upgrade", HTTP_GET,
     TEXT_INIT(OK "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc"), false, E_OK,
     "head 200 sized 3\nbody abc\nend, reusable\n"},
    {"a tunnel", HTTP_GET,
     TEXT_INIT(
         "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nHTTP/1.1 raw\r\n\r\n"),
     true, E_OK, "head 101\nbody HTTP/1.1 raw\r\n\r\n\nend\n"},
};

static void run_case(const struct answer_case *a, size_t piece, bool trusted)
{
    struct caller c;
    caller_init(&c, a->method, trusted);
    size_t used = 0;
    struct status s = feed_pieces(&c, a->bytes, piece, &used);
    if (a->then_closed && status_ok(s))
        s = h1_client_end_of_input(c.client);
    if (s.code != a->code || !text_equal(buffer_as_text(&c.seen), text_of(a->seen)))
        fail_msg("%s, in pieces of %zu: %s\n%.*s", a->name, piece, code_name(s.code),
                 TEXT_ARG(buffer_as_text(&c.seen)));
    if (a->code == E_OK)
        assert_int_equal(used, a->bytes.n);
    else
        assert_false(h1_client_reusable(c.client));
    caller_release(&c);
}

static void run_cases(const struct answer_case *cases, size_t count, bool trusted)
{
    for (size_t i = 0; i < count; i++)
        for (size_t piece = 1; piece <= cases[i].bytes.n + 1; piece++)
            run_case(&cases[i], piece, trusted);
}

static void refuses_malformed_and_ambiguous_answers(void **state)
{
    (void)state;
    run_cases(refused, sizeof(refused) / sizeof(refused[0]), false);
}

static void understands_answers_in_any_pieces(void **state)
{
    (void)state;
    run_cases(accepted, sizeof(accepted) / sizeof(accepted[0]), false);
}

static void understands_answers_of_a_trusted_peer(void **state)
{
    (void)state;
    run_cases(accepted, sizeof(accepted) / sizeof(accepted[0]), true);
}

static void a_body_where_there_is_none_is_left_over(void **state)
{
    (void)state;
    static const struct {
        enum http_method method;
        const char *bytes;
    } cases[] = {{HTTP_HEAD, OK "Content-Length: 3\r\n\r\nabc"},
                 {HTTP_GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\nabc"},
                 {HTTP_GET, "HTTP/1.1 204 No Content\r\n\r\nabc"},
                 {HTTP_GET, OK "Content-Length: 0\r\n\r\nabc"},
                 {HTTP_GET, OK "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nabc"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct caller c;
        caller_init(&c, cases[i].method, false);
        const struct text all = text_of(cases[i].bytes);
        size_t used = 0;
        assert_ok(h1_client_feed(c.client, text_bytes(all), &used));
        assert_int_equal(used, all.n - 3);
        assert_false(h1_client_reusable(c.client));
        assert_true(text_ends_with(buffer_as_text(&c.seen), TEXT("\nend\n")));
        assert_status(h1_client_feed(c.client, text_bytes(TEXT("abc")), &used), E_INVALID);
        assert_int_equal(used, 0);
        caller_release(&c);
    }
}

static void a_second_answer_is_not_taken_for_the_next(void **state)
{
    (void)state;
    struct caller c;
    caller_init(&c, HTTP_GET, false);
    c.reset_at_end = true;
    const struct text one = TEXT(OK "Content-Length: 1\r\n\r\na");
    size_t used = 0;
    assert_ok(h1_client_feed(
        c.client, text_bytes(TEXT(OK "Content-Length: 1\r\n\r\na" OK "Content-Length: 1\r\n\r\nb")), &used));
    assert_int_equal(used, one.n);
    assert_text(buffer_as_text(&c.seen), "head 200 sized 1\nbody a\nend\n"); /* not reusable */
    assert_false(h1_client_started(c.client));
    caller_release(&c);
}

static void refuses_a_head_without_end(void **state)
{
    (void)state;
    struct caller c;
    caller_init(&c, HTTP_GET, false);
    size_t used = 0;
    assert_ok(h1_client_feed(c.client, text_bytes(TEXT(OK "X: ")), &used));
    char some[1000];
    memset(some, 'x', sizeof(some));
    struct status s = DONE;
    for (int i = 0; i < 40 && status_ok(s); i++)
        s = h1_client_feed(c.client, BYTES_OF(some), &used);
    assert_status(s, E_INVALID);
    caller_release(&c);
}

static void is_used_for_one_answer_after_another(void **state)
{
    (void)state;
    struct caller c;
    caller_init(&c, HTTP_GET, false);
    assert_false(h1_client_started(c.client));
    for (int i = 0; i < 3; i++) {
        size_t used = 0;
        assert_ok(
            feed_pieces(&c, TEXT(OK "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"), 5, &used));
        assert_true(h1_client_started(c.client));
        assert_true(h1_client_reusable(c.client));
        h1_client_reset(c.client, HTTP_GET);
        assert_false(h1_client_reusable(c.client));
    }
    assert_status(h1_client_end_of_input(c.client), E_INVALID);
    caller_release(&c);
}

static struct status whole_answer(void)
{
    struct caller c;
    caller_init(&c, HTTP_GET, false);
    if (!c.client)
        return STATUS(NOMEM);
    size_t used = 0;
    const struct status s = feed_pieces(
        &c,
        TEXT("HTTP/1.1 100 C\r\n\r\n" OK "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: y\r\n\r\n"),
        7, &used);
    caller_release(&c);
    return s;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(whole_answer());
}

static void writes_request_heads(void **state)
{
    (void)state;
    struct header fields[] = {{TEXT("Host"), TEXT("evil")},
                              {TEXT("content-length"), TEXT("7")},
                              {TEXT("Transfer-Encoding"), TEXT("chunked")},
                              {TEXT("Connection"), TEXT("close, X-Hop")},
                              {TEXT("Keep-Alive"), TEXT("1")},
                              {TEXT("x-hop"), TEXT("1")},
                              {TEXT("TE"), TEXT("trailers")},
                              {TEXT("Expect"), TEXT("100-continue")},
                              {TEXT("Upgrade"), TEXT("h2c")},
                              {TEXT("Accept"), TEXT("*/*")}};
    struct header more = {TEXT("X-Extra"), TEXT("1")};
    const struct headers extra = {&more, 1, 1};
    struct request r = {.method = HTTP_PUT,
                        .target = TEXT("/a?b"),
                        .authority = TEXT("h:1"),
                        .headers = {fields, 10, 10},
                        .body = BODY_SIZED,
                        .content_length = 5};
    struct buffer out;
    buffer_init(&out, 4096);
    h1_write_request_head(&out, &r, &extra);
    assert_ok(buffer_status(&out));
    assert_text(buffer_as_text(&out),
                "PUT /a?b HTTP/1.1\r\nHost: h:1\r\nAccept: */*\r\nX-Extra: 1\r\nContent-Length: 5\r\n\r\n");
    buffer_clear(&out);
    r.body = BODY_STREAM;
    h1_write_request_head(&out, &r, NULL);
    h1_write_chunk(&out, text_bytes(TEXT("abc")));
    h1_write_chunk(&out, (struct bytes){NULL, 0});
    h1_write_last_chunk(&out);
    assert_text(buffer_as_text(&out), "PUT /a?b HTTP/1.1\r\nHost: h:1\r\nAccept: */*\r\n"
                                      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    buffer_release(&out);
}

static void refuses_to_write_what_would_change_the_framing(void **state)
{
    (void)state;
    struct header field = {TEXT("X"), TEXT("y")};
    const struct request good = {
        .target = TEXT("/"), .authority = TEXT("h"), .headers = {&field, 1, 1}, .body = BODY_NONE};
    static const struct {
        struct text target, authority, name, value;
    } bad[] = {
        {TEXT_INIT("/ HTTP/1.1\r\nX: y"), TEXT_INIT("h"), TEXT_INIT("X"), TEXT_INIT("y")},
        {TEXT_INIT("/ x"), TEXT_INIT("h"), TEXT_INIT("X"), TEXT_INIT("y")},
        {TEXT_INIT(""), TEXT_INIT("h"), TEXT_INIT("X"), TEXT_INIT("y")},
        {TEXT_INIT("x"), TEXT_INIT("h"), TEXT_INIT("X"), TEXT_INIT("y")},
        {TEXT_INIT("/"), TEXT_INIT("h\r\nX: y"), TEXT_INIT("X"), TEXT_INIT("y")},
        {TEXT_INIT("/"), TEXT_INIT("h i"), TEXT_INIT("X"), TEXT_INIT("y")},
        {TEXT_INIT("/"), TEXT_INIT("h"), TEXT_INIT("X\r\nY"), TEXT_INIT("y")},
        {TEXT_INIT("/"), TEXT_INIT("h"), TEXT_INIT(""), TEXT_INIT("y")},
        {TEXT_INIT("/"), TEXT_INIT("h"), TEXT_INIT("X"), TEXT_INIT("y\r\nZ: z")},
        {TEXT_INIT("/"), TEXT_INIT("h"), TEXT_INIT("X"), TEXT_INIT("y\0")},
    };
    struct buffer out;
    buffer_init(&out, 4096);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct request r = good;
        field = (struct header){bad[i].name, bad[i].value};
        r.target = bad[i].target;
        r.authority = bad[i].authority;
        h1_write_request_head(&out, &r, NULL);
        assert_status(buffer_status(&out), E_INVALID);
        assert_int_equal(buffer_size(&out), 0);
        buffer_clear(&out);
    }
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_malformed_and_ambiguous_answers),
        cmocka_unit_test(refuses_a_head_without_end),
        cmocka_unit_test(a_body_where_there_is_none_is_left_over),
        cmocka_unit_test(a_second_answer_is_not_taken_for_the_next),
        cmocka_unit_test(understands_answers_in_any_pieces),
        cmocka_unit_test(understands_answers_of_a_trusted_peer),
        cmocka_unit_test(is_used_for_one_answer_after_another),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(writes_request_heads),
        cmocka_unit_test(refuses_to_write_what_would_change_the_framing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
