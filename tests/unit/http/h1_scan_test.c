/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_scan.h"

#include "base/limits.h"
#include "check.h"
#include "http/h1_rules.h"
#include "http/h1_target.h"
#include "http/trailers.h"

static const struct h1_head_limits limits = {.head = 64, .start_line = 20};

static enum h1_reason head_end(const char *head, size_t *out_size)
{
    struct h1_head_end s = {0};
    return h1_scan_head_end(&s, text_bytes(text_of(head)), &limits, out_size);
}

static void the_end_of_a_head_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        enum h1_reason reason;
        size_t size;
    } cases[] = {
        {"", H1_NONE, 0},
        {"GET", H1_NONE, 0},
        {"A\r\n\r\n", H1_NONE, 5},
        {"A\r\nB\r\n\r\nC\n", H1_NONE, 8}, /* what follows is not looked at */
        {"\r\nA\r\n\r\n", H1_NONE, 7},
        {"\r\n", H1_NONE, 0},
        {"\r\n\r\n", H1_EMPTY_LINES, 0},
        {"A\n", H1_BARE_LF, 0},
        {"A\r\n\n", H1_BARE_LF, 0},
        {"\n", H1_BARE_LF, 0},
        {" A", H1_NOT_HTTP, 0},
        {"\x80", H1_NOT_HTTP, 0},
        {"A23456789012345678\r\n\r\n", H1_NONE, 22},
        {"A234567890123456789\r\n\r\n", H1_TARGET_TOO_LONG, 0},
        {"A2345678901234567890", H1_TARGET_TOO_LONG, 0},
        {"A\r\n3456789012345678901234567890123456789012345678901234567890\r\n", H1_NONE, 0},
        {"A\r\n345678901234567890123456789012345678901234567890123456789\r\n\r\n", H1_NONE, 64},
        {"A\r\n3456789012345678901234567890123456789012345678901234567890\r\n\r\n", H1_HEAD_TOO_LARGE, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size = 99;
        const enum h1_reason r = head_end(cases[i].in, &size);
        if (r != cases[i].reason || size != cases[i].size)
            fail_msg("case %zu: %s, %zu", i, h1_reason_name(r), size);
    }
}

static void status_lines_are_read(void **state)
{
    (void)state;
    struct h1_status_line line = {0};
    assert_int_equal(h1_scan_status_line(TEXT("HTTP/1.0 404 \xc3\xa4\t x"), &line), H1_NONE);
    assert_int_equal(line.status, 404);
    assert_int_equal(line.version, HTTP_1_0);
    static const char *const bad[] = {"",
                                      "HTTP/1.1",
                                      "HTTP/1.1 20",
                                      "HTTP/1.1 2x0 OK",
                                      "HTTP/1.1\t200 OK",
                                      "HTTP/1.1 200\tOK",
                                      "HTTP/1.1 +20 OK",
                                      "HTTP/1.1 200 O\x01K",
                                      "HTTP/1.1 000 OK",
                                      "HTTP/1.2 200 OK"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_not_equal(h1_scan_status_line(text_of(bad[i]), &line), H1_NONE);
}

static void every_byte_has_its_place(void **state)
{
    (void)state;
    static const char symbols[] = "!#$%&'*+-.^_`|~"; /* RFC 9110 5.6.2 */
    for (unsigned b = 0; b < 256; b++) {
        const char c = (char)b;
        const struct text one = {&c, 1};
        const bool alnum = (b >= '0' && b <= '9') || ((b | 32) >= 'a' && (b | 32) <= 'z');
        assert_int_equal(h1_is_token(one), alnum || (b && strchr(symbols, c)));
        assert_int_equal(h1_is_field_value(one), b == '\t' || (b >= ' ' && b != 0x7f));
        assert_int_equal(h1_is_target(one), b > ' ' && b < 0x7f && b != '#');
    }
    assert_false(h1_is_token(TEXT("")));
    assert_true(h1_is_field_value(TEXT("")));
    assert_false(h1_is_target(TEXT("")));
}

static void authorities_are_hosts_with_ports(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a",     "A.b-c_d.1",  "127.0.0.1", "127.0.0.1:0", "a:65535",
        "[::1]", "[::1]:8443", "[fe80::1]", "localhost:1", "[::ffff:1.2.3.4]:1"};
    static const char *const bad[] = {"",     ":",      ":80",     "a:",     "a:65536", "a:123456",
                                      "a:-1", "a: 1",   "a:1:2",   "u@a",    "a/b",     "a b",
                                      "a,b",  "a%41",   "a#",      "[",      "[]",      "[::1",
                                      "::1",  "[::1]:", "[::1]x",  "[g::1]", "[1]",     "\xc3\xa4",
                                      "a\\b", "a?b",    "[::1]:a", "a;b",    "a!b",     "[::1%eth0]"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (!h1_authority_is_valid(text_of(good[i])))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (h1_authority_is_valid(text_of(bad[i])))
            fail_msg("accepted: %s", bad[i]);
    char long_name[256];
    memset(long_name, 'a', sizeof(long_name));
    assert_true(h1_authority_is_valid((struct text){long_name, 255}));
    assert_false(h1_authority_is_valid((struct text){long_name, 256}));
}

static void targets_have_four_forms(void **state)
{
    (void)state;
    assert_int_equal(h1_target_parse(TEXT("/a?b")).form, H1_TARGET_ORIGIN);
    assert_int_equal(h1_target_parse(TEXT("*")).form, H1_TARGET_ASTERISK);
    assert_int_equal(h1_target_parse(TEXT("a:443")).form, H1_TARGET_OTHER);
    assert_int_equal(h1_target_parse(TEXT("http:/a")).form, H1_TARGET_OTHER);
    const struct h1_target t = h1_target_parse(TEXT("hTTps://h:1?x/y"));
    assert_int_equal(t.form, H1_TARGET_ABSOLUTE);
    assert_text(t.authority, "h:1");
    assert_text(t.rest, "?x/y");
}

/* The size of the data and the verdict, feeding `piece` bytes at a time. */
static enum h1_reason scan_chunks(struct text in, size_t piece, uint64_t body_max, uint64_t *out_data)
{
    struct h1_chunk_scan s = {0};
    *out_data = 0;
    for (size_t at = 0; at < in.n;) {
        size_t used = 0;
        enum h1_chunk_step step;
        const struct text part = text_first(text_from(in, at), piece);
        const enum h1_reason r = h1_scan_chunked(&s, text_bytes(part), body_max, &used, &step);
        if (r != H1_NONE)
            return r;
        assert_true(used > 0);
        at += used;
        *out_data += step == H1_CHUNK_DATA ? used : 0;
        if (step == H1_CHUNK_COMPLETE)
            return at == in.n ? H1_NONE : H1_SURPLUS;
    }
    return H1_TRUNCATED;
}

static void chunks_are_counted_whatever_the_pieces(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        uint64_t body_max, data;
        enum h1_reason reason;
    } cases[] = {
        {"0\r\n\r\n", 0, 0, H1_NONE},
        {"3\r\nabc\r\n0\r\n\r\n", 3, 3, H1_NONE},
        {"3\r\nabc\r\n0\r\n\r\n", 2, 0, H1_LENGTH_TOO_LARGE},
        {"3\r\nabc\r\n2\r\nde\r\n0\r\nA:\r\nB: c\r\n\r\n", 5, 5, H1_NONE},
        {"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 4, 3, H1_LENGTH_TOO_LARGE},
        {"3\r\nabc\r\n0\r\n", 9, 3, H1_TRUNCATED},
        {"3\r\nab", 9, 2, H1_TRUNCATED},
        {"3;a=\"\\\"\\\r", 9, 0, H1_CHUNK_EXTENSION},
        {"3\r\nabcX", 9, 3, H1_CHUNK_END},
        {"0\r\n\r\nX", 9, 0, H1_SURPLUS},
        {"ffffffffffffffff\r\n", UINT64_MAX, 0, H1_TRUNCATED},
        {"1\r\na\r\nffffffffffffffff\r\n", UINT64_MAX, 1, H1_LENGTH_TOO_LARGE}, /* the sum must not wrap */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t piece = 1; piece <= strlen(cases[i].in); piece++) {
            uint64_t data = 0;
            const enum h1_reason r = scan_chunks(text_of(cases[i].in), piece, cases[i].body_max, &data);
            if (r != cases[i].reason || data != cases[i].data)
                fail_msg("case %zu, pieces of %zu: %s, %llu", i, piece, h1_reason_name(r),
                         (unsigned long long)data);
        }
    }
}

static void trailers_are_limited(void **state)
{
    (void)state;
    static char in[LIMIT_TRAILER_BYTES + 64];
    for (size_t over = 0; over < 2; over++) {
        size_t n = 3;
        memcpy(in, "0\r\n", 3);
        const size_t section = LIMIT_TRAILER_BYTES + over;
        memset(in + n, 'a', section);
        in[n + 1] = ':';
        memcpy(in + n + section - 4, "\r\n\r\n", 4);
        n += section;
        uint64_t data = 0;
        assert_int_equal(scan_chunks((struct text){in, n}, 100, 0, &data),
                         over ? H1_TRAILER_TOO_LARGE : H1_NONE);
    }
    for (size_t count = LIMIT_HEADER_COUNT; count <= LIMIT_HEADER_COUNT + 1; count++) {
        size_t n = 3;
        memcpy(in, "0\r\n", 3);
        for (size_t i = 0; i < count; i++, n += 4)
            memcpy(in + n, "a:\r\n", 4);
        memcpy(in + n, "\r\n", 2);
        uint64_t data = 0;
        assert_int_equal(scan_chunks((struct text){in, n + 2}, 100, 0, &data),
                         count > LIMIT_HEADER_COUNT ? H1_TOO_MANY_FIELDS : H1_NONE);
    }
}

/* Values are read in words: at each place of each length the octet alone decides. */
static void an_octet_is_judged_alike_wherever_it_stands(void **state)
{
    (void)state;
    char value[42];
    for (unsigned octet = 0; octet < 256; octet++) {
        const bool allowed = octet == '\t' || (octet >= 0x20 && octet != 0x7f);
        for (size_t n = 1; n < sizeof value - 1; n++) {
            for (size_t at = 0; at < n; at++) {
                memset(value, 'a', sizeof value);
                value[n] = '\n'; /* behind the end */
                value[at] = (char)octet;
                assert_int_equal(h1_is_field_value((struct text){value, n}), allowed);
            }
        }
    }
    assert_true(h1_is_field_value((struct text){NULL, 0}));
}

static void trailers_may_not_decide_anything(void **state)
{
    (void)state;
    static const char *const forbidden[] = {
        "Content-Length", "host",       "AUTHORIZATION", "Cookie",
        "Set-Cookie",     "Connection", "Expect",        "X-Forwarded-Client-Cert"};
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
        assert_true(trailer_is_refused(text_of(forbidden[i])));
    assert_false(trailer_is_refused(TEXT("Digest")));
    assert_false(trailer_is_refused(TEXT("grpc-status")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_a_head_is_found),
        cmocka_unit_test(status_lines_are_read),
        cmocka_unit_test(every_byte_has_its_place),
        cmocka_unit_test(authorities_are_hosts_with_ports),
        cmocka_unit_test(targets_have_four_forms),
        cmocka_unit_test(chunks_are_counted_whatever_the_pieces),
        cmocka_unit_test(an_octet_is_judged_alike_wherever_it_stands),
        cmocka_unit_test(trailers_are_limited),
        cmocka_unit_test(trailers_may_not_decide_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
