/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_list.h"

#include "base/buffer.h"

static struct text skip_blanks(struct text t)
{
    size_t i = 0;
    while (i < t.n && text_contains(TEXT(" \t\r\n"), t.p[i]))
        i++;
    return text_from(t, i);
}

/* Length of the string at t.p[0] == '"', quotes included. */
static size_t string_length(struct text t)
{
    size_t i = 1;
    while (i < t.n && t.p[i] != '"')
        i += t.p[i] == '\\' ? 2 : 1;
    return i < t.n ? i + 1 : t.n;
}

/* Length of the value at the start of valid JSON text. */
static size_t value_length(struct text t)
{
    size_t depth = 0, i = 0;
    while (i < t.n) {
        char c = t.p[i];
        if (c == '"') {
            i += string_length(text_from(t, i));
            if (depth == 0)
                return i;
            continue;
        }
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return i;
            if (--depth == 0)
                return i + 1;
        } else if (depth == 0 && text_contains(TEXT(", \t\r\n:"), c)) {
            return i;
        }
        i++;
    }
    return t.n;
}

/* Steps into '[' or '{', or over ','; false at the closing bracket or the end. */
static bool step(struct text *rest, char open, char close)
{
    *rest = skip_blanks(*rest);
    if (rest->n > 0 && (rest->p[0] == open || rest->p[0] == ','))
        *rest = skip_blanks(text_from(*rest, 1));
    else
        return false;
    return rest->n > 0 && rest->p[0] != close;
}

bool json_item(struct text *rest, struct text *out_raw)
{
    if (!step(rest, '[', ']'))
        return false;
    size_t n = value_length(*rest);
    if (n == 0)
        return false;
    *out_raw = text_first(*rest, n);
    /* What is left begins with ',' or ']'; an array inside an array must not look like a new one. */
    *rest = skip_blanks(text_from(*rest, n));
    return true;
}

bool json_next_member(struct text *rest, struct text *out_name, struct text *out_raw)
{
    if (!step(rest, '{', '}') || rest->p[0] != '"')
        return false;
    size_t n = string_length(*rest);
    if (n < 2)
        return false;
    *out_name = text_first(text_from(*rest, 1), n - 2);
    *rest = skip_blanks(text_from(*rest, n));
    if (rest->n == 0 || rest->p[0] != ':')
        return false;
    *rest = skip_blanks(text_from(*rest, 1));
    n = value_length(*rest);
    *out_raw = text_first(*rest, n);
    *rest = skip_blanks(text_from(*rest, n));
    return n > 0;
}

static struct text decode(struct text raw, struct arena *a)
{
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, raw.n + 16);
    if (!status_ok(json_string_decode(raw, &out)))
        return (struct text){NULL, 0};
    if (buffer_size(&out) == 0)
        return TEXT("");
    return arena_text(a, buffer_as_text(&out));
}

struct text json_string(struct text object, const char *name, struct arena *a)
{
    struct text raw;
    enum json_type type;
    if (!json_member(object, text_of(name), &raw, &type) || type != JSON_TYPE_STRING)
        return (struct text){NULL, 0};
    return decode(raw, a);
}

struct text json_value_shown(struct text raw, struct arena *a)
{
    char first = raw.n > 0 ? raw.p[0] : 'n';
    if (first == '"')
        return decode(raw, a);
    if (first == 'n' || ((first == '{' || first == '[') && raw.n == 2))
        return (struct text){NULL, 0};
    return raw;
}

struct text json_shown(struct text object, const char *name, struct arena *a)
{
    struct text raw;
    enum json_type type;
    if (!json_member(object, text_of(name), &raw, &type))
        return (struct text){NULL, 0};
    return json_value_shown(raw, a);
}

struct text json_member_name(struct text name, struct arena *a)
{
    return decode((struct text){name.p - 1, name.n + 2}, a);
}

struct text json_raw_member(struct text object, const char *name)
{
    struct text raw;
    enum json_type type;
    if (!json_member(object, text_of(name), &raw, &type) ||
        (type != JSON_TYPE_ARRAY && type != JSON_TYPE_OBJECT))
        return (struct text){NULL, 0};
    return raw;
}
