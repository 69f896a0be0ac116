/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One Cookie line out of several sources (contract 3.6; RFC 6265 5.4 allows only one line). Private to
 * outbound/. */

#include "base/buffer.h"

struct cookie_line {
    struct buffer *out;
    bool begun;
};

/* Adds cookies ("a=b; c=d"), without those whose name is in `fetched`. Byte for byte when `fetched` is empty.
 */
void cookies_add(struct cookie_line *line, struct text cookies, struct text fetched);
void cookies_end(struct cookie_line *line); /* ends the line if it was begun */
