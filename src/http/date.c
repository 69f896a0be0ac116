/* SPDX-License-Identifier: Apache-2.0 */
#include "http/date.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/status.h"

void http_date_format(int64_t seconds, char out[static HTTP_DATE_LENGTH + 1])
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const struct civil c = clock_to_civil(seconds);
    int64_t day = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
    int64_t weekday = (day + 4) % 7; /* 1970-01-01 was a Thursday */
    if (weekday < 0)
        weekday += 7;
    must(c.year >= 0 && c.year <= 9999);
    int n = snprintf(out, HTTP_DATE_LENGTH + 1, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[weekday], c.day,
                     months[c.month - 1], c.year, c.hour, c.minute, c.second);
    must(n == HTTP_DATE_LENGTH);
}

struct text http_date_now(void)
{
    static _Thread_local int64_t formatted_for = INT64_MIN;
    static _Thread_local char date[HTTP_DATE_LENGTH + 1];
    const int64_t now = clock_now_s();
    if (now != formatted_for) {
        http_date_format(now, date);
        formatted_for = now;
    }
    return (struct text){date, HTTP_DATE_LENGTH};
}
