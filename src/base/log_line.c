/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_line.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "base/utf8.h"

/*
 * The one encoder. Both forms put strings through escape(), whose output is valid inside a JSON string and
 * holds nothing that ends a line, starts a terminal sequence or turns the direction of the text.
 */

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Controls (C0, DEL, C1), line and paragraph separators, byte order mark, direction marks and overrides. */
static bool is_unprintable(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point <= 0x9f) || (point >= 0x200e && point <= 0x200f) ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

static void escape_point(struct buffer *out, uint32_t point)
{
    static const char hex[] = "0123456789abcdef";
    if (point == '\n') {
        buffer_text(out, TEXT("\\n"));
    } else if (point == '\r') {
        buffer_text(out, TEXT("\\r"));
    } else if (point == '\t') {
        buffer_text(out, TEXT("\\t"));
    } else if (point == '"' || point == '\\') {
        buffer_byte(out, '\\');
        buffer_byte(out, (uint8_t)point);
    } else {
        const char escaped[] = {
            '\\', 'u', hex[point >> 12 & 15], hex[point >> 8 & 15], hex[point >> 4 & 15], hex[point & 15]};
        buffer_append(out, BYTES_OF(escaped));
    }
}

static void escape(struct buffer *out, struct text t)
{
    size_t i = 0;
    while (i < t.n) {
        size_t start = i;
        while (i < t.n && is_plain((uint8_t)t.p[i]))
            i++;
        buffer_text(out, (struct text){t.p + start, i - start});
        if (i == t.n)
            return;
        uint32_t point = UTF8_REPLACEMENT;
        size_t length = utf8_decode(t.p + i, t.n - i, &point);
        if (length == 0 || is_unprintable(point) || point == '"' || point == '\\')
            escape_point(out, point);
        else
            buffer_text(out, (struct text){t.p + i, length});
        i += length ? length : 1;
    }
}

static void quoted(struct buffer *out, struct text t)
{
    buffer_byte(out, '"');
    escape(out, t);
    buffer_byte(out, '"');
}

static void hex(struct buffer *out, struct bytes b)
{
    char digits[2 * 32 + 1];
    while (b.n) {
        size_t n = b.n < 32 ? b.n : 32;
        hex_encode(digits, (struct bytes){b.p, n});
        buffer_cstr(out, digits);
        b = (struct bytes){b.p + n, b.n - n};
    }
}

/* logfmt: a value without blanks, quotes and '=' stands bare. */
static bool may_stand_bare(struct text t)
{
    for (size_t i = 0; i < t.n; i++) {
        if (!is_plain((uint8_t)t.p[i]) || t.p[i] == ' ' || t.p[i] == '=')
            return false;
    }
    return t.n > 0;
}

static void text_value(struct buffer *out, enum log_format format, struct text t)
{
    if (format == LOG_FORMAT_TEXT && may_stand_bare(t))
        buffer_text(out, t);
    else
        quoted(out, t);
}

static void field_value(struct buffer *out, enum log_format format, const struct log_field *field)
{
    bool json = format == LOG_FORMAT_JSON;
    switch (field->kind) {
    case LOG_FIELD_TEXT:
        text_value(out, format, field->text);
        break;
    case LOG_FIELD_INT:
        buffer_printf(out, "%lld", (long long)field->number);
        break;
    case LOG_FIELD_BOOL:
        buffer_text(out, field->number ? TEXT("true") : TEXT("false"));
        break;
    case LOG_FIELD_HEX:
        if (json || field->text.n == 0)
            buffer_byte(out, '"');
        hex(out, text_bytes(field->text));
        if (json || field->text.n == 0)
            buffer_byte(out, '"');
        break;
    case LOG_FIELD_TARGET:
        buffer_byte(out, '"');
        log_redact(out, field->text, escape);
        buffer_byte(out, '"');
        break;
    }
}

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {"debug", "info", "notice", "warning", "error"};
    return names[level];
}

static void encode_text(struct buffer *out, const struct log_line *line, const char *time)
{
    buffer_cstr(out, time);
    buffer_byte(out, ' ');
    buffer_cstr(out, level_name(line->level));
    buffer_byte(out, ' ');
    if (line->process.n) {
        buffer_text(out, line->process);
        buffer_byte(out, ' ');
    }
    buffer_cstr(out, line->event);
    if (line->request.n) {
        buffer_text(out, TEXT(" request="));
        text_value(out, line->format, line->request);
    }
    for (const struct log_field *field = line->fields; field->name; field++) {
        buffer_byte(out, ' ');
        buffer_cstr(out, field->name);
        buffer_byte(out, '=');
        field_value(out, line->format, field);
    }
}

static void json_name(struct buffer *out, const char *name)
{
    buffer_text(out, TEXT(",\""));
    buffer_cstr(out, name);
    buffer_text(out, TEXT("\":"));
}

static void encode_json(struct buffer *out, const struct log_line *line, const char *time)
{
    buffer_text(out, TEXT("{\"time\":\""));
    buffer_cstr(out, time);
    buffer_byte(out, '"');
    json_name(out, "level");
    quoted(out, text_of(level_name(line->level)));
    if (line->process.n) {
        json_name(out, "process");
        quoted(out, line->process);
    }
    json_name(out, "event");
    quoted(out, text_of(line->event));
    if (line->request.n) {
        json_name(out, "request");
        quoted(out, line->request);
    }
    for (const struct log_field *field = line->fields; field->name; field++) {
        json_name(out, field->name);
        field_value(out, line->format, field);
    }
    buffer_byte(out, '}');
}

void log_line_encode(struct buffer *out, const struct log_line *line)
{
    char time[CLOCK_RFC3339_MAX];
    clock_format_rfc3339_ms(line->now_ms, time);
    if (line->format == LOG_FORMAT_JSON)
        encode_json(out, line, time);
    else
        encode_text(out, line, time);
}
