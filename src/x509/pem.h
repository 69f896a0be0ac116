/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* PEM (RFC 7468) over strict base64. Any thread. */

#include "base/buffer.h"
#include "base/error.h"

/*
 * Moves *rest behind the next block and puts its decoded content into out_der, in place of what was there.
 * Text around blocks, CRLF, blanks at line ends and RFC 1421 header lines are allowed. E_NOT_FOUND when no
 * BEGIN line follows; E_INVALID when a block does not end, has another END label or does not hold base64.
 */
struct status pem_next(struct text *rest, struct text *out_label, struct buffer *out_der, struct error *err);
/* The next block whose label is `label`; others are stepped over. */
struct status pem_next_labelled(struct text *rest, struct text label, struct buffer *out_der,
                                struct error *err);
/* 64 columns, final newline. */
void pem_encode(struct buffer *out, struct text label, struct bytes der);
