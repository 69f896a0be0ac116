/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Questions to the toy schema. */

#include "base/limits.h"
#include "check.h"
#include "graphql/request.h"
#include "toy.h"

/* Made once; never freed by the tests. */
const struct graphql_schema *toy_schema(void);

struct question {
    const char *query, *variables, *operation; /* NULL: none */
    bool locate_errors, may_see_secrets, nobody_authorizes;
};

/* The HTTP status; the answer is in `out`, which the caller releases. */
int ask(const struct question *q, struct buffer *out);

/* The answer is this; anything else is shown. */
#define assert_answer(question, expected_status, expected)                                                   \
    do {                                                                                                     \
        OWNED(buffer_release) struct buffer answer_;                                                         \
        buffer_init(&answer_, LIMIT_REPLY_BODY);                                                             \
        int status_ = ask(&(question), &answer_);                                                            \
        struct text said_ = buffer_as_text(&answer_);                                                        \
        if (status_ != (expected_status) || !text_equal(said_, text_of(expected)))                           \
            fail_msg("%s\n  %d %.*s, expected\n  %d %s", (question).query, status_, TEXT_ARG(said_),         \
                     expected_status, expected);                                                             \
    } while (0)
