/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One list per class of time-out, not one timer per connection: all members of a class wait equally long, so
 * the list is in order of expiry and arming is O(1) without a system call. One loop timer per class runs only
 * while the list is not empty, at a resolution of an eighth of the period (at least 10 ms, at most 1 s). The
 * entry is embedded in the owner. Loop thread only.
 */

#include "event/loop.h"

struct timeout_entry {
    struct timeout_entry *prev, *next; /* NULL when not armed */
    int64_t expires_at_ms;
    struct timeout_class *cls;
};

struct timeout_class;
typedef void timeout_callback(void *ctx, struct timeout_entry *e); /* the entry is no longer armed */

struct status timeout_class_new(struct loop *l, int64_t period_ms, timeout_callback *cb, void *ctx,
                                struct timeout_class **out);
void timeout_class_free(
    struct timeout_class *c); /* disarms what is left, without calling back; not inside cb */
/* For entries armed from now on. When it gets shorter, armed entries are cut to at most one new period from
 * now. Not inside cb. */
void timeout_class_set_period(struct timeout_class *c, int64_t period_ms);
void timeout_arm(struct timeout_class *c,
                 struct timeout_entry *e);    /* re-arming moves it to the end, also from another class */
void timeout_disarm(struct timeout_entry *e); /* harmless when not armed */
bool timeout_armed(const struct timeout_entry *e);
