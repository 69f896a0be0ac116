/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "config/settings.h"

/*
 * Reads what a front that serves the proxy listener needs from outside, before its sandbox closes: trust
 * anchors for targets and this host's addresses. `out` is zeroed before. E_INVALID and the like name
 * outbound.ca_file; a system without anchors of its own is fine.
 */
struct status outside_read(const struct settings *s, struct child_outside *out, struct error *err);
void outside_release(struct child_outside *o);
