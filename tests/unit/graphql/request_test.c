/* SPDX-License-Identifier: Apache-2.0 */

/* HTTP to answers: the matrix of the contract of Compass, section 5.3. */

#include "ask.h"

#define NAME "{\"data\":{\"__typename\":\"Query\"}}"
#define JSON "application/json"

static const char not_supported[] =
    "{\"errors\":[{\"message\":\"transport not supported: send application/json, as curl -H 'Content-Type: "
    "application/json' -d '{\\\"query\\\":\\\"{ __typename }\\\"}' URL, or the document itself as "
    "application/graphql\"}],\"data\":null}";

#define NOT_DECODED(tail)                                                                                    \
    "{\"errors\":[{\"message\":\"json request body could not be decoded: " tail "\"}],\"data\":null}"

/* clang-format off */
static const struct {
    const char *content_type, *body;
    int status;
    const char *answer;
} posts[] = {
    {JSON, "{\"query\":\"{ __typename }\"}", 200, NAME},
    {"application/json; charset=utf-8", "{\"query\":\"{ __typename }\",\"variables\":null}\n", 200, NAME},
    {" Application/JSON ;x", "{\"query\":\"{ __typename }\",\"operationName\":null,\"extensions\":{}}", 200, NAME},
    {"application/graphql", "{ __typename }", 200, NAME},
    {"application/graphql; charset=utf-8", "query { __typename }", 200, NAME},
    {JSON, "{\"query\":\"mutation { add(value: 2) }\"}", 200, "{\"data\":{\"add\":2}}"},
    {JSON, "{\"query\":\"query A { a: __typename } query B { b: __typename }\",\"operationName\":\"B\"}", 200, "{\"data\":{\"b\":\"Query\"}}"},
    {JSON, "{\"query\":\"\\u007b hero { name } \\u007d\"}", 200, "{\"data\":{\"hero\":{\"name\":\"R2-D2\"}}}"},
    {JSON, "{\"query\":\"{ fails }\"}", 200,
     "{\"errors\":[{\"message\":\"no fails for you\",\"path\":[\"fails\"],\"extensions\":{\"error\":\"Denied\",\"error_code\":23}}],\"data\":{\"fails\":null}}"},
    {JSON, "{\"query\":\"query {\"}", 422,
     "{\"errors\":[{\"message\":\"Expected Name, found \\u003cEOF\\u003e\",\"locations\":[{\"line\":1,\"column\":8}],\"extensions\":{\"code\":\"GRAPHQL_PARSE_FAILED\"}}],\"data\":null}"},
    {JSON, "{\"query\":\"{ nope }\"}", 422,
     "{\"errors\":[{\"message\":\"Cannot query field \\\"nope\\\" on type \\\"Query\\\".\",\"locations\":[{\"line\":1,\"column\":3}],\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}}],\"data\":null}"},
    {JSON, "{\"query\":\"{ a: ships { b } }\"}", 422,
     "{\"errors\":[{\"message\":\"there are no ships here\",\"locations\":[{\"line\":1,\"column\":3}],\"extensions\":{\"error_code\":27}}],\"data\":null}"},
    {JSON, "{\"query\":\"query($a: Int!) { echo(int: $a) }\"}", 422,
     "{\"errors\":[{\"message\":\"must be defined\",\"path\":[\"variable\",\"a\"],\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}}],\"data\":null}"},
    {JSON, "{\"query\":\"query($a: Int!) { echo(int: $a) }\",\"variables\":{\"a\":null}}", 422,
     "{\"errors\":[{\"message\":\"cannot be null\",\"path\":[\"variable\",\"a\"],\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}}],\"data\":null}"},
    {JSON, "{}", 422, "{\"errors\":[{\"message\":\"no operation provided\",\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}}],\"data\":null}"},
    {JSON, "{\"query\":null}", 422, "{\"errors\":[{\"message\":\"no operation provided\",\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}}],\"data\":null}"},
    {JSON, "{\"query\":\"query A { __typename } query B { __typename }\"}", 422,
     "{\"errors\":[{\"message\":\"operation  not found\",\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}}],\"data\":null}"},
    {JSON, "{\"query\":\"query A { __typename }\",\"operationName\":\"C\"}", 422,
     "{\"errors\":[{\"message\":\"operation C not found\",\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}}],\"data\":null}"},
    /* Pasted: line breaks inside a JSON string. */
    {JSON, "{\"query\":\"mutation {\n  result: sign(csr: \\\"MIIB\r\nAAAA\\\")\n}\"\n}", 200, "{\"data\":{\"result\":\"MIIB\\r\\nAAAA\"}}"},
    {JSON, "{\"query\":\"query($a: String) {\n  echo(string: $a)\n}\",\"variables\":{\"a\":\"\\\\\n\\\"\"}}", 200,
     "{\"data\":{\"echo\":{\"string\":\"\\\\\\n\\\"\",\"some\":[\"a\"]}}}"},
    {JSON, "{\"query\":\"{\n\"", 400, NOT_DECODED("line break in string at line 1, column 12")},
    {JSON, "", 400, NOT_DECODED("unexpected end of JSON input")},
    {JSON, "{\"query\":", 400, NOT_DECODED("unexpected end of JSON input: 1 '{' not closed, the last at line 1, column 1")},
    {JSON, "[{\"query\":\"{ __typename }\"}]", 400, NOT_DECODED("one operation in one request: batches are not supported")},
    {JSON, "5", 400, NOT_DECODED("expected an object")},
    {JSON, "null", 400, NOT_DECODED("expected an object")},
    {JSON, "{\"query\":5}", 400, NOT_DECODED("\\\"query\\\" is of the wrong type")},
    {JSON, "{\"query\":\"{ __typename }\",\"variables\":[]}", 400, NOT_DECODED("\\\"variables\\\" is of the wrong type")},
    {JSON, "{\"query\":\"{ __typename }\",\"operationName\":{}}", 400, NOT_DECODED("\\\"operationName\\\" is of the wrong type")},
    {JSON, "{\"extensions\":{\"persistedQuery\":{\"version\":1,\"sha256Hash\":\"00\"}}}", 200,
     "{\"errors\":[{\"message\":\"PersistedQueryNotFound\",\"extensions\":{\"code\":\"PERSISTED_QUERY_NOT_FOUND\"}}],\"data\":null}"},
    {JSON, "{\"query\":\"{ __typename }\",\"extensions\":{\"persistedQuery\":{\"version\":1,\"sha256Hash\":\"00\"}}}", 200, NAME},
    {"text/plain", "{ __typename }", 400, not_supported},
    {"", "{ __typename }", 400, not_supported},
    {"application/jsonx", "{ __typename }", 400, not_supported},
    {"application/x-www-form-urlencoded", "query=x", 400, not_supported},
};
static const struct {
    const char *query, *operation, *variables;
    int status;
    const char *answer;
} gets[] = {
    {"{ __typename }", NULL, NULL, 200, NAME},
    {"query A { __typename } mutation B { __typename }", "A", "", 200, NAME},
    {"query A { __typename } mutation B { __typename }", "B", NULL, 406, "{\"errors\":[{\"message\":\"GET requests only allow query operations\"}],\"data\":null}"},
    {"mutation { add(value: 1) }", NULL, NULL, 406, "{\"errors\":[{\"message\":\"GET requests only allow query operations\"}],\"data\":null}"},
    {"query($a: Int) { echo(int: $a) }", NULL, " {\"a\": 5}", 200, "{\"data\":{\"echo\":{\"int\":5,\"some\":[\"a\"]}}}"},
    {"query($a: Int) { echo(int: $a) }", NULL, " null ", 200, "{\"data\":{\"echo\":{\"some\":[\"a\"]}}}"},
    {"query($a: Int) { echo(int: $a) }", NULL, "[]", 400, "{\"errors\":[{\"message\":\"variables could not be decoded: expected an object\"}],\"data\":null}"},
    {"query($a: Int) { echo(int: $a) }", NULL, "{a:5}", 400, "{\"errors\":[{\"message\":\"variables could not be decoded: member name in double quotes expected at line 1, column 2\"}],\"data\":null}"},
    {NULL, NULL, NULL, 422, "{\"errors\":[{\"message\":\"no operation provided\",\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}}],\"data\":null}"},
};
/* clang-format on */

static void assert_served(const struct graphql_http *http, int status, const char *expected)
{
    OWNED(arena_release) struct arena arena;
    OWNED(buffer_release) struct buffer answer;
    arena_init(&arena, 16 * 1024, LIMIT_GRAPHQL_ARENA);
    buffer_init(&answer, LIMIT_REPLY_BODY);
    struct toy toy = {.counter = 0};
    const struct graphql_execution execution = {.schema = toy_schema(), .context = &toy, .arena = &arena};
    int said = graphql_serve(&execution, http, &answer);
    struct text text = buffer_as_text(&answer);
    if (said != status || !text_equal(text, text_of(expected)))
        fail_msg("%.*s%.*s\n  %d %.*s, expected\n  %d %s", TEXT_ARG(http->body), TEXT_ARG(http->query), said,
                 TEXT_ARG(text), status, expected);
}

static void answers_posts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(posts) / sizeof(posts[0]); i++) {
        const struct graphql_http http = {.method = TEXT("POST"),
                                          .content_type = text_of(posts[i].content_type),
                                          .body = text_of(posts[i].body)};
        assert_served(&http, posts[i].status, posts[i].answer);
    }
}

static void answers_gets_but_no_mutations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(gets) / sizeof(gets[0]); i++) {
        const struct graphql_http http = {.method = TEXT("GET"),
                                          .query = text_of(gets[i].query),
                                          .operation_name = text_of(gets[i].operation),
                                          .variables = text_of(gets[i].variables)};
        assert_served(&http, gets[i].status, gets[i].answer);
    }
}

static void refuses_other_methods(void **state)
{
    (void)state;
    const struct graphql_http http = {.method = TEXT("PUT"), .content_type = TEXT(JSON), .body = TEXT("{}")};
    assert_served(&http, 400, "{\"errors\":[{\"message\":\"transport not supported\"}],\"data\":null}");
}

static void says_when_the_answer_does_not_fit(void **state)
{
    (void)state;
    static const struct {
        size_t room;
        int status;
    } cases[] = {{150, 413}, {400, 413}, {1000, 200}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(arena_release) struct arena arena;
        OWNED(buffer_release) struct buffer answer;
        arena_init(&arena, 16 * 1024, LIMIT_GRAPHQL_ARENA);
        buffer_init(&answer, cases[i].room);
        const struct graphql_execution execution = {.schema = toy_schema(), .arena = &arena};
        const struct graphql_request request = {
            .query = TEXT(
                "{ search(first: 3) { ... on Character { id name alive appearsIn friends { id name } } } }")};
        assert_int_equal(graphql_answer(&execution, &request, &answer), cases[i].status);
        if (cases[i].status == 413)
            assert_text(buffer_as_text(&answer),
                        "{\"errors\":[{\"message\":\"the answer is too large: ask for fewer "
                        "fields or a smaller page\"}],\"data\":null}");
    }
}

static struct status serve_once(const char *body)
{
    OWNED(arena_release) struct arena arena;
    OWNED(buffer_release) struct buffer answer;
    arena_init(&arena, 1024, LIMIT_GRAPHQL_ARENA);
    buffer_init(&answer, LIMIT_REPLY_BODY);
    struct toy toy = {.counter = 0};
    const struct graphql_execution execution = {
        .schema = toy_schema(), .context = &toy, .arena = &arena, .authorize = toy_authorize};
    const struct graphql_http http = {
        .method = TEXT("POST"), .content_type = TEXT(JSON), .body = text_of(body)};
    int status = graphql_serve(&execution, &http, &answer);
    if (status == 503)
        return STATUS(NOMEM);
    return status == 200 || status == 422 || status == 400 ? DONE : STATUS(BROKEN);
}

static void survives_without_memory(void **state)
{
    (void)state;
    toy_schema();
    assert_survives_failing_allocations(
        serve_once("{\"query\":\"query Q($a: Everything, $b: JSON) { echo(input: $a, ints: [1, 2]) "
                   "echoJson(json: {a: [$b]}) search(first: 3) "
                   "{ ...F ... on Droid { home } } secret nest { matrixNotNull } } fragment F on Character { "
                   "name friend { name } name }\","
                   "\"variables\":{\"a\":{\"required\":1,\"filters\":{\"key\":\"\\u0041\"}},\"b\":{}},"
                   "\"operationName\":\"Q\"}"));
    assert_survives_failing_allocations(
        serve_once("{\"query\":\"query($a: Nope, $a: Int) { nope hero { a: name a: id } ...F ...F } fragment "
                   "F on Query { ...F }\"}"));
    assert_survives_failing_allocations(serve_once("{\"query\":\"{ hero { a: name a: id } }\"}"));
    assert_survives_failing_allocations(serve_once(
        "{\"query\":\"query($a: Filter) { echo(inputs: [$a]) }\",\"variables\":{\"a\":{\"no\\u0041\":1}}}"));
    assert_survives_failing_allocations(serve_once("{\"query\":"));
    assert_survives_failing_allocations(
        serve_once("{\"query\":\"{ __schema { types { name fields { name args { name } } enumValues { name } "
                   "inputFields { name } } "
                   "directives { locations args { name } } } }\"}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_other_methods),         cmocka_unit_test(answers_posts),
        cmocka_unit_test(answers_gets_but_no_mutations), cmocka_unit_test(says_when_the_answer_does_not_fit),
        cmocka_unit_test(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
