/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/answer.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

void answer_init(struct fetch_answer *a)
{
    *a = (struct fetch_answer){.outcome = FETCH_FINE, .expires_in_s = -1};
    buffer_init(&a->document, FETCH_MESSAGE_MAX);
}

void answer_clean(char *reason)
{
    size_t n = strlen(reason);
    for (size_t i = 0; i < n;) {
        uint32_t c = 0;
        size_t length = utf8_decode(reason + i, n - i, &c);
        /* C1 controls, and the line and paragraph separators */
        bool bad = length == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
        if (length == 0)
            length = 1;
        if (bad)
            memset(reason + i, '?', length);
        i += length;
    }
}

void answer_fail(struct fetch_answer *a, enum fetch_outcome outcome, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(a->reason, sizeof a->reason, fmt, args);
    va_end(args);
    answer_clean(a->reason);
    a->outcome = outcome;
}

void answer_timeout(struct fetch_answer *a, uint32_t timeout_ms)
{
    if (timeout_ms % 1000 == 0)
        answer_fail(a, FETCH_TIMEOUT, "timed out after %u s", timeout_ms / 1000);
    else
        answer_fail(a, FETCH_TIMEOUT, "timed out after %u ms", timeout_ms);
}

void answer_wrap(struct fetch_answer *a, const char *before)
{
    char inner[sizeof a->reason];
    memcpy(inner, a->reason, sizeof inner);
    answer_fail(a, a->outcome, "%s: %s", before, inner);
}
