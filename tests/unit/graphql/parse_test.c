/* SPDX-License-Identifier: Apache-2.0 */

/* What the parser refuses, where, and in whose words; what else it accepts is oracle_test.py's. */

#include "base/buffer.h"
#include "base/limits.h"
#include "check.h"
#include "graphql/document.h"

static struct status parse(struct text source, struct arena *arena, struct graphql_document **out,
                           struct graphql_problem *problem)
{
    arena_init(arena, 16 * 1024, LIMIT_GRAPHQL_ARENA);
    return graphql_parse(source, arena, out, problem);
}

/* clang-format off */
static const struct {
    const char *source, *message;
    int line, column;
} refusals[] = {
    {"{", "Expected Name, found <EOF>", 1, 2},
    {"query", "Expected {, found <EOF>", 1, 6},
    {"{ }", "expected at least one definition, found }", 1, 3},
    {"{ a: }", "Expected Name, found }", 1, 6},
    {"{ a(b) }", "Expected :, found )", 1, 6},
    {"{ a(b: ) }", "Unexpected )", 1, 8},
    {"{ a } }", "Unexpected }", 1, 7},
    {"foo { a }", "Unexpected Name \"foo\"", 1, 1},
    {"\"a\" { a }", "Unexpected String \"a\"", 1, 1},
    {"query($a: Int = $b) { a }", "Unexpected $", 1, 17},
    {"fragment on on A { a }", "Unexpected Name \"on\"", 1, 10},
    {"fragment F A { a }", "Expected \"on\", found Name \"A\"", 1, 12},
    {"type A { a: Int }", "Unexpected Name \"type\": requests hold operations and fragments, no definitions of types", 1, 1},
    {"{ a(b: 01) }", "Unexpected <Invalid>: Invalid number, unexpected digit after 0: \"1\".", 1, 9},
    {"{ a(b: 1.) }", "Unexpected <Invalid>: Invalid number, expected digit but got: \")\".", 1, 10},
    {"{ a(b: -) }", "Unexpected <Invalid>: Invalid number, expected digit but got: \")\".", 1, 9},
    {"{ a(b: 1x) }", "Unexpected <Invalid>: Invalid number, expected digit but got: \"x\".", 1, 9},
    {"{ a(b: 1", "Expected Name, found <EOF>", 1, 9},
    {"{ a(b: 1e", "Unexpected <Invalid>: Invalid number, expected digit but got: <EOF>.", 1, 10},
    {"{ a ? }", "Unexpected <Invalid>: Cannot parse the unexpected character \"?\".", 1, 5},
    {"{ a . }", "Unexpected <Invalid>: Cannot parse the unexpected character \".\".", 1, 5},
    {"{ \xc3\xa9 }", "Unexpected <Invalid>: Cannot parse the unexpected character \"\xc3\xa9\".", 1, 3},
    {"{ a \x01 }", "Unexpected <Invalid>: Cannot parse the unexpected character U+0001.", 1, 5},
    {"{ a # \x01\n }", "Unexpected <Invalid>: Invalid character within a comment: U+0001.", 1, 7},
    {"{ a(b: 'x') }", "Unexpected <Invalid>: Unexpected single quote character ('), did you mean to use a double quote (\")?", 1, 8},
    {"{ a(b: \"x", "Unexpected <Invalid>: Unterminated string.", 1, 8},
    {"{ a(b: \"\"\"x\"\" ", "Unexpected <Invalid>: Unterminated string.", 1, 8},
    {"{ a(b: \"x\x02\") }", "Unexpected <Invalid>: Invalid character within String: U+0002.", 1, 10},
    {"{ a(b: \"\\x41\") }", "Unexpected <Invalid>: Invalid character escape sequence: \\x.", 1, 9},
    {"{ a(b: \"\\u00g0\") }", "Unexpected <Invalid>: Invalid character escape sequence: \\u00g0.", 1, 9},
    {"{ a(b: \"\\ud83d\") }", "Unexpected <Invalid>: Invalid character escape sequence: \\ud83d.", 1, 9},
    {"{ a(b: \"\\\xc3\xa9\") }", "Unexpected <Invalid>: Invalid character escape sequence: \\.", 1, 9},
    /* Lines end with LF, CR or both; columns count characters. */
    {"{\n\xc3\xa9", "Unexpected <Invalid>: Cannot parse the unexpected character \"\xc3\xa9\".", 2, 1},
    {"{\r\n\ra\n  ?", "Unexpected <Invalid>: Cannot parse the unexpected character \"?\".", 4, 3},
    {"{ a(b: \"\xf0\x9f\x98\x80\") ? }", "Unexpected <Invalid>: Cannot parse the unexpected character \"?\".", 1, 13},
    /* A forgotten quote shows far behind: the string that holds a line break is named. */
    {"{ a(b: \"x) }\n{ c(d: \"y\") }", "Unexpected <Invalid>: Unterminated string.", 1, 8},
    {"\xff", "The document is not UTF-8.", 1, 1},
};
/* clang-format on */

static void refuses_with_a_message_and_a_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        OWNED(arena_release) struct arena arena;
        struct graphql_document *document;
        struct graphql_problem problem;
        struct text source = text_of(refusals[i].source);
        assert_status(parse(source, &arena, &document, &problem), E_INVALID);
        assert_text(problem.message, refusals[i].message);
        int line, column;
        graphql_position(source, problem.at, &line, &column);
        if (line != refusals[i].line || column != refusals[i].column)
            fail_msg("%s: %d:%d, expected %d:%d", refusals[i].source, line, column, refusals[i].line,
                     refusals[i].column);
    }
}

static void refuses_every_truncation(void **state)
{
    (void)state;
    static const char whole[] =
        "query Q($a: [Int!]! = [1], $b: S = \"x\\u0041\") @d(e: {f: [-1.5e3 G null $h]}) { i: j(k: "
        "\"\"\"l\"\"\") { ...m ... on N @o { p } } } fragment m on Q { r }";
    for (size_t n = 0; n <= sizeof(whole) - 1; n++) {
        OWNED(arena_release) struct arena arena;
        struct graphql_document *document;
        struct graphql_problem problem;
        struct status s = parse((struct text){whole, n}, &arena, &document, &problem);
        bool between = n == 0 || text_ends_with((struct text){whole, n}, TEXT(" } } }")) ||
                       text_ends_with((struct text){whole, n}, TEXT(" } } } "));
        assert_status(s, between || n == sizeof(whole) - 1 ? E_OK : E_INVALID);
    }
}

/* `before`, then `count` times `middle`, then `after`. */
static struct status parse_repeated(const char *before, const char *middle, int count, const char *after,
                                    const char **out_message)
{
    OWNED(arena_release) struct arena arena;
    OWNED(buffer_release) struct buffer source;
    buffer_init(&source, 2 * LIMIT_GRAPHQL_BYTES);
    buffer_cstr(&source, before);
    for (int i = 0; i < count; i++)
        buffer_cstr(&source, middle);
    buffer_cstr(&source, after);
    struct graphql_document *document;
    struct graphql_problem problem = {.message = TEXT("")};
    struct status s = parse(buffer_as_text(&source), &arena, &document, &problem);
    static char message[200];
    assert_true(text_to_cstr(problem.message, message, sizeof(message)));
    *out_message = message;
    return s;
}

static void holds_its_limits(void **state)
{
    (void)state;
    const char *message;
    assert_ok(parse_repeated("{", " a", LIMIT_GRAPHQL_TOKENS - 2, "}", &message));
    assert_status(parse_repeated("{", " a", LIMIT_GRAPHQL_TOKENS - 1, "}", &message), E_TOO_LARGE);
    assert_string_equal(message, "The document has more than 10000 tokens.");
    assert_status(parse_repeated("{a", "{a", LIMIT_GRAPHQL_DEPTH - 1, "", &message), E_INVALID);
    assert_string_equal(message, "Expected Name, found <EOF>");
    assert_status(parse_repeated("{a", "{a", LIMIT_GRAPHQL_DEPTH, "", &message), E_TOO_LARGE);
    assert_string_equal(message, "The document is nested more than 64 levels deep.");
    assert_status(parse_repeated("{a(b:", "[", 5000, "", &message), E_TOO_LARGE);
    assert_status(parse_repeated("{a(b:", "{c:", 3000, "", &message), E_TOO_LARGE);
    assert_status(parse_repeated("query($a:", "[", 5000, "", &message), E_TOO_LARGE);
    assert_ok(parse_repeated("query(", "$a:B ", LIMIT_GRAPHQL_VARIABLES, "){a}", &message));
    assert_status(parse_repeated("query(", "$a:B ", LIMIT_GRAPHQL_VARIABLES + 1, "){a}", &message),
                  E_TOO_LARGE);
    assert_string_equal(message, "An operation has at most 256 variables.");
    assert_ok(parse_repeated("{a} #", "x", LIMIT_GRAPHQL_BYTES - 5, "", &message));
    assert_status(parse_repeated("{a} #", "x", LIMIT_GRAPHQL_BYTES - 4, "", &message), E_TOO_LARGE);
    assert_string_equal(message, "The document is too long.");
}

static struct text string_of(const char *source, struct arena *arena)
{
    struct graphql_document *document;
    struct graphql_problem problem;
    assert_ok(parse(text_of(source), arena, &document, &problem));
    return graphql_string_text(document->operations->selections->arguments->value, arena);
}

static void decodes_strings(void **state)
{
    (void)state;
    static const struct {
        const char *source, *text;
    } cases[] = {
        {"{a(b:\"\")}", ""},
        {"{a(b:\"\\\"\\\\\\/\\b\\f\\n\\r\\t\")}", "\"\\/\b\f\n\r\t"},
        {"{a(b:\"\\u00e9 \\ud83d\\uDE00 \\u{1F600}\")}", "\xc3\xa9 \xf0\x9f\x98\x80 \xf0\x9f\x98\x80"},
        {"{a(b:\"\"\"\n    one\n      two\n    \\\"\"\"\n\n  \"\"\")}", "one\n  two\n\"\"\""},
        {"{a(b:\"\"\"one\r\n  two\r three\"\"\")}", "one\n two\nthree"},
        {"{a(b:\"\"\" \\n \"\"\")}", " \\n "},
        {"{a(b:\"\"\"\n \t \n\"\"\")}", ""},
        {"{a(b:\"two\nlines\")}", "two\nlines"}, /* who may have them, validation says */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(arena_release) struct arena arena;
        assert_text(string_of(cases[i].source, &arena), cases[i].text);
    }
}

static void takes_empty_parentheses(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena arena;
    struct graphql_document *document;
    struct graphql_problem problem;
    assert_ok(parse(TEXT("query() { result: configuration() { token() { token } } }"), &arena, &document,
                    &problem));
    assert_null(document->operations->selections->arguments);
    assert_text(document->operations->selections->alias, "result");
}

static struct status parse_once(void)
{
    OWNED(arena_release) struct arena arena;
    struct graphql_document *document;
    struct graphql_problem problem;
    return parse(TEXT("query Q($a: [Int] = [1] @x) @y { a(b: \"\\n\", c: {d: [$a]}) { ...F ... @z { g } } } "
                      "fragment F on T { h }"),
                 &arena, &document, &problem);
}

static void survives_without_memory(void **state)
{
    (void)state;
    assert_survives_failing_allocations(parse_once());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_with_a_message_and_a_place),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(holds_its_limits),
        cmocka_unit_test(decodes_strings),
        cmocka_unit_test(takes_empty_parentheses),
        cmocka_unit_test(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
