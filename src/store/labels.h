/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What labels hold and which filter they match, for every backend; private to src/store. The JSON was
 * accepted by json_scan. Any thread. */

#include "base/buffer.h"
#include "store/directory.h"

/*
 * Items by which labels are found: "" once for each key, and one for each scalar that is its value or in it
 * (an array): 's' and the text of a string, else the JSON. The texts live until the call returns.
 */
typedef struct status label_item(void *ctx, struct text key, struct text item);
struct status labels_each_item(struct text labels, label_item *item, void *ctx);
/* The item of a scalar, appended. False (and nothing appended): an array or object. */
bool label_item_of(struct text json, struct buffer *out);

/* PostgreSQL's value @> wanted: equal scalars, every element of an array, every member of an object, at every
 * depth; an array also contains a bare scalar that is one of its elements. */
bool label_contains(struct text value, struct text wanted);
bool labels_match(struct text labels, const struct label_filter *f);
