/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Escapes in "..." strings of a document. Pure functions; graphql_string_text() (document.h) uses them, too.
 */

#include "base/bytes.h"
#include "base/utf8.h"

/* The escape at the start of `in` (on the backslash): its length in the source and what it stands for in
 * UTF-8; 0 when it is none. \uD83D\uDE00 is one escape; half a pair is none. */
size_t string_escape(struct text in, char out[static UTF8_MAX], size_t *out_length);
/* How many bytes of it a message shows. */
size_t string_escape_shown(struct text in);
