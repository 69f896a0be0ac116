/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The text a person needs when something failed. Caller-owned, no heap, complete enough to print.
 * `struct error *err` is the last parameter of functions whose failure a person must act on; it may be NULL
 * and is untouched on success. The helpers return the status, so that failing is one statement:
 *
 *     return error_set(err, E_NOT_FOUND, "cannot open '%s': %s", path, strerror(errno));
 *
 * error_wrap() puts words in front: "load CA key: cannot open '/x/ca.key': Permission denied".
 * Messages are one line, without a final stop or newline. Never put a secret into one.
 */

#include "base/status.h"

#define ERROR_MESSAGE_MAX 512

struct error {
    enum code code;
    char message[ERROR_MESSAGE_MAX];
};

/*
 * error_set(err, code, fmt, ...) replaces the message (over-long ones are cut) and gives {code}.
 * error_wrap(err, cause, fmt, ...) puts "<fmt>: " in front of the message and gives `cause` unchanged; `err`
 * must hold the cause's message. Macros, so that compilers and analysers see which status comes out; each
 * argument is evaluated once.
 */
#define error_set(err, code_, ...)                                                                           \
    __extension__({                                                                                          \
        enum code error_code_ = (code_);                                                                     \
        error_write((err), error_code_, __VA_ARGS__);                                                        \
        status_of(error_code_);                                                                              \
    })

#define error_wrap(err, cause, ...)                                                                          \
    __extension__({                                                                                          \
        struct status error_cause_ = (cause);                                                                \
        error_write_front((err), error_cause_, __VA_ARGS__);                                                 \
        error_cause_;                                                                                        \
    })

[[gnu::format(printf, 3, 4)]] void error_write(struct error *err, enum code code, const char *fmt, ...);
[[gnu::format(printf, 3, 4)]] void error_write_front(struct error *err, struct status cause, const char *fmt,
                                                     ...);

/* The message, or the code's fixed text when there is none. */
const char *error_text(const struct error *err, struct status s);
