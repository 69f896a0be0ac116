/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Memory that streamed answers keep between two pieces. A client decides how slowly it takes them, so it is
 * counted, for all of them together, and refused (503, come again) over LIMIT_HELD_BYTES. Any thread.
 */

#include "base/status.h"

struct held {
    size_t bytes; /* taken; 0 after held_give */
};
/* E_AGAIN when it would be too much. `h` holds nothing yet. */
struct status held_take(struct held *h, size_t bytes);
void held_give(struct held *h);
