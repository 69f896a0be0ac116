/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Specifications as bytes: packed for the store, unpacked for answers, and rewritten where the contract
 * rewrites (1.13). Content is kept exactly as it was sent: never parsed and written again.
 */

#include "base/buffer.h"
#include "base/error.h"
#include "registry/service.h"
#include "store/registry.h"

/* Packed with zstd (or stored plain where that is shorter) into `out`; fills hash, size, packing, packed. */
struct status specification_pack(struct bytes content, struct buffer *out, struct specification_row *row);
/* E_BROKEN when damaged or not `size` bytes. out's maximum must be at least row->size. */
struct status specification_unpack(const struct specification_row *row, struct buffer *out);

/* Where the API's specification comes from (contract 1.13). */
enum specification_origin { ORIGIN_NONE, ORIGIN_INLINE, ORIGIN_URL };
/* *out_url: specificationUrl, or "<targetUrl without one trailing slash>/$metadata" for OData, in the arena
 * ({NULL, 0} when out of memory). */
enum specification_origin specification_origin(const struct api_details *api, struct arena *a,
                                               struct text *out_url);

/* Is it a Swagger 2 document that answers show with another host? Only JSON, and not for OData. Both take
 * what json_scan accepted, and stay inside whatever else they are given. */
bool swagger2_is(struct text json, struct text api_type);
/* Top level in the order of the original's marshaller, `host` and `schemes` replaced, basePath and unknown
 * keys that do not begin with "x-" dropped, paths null when absent; nested values as they were sent. Those
 * with "x-" are sorted, unless the document has thousands. Appends. */
struct status swagger2_rewrite(struct text json, struct text host, struct buffer *out);
