/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/status.h"

#define SECONDS_PER_DAY 86400

static atomic_bool standing; /* the test hook is on */
static _Atomic int64_t test_wall_ms;
static _Atomic int64_t test_monotonic_ms;

static int64_t read_us(clockid_t id)
{
    struct timespec t;
    must(clock_gettime(id, &t) == 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_now_ms(void)
{
    if (atomic_load_explicit(&standing, memory_order_relaxed))
        return atomic_load(&test_wall_ms);
    return read_us(CLOCK_REALTIME) / 1000;
}

/* Rounds towards the past, also before 1970. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t clock_now_s(void)
{
    return floor_div(clock_now_ms(), 1000);
}

int64_t clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

int64_t clock_monotonic_us(void)
{
    if (atomic_load_explicit(&standing, memory_order_relaxed))
        return atomic_load(&test_monotonic_ms) * 1000;
    return read_us(CLOCK_MONOTONIC);
}

void clock_set_test(int64_t wall_ms, int64_t monotonic_ms)
{
    atomic_store(&test_wall_ms, wall_ms);
    atomic_store(&test_monotonic_ms, monotonic_ms);
    atomic_store(&standing, true);
}

void clock_advance_test(int64_t ms)
{
    atomic_fetch_add(&test_wall_ms, ms);
    atomic_fetch_add(&test_monotonic_ms, ms);
}

void clock_real(void)
{
    atomic_store(&standing, false);
}

/*
 * The proleptic Gregorian calendar in eras of 400 years that begin on 1 March, so that the leap day is the
 * last of its year (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
 */
int64_t clock_from_civil(int year, int month, int day, int hour, int minute, int second)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    int64_t days = era * 146097 + day_of_era - 719468;
    return days * SECONDS_PER_DAY + (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
}

struct civil clock_to_civil(int64_t seconds)
{
    /* Keeps the year inside an int; nothing of ours is a million years away. */
    const int64_t farthest = INT64_C(31556952) * 1000000;
    if (seconds > farthest)
        seconds = farthest;
    if (seconds < -farthest)
        seconds = -farthest;
    int64_t days = floor_div(seconds, SECONDS_PER_DAY);
    int64_t rest = seconds - days * SECONDS_PER_DAY;
    days += 719468;
    int64_t era = floor_div(days, 146097);
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    return (struct civil){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = (int)month,
        .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
        .hour = (int)(rest / 3600),
        .minute = (int)(rest / 60 % 60),
        .second = (int)(rest % 60),
    };
}

static char *put_digits(char *out, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + digits;
}

/* Without snprintf: this runs for every log line. */
static const char *format(int64_t seconds, int ms, char out[static CLOCK_RFC3339_MAX])
{
    struct civil c = clock_to_civil(seconds);
    if (c.year < 0 || c.year > 9999) {
        memcpy(out, "invalid", sizeof("invalid"));
        return out;
    }
    const struct {
        int value, digits;
        char after;
    } parts[] = {{c.year, 4, '-'}, {c.month, 2, '-'}, {c.day, 2, 'T'}, {c.hour, 2, ':'}, {c.minute, 2, ':'}};
    char *p = out;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        p = put_digits(p, parts[i].value, parts[i].digits);
        *p++ = parts[i].after;
    }
    p = put_digits(p, c.second, 2);
    if (ms >= 0) {
        *p++ = '.';
        p = put_digits(p, ms, 3);
    }
    *p++ = 'Z';
    *p = '\0';
    return out;
}

const char *clock_format_rfc3339(int64_t seconds, char out[static CLOCK_RFC3339_MAX])
{
    return format(seconds, -1, out);
}

const char *clock_format_rfc3339_ms(int64_t ms, char out[static CLOCK_RFC3339_MAX])
{
    const int rest = (int)(ms % 1000); /* not ms - seconds * 1000: that overflows near INT64_MIN */
    return format(floor_div(ms, 1000), rest < 0 ? rest + 1000 : rest, out);
}

static const struct unit {
    struct text name;
    int64_t ms;
} units[] = {
    /* largest first */
    {TEXT_INIT("d"), INT64_C(86400000)},
    {TEXT_INIT("h"), 3600000},
    {TEXT_INIT("m"), 60000},
    {TEXT_INIT("s"), 1000},
    {TEXT_INIT("ms"), 1},
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

bool duration_parse(struct text t, int64_t *out_ms)
{
    const uint64_t longest_ms = UINT64_C(36525) * 86400000; /* 100 years */
    size_t digits = 0;
    while (digits < t.n && t.p[digits] >= '0' && t.p[digits] <= '9')
        digits++;
    struct text name = text_from(t, digits);
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        uint64_t count;
        if (!text_equal(name, units[i].name))
            continue;
        if (!text_to_u64(text_first(t, digits), longest_ms / (uint64_t)units[i].ms, &count))
            return false;
        *out_ms = (int64_t)count * units[i].ms;
        return true;
    }
    return false;
}

const char *duration_format(int64_t ms, char out[static CLOCK_RFC3339_MAX])
{
    const char *sign = ms < 0 ? "-" : "";
    uint64_t rest = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
    size_t first = 0;
    while (first < UNIT_COUNT && rest < (uint64_t)units[first].ms)
        first++;
    if (first == UNIT_COUNT) {
        memcpy(out, "0s", sizeof("0s"));
        return out;
    }
    int n = snprintf(out, CLOCK_RFC3339_MAX, "%s%" PRIu64 "%s", sign, rest / (uint64_t)units[first].ms,
                     units[first].name.p);
    rest %= (uint64_t)units[first].ms;
    size_t second = first + 1;
    uint64_t count = second < UNIT_COUNT ? rest / (uint64_t)units[second].ms : 0;
    if (count > 0 && n > 0 && n < CLOCK_RFC3339_MAX)
        snprintf(out + n, (size_t)(CLOCK_RFC3339_MAX - n), " %" PRIu64 "%s", count, units[second].name.p);
    return out;
}
