/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/json_schema.h"

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
        {"{\"type\":\"unheard\"}", "1", "is not of the type"},
        {"{\"type\":[\"null\",\"boolean\"]}", "false", NULL},
        {"{\"type\":[\"null\",\"boolean\"]}", "{}", "none of the types"},
        {"{\"type\":[]}", "1", "none of the types"},
        {"{\"enum\":[1,\"a\",null]}", "\"a\"", NULL},
        {"{\"enum\":[1,\"a\",null]}", "\"b\"", "none of the values"},
        {"{\"enum\":[\"\\u0061\"]}", "\"a\"", NULL},
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
        {"{\"properties\":{\"a\":{\"pattern\":\"x\"}}}", "{}", NULL},
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_a_schema_allows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
