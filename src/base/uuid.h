/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* UUIDs (RFC 9562) as octets and as text; random ones are version 4. Any thread. */

#include "base/bytes.h"

#define UUID_SIZE 16
#define UUID_TEXT 36 /* characters */

void uuid_new(uint8_t out[static UUID_SIZE]);
/* Lower case, NUL-terminated; points to `out`. */
struct text uuid_text(const uint8_t id[static UUID_SIZE], char out[static UUID_TEXT + 1]);
/* The same form, of any version; upper case is refused: ids are compared as text elsewhere. */
bool uuid_parse(struct text t, uint8_t out[static UUID_SIZE]);
