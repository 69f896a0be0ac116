/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A u32 length and that many bytes, over a non-blocking stream socket, until a deadline (clock_monotonic_ms).
 */

#include "base/buffer.h"

/* E_AGAIN at the deadline, E_UNAVAILABLE when the other side is gone, E_TOO_LARGE over `out`'s maximum. */
struct status frame_write(int fd, struct bytes content, int64_t deadline_ms);
struct status frame_read(int fd, struct buffer *out, int64_t deadline_ms);
