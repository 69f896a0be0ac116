/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/url.h"

#include "base/buffer.h"
#include "fetch/answer.h"

void url_release(struct url *u)
{
    curl_url_cleanup(u->handle);
    curl_free(u->user);
    curl_free(u->password);
    *u = (struct url){.handle = NULL};
}

static bool refuse(struct fetch_answer *a, CURLUcode code)
{
    answer_fail(a, FETCH_REFUSED, "it is not a URL: %s", curl_url_strerror(code));
    return false;
}

/* false when the part is absent or too long. */
static bool get_part(const struct url *u, CURLUPart part, unsigned flags, char *out, size_t out_size)
{
    OWNED(url_text_free) char *value = NULL;
    return curl_url_get(u->handle, part, &value, flags) == CURLUE_OK &&
           text_to_cstr(text_of(value), out, out_size);
}

static bool refresh_text(struct url *u, struct fetch_answer *a)
{
    if (get_part(u, CURLUPART_URL, 0, u->text, sizeof u->text))
        return true;
    answer_fail(a, FETCH_REFUSED, "the URL is longer than %zu bytes", sizeof u->text - 1);
    return false;
}

static bool take_apart(struct url *u, struct fetch_answer *a)
{
    char scheme[32];
    if (!get_part(u, CURLUPART_SCHEME, 0, scheme, sizeof scheme))
        return refuse(a, CURLUE_NO_SCHEME);
    u->https = strcmp(scheme, "https") == 0;
    if (!u->https && strcmp(scheme, "http") != 0) {
        answer_fail(a, FETCH_REFUSED, "the URL's scheme is '%.20s': only http and https are fetched", scheme);
        return false;
    }
    if (!get_part(u, CURLUPART_HOST, 0, u->host, sizeof u->host) || u->host[0] == '\0')
        return refuse(a, CURLUE_NO_HOST);
    CURLUcode code = curl_url_get(u->handle, CURLUPART_USER, &u->user, CURLU_URLDECODE);
    if (code == CURLUE_OK)
        code = curl_url_get(u->handle, CURLUPART_PASSWORD, &u->password, CURLU_URLDECODE);
    if (code != CURLUE_OK && code != CURLUE_NO_USER && code != CURLUE_NO_PASSWORD)
        return refuse(a, code);
    static const CURLUPart unsent[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
                                       CURLUPART_FRAGMENT};
    for (size_t i = 0; i < sizeof unsent / sizeof unsent[0]; i++) {
        code = curl_url_set(u->handle, unsent[i], NULL, 0);
        if (code != CURLUE_OK)
            return refuse(a, code);
    }
    return refresh_text(u, a);
}

/* libcurl also takes http:/host and http:///host; a reader of the registered URL would see no host there. */
static bool has_odd_slashes(struct text t)
{
    struct text rest = t;
    struct text scheme = text_cut(&rest, ':');
    if (!text_equal_nocase(scheme, TEXT("http")) && !text_equal_nocase(scheme, TEXT("https")))
        return false; /* relative */
    return !text_starts_with(rest, TEXT("//")) || text_starts_with(rest, TEXT("///"));
}

bool fetch_url_parse(struct text t, const struct url *base, struct url *out, struct fetch_answer *a)
{
    OWNED(url_release) struct url u = {.handle = base ? curl_url_dup(base->handle) : curl_url()};
    char text[sizeof u.text];
    if (!text_to_cstr(t, text, sizeof text)) {
        answer_fail(a, FETCH_REFUSED, "the URL is longer than %zu bytes, or has a NUL in it",
                    sizeof text - 1);
        return false;
    }
    if (!u.handle)
        return refuse(a, CURLUE_OUT_OF_MEMORY);
    if (has_odd_slashes(t))
        return refuse(a, CURLUE_BAD_SLASHES);
    /* With this flag other schemes can be read, and refused by name. */
    CURLUcode code = curl_url_set(u.handle, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
    if (code != CURLUE_OK)
        return refuse(a, code);
    if (!take_apart(&u, a))
        return false;
    *out = u;
    u = (struct url){.handle = NULL};
    return true;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    char port_a[8] = "", port_b[8] = "";
    return a->https == b->https && text_equal_nocase(text_of(a->host), text_of(b->host)) &&
           get_part(a, CURLUPART_PORT, CURLU_DEFAULT_PORT, port_a, sizeof port_a) &&
           get_part(b, CURLUPART_PORT, CURLU_DEFAULT_PORT, port_b, sizeof port_b) &&
           strcmp(port_a, port_b) == 0;
}

void url_encode(struct buffer *out, struct text t)
{
    for (size_t i = 0; i < t.n; i++) {
        char c = t.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '.' || c == '_' || c == '~';
        if (plain)
            buffer_byte(out, (uint8_t)c);
        else
            buffer_printf(out, "%%%02X", (unsigned)(uint8_t)c);
    }
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Is the query's raw name this one, once %XX and '+' are read? */
static bool is_same_name(struct text raw, struct text name)
{
    size_t at = 0;
    for (size_t i = 0; i < raw.n; i++, at++) {
        char c = raw.p[i] == '+' ? ' ' : raw.p[i];
        if (c == '%' && i + 2 < raw.n && hex_value(raw.p[i + 1]) >= 0 && hex_value(raw.p[i + 2]) >= 0) {
            c = (char)(hex_value(raw.p[i + 1]) * 16 + hex_value(raw.p[i + 2]));
            i += 2;
        }
        if (at >= name.n || name.p[at] != c)
            return false;
    }
    return at == name.n;
}

static bool has_name(struct text query, struct text name)
{
    while (query.p) {
        struct text pair = text_cut(&query, '&');
        if (is_same_name(text_first(pair, text_find(pair, '=')), name))
            return true;
    }
    return false;
}

bool url_add_query(struct url *u, const struct fetch_field *fields, size_t count, struct fetch_answer *a)
{
    OWNED(url_text_free) char *had = NULL;
    OWNED(buffer_release) struct buffer query;
    buffer_init(&query, sizeof u->text);
    (void)curl_url_get(u->handle, CURLUPART_QUERY, &had, 0);
    struct text before = text_of(had);
    buffer_text(&query, before);
    for (size_t i = 0; i < count; i++) {
        if (before.n > 0 && has_name(before, fields[i].name))
            continue;
        if (buffer_size(&query) > 0)
            buffer_byte(&query, '&');
        url_encode(&query, fields[i].name);
        buffer_byte(&query, '=');
        url_encode(&query, fields[i].value);
    }
    if (count == 0)
        return true;
    buffer_byte(&query, '\0');
    if (!status_ok(buffer_status(&query))) {
        answer_fail(a, FETCH_REFUSED, "the URL with its parameters is longer than %zu bytes",
                    sizeof u->text - 1);
        return false;
    }
    struct bytes made = buffer_bytes(&query);
    CURLUcode code =
        made.n == 1 ? CURLUE_OK : curl_url_set(u->handle, CURLUPART_QUERY, (const char *)made.p, 0);
    if (code != CURLUE_OK)
        return refuse(a, code);
    return refresh_text(u, a);
}
