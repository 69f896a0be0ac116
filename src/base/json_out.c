/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_out.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "base/utf8.h"

#define DEPTH_MAX 32

void json_out_init(struct json_out *j, struct buffer *out)
{
    *j = (struct json_out){.out = out};
}

static uint32_t bit_of(int depth)
{
    return UINT32_C(1) << (depth - 1);
}

static bool in_object(const struct json_out *j)
{
    return j->depth > 0 && !(j->array & bit_of(j->depth));
}

static void put_comma(struct json_out *j)
{
    if (j->depth == 0)
        return;
    if (j->first & bit_of(j->depth))
        j->first &= ~bit_of(j->depth);
    else
        buffer_byte(j->out, ',');
}

/* Comma and name, as the place asks for. A name where none belongs, or none where one does, is a bug of ours.
 */
static void begin_value(struct json_out *j, const char *name)
{
    must(in_object(j) ? (name != NULL) != j->keyed : name == NULL);
    if (j->keyed) {
        j->keyed = false;
        return;
    }
    put_comma(j);
    if (name) {
        buffer_byte(j->out, '"');
        buffer_cstr(j->out, name);
        buffer_text(j->out, TEXT("\":"));
    }
}

static void open_container(struct json_out *j, const char *name, bool array)
{
    begin_value(j, name);
    must(j->depth < DEPTH_MAX);
    j->depth++;
    j->first |= bit_of(j->depth);
    if (array)
        j->array |= bit_of(j->depth);
    else
        j->array &= ~bit_of(j->depth);
    buffer_byte(j->out, array ? '[' : '{');
}

void json_open_object(struct json_out *j, const char *name)
{
    open_container(j, name, false);
}

void json_open_array(struct json_out *j, const char *name)
{
    open_container(j, name, true);
}

void json_end(struct json_out *j)
{
    must(j->depth > 0 && !j->keyed);
    buffer_byte(j->out, j->array & bit_of(j->depth) ? ']' : '}');
    j->depth--;
}

/* What goes out as it is: printable ASCII but for the quote, the backslash and <, > and &. A table, because
 * this looks at each byte of each answer. */
static bool is_plain(uint8_t c)
{
    static const uint32_t plain[8] = {0, 0xafffffbb, 0xefffffff, 0xffffffff};
    return (plain[c >> 5] >> (c & 31)) & 1;
}

static void escape_ascii(struct buffer *out, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        buffer_append(out, (struct bytes){(const uint8_t[]){'\\', c}, 2});
    } else if (c == '\n') {
        buffer_text(out, TEXT("\\n"));
    } else if (c == '\r') {
        buffer_text(out, TEXT("\\r"));
    } else if (c == '\t') {
        buffer_text(out, TEXT("\\t"));
    } else {
        const char escape[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        buffer_append(out, BYTES_OF(escape));
    }
}

/* Length of the run from `at` that goes out as it is: plain ASCII and valid UTF-8 other than U+2028/9. */
static size_t run_length(struct text value, size_t at)
{
    size_t i = at;
    while (i < value.n) {
        if (is_plain((uint8_t)value.p[i])) {
            i++;
            continue;
        }
        if ((uint8_t)value.p[i] < 0x80)
            break;
        uint32_t point;
        size_t length = utf8_decode(value.p + i, value.n - i, &point);
        if (length == 0 || point == 0x2028 || point == 0x2029)
            break;
        i += length;
    }
    return i - at;
}

void json_escape_text(struct buffer *out, struct text value)
{
    size_t i = 0;
    while (i < value.n) {
        size_t run = run_length(value, i);
        buffer_text(out, (struct text){value.p + i, run});
        i += run;
        if (i == value.n)
            break;
        uint32_t point;
        size_t length = utf8_decode(value.p + i, value.n - i, &point);
        if (length == 1)
            escape_ascii(out, (uint8_t)point);
        else if (length == 0)
            buffer_text(out, TEXT("\\ufffd"));
        else
            buffer_text(out, point == 0x2028 ? TEXT("\\u2028") : TEXT("\\u2029"));
        i += length ? length : 1;
    }
}

static void write_string(struct buffer *out, struct text value)
{
    buffer_byte(out, '"');
    json_escape_text(out, value);
    buffer_byte(out, '"');
}

void json_key(struct json_out *j, struct text key)
{
    must(in_object(j) && !j->keyed);
    put_comma(j);
    write_string(j->out, key);
    buffer_byte(j->out, ':');
    j->keyed = true;
}

void json_text(struct json_out *j, const char *name, struct text value)
{
    begin_value(j, name);
    write_string(j->out, value);
}

void json_base64(struct json_out *j, const char *name, struct bytes value)
{
    begin_value(j, name);
    buffer_byte(j->out, '"');
    base64_encode(j->out, value); /* its alphabet needs no escapes */
    buffer_byte(j->out, '"');
}

void json_cstr(struct json_out *j, const char *name, const char *value)
{
    if (value)
        json_text(j, name, text_of(value));
    else
        json_write_null(j, name);
}

void json_int(struct json_out *j, const char *name, int64_t value)
{
    begin_value(j, name);
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    buffer_text(j->out, (struct text){digits + at, sizeof(digits) - at});
}

void json_bool(struct json_out *j, const char *name, bool value)
{
    json_raw(j, name, value ? TEXT("true") : TEXT("false"));
}

void json_write_null(struct json_out *j, const char *name)
{
    json_raw(j, name, TEXT("null"));
}

void json_raw(struct json_out *j, const char *name, struct text json)
{
    begin_value(j, name);
    buffer_text(j->out, json.n ? json : TEXT("null")); /* an absent span must not break the document */
}

void json_time(struct json_out *j, const char *name, int64_t seconds)
{
    char time[CLOCK_RFC3339_MAX];
    json_cstr(j, name, clock_format_rfc3339(seconds, time));
}
