/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/url_syntax.h"

/* Which rules hold for percent escapes and other characters. */
enum part { PART_HOST, PART_ZONE, PART_OTHER };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* 16 when it is none. */
static unsigned hex_value(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (unsigned)((c | 0x20) - 'a' + 10) : 16;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* What stands for itself in a host: RFC 3986 3.2.2, and the characters that servers were found to use. */
static bool is_host_character(char c)
{
    return is_letter(c) || is_digit(c) || ((uint8_t)c & 0x80) || is_one_of(c, "-_.~!$&'()*+,;=:[]<>\"");
}

/* "%41" at the start of t. */
static bool escape_is_fine(struct text t, enum part part)
{
    const unsigned high = t.n > 2 ? hex_value(t.p[1]) : 16, low = t.n > 2 ? hex_value(t.p[2]) : 16;
    if (high == 16 || low == 16)
        return false;
    const unsigned value = high << 4 | low;
    if (part == PART_OTHER || value == '%')
        return true;
    /* RFC 6874: in a host only bytes beyond ASCII are escaped; a zone may hold what a host may. */
    if (part == PART_HOST)
        return value >= 0x80;
    return value < 0x80 && (value == ' ' || is_host_character((char)value));
}

static bool escapes_are_fine(struct text t, enum part part)
{
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] == '%') {
            if (!escape_is_fine(text_from(t, i), part))
                return false;
            i += 2;
        } else if (part != PART_OTHER && !is_host_character(t.p[i])) {
            return false;
        }
    }
    return true;
}

/* Position of `c` counted from the end, or t.n. */
static size_t find_last(struct text t, char c)
{
    for (size_t i = t.n; i > 0; i--) {
        if (t.p[i - 1] == c)
            return i - 1;
    }
    return t.n;
}

static bool port_is_fine(struct text t) /* with its colon */
{
    for (size_t i = 1; i < t.n; i++) {
        if (!is_digit(t.p[i]))
            return false;
    }
    return t.n == 0 || t.p[0] == ':';
}

static bool bracketed_host_is_fine(struct text host)
{
    const size_t end = find_last(host, ']');
    if (end == host.n || !port_is_fine(text_from(host, end + 1)))
        return false;
    size_t zone = 0;
    while (zone < end && !text_starts_with(text_from(host, zone), TEXT("%25")))
        zone++;
    return escapes_are_fine(text_first(host, zone), PART_HOST) &&
           escapes_are_fine(text_first(text_from(host, zone), end - zone), PART_ZONE) &&
           escapes_are_fine(text_from(host, end), PART_HOST);
}

static bool host_is_fine(struct text host)
{
    if (text_starts_with(host, TEXT(".")))
        return false;
    if (text_starts_with(host, TEXT("[")))
        return bracketed_host_is_fine(host);
    return port_is_fine(text_from(host, find_last(host, ':'))) && escapes_are_fine(host, PART_HOST);
}

/* RFC 3986 3.2.1. */
static bool user_is_fine(struct text user)
{
    for (size_t i = 0; i < user.n; i++) {
        const char c = user.p[i];
        if (!is_letter(c) && !is_digit(c) && !is_one_of(c, "-._:~!$&'()*+,;=%@"))
            return false;
    }
    return escapes_are_fine(user, PART_OTHER);
}

static bool authority_is_fine(struct text authority)
{
    const size_t at = find_last(authority, '@');
    if (at == authority.n)
        return host_is_fine(authority);
    return user_is_fine(text_first(authority, at)) && host_is_fine(text_from(authority, at + 1));
}

/* Length of a scheme without its colon, 0 when there is none; false for a colon without a scheme. */
static bool find_scheme(struct text t, size_t *out)
{
    *out = 0;
    for (size_t i = 0; i < t.n; i++) {
        const char c = t.p[i];
        if (c == ':') {
            *out = i;
            return i > 0;
        }
        if (!is_letter(c) && (i == 0 || (!is_digit(c) && !is_one_of(c, "+-."))))
            return true;
    }
    return true;
}

static bool has_control_character(struct text t)
{
    for (size_t i = 0; i < t.n; i++) {
        if ((uint8_t)t.p[i] < 0x20 || t.p[i] == 0x7f)
            return true;
    }
    return false;
}

/* Without a host this stands in its place, unless it is empty. */
static bool path_has_dot(struct text path)
{
    for (size_t i = 0; i < path.n; i++) {
        const struct text t = text_from(path, i);
        if (path.p[i] == '.' || text_starts_with(t, TEXT("%2e")) || text_starts_with(t, TEXT("%2E")))
            return true;
    }
    return path.n == 0;
}

/* What is behind "//". */
static bool with_authority(struct text rest)
{
    const size_t slash = text_find(rest, '/');
    const struct text authority = text_first(rest, slash), path = text_from(rest, slash);
    const size_t at = find_last(authority, '@');
    const struct text host = at == authority.n ? authority : text_from(authority, at + 1);
    return authority_is_fine(authority) && escapes_are_fine(path, PART_OTHER) &&
           (host.n > 0 || path_has_dot(path));
}

bool url_syntax_is_fine(struct text url, bool assume_http)
{
    struct text fragment = url;
    struct text rest = text_cut(&fragment, '#');
    size_t scheme = 0;
    if (has_control_character(url) || !escapes_are_fine(fragment, PART_OTHER))
        return false;
    if (assume_http)
        return with_authority(text_first(rest, text_find(rest, '?')));
    if (!find_scheme(rest, &scheme))
        return false;
    rest = text_from(rest, scheme ? scheme + 1 : 0);
    rest = text_first(rest, text_find(rest, '?'));
    if (text_starts_with(rest, TEXT("//")) && (scheme > 0 || !text_starts_with(rest, TEXT("///"))))
        return with_authority(text_from(rest, 2));
    if (!text_starts_with(rest, TEXT("/"))) {
        if (scheme > 0)
            return true; /* opaque: neither host nor path */
        /* Not a scheme after all, and so not a relative path either (RFC 3986 4.2). */
        if (text_contains(text_first(rest, text_find(rest, '/')), ':'))
            return false;
    }
    return escapes_are_fine(rest, PART_OTHER) && path_has_dot(rest);
}
