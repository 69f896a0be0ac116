/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBER_MAX                                                                                           \
    400 /* characters: no double needs more than 17 digits and an exponent, 1e308 written out has 309 */

bool number_to_int(struct text digits, int32_t *out)
{
    uint64_t value;
    bool negative = digits.n > 0 && digits.p[0] == '-';
    if (!text_to_u64(text_from(digits, negative ? 1 : 0), (uint64_t)INT32_MAX + (negative ? 1 : 0), &value))
        return false;
    *out = (int32_t)(negative ? -(int64_t)value : (int64_t)value);
    return true;
}

bool number_to_float(struct text number, double *out)
{
    char digits[NUMBER_MAX + 1];
    if (!text_to_cstr(number, digits, sizeof(digits)))
        return false;
    char *end;
    double value = strtod(digits, &end);
    if (*end || end == digits || !isfinite(value))
        return false;
    *out = value;
    return true;
}

size_t number_from_float(double value, char out[static 32])
{
    int n = 0;
    for (int precision = 15; precision <= 17; precision++) {
        n = snprintf(out, 32, "%.*g", precision, value);
        if (strtod(out, NULL) == value)
            break;
    }
    must(n > 0 && n < 32);
    return (size_t)n;
}

const char *scalar_refusal(enum graphql_scalar scalar)
{
    static const char *const words[] = {
        [GRAPHQL_STRING] = "a non string",
        [GRAPHQL_INT] = "non-integer",
        [GRAPHQL_FLOAT] = "non numeric",
        [GRAPHQL_BOOLEAN] = "a non boolean",
        [GRAPHQL_ID] = "a non-string and non-integer",
        [GRAPHQL_ANY] = "this",
    };
    return words[scalar];
}
