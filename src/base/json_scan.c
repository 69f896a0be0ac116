/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"

#include <endian.h>
#include <stdio.h>

#include "base/utf8.h"

#define UNEXPECTED_END "unexpected end of JSON input"

/* What may come next. */
enum expect {
    EXPECT_VALUE,        /* at the top, after ':' or after ',' in an array */
    EXPECT_ITEM_OR_END,  /* after '[' */
    EXPECT_NAME,         /* after ',' in an object */
    EXPECT_NAME_OR_END,  /* after '{' */
    EXPECT_COMMA_OR_END, /* after a value in an array or object */
    EXPECT_NOTHING,      /* after the value at the top */
};

struct scanner {
    const char *p;
    size_t n;
    size_t at;
    enum expect expect;
    int depth;
    int tokens; /* values and member names */
    int tokens_max;
    uint64_t objects; /* bit per depth: an object, otherwise an array */
    enum code code;
    const char *what; /* why not; set with code */
};

static_assert(JSON_DEPTH_MAX <= 64, "one bit of scanner.objects per depth");

static bool refuse(struct scanner *s, const char *what)
{
    s->code = E_INVALID;
    s->what = what;
    return false;
}

static bool refuse_too_large(struct scanner *s, const char *what)
{
    s->code = E_TOO_LARGE;
    s->what = what;
    return false;
}

static bool refuse_end(struct scanner *s)
{
    return refuse(s, UNEXPECTED_END);
}

static bool is_digit_at(const struct scanner *s)
{
    return s->at < s->n && s->p[s->at] >= '0' && s->p[s->at] <= '9';
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* at is on the backslash. */
static bool scan_escape(struct scanner *s)
{
    s->at++;
    if (s->at == s->n)
        return refuse_end(s);
    char c = s->p[s->at];
    if (c == '\0' || !strchr("\"\\/bfnrtu", c))
        return refuse(s, "invalid escape in string");
    s->at++;
    for (int i = 0; c == 'u' && i < 4; i++, s->at++) {
        if (s->at == s->n)
            return refuse_end(s);
        if (!is_hex(s->p[s->at]))
            return refuse(s, "invalid \\u escape in string");
    }
    return true;
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/*
 * To the first byte that needs a look: not printable ASCII, a quote or a backslash. Eight bytes at a time:
 * such a byte leaves its top bit set; a borrow may set more of them, but only behind the first.
 */
static size_t skip_plain(const char *p, size_t at, size_t n)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    while (n - at >= 8) {
        uint64_t v;
        memcpy(&v, p + at, 8);
        v = le64toh(v);
        uint64_t quote = v ^ (ones * '"');
        uint64_t backslash = v ^ (ones * '\\');
        uint64_t found = (v | (v - ones * 0x20) | (quote - ones) | (backslash - ones)) & ones << 7;
        if (found)
            return at + (size_t)__builtin_ctzll(found) / 8;
        at += 8;
    }
    while (at < n && is_plain((uint8_t)p[at]))
        at++;
    return at;
}

/* at is on the opening quote. */
static bool scan_string(struct scanner *s)
{
    s->at++;
    while (true) {
        s->at = skip_plain(s->p, s->at, s->n);
        if (s->at == s->n)
            return refuse_end(s);
        uint8_t c = (uint8_t)s->p[s->at];
        if (c == '"') {
            s->at++;
            return true;
        }
        if (c == '\\') {
            if (!scan_escape(s))
                return false;
        } else if (c < 0x20) {
            return refuse(s, c == '\n' || c == '\r' ? "line break in string" : "control character in string");
        } else {
            uint32_t ignored;
            size_t length = utf8_decode(s->p + s->at, s->n - s->at, &ignored);
            if (length == 0)
                return refuse(s, "invalid UTF-8 in string");
            s->at += length;
        }
    }
}

static bool scan_digits(struct scanner *s)
{
    if (s->at == s->n)
        return refuse_end(s);
    if (!is_digit_at(s))
        return refuse(s, "digit expected in number");
    while (is_digit_at(s))
        s->at++;
    return true;
}

/* RFC 8259 section 6. */
static bool scan_number(struct scanner *s)
{
    if (s->p[s->at] == '-')
        s->at++;
    bool zero = s->at < s->n && s->p[s->at] == '0';
    if (zero) {
        s->at++;
        if (is_digit_at(s))
            return refuse(s, "leading zero in number");
    } else if (!scan_digits(s)) {
        return false;
    }
    if (s->at < s->n && s->p[s->at] == '.') {
        s->at++;
        if (!scan_digits(s))
            return false;
    }
    if (s->at < s->n && (s->p[s->at] == 'e' || s->p[s->at] == 'E')) {
        s->at++;
        if (s->at < s->n && (s->p[s->at] == '+' || s->p[s->at] == '-'))
            s->at++;
        return scan_digits(s);
    }
    return true;
}

static bool scan_word(struct scanner *s, struct text word)
{
    for (size_t i = 0; i < word.n; i++, s->at++) {
        if (s->at == s->n)
            return refuse_end(s);
        if (s->p[s->at] != word.p[i])
            return refuse(s, "invalid literal, expected true, false or null");
    }
    return true;
}

static bool refuse_character(struct scanner *s, char c)
{
    if (c == '/')
        return refuse(s, "comments are not allowed");
    if (c == '\'')
        return refuse(s, "strings need double quotes");
    if (s->at == 0 && text_starts_with((struct text){s->p, s->n}, TEXT("\xef\xbb\xbf")))
        return refuse(s, "byte order mark before the value");
    return refuse(s, "invalid character");
}

static bool count_token(struct scanner *s)
{
    return ++s->tokens <= s->tokens_max || refuse_too_large(s, "too many values");
}

static bool open_container(struct scanner *s, bool object)
{
    if (s->depth == JSON_DEPTH_MAX)
        return refuse_too_large(s, "nested too deeply");
    uint64_t bit = UINT64_C(1) << s->depth;
    s->objects = object ? s->objects | bit : s->objects & ~bit;
    s->depth++;
    s->expect = object ? EXPECT_NAME_OR_END : EXPECT_ITEM_OR_END;
    s->at++;
    return true;
}

static void after_value(struct scanner *s)
{
    s->expect = s->depth ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

static bool close_container(struct scanner *s)
{
    s->depth--;
    s->at++;
    after_value(s);
    return true;
}

static bool in_object(const struct scanner *s)
{
    return s->depth > 0 && (s->objects >> (s->depth - 1) & 1);
}

static bool scan_value(struct scanner *s, char c)
{
    bool good;
    if (!count_token(s))
        return false;
    if (c == '{' || c == '[')
        return open_container(s, c == '{');
    if (c == '"')
        good = scan_string(s);
    else if (c == '-' || (c >= '0' && c <= '9'))
        good = scan_number(s);
    else if (c == 't')
        good = scan_word(s, TEXT("true"));
    else if (c == 'f')
        good = scan_word(s, TEXT("false"));
    else if (c == 'n')
        good = scan_word(s, TEXT("null"));
    else if (c == ']' && s->depth > 0 && !in_object(s))
        good = refuse(s, "trailing comma before ']'");
    else
        good = refuse_character(s, c);
    after_value(s);
    return good;
}

static void skip_blanks(struct scanner *s)
{
    while (s->at < s->n) {
        char c = s->p[s->at];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return;
        s->at++;
    }
}

static bool scan_name(struct scanner *s, char c)
{
    if (c == '}')
        return refuse(s, "trailing comma before '}'");
    if (c != '"')
        return refuse(s, "member name in double quotes expected");
    if (!count_token(s) || !scan_string(s))
        return false;
    skip_blanks(s);
    if (s->at == s->n)
        return refuse_end(s);
    if (s->p[s->at] != ':')
        return refuse(s, "':' expected after member name");
    s->at++;
    s->expect = EXPECT_VALUE;
    return true;
}

static bool scan_comma_or_end(struct scanner *s, char c)
{
    bool object = in_object(s);
    if (c == (object ? '}' : ']'))
        return close_container(s);
    if (c != ',')
        return refuse(s, object ? "',' or '}' expected" : "',' or ']' expected");
    s->at++;
    s->expect = object ? EXPECT_NAME : EXPECT_VALUE;
    return true;
}

static bool step(struct scanner *s)
{
    char c = s->p[s->at];
    switch (s->expect) {
    case EXPECT_ITEM_OR_END:
        return c == ']' ? close_container(s) : scan_value(s, c);
    case EXPECT_VALUE:
        return scan_value(s, c);
    case EXPECT_NAME_OR_END:
        return c == '}' ? close_container(s) : scan_name(s, c);
    case EXPECT_NAME:
        return scan_name(s, c);
    case EXPECT_COMMA_OR_END:
        return scan_comma_or_end(s, c);
    case EXPECT_NOTHING:
        break;
    }
    /* A piece out of an object, pasted as it stood in a page. */
    return refuse(s, c == ':' ? "':' outside of an object, a '{' is missing in front"
                              : "unexpected data after the value");
}

/* ---- only for the failure: good input is not looked at twice ---- */

static void place_of(const struct scanner *s, size_t offset, int *out_line, int *out_column)
{
    *out_line = 1;
    *out_column = 1;
    for (size_t i = 0; i < offset; i++) {
        ++*out_column;
        if (s->p[i] == '\n') {
            ++*out_line;
            *out_column = 1;
        }
    }
}

/* What is open at the end. The text was accepted up to there, so brackets match and only a string can be in
 * the way. */
static void find_opening(const struct scanner *s, struct json_position *where)
{
    size_t starts[JSON_DEPTH_MAX] = {0};
    size_t depth = 0, string = SIZE_MAX; /* SIZE_MAX: not inside one */
    for (size_t i = 0; i < s->n; i++) {
        char c = s->p[i];
        if (c == '"')
            string = string == SIZE_MAX ? i : SIZE_MAX;
        else if (string != SIZE_MAX)
            i += c == '\\';
        else if ((c == '{' || c == '[') && depth < JSON_DEPTH_MAX)
            starts[depth++] = i;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
    }
    size_t at = string;
    if (string != SIZE_MAX) {
        where->open_count = 1;
    } else if (depth > 0) {
        at = starts[depth - 1];
        for (size_t i = 0; i < depth; i++)
            where->open_count += s->p[starts[i]] == s->p[at];
    } else {
        return;
    }
    where->open = s->p[at];
    place_of(s, at, &where->open_line, &where->open_column);
}

static struct json_position position_of(const struct scanner *s)
{
    struct json_position where = {.offset = s->at, .what = s->what};
    place_of(s, s->at, &where.line, &where.column);
    if (s->at == s->n && s->code == E_INVALID)
        find_opening(s, &where);
    return where;
}

struct text json_position_text(const struct json_position *where, char out[static JSON_POSITION_TEXT])
{
    int n;
    if (where->open == '"')
        n = snprintf(out, JSON_POSITION_TEXT, "%s: the string at line %d, column %d is not closed",
                     where->what, where->open_line, where->open_column);
    else if (where->open)
        n = snprintf(out, JSON_POSITION_TEXT, "%s: %d '%c' not closed, the last at line %d, column %d",
                     where->what, where->open_count, where->open, where->open_line, where->open_column);
    else if (strcmp(where->what, UNEXPECTED_END) == 0)
        n = snprintf(out, JSON_POSITION_TEXT, "%s", where->what);
    else
        n = snprintf(out, JSON_POSITION_TEXT, "%s at line %d, column %d", where->what, where->line,
                     where->column);
    must(n > 0 && n < JSON_POSITION_TEXT);
    return (struct text){out, (size_t)n};
}

struct status json_scan_with(struct text in, int tokens_max, struct json_position *out_where)
{
    struct scanner s = {
        .p = in.p ? in.p : "", .n = in.n, .expect = EXPECT_VALUE, .tokens_max = tokens_max, .code = E_OK};
    bool good = true;
    skip_blanks(&s);
    while (good && s.at < s.n) {
        good = step(&s);
        if (good)
            skip_blanks(&s);
    }
    if (good && s.expect != EXPECT_NOTHING)
        refuse_end(&s);
    if (s.code != E_OK && out_where)
        *out_where = position_of(&s);
    return (struct status){s.code};
}

struct status json_scan(struct text in, struct json_position *out_where)
{
    return json_scan_with(in, JSON_TOKENS_MAX, out_where);
}
