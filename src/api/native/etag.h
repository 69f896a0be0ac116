/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Entity tags of the native API: the revision in quotes, always strong (RFC 9110 8.8.3). A field may come in
 * several lines, which are read as one list (RFC 9110 5.3).
 */

#include "api/call.h"

/* Whether a representation of `revision` may be changed (RFC 9110 13.1.1): true when there is no If-Match,
 * when it is "*", or when one of its tags is that revision's; weak ones never are. E_INVALID when it is no
 * list of tags. *out_given: there was one. */
struct status etag_may_change(struct call *c, int64_t revision, bool *out_given, bool *out_may);
/* Whether the client has this revision already (RFC 9110 13.1.2; weak comparison): then 304, or 412
 * for a change. "*" is any. */
struct status etag_is_known(struct call *c, int64_t revision, bool *out_known);
/* ETag: "7" */
struct status etag_put(struct call *c, int64_t revision);
