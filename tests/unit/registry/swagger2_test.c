/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"
#include "check.h"
#include "registry/specification.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define HOST        "app1-3bb33152-1bdb-4d68-b267-3fd239633d7b.kyma-integration.svc.cluster.local"

static void recognises_swagger_2_only(void **state)
{
    (void)state;
    static const struct {
        const char *json, *api_type;
        bool is;
    } cases[] = {
        {"{\"swagger\":\"2.0\"}", "", true},
        {"{\"swagger\":\"2.0\"}", "OpenAPI", true},
        {" { \"SWAGGER\" : \"\\u0032.0\" }", "", true},
        {"{\"swagger\":\"1.2\",\"swagger\":\"2.0\"}", "", true},
        {"{\"swagger\":\"2.0\"}", "oDATA", false},
        {"{\"swagger\":\"2.0\",\"swagger\":\"1.2\"}", "", false},
        {"{\"swagger\":2.0}", "", false},
        {"{\"swagger\":\"2.00\"}", "", false},
        {"{\"swagger\":\"2\"}", "", false},
        {"{\"swagger\":null}", "", false},
        {"{\"swagger\":[\"2.0\"]}", "", false},
        {"{\"openapi\":\"3.0.0\"}", "", false},
        {"{\"x\":{\"swagger\":\"2.0\"}}", "", false},
        {"[\"swagger\",\"2.0\"]", "", false},
        {"\"swagger\"", "", false},
        {"", "", false},
        {"{}", "", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (swagger2_is(text_of(cases[i].json), text_of(cases[i].api_type)) != cases[i].is)
            fail_msg("%s", cases[i].json);
    }
}

static void rewrites_the_top_level_as_the_original(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        /* the upstream test asserts these bytes */
        {"{\"swagger\":\"2.0\"}",
         "{\"schemes\":[\"http\"],\"swagger\":\"2.0\",\"host\":\"" HOST "\",\"paths\":null}"},
        {"{\"x-a\":2,\"zzz\":1,\"paths\":{\"/a\":{}},\"basePath\":\"/"
         "b\",\"host\":\"h\",\"schemes\":[\"https\"],"
         "\"info\":{\"title\":\"t\"},\"swagger\":\"2.0\"}",
         "{\"schemes\":[\"http\"],\"swagger\":\"2.0\",\"info\":{\"title\":\"t\"},\"host\":\"" HOST
         "\",\"paths\":{\"/a\":{}},\"x-a\":2}"},
        /* every member, backwards */
        {"{\"externalDocs\":{\"u\":16},\"tags\":[15],\"security\":[14],\"securityDefinitions\":{\"a\":13},"
         "\"responses\":{\"a\":12},"
         "\"parameters\":{\"a\":11},\"definitions\":{\"a\":10},\"paths\":{\"a\":9},\"basePath\":\"8\","
         "\"host\":\"7\",\"info\":{\"a\":6},"
         "\"swagger\":\"2.0\",\"schemes\":[4],\"produces\":[3],\"consumes\":[2],\"id\":\"1\"}",
         "{\"id\":\"1\",\"consumes\":[2],\"produces\":[3],\"schemes\":[\"http\"],\"swagger\":\"2.0\","
         "\"info\":{\"a\":6},"
         "\"host\":\"" HOST "\",\"paths\":{\"a\":9},\"definitions\":{\"a\":10},\"parameters\":{\"a\":11},"
         "\"responses\":{\"a\":12},"
         "\"securityDefinitions\":{\"a\":13},\"security\":[14],\"tags\":[15],\"externalDocs\":{\"u\":16}}"},
        /* what is empty goes, as in the original's model */
        {"{\"swagger\":\"2.0\",\"id\":\"\",\"consumes\":[ "
         "],\"produces\":null,\"info\":null,\"paths\":{},\"definitions\":{ },"
         "\"tags\":[],\"externalDocs\":{}}",
         "{\"schemes\":[\"http\"],\"swagger\":\"2.0\",\"host\":\"" HOST
         "\",\"paths\":{},\"externalDocs\":{}}"},
        /* nested values stay as they were sent; last duplicates win; extensions are sorted */
        {"{\"swagger\":\"2.0\",\"paths\":1,\"X-Z\":1e3,\"x-b\":1,\"x-a\":{\"n\":18446744073709551615, "
         "\"n\":2.0},"
         "\"x-b\":[3],\"\\u0078-c\":null,\"PATHS\":{\"/b\":{},\"/a\":{}},\"x\":1}",
         "{\"schemes\":[\"http\"],\"swagger\":\"2.0\",\"host\":\"" HOST "\",\"paths\":{\"/b\":{},\"/a\":{}},"
         "\"X-Z\":1e3,\"x-a\":{\"n\":18446744073709551615, \"n\":2.0},\"x-b\":[3],\"\\u0078-c\":null}"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 4096);
        assert_ok(swagger2_rewrite(text_of(cases[i].in), TEXT(HOST), &out));
        assert_text(buffer_as_text(&out), cases[i].out);
        assert_ok(json_scan(buffer_as_text(&out), NULL));
    }
}

static void keeps_the_order_of_more_extensions_than_anybody_has(void **state)
{
    (void)state;
    enum { COUNT_OF_THEM = 20000 };
    OWNED(buffer_release) struct buffer in, expected, out;
    buffer_init(&in, 1u << 20);
    buffer_init(&expected, 1u << 20);
    buffer_init(&out, 1u << 20);
    buffer_cstr(&in, "{\"zzz\":1,\"swagger\":\"2.0\"");
    buffer_cstr(&expected, "{\"schemes\":[\"http\"],\"swagger\":\"2.0\",\"host\":\"h\",\"paths\":null");
    for (int i = COUNT_OF_THEM; i > 0; i--) {
        buffer_printf(&in, ",\"x-%05d\":%d", i, i);
        buffer_printf(&expected, ",\"x-%05d\":%d", i, i);
    }
    buffer_byte(&in, '}');
    buffer_byte(&expected, '}');
    assert_ok(swagger2_rewrite(buffer_as_text(&in), TEXT("h"), &out));
    assert_true(text_equal(buffer_as_text(&out), buffer_as_text(&expected)));
}

static void stays_inside_what_was_never_accepted(void **state)
{
    (void)state;
    const struct text whole =
        TEXT("{\"swagger\":\"2.0\",\"x-\\u00\":[1,{\"a\":\"\\\"}\"}],\"id\":\"\\u12\",x:1,\"paths\"");
    for (size_t n = 0; n <= whole.n; n++) {
        OWNED(buffer_release) struct buffer out;
        char copy[128]; /* its own memory, so that a read too far is seen */
        memcpy(copy, whole.p, n);
        buffer_init(&out, 4096);
        swagger2_is((struct text){copy, n}, TEXT(""));
        assert_ok(swagger2_rewrite((struct text){copy, n}, TEXT("h"), &out));
    }
}

static struct status rewrite(void)
{
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 4096);
    return swagger2_rewrite(TEXT("{\"swagger\":\"2.0\",\"\\u0078-a\":1,\"x-b\":2}"), TEXT(HOST), &out);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(rewrite());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recognises_swagger_2_only),
        cmocka_unit_test(stays_inside_what_was_never_accepted),
        cmocka_unit_test(rewrites_the_top_level_as_the_original),
        cmocka_unit_test(keeps_the_order_of_more_extensions_than_anybody_has),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
