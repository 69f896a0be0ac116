/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/escape.h"

#include "graphql/document.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* \uXXXX at the start of `in`. */
static bool four_digits(struct text in, uint32_t *out)
{
    if (in.n < 6 || in.p[0] != '\\' || in.p[1] != 'u')
        return false;
    uint32_t value = 0;
    for (int i = 2; i < 6; i++) {
        int digit = hex_value(in.p[i]);
        if (digit < 0)
            return false;
        value = value << 4 | (uint32_t)digit;
    }
    *out = value;
    return true;
}

static size_t braced(struct text in, uint32_t *out)
{
    uint32_t value = 0;
    for (size_t i = 3; i < in.n; i++) {
        if (in.p[i] == '}') {
            *out = value;
            return i > 3 && (value < 0xd800 || value > 0xdfff) ? i + 1 : 0;
        }
        int digit = hex_value(in.p[i]);
        if (digit < 0 || (value = value << 4 | (uint32_t)digit) > 0x10ffff)
            return 0;
    }
    return 0;
}

static size_t unicode_escape(struct text in, uint32_t *out)
{
    if (in.n > 2 && in.p[2] == '{')
        return braced(in, out);
    uint32_t high, low;
    if (!four_digits(in, &high))
        return 0;
    if (high < 0xd800 || high > 0xdfff) {
        *out = high;
        return 6;
    }
    if (high > 0xdbff || !four_digits(text_from(in, 6), &low) || low < 0xdc00 || low > 0xdfff)
        return 0;
    *out = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

size_t string_escape(struct text in, char out[static UTF8_MAX], size_t *out_length)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (in.n < 2)
        return 0;
    if (in.p[1] == 'u') {
        uint32_t value = 0;
        size_t n = unicode_escape(in, &value);
        if (n)
            *out_length = utf8_encode(value, out);
        return n;
    }
    const char *found = in.p[1] ? strchr(letters, in.p[1]) : NULL;
    if (!found)
        return 0;
    out[0] = meanings[found - letters];
    *out_length = 1;
    return 2;
}

/* ASCII only, so that no character is cut: a message is UTF-8. */
size_t string_escape_shown(struct text in)
{
    size_t most = in.n > 1 && in.p[1] == 'u' ? 6 : 2;
    size_t n = 1;
    while (n < in.n && n < most && in.p[n] > ' ' && in.p[n] < '\x7f')
        n++;
    return n;
}

static struct text decode(struct text in, struct arena *arena)
{
    char *out = arena_alloc(arena, in.n);
    if (!out)
        return (struct text){NULL, 0};
    size_t n = 0;
    for (size_t i = 0; i < in.n;) {
        char decoded[UTF8_MAX];
        size_t length = 0;
        size_t used = in.p[i] == '\\' ? string_escape(text_from(in, i), decoded, &length) : 0;
        if (used == 0) {
            out[n++] = in.p[i++];
            continue;
        }
        memcpy(out + n, decoded, length); /* never longer than its escape */
        n += length;
        i += used;
    }
    return (struct text){out, n};
}

/* The next line of a block string, and what is behind its end. */
static struct text next_line(struct text *rest)
{
    size_t n = 0;
    while (n < rest->n && rest->p[n] != '\n' && rest->p[n] != '\r')
        n++;
    struct text line = text_first(*rest, n);
    if (n == rest->n) {
        *rest = (struct text){NULL, 0};
        return line;
    }
    size_t end = rest->p[n] == '\r' && n + 1 < rest->n && rest->p[n + 1] == '\n' ? 2 : 1;
    *rest = text_from(*rest, n + end);
    return line;
}

static size_t indentation(struct text line)
{
    size_t n = 0;
    while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
        n++;
    return n;
}

struct block {
    size_t common;      /* white space that every line but the first begins with */
    size_t first, last; /* lines that are not blank, from 0; first > last: all are */
};

static struct block measure(struct text in)
{
    struct block b = {.common = SIZE_MAX, .first = SIZE_MAX, .last = 0};
    size_t number = 0;
    for (struct text rest = in; rest.p; number++) {
        struct text line = next_line(&rest);
        size_t indent = indentation(line);
        if (indent == line.n)
            continue;
        if (number > 0 && indent < b.common)
            b.common = indent;
        if (b.first == SIZE_MAX)
            b.first = number;
        b.last = number;
    }
    return b;
}

/* BlockStringValue(), section 2.9.4: common indentation and blank lines at both ends go. */
static struct text block_text(struct text in, struct arena *arena)
{
    struct block b = measure(in);
    char *out = arena_alloc(arena, in.n + 1);
    if (!out)
        return (struct text){NULL, 0};
    size_t n = 0;
    size_t number = 0;
    for (struct text rest = in; rest.p && number <= b.last; number++) {
        struct text line = next_line(&rest);
        if (number < b.first)
            continue;
        if (number > b.first)
            out[n++] = '\n';
        size_t i = number == 0 ? 0 : b.common < line.n ? b.common : line.n;
        for (; i < line.n; i++) {
            if (text_starts_with(text_from(line, i), TEXT("\\\"\"\"")))
                i++;
            out[n++] = line.p[i];
        }
    }
    return (struct text){out, n};
}

struct text graphql_string_text(const struct graphql_literal *literal, struct arena *arena)
{
    if (literal->text.n == 0)
        return TEXT("");
    if (literal->kind == GRAPHQL_LITERAL_BLOCK_STRING)
        return block_text(literal->text, arena);
    return literal->has_escapes ? decode(literal->text, arena) : literal->text;
}
