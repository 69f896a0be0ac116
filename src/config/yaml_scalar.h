/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a plain (unquoted) scalar of YAML means by the core schema (YAML 1.2.2, 10.3.2), as JSON. Pure. */

#include "base/buffer.h"
#include "base/bytes.h"

enum yaml_plain {
    YAML_PLAIN_STRING,  /* nothing was appended */
    YAML_PLAIN_VALUE,   /* null, true, false or a number was appended */
    YAML_PLAIN_REFUSED, /* .inf or .nan: JSON has no such numbers */
};

/*
 * Numbers keep their spelling where JSON has it; otherwise "+7" is 7, ".5" is 0.5, "5." is 5.0, and 0x1F or
 * 0o17 in 64 bits is the decimal number. Strings, because a number would say something else or cannot: 007 (a
 * number to one reader, octal to another), greater hexadecimal numbers, yes, no, on, off, dates, 1_000.
 */
enum yaml_plain yaml_plain_to_json(struct text t, struct buffer *out);
