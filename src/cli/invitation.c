/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/invitation.h"

#include "base/encoding.h"
#include "base/own.h"
#include "cli/json_list.h"
#include "cli/url.h"

#define RAW_MAX   8192
#define TOKEN_MAX 1024

/* Of a request header. */
static bool is_token(struct text t)
{
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] <= ' ' || t.p[i] >= 0x7f)
            return false;
    return t.n > 0 && t.n <= TOKEN_MAX;
}

struct status invitation_of(struct text url, struct text token, struct invitation *out, struct error *err)
{
    struct url parts;
    *out = (struct invitation){.url = url, .token = token};
    if (!is_token(token))
        return error_set(err, E_INVALID,
                         "the token is empty, too long, or holds blanks: put it into quotes, whole");
    return url_parse(url, &parts, err);
}

static struct status read_raw(struct text json, struct arena *a, struct invitation *out, struct error *err)
{
    if (!status_ok(json_scan(json, NULL)))
        return error_set(err, E_INVALID, "the token's `raw` is not JSON: put it into quotes, whole");
    const struct text url = json_string(json, "connectorURL", a);
    const struct text token = json_string(json, "token", a);
    if (url.n == 0 || token.n == 0)
        return error_set(err, E_INVALID,
                         "the token's `raw` has no connectorURL or no token: ask for both with "
                         "requestOneTimeTokenForApplication");
    return invitation_of(url, token, out, err);
}

/* E_INVALID when it is not the base64 of an object. */
static struct status decode(struct text typed, struct arena *a, struct text *out)
{
    OWNED(buffer_release) struct buffer clean, json;
    buffer_init(&clean, RAW_MAX);
    buffer_init(&json, RAW_MAX);
    for (size_t i = 0; i < typed.n; i++)
        if (!text_contains(TEXT(" \t\r\n"), typed.p[i]))
            buffer_byte(&clean, (uint8_t)typed.p[i]);
    TRY(buffer_status(&clean));
    TRY(base64_decode(&json, buffer_as_text(&clean)));
    if (!text_starts_with(text_trim(buffer_as_text(&json)), TEXT("{")))
        return STATUS(INVALID);
    *out = arena_text(a, buffer_as_text(&json));
    return out->p ? DONE : STATUS(NOMEM);
}

struct status invitation_read(struct text typed, struct arena *a, struct invitation *out, struct error *err)
{
    struct url url;
    struct text json;
    typed = text_trim(typed);
    *out = (struct invitation){.url = typed};
    if (text_starts_with(typed, TEXT("{")))
        return read_raw(typed, a, out, err);
    if (text_starts_with(typed, TEXT("http")))
        return url_parse(typed, &url, err);
    const struct status s = decode(typed, a, &json);
    if (s.code == E_NOMEM)
        return s;
    if (!status_ok(s))
        return error_set(
            err, E_INVALID,
            "that is no URL, and no `raw` or `rawEncoded` of a Compass token; a token alone goes "
            "with its connectorURL: --connector-url URL --token TOKEN");
    return read_raw(json, a, out, err);
}
