/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The first half of the contract's rule for URLs (1.7, steps 2 and 3): what the original's URL parser
 * accepts, and where it sees a host. It is a liberal parser; the second half (url_rule.c) is the narrow one.
 * Neither is how we take a URL apart to go there: that is fetch/.
 */

#include "base/bytes.h"

/* Parses as the original does, and neither is the host's first character a dot nor is there a path without
 * a dot in place of a host. `assume_http`: "http://" is put in front first. */
bool url_syntax_is_fine(struct text url, bool assume_http);
