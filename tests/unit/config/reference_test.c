/* SPDX-License-Identifier: Apache-2.0 */
#include "config/reference.h"

#include "base/json_scan.h"
#include "base/limits.h"
#include "base/own.h"
#include "golden.h"

OWNABLE(struct settings, settings_free);

static void the_reference_is_what_the_golden_file_says(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 1 << 20);
    reference_text(&out);
    assert_ok(buffer_status(&out));
    assert_golden("tests/golden/config_reference.txt", buffer_as_text(&out));
}

static void the_users_page_is_made_from_the_schema(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 1 << 20);
    reference_markdown(&out);
    assert_ok(buffer_status(&out));
    assert_golden("docs/user/configuration.md", buffer_as_text(&out));
}

static void the_json_forms_are_json(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 1 << 20);
    reference_json(&out);
    assert_ok(json_scan(buffer_as_text(&out), NULL));
    OWNED(settings_free) struct settings *s = NULL;
    assert_ok(settings_load_text(TEXT(""), "f", &s, NULL));
    buffer_clear(&out);
    settings_show_json(s, &out);
    assert_ok(json_scan(buffer_as_text(&out), NULL));
}

static void what_is_shown_can_be_loaded_again(void **state)
{
    (void)state;
    OWNED(settings_free) struct settings *s = NULL;
    assert_ok(settings_load_text(TEXT("ca: {subject: 'CN=a \"b\" \\ c'}\nlisten: {cluster: 'off'}\n"), "f",
                                 &s, NULL));
    OWNED(buffer_release) struct buffer shown, again;
    buffer_init(&shown, 1 << 20);
    buffer_init(&again, 1 << 20);
    settings_show(s, &shown);
    OWNED(settings_free) struct settings *back = NULL;
    struct error err = {.code = E_OK};
    struct status status = settings_load_text(buffer_as_text(&shown), "shown", &back, &err);
    assert_string_equal(err.message, "");
    assert_ok(status);
    settings_show(back, &again);
    assert_true(text_equal(buffer_as_text(&shown), buffer_as_text(&again)));
}

static void defaults_agree_with_the_limits(void **state)
{
    (void)state;
    OWNED(settings_free) struct settings *s = NULL;
    assert_ok(settings_load_text(TEXT(""), "f", &s, NULL));
    assert_int_equal(s->limit_header_bytes, LIMIT_HEADER_BYTES);
    assert_int_equal(s->limit_header_count, LIMIT_HEADER_COUNT);
    assert_int_equal(s->limit_uri_bytes, LIMIT_URI_BYTES);
    assert_int_equal(s->limit_h2_streams, LIMIT_H2_STREAMS);
    assert_int_equal(s->limit_h2_resets, LIMIT_H2_RESETS_PER_SECOND);
    assert_int_equal(s->limit_h2_control, LIMIT_H2_CONTROL_PER_SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_is_what_the_golden_file_says),
        cmocka_unit_test(the_users_page_is_made_from_the_schema),
        cmocka_unit_test(the_json_forms_are_json),
        cmocka_unit_test(what_is_shown_can_be_loaded_again),
        cmocka_unit_test(defaults_agree_with_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
