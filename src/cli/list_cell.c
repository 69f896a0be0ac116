/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/own.h"
#include "cli/json_list.h"

#define SHORT_DIGITS 16
#define PAIRS_MAX    65536

static bool two_digits(struct text t, size_t at, uint64_t max, int *out)
{
    uint64_t v;
    if (!text_to_u64(text_first(text_from(t, at), 2), max, &v))
        return false;
    *out = (int)v;
    return true;
}

bool cli_parse_time(struct text t, int64_t *out)
{
    uint64_t year;
    int month, day, hour, minute, second;
    bool ok = t.n >= 20 && t.p[4] == '-' && t.p[7] == '-' && t.p[10] == 'T' && t.p[13] == ':' &&
              t.p[16] == ':' && t.p[t.n - 1] == 'Z' && text_to_u64(text_first(t, 4), 9999, &year) &&
              two_digits(t, 5, 12, &month) && two_digits(t, 8, 31, &day) && two_digits(t, 11, 23, &hour) &&
              two_digits(t, 14, 59, &minute) && two_digits(t, 17, 60, &second);
    if (!ok || month == 0 || day == 0)
        return false;
    *out = clock_from_civil((int)year, month, day, hour, minute, second);
    return true;
}

static struct text distance(struct text value, bool past, struct arena *a)
{
    int64_t at;
    char words[CLOCK_RFC3339_MAX];
    if (!cli_parse_time(value, &at))
        return value;
    int64_t seconds = past ? clock_now_s() - at : at - clock_now_s();
    if (seconds <= 0)
        return past ? TEXT("now") : TEXT("over");
    return arena_text(a, text_of(duration_format(seconds * 1000, words)));
}

/* What ends in a SHA-256 ("8bb4...", "certificate:8bb4...") loses the end of it; other values stay whole. */
static struct text shortened(struct text value)
{
    uint8_t hash[SHA256_SIZE];
    const size_t digits = 2 * SHA256_SIZE;
    if (value.n < digits || !hex_decode(hash, sizeof hash, text_from(value, value.n - digits)))
        return value;
    return text_first(value, value.n - digits + SHORT_DIGITS);
}

struct text cli_pairs(struct text object, struct arena *a)
{
    struct text rest = object, name, raw;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, PAIRS_MAX);
    while (json_next_member(&rest, &name, &raw)) {
        buffer_cstr(&out, buffer_size(&out) ? " " : "");
        buffer_text(&out, json_member_name(name, a));
        buffer_byte(&out, '=');
        buffer_text(&out, json_value_shown(raw, a));
    }
    struct text words = arena_text(a, buffer_as_text(&out));
    return words.p && status_ok(buffer_status(&out)) ? words : object;
}

struct text cli_words(struct text array, struct arena *a)
{
    struct text rest = array, raw;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, PAIRS_MAX);
    while (json_item(&rest, &raw)) {
        buffer_cstr(&out, buffer_size(&out) ? " " : "");
        buffer_text(&out, json_value_shown(raw, a));
    }
    struct text words = arena_text(a, buffer_as_text(&out));
    return words.p && status_ok(buffer_status(&out)) ? words : array;
}

struct text cli_cell(enum column_kind kind, struct text value, struct arena *a)
{
    switch (kind) {
    case COLUMN_TEXT:
    case COLUMN_CUT:
        break;
    case COLUMN_SHORT:
        return shortened(value);
    case COLUMN_PAIRS:
        return value.n ? cli_pairs(value, a) : value;
    case COLUMN_WORDS:
        return value.n ? cli_words(value, a) : value;
    case COLUMN_AGE:
        return value.n ? distance(value, true, a) : value;
    case COLUMN_LEFT:
        return value.n ? distance(value, false, a) : value;
    }
    return value;
}
