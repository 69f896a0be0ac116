/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How the paths of the gateway name a service (contract 3.9): a pure function of its name. */

#include "base/buffer.h"

#define PATH_NAME_MAX 57 /* bytes; what is longer is cut */

/*
 * Appends at most PATH_NAME_MAX bytes, each of a-z, 0-9 and '-': runs of anything else become one '-',
 * letters lower case; then one '-' at the end goes, then what is too long is cut, then one '-' at the
 * beginning goes (contract 1.14). A name that was cut may so end in '-'. Empty for a name without letters and
 * digits (of ASCII: all others count as anything else). Services of one application may have the same.
 */
void service_path_name(struct text name, struct buffer *out);
