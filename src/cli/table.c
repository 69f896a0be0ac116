/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include "base/reader.h"
#include "base/utf8.h"

#define TABLE_CUT_LEAST 16 /* cells of the last column, however narrow the terminal */

struct range {
    uint32_t first, last;
};

/* Marks that stand on the character before them, and invisible ones. */
static const struct range zero_width[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},
    {0x064b, 0x065f}, {0x0e34, 0x0e3a}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
    {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20ff},
    {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};
/* Unicode TR 11: wide and fullwidth, in whole blocks. */
static const struct range double_width[] = {
    {0x1100, 0x115f}, {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
    {0xa000, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe4f},   {0xff00, 0xff60},
    {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

static bool within(const struct range *r, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (c >= r[i].first && c <= r[i].last)
            return true;
    return false;
}

static size_t cells_of(uint32_t c)
{
    if (c < 0x300)
        return 1;
    if (within(zero_width, sizeof zero_width / sizeof zero_width[0], c))
        return 0;
    return within(double_width, sizeof double_width / sizeof double_width[0], c) ? 2 : 1;
}

/* Bidirectional overrides can make a line read as something else. */
static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

size_t text_width(struct text t)
{
    size_t width = 0;
    for (size_t i = 0; i < t.n;) {
        uint32_t c;
        size_t n = utf8_decode(t.p + i, t.n - i, &c);
        width += n == 0 || is_control(c) ? 1 : cells_of(c);
        i += n ? n : 1;
    }
    return width;
}

void text_printable(struct text t, struct buffer *out)
{
    for (size_t i = 0; i < t.n;) {
        uint32_t c;
        size_t n = utf8_decode(t.p + i, t.n - i, &c);
        if (n == 0 || is_control(c))
            buffer_byte(out, '?');
        else
            buffer_text(out, (struct text){t.p + i, n});
        i += n ? n : 1;
    }
}

void shell_word(struct text t, struct buffer *out)
{
    bool plain = t.n > 0 && t.p[0] != '-';
    for (size_t i = 0; i < t.n && plain; i++) {
        char c = t.p[i];
        plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                text_contains(TEXT("_-./:%+@"), c);
    }
    if (plain) {
        buffer_text(out, t);
        return;
    }
    buffer_byte(out, '\'');
    for (struct text rest = t; rest.p;) {
        text_printable(text_cut(&rest, '\''), out);
        buffer_cstr(out, rest.p ? "'\\''" : "'");
    }
}

void csv_field(struct text t, struct buffer *out)
{
    bool formula = t.n > 0 && text_contains(TEXT("=+-@\t\r"), t.p[0]);
    bool quote = formula;
    for (size_t i = 0; i < t.n && !quote; i++)
        quote = text_contains(TEXT(",\"\r\n"), t.p[i]);
    if (!quote) {
        buffer_text(out, t);
        return;
    }
    buffer_cstr(out, formula ? "\"'" : "\"");
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] == '"')
            buffer_byte(out, '"');
        buffer_byte(out, (uint8_t)t.p[i]);
    }
    buffer_byte(out, '"');
}

void table_init(struct table *t, size_t max_bytes)
{
    *t = (struct table){.columns = 0};
    buffer_init(&t->cells, max_bytes);
}

void table_release(struct table *t)
{
    buffer_release(&t->cells);
}

static void add_cell(struct table *t, struct text value)
{
    size_t column = t->count % t->columns;
    size_t width = text_width(value);
    if (width > t->width[column])
        t->width[column] = width;
    t->count++;
    buffer_bytes32(&t->cells, text_bytes(value));
}

void table_header(struct table *t, const char *const *names)
{
    while (names[t->columns])
        t->columns++;
    must(t->columns > 0 && t->columns <= TABLE_COLUMNS_MAX && t->count == 0);
    for (size_t i = 0; i < t->columns; i++)
        add_cell(t, text_of(names[i]));
}

void table_cell(struct table *t, struct text value)
{
    must(t->columns > 0);
    if (value.n > 0)
        t->filled |= UINT32_C(1) << (t->count % t->columns);
    add_cell(t, value.n > 0 ? value : TEXT("-"));
}

/* The beginning of `value` that fits, with "..." after it. */
static void print_cut(struct text value, size_t most, struct buffer *out)
{
    size_t width = 0, used = 0;
    while (used < value.n) {
        uint32_t c;
        size_t n = utf8_decode(value.p + used, value.n - used, &c);
        size_t cells = n == 0 || is_control(c) ? 1 : cells_of(c);
        if (width + cells + 3 > most)
            break;
        width += cells;
        used += n ? n : 1;
    }
    text_printable(text_first(value, used), out);
    buffer_cstr(out, "...");
}

static void print_last(const struct table *t, struct text value, size_t before, struct buffer *out)
{
    size_t most = t->line_max > before ? t->line_max - before : 0;
    if (most < TABLE_CUT_LEAST)
        most = TABLE_CUT_LEAST;
    if (t->line_max > 0 && text_width(value) > most)
        print_cut(value, most, out);
    else
        text_printable(value, out);
    buffer_byte(out, '\n');
}

void table_print(struct table *t, struct buffer *out)
{
    struct reader r = reader_of(buffer_bytes(&t->cells));
    if (!t->started)
        t->optional &= ~t->filled;
    size_t before = 0;
    for (size_t i = 0; i < t->count; i++) {
        struct text value = bytes_text(reader_bytes32(&r));
        size_t column = i % t->columns;
        if (column == 0)
            before = 0;
        if (column + 1 == t->columns) {
            print_last(t, value, before, out);
        } else if (!(t->optional >> column & 1)) {
            text_printable(value, out);
            buffer_printf(out, "%*s", (int)(t->width[column] - text_width(value)) + 2, "");
            before += t->width[column] + 2;
        }
    }
    t->started = true;
    t->count = 0;
    if (status_ok(buffer_status(&t->cells))) /* else the caller is still to see it */
        buffer_clear(&t->cells);
}
