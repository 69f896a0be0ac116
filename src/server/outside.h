/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "os/child.h"

/*
 * Reads what a front that serves the proxy listener needs from outside, before its sandbox closes: the
 * system's trust anchors, for targets, and this host's addresses. `out` is zeroed before. A system without
 * anchors in one of the usual places is fine. E_NOMEM.
 */
struct status outside_read(struct child_outside *out);
void outside_release(struct child_outside *o);
