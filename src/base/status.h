/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a function that can fail returns, and what a person is told.
 *
 * `struct status` is for programs: a dozen codes, chosen by what a caller can do about them. The struct is
 * [[nodiscard]], so a dropped status does not compile.
 * `struct error` (error.h) is for people.
 */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One row per code: name, text for a client, HTTP status, exit status of the CLI (DESIGN: 0 ok, 1 error,
 * 2 usage, 3 "found something"). There is no `default` in switches over enum code. */
/* clang-format off */
#define CODES(X)                                                 \
    X(OK,          "ok",                              200, 0)    \
    X(NOMEM,       "out of memory",                   503, 1)    \
    X(INVALID,     "the input is not valid",          400, 1)    \
    X(UNAUTH,      "the caller is not known",         401, 1)    \
    X(DENIED,      "the caller may not do this",      403, 1)    \
    X(NOT_FOUND,   "there is no such thing",          404, 1)    \
    X(CONFLICT,    "this contradicts what is stored", 409, 1)    \
    X(TOO_LARGE,   "a limit was exceeded",            413, 1)    \
    X(CHANGED,     "it was changed in the meantime",  412, 1)    \
    X(UPSTREAM,    "a system we called refused or failed", 502, 1) \
    X(AGAIN,       "not ready yet, try again",        503, 1)    \
    X(UNAVAILABLE, "something we depend on is down",  503, 1)    \
    X(BROKEN,      "a bug or damaged state",          500, 1)
/* clang-format on */

enum code {
#define X(name, text, http, exit_status) E_##name,
    CODES(X)
#undef X
};

struct [[nodiscard]] status {
    enum code code;
};

static inline struct status status_of(enum code code)
{
    return (struct status){code};
}

#define DONE         status_of(E_OK)
#define STATUS(name) status_of(E_##name)

static inline bool status_ok(struct status s)
{
    return s.code == E_OK;
}

/* Fixed text, HTTP status and CLI exit status of a code. Never NULL; values from the CODES table. */
const char *code_text(enum code code);
const char *code_name(enum code code);
int code_http_status(enum code code);
int code_exit_status(enum code code);

/* Returns the status of `expr` from the calling function unless it is OK. */
#define TRY(expr)                                                                                            \
    do {                                                                                                     \
        struct status try_ = (expr);                                                                         \
        if (!status_ok(try_))                                                                                \
            return try_;                                                                                     \
    } while (0)

/* For the rare call whose failure changes nothing; says so at the call. */
static inline void status_ignore(struct status s)
{
    (void)s;
}

/*
 * A broken invariant: logs the place and aborts, in release builds too. Never for input from outside.
 */
#define must(cond) ((cond) ? (void)0 : must_failed(#cond, __FILE__, __LINE__))
[[gnu::noreturn]] void must_failed(const char *what, const char *file, int line);
