/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "base/json_scan.h"

static const char *type_name(enum json_type type)
{
    static const char *const names[] = {
        [JSON_TYPE_NULL] = "null",       [JSON_TYPE_BOOL] = "a boolean", [JSON_TYPE_NUMBER] = "a number",
        [JSON_TYPE_STRING] = "a string", [JSON_TYPE_ARRAY] = "an array", [JSON_TYPE_OBJECT] = "an object",
    };
    return names[type];
}

static struct text trim_blanks(struct text t)
{
    while (t.n > 0 && (t.p[0] == ' ' || t.p[0] == '\t' || t.p[0] == '\r' || t.p[0] == '\n'))
        t = text_from(t, 1);
    return t;
}

/* Go's words where the text just ends (contract 3.3); elsewhere the place helps more. */
static struct status syntax_error(struct call *c, const struct json_position *where)
{
    if (text_equal(text_of(where->what), TEXT("unexpected end of JSON input")))
        return error_set(&c->err, E_INVALID, "%s", where->what);
    return error_set(&c->err, E_INVALID, "%s (line %d, column %d)", where->what, where->line, where->column);
}

struct status body_object(struct call *c, bool may_be_empty, struct text *out)
{
    const struct text body = trim_blanks(bytes_text(c->body));
    if (body.n == 0 && may_be_empty) {
        *out = TEXT("{}");
        return DONE;
    }
    struct json_position where = {0};
    const struct status scanned = json_scan(bytes_text(c->body), &where);
    if (scanned.code == E_INVALID)
        return syntax_error(c, &where);
    if (scanned.code == E_TOO_LARGE)
        return error_set(&c->err, E_INVALID, "%s",
                         where.what ? where.what : "nested too deeply, or too many values");
    TRY(scanned);
    if (body.p[0] == '{') {
        *out = body;
        return DONE;
    }
    if (body.p[0] == 'n') { /* Go reads null into an empty structure (contract 2) */
        *out = TEXT("{}");
        return DONE;
    }
    return error_set(&c->err, E_INVALID, "a JSON object is expected");
}

struct status body_text(struct call *c, struct text object, const char *name, struct text *out)
{
    struct text raw;
    enum json_type type;
    *out = TEXT("");
    if (!json_member(object, text_of(name), &raw, &type) || type == JSON_TYPE_NULL)
        return DONE;
    if (type != JSON_TYPE_STRING)
        return error_set(&c->err, E_INVALID, "%s must be a string, not %s", name, type_name(type));
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, raw.n); /* decoding never grows: six characters of \uXXXX become at most three bytes */
    TRY(json_string_decode(raw, &b));
    *out = arena_text(c->arena, buffer_as_text(&b));
    return buffer_size(&b) == 0 || out->p ? DONE : STATUS(NOMEM);
}
