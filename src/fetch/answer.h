/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Writing an answer that is no document. Private to fetch/. */

#include "fetch/fetch.h"

void answer_init(struct fetch_answer *a); /* FETCH_FINE, nothing in it */
/* Sets outcome and reason; over-long ones are cut. What a stranger's server or URL put into it cannot make it
 * more than one line of printable text. */
[[gnu::format(printf, 3, 4)]] void answer_fail(struct fetch_answer *a, enum fetch_outcome outcome,
                                               const char *fmt, ...);
/* FETCH_TIMEOUT, "timed out after 20 s" */
void answer_timeout(struct fetch_answer *a, uint32_t timeout_ms);
/* Puts words in front of the reason: "token endpoint: timed out after 20 s". */
void answer_wrap(struct fetch_answer *a, const char *before);
/* One line of UTF-8: control characters and what is not UTF-8 become '?'. */
void answer_clean(char *reason);
