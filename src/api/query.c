/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "base/clock.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     500

struct text query_text(struct call *c, const char *name)
{
    return query_get(c->request->query, text_of(name), c->arena);
}

struct status query_page(struct call *c, struct page_request *out)
{
    *out = (struct page_request){.after = query_text(c, "after"), .limit = PAGE_DEFAULT};
    const struct text limit = query_text(c, "limit");
    if (limit.n == 0)
        return DONE;
    uint64_t n = 0;
    if (!text_to_u64(limit, PAGE_MAX, &n) || n == 0)
        return error_set(&c->err, E_INVALID, "limit must be a number from 1 to %d", PAGE_MAX);
    out->limit = (unsigned)n;
    return DONE;
}

struct status query_choice(struct call *c, const char *name, const char *const *choices, int *out)
{
    const struct text value = query_text(c, name);
    if (value.n == 0)
        return DONE;
    for (int i = 0; choices[i]; i++) {
        if (text_equal(value, text_of(choices[i]))) {
            *out = i;
            return DONE;
        }
    }
    return error_set(&c->err, E_INVALID, "%s=%.*s is not known", name, TEXT_ARG(value));
}

/* ---- times ---- */

/* `n` digits at `at`, or -1. */
static int digits(struct text t, size_t at, size_t n)
{
    if (at > t.n || t.n - at < n)
        return -1;
    int value = 0;
    for (size_t i = at; i < at + n; i++) {
        if (t.p[i] < '0' || t.p[i] > '9')
            return -1;
        value = value * 10 + (t.p[i] - '0');
    }
    return value;
}

/* "Z" or "+hh:mm" (RFC 3339 5.6), in seconds. */
static bool parse_offset(struct text t, int64_t *out)
{
    *out = 0;
    if (t.n == 1 && (t.p[0] == 'Z' || t.p[0] == 'z'))
        return true;
    if (t.n != 6 || (t.p[0] != '+' && t.p[0] != '-') || t.p[3] != ':')
        return false;
    const int hours = digits(t, 1, 2);
    const int minutes = digits(t, 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *out = (t.p[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

static bool parse_clock(struct text t, int *out_seconds, struct text *out_rest)
{
    const int hour = digits(t, 0, 2);
    const int minute = digits(t, 3, 2);
    const int second = digits(t, 6, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || t.p[2] != ':' ||
        t.p[5] != ':')
        return false;
    struct text rest = text_from(t, 8);
    if (rest.n > 0 && rest.p[0] == '.') {
        size_t i = 1;
        while (i < rest.n && rest.p[i] >= '0' && rest.p[i] <= '9')
            i++;
        if (i == 1)
            return false;
        rest = text_from(rest, i);
    }
    *out_seconds = hour * 3600 + minute * 60 + second;
    *out_rest = rest;
    return true;
}

static bool is_date(int year, int month, int day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1970 || month < 1 || month > 12 || day < 1)
        return false;
    const bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= lengths[month - 1] + (leap ? 1 : 0);
}

bool time_parse(struct text t, int64_t *out)
{
    const int year = digits(t, 0, 4);
    const int month = digits(t, 5, 2);
    const int day = digits(t, 8, 2);
    if (!is_date(year, month, day) || t.p[4] != '-' || t.p[7] != '-')
        return false;
    const int64_t midnight = clock_from_civil(year, month, day, 0, 0, 0);
    if (t.n == 10) {
        *out = midnight;
        return true;
    }
    int seconds = 0;
    int64_t offset = 0;
    struct text rest = {NULL, 0};
    if ((t.p[10] != 'T' && t.p[10] != 't') || !parse_clock(text_from(t, 11), &seconds, &rest) ||
        !parse_offset(rest, &offset))
        return false;
    *out = midnight + seconds - offset;
    return true;
}

struct status query_time(struct call *c, const char *name, bool from_now, int64_t *out)
{
    *out = 0;
    const struct text value = query_text(c, name);
    if (value.n == 0)
        return DONE;
    int64_t ms = 0;
    if (duration_parse(value, &ms)) {
        *out = clock_now_s() + (from_now ? ms : -ms) / 1000;
        return DONE;
    }
    if (time_parse(value, out))
        return DONE;
    return error_set(&c->err, E_INVALID,
                     "%s must be a time such as 2026-11-21T05:13:44Z, or a duration such as 30d", name);
}
