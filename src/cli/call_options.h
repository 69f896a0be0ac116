/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How a target is called, as options of `service update` and `app update` and as lines of their pages. One
 * thread; reads files. */

#include "base/json_out.h"
#include "cli/service.h"

bool call_options_given(const struct cli *c);
/* Appends the member "call" for a PATCH. E_INVALID, as wrong usage, for options that contradict each other;
 * what input_read_raw says of --ca-file. */
struct status call_options_put(struct cli *c, struct json_out *j, struct error *err);
/* Lines for the member "call" of an answer; nothing for what is left to others. */
void call_options_facts(struct service_facts *f, struct text call);
