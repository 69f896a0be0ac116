/* SPDX-License-Identifier: Apache-2.0 */

/* Validation: the words, which are gqlparser's, and the bounds. Which documents are valid is
 * oracle_test.py's. */

#include "ask.h"
#include "graphql/document.h"
#include "graphql/validate.h"

/* clang-format off */
static const struct {
    const char *query, *message;
} refusals[] = {
    {"{ hero { nam } }", "Cannot query field \"nam\" on type \"Character\". Did you mean \"name\"?"},
    {"{ hero { home } }", "Cannot query field \"home\" on type \"Character\". Did you mean to use an inline fragment on \"Droid\" or \"Human\"?"},
    {"{ search { name } }", "Cannot query field \"name\" on type \"SearchResult\". Did you mean to use an inline fragment on \"Character\", \"Droid\", or \"Human\"?"},
    {"{ echo(ints: [[1], {a: 2}]) }", "Int cannot represent non-integer value: [1]"},
    {"{ xyzzyplugh }", "Cannot query field \"xyzzyplugh\" on type \"Query\"."},
    {"{ ships { name } }", "there are no ships here"},
    {"{ echo(inputs: {key: \"k\", ship: 1}) }", "there are no ships here"},
    {"mutation { addShip }", "there are no ships here"},
    {"{ lost }", "Cannot query field \"lost\" on type \"Query\". Did you mean \"nest\"?"},
    {"{ hero(word: 1) { id } }", "Unknown argument \"word\" on field \"Query.hero\"."},
    {"{ champion(film: ATTACK) { id } }", "Value \"ATTACK\" does not exist in \"Episode\" enum."},
    {"{ champion(film: JEDI, episode: JEDI) { id } }", "There can be only one argument named \"episode\"."},
    {"{ addShip }", "Cannot query field \"addShip\" on type \"Query\"."},
    {"{ hero }", "Field \"hero\" of type \"Character\" must have a selection of subfields. Did you mean \"hero { ... }\"?"},
    {"{ fails { a } }", "Field \"fails\" must not have a selection since type \"String\" has no subfields."},
    {"{ human { id } }", "Field \"human\" argument \"id\" of type \"ID!\" is required, but it was not provided."},
    {"{ human(id: 1, ib: 2) { id } }", "Unknown argument \"ib\" on field \"Query.human\". Did you mean \"id\"?"},
    {"{ human(id: 1, id: 2) { id } }", "There can be only one argument named \"id\"."},
    {"{ echo(int: \"1\") }", "Int cannot represent non-integer value: \"1\""},
    {"{ echo(int: 3000000000) }", "Int cannot represent non 32-bit signed integer value: 3000000000"},
    {"{ echo(float: \"1\") }", "Float cannot represent non numeric value: \"1\""},
    {"{ echo(string: 1) }", "String cannot represent a non string value: 1"},
    {"{ echo(boolean: 1) }", "Boolean cannot represent a non boolean value: 1"},
    {"{ echo(id: 1.5) }", "ID cannot represent a non-string and non-integer value: 1.5"},
    {"{ echo(episode: \"JEDI\") }", "Enum \"Episode\" cannot represent non-enum value: \"JEDI\". Did you mean the enum value \"JEDI\"?"},
    {"{ echo(episode: JED) }", "Value \"JED\" does not exist in \"Episode\" enum. Did you mean the enum value \"JEDI\"?"},
    {"{ echo(date: \"soon\") }", "Expected value of type \"Date\", found \"soon\"."},
    {"{ echo(input: 5) }", "Expected value of type \"Everything\", found 5."},
    {"{ echo(input: {}) }", "Field \"Everything.required\" of required type \"Int!\" was not provided."},
    {"{ echo(input: {required: 1, in: 2}) }", "Field \"in\" is not defined by type \"Everything\". Did you mean \"int\"?"},
    {"{ echo(input: {required: 1, required: 2}) }", "There can be only one input field named \"required\"."},
    {"{ echo(some: null) }", "Expected value of type \"[String!]!\", found null."},
    {"{ a: __typename @nope }", "Unknown directive \"@nope\"."},
    {"query @skip(if: true) { __typename }", "Directive \"@skip\" may not be used on QUERY."},
    {"{ __typename @skip }", "Directive \"@skip\" argument \"if\" of type \"Boolean!\" is required, but it was not provided."},
    {"{ __typename @skip(if: true, when: 1) }", "Unknown argument \"when\" on directive \"@skip\"."},
    {"{ __typename @skip(if: true) @skip(if: true) }", "The directive \"@skip\" can only be used once at this location."},
    {"{ ...F }", "Unknown fragment \"F\"."},
    {"{ __typename } fragment F on Query { __typename }", "Fragment \"F\" is never used."},
    {"{ ...F } fragment F on Nest2 { __typename }", "Unknown type \"Nest2\". Did you mean \"Nest\"?"},
    {"{ ...F } fragment F on Int { __typename }", "Fragment \"F\" cannot condition on non composite type \"Int\"."},
    {"{ ... on Int { __typename } }", "Fragment cannot condition on non composite type \"Int\"."},
    {"{ ... on Nest { __typename } }", "Fragment cannot be spread here as objects of type \"Query\" can never be of type \"Nest\"."},
    {"{ ...F } fragment F on Nest { value }", "Fragment \"F\" cannot be spread here as objects of type \"Query\" can never be of type \"Nest\"."},
    {"{ ...F } fragment F on Query { ...F }", "Cannot spread fragment \"F\" within itself."},
    {"{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }", "Cannot spread fragment \"F\" within itself via \"G\"."},
    {"query A { __typename } query A { __typename }", "There can be only one operation named \"A\"."},
    {"{ __typename } query A { __typename }", "This anonymous operation must be the only defined operation."},
    {"subscription { __typename }", "Schema does not support operation type \"subscription\""},
    {"query($a: Int) { __typename }", "Variable \"$a\" is never used."},
    {"query A($a: Int) { __typename }", "Variable \"$a\" is never used in operation \"A\"."},
    {"{ echo(int: $a) }", "Variable \"$a\" is not defined."},
    {"query A { echo(int: $a) }", "Variable \"$a\" is not defined by operation \"A\"."},
    {"query($a: Int, $a: Int) { echo(int: $a) }", "There can be only one variable named \"$a\"."},
    {"query($a: Integer) { echo(int: $a) }", "Unknown type \"Integer\"."},
    {"query($a: Human) { echo(int: $a) }", "Variable \"$a\" cannot be non-input type \"Human\"."},
    {"query($a: [Int]) { echo(int: $a) }", "Variable \"$a\" of type \"[Int]\" used in position expecting type \"Int\"."},
    {"query($a: ID) { human(id: $a) { id } }", "Variable \"$a\" of type \"ID\" used in position expecting type \"ID!\"."},
    {"{ nest { a: value a: nothing } }",
     "Fields \"a\" conflict because \"value\" and \"nothing\" are different fields. Use different aliases on the fields to fetch both if this was intentional."},
    {"{ nest { self { a: value } self { a: nothing } } }",
     "Fields \"self\" conflict because subfields \"a\" conflict because \"value\" and \"nothing\" are different fields. Use different aliases on the fields to fetch both if this was intentional."},
    {"{ echo(int: 1) echo(int: 2) }",
     "Fields \"echo\" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional."},
    {"{ search { ... on Human { a: id } ... on Droid { a: centimetres } } }",
     "Fields \"a\" conflict because they return conflicting types \"ID!\" and \"Int\". Use different aliases on the fields to fetch both if this was intentional."},
};
/* clang-format on */

static struct status validate(struct text source, struct arena *arena,
                              const struct graphql_finding **findings)
{
    arena_init(arena, 16 * 1024, LIMIT_GRAPHQL_ARENA);
    struct graphql_document *document;
    struct graphql_problem problem;
    assert_ok(graphql_parse(source, arena, &document, &problem));
    return graphql_validate(toy_schema(), document, arena, findings);
}

static void refuses_in_the_words_of_gqlparser(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        OWNED(arena_release) struct arena arena;
        const struct graphql_finding *findings = NULL;
        assert_status(validate(text_of(refusals[i].query), &arena, &findings), E_INVALID);
        assert_text(findings->problem.message, refusals[i].message);
    }
}

static void finds_all_that_is_wrong(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena arena;
    const struct graphql_finding *findings = NULL;
    assert_status(
        validate(
            TEXT("query A($a: Int, $b: Nope) { nope hero(x: 1) ...F } fragment G on Query { __typename }"),
            &arena, &findings),
        E_INVALID);
    int count = 0;
    for (const struct graphql_finding *f = findings; f; f = f->next)
        count++;
    assert_int_equal(count, 8);
}

/* `before`, `count` times `middle` with its number in it, `after`. */
static struct status validate_repeated(const char *before, const char *middle, int count, const char *after,
                                       int *out_findings, char out_message[static 200])
{
    OWNED(arena_release) struct arena arena;
    OWNED(buffer_release) struct buffer source;
    buffer_init(&source, LIMIT_GRAPHQL_BYTES);
    buffer_cstr(&source, before);
    for (int i = 0; i < count; i++) {
        for (const char *p = middle; *p; p++) {
            if (*p == '#')
                buffer_printf(&source, "%d", i);
            else if (*p == '+')
                buffer_printf(&source, "%d", i + 1);
            else
                buffer_byte(&source, (uint8_t)*p);
        }
    }
    buffer_cstr(&source, after);
    const struct graphql_finding *findings = NULL;
    struct status s = validate(buffer_as_text(&source), &arena, &findings);
    *out_findings = 0;
    for (const struct graphql_finding *f = findings; f; f = f->next)
        ++*out_findings;
    assert_true(text_to_cstr(findings ? findings->problem.message : TEXT(""), out_message, 200));
    return s;
}

static void holds_its_limits(void **state)
{
    (void)state;
    char message[200];
    int findings;
    assert_status(validate_repeated("{", " nope#", 1000, "}", &findings, message), E_INVALID);
    assert_int_equal(findings, LIMIT_GRAPHQL_ERRORS);
    assert_status(
        validate_repeated("{ __typename", " @nope#", LIMIT_GRAPHQL_DIRECTIVES + 1, "}", &findings, message),
        E_INVALID);
    assert_int_equal(findings, LIMIT_GRAPHQL_DIRECTIVES + 1);
    /* Fragments inside one another are levels, too: each of these adds one. */
    assert_ok(validate_repeated("{ ...F0 }", " fragment F# on Query { ...F+ }", LIMIT_GRAPHQL_DEPTH - 2,
                                " fragment F62 on Query { __typename }", &findings, message));
    assert_status(validate_repeated("{ ...F0 }", " fragment F# on Query { ...F+ }", LIMIT_GRAPHQL_DEPTH - 1,
                                    " fragment F63 on Query { __typename }", &findings, message),
                  E_INVALID);
    assert_string_equal(message, "The document is nested more than 64 levels deep.");
    assert_status(validate_repeated("{ ...F0 }", " fragment F# on Query { ...F+ }", 1200,
                                    " fragment F1200 on Query { __typename }", &findings, message),
                  E_INVALID);
}

/* Documents that cost other validators quadratic or exponential work. */
static void is_done_soon_whatever_the_document(void **state)
{
    (void)state;
    static const struct {
        const char *before, *middle;
        int count;
        const char *after;
        enum code code;
    } cases[] = {
        {"{", " __typename", 9000, "}", E_TOO_LARGE}, /* 40 million pairs */
        {"{", " a#: __typename", 3000, "}", E_OK},
        {"{ nest {", " self { value }", 1500, "} }", E_TOO_LARGE},
        {"{ ...F0 }", " fragment F# on Query { a: nest { value } ...F+ b: nest { value } ...F+ }", 50,
         " fragment F50 on Query { __typename }", E_OK},
        {"{ nest { ...F0 } }",
         " fragment F# on Nest { self { ...F+ } selfNotNull { ...F+ } a: self { ...F+ } }", 30,
         " fragment F30 on Nest { value }", E_OK},
        {"{ nest { ...F0 ...F0 } }", " fragment F# on Nest { self { ...F+ ...F+ } ... { self { ...F+ } } }",
         20, " fragment F20 on Nest { value }", E_OK},
        {"{ echoJson(json: {", " a#: 1", 3000, "}) }", E_TOO_LARGE},
        {"{ echoJson(json: {", " a#: 1", 1000, "}) }", E_OK},
        {"{ hero {", " ...F#", 1000, "} }", E_INVALID},
        {"query(", " $a#: Int", 250, ") { __typename }", E_INVALID},
        {"{ echo(ints: [", " $a", 4500, "]) }", E_INVALID},
        {"", " query Q# { __typename }", 1500, "", E_OK},
        {"fragment F on Query { ", " a#: echo(int: $v)", 1000,
         "} query A($v: Int) { ...F } query B($v: Int) { ...F }", E_OK},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char message[200];
        int findings;
        struct status s = validate_repeated(cases[i].before, cases[i].middle, cases[i].count, cases[i].after,
                                            &findings, message);
        if (s.code != cases[i].code)
            fail_msg("case %zu: %s, expected %s; %s", i, code_name(s.code), code_name(cases[i].code),
                     message);
    }
}

#define BROKEN(line)                                                                                         \
    "{\"errors\":[{\"message\":\"Unexpected \\u003cInvalid\\u003e: Unterminated string. It begins in "       \
    "line " line                                                                                             \
    " and has a line break: make base64 of one line with `openssl base64 -A`, or put longer text between "   \
    "\\\"\\\"\\\" and \\\"\\\"\\\".\",\"locations\":"

static void takes_wrapped_base64_only_where_the_schema_says_so(void **state)
{
    (void)state;
    const struct question wrapped = {.query = "mutation {\n result: sign(csr: \"MIIB\nAAAA\r\nBBBB\") }"};
    assert_answer(wrapped, 200, "{\"data\":{\"result\":\"MIIB\\nAAAA\\r\\nBBBB\"}}");
    const struct question name = {.query = "mutation {\n sign(csr: \"MIIB\nAAAA\",\n name: \"a\nb\") }"};
    assert_answer(name, 422,
                  BROKEN("4") "[{\"line\":4,\"column\":8}],\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_"
                              "FAILED\"}}],\"data\":null}");
    const struct question elsewhere = {
        .query = "query($a: String = \"a\nb\") { echo(string: $a) echoJson(json: {a: [\"x\ny\"]}) }"};
    assert_answer(
        elsewhere, 422,
        BROKEN("2") "[{\"line\":2,\"column\":44}],\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}},"
                    "{\"message\":\"Unexpected \\u003cInvalid\\u003e: Unterminated string. It begins in line "
                    "1 and has a line break: make "
                    "base64 of one line with "
                    "`openssl base64 -A`, or put longer text between \\\"\\\"\\\" and "
                    "\\\"\\\"\\\".\",\"locations\":[{\"line\":1,\"column\":20}],"
                    "\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}}],\"data\":null}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_in_the_words_of_gqlparser),
        cmocka_unit_test(finds_all_that_is_wrong),
        cmocka_unit_test(holds_its_limits),
        cmocka_unit_test(is_done_soon_whatever_the_document),
        cmocka_unit_test(takes_wrapped_base64_only_where_the_schema_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
