/* SPDX-License-Identifier: Apache-2.0 */

/* Answers, byte for byte: order, errors in front, nulls, scopes. What data is right is oracle_test.py's. */

#include <stdio.h>

#include "ask.h"
#include "graphql/table.h"

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
    {"{ champion(film: CLONES) { ... on Person { name } } hero { id } }", "{\"data\":{\"champion\":{\"name\":\"Luke \\u003cSkywalker\\u003e\"},\"hero\":{\"id\":\"2001\"}}}"},
    {"{ echo(episode: CLONES, inputs: {word: \"k\"}) }", "{\"data\":{\"echo\":{\"episode\":\"EMPIRE\",\"some\":[\"a\"],\"inputs\":[{\"key\":\"k\"}]}}}"},
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

static void takes_former_words_in_variables(void **state)
{
    (void)state;
    const struct question q = {.query = "query($v: [Sieve!], $e: Episode!) { echo(inputs: $v, episode: $e) }",
                               .variables = "{\"v\":[{\"word\":\"k\"}],\"e\":\"CLONES\"}"};
    assert_answer(
        q, 200,
        "{\"data\":{\"echo\":{\"episode\":\"EMPIRE\",\"some\":[\"a\"],\"inputs\":[{\"key\":\"k\"}]}}}");
    const struct question missing = {.query = "query($v: Sieve!) { echo(inputs: [$v]) }",
                                     .variables = "{\"v\":{\"query\":\"k\"}}"};
    assert_answer(missing, 422,
                  "{\"errors\":[{\"message\":\"must be "
                  "defined\",\"path\":[\"variable\",\"v\",\"key\"],\"extensions\":{\"code\":\"GRAPHQL_"
                  "VALIDATION_FAILED\"}}],\"data\":null}");
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

static void finds_members_of_what_was_given(void **state)
{
    (void)state;
    static const struct graphql_input inputs[] = {{.name = "a", .type = "Int"}, {.name = "b", .type = "Int"}};
    const struct graphql_given items[] = {{.kind = GRAPHQL_GIVEN_INT, .integer = 7},
                                          {.kind = GRAPHQL_GIVEN_NOTHING}};
    const struct graphql_given object = {
        .kind = GRAPHQL_GIVEN_OBJECT, .count = 2, .items = items, .inputs = inputs};
    assert_int_equal(graphql_given_int(graphql_given_member(&object, "a"), 0), 7);
    assert_int_equal(graphql_given_int(graphql_given_member(&object, "b"), 5), 5);
    assert_int_equal(graphql_given_member(&object, "c")->kind, GRAPHQL_GIVEN_NOTHING);
    assert_int_equal(graphql_given_member(&items[0], "a")->kind, GRAPHQL_GIVEN_NOTHING);
    assert_null(graphql_given_text(graphql_given_member(&object, "b")).p);
    assert_true(graphql_given_bool(graphql_given_member(&object, "a"), false));
}

/* ---- resolvers that hand back what their field cannot be ---- */

static struct status give_text(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_text(TEXT("text"));
    return DONE;
}

static struct status give_number(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_int(5);
    return DONE;
}

static struct status give_object(struct graphql_call *call, struct graphql_value *out)
{
    *out = graphql_object_as("Other", call);
    return DONE;
}

static struct status give_infinity(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_float(__builtin_inf());
    return DONE;
}

static struct status give_json(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_json(TEXT("[1,2]"));
    return DONE;
}

struct member {
    int64_t number;
};

/* clang-format off */
static const struct graphql_type lying_types[] = {
    OBJECT("Query", FIELDS(
        FIELD("int", "Int", .resolve = give_text),
        FIELD("unit", "Unit", .resolve = give_text),
        FIELD("string", "String", .resolve = give_number),
        FIELD("boolean", "Boolean", .resolve = give_number),
        FIELD("list", "[Int]", .resolve = give_number),
        FIELD("query", "Query", .resolve = give_number),
        FIELD("queryOfText", "Query", .resolve = give_text),
        FIELD("queryOfJson", "Query", .resolve = give_json),
        FIELD("leaf", "Int", .resolve = give_object),
        FIELD("union", "Union", .resolve = give_object),
        FIELD("float", "Float", .resolve = give_infinity),
        FIELD("member", "Int", .at = AT_INT(struct member, number)),
        FIELD("id", "ID", .resolve = give_number),
        FIELD("real", "Float", .resolve = give_number),
        FIELD("ints", "[Int]", .resolve = give_json))),
    OBJECT("Other", FIELDS(FIELD("a", "Int", .resolve = give_number))),
    UNION("Union", "Query"),
    ENUM("Unit", VALUE("CM")),
    END_OF_TYPES,
};
/* clang-format on */

static void refuses_what_a_field_cannot_be(void **state)
{
    (void)state;
    static const struct graphql_type *const list[] = {lying_types, NULL};
    static const struct {
        const char *query, *message; /* NULL: it can be that */
    } cases[] = {
        {"{ int }", "the value is no Int"},
        {"{ unit }", "the value is no Unit"},
        {"{ string }", "the value is no String"},
        {"{ boolean }", "the value is no Boolean"},
        {"{ list }", "the value is no list"},
        {"{ query { id } }", "the value is no Query"},
        {"{ queryOfText { id } }", "the value is no Query"},
        {"{ queryOfJson { id } }", "the value is no Query"},
        {"{ leaf }", "the value is no Int"},
        {"{ union { __typename } }", "the value is no Union"},
        {"{ float }", "the value is no Float"},
        {"{ member }", "internal system error"}, /* the root is no object */
        {"{ id }", NULL},
        {"{ real }", NULL},
        {"{ ints }", NULL},
    };
    const struct graphql_tables tables = {.types = list, .query = "Query"};
    OWNED(graphql_schema_free) struct graphql_schema *schema = NULL;
    assert_ok(graphql_schema_new(&tables, &schema, NULL));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(arena_release) struct arena arena;
        OWNED(buffer_release) struct buffer answer;
        arena_init(&arena, 4096, LIMIT_GRAPHQL_ARENA);
        buffer_init(&answer, LIMIT_REPLY_BODY);
        buffer_byte(&answer, 0); /* what was there stays */
        const struct graphql_execution execution = {.schema = schema, .arena = &arena};
        const struct graphql_request request = {.query = text_of(cases[i].query)};
        assert_int_equal(graphql_answer(&execution, &request, &answer), 200);
        buffer_byte(&answer, 0);
        const char *said = (const char *)answer.data + 1;
        if (cases[i].message)
            assert_non_null(strstr(said, cases[i].message));
        else
            assert_null(strstr(said, "errors"));
        assert_true(!cases[i].message || strstr(said, ":null}}"));
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
        cmocka_unit_test(takes_former_words_in_variables),
        cmocka_unit_test(takes_what_apollo_sends_back),
        cmocka_unit_test(finds_members_of_what_was_given),
        cmocka_unit_test(refuses_what_a_field_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
