/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <pthread.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_scan.h"
#include "check.h"

#define TIME "2026-11-21T05:13:44.123Z "

static void collect(void *ctx, struct text line)
{
    buffer_text(ctx, line);
}

static struct buffer lines;

static int set_up(void **state)
{
    (void)state;
    buffer_init(&lines, 1 << 20);
    clock_set_test(INT64_C(1795238024123), 0);
    log_set_sink(collect, &lines);
    log_configure(LOG_INFO, LOG_FORMAT_TEXT, "front/1");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    log_set_sink(NULL, NULL);
    log_set_request((struct text){NULL, 0});
    clock_real();
    buffer_release(&lines);
    return 0;
}

/* Everything a peer could use to forge a second line, to hide one, or to talk to the reader's terminal. */
static const struct {
    struct text in;
    const char *out;
} hostile[] = {
    {TEXT_INIT("a\n2026 error core x"), "\"a\\n2026 error core x\""},
    {TEXT_INIT("a\r"), "\"a\\r\""},
    {TEXT_INIT("a\0b"), "\"a\\u0000b\""},
    {TEXT_INIT("\x1b[2J"), "\"\\u001b[2J\""},
    {TEXT_INIT("\x7f"), "\"\\u007f\""},
    {TEXT_INIT("\xc2\x9b"
               "2J"),
     "\"\\u009b2J\""},
    {TEXT_INIT("\xe2\x80\xa8\xe2\x80\xa9"), "\"\\u2028\\u2029\""},
    {TEXT_INIT("\xe2\x80\xae"), "\"\\u202e\""},
    {TEXT_INIT("\xe2\x81\xa6"), "\"\\u2066\""},
    {TEXT_INIT("\xff\xc3"), "\"\\ufffd\\ufffd\""},
    {TEXT_INIT("a\" b=\"c"), "\"a\\\" b=\\\"c\""},
    {TEXT_INIT("a b=c"), "\"a b=c\""},
    {TEXT_INIT("a=c"), "\"a=c\""},
    {TEXT_INIT("\\"), "\"\\\\\""},
    {TEXT_INIT(""), "\"\""},
    {TEXT_INIT("gr\xc3\xbc\xc3\x9f"), "\"gr\xc3\xbc\xc3\x9f\""},
    {TEXT_INIT("shop-1.2/x:y@z,"), "shop-1.2/x:y@z,"},
};

static void a_peer_cannot_forge_a_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        OWNED(buffer_release) struct buffer expected;
        buffer_init(&expected, 1000);
        buffer_printf(&expected, TIME "info front/1 e value=%s\n", hostile[i].out);
        buffer_clear(&lines);
        log_event(LOG_INFO, "e", F_TEXT("value", hostile[i].in));
        assert_true(text_equal(buffer_as_text(&lines), buffer_as_text(&expected)));
    }
}

static void json_lines_are_valid_whatever_the_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        OWNED(buffer_release) struct buffer out;
        OWNED(buffer_release) struct buffer decoded;
        buffer_init(&out, 1000);
        buffer_init(&decoded, 1000);
        const struct log_field fields[] = {
            F_TEXT("value", hostile[i].in), F_TARGET("target", hostile[i].in), {.name = NULL}};
        log_encode(&out, LOG_FORMAT_JSON, 0, LOG_WARNING, "e", fields);
        struct text raw;
        enum json_type type;
        assert_ok(json_scan(buffer_as_text(&out), NULL));
        assert_true(json_member(buffer_as_text(&out), TEXT("value"), &raw, &type));
        assert_ok(json_string_decode(raw, &decoded));
        if (text_is_utf8(hostile[i].in))
            assert_true(text_equal(buffer_as_text(&decoded), hostile[i].in));
    }
}

static void lines_below_the_level_are_dropped(void **state)
{
    (void)state;
    log_event(LOG_DEBUG, "unseen");
    assert_int_equal(buffer_size(&lines), 0);
    assert_false(log_enabled(LOG_DEBUG));
    assert_true(log_enabled(LOG_INFO));
    log_configure(LOG_ERROR, LOG_FORMAT_TEXT, "front/1");
    log_event(LOG_WARNING, "unseen");
    assert_int_equal(buffer_size(&lines), 0);
    log_event(LOG_ERROR, "seen");
    assert_text(buffer_as_text(&lines), TIME "error front/1 seen\n");
}

static void a_line_that_is_too_long_keeps_its_event(void **state)
{
    (void)state;
    static char large[20000];
    memset(large, 'x', sizeof(large));
    log_event(LOG_INFO, "large", F_TEXT("value", ((struct text){large, sizeof(large)})));
    assert_text(buffer_as_text(&lines), TIME "info front/1 large fields_too_long=true\n");
}

static void a_line_without_memory_is_counted_as_lost(void **state)
{
    (void)state;
    buffer_text(&lines, TEXT("")); /* the collecting buffer must not need memory itself */
    (void)buffer_reserve(&lines, 1000);
    mem_fail_after(0);
    log_event(LOG_INFO, "e");
    mem_fail_after(-1);
    assert_text(buffer_as_text(&lines), "log: out of memory, a line was lost\n");
}

static void every_kind_of_field_has_its_form(void **state)
{
    (void)state;
    static const uint8_t serial[] = {0x00, 0xab, 0xff};
    static const uint8_t large[40] = {1};
    log_event(LOG_NOTICE, "certificate.issued", F_TEXT("application", TEXT("shop")), F_CSTR("none", NULL),
              F_INT("days", -92), F_BOOL("first", 1 == 1), F_BOOL("again", false),
              F_HEX("serial", BYTES_OF(serial)), F_HEX("nothing", ((struct bytes){NULL, 0})),
              F_HEX("large", BYTES_OF(large)), F_TARGET("target", TEXT("/a?token=b")),
              F_CODE("code", STATUS(DENIED)));
    assert_text(
        buffer_as_text(&lines), TIME
        "notice front/1 certificate.issued application=shop none=\"\" days=-92 first=true again=false "
        "serial=00abff nothing=\"\" large=0100000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000 target=\"/a?token=***\" code=DENIED\n");
}

static void json_form_has_the_same_members(void **state)
{
    (void)state;
    log_configure(LOG_INFO, LOG_FORMAT_JSON, "core");
    log_set_request(TEXT("r-1"));
    log_event(LOG_INFO, "certificate.issued", F_TEXT("application", TEXT("shop")), F_INT("days", 92),
              F_HEX("serial", text_bytes(TEXT("\x01"))));
    assert_text(buffer_as_text(&lines),
                "{\"time\":\"2026-11-21T05:13:44.123Z\",\"level\":\"info\",\"process\":\"core\","
                "\"event\":\"certificate.issued\",\"request\":\"r-1\",\"application\":\"shop\",\"days\":92,"
                "\"serial\":\"01\"}\n");
}

static void *log_in_thread(void *unused)
{
    (void)unused;
    log_event(LOG_INFO, "thread");
    return NULL;
}

static void the_request_belongs_to_the_thread(void **state)
{
    (void)state;
    char id[] = "r-1";
    log_set_request(text_of(id));
    id[0] = 'x'; /* it was copied */
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, log_in_thread, NULL), 0);
    pthread_join(thread, NULL);
    log_event(LOG_INFO, "mine");
    log_set_request((struct text){NULL, 0});
    log_event(LOG_INFO, "none");
    assert_text(buffer_as_text(&lines), TIME "info front/1 thread\n" TIME
                                             "info front/1 mine request=r-1\n" TIME "info front/1 none\n");
}

static void a_line_is_one_write_to_stderr(void **state)
{
    (void)state;
    log_set_sink(NULL, NULL);
    int ends[2];
    int saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    log_configure(LOG_INFO, LOG_FORMAT_TEXT, "");
    log_event(LOG_INFO, "e", F_INT("n", 1));
    dup2(saved, STDERR_FILENO);
    char got[100];
    ssize_t n = read(ends[0], got, sizeof(got));
    close(ends[0]);
    close(ends[1]);
    close(saved);
    assert_true(n > 0);
    assert_text(((struct text){got, (size_t)n}), TIME "info e n=1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_peer_cannot_forge_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(json_lines_are_valid_whatever_the_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_below_the_level_are_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_that_is_too_long_keeps_its_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_without_memory_is_counted_as_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_kind_of_field_has_its_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(json_form_has_the_same_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_request_belongs_to_the_thread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_is_one_write_to_stderr, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
