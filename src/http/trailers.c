/* SPDX-License-Identifier: Apache-2.0 */
#include "http/trailers.h"

#include "http/h1_scan.h"

enum verdict { REFUSED, DROPPED };

static const struct {
    struct text name;
    enum verdict verdict;
} table[] = {
    /* framing */
    {TEXT_INIT("Transfer-Encoding"), REFUSED},
    {TEXT_INIT("Content-Length"), REFUSED},
    {TEXT_INIT("Connection"), REFUSED},
    {TEXT_INIT("Keep-Alive"), REFUSED},
    {TEXT_INIT("Proxy-Connection"), REFUSED},
    {TEXT_INIT("TE"), REFUSED},
    {TEXT_INIT("Trailer"), REFUSED},
    {TEXT_INIT("Upgrade"), REFUSED},
    /* routing */
    {TEXT_INIT("Host"), REFUSED},
    {TEXT_INIT("Expect"), REFUSED},
    {TEXT_INIT("Max-Forwards"), REFUSED},
    {TEXT_INIT("Location"), DROPPED},
    /* whose it is */
    {TEXT_INIT("Authorization"), REFUSED},
    {TEXT_INIT("Cookie"), REFUSED},
    {TEXT_INIT("Set-Cookie"), REFUSED},
    {TEXT_INIT("Proxy-Authorization"), REFUSED},
    {TEXT_INIT("Forwarded"), REFUSED},
    {TEXT_INIT("X-Forwarded-Client-Cert"), REFUSED},
    {TEXT_INIT("X-Forwarded-For"), REFUSED},
    {TEXT_INIT("X-Forwarded-Host"), REFUSED},
    {TEXT_INIT("X-Forwarded-Proto"), REFUSED},
    {TEXT_INIT("Access-Token"), DROPPED},
    {TEXT_INIT("X-CSRF-Token"), DROPPED},
    {TEXT_INIT("WWW-Authenticate"), DROPPED},
    {TEXT_INIT("Proxy-Authenticate"), DROPPED},
    {TEXT_INIT("Authentication-Info"), DROPPED},
    {TEXT_INIT("Proxy-Authentication-Info"), DROPPED},
    /* how the content is read */
    {TEXT_INIT("Content-Encoding"), REFUSED},
    {TEXT_INIT("Content-Range"), REFUSED},
    {TEXT_INIT("Content-Type"), REFUSED},
    {TEXT_INIT("Content-Location"), DROPPED},
    {TEXT_INIT("Content-Disposition"), DROPPED},
    {TEXT_INIT("Content-Security-Policy"), DROPPED},
    {TEXT_INIT("Strict-Transport-Security"), DROPPED},
    {TEXT_INIT("X-Content-Type-Options"), DROPPED},
    /* conditions and caches */
    {TEXT_INIT("If-Match"), DROPPED},
    {TEXT_INIT("If-Modified-Since"), DROPPED},
    {TEXT_INIT("If-None-Match"), DROPPED},
    {TEXT_INIT("If-Range"), DROPPED},
    {TEXT_INIT("If-Unmodified-Since"), DROPPED},
    {TEXT_INIT("Range"), DROPPED},
    {TEXT_INIT("Age"), DROPPED},
    {TEXT_INIT("Cache-Control"), DROPPED},
    {TEXT_INIT("Date"), DROPPED},
    {TEXT_INIT("Expires"), DROPPED},
    {TEXT_INIT("Pragma"), DROPPED},
    {TEXT_INIT("Retry-After"), DROPPED},
    {TEXT_INIT("Vary"), DROPPED},
    {TEXT_INIT("Warning"), DROPPED},
};

bool trailer_is_refused(struct text name)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].verdict == REFUSED && text_equal_nocase(name, table[i].name))
            return true;
    return false;
}

bool trailer_passes(struct text name)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (text_equal_nocase(name, table[i].name))
            return false;
    return true;
}

struct status trailers_filter(const struct headers *from, struct arena *a, struct headers *out)
{
    *out = (struct headers){0};
    for (size_t i = 0; i < from->count; i++) {
        const struct header *field = &from->list[i];
        if (!trailer_passes(field->name))
            continue;
        if (!h1_is_token(field->name) || !h1_is_field_value(field->value))
            return STATUS(INVALID);
        const struct text name = arena_text(a, field->name);
        const struct text value = arena_text(a, field->value);
        if (!name.p || (field->value.n > 0 && !value.p))
            return STATUS(NOMEM);
        TRY(headers_add(out, a, name, value));
    }
    return DONE;
}
