/* SPDX-License-Identifier: Apache-2.0 */

/* Answers, byte for byte: order, errors in front, nulls, scopes. What data is right is oracle_test.py's. */

#include <stdio.h>

#include "ask.h"

/* clang-format off */
static const struct {
    const char *query, *answer;
} answers[] = {
    {"{ b: __typename hero { name id } a: __typename }", "{\"data\":{\"b\":\"Query\",\"hero\":{\"name\":\"R2-D2\",\"id\":\"2001\"},\"a\":\"Query\"}}"},
    {"{ human(id: \"1001\") { name home born } }", "{\"data\":{\"human\":{\"name\":\"Darth \\\"Vader\\\"\\n\xc3\xa9\xf0\x9f\x98\x80\",\"home\":null,\"born\":\"2020-09-13T12:26:40Z\"}}}"},
    {"{ human(id: \"1000\") { name labels droid { id } again { home } } }",
     "{\"data\":{\"human\":{\"name\":\"Luke \\u003cSkywalker\\u003e\",\"labels\":{\"side\":[\"light\"],\"n\":1},\"droid\":{\"id\":\"2001\"},\"again\":{\"home\":\"Tatooine\"}}}}"},
    {"{ hero { height(unit: FEET) } }", "{\"data\":{\"hero\":{\"height\":3}}}"},
    {"{ echo(float: 0.1) }", "{\"data\":{\"echo\":{\"float\":0.10000000000000001,\"some\":[\"a\"]}}}"},
    {"{ nest { value fails } }",
     "{\"errors\":[{\"message\":\"no fails for you\",\"path\":[\"nest\",\"fails\"],\"extensions\":{\"error\":\"Denied\",\"error_code\":23}}],"
     "\"data\":{\"nest\":{\"value\":1,\"fails\":null}}}"},
    {"{ nest { x: self { value y: failsNotNull value } } }",
     "{\"errors\":[{\"message\":\"no failsNotNull for you\",\"path\":[\"nest\",\"x\",\"y\"],\"extensions\":{\"error\":\"Denied\",\"error_code\":23}}],"
     "\"data\":{\"nest\":{\"x\":null}}}"},
    {"{ crashes }", "{\"errors\":[{\"message\":\"internal system error\",\"path\":[\"crashes\"]}],\"data\":{\"crashes\":null}}"},
    {"{ nest { list { nothingNotNull } } }",
     "{\"errors\":[{\"message\":\"Cannot return null for non-nullable field Nest.nothingNotNull.\",\"path\":[\"nest\",\"list\",0,\"nothingNotNull\"]},"
     "{\"message\":\"Cannot return null for non-nullable field Nest.nothingNotNull.\",\"path\":[\"nest\",\"list\",1,\"nothingNotNull\"]},"
     "{\"message\":\"Cannot return null for non-nullable field Nest.nothingNotNull.\",\"path\":[\"nest\",\"list\",2,\"nothingNotNull\"]}],"
     "\"data\":{\"nest\":{\"list\":[null,null,null]}}}"},
    {"mutation { a: add(value: 1) x: fails b: add(value: 1) }",
     "{\"errors\":[{\"message\":\"no fails for you\",\"path\":[\"x\"],\"extensions\":{\"error\":\"Denied\",\"error_code\":23}}],\"data\":null}"},
    {"mutation { a: add(value: 1) x: failsSoftly b: add(value: 1) }",
     "{\"errors\":[{\"message\":\"no failsSoftly for you\",\"path\":[\"x\"],\"extensions\":{\"error\":\"Denied\",\"error_code\":23}}],\"data\":{\"a\":1,\"x\":null,\"b\":2}}"},
    {"{ nest { tooLarge } }",
     "{\"errors\":[{\"message\":\"Int cannot represent non 32-bit signed integer value: 3000000000\",\"path\":[\"nest\",\"tooLarge\"]}],\"data\":{\"nest\":{\"tooLarge\":null}}}"},
};
/* clang-format on */

static void answers_in_order_with_errors_in_front(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct question q = {.query = answers[i].query};
        assert_answer(q, 200, answers[i].answer);
    }
}

static void locates_errors_if_asked_to(void **state)
{
    (void)state;
    const struct question q = {.query = "{\n  nest {\n    x: fails } }", .locate_errors = true};
    assert_answer(
        q, 200,
        "{\"errors\":[{\"message\":\"no fails for "
        "you\",\"path\":[\"nest\",\"x\"],\"locations\":[{\"line\":3,\"column\":5}],"
        "\"extensions\":{\"error\":\"Denied\",\"error_code\":23}}],\"data\":{\"nest\":{\"x\":null}}}");
}

static void asks_for_scopes_before_it_resolves(void **state)
{
    (void)state;
    const struct question allowed = {.query = "{ secret hidden }", .may_see_secrets = true};
    assert_answer(allowed, 200, "{\"data\":{\"secret\":\"xyzzy\",\"hidden\":\"xyzzy\"}}");
    const struct question denied = {.query = "{ hidden secret crashes }"};
    assert_answer(
        denied, 200,
        "{\"errors\":[{\"message\":\"insufficient scopes provided [required=secrets]\",\"path\":[\"secret\"],"
        "\"extensions\":{\"error\":\"InsufficientScopes\",\"error_code\":23}},"
        "{\"message\":\"internal system error\",\"path\":[\"crashes\"]}],"
        "\"data\":{\"hidden\":null,\"secret\":null,\"crashes\":null}}");
    const struct question nobody = {
        .query = "{ hidden secret }", .may_see_secrets = true, .nobody_authorizes = true};
    assert_answer(nobody, 200,
                  "{\"errors\":[{\"message\":\"internal system "
                  "error\",\"path\":[\"secret\"]}],\"data\":{\"hidden\":null,\"secret\":null}}");
}

/* clang-format off */
static const struct {
    const char *type, *json, *message, *path;
} variables[] = {
    {"Int!", "{}", "must be defined", "[\"variable\",\"v\"]"},
    {"Int!", "{\"v\":null}", "cannot be null", "[\"variable\",\"v\"]"},
    {"Int", "{\"v\":\"5\"}", "cannot use string as Int", "[\"variable\",\"v\"]"},
    {"Int", "{\"v\":5.5}", "cannot use number as Int", "[\"variable\",\"v\"]"},
    {"String", "{\"v\":{}}", "cannot use map as String", "[\"variable\",\"v\"]"},
    {"Boolean", "{\"v\":[]}", "cannot use slice as Boolean", "[\"variable\",\"v\"]"},
    {"ID", "{\"v\":true}", "cannot use bool as ID", "[\"variable\",\"v\"]"},
    {"Episode", "{\"v\":\"SITH\"}", "SITH is not a valid Episode", "[\"variable\",\"v\"]"},
    {"Episode", "{\"v\":1}", "enums must be ints or strings", "[\"variable\",\"v\"]"},
    {"[Int!]", "{\"v\":[1,null]}", "cannot be null", "[\"variable\",\"v\",1]"},
    {"Everything", "{\"v\":5}", "must be a Everything", "[\"variable\",\"v\"]"},
    {"Everything", "{\"v\":{}}", "must be defined", "[\"variable\",\"v\",\"required\"]"},
    {"Everything", "{\"v\":{\"required\":1,\"no\\\"\":1}}", "unknown field", "[\"variable\",\"v\",\"no\\\"\"]"},
    {"Everything", "{\"v\":{\"required\":1,\"filters\":[{\"key\":\"a\"},{\"key\":5}]}}", "cannot use number as String", "[\"variable\",\"v\",\"filters\",1,\"key\"]"},
};
/* clang-format on */

static void says_which_variable_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        char query[200], answer[400];
        snprintf(query, sizeof(query), "query($v: %s) { echoJson(json: [$v]) }", variables[i].type);
        snprintf(answer, sizeof(answer),
                 "{\"errors\":[{\"message\":\"%s\",\"path\":%s,\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_"
                 "FAILED\"}}],\"data\":null}",
                 variables[i].message, variables[i].path);
        const struct question q = {.query = query, .variables = variables[i].json};
        assert_answer(q, 422, answer);
    }
}

static void takes_what_apollo_sends_back(void **state)
{
    (void)state;
    const struct question q = {.query = "query($v: Filter!) { echo(inputs: [$v]) }",
                               .variables = "{\"v\":{\"__typename\":\"Filter\",\"key\":\"k\"},\"other\":1}"};
    assert_answer(q, 200, "{\"data\":{\"echo\":{\"some\":[\"a\"],\"inputs\":[{\"key\":\"k\"}]}}}");
}

static void executes_a_bounded_number_of_fields(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer query;
    buffer_init(&query, 10000);
    buffer_cstr(&query, "{ nest { ...F0 } }");
    for (int i = 0; i < 12; i++)
        buffer_printf(&query, " fragment F%d on Nest { a: listNotNull { ...F%d } b: listNotNull { ...F%d } }",
                      i, i + 1, i + 1);
    buffer_cstr(&query, " fragment F12 on Nest { value }");
    buffer_byte(&query, 0);
    const struct question q = {.query = (const char *)query.data};
    assert_answer(q, 413,
                  "{\"errors\":[{\"message\":\"the answer is too large: ask for fewer fields or a smaller "
                  "page\"}],\"data\":null}");
}

static void refuses_too_many_fields_at_the_top(void **state)
{
    (void)state;
    for (int count = LIMIT_GRAPHQL_ROOT_FIELDS; count <= LIMIT_GRAPHQL_ROOT_FIELDS + 1; count++) {
        OWNED(buffer_release) struct buffer query;
        OWNED(buffer_release) struct buffer answer;
        buffer_init(&query, 10000);
        buffer_init(&answer, 100000);
        buffer_cstr(&query, "mutation { ... {");
        for (int i = 0; i < count; i++)
            buffer_printf(&query, " a%d: add(value: 1)", i);
        buffer_cstr(&query, "} }");
        buffer_byte(&query, 0);
        const struct question q = {.query = (const char *)query.data};
        assert_int_equal(ask(&q, &answer), 200);
        bool refused = text_starts_with(
            buffer_as_text(&answer),
            TEXT("{\"errors\":[{\"message\":\"The operation has too many fields at its top.\"}"));
        assert_int_equal(refused, count > LIMIT_GRAPHQL_ROOT_FIELDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_which_variable_is_wrong),
        cmocka_unit_test(refuses_too_many_fields_at_the_top),
        cmocka_unit_test(executes_a_bounded_number_of_fields),
        cmocka_unit_test(asks_for_scopes_before_it_resolves),
        cmocka_unit_test(answers_in_order_with_errors_in_front),
        cmocka_unit_test(locates_errors_if_asked_to),
        cmocka_unit_test(takes_what_apollo_sends_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
