/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Reading the server's JSON without a tree. Everything works on text that json_scan has accepted. Pure
 * functions. */

#include "base/arena.h"
#include "base/json_scan.h"

/*
 * Walks an array: *rest starts as the raw span of the array ("[...]"), each call gives the next element's raw
 * span. False at the end, and at once when it is no array.
 */
bool json_item(struct text *rest, struct text *out_raw);
/* Decoded string member; {NULL, 0} when absent, null or no string. */
struct text json_string(struct text object, const char *name, struct arena *a);
/* A value as people read it: strings decoded, others as written; null, absent, {} and [] are empty. */
struct text json_shown(struct text object, const char *name, struct arena *a);
/* Raw span of an object or array member; {NULL, 0} when absent. */
struct text json_raw_member(struct text object, const char *name);
/* The same for a raw value: strings decoded, null, {} and [] empty. */
struct text json_value_shown(struct text raw, struct arena *a);
/* Members of an object: *rest starts as its raw span. The name is the raw string without quotes: names that
 * are not ours (labels) go through json_member_name. */
bool json_next_member(struct text *rest, struct text *out_name, struct text *out_raw);
struct text json_member_name(struct text name, struct arena *a); /* decoded; `name` from json_next_member */
