/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a peer may make us do in one second for nothing (CVE-2019-9511..9518, CVE-2023-44487, CVE-2025-8671).
 * Zero-initialised to begin. */

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdint.h>

struct h2_flood {
    int64_t second_began_ms;
    uint32_t resets;
    uint32_t control;
};

/* A stream was ended by a reset: the peer's, or ours that the peer provoked. False: over the limit. */
bool h2_flood_reset(struct h2_flood *f, uint32_t limit);
/* A frame began. False: one too many that carries nothing a message needs. */
bool h2_flood_frame(struct h2_flood *f, const nghttp2_frame_hd *hd, uint32_t limit);
