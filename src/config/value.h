/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One setting between text and its member in struct settings. Private to config/. One thread per struct
 * settings. */

#include "base/buffer.h"
#include "config/schema.h"

/*
 * Replaces the member. E_INVALID with "must be ..." (no key, no place: the caller puts them in front); then
 * the member is as before. Over-long, non-UTF-8 and control characters are refused for every type.
 */
struct status setting_parse(const struct setting *row, struct settings *s, struct text value,
                            struct error *err);
/* Appends the canonical text: setting_parse of it gives the same member. */
void setting_format(const struct setting *row, const struct settings *s, struct buffer *out);
bool setting_equal(const struct setting *row, const struct settings *a, const struct settings *b);
/* The member of a text setting (any type that is kept as char *); must be one. */
char **setting_text_member(const struct setting *row, struct settings *s);
bool setting_is_text(const struct setting *row); /* kept as char * */
bool setting_is_list(const struct setting *row);
void setting_release(const struct setting *row, struct settings *s);
