/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One line of auth.users and auth.groups: who, then what and where.
 *
 *     admin@example.com tenant=* scope=*
 *     Team Shop tenant=3e64ebae-38b5-46a0-b1ed-9ccee153a0ae scope=application:read scope=application:write
 *
 * Pure functions, any thread. Texts borrow from the line.
 */

#include "base/bytes.h"

struct grant_line {
    struct text who;    /* may hold blanks */
    struct text rights; /* what grant_next() reads */
};

/* False unless there are a name, one tenant= and one scope= at least, and nothing else behind the name. */
bool grant_read(struct text line, struct grant_line *out);
/* The next value of "tenant" or "scope" (`kind`); begin with *rest = line.rights. False: no more. */
bool grant_next(struct text *rest, struct text kind, struct text *out);
