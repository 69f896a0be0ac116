/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Structured log: constant event names, typed fields, one encoder.
 *
 *     log_event(LOG_INFO, "certificate.issued", F_TEXT("application", app), F_INT("days", 92));
 *
 * Text form (logfmt): 2026-11-21T05:13:44.123Z info front/1 certificate.issued application=shop days=92
 * JSON form: one object per line. Every string is escaped by the encoder (control characters, quotes, invalid
 * UTF-8, U+2028/9), so a peer cannot forge a line. There is no field type for a secret; query strings go
 * through F_TARGET, which redacts the value of `token=`, `access_token=`, `password=`, `code=`, `secret=` and
 * `key=` parameters. The whole line is written with one write(2) to stderr. Any thread. Never blocks on a
 * lock held over I/O.
 */

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

enum log_field_kind { LOG_FIELD_TEXT, LOG_FIELD_INT, LOG_FIELD_HEX, LOG_FIELD_TARGET, LOG_FIELD_BOOL };

struct log_field {
    const char *name; /* constant, [a-z_]+ */
    enum log_field_kind kind;
    struct text text;
    int64_t number;
};

#define F_TEXT(name_, text_) ((struct log_field){.name = (name_), .kind = LOG_FIELD_TEXT, .text = (text_)})
#define F_CSTR(name_, cstr_)                                                                                 \
    ((struct log_field){.name = (name_), .kind = LOG_FIELD_TEXT, .text = text_of(cstr_)})
#define F_INT(name_, n_) ((struct log_field){.name = (name_), .kind = LOG_FIELD_INT, .number = (int64_t)(n_)})
#define F_BOOL(name_, b_)                                                                                    \
    ((struct log_field){.name = (name_), .kind = LOG_FIELD_BOOL, .number = (b_) ? 1 : 0})
#define F_HEX(name_, bytes_)                                                                                 \
    ((struct log_field){.name = (name_), .kind = LOG_FIELD_HEX, .text = bytes_text(bytes_)})
#define F_TARGET(name_, t_) ((struct log_field){.name = (name_), .kind = LOG_FIELD_TARGET, .text = (t_)})
#define F_CODE(name_, s_)                                                                                    \
    ((struct log_field){.name = (name_), .kind = LOG_FIELD_TEXT, .text = text_of(code_name((s_).code))})

#ifdef __cppcheck__ /* 2.10 does not know __VA_OPT__ */
#define log_event(level, event, ...) log_write((level), (event), NULL)
#else
#define log_event(level, event, ...)                                                                         \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.name = NULL}})
#endif

/* Process-wide, set at start or reload. `process` is e.g. "core", "front/1"; at most 31 characters;
 * NULL keeps the name (a reload). */
void log_configure(enum log_level level, enum log_format format, const char *process);
bool log_enabled(enum log_level level);
/* `fields` ends at name == NULL. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* The request id that log_write adds to every line of this thread until it is cleared ({NULL, 0}). */
void log_set_request(struct text id);

/* The encoder alone, for tests, access log and audit export: appends one line without newline. */
struct buffer;
void log_encode(struct buffer *out, enum log_format format, int64_t now_ms, enum log_level level,
                const char *event, const struct log_field *fields);
/* Appends a request target with the values of secret-bearing parameters replaced by "***". */
void log_redact_target(struct buffer *out, struct text target);

/* Test hook: lines go to this function instead of stderr. NULL undoes it. */
void log_set_sink(void (*sink)(void *ctx, struct text line), void *ctx);
