/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/json_schema.h"

#include "base/buffer.h"
#include "base/json_scan.h"
#include "check.h"

static void says_what_a_schema_allows(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *value, *why; /* NULL: fine */
    } rows[] = {
        {"{}", "1", NULL},
        {"true", "1", NULL},
        {"false", "1", "the value: is not allowed"},
        {"[]", "1", "the schema is no object"},
        {"{\"type\":\"string\"}", "1", "is not of the type"},
        {"{\"type\":\"string\"}", "\"a\"", NULL},
        {"{\"type\":\"integer\"}", "1.5", "is not of the type"},
        {"{\"type\":\"integer\"}", "-3", NULL},
        {"{\"type\":\"number\"}", "1e3", NULL},
        {"{\"type\":\"integer\"}", "1.0", NULL},
        {"{\"type\":\"integer\"}", "1e2", NULL},
        {"{\"type\":\"integer\"}", "1.50E+1", NULL},
        {"{\"type\":\"integer\"}", "1.25e1", "is not of the type"},
        {"{\"type\":\"integer\"}", "100e-2", NULL},
        {"{\"type\":\"integer\"}", "10e-2", "is not of the type"},
        {"{\"type\":\"integer\"}", "0.00e-99999999999999999999", NULL},
        {"{\"type\":\"integer\"}", "1e-99999999999999999999", "is not of the type"},
        {"{\"type\":\"integer\"}", "-0.5e99999999999999999999", NULL},
        {"{\"type\":\"unheard\"}", "1", "\"type\" is not supported"},
        {"{\"type\":[\"null\",1]}", "1", "\"type\" is not supported"},
        {"{\"type\":[\"null\",\"boolean\"]}", "false", NULL},
        {"{\"type\":[\"null\",\"boolean\"]}", "{}", "none of the types"},
        {"{\"type\":[]}", "1", "none of the types"},
        {"{\"type\":[\"null\",\"null\",\"null\",\"null\",\"null\",\"null\",\"null\",\"null\"]}", "null",
         "\"type\" is not supported"},
        {"{\"enum\":[1,\"a\",null]}", "\"a\"", NULL},
        {"{\"enum\":[1,\"a\",null]}", "\"b\"", "none of the values"},
        {"{\"enum\":[\"\\u0061\"]}", "\"a\"", NULL},
        {"\n{\"enum\":[\"\\u0061\"]}\r\n", "\n\t\"a\"\n", NULL},
        {" false\n", "1", "is not allowed"},
        {"{\"enum\":1}", "1", "\"enum\" is not supported"},
        {"{\"const\":\"x\"}", "\"x\"", NULL},
        {"{\"const\":\"x\"}", "\"y\"", "is not the value"},
        {"{\"required\":[\"a\"]}", "{\"a\":null}", NULL},
        {"{\"required\":[\"a\"]}", "{\"A\":1}", "a: is missing"},
        {"{\"required\":[\"a\"]}", "{\"\\u0061\":1}", NULL},
        {"{\"required\":[\"a\"]}", "1", NULL},
        {"{\"properties\":{\"a\":{\"properties\":{\"b\":{\"type\":\"null\"}}}}}", "{\"a\":{\"b\":0}}",
         "a.b: is not of the type"},
        {"{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"a\":1}", NULL},
        {"{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"b\":1}", "b: is not allowed"},
        {"{\"additionalProperties\":{\"type\":\"string\"}}", "{\"b\":1}", "b: is not of the type"},
        {"{\"items\":{\"type\":\"string\"}}", "[\"a\",1]", "[1]: is not of the type"},
        {"{\"items\":[{}]}", "[]", "\"items\" is not supported"},
        {"{\"$schema\":\"x\",\"title\":\"t\",\"description\":\"d\",\"default\":1,\"examples\":[]}", "1",
         NULL},
        {"{\"$ref\":\"#/x\"}", "1", "\"$ref\" is not supported"},
        {"{\"properties\":{\"a\":{\"pattern\":\"x\"}}}", "{\"a\":\"x\"}", "\"pattern\" is not supported"},
        {"{\"properties\":{\"a\":{\"pattern\":\"x\"}}}", "{}", "\"pattern\" is not supported"},
        {"{\"additionalProperties\":{\"allOf\":[]}}", "1", "\"allOf\" is not supported"},
        {"{\"items\":{\"items\":{\"not\":{}}}}", "1", "\"not\" is not supported"},
        {"{\"properties\":{\"a\":1}}", "1", "the schema is no object"},
        {"{\"required\":[1]}", "{\"\":1}", "\"required\" is not supported"},
        {"{\"format\":\"uri\",\"$defs\":{\"a\":{\"pattern\":\"\"}},\"definitions\":{}}", "1", NULL},
        {"{\"minimum\":1.5}", "1.4", "the value: is less"},
        {"{\"minimum\":1.5,\"maximum\":15e-1}", "1.5", NULL},
        {"{\"maximum\":-1}", "0", "is more"},
        {"{\"maximum\":1}", "1e999", "cannot be compared"},
        {"{\"maximum\":1e999}", "1", "\"maximum\" is not supported"},
        {"{\"maximum\":1}", "\"long\"", NULL},
        {"{\"minLength\":2}", "\"\\u00fc\"", "is less"},
        {"{\"maxLength\":1}", "\"\\ud83d\\ude00\"", NULL},
        {"{\"maxLength\":1}", "\"ab\"", "is more"},
        {"{\"maxLength\":-1}", "1", "\"maxLength\" is not supported"},
        {"{\"maxLength\":1.5}", "1", "\"maxLength\" is not supported"},
        {"{\"items\":{\"minItems\":1}}", "[[1],[]]", "[1]: is less"},
        {"{\"maxItems\":1}", "[[1,2],[]]", "is more"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = {0};
        assert_ok(json_scan(text_of(rows[i].schema), NULL));
        assert_ok(json_scan(text_of(rows[i].value), NULL));
        const struct status s = json_schema_check(text_of(rows[i].schema), text_of(rows[i].value), &err);
        if (s.code != (rows[i].why ? E_INVALID : E_OK) || (rows[i].why && !strstr(err.message, rows[i].why)))
            fail_msg("%s of %s: %s", rows[i].value, rows[i].schema, err.message);
    }
}

/* ---- schema and value multiply ---- */

/* `count` members or items, a number for the # of each `form`, between the words around them. */
static void repeat(struct buffer *out, const char *before, const char *form, const char *after,
                   unsigned count)
{
    buffer_text(out, text_of(before));
    for (unsigned i = 0; i < count; i++) {
        buffer_text(out, text_of(i > 0 ? "," : ""));
        struct text rest = text_of(form);
        buffer_text(out, text_cut(&rest, '#'));
        if (text_contains(text_of(form), '#'))
            buffer_printf(out, "%u", i);
        buffer_text(out, rest);
    }
    buffer_text(out, text_of(after));
}

static void refuses_what_multiplies(void **state)
{
    (void)state;
    static const struct {
        const char *before, *form, *after; /* the schema */
        const char *value_before, *value_form, *value_after;
    } rows[] = {
        {"{\"properties\":{", "\"a#\":{}", "}}", "{", "\"b#\":0", "}"},
        {"{\"properties\":{", "\"a#\":{}", "}}", "{", "\"\\u0062#\":0", "}"},
        {"{\"required\":[", "\"a#\"", ",\"none\"]}", "{\"none\":1,", "\"a#\":0", "}"},
        {"{\"required\":[", "\"\\u0061#\"", ",\"none\"]}", "{\"none\":1,", "\"a#\":0", "}"},
        {"{\"items\":{\"enum\":[", "\"a#\"", ",0]}}", "[", "0", "]"},
        {"{\"items\":{\"enum\":[", "\"a#\"", ",\"a\"]}}", "[", "\"\\u0061\"", "]"},
        {"{\"items\":{", "\"title\":#", "}}", "[", "0", "]"},
        {"{\"additionalProperties\":{", "\"title\":#", "}}", "{", "\"b#\":0", "}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = {0};
        OWNED(buffer_release) struct buffer schema;
        OWNED(buffer_release) struct buffer value;
        buffer_init(&schema, 65536);
        buffer_init(&value, 65536);
        repeat(&schema, rows[i].before, rows[i].form, rows[i].after, 3000);
        repeat(&value, rows[i].value_before, rows[i].value_form, rows[i].value_after, 3000);
        assert_ok(json_scan(buffer_as_text(&schema), NULL));
        assert_ok(json_scan(buffer_as_text(&value), NULL));
        assert_int_equal(json_schema_check(buffer_as_text(&schema), buffer_as_text(&value), &err).code,
                         E_INVALID);
        assert_string_equal(err.message, "the schema asks for too much work");
    }
}

static void checks_what_is_long_but_does_not_multiply(void **state)
{
    (void)state;
    struct error err = {0};
    OWNED(buffer_release) struct buffer schema;
    OWNED(buffer_release) struct buffer value;
    buffer_init(&schema, 65536);
    buffer_init(&value, 65536);
    repeat(&schema, "{\"properties\":{", "\"parameter#\":{\"type\":\"integer\"}",
           "},\"required\":[\"parameter7\"]}", 100);
    repeat(&value, "{", "\"parameter#\":7", "}", 100);
    assert_ok(json_schema_check(buffer_as_text(&schema), buffer_as_text(&value), &err));
    buffer_clear(&value);
    repeat(&value, "[", "{\"name\":\"#\"}", "]", 1000);
    assert_ok(json_schema_check(
        TEXT("{\"items\":{\"required\":[\"name\"],\"properties\":{\"name\":{\"type\":\"string\"}}}}"),
        buffer_as_text(&value), &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_a_schema_allows),
                                       cmocka_unit_test(refuses_what_multiplies),
                                       cmocka_unit_test(checks_what_is_long_but_does_not_multiply)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
