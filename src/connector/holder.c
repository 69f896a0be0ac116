/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "base/uuid.h"

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
    case TOKEN_COMPASS_APPLICATION:
    case TOKEN_COMPASS_RUNTIME:
        return true;
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
    case TOKEN_COMPASS_APPLICATION:
        return "compassApplication";
    case TOKEN_COMPASS_RUNTIME:
        return "compassRuntime";
    }
    return "?";
}

struct status system_auth_octets(const struct connector_holder *h, struct arena *a, struct bytes *out)
{
    *out = (struct bytes){NULL, 0};
    if (!kind_is_compass(h->kind))
        return DONE;
    uint8_t *octets = arena_alloc(a, UUID_SIZE);
    if (!octets)
        return STATUS(NOMEM);
    if (!uuid_parse(h->system_auth, octets))
        return STATUS(INVALID);
    *out = (struct bytes){octets, UUID_SIZE};
    return DONE;
}

struct text system_auth_text(struct bytes octets, struct arena *a)
{
    char text[UUID_TEXT + 1];
    return octets.n == UUID_SIZE ? arena_text(a, uuid_text(octets.p, text)) : TEXT("");
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
