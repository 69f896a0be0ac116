/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

#include "base/limits.h"
#include "base/utf8.h"

bool kind_exists(const struct connector *c, enum token_kind kind)
{
    switch (kind) {
    case TOKEN_APPLICATION:
        return true;
    case TOKEN_RUNTIME:
        return c->settings.central;
    case TOKEN_REMOTE_ENVIRONMENT:
        /* The first generation has no tenants, so in central mode there is nothing that it could be given. */
        return !c->settings.central;
    }
    return false;
}

struct status kind_missing(struct error *err)
{
    return error_set(err, E_NOT_FOUND, "Requested resource could not be found.");
}

const char *kind_name(enum token_kind kind)
{
    switch (kind) {
    case TOKEN_APPLICATION:
        return "application";
    case TOKEN_RUNTIME:
        return "runtime";
    case TOKEN_REMOTE_ENVIRONMENT:
        return "remoteEnvironment";
    }
    return "?";
}

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029;
}

static struct status check_characters(const char *what, struct text name, size_t *out_count,
                                      struct error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < name.n; count++) {
        uint32_t point = 0;
        const size_t n = utf8_decode(name.p + i, name.n - i, &point);
        if (n == 0)
            return error_set(err, E_INVALID, "%s is not valid UTF-8", what);
        if (is_control(point))
            return error_set(err, E_INVALID, "%s holds a control character", what);
        if (point == ',' || point == '=' || point == '+' || point == '/')
            return error_set(
                err, E_INVALID,
                "%s holds '%c': the characters , = + / cannot stand in a certificate's subject here", what,
                (char)point);
        i += n;
    }
    *out_count = count;
    return DONE;
}

struct status connector_check_name(const char *what, struct text name, struct error *err)
{
    if (name.n == 0)
        return error_set(err, E_INVALID, "%s is missing or empty", what);
    size_t count = 0;
    TRY(check_characters(what, name, &count, err));
    if (count > LIMIT_NAME_LENGTH)
        return error_set(err, E_INVALID, "%s has %zu characters; a certificate's subject holds at most %d",
                         what, count, LIMIT_NAME_LENGTH);
    if (text_equal(name, TEXT(".")) || text_equal(name, TEXT("..")))
        return error_set(err, E_INVALID, "%s may not be '.' or '..': it is part of addresses", what);
    if (text_equal(name, TEXT(RUNTIME_COMMON_NAME)))
        return error_set(err, E_INVALID,
                         "%s may not be " RUNTIME_COMMON_NAME ": certificates of runtimes are called so",
                         what);
    return DONE;
}
