/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is wrong with a description, gathered and joined with ';' (contract 1.6). Between validate.c and
 * validate_limits.c only. */

#include "base/buffer.h"
#include "registry/service.h"

#define FINDINGS_MAX (256 * 1024) /* of text; there are a dozen URLs and some hundred names to talk about */

struct findings {
    struct buffer *text; /* borrowed */
};
/* What a constant says. */
void finding(struct findings *f, const char *words);
/* "<what>: <value> does not validate as url" */
void finding_url(struct findings *f, const char *what, struct text value);
[[gnu::format(printf, 2, 3)]] void finding_printf(struct findings *f, const char *fmt, ...);

/* validate_oauth.c: what the native API takes beyond the contract. */
void check_oauth(struct findings *f, const struct credentials *c);

/* validate_limits.c: our own rules. */
void check_length(struct findings *f, const char *what, struct text value, size_t most);
/* Headers, or parameters of a query or a form. */
void check_parameter_list(struct findings *f, const char *what, const struct parameter_list *l, bool headers);
bool has_control_character(struct text value, bool tab_is_fine);
/* A commonName: no longer than X.520 allows, and printable. */
void check_common_name(struct findings *f, const char *what, struct text value);
void check_limits(const struct service_details *d, struct findings *f);
