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

/* Replaces the message. Over-long messages are cut. Returns {code}. */
[[gnu::format(printf, 3, 4)]] struct status error_set(struct error *err, enum code code, const char *fmt,
                                                      ...);

/* Puts "<fmt>: " in front of the message and returns `cause` unchanged. `err` must hold the cause's message.
 */
[[gnu::format(printf, 3, 4)]] struct status error_wrap(struct error *err, struct status cause,
                                                       const char *fmt, ...);

/* The message, or the code's fixed text when there is none. */
const char *error_text(const struct error *err, struct status s);
