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

/* validate_limits.c: our own rules. */
void check_limits(const struct service_details *d, struct findings *f);
