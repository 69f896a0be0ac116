/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers: h1_server.c, h1_input.c, h1_output.c, h1_scan.c, h1_scan_chunk.c, h1_rules.c, h1_target.c,
 * h1_reader.c (with llhttp), h1_write.c, refusal.c through session_feed(); and h1_client.c, which reads the
 * answers.
 *
 * The first byte of the input chooses how the rest is cut into pieces, and whether the owner reads bodies or
 * answers at once. Checked:
 * - requests and refusals are the same in one piece and in many;
 * - whatever is accepted reads the same (method, target, length of the body, where the next request begins)
 *   under a second reading below that shares no code with the first;
 * - our own client understands every answer, which has what came behind the request before and behind it.
 */

#include <stdlib.h>

#include "base/buffer.h"
#include "http/h1_client.h"
#include "http/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUESTS_MAX 64

static void check(bool holds)
{
    if (!holds)
        abort();
}

struct seen_request {
    enum http_method method;
    char target[64]; /* its beginning */
    size_t target_n;
    size_t body_n;
};

struct run {
    struct session *session;
    struct seen_request requests[REQUESTS_MAX]; /* complete ones */
    size_t count;
    struct seen_request current;
    enum http_method answered[REQUESTS_MAX];
    size_t answers;
    bool early; /* answer without reading the body */
    struct buffer wire;
    enum code failed;
};

static void answer(struct run *r, struct exchange *x)
{
    struct response head = {
        .status = 200, .body = r->answers % 2 ? BODY_STREAM : BODY_SIZED, .content_length = 2};
    if (r->answers < REQUESTS_MAX)
        r->answered[r->answers] = x->request.method;
    r->answers++;
    const struct response hints = {.status = 103, .headers = x->trailers};
    check(status_ok(exchange_interim(x, &hints)));
    check(status_ok(exchange_respond(x, &head)));
    check(status_ok(exchange_write(x, text_bytes(TEXT("ok")))));
    check(status_ok(exchange_end_with(x, &x->trailers)));
}

static void on_request(void *owner, struct exchange *x)
{
    struct run *r = owner;
    struct seen_request *s = &r->current;
    *s = (struct seen_request){.method = x->request.method, .target_n = x->request.target.n};
    memcpy(s->target, x->request.target.p, s->target_n < sizeof(s->target) ? s->target_n : sizeof(s->target));
    if (r->early)
        answer(r, x);
    else
        exchange_want_body(x);
}

static void on_body(void *owner, struct exchange *x, struct bytes chunk)
{
    struct run *r = owner;
    (void)x;
    check(chunk.n > 0 && !r->early);
    r->current.body_n += chunk.n;
}

static void on_body_end(void *owner, struct exchange *x)
{
    struct run *r = owner;
    check(x->request.body != BODY_SIZED || r->current.body_n == x->request.content_length);
    check(x->request.body != BODY_NONE || r->current.body_n == 0);
    answer(r, x);
}

static void on_drained(void *owner, struct exchange *x)
{
    (void)owner;
    (void)x;
}

static void on_finished(void *owner, struct exchange *x, bool cancelled)
{
    struct run *r = owner;
    /* Connection: close may leave a body unread behind an early answer. */
    if (!cancelled && x->body_complete && r->count < REQUESTS_MAX)
        r->requests[r->count++] = r->current;
}

static void run_session(struct run *r, const struct session_settings *settings, struct bytes in, size_t piece)
{
    static const struct session_events events = {on_request, on_body,     on_body_end,
                                                 on_drained, on_finished, NULL};
    buffer_init(&r->wire, 16UL * 1024 * 1024);
    r->session = session_new(SESSION_H1, settings, &events, r);
    check(r->session != NULL);
    for (size_t at = 0; at < in.n; at += piece) {
        const size_t n = in.n - at < piece ? in.n - at : piece;
        const struct status s = session_feed(r->session, (struct bytes){in.p + at, n});
        if (r->failed == E_OK)
            r->failed = s.code;
        const struct bytes out = session_output(r->session);
        buffer_append(&r->wire, out);
        session_output_consumed(r->session, out.n);
    }
    check(r->failed == E_OK || session_wants_close(r->session));
}

/* The second reading: by the letter, with memmem and nothing else. All of it may only be called on what was
 * accepted. */
static struct text cut_line(struct text *in)
{
    const char *end = memmem(in->p, in->n, "\r\n", 2);
    check(end != NULL);
    const struct text line = {in->p, (size_t)(end - in->p)};
    in->n -= line.n + 2;
    in->p += line.n + 2;
    return line;
}

static bool same_letters(const char *a, const char *lower, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((a[i] >= 'A' && a[i] <= 'Z' ? a[i] + 32 : a[i]) != lower[i])
            return false;
    return true;
}

static bool field_is(struct text line, const char *lower_name, struct text *out_value)
{
    const size_t n = strlen(lower_name);
    if (line.n <= n || line.p[n] != ':' || !same_letters(line.p, lower_name, n))
        return false;
    *out_value = (struct text){line.p + n + 1, line.n - n - 1};
    while (out_value->n > 0 && (out_value->p[0] == ' ' || out_value->p[0] == '\t')) {
        out_value->p++;
        out_value->n--;
    }
    while (out_value->n > 0 &&
           (out_value->p[out_value->n - 1] == ' ' || out_value->p[out_value->n - 1] == '\t'))
        out_value->n--;
    return true;
}

static size_t number(struct text digits, unsigned base)
{
    size_t n = 0;
    for (size_t i = 0; i < digits.n; i++) {
        const char c = digits.p[i];
        const int digit = c >= '0' && c <= '9'                 ? c - '0'
                          : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                               : 99;
        check(digit < (int)base);
        n = n * base + (size_t)digit;
    }
    return n;
}

static size_t skip_chunks(struct text *in)
{
    size_t total = 0;
    for (;;) {
        struct text line = cut_line(in);
        const char *extension = line.n ? memchr(line.p, ';', line.n) : NULL;
        if (extension)
            line.n = (size_t)(extension - line.p);
        const size_t n = number(line, 16);
        if (n == 0)
            break;
        check(in->n >= n + 2 && in->p[n] == '\r' && in->p[n + 1] == '\n');
        in->p += n + 2;
        in->n -= n + 2;
        total += n;
    }
    while (cut_line(in).n > 0)
        ;
    return total;
}

/* Reads one request off *in and compares. */
static void read_again(struct text *in, const struct seen_request *seen, bool early)
{
    struct text line = cut_line(in);
    if (line.n == 0)
        line = cut_line(in);
    const char *first = memchr(line.p, ' ', line.n);
    const char *last = memrchr(line.p, ' ', line.n);
    check(first && last && first < last);
    const char *name = http_method_name(seen->method);
    check(strlen(name) == (size_t)(first - line.p) && memcmp(name, line.p, strlen(name)) == 0);
    const struct text target = {first + 1, (size_t)(last - first - 1)};
    /* Equal, or the end of an absolute-form; that one may get a slash it had not. */
    if (target.p[0] == '/' || target.p[0] == '*')
        check(target.n == seen->target_n);
    const size_t n = seen->target_n < sizeof(seen->target) ? seen->target_n : 0;
    if (n > 0 && (target.p[0] == '/' || target.p[0] == '*'))
        check(memcmp(target.p, seen->target, n) == 0);

    size_t length = 0;
    unsigned lengths = 0, codings = 0, hosts = 0;
    while ((line = cut_line(in)).n > 0) {
        struct text value;
        check(line.p[0] != ' ' && line.p[0] != '\t' && line.p[0] != ':');
        if (field_is(line, "content-length", &value)) {
            length = number(value, 10);
            lengths++;
        } else if (field_is(line, "transfer-encoding", &value)) {
            check(value.n == 7 && same_letters(value.p, "chunked", 7));
            codings++;
        } else if (field_is(line, "host", &value)) {
            hosts++;
        }
    }
    check(lengths + codings <= 1 && hosts <= 1);
    if (codings) {
        length = skip_chunks(in);
    } else {
        check(in->n >= length);
        in->p += length;
        in->n -= length;
    }
    check(early || length == seen->body_n);
}

struct answers {
    size_t bodies;
};

static void on_head(void *owner, const struct response *head)
{
    (void)owner;
    check(head->status == 200 || head->status >= 400);
}

static void on_answer_body(void *owner, struct bytes chunk)
{
    struct answers *a = owner;
    a->bodies += chunk.n;
}

static void on_answer_end(void *owner)
{
    (void)owner;
}

/* Every answer is one that our client takes, in order, with nothing left over. */
static void read_answers(const struct run *r)
{
    static const struct h1_client_events events = {NULL, on_head, on_answer_body, on_answer_end};
    struct answers a = {0};
    struct h1_client *c = h1_client_new(&events, &a, false);
    check(c != NULL);
    struct bytes rest = buffer_bytes(&r->wire);
    for (size_t i = 0; rest.n > 0; i++) {
        h1_client_reset(c, i < r->answers ? r->answered[i] : HTTP_GET);
        size_t used = 0;
        check(status_ok(h1_client_feed(c, rest, &used)));
        if (i >= r->answers && r->failed == E_OK)
            break; /* 100 Continue to a request that is not complete */
        if (used == rest.n)
            check(h1_client_reusable(c) || status_ok(h1_client_end_of_input(c)));
        rest = (struct bytes){rest.p + used, rest.n - used};
        if (i + 1 >= REQUESTS_MAX)
            break;
    }
    h1_client_free(c);
}

static bool same_request(const struct seen_request *a, const struct seen_request *b)
{
    return a->method == b->method && a->target_n == b->target_n && a->body_n == b->body_n &&
           memcmp(a->target, b->target, sizeof a->target) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run whole, pieces;
    if (size < 2)
        return 0;
    const struct bytes in = {data + 1, size - 1};
    struct session_settings settings;
    session_settings_default(&settings);
    settings.header_bytes = 2048; /* small, so that short inputs reach the limits */
    settings.uri_bytes = 256;
    settings.body_bytes = 65536;

    whole = (struct run){.early = (data[0] & 64) != 0};
    pieces = (struct run){.early = whole.early};
    run_session(&whole, &settings, in, in.n);
    run_session(&pieces, &settings, in, data[0] % 64 + 1U);
    check(whole.count == pieces.count && whole.failed == pieces.failed);
    for (size_t i = 0; i < whole.count; i++)
        check(same_request(&whole.requests[i], &pieces.requests[i]));

    struct text rest = bytes_text(in);
    for (size_t i = 0; i < whole.count; i++)
        read_again(&rest, &whole.requests[i], whole.early);
    read_answers(&whole);
    session_free(whole.session);
    session_free(pieces.session);
    buffer_release(&whole.wire);
    buffer_release(&pieces.wire);
    return 0;
}
