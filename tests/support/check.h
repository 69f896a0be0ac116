/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* cmocka with its prerequisites in order, and the few assertions that make our tests read well. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status.h"

#define assert_status(expr, expected)                                                                        \
    do {                                                                                                     \
        struct status assert_status_ = (expr);                                                               \
        if (assert_status_.code != (expected))                                                               \
            fail_msg("%s: %s, expected %s", #expr, code_name(assert_status_.code), code_name(expected));     \
    } while (0)
#define assert_ok(expr) assert_status(expr, E_OK)

#define assert_text(actual, expected)                                                                        \
    do {                                                                                                     \
        struct text assert_actual_ = (actual);                                                               \
        struct text assert_expected_ = text_of(expected);                                                    \
        if (!text_equal(assert_actual_, assert_expected_))                                                   \
            fail_msg("%s: '%.*s', expected '%s'", #actual, TEXT_ARG(assert_actual_), expected);              \
    } while (0)

/*
 * Runs `statement` (an expression of type struct status) with the 1st, 2nd, ... allocation failing until one
 * run does not reach the failure. Every failing run must return E_NOMEM or another refusal, and must not leak
 * (LeakSanitizer) or crash.
 */
#define assert_survives_failing_allocations(statement)                                                       \
    do {                                                                                                     \
        for (long survives_n_ = 0;; survives_n_++) {                                                         \
            mem_fail_after(survives_n_);                                                                     \
            struct status survives_ = (statement);                                                           \
            int survives_reached_ = mem_fail_reached();                                                      \
            mem_fail_after(-1);                                                                              \
            if (!survives_reached_) {                                                                        \
                assert_ok(survives_);                                                                        \
                break;                                                                                       \
            }                                                                                                \
            (void)survives_;                                                                                 \
            assert_true(survives_n_ < 100000);                                                               \
        }                                                                                                    \
    } while (0)
