/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which fields may stand in a trailer section (RFC 9110 6.5.1). One table, in trailers.c. */

#include "http/message.h"

/* A message with such a trailer is refused: fields that say how it is framed, routed, or whose it is, by
 * which two readers would come to two results. */
bool trailer_is_refused(struct text name);
/* May be passed on. Some that are not refused are dropped: a recipient that merges trailers into the head
 * would be told something else than one that does not. */
bool trailer_passes(struct text name);
/* The fields that may be passed on, copied into the arena. E_INVALID: one that could split the message. */
struct status trailers_filter(const struct headers *from, struct arena *a, struct headers *out);
