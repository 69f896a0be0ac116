/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A registration read from JSON (contract 1.4): keys without regard to case, the last duplicate wins, null is
 * absent (but not for a spec), unknown keys are ignored unless `strict`. Syntax is checked first (json_scan).
 * Fuzzed: fuzz/targets/registry/decode_fuzz.c.
 */

#include "base/arena.h"
#include "base/error.h"
#include "registry/service.h"

enum decode_flags {
    /* Unknown keys are refused, with the nearest known one in the message; those that are ours and not the
     * contract's are known (credentials.oauth, service.h). */
    DECODE_STRICT = 1 << 0,
    DECODE_TEXT_SPECS = 1 << 1, /* api.spec and events.spec may also be strings: YAML or XML */
};

/*
 * `body` must outlive `out`. E_INVALID with the reason and the place in `err`, without a prefix:
 *   "unexpected end of JSON input"; "trailing comma before '}' at line 7, column 3";
 *   "api.targetUrl must be a string, not a number"; "a JSON object is expected, not an array"
 * "null" is read as {}. Strings without escapes borrow from `body`; others are copied into the arena, the
 * text of a specification too: E_TOO_LARGE ("api.spec is too long") when it may not grow that far.
 */
struct status service_decode(struct text body, unsigned flags, struct arena *a, struct service_details *out,
                             struct error *err);
