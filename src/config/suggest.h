/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* "Did you mean ...?" for keys, commands and options. Pure functions. */

#include "base/bytes.h"

/*
 * Edits between two words: insert, remove, replace, or swap of neighbours (optimal string alignment),
 * ignoring ASCII case. Words over 64 bytes count as unlike anything (SIZE_MAX).
 */
size_t suggest_distance(struct text a, struct text b);

/* Keeps the best candidate so far; the first of equals wins. */
struct suggestion {
    struct text wanted;
    struct text best; /* p == NULL while nothing is near enough (a third of the word's length, at least 1, at
                         most 3 edits) */
    size_t distance;
};
void suggest_start(struct suggestion *s, struct text wanted);
void suggest_offer(struct suggestion *s, struct text candidate);
