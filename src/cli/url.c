/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/url.h"

#include "config/check.h"

static bool is_clean(struct text t)
{
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] <= ' ' || t.p[i] >= 0x7f || text_contains(TEXT("\"<>\\^`{|}"), t.p[i]))
            return false;
    return t.n > 0;
}

static struct status parse_authority(struct text authority, struct url *out, struct error *err)
{
    bool bracket = authority.n > 0 && authority.p[0] == '[';
    struct text rest = text_from(authority, bracket ? 1 : 0);
    size_t end = text_find(rest, bracket ? ']' : ':');
    struct text host = text_first(rest, end);
    struct text port = text_from(rest, bracket ? end + 1 : end);
    uint64_t number = 443;
    if (bracket ? end == rest.n || !check_ip(host) : !check_host_name(host))
        return error_set(err, E_INVALID, "the URL has no valid host name");
    if (port.n > 0 &&
        (port.p[0] != ':' || port.n > 6 || !text_to_u64(text_from(port, 1), 65535, &number) || number == 0))
        return error_set(err, E_INVALID, "the URL has no valid port");
    port = port.n > 0 ? text_from(port, 1) : TEXT("443");
    if (!text_to_cstr(host, out->host, sizeof out->host) || !text_to_cstr(port, out->port, sizeof out->port))
        return error_set(err, E_INVALID, "the URL has no valid host name");
    out->authority = authority;
    return DONE;
}

struct status url_parse(struct text t, struct url *out, struct error *err)
{
    if (!text_starts_with(t, TEXT("https://")))
        return error_set(err, E_INVALID, "the URL must begin with https://");
    if (!is_clean(t))
        return error_set(err, E_INVALID,
                         "the URL holds blanks or other characters that do not belong into one: "
                         "put it into quotes, whole");
    if (text_contains(t, '#'))
        return error_set(err, E_INVALID, "the URL must not hold a '#'");
    struct text rest = text_from(t, 8);
    size_t end = text_find(rest, '/');
    if (text_find(rest, '?') < end)
        end = text_find(rest, '?');
    struct url url = {.target = text_from(rest, end)};
    TRY(parse_authority(text_first(rest, end), &url, err));
    if (url.target.n == 0)
        url.target = TEXT("/");
    if (url.target.p[0] != '/')
        return error_set(err, E_INVALID, "the URL has no path");
    *out = url;
    return DONE;
}
