/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* RFC 4648 base64, base64url and hex. Decoders are strict: alphabet, padding and unused bits are checked. */

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/status.h"

size_t base64_encoded_size(size_t n);                    /* with padding, without NUL */
void base64_encode(struct buffer *out, struct bytes in); /* standard alphabet, one line, padded */
void base64url_encode(struct buffer *out,
                      struct bytes in); /* RFC 4648 section 5, padded (Go's URLEncoding) */
/*
 * Standard alphabet, padding required (RFC 4648 section 3.2), CR and LF anywhere ignored (RFC 2045 6.8 line
 * breaks, and what Go's decoder does). E_INVALID otherwise; out may then hold a prefix.
 */
struct status base64_decode(struct buffer *out, struct text in);
/* base64url without padding, as JOSE writes it (RFC 7515 2): nothing else is accepted, line breaks neither.
 */
struct status base64url_decode(struct buffer *out, struct text in);
void hex_encode(char *out, struct bytes in); /* lower case; writes 2n characters and a NUL */
/* Exactly 2n hex digits of either case. */
bool hex_decode(uint8_t *out, size_t n, struct text in);
