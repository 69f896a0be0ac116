/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One YAML document as JSON, for files that people write by hand and for looking into YAML specifications:
 * block and flow style, plain scalars by the core schema (null, true, integers, decimals; everything else a
 * string), numbers as they are spelled where JSON has the spelling (config/yaml_scalar.h has the rest).
 * Refused: aliases and anchors, merge keys, tags, several documents, duplicate or non-scalar keys, depth over
 * 64, infinity and NaN, other encodings than UTF-8. JSON is YAML: it passes as it is (also its duplicate
 * keys).
 */

#include "base/buffer.h"
#include "base/error.h"

/* E_INVALID with line and column; E_TOO_LARGE when `out` is full; `out` may then hold a part. Fuzzed. */
struct status yaml_to_json(struct text yaml, struct buffer *out, struct error *err);
