/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Between log.c (settings, where lines go) and log_line.c (how they look). Nobody else includes this. */

#include "base/buffer.h"
#include "base/log.h"

struct log_line {
    enum log_format format;
    int64_t now_ms;
    enum log_level level;
    const char *event;
    struct text process; /* empty: left out, as is the request */
    struct text request;
    const struct log_field *fields; /* ends at name == NULL */
};

void log_line_encode(struct buffer *out, const struct log_line *line);
/* log_redact_target, with each piece handed to `emit`, which may escape it. */
void log_redact(struct buffer *out, struct text target, void (*emit)(struct buffer *out, struct text piece));
