/* SPDX-License-Identifier: Apache-2.0 */

/* What graphql_schema_new refuses: every mistake that a table can hold is named at start. */

#include "ask.h"
#include "graphql/table.h"

static struct status none(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    (void)out;
    return DONE;
}

struct thing {
    struct text name;
    int64_t size;
};

/* clang-format off */
#define QUERY           OBJECT("Query", FIELDS(FIELD("a", "Int", .resolve = none)))
#define QUERY_OF(...)   OBJECT("Query", FIELDS(__VA_ARGS__))
#define TYPES(...)      (const struct graphql_type[]){__VA_ARGS__, END_OF_TYPES}

static const struct {
    const struct graphql_type *types;
    const char *message;
} refusals[] = {
    {TYPES(OBJECT("Other", FIELDS(FIELD("a", "Int", .resolve = none)))), "schema: no such object type: 'Query'"},
    {TYPES(SCALAR("Query", GRAPHQL_ANY)), "schema: no such object type: 'Query'"},
    {TYPES(QUERY, QUERY), "types: 'Query' is there twice"},
    {TYPES(QUERY, SCALAR("Int", GRAPHQL_INT)), "types: 'Int' is there twice"},
    {TYPES(QUERY_OF(FIELD("a", "Nope", .resolve = none))), "Query.a: no such type: 'Nope'"},
    {TYPES(QUERY_OF(FIELD("a", "[Int", .resolve = none))), "Query.a: this is no type: '[Int'"},
    {TYPES(QUERY_OF(FIELD("a", "Int!!", .resolve = none))), "Query.a: this is no type: 'Int!!'"},
    {TYPES(QUERY_OF(FIELD("a", "Int", .resolve = none), FIELD("a", "Int", .resolve = none))), "Query: 'a' is there twice"},
    {TYPES(QUERY_OF(FIELD("a b", "Int", .resolve = none))), "Query.a b: this is no name: a b"},
    {TYPES(QUERY_OF(FIELD("__a", "Int", .resolve = none))), "Query.__a: this name is GraphQL's own: __a"},
    {TYPES(QUERY_OF(FIELD("a", "Int"))), "Query.a: needs a resolver or a member, and not both"},
    {TYPES(QUERY_OF(FIELD("a", "Int", .resolve = none, .at = AT_INT(struct thing, size)))), "Query.a: needs a resolver or a member, and not both"},
    {TYPES(QUERY_OF(FIELD("a", "Query", .at = AT_INT(struct thing, size)))), "Query.a: its type does not fit its member"},
    {TYPES(QUERY_OF(FIELD("a", "Int", .at = AT_SELF))), "Query.a: its type does not fit its member"},
    {TYPES(QUERY_OF(FIELD("a", "[Int]", .at = AT_INT(struct thing, size)))), "Query.a: its type does not fit its member"},
    {TYPES(QUERY_OF(FIELD("a", "I", .resolve = none)), INPUT("I", ARGUMENT("b", "Int"))), "Query.a: a field cannot have the type 'I'"},
    {TYPES(QUERY_OF(FIELD("a", "Int", .resolve = none, ARGUMENTS(ARGUMENT("b", "Query"))))), "Query.a: an argument cannot have the type 'Query'"},
    {TYPES(QUERY_OF(FIELD("a", "Int", .resolve = none, ARGUMENTS(ARGUMENT("b", "Int"), ARGUMENT("b", "Int"))))), "Query.a: 'b' is there twice"},
    {TYPES(QUERY_OF(FIELD("a", "Int", .resolve = none, ARGUMENTS(ARGUMENT("b", "Int", .initial = "{"))))), "Query.a: this default is no value: '{'"},
    {TYPES(QUERY_OF(FIELD("a", "Int", .resolve = none, ARGUMENTS(ARGUMENT("b", "Int", .initial = "\"x\""))))), "Query.a: its default is no value of its type: b"},
    {TYPES(QUERY_OF(FIELD("a", "Int", .resolve = none, ARGUMENTS(ARGUMENT("b", "Int!", .initial = "null"))))), "Query.a: its default is no value of its type: b"},
    {TYPES(QUERY_OF(FIELD("a", "Int", .resolve = none, ARGUMENTS(ARGUMENT("b", "Int!", .deprecated = "x"))))), "Query.a: what is required cannot be deprecated: b"},
    {TYPES(QUERY_OF(FIELD("a", "Int!", .resolve = none, .scope = "x", .null_without_scope = true))), "Query.a: cannot be null without its scope: its type is not nullable"},
    {TYPES(QUERY, ENUM("E", {.name = NULL})), "E: an enum has values, and nothing else does"},
    {TYPES(QUERY, ENUM("E", VALUE("A"), VALUE("A"))), "E: 'A' is there twice"},
    {TYPES(QUERY, INPUT("I", {.name = NULL})), "I: an input object has fields, and nothing else does"},
    {TYPES(QUERY, OBJECT("O", FIELDS({.name = NULL}))), "O: has no fields"},
    {TYPES(QUERY, UNION("U", "Nope")), "U: no such object type: 'Nope'"},
    {TYPES(QUERY, UNION("U", "Int")), "U: no such object type: 'Int'"},
    {TYPES(QUERY, OBJECT("O", IMPLEMENTS("Nope"), FIELDS(FIELD("a", "Int", .resolve = none)))), "O: no such interface: 'Nope'"},
    {TYPES(QUERY, INTERFACE("N", FIELDS(FIELD("a", "Int", .resolve = none)))), "N.a: a field of an interface has no resolver"},
    {TYPES(QUERY, INTERFACE("N", FIELDS(FIELD("b", "Int"))), OBJECT("O", IMPLEMENTS("N"), FIELDS(FIELD("a", "Int", .resolve = none)))),
     "O.b: is missing, but is a field of N"},
    {TYPES(QUERY, INTERFACE("N", FIELDS(FIELD("a", "Int!"))), OBJECT("O", IMPLEMENTS("N"), FIELDS(FIELD("a", "Int", .resolve = none)))),
     "O.a: has another type than in N"},
    {TYPES(QUERY, INTERFACE("N", FIELDS(FIELD("a", "[Int]"))), OBJECT("O", IMPLEMENTS("N"), FIELDS(FIELD("a", "Int", .resolve = none)))),
     "O.a: has another type than in N"},
    {TYPES(QUERY, INTERFACE("N", FIELDS(FIELD("a", "Int", ARGUMENTS(ARGUMENT("b", "Int"))))), OBJECT("O", IMPLEMENTS("N"), FIELDS(FIELD("a", "Int", .resolve = none)))),
     "O.a: its interface has another argument b"},
    {TYPES(QUERY, INTERFACE("N", FIELDS(FIELD("a", "Int"))), OBJECT("O", IMPLEMENTS("N"), FIELDS(FIELD("a", "Int", .resolve = none, ARGUMENTS(ARGUMENT("b", "Int!")))))),
     "O.a: its interface does not have the required argument b"},
};
/* clang-format on */

static struct status make(const struct graphql_type *types, bool scoped, struct error *err)
{
    const struct graphql_type *const list[] = {types, NULL};
    const struct graphql_tables tables = {.types = list, .query = "Query", .scoped = scoped};
    OWNED(graphql_schema_free) struct graphql_schema *schema = NULL;
    return graphql_schema_new(&tables, &schema, err);
}

static void refuses_tables_with_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct error err = {.message = ""};
        assert_status(make(refusals[i].types, false, &err), E_INVALID);
        assert_string_equal(err.message, refusals[i].message);
    }
}

static void refuses_root_fields_without_a_scope_where_scopes_are_asked_for(void **state)
{
    (void)state;
    struct error err = {.message = ""};
    assert_ok(make(TYPES(QUERY), false, &err));
    assert_status(make(TYPES(QUERY), true, &err), E_INVALID);
    assert_string_equal(err.message, "Query.a: does not say what scope it needs");
    assert_ok(make(TYPES(QUERY_OF(FIELD("a", "Int", .resolve = none, .scope = ""))), true, &err));
}

static void takes_an_implementation_that_says_more(void **state)
{
    (void)state;
    struct error err = {.message = ""};
    assert_ok(
        make(TYPES(QUERY, INTERFACE("N", FIELDS(FIELD("a", "[N]"), FIELD("b", "Int"))),
                   OBJECT("O", IMPLEMENTS("N"),
                          FIELDS(FIELD("a", "[O!]!", .resolve = none),
                                 FIELD("b", "Int!", .resolve = none, ARGUMENTS(ARGUMENT("c", "Int")))))),
             false, &err));
}

static struct status make_toy(void)
{
    OWNED(graphql_schema_free) struct graphql_schema *schema = NULL;
    return graphql_schema_new(&toy_tables, &schema, NULL);
}

static void survives_without_memory(void **state)
{
    (void)state;
    assert_survives_failing_allocations(make_toy());
}

static void prints_itself(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer sdl;
    buffer_init(&sdl, 100000);
    graphql_schema_print(toy_schema(), &sdl);
    struct text text = buffer_as_text(&sdl);
    assert_true(text_starts_with(
        text, TEXT("\"A toy.\"\nschema {\n  query: Query\n  mutation: Mutation\n}\n\ntype Query {\n")));
    assert_true(text_ends_with(
        text,
        TEXT("\n\"Anything.\"\nscalar JSON @specifiedBy(url: \"https://www.rfc-editor.org/rfc/rfc8259\")"
             "\n\nscalar Timestamp\n\nscalar Date\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_tables_with_mistakes),
        cmocka_unit_test(refuses_root_fields_without_a_scope_where_scopes_are_asked_for),
        cmocka_unit_test(takes_an_implementation_that_says_more),
        cmocka_unit_test(survives_without_memory),
        cmocka_unit_test(prints_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
