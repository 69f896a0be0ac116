/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"
#include "base/own.h"
#include "config/schema.h"
#include "config/settings.h"
#include "config/value.h"

#include "check.h"

OWNABLE(struct settings, settings_free);

/* Every row takes its example, and what is encoded comes back the same. */
static void every_example_survives_the_round_trip(void **state)
{
    (void)state;
    OWNED(settings_free) struct settings *s = NULL;
    assert_ok(settings_load_text(TEXT(""), "f", &s, NULL));
    for (size_t i = 0; i < settings_schema_count; i++) {
        struct error err = {.code = E_OK};
        struct status status =
            setting_parse(&settings_schema[i], s, text_of(settings_schema[i].example), &err);
        if (!status_ok(status))
            fail_msg("%s: example: %s", settings_schema[i].key, err.message);
    }
    OWNED(buffer_release) struct buffer first, second;
    buffer_init(&first, 1 << 20);
    buffer_init(&second, 1 << 20);
    assert_ok(settings_encode(s, &first));
    OWNED(settings_free) struct settings *back = NULL;
    assert_ok(settings_decode(buffer_as_text(&first), &back, NULL));
    for (size_t i = 0; i < settings_schema_count; i++)
        if (!setting_equal(&settings_schema[i], s, back))
            fail_msg("%s changed on the way", settings_schema[i].key);
    assert_ok(settings_encode(back, &second));
    assert_true(text_equal(buffer_as_text(&first), buffer_as_text(&second)));
}

static void no_text_is_null(void **state)
{
    (void)state;
    OWNED(settings_free) struct settings *s = NULL;
    assert_ok(settings_load_text(TEXT(""), "f", &s, NULL));
    for (size_t i = 0; i < settings_schema_count; i++)
        if (setting_is_text(&settings_schema[i]))
            assert_non_null(*setting_text_member(&settings_schema[i], s));
    for (size_t i = 0; i < LISTENER_COUNT; i++) {
        assert_non_null(s->listen[i]);
        assert_non_null(s->tls[i].certificate_file);
        assert_non_null(s->tls[i].key_file);
    }
}

static void refuses_every_truncation_and_anything_after(void **state)
{
    (void)state;
    OWNED(settings_free) struct settings *s = NULL;
    assert_ok(settings_load_text(TEXT(""), "f", &s, NULL));
    OWNED(buffer_release) struct buffer text;
    buffer_init(&text, 1 << 20);
    assert_ok(settings_encode(s, &text));
    for (size_t n = 0; n < buffer_size(&text); n++) {
        OWNED(settings_free) struct settings *back = NULL;
        assert_status(settings_decode(text_first(buffer_as_text(&text), n), &back, NULL), E_INVALID);
    }
    buffer_cstr(&text, "x=y\n");
    OWNED(settings_free) struct settings *back = NULL;
    assert_status(settings_decode(buffer_as_text(&text), &back, NULL), E_INVALID);
}

static void variables_and_keys_are_unique(void **state)
{
    (void)state;
    char a[SETTING_VARIABLE_MAX], b[SETTING_VARIABLE_MAX];
    for (size_t i = 0; i < settings_schema_count; i++) {
        assert_true(strlen(settings_schema[i].key) < SETTING_KEY_MAX);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(setting_variable(&settings_schema[i], a),
                                    setting_variable(&settings_schema[j], b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_survives_the_round_trip),
        cmocka_unit_test(no_text_is_null),
        cmocka_unit_test(refuses_every_truncation_and_anything_after),
        cmocka_unit_test(variables_and_keys_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
