/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/request.h"

#include "base/json_cursor.h"
#include "base/limits.h"
#include "graphql/refusal.h"

/* What a client sent, over POST and GET. Names of members count with their case: Go's decoder, which gqlgen
 * uses, is laxer, but no client depends on it. */

#define NOT_DECODED "json request body could not be decoded: "
#define EXAMPLE                                                                                              \
    "transport not supported: send application/json, as curl -H 'Content-Type: application/json' -d "        \
    "'{\"query\":\"{ __typename }\"}' URL, or the document itself as application/graphql"

static bool refuse(int status, struct text message, int *out_status, struct buffer *answer)
{
    struct refusal r = {.status = status, .message = message};
    *out_status = refusal_write(&r, answer);
    return false;
}

/* Is this the media type, whatever its parameters and case? */
static bool media_type_is(struct text content_type, const char *type)
{
    struct text rest = content_type;
    return text_equal_nocase(text_trim(text_cut(&rest, ';')), text_of(type));
}

/* The text of a JSON string; .p is NULL when out of memory. */
static struct text decode(struct text raw, struct arena *arena)
{
    char *out = arena_alloc(arena, raw.n);
    if (!out)
        return (struct text){NULL, 0};
    return (struct text){out, json_string_copy(raw, out)};
}

struct body {
    struct arena *arena;
    struct graphql_request *out;
    const char *wrong; /* the member that has the wrong type */
    bool no_memory;
};

static void read_string(struct body *b, const char *name, struct text raw, struct text *out)
{
    if (raw.p[0] == 'n') {
        *out = (struct text){NULL, 0};
        return;
    }
    if (raw.p[0] != '"') {
        b->wrong = name;
        return;
    }
    *out = decode(raw, b->arena);
    b->no_memory = b->no_memory || !out->p;
}

static void read_member(struct body *b, struct text key, struct text value)
{
    if (text_equal(key, TEXT("\"query\""))) {
        read_string(b, "query", value, &b->out->query);
    } else if (text_equal(key, TEXT("\"operationName\""))) {
        read_string(b, "operationName", value, &b->out->operation_name);
    } else if (text_equal(key, TEXT("\"variables\""))) {
        if (value.p[0] != '{' && value.p[0] != 'n')
            b->wrong = "variables";
        b->out->variables = value;
    } else if (text_equal(key, TEXT("\"extensions\""))) {
        struct text hash;
        enum json_type type;
        b->out->persisted = value.p[0] == '{' && json_member(value, TEXT("persistedQuery"), &hash, &type) &&
                            type == JSON_TYPE_OBJECT;
    }
}

static bool read_object(struct text json, struct body *b, int *out_status, struct buffer *answer)
{
    struct json_cursor c = json_cursor_at(json);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        struct text key = json_cursor_key(&c);
        read_member(b, key, json_cursor_skip(&c));
    }
    if (b->no_memory) {
        *out_status = refusal_no_memory(answer);
        return false;
    }
    if (b->wrong)
        return refuse(400, arena_printf(b->arena, NOT_DECODED "\"%s\" is of the wrong type", b->wrong),
                      out_status, answer);
    return true;
}

/* The same with \n and \r for line breaks inside strings. In the arena; .p is NULL when out of memory. */
static struct text escape_line_breaks(struct text json, struct arena *arena)
{
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 2 * LIMIT_GRAPHQL_BYTES);
    bool inside = false;
    for (size_t i = 0; i < json.n; i++) {
        char c = json.p[i];
        if (inside && (c == '\n' || c == '\r')) {
            buffer_text(&out, c == '\n' ? TEXT("\\n") : TEXT("\\r"));
            continue;
        }
        buffer_byte(&out, (uint8_t)c);
        if (inside && c == '\\' && i + 1 < json.n)
            buffer_byte(&out, (uint8_t)json.p[++i]);
        else if (c == '"')
            inside = !inside;
    }
    return status_ok(buffer_status(&out)) ? arena_text(arena, buffer_as_text(&out)) : (struct text){NULL, 0};
}

/*
 * JSON forbids line breaks inside strings, but people paste: a document over several lines, base64 as openssl
 * wraps it. What is JSON but for them is read as if they were escaped; whether GraphQL may have them there,
 * it says itself.
 */
static struct status scan_pasted(struct text *json, struct arena *arena, struct json_position *out_where)
{
    struct status s = json_scan(*json, out_where);
    if (s.code != E_INVALID || (!text_contains(*json, '\n') && !text_contains(*json, '\r')))
        return s;
    struct json_position ignored;
    struct text escaped = escape_line_breaks(*json, arena);
    if (!escaped.p || !status_ok(json_scan(escaped, &ignored)))
        return s;
    *json = escaped;
    return DONE;
}

static bool read_json(struct text json, struct arena *arena, struct graphql_request *out, int *out_status,
                      struct buffer *answer)
{
    struct json_position where;
    struct status s = scan_pasted(&json, arena, &where);
    if (!status_ok(s)) {
        char words[JSON_POSITION_TEXT];
        return refuse(400,
                      arena_printf(arena, NOT_DECODED "%.*s", TEXT_ARG(json_position_text(&where, words))),
                      out_status, answer);
    }
    struct json_cursor c = json_cursor_at(json);
    enum json_type type = json_cursor_type(&c);
    if (type == JSON_TYPE_ARRAY)
        return refuse(400, TEXT(NOT_DECODED "one operation in one request: batches are not supported"),
                      out_status, answer);
    if (type != JSON_TYPE_OBJECT)
        return refuse(400, TEXT(NOT_DECODED "expected an object"), out_status, answer);
    struct body b = {.arena = arena, .out = out};
    return read_object(json, &b, out_status, answer);
}

/* A parameter of a GET is JSON of its own. */
static bool read_get(const struct graphql_http *http, struct arena *arena, struct graphql_request *out,
                     int *out_status, struct buffer *answer)
{
    out->query = http->query;
    out->operation_name = http->operation_name;
    out->variables = http->variables;
    out->read_only = true;
    if (!http->variables.n)
        return true;
    struct json_position where;
    char words[JSON_POSITION_TEXT];
    if (!status_ok(json_scan(http->variables, &where)))
        return refuse(400,
                      arena_printf(arena, "variables could not be decoded: %.*s",
                                   TEXT_ARG(json_position_text(&where, words))),
                      out_status, answer);
    struct json_cursor c = json_cursor_at(http->variables);
    enum json_type type = json_cursor_type(&c);
    out->variables = c.rest;
    if (type == JSON_TYPE_OBJECT || type == JSON_TYPE_NULL)
        return true;
    return refuse(400, TEXT("variables could not be decoded: expected an object"), out_status, answer);
}

bool graphql_request_read(const struct graphql_http *http, struct arena *arena, struct graphql_request *out,
                          int *out_status, struct buffer *answer)
{
    *out = (struct graphql_request){.read_only = false};
    if (text_equal(http->method, TEXT("GET")))
        return read_get(http, arena, out, out_status, answer);
    if (!text_equal(http->method, TEXT("POST")))
        return refuse(400, TEXT("transport not supported"), out_status, answer);
    if (media_type_is(http->content_type, "application/graphql")) {
        out->query = http->body;
        return true;
    }
    if (!media_type_is(http->content_type, "application/json"))
        return refuse(400, TEXT(EXAMPLE), out_status, answer);
    return read_json(http->body, arena, out, out_status, answer);
}
