/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/validate.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/json_cursor.h"
#include "registry/decode_values.h"
#include "registry/domain.h"
#include "registry/findings.h"

/* Bytes of a refused URL that the message repeats: more than the longest valid one. */
#define URL_SHOWN 4096

/* ---- findings ---- */

static void separate(struct findings *f)
{
    if (buffer_size(f->text) > 0)
        buffer_byte(f->text, ';');
}

void finding(struct findings *f, const char *words)
{
    separate(f);
    buffer_cstr(f->text, words);
}

void finding_printf(struct findings *f, const char *fmt, ...)
{
    char words[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    finding(f, words);
}

void finding_url(struct findings *f, const char *what, struct text value)
{
    size_t n = value.n;
    if (n > URL_SHOWN) {
        n = URL_SHOWN;
        while (((uint8_t)value.p[n] & 0xc0) == 0x80) /* not through a character */
            n--;
    }
    separate(f);
    buffer_cstr(f->text, what);
    buffer_text(f->text, TEXT(": "));
    buffer_text(f->text, text_first(value, n));
    buffer_text(f->text,
                n < value.n ? TEXT("... does not validate as url") : TEXT(" does not validate as url"));
}

/* ---- stage A: the fields, in the order of the contract's table ---- */

static void need(struct findings *f, struct text value, const char *words)
{
    if (value.n == 0)
        finding(f, words);
}

static void need_url(struct findings *f, struct text value, const char *what, const char *words)
{
    if (value.n == 0)
        finding(f, words);
    else if (!registry_url_is_valid(value))
        finding_url(f, what, value);
}

static void check_csrf(const struct csrf_details *csrf, struct findings *f)
{
    if (csrf->given)
        need_url(f, csrf->token_url, "tokenEndpointURL", "tokenEndpointURL field cannot be empty");
}

static void check_credentials(const struct credentials *c, struct findings *f)
{
    if (c->oauth.given) {
        need_url(f, c->oauth.url, "url", "oauth url field cannot be empty");
        need(f, c->oauth.client_id, "oauth clientId field cannot be empty");
        if (credential_kind_of(c) != CREDENTIAL_OAUTH_CERTIFICATE) /* it has a certificate instead */
            need(f, c->oauth.client_secret, "oauth clientSecret cannot be empty");
        check_csrf(&c->oauth.csrf, f);
    }
    if (c->basic.given) {
        need(f, c->basic.username, "basic auth username field cannot be empty");
        need(f, c->basic.password, "basic auth password field cannot be empty");
        check_csrf(&c->basic.csrf, f);
    }
    if (c->certificate.given)
        check_csrf(&c->certificate.csrf, f);
}

static void check_fields(const struct service_details *d, struct findings *f)
{
    need(f, d->provider, "Provider field cannot be empty.");
    need(f, d->name, "Name field cannot be empty.");
    need(f, d->description, "Description field cannot be empty.");
    if (d->api.given) {
        need_url(f, d->api.target_url, "targetUrl", "targetUrl field cannot be empty.");
        check_credentials(&d->api.credentials, f);
        check_credentials(&d->api.specification_credentials, f);
    }
    if (d->events.given && !d->events.spec.p)
        finding(f, "spec cannot be empty");
    if (d->documentation.given) {
        need(f, d->documentation.display_name, "displayName field cannot be empty in documentation");
        need(f, d->documentation.description, "description field cannot be empty in documentation");
        need(f, d->documentation.type, "type field cannot be empty in documentation");
    }
}

/* ---- stages B to F: the first one answers ---- */

static const char *go_type(struct text json)
{
    const struct json_cursor c = json_cursor_at(json);
    switch (json_cursor_type(&c)) {
    case JSON_TYPE_STRING:
        return "string";
    case JSON_TYPE_ARRAY:
        return "array";
    case JSON_TYPE_NUMBER:
        return "number";
    case JSON_TYPE_BOOL:
        return "bool";
    case JSON_TYPE_NULL:
    case JSON_TYPE_OBJECT:
        break;
    }
    return NULL;
}

static bool spec_is_bad(const char *what, struct text spec, bool is_text, struct findings *f)
{
    const char *type = spec.p && !is_text ? go_type(spec) : NULL;
    if (type)
        finding_printf(f,
                       "%s is not a proper json object, json: cannot unmarshal %s into Go value of type "
                       "map[string]*json.RawMessage",
                       what, type);
    return type != NULL;
}

static bool methods_are_bad(const char *what, const struct credentials *c, struct findings *f)
{
    const bool bad = c->oauth.given + c->basic.given + c->certificate.given > 1;
    if (bad)
        finding_printf(f, "%s is invalid: to many authentication methods provided", what);
    return bad;
}

static bool shape_is_bad(const struct service_details *d, struct findings *f)
{
    if (!d->api.given && !d->events.given) {
        finding(f, "At least one of service definition attributes: 'api', 'events' have to be provided");
        return true;
    }
    return spec_is_bad("api.Spec", d->api.spec, d->api.spec_is_text, f) ||
           methods_are_bad("api.CredentialsWithCSRF", &d->api.credentials, f) ||
           methods_are_bad("api.CredentialsWithCSRF", &d->api.specification_credentials, f) ||
           spec_is_bad("events.Spec", d->events.spec, d->events.spec_is_text, f);
}

/* ---- all of it ---- */

static struct status refuse(const struct findings *f, struct text prefix, struct arena *a,
                            struct text *out_message)
{
    const struct text found = buffer_as_text(f->text);
    char *message = arena_alloc(a, prefix.n + found.n);
    if (!message)
        return STATUS(NOMEM);
    memcpy(message, prefix.p, prefix.n);
    memcpy(message + prefix.n, found.p, found.n);
    *out_message = url_credentials_hidden((struct text){message, prefix.n + found.n}, a);
    return out_message->p ? STATUS(INVALID) : STATUS(NOMEM);
}

struct status service_validate(const struct service_details *d, struct arena *a, struct text *out_message)
{
    static const struct text structure = TEXT_INIT("Incorrect structure of service definition, ");
    OWNED(buffer_release) struct buffer text;
    buffer_init(&text, FINDINGS_MAX);
    struct findings f = {&text};
    check_fields(d, &f);
    TRY(buffer_status(&text));
    if (buffer_size(&text) > 0)
        return refuse(&f, structure, a, out_message);
    if (shape_is_bad(d, &f)) {
        TRY(buffer_status(&text));
        return refuse(&f, TEXT(""), a, out_message);
    }
    check_limits(d, &f);
    TRY(buffer_status(&text));
    return buffer_size(&text) > 0 ? refuse(&f, structure, a, out_message) : DONE;
}

struct status credentials_validate(const struct api_details *api, struct arena *a, struct text *out_message)
{
    const struct service_details alone = {
        .api = {.given = true, .credentials = api->credentials, .parameters = api->parameters}};
    OWNED(buffer_release) struct buffer text;
    buffer_init(&text, FINDINGS_MAX);
    struct findings f = {&text};
    check_credentials(&api->credentials, &f);
    if (buffer_size(&text) == 0 && !methods_are_bad("credential", &api->credentials, &f))
        check_limits(&alone, &f);
    TRY(buffer_status(&text));
    return buffer_size(&text) > 0 ? refuse(&f, TEXT(""), a, out_message) : DONE;
}
