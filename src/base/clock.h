/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The only two clocks of the product; replaceable in tests. Any thread.
 * Wall time is milliseconds since 1970-01-01T00:00:00Z (no leap seconds, as POSIX); monotonic time has no
 * fixed origin.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

int64_t clock_now_ms(void);
int64_t clock_now_s(void);
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* Test hook: from now on both clocks stand at these values until moved again; clock_real() undoes it. */
void clock_set_test(int64_t wall_ms, int64_t monotonic_ms);
void clock_advance_test(int64_t ms);
void clock_real(void);

#define CLOCK_RFC3339_MAX 32
/* "2026-11-21T05:13:44Z" (seconds) into out; returns out. Years 0000..9999, others print "invalid". */
const char *clock_format_rfc3339(int64_t seconds, char out[static CLOCK_RFC3339_MAX]);
/* "2026-11-21T05:13:44.123Z" */
const char *clock_format_rfc3339_ms(int64_t ms, char out[static CLOCK_RFC3339_MAX]);
/* Days-from-civil (proleptic Gregorian) and back; for ASN.1 times too. */
int64_t clock_from_civil(int year, int month, int day, int hour, int minute, int second);
struct civil {
    int year, month, day, hour, minute, second;
};
struct civil clock_to_civil(int64_t seconds);

/* Durations as configuration and people write them: integer + ms|s|m|h|d ("92d", "5m"); false when malformed
 * or over 100 years. */
bool duration_parse(struct text t, int64_t *out_ms);
/* "3d 4h", "5m", "12s": the two largest units, for people. Returns out. */
const char *duration_format(int64_t ms, char out[static CLOCK_RFC3339_MAX]);
