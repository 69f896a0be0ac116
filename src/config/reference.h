/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The schema and a configuration as people read them. Pure functions; failure is the buffer's. */

#include "base/buffer.h"
#include "config/schema.h"

void reference_text(struct buffer *out);     /* `fairlead config reference` */
void reference_json(struct buffer *out);     /* -o json */
void reference_markdown(struct buffer *out); /* docs/user/configuration.md */
/* `fairlead config show`: YAML that settings_load reads back. A password in store.url is shown as ***. */
void settings_show(const struct settings *s, struct buffer *out);
void settings_show_json(const struct settings *s, struct buffer *out);
