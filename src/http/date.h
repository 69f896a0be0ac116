/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The value of the `Date` field now, as IMF-fixdate (RFC 9110 5.6.7): always 29 characters, formatted once a
 * second per thread. Valid until the next call on this thread. */

#include "base/bytes.h"

#define HTTP_DATE_LENGTH 29

struct text http_date_now(void);
/* The same for any time (seconds since 1970, years 0..9999) into out, with a NUL. */
void http_date_format(int64_t seconds, char out[static HTTP_DATE_LENGTH + 1]);
