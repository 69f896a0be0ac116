/* SPDX-License-Identifier: Apache-2.0 */
#include "toy.h"

#include "base/json_out.h"
#include "graphql/table.h"

enum episode { EPISODE_NEWHOPE = 4, EPISODE_EMPIRE = 5, EPISODE_JEDI = 6 };

struct character {
    bool is_droid;
    struct text id, name, home;
    int64_t height;
    bool alive;
    int64_t born; /* seconds */
    struct text labels;
    const struct character *friend_of;
};

static const struct character luke;
/* clang-format off */
static const struct character artoo = {true, TEXT_INIT("2001"), TEXT_INIT("R2-D2"), {NULL, 0}, 96, true, 0, {NULL, 0}, &luke};
static const struct character luke = {false, TEXT_INIT("1000"), TEXT_INIT("Luke <Skywalker>"), TEXT_INIT("Tatooine"), 172, true,
                                      1700000000, TEXT_INIT("{\"side\":[\"light\"],\"n\":1}"), &artoo};
static const struct character vader = {false, TEXT_INIT("1001"), TEXT_INIT("Darth \"Vader\"\n\xc3\xa9\xf0\x9f\x98\x80"), {NULL, 0}, 202, false,
                                       1600000000, TEXT_INIT("{}"), NULL};
/* clang-format on */
static const struct character *const everybody[] = {&luke, &vader, &artoo};

static struct graphql_value as_character(const struct character *c)
{
    return graphql_object_as(c && c->is_droid ? "Droid" : "Human", c);
}

static struct status hero(struct graphql_call *call, struct graphql_value *out)
{
    int64_t episode = graphql_given_int(graphql_argument(call, "episode"), -1);
    *out = as_character(episode == EPISODE_EMPIRE ? &luke : episode == EPISODE_JEDI ? &artoo : NULL);
    return DONE;
}

static struct status human(struct graphql_call *call, struct graphql_value *out)
{
    struct text id = graphql_given_text(graphql_argument(call, "id"));
    for (size_t i = 0; i < 2; i++) {
        if (text_equal(everybody[i]->id, id))
            *out = graphql_object(everybody[i]);
    }
    return DONE;
}

static struct status character_item(struct graphql_call *call, const void *items, size_t index,
                                    struct graphql_value *out)
{
    (void)call;
    *out = as_character(((const struct character *const *)items)[index]);
    return DONE;
}

static struct status search(struct graphql_call *call, struct graphql_value *out)
{
    int64_t count = graphql_given_int(graphql_argument(call, "first"), 0);
    *out = graphql_list(character_item, everybody, count < 0 ? 0 : count < 3 ? (size_t)count : 3);
    return DONE;
}

static struct status friend_of(struct graphql_call *call, struct graphql_value *out)
{
    *out = as_character(((const struct character *)call->object)->friend_of);
    return DONE;
}

static struct status friends(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_list(character_item, everybody, 3);
    return DONE;
}

static struct status appears_in(struct graphql_call *call, struct graphql_value *out)
{
    static const struct text episodes[] = {TEXT_INIT("NEWHOPE"), TEXT_INIT("JEDI")};
    (void)call;
    *out = graphql_texts(episodes, 2);
    return DONE;
}

static struct status height(struct graphql_call *call, struct graphql_value *out)
{
    const struct character *c = call->object;
    bool feet = graphql_given_int(graphql_argument(call, "unit"), 0) == 1;
    *out = graphql_float(feet ? (double)c->height / 32 : (double)c->height);
    return DONE;
}

/* ---- echo: what was given, as JSON ---- */

static void write_given(const struct graphql_given *given, struct buffer *out)
{
    bool first = true;
    switch (given->kind) {
    case GRAPHQL_GIVEN_NOTHING:
        break;
    case GRAPHQL_GIVEN_NULL:
        buffer_text(out, TEXT("null"));
        break;
    case GRAPHQL_GIVEN_TEXT:
    case GRAPHQL_GIVEN_ENUM:
        buffer_byte(out, '"');
        json_escape_text(out, given->text);
        buffer_byte(out, '"');
        break;
    case GRAPHQL_GIVEN_INT:
        buffer_printf(out, "%lld", (long long)given->integer);
        break;
    case GRAPHQL_GIVEN_FLOAT:
        buffer_printf(out, "%.17g", given->real);
        break;
    case GRAPHQL_GIVEN_BOOL:
        buffer_cstr(out, given->integer ? "true" : "false");
        break;
    case GRAPHQL_GIVEN_JSON:
        buffer_text(out, given->text);
        break;
    case GRAPHQL_GIVEN_LIST:
        buffer_byte(out, '[');
        for (size_t i = 0; i < given->count; i++) {
            if (i)
                buffer_byte(out, ',');
            write_given(&given->items[i], out);
        }
        buffer_byte(out, ']');
        break;
    case GRAPHQL_GIVEN_OBJECT:
        buffer_byte(out, '{');
        for (size_t i = 0; i < given->count; i++) {
            if (given->items[i].kind == GRAPHQL_GIVEN_NOTHING)
                continue;
            buffer_printf(out, "%s\"%s\":", first ? "" : ",", given->inputs[i].name);
            write_given(&given->items[i], out);
            first = false;
        }
        buffer_byte(out, '}');
        break;
    }
}

static struct status echo(struct graphql_call *call, struct graphql_value *out)
{
    OWNED(buffer_release) struct buffer json;
    buffer_init(&json, 4 * 1024 * 1024);
    buffer_byte(&json, '{');
    bool first = true;
    for (const struct graphql_input *row = call->row->arguments; row->name; row++) {
        const struct graphql_given *given = graphql_argument(call, row->name);
        if (given->kind == GRAPHQL_GIVEN_NOTHING)
            continue;
        buffer_printf(&json, "%s\"%s\":", first ? "" : ",", row->name);
        write_given(given, &json);
        first = false;
    }
    buffer_byte(&json, '}');
    TRY(buffer_status(&json));
    *out = graphql_json(arena_text(call->arena, buffer_as_text(&json)));
    return out->text.p ? DONE : STATUS(NOMEM);
}

/* ---- failures ---- */

static struct status fails(struct graphql_call *call, struct graphql_value *out)
{
    (void)out;
    return graphql_refuse(call, E_DENIED, TEXT("{\"error\":\"Denied\",\"error_code\":23}"), "no %s for you",
                          call->row->name);
}

static struct status crashes(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    (void)out;
    return STATUS(BROKEN);
}

static struct status is_null(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    (void)out;
    return DONE;
}

static const int one = 1;

static struct status itself(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_object(&one);
    return DONE;
}

static struct status three(struct graphql_call *call, struct graphql_value *out)
{
    static const int items[3] = {1, 2, 3};
    (void)call;
    *out = graphql_objects(items, 3, sizeof(items[0]));
    return DONE;
}

static struct status number(struct graphql_call *call, struct graphql_value *out)
{
    *out = graphql_int(*(const int *)call->object);
    return DONE;
}

/* Items 0 and 2 are there; 1 is null. */
static struct status holed_item(struct graphql_call *call, const void *items, size_t index,
                                struct graphql_value *out)
{
    (void)call;
    (void)items;
    if (index != 1)
        *out = graphql_text(TEXT("there"));
    return DONE;
}

static struct status holed(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_list(holed_item, &one, 3);
    return DONE;
}

static struct status broken_item(struct graphql_call *call, const void *items, size_t index,
                                 struct graphql_value *out)
{
    (void)items;
    if (index == 1)
        return graphql_refuse(call, E_BROKEN, (struct text){NULL, 0}, "item %zu is broken", index);
    *out = graphql_int((int64_t)index);
    return DONE;
}

static struct status broken(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_list(broken_item, &one, 3);
    return DONE;
}

static struct status row_item(struct graphql_call *call, const void *items, size_t index,
                              struct graphql_value *out)
{
    *out = graphql_list(broken_item, items, index);
    (void)call;
    return DONE;
}

static struct status matrix(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_list(row_item, &one, 3);
    return DONE;
}

static struct status too_large(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_int(INT64_C(3000000000));
    return DONE;
}

static struct status secret(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_text(TEXT("xyzzy"));
    return DONE;
}

/* ---- mutations ---- */

static struct status add(struct graphql_call *call, struct graphql_value *out)
{
    struct toy *toy = call->context;
    toy->counter += graphql_given_int(graphql_argument(call, "value"), 0);
    *out = graphql_int(toy->counter);
    return DONE;
}

static struct status sign(struct graphql_call *call, struct graphql_value *out)
{
    *out = graphql_text(graphql_given_text(graphql_argument(call, "csr")));
    return DONE;
}

struct status toy_authorize(struct graphql_call *call, const char *scope)
{
    const struct toy *toy = call->context;
    if (toy->may_see_secrets)
        return DONE;
    return graphql_refuse(call, E_DENIED, TEXT("{\"error\":\"InsufficientScopes\",\"error_code\":23}"),
                          "insufficient scopes provided [required=%s]", scope);
}

static bool is_date(struct text text)
{
    return text.n == 10 && text.p[4] == '-' && text.p[7] == '-';
}

/* clang-format off */
#define CHARACTER_FIELDS                                                                                  \
    FIELD("id", "ID!", .at = AT_TEXT(struct character, id)),                                              \
    FIELD("name", "String!", .at = AT_TEXT(struct character, name)),                                      \
    FIELD("friend", "Character", .resolve = friend_of),                                                   \
    FIELD("friends", "[Character!]!", .resolve = friends),                                                \
    FIELD("appearsIn", "[Episode!]!", .resolve = appears_in),                                             \
    FIELD("height", "Float", .resolve = height, ARGUMENTS(ARGUMENT("unit", "Unit", .initial = "CM"))),    \
    FIELD("alive", "Boolean!", .at = AT_BOOL(struct character, alive))

static const struct graphql_type people[] = {
    INTERFACE("Node", FIELDS(FIELD("id", "ID!"))),
    INTERFACE("Character", FIELDS(
        FIELD("id", "ID!"),
        FIELD("name", "String!", .description = "How they are called."),
        FIELD("friend", "Character"),
        FIELD("friends", "[Character!]!"),
        FIELD("appearsIn", "[Episode!]!"),
        FIELD("height", "Float", ARGUMENTS(ARGUMENT("unit", "Unit", .initial = "CM"))),
        FIELD("alive", "Boolean!"))),
    OBJECT("Human", IMPLEMENTS("Node", "Character"), .description = "Flesh and \"blood\".", FIELDS(
        CHARACTER_FIELDS,
        FIELD("home", "String", .at = AT_TEXT(struct character, home)),
        FIELD("born", "Timestamp", .at = AT_TIME(struct character, born)),
        FIELD("labels", "JSON", .at = AT_JSON(struct character, labels)),
        FIELD("droid", "Droid", .at = AT_POINTER(struct character, friend_of)),
        FIELD("again", "Human!", .at = AT_SELF))),
    OBJECT("Droid", IMPLEMENTS("Node", "Character"), FIELDS(
        CHARACTER_FIELDS,
        FIELD("centimetres", "Int", .at = AT_INT(struct character, height)),
        FIELD("home", "String!", .resolve = is_null, .deprecated = "droids have none"))),
    UNION("SearchResult", "Human", "Droid"),
    ENUM("Episode", VALUE("NEWHOPE", .value = EPISODE_NEWHOPE), VALUE("EMPIRE", .value = EPISODE_EMPIRE),
         VALUE("JEDI", .value = EPISODE_JEDI, .description = "The last one."), VALUE("HOLIDAY", .deprecated = "nobody liked it")),
    ENUM("Unit", VALUE("CM"), VALUE("FEET", .value = 1)),
    SCALAR("JSON", GRAPHQL_ANY, .description = "Anything.", .specified_by = "https://www.rfc-editor.org/rfc/rfc8259"),
    SCALAR("Timestamp", GRAPHQL_STRING),
    SCALAR("Date", GRAPHQL_STRING, .accepts = is_date),
    END_OF_TYPES,
};

static const struct graphql_type roots[] = {
    OBJECT("Query", FIELDS(
        FIELD("hero", "Character", .resolve = hero, .scope = "", ARGUMENTS(ARGUMENT("episode", "Episode", .initial = "JEDI"))),
        FIELD("human", "Human", .resolve = human, .scope = "", ARGUMENTS(ARGUMENT("id", "ID!"))),
        FIELD("search", "[SearchResult!]", .resolve = search, .scope = "", ARGUMENTS(ARGUMENT("first", "Int!", .initial = "2"))),
        FIELD("echo", "JSON", .resolve = echo, .scope = "", ARGUMENTS(
            ARGUMENT("int", "Int"), ARGUMENT("float", "Float"), ARGUMENT("string", "String"), ARGUMENT("boolean", "Boolean"),
            ARGUMENT("id", "ID"), ARGUMENT("episode", "Episode"), ARGUMENT("ints", "[Int]"), ARGUMENT("matrix", "[[Int!]!]"),
            ARGUMENT("some", "[String!]!", .initial = "[\"a\"]"), ARGUMENT("input", "Everything"), ARGUMENT("inputs", "[Filter!]"),
            ARGUMENT("date", "Date"))),
        FIELD("echoJson", "JSON", .resolve = echo, .scope = "", ARGUMENTS(ARGUMENT("json", "JSON"))),
        FIELD("required", "JSON", .resolve = echo, .scope = "", ARGUMENTS(
            ARGUMENT("a", "Int!"), ARGUMENT("b", "Int!", .initial = "5"), ARGUMENT("c", "[Int!]!"))),
        FIELD("nest", "Nest", .resolve = itself, .scope = ""),
        FIELD("fails", "String", .resolve = fails, .scope = ""),
        FIELD("crashes", "Int", .resolve = crashes, .scope = ""),
        FIELD("secret", "String", .resolve = secret, .scope = "secrets"),
        FIELD("hidden", "String", .resolve = secret, .scope = "secrets", .null_without_scope = true))),
    OBJECT("Nest", FIELDS(
        FIELD("self", "Nest", .resolve = itself),
        FIELD("selfNotNull", "Nest!", .resolve = itself),
        FIELD("value", "Int", .resolve = number),
        FIELD("nothing", "String", .resolve = is_null),
        FIELD("nothingNotNull", "String!", .resolve = is_null),
        FIELD("fails", "String", .resolve = fails),
        FIELD("failsNotNull", "String!", .resolve = fails),
        FIELD("list", "[Nest]", .resolve = three),
        FIELD("listNotNull", "[Nest!]!", .resolve = three),
        FIELD("holed", "[String]", .resolve = holed),
        FIELD("holedItemsNotNull", "[String!]", .resolve = holed),
        FIELD("holedNotNull", "[String!]!", .resolve = holed),
        FIELD("broken", "[Int]", .resolve = broken),
        FIELD("brokenItemsNotNull", "[Int!]", .resolve = broken),
        FIELD("matrix", "[[Int]]", .resolve = matrix),
        FIELD("matrixNotNull", "[[Int!]!]", .resolve = matrix),
        FIELD("matrixHalf", "[[Int!]]", .resolve = matrix),
        FIELD("tooLarge", "Int", .resolve = too_large))),
    OBJECT("Mutation", FIELDS(
        FIELD("add", "Int!", .resolve = add, .scope = "", ARGUMENTS(ARGUMENT("value", "Int!"))),
        FIELD("fails", "Int!", .resolve = fails, .scope = ""),
        FIELD("failsSoftly", "Int", .resolve = fails, .scope = ""),
        FIELD("sign", "String", .resolve = sign, .scope = "", ARGUMENTS(
            ARGUMENT("csr", "String!", .wrapped_lines = true), ARGUMENT("name", "String"))))),
    INPUT("Filter", ARGUMENT("key", "String!"), ARGUMENT("query", "String")),
    INPUT("Everything",
        ARGUMENT("int", "Int", .initial = "3"), ARGUMENT("required", "Int!"), ARGUMENT("withDefault", "Int!", .initial = "4"),
        ARGUMENT("episode", "Episode", .initial = "EMPIRE"), ARGUMENT("filter", "Filter"), ARGUMENT("filters", "[Filter!]"),
        ARGUMENT("self", "Everything"), ARGUMENT("json", "JSON"), ARGUMENT("text", "String", .initial = "\"a \\\"b\\\"\""),
        ARGUMENT("old", "String", .deprecated = "not used")),
    END_OF_TYPES,
};
/* clang-format on */

static const struct graphql_type *const types[] = {roots, people, NULL};
static const struct graphql_absent absent[] = {
    {"Query", "ships", "there are no ships here"},
    {"Mutation", "addShip", "there are no ships here"},
    {"Filter", "ship", "there are no ships here"},
    {NULL, NULL, NULL},
};
static const struct graphql_former former[] = {
    {"champion", "hero"}, {"film", "episode"}, {"CLONES", "EMPIRE"}, {"Sieve", "Filter"},
    {"word", "key"},      {"Person", "Human"}, {"lost", "nowhere"},  {NULL, NULL},
};
const struct graphql_tables toy_tables = {.types = types,
                                          .query = "Query",
                                          .mutation = "Mutation",
                                          .description = "A toy.",
                                          .absent = absent,
                                          .absent_extensions = "{\"error_code\":27}",
                                          .former = former,
                                          .scoped = true};
