/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include "base/reader.h"
#include "base/utf8.h"

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
    add_cell(t, value.n > 0 ? value : TEXT("-"));
}

void table_print(const struct table *t, struct buffer *out)
{
    struct reader r = reader_of(buffer_bytes(&t->cells));
    for (size_t i = 0; i < t->count; i++) {
        struct text value = bytes_text(reader_bytes32(&r));
        size_t column = i % t->columns;
        text_printable(value, out);
        if (column + 1 == t->columns)
            buffer_byte(out, '\n');
        else
            buffer_printf(out, "%*s", (int)(t->width[column] - text_width(value)) + 2, "");
    }
}
