/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct code_row {
    const char *name;
    const char *text;
    int http;
    int exit_status;
};

static const struct code_row rows[] = {
#define X(name, text, http, exit_status) [E_##name] = {#name, text, http, exit_status},
    CODES(X)
#undef X
};

/* A value that is no code can only come from a bug or from damaged memory, and answers as such. */
static const struct code_row *row_of(enum code code)
{
    size_t i = (size_t)code;
    return i < sizeof(rows) / sizeof(rows[0]) ? &rows[i] : &rows[E_BROKEN];
}

const char *code_text(enum code code)
{
    return row_of(code)->text;
}

const char *code_name(enum code code)
{
    return row_of(code)->name;
}

int code_http_status(enum code code)
{
    return row_of(code)->http;
}

int code_exit_status(enum code code)
{
    return row_of(code)->exit_status;
}

/* No allocation and no logger here: either may be what broke. */
void must_failed(const char *what, const char *file, int line)
{
    char message[512];
    int n = snprintf(message, sizeof(message), "fairlead: broken invariant at %s:%d: %s\n", file, line, what);
    if (n > 0) {
        size_t length = (size_t)n < sizeof(message) ? (size_t)n : sizeof(message) - 1;
        ssize_t written = write(STDERR_FILENO, message, length);
        (void)written; /* the abort below says enough when stderr is closed */
    }
    abort();
}
