/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * One line, no terminal control: a path or a peer's text in a message must not start a second line. A
 * character that the cut left incomplete goes too.
 */
static void make_printable(char *message)
{
    size_t n = strlen(message);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)message[i];
        if (c < 0x20 || c == 0x7f)
            message[i] = ' ';
    }
    if (n < ERROR_MESSAGE_MAX - 1)
        return;
    size_t start = n;
    while (start > 0 && n - start < 3 && ((unsigned char)message[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && ((unsigned char)message[start - 1] & 0xc0) == 0xc0)
        message[start - 1] = '\0';
}

void error_write(struct error *err, enum code code, const char *fmt, ...)
{
    if (!err)
        return;
    va_list args;
    va_start(args, fmt);
    err->code = code;
    if (vsnprintf(err->message, sizeof(err->message), fmt, args) < 0)
        err->message[0] = '\0';
    va_end(args);
    make_printable(err->message);
}

void error_write_front(struct error *err, struct status cause, const char *fmt, ...)
{
    if (!err || status_ok(cause))
        return;
    char front[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(front, sizeof(front), fmt, args);
    va_end(args);
    if (n < 0)
        return;
    char message[ERROR_MESSAGE_MAX];
    /* The cause says more than the place: when both do not fit, half of the line stays for it. */
    const char *rest = error_text(err, cause);
    size_t room = sizeof(message) - 3; /* ": " and NUL */
    size_t rest_n = strnlen(rest, room);
    size_t front_n = strlen(front);
    if (front_n + rest_n > room && front_n > room / 2)
        front_n = rest_n > room / 2 ? room / 2 : room - rest_n;
    snprintf(message, sizeof(message), "%.*s: %s", (int)front_n, front, rest);
    err->code = cause.code;
    memcpy(err->message, message, sizeof(message));
    make_printable(err->message);
}

const char *error_text(const struct error *err, struct status s)
{
    return err && err->message[0] != '\0' ? err->message : code_text(s.code);
}
