/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Queries of forwarded requests (contract 3.4). Private to outbound/. */

#include "base/buffer.h"
#include "net/hop.h"

/* As application/x-www-form-urlencoded: unreserved characters as they are, a space as '+', the rest as %XX.
 */
void query_encode(struct buffer *out, struct text t);
/* Is there a parameter whose decoded name is exactly this one? A malformed name is no name. */
bool query_has(struct text query, struct text name);
/*
 * '?', the registered query, '&', the caller's, both byte for byte, then the configured parameters whose name
 * is in neither. Nothing when there is none of all that; a caller's lone '?' stays.
 */
void query_write(struct buffer *out, const struct hop_target *target, struct text caller);
