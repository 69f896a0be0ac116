/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_target.h"

#define HOST_MAX 255 /* RFC 1035 2.3.4 */

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct text after_scheme(struct text target)
{
    static const struct text schemes[] = {TEXT_INIT("http://"), TEXT_INIT("https://")};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (target.n >= schemes[i].n && text_equal_nocase(text_first(target, schemes[i].n), schemes[i]))
            return text_from(target, schemes[i].n);
    return (struct text){NULL, 0};
}

struct h1_target h1_target_parse(struct text target)
{
    if (text_starts_with(target, TEXT("/")))
        return (struct h1_target){H1_TARGET_ORIGIN, {NULL, 0}, target};
    if (text_equal(target, TEXT("*")))
        return (struct h1_target){H1_TARGET_ASTERISK, {NULL, 0}, target};
    const struct text hier = after_scheme(target);
    if (!hier.p)
        return (struct h1_target){.form = H1_TARGET_OTHER};
    const size_t slash = text_find(hier, '/');
    const size_t question = text_find(hier, '?');
    const size_t end = slash < question ? slash : question;
    return (struct h1_target){H1_TARGET_ABSOLUTE, text_first(hier, end), text_from(hier, end)};
}

static bool port_is_valid(struct text port)
{
    uint64_t number = 0;
    return port.n <= 5 && text_to_u64(port, UINT16_MAX, &number);
}

/* "[" hex digits, colons and dots "]": that it is an address is for whoever resolves it. */
static bool ipv6_is_valid(struct text inside)
{
    size_t colons = 0;
    for (size_t i = 0; i < inside.n; i++) {
        const char c = inside.p[i];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!hex && c != ':' && c != '.')
            return false;
        colons += c == ':' ? 1 : 0;
    }
    return inside.n <= 45 && colons >= 2;
}

static bool name_is_valid(struct text name)
{
    if (name.n == 0 || name.n > HOST_MAX)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!is_alnum(name.p[i]) && name.p[i] != '-' && name.p[i] != '.' && name.p[i] != '_')
            return false;
    return true;
}

bool h1_authority_is_valid(struct text authority)
{
    const bool bracket = text_starts_with(authority, TEXT("["));
    const size_t close = bracket ? text_find(authority, ']') : 0;
    if (bracket && (close == authority.n || !ipv6_is_valid(text_first(text_from(authority, 1), close - 1))))
        return false;
    const struct text tail = bracket ? text_from(authority, close + 1) : authority;
    const size_t colon = text_find(tail, ':');
    if (!(bracket ? colon == 0 || tail.n == 0 : name_is_valid(text_first(tail, colon))))
        return false;
    return colon == tail.n || port_is_valid(text_from(tail, colon + 1));
}
