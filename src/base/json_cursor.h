/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reads JSON that json_scan accepted, value by value in one pass, without a tree and without allocation. It
 * does not judge, but stays inside the slice whatever it is given.
 *
 *     struct json_cursor c = json_cursor_at(object);
 *     for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
 *         struct text key = json_cursor_key(&c);      (in an object only)
 *         struct text value = json_cursor_skip(&c);   (or enter it and walk through)
 *     }
 */

#include "base/json_scan.h"

struct json_cursor {
    struct text rest; /* begins with a value, but for what the calls below say */
};

struct json_cursor json_cursor_at(struct text json); /* leading blanks are skipped */
enum json_type json_cursor_type(const struct json_cursor *c);
/* The raw span of the value; the cursor is behind it then. */
struct text json_cursor_skip(struct json_cursor *c);
/* Into an array or object, in front of its first item or member name. False: it is empty (or neither), and
 * the cursor is behind it. */
bool json_cursor_enter(struct json_cursor *c);
/* The raw name (with quotes); the cursor is on the member's value then. */
struct text json_cursor_key(struct json_cursor *c);
/* Behind a value: to the next item. False: that was the last, and the cursor is behind the container. */
bool json_cursor_next(struct json_cursor *c);
