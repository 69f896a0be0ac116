/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/rewrite_internal.h"

/*
 * Location for the caller (contract 3.9): what leads to the target's own host and below the target's path
 * becomes /{app}/{service}/..., without a host, so that the caller comes back this way. Anything else stays
 * byte for byte. References are resolved as RFC 3986 section 5.2 says; the result starts with the caller's
 * own prefix in every case, so it leads nowhere else.
 */

struct reference {
    struct text scheme;    /* p = NULL: none */
    struct text authority; /* p = NULL: none */
    struct text path;
    struct text tail; /* query and fragment, as they are, with '?' or '#' */
};

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Length of a scheme at the start, without its colon; 0 = none (RFC 3986 3.1). */
static size_t scheme_size(struct text t)
{
    if (t.n == 0 || !is_alpha(t.p[0]))
        return 0;
    for (size_t i = 1; i < t.n; i++) {
        const char c = t.p[i];
        if (c == ':')
            return i;
        if (!is_alpha(c) && !(c >= '0' && c <= '9') && c != '+' && c != '-' && c != '.')
            return 0;
    }
    return 0;
}

static size_t first_of(struct text t, const char *any)
{
    size_t i = 0;
    while (i < t.n && (t.p[i] == 0 || !strchr(any, t.p[i])))
        i++;
    return i;
}

static struct reference reference_of(struct text t)
{
    struct reference r = {0};
    const size_t scheme = scheme_size(t);
    if (scheme > 0) {
        r.scheme = text_first(t, scheme);
        t = text_from(t, scheme + 1);
    }
    if (text_starts_with(t, TEXT("//"))) {
        t = text_from(t, 2);
        r.authority = text_first(t, first_of(t, "/?#"));
        t = text_from(t, r.authority.n);
    }
    r.path = text_first(t, first_of(t, "?#"));
    r.tail = text_from(t, r.path.n);
    return r;
}

/* Without user-info and port. */
static struct text host_of(struct text authority)
{
    for (size_t at = text_find(authority, '@'); at < authority.n; at = text_find(authority, '@'))
        authority = text_from(authority, at + 1);
    if (text_starts_with(authority, TEXT("["))) {
        const size_t close = text_find(authority, ']');
        return text_first(authority, close < authority.n ? close + 1 : 0);
    }
    return text_first(authority, text_find(authority, ':'));
}

static bool is_ours(const struct reference *r, const struct hop_target *target)
{
    if (r->scheme.p && !text_equal_nocase(r->scheme, TEXT("http")) &&
        !text_equal_nocase(r->scheme, TEXT("https")))
        return false;
    /* "http:path" is not a reference that two readers understand alike. */
    if (r->scheme.p && !r->authority.p)
        return false;
    return !r->authority.p || text_equal_nocase(host_of(r->authority), target->host);
}

static size_t dots_in(struct text segment)
{
    size_t dots = 0;
    for (size_t i = 0; i < segment.n;) {
        uint8_t c = (uint8_t)segment.p[i];
        const size_t used = c == '%' ? percent_read(text_from(segment, i), &c) : 1;
        if (c != '.' || used == 0)
            return 0;
        i += used;
        dots++;
    }
    return dots;
}

/* RFC 3986 5.2.4, over an absolute path; "%2e" is a dot, as browsers read it. Shortens in place. */
static size_t remove_dot_segments(char *path, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n;) {
        const struct text rest = {path + i + 1, n - i - 1}; /* path[i] is '/' */
        const struct text segment = text_first(rest, text_find(rest, '/'));
        const bool last = segment.n == rest.n;
        const size_t dots = dots_in(segment);
        const size_t next = i + 1 + segment.n;
        if (dots == 2)
            while (kept > 0 && path[--kept] != '/')
                ;
        if (dots == 1 || dots == 2) {
            if (last)
                path[kept++] = '/';
        } else {
            memmove(path + kept, path + i, 1 + segment.n);
            kept += 1 + segment.n;
        }
        i = next;
    }
    return kept;
}

/* The absolute path that the reference leads to, in `out`; empty when there is none to compare. */
static void resolve_path(const struct reference *r, const struct outbound_address *address,
                         const struct hop_target *target, struct buffer *out)
{
    if (r->authority.p || text_starts_with(r->path, TEXT("/"))) {
        buffer_text(out, r->path.n > 0 ? r->path : TEXT("/"));
        return;
    }
    if (!status_ok(path_write(out, address, target)))
        return;
    if (r->path.n == 0)
        return; /* "?query": the same path */
    const struct text base = buffer_as_text(out);
    size_t directory = base.n;
    while (directory > 0 && base.p[directory - 1] != '/')
        directory--;
    out->end = out->start + directory;
    buffer_text(out, r->path);
}

/* What follows the target's path, beginning with '/' or empty; false when `path` is not below it. */
static bool below(struct text path, struct text base, struct text *out)
{
    while (text_ends_with(base, TEXT("/")))
        base.n--;
    if (!text_starts_with(path, base))
        return false;
    *out = text_from(path, base.n);
    return out->n == 0 || out->p[0] == '/';
}

static struct text joined(struct arena *a, struct text one, struct text two, struct text three)
{
    char *p = arena_alloc(a, one.n + two.n + three.n + 1);
    if (!p)
        return (struct text){NULL, 0};
    size_t n = 0;
    const struct text parts[] = {one, two, three};
    for (size_t i = 0; i < 3; i++) {
        if (parts[i].n > 0)
            memcpy(p + n, parts[i].p, parts[i].n);
        n += parts[i].n;
    }
    return (struct text){p, n};
}

#define PATH_MAX_BYTES (64 * 1024) /* more than two heads */

struct text location_rewrite(struct text location, const struct outbound_address *address,
                             const struct hop_target *target, struct arena *a)
{
    const struct reference r = reference_of(location);
    if (address->prefix.n == 0 || location.n == 0 || !is_ours(&r, target))
        return location;
    OWNED(buffer_release) struct buffer path;
    buffer_init(&path, PATH_MAX_BYTES);
    resolve_path(&r, address, target, &path);
    if (path.failed == E_NOMEM)
        return (struct text){NULL, 0};
    if (path.failed != E_OK || buffer_size(&path) == 0)
        return location;
    path.end = path.start + remove_dot_segments((char *)path.data + path.start, buffer_size(&path));
    struct text rest;
    if (!below(buffer_as_text(&path), target->path, &rest))
        return location;
    return joined(a, address->prefix, rest, r.tail);
}
