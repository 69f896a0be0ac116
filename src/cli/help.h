/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Help, man page and completion, all from the command table. Pure functions; failure is the buffer's. */

#include "base/buffer.h"
#include "cli/args.h"

void help_overview(const struct command_table *t, struct buffer *out);
void help_command(const struct command *c, struct buffer *out);
void help_everything(const struct command_table *t,
                     struct buffer *out); /* overview and each command, for the golden file */
void help_man_page(const struct command_table *t, struct buffer *out); /* fairlead(1), roff */
void help_man_config(struct buffer *out); /* fairlead.yaml(5), from the settings' schema */
void help_completion_bash(const struct command_table *t, struct buffer *out);
