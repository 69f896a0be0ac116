/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/rewrite_internal.h"

struct managed {
    struct text name;
    enum field_kind kind;
};

/*
 * By length, since nearly all names of a request are none of these.
 *
 * Dropped: what is between two neighbours only (RFC 9110 7.6.1; HTTP2-Settings belongs to an offer of h2c);
 * what is written anew; Expect, which the front answers; Proxy, which CGI would take for a setting
 * (CVE-2016-5385); the certificate that only a proxy may speak of; and what asks us, not the target.
 */
#define NAME_MAX_MANAGED 23
static const struct managed managed[NAME_MAX_MANAGED + 1][4] = {
    [2] = {{TEXT_INIT("TE"), FIELD_TE}},
    [4] = {{TEXT_INIT("Host"), FIELD_DROPPED}},
    [5] = {{TEXT_INIT("Proxy"), FIELD_DROPPED}},
    [6] = {{TEXT_INIT("Cookie"), FIELD_COOKIE}, {TEXT_INIT("Expect"), FIELD_DROPPED}},
    [7] = {{TEXT_INIT("Trailer"), FIELD_DROPPED}, {TEXT_INIT("Upgrade"), FIELD_UPGRADE}},
    [10] = {{TEXT_INIT("User-Agent"), FIELD_USER_AGENT},
            {TEXT_INIT("Connection"), FIELD_CONNECTION},
            {TEXT_INIT("tracestate"), FIELD_TRACE_STATE},
            {TEXT_INIT("Keep-Alive"), FIELD_DROPPED}},
    [11] = {{TEXT_INIT("traceparent"), FIELD_TRACE_PARENT}},
    [12] = {{TEXT_INIT("Access-Token"), FIELD_ACCESS_TOKEN},
            {TEXT_INIT("X-Csrf-Token"), FIELD_CSRF},
            {TEXT_INIT("X-Request-Id"), FIELD_REQUEST_ID}},
    [13] = {{TEXT_INIT("Authorization"), FIELD_AUTHORIZATION}},
    [14] = {{TEXT_INIT("Content-Length"), FIELD_DROPPED}, {TEXT_INIT("HTTP2-Settings"), FIELD_DROPPED}},
    [15] = {{TEXT_INIT("X-Forwarded-For"), FIELD_FORWARDED_FOR}},
    [16] = {{TEXT_INIT("Fairlead-Explain"), FIELD_DROPPED}},
    [17] = {{TEXT_INIT("Transfer-Encoding"), FIELD_DROPPED}},
    [23] = {{TEXT_INIT("X-Forwarded-Client-Cert"), FIELD_DROPPED}},
};

static char folded(char c)
{
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool begins_like(struct text name, struct text with)
{
    if (name.n < with.n)
        return false;
    for (size_t i = 0; i < with.n; i++)
        if (folded(name.p[i]) != folded(with.p[i]))
            return false;
    return true;
}

static enum field_kind kind_of_spelling(struct text name)
{
    const struct managed *row = managed[name.n <= NAME_MAX_MANAGED ? name.n : 0];
    for (size_t i = 0; i < sizeof managed[0] / sizeof managed[0][0] && row[i].name.n > 0; i++)
        if (begins_like(name, row[i].name))
            return row[i].kind;
    if (begins_like(name, TEXT("Proxy-")))
        return FIELD_DROPPED;
    return begins_like(name, TEXT("X-Forwarded-")) ? FIELD_FORWARDED : FIELD_PLAIN;
}

enum field_kind field_kind_of(struct text name)
{
    const enum field_kind kind = kind_of_spelling(name);
    return kind != FIELD_PLAIN && text_contains(name, '_') ? FIELD_DROPPED : kind;
}
