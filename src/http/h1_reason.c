/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_reason.h"

#include "base/status.h"

static const struct {
    const char *name;
    int status;
    struct text text;
} reasons[] = {
#define X(name, status, text) [H1_##name] = {#name, status, TEXT_INIT(text)},
    H1_REASONS(X)
#undef X
};

int h1_reason_status(enum h1_reason r)
{
    return reasons[r].status;
}

struct text h1_reason_text(enum h1_reason r)
{
    return reasons[r].text;
}

const char *h1_reason_name(enum h1_reason r)
{
    return reasons[r].name;
}
