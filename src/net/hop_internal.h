/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Parts of answers that hop.c and hop_target.c share. */

#include "base/buffer.h"
#include "base/reader.h"
#include "os/page.h"

void hop_pairs_encode(const struct page_pairs *pairs, struct buffer *out);
/* false: more pairs than an answer may carry, an index outside of the page, or too few bytes. */
bool hop_pairs_decode(struct reader *r, struct page_pairs *out);
