/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A schema with one of everything, its data built in; the same in oracle.js for graphql-js. */

#include "graphql/execute.h"

extern const struct graphql_tables toy_tables;

/* What one request may change and how it is treated: execution.context. */
struct toy {
    int64_t counter;
    bool may_see_secrets; /* scope "secrets" */
};

struct status toy_authorize(struct graphql_call *call, const char *scope);
