/* SPDX-License-Identifier: Apache-2.0 */
#include "golden.h"

#include "h1_peer.h"
#include "h1_verdict_cases.h"

#define CASE_COUNT (sizeof(verdict_cases) / sizeof(verdict_cases[0]))
#define NEXT       "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static void small_bodies(struct peer *p)
{
    p->settings.body_bytes = 1000;
}

/* What came of the bytes: "accept" with what the owner saw, or the refusal the client reads. */
static void judge(struct peer *p, const struct verdict_case *c)
{
    if (c->reason == H1_NONE) {
        const char *last = "request GET /next at a\nend\nfinished\n";
        if (p->failed != E_OK || !text_ends_with(buffer_as_text(&p->seen), text_of(last)))
            fail_msg("%s: not accepted:\n%.*s\n%.*s", c->name, TEXT_ARG(buffer_as_text(&p->seen)),
                     TEXT_ARG(buffer_as_text(&p->wire)));
        return;
    }
    char expected[512];
    snprintf(expected, sizeof(expected), "{\"code\":%d,\"error\":\"%s\"}\n", h1_reason_status(c->reason),
             h1_reason_text(c->reason).p);
    if (!text_ends_with(buffer_as_text(&p->wire), text_of(expected)))
        fail_msg("%s: expected %s, got\n%.*s\nafter\n%.*s", c->name, expected,
                 TEXT_ARG(buffer_as_text(&p->wire)), TEXT_ARG(buffer_as_text(&p->seen)));
    assert_true(peer_wire_has(p, "Connection: close\r\n"));
    assert_true(session_wants_close(p->session));
    assert_false(session_wants_read(p->session));
    assert_int_not_equal(p->failed, E_OK);
    assert_int_equal(session_open_exchanges(p->session), 0);
    if (buffer_size(&p->seen) > 0 && memmem(buffer_as_text(&p->seen).p, buffer_size(&p->seen), "/inner", 6))
        fail_msg("%s: the inner request was seen", c->name);
}

static struct text with_next(const struct verdict_case *c, struct buffer *room)
{
    buffer_clear(room);
    buffer_text(room, c->bytes);
    if (c->reason == H1_NONE)
        buffer_text(room, TEXT(NEXT));
    return buffer_as_text(room);
}

static void each_verdict_is_as_listed(void **state)
{
    (void)state;
    struct buffer room;
    buffer_init(&room, 8192);
    for (size_t i = 0; i < CASE_COUNT; i++) {
        struct peer p;
        peer_init(&p, small_bodies);
        peer_feed(&p, text_bytes(with_next(&verdict_cases[i], &room)));
        judge(&p, &verdict_cases[i]);
        peer_release(&p);
    }
    buffer_release(&room);
}

static void each_verdict_is_the_same_byte_by_byte(void **state)
{
    (void)state;
    struct buffer room;
    buffer_init(&room, 8192);
    for (size_t i = 0; i < CASE_COUNT; i++) {
        const struct text all = with_next(&verdict_cases[i], &room);
        struct peer p;
        peer_init(&p, small_bodies);
        for (size_t at = 0; at < all.n; at++)
            peer_feed(&p, text_bytes(text_first(text_from(all, at), 1)));
        judge(&p, &verdict_cases[i]);
        peer_release(&p);
    }
    buffer_release(&room);
}

static void each_verdict_is_the_same_split_anywhere(void **state)
{
    (void)state;
    struct buffer room;
    buffer_init(&room, 8192);
    for (size_t i = 0; i < CASE_COUNT; i++) {
        const struct text all = with_next(&verdict_cases[i], &room);
        for (size_t at = 1; at < all.n; at++) {
            struct peer p;
            peer_init(&p, small_bodies);
            peer_feed(&p, text_bytes(text_first(all, at)));
            peer_feed(&p, text_bytes(text_from(all, at)));
            judge(&p, &verdict_cases[i]);
            peer_release(&p);
        }
    }
    buffer_release(&room);
}

static void escape(struct buffer *out, struct text t)
{
    for (size_t i = 0; i < t.n; i++) {
        const unsigned char c = (unsigned char)t.p[i];
        if (c == '\r')
            buffer_cstr(out, "\\r");
        else if (c == '\n')
            buffer_cstr(out, "\\n");
        else if (c == '\t')
            buffer_cstr(out, "\\t");
        else if (c == '\\')
            buffer_cstr(out, "\\\\");
        else if (c < 0x20 || c >= 0x7f)
            buffer_printf(out, "\\x%02x", c);
        else
            buffer_byte(out, c);
    }
}

static void the_table_is_the_golden_one(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 1024 * 1024);
    buffer_cstr(&out, "# What the server does with unusual HTTP/1 requests: name, bytes, verdict.\n");
    for (size_t i = 0; i < CASE_COUNT; i++) {
        const struct verdict_case *c = &verdict_cases[i];
        buffer_printf(&out, "\n%s\n    ", c->name);
        escape(&out, c->bytes);
        if (c->reason == H1_NONE)
            buffer_cstr(&out, "\n    accept\n");
        else
            buffer_printf(&out, "\n    %d %s\n", h1_reason_status(c->reason), h1_reason_text(c->reason).p);
    }
    assert_ok(buffer_status(&out));
    assert_golden("tests/golden/h1_verdicts.txt", buffer_as_text(&out));
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verdict_is_as_listed),
        cmocka_unit_test(each_verdict_is_the_same_byte_by_byte),
        cmocka_unit_test(each_verdict_is_the_same_split_anywhere),
        cmocka_unit_test(the_table_is_the_golden_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
