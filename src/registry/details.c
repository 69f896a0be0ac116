/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/details.h"

#include "registry/bundle_details.h"
#include "registry/decode_values.h"
#include "registry/secret_data.h"

/*
 * {"apiType","specificationUrl","parameters":true,"extra":true,"url","commonName","tokenParameters":true,
 *  "clientAuthentication","scope","audience","resource","form":true,"csrfUrl","events":true}; what is absent
 * or false is left out. `parameters` and the like say that the object was given: what is in it is in a
 * secret.
 */

static void put_text(struct json_out *j, const char *name, struct text value)
{
    if (value.n > 0)
        json_text(j, name, value);
}

static void put_flag(struct json_out *j, const char *name, bool value)
{
    if (value)
        json_bool(j, name, true);
}

static void write_credentials(struct json_out *j, const struct credentials *c)
{
    const struct csrf_details *csrf = credential_csrf(c);
    const enum credential_kind kind = credential_kind_of(c);
    put_flag(j, "extra", c->extra.given);
    if (c->oauth.given) {
        put_text(j, "url", c->oauth.url);
        put_flag(j, "tokenParameters", c->oauth.parameters.given);
        put_text(j, "clientAuthentication", c->oauth.client_authentication);
        put_text(j, "scope", c->oauth.scope);
        put_text(j, "audience", c->oauth.audience);
        put_text(j, "resource", c->oauth.resource);
        put_flag(j, "form", c->oauth.form_given);
        put_text(j, "commonName", c->oauth.common_name);
    } else if (kind == CREDENTIAL_CERTIFICATE) {
        put_text(j, "commonName", c->certificate.common_name);
    }
    if (csrf && csrf->given)
        put_text(j, "csrfUrl", csrf->token_url);
}

struct status details_write(const struct service_details *d, const struct bundle_details *more,
                            struct buffer *out)
{
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    if (d->api.given) {
        put_text(&j, "apiType", d->api.api_type);
        put_text(&j, "specificationUrl", d->api.specification_url);
        put_flag(&j, "parameters", d->api.parameters.given);
        write_credentials(&j, &d->api.credentials);
    }
    put_flag(&j, "events", d->events.given);
    if (more)
        put_bundle_details(&j, more);
    json_end(&j);
    return buffer_status(out);
}

/* ---- reading ---- */

struct details {
    struct text api_type, specification_url, url, common_name, csrf_url;
    struct text client_authentication, scope, audience, resource;
    bool parameters, extra, token_parameters, form, events;
};

static struct status read_member(struct text key, struct decoding *d, struct json_cursor *c,
                                 struct details *out)
{
    static const struct {
        struct text key;
        size_t offset;
        bool is_flag;
    } rows[] = {
        {TEXT_INIT("apiType"), offsetof(struct details, api_type), false},
        {TEXT_INIT("specificationUrl"), offsetof(struct details, specification_url), false},
        {TEXT_INIT("url"), offsetof(struct details, url), false},
        {TEXT_INIT("commonName"), offsetof(struct details, common_name), false},
        {TEXT_INIT("csrfUrl"), offsetof(struct details, csrf_url), false},
        {TEXT_INIT("clientAuthentication"), offsetof(struct details, client_authentication), false},
        {TEXT_INIT("scope"), offsetof(struct details, scope), false},
        {TEXT_INIT("audience"), offsetof(struct details, audience), false},
        {TEXT_INIT("resource"), offsetof(struct details, resource), false},
        {TEXT_INIT("form"), offsetof(struct details, form), true},
        {TEXT_INIT("parameters"), offsetof(struct details, parameters), true},
        {TEXT_INIT("extra"), offsetof(struct details, extra), true},
        {TEXT_INIT("tokenParameters"), offsetof(struct details, token_parameters), true},
        {TEXT_INIT("events"), offsetof(struct details, events), true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!json_key_is(key, rows[i].key))
            continue;
        void *at = (char *)out + rows[i].offset;
        if (!rows[i].is_flag)
            return decode_text(d, NULL, c, at);
        *(bool *)at = text_equal(json_cursor_skip(c), TEXT("true"));
        return DONE;
    }
    json_cursor_skip(c); /* a later version's */
    return DONE;
}

/* Stored JSON is ours: what cannot be read is damage. Memory may lack. */
static struct status broken_unless_memory(struct status s)
{
    return s.code == E_OK || s.code == E_NOMEM ? s : STATUS(BROKEN);
}

static struct decoding stored_decoding(struct arena *a)
{
    return (struct decoding){.a = a, .items_left = DECODE_ITEMS_MAX};
}

static struct status read_members(struct text json, struct arena *a, struct details *out)
{
    struct decoding d = stored_decoding(a);
    struct json_cursor c = json_cursor_at(json);
    if (!status_ok(json_scan(json, NULL)) || json_cursor_type(&c) != JSON_TYPE_OBJECT)
        return STATUS(BROKEN);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text key = json_cursor_key(&c);
        TRY(broken_unless_memory(read_member(key, &d, &c, out)));
    }
    return DONE;
}

/* A value of a secret, in the arena; absent when there is none. */
static struct status copy_value(const struct secret_data *data, const char *key, struct arena *a,
                                struct text *out)
{
    const struct bytes value = data ? secret_data_get(data, key) : (struct bytes){NULL, 0};
    *out = arena_text(a, bytes_text(value));
    return out->n == value.n ? DONE : STATUS(NOMEM);
}

static struct status read_parameters(const struct secret_data *data, const char *key, struct arena *a,
                                     struct parameter_list *out)
{
    struct text json;
    bool given = false;
    struct decoding d = stored_decoding(a);
    TRY(copy_value(data, key, a, &json));
    *out = (struct parameter_list){0};
    if (json.n == 0)
        return DONE;
    if (!status_ok(json_scan(json, NULL)))
        return STATUS(BROKEN);
    struct json_cursor c = json_cursor_at(json);
    return broken_unless_memory(decode_parameters(&d, NULL, &c, out, &given));
}

static struct status read_oauth(const struct details *from, const struct secret_data *data, struct arena *a,
                                struct credentials *out)
{
    out->oauth.given = true;
    out->oauth.csrf = (struct csrf_details){from->csrf_url.n > 0, from->csrf_url};
    out->oauth.url = from->url;
    out->oauth.parameters.given = from->token_parameters;
    out->oauth.client_authentication = from->client_authentication;
    out->oauth.scope = from->scope;
    out->oauth.audience = from->audience;
    out->oauth.resource = from->resource;
    out->oauth.form_given = from->form;
    out->oauth.common_name = from->common_name;
    TRY(copy_value(data, "clientId", a, &out->oauth.client_id));
    TRY(copy_value(data, "clientSecret", a, &out->oauth.client_secret));
    TRY(copy_value(data, "crt", a, &out->oauth.certificate_pem));
    TRY(copy_value(data, "key", a, &out->oauth.key_pem));
    TRY(read_parameters(data, "headers", a, &out->oauth.parameters.headers));
    TRY(read_parameters(data, "queryParameters", a, &out->oauth.parameters.query));
    return read_parameters(data, "formParameters", a, &out->oauth.form);
}

static struct status read_method(enum credential_kind kind, const struct details *from,
                                 const struct secret_data *data, struct arena *a, struct credentials *out)
{
    const struct csrf_details csrf = {from->csrf_url.n > 0, from->csrf_url};
    switch (kind) {
    case CREDENTIAL_NONE:
        break;
    case CREDENTIAL_BASIC:
        out->basic.given = true;
        out->basic.csrf = csrf;
        TRY(copy_value(data, "username", a, &out->basic.username));
        return copy_value(data, "password", a, &out->basic.password);
    case CREDENTIAL_OAUTH:
    case CREDENTIAL_OAUTH_CERTIFICATE:
        return read_oauth(from, data, a, out);
    case CREDENTIAL_CERTIFICATE:
        out->certificate.given = true;
        out->certificate.csrf = csrf;
        out->certificate.common_name = from->common_name;
        return copy_value(data, "crt", a, &out->certificate.certificate_pem);
    }
    return DONE;
}

static struct status read_api(const struct service *row, const struct details *from,
                              const struct secret_data *credentials, const struct secret_data *parameters,
                              struct arena *a, struct api_details *out)
{
    const bool known =
        row->credential_kind >= CREDENTIAL_NONE && row->credential_kind <= CREDENTIAL_OAUTH_CERTIFICATE;
    if (!known)
        return STATUS(BROKEN);
    out->given = true;
    out->target_url = row->target_url;
    out->api_type = from->api_type;
    out->specification_url = from->specification_url;
    out->credentials.given = row->credential_kind != CREDENTIAL_NONE || from->extra;
    TRY(read_method((enum credential_kind)row->credential_kind, from, credentials, a, &out->credentials));
    out->credentials.extra.given = from->extra;
    TRY(read_parameters(parameters, "credentialHeaders", a, &out->credentials.extra.headers));
    TRY(read_parameters(parameters, "credentialQueryParameters", a, &out->credentials.extra.query));
    out->parameters.given = from->parameters;
    TRY(read_parameters(parameters, "headers", a, &out->parameters.headers));
    return read_parameters(parameters, "queryParameters", a, &out->parameters.query);
}

struct status details_read(const struct service *row, const struct secret_data *credentials,
                           const struct secret_data *parameters, struct arena *a, struct service_details *out)
{
    struct details from = {0};
    struct service_details read = {
        .provider = row->provider,
        .name = row->name,
        .description = row->description,
        .short_description = row->short_description,
        .identifier = row->identifier,
    };
    if (row->details.n > 0)
        TRY(read_members(row->details, a, &from));
    TRY(labels_read(row->labels, a, &read.labels, &read.label_count));
    read.events.given = from.events;
    if (row->target_url.n > 0 || row->role == SERVICE_BUNDLE)
        TRY(read_api(row, &from, credentials, parameters, a, &read.api));
    *out = read;
    return DONE;
}

void service_mask(struct service_details *d)
{
    static const struct text mask = TEXT_INIT(CREDENTIAL_MASK);
    struct credentials *c = &d->api.credentials;
    if (c->basic.given) {
        c->basic.username = mask;
        c->basic.password = mask;
    }
    if (c->oauth.given) {
        const bool by_certificate = credential_kind_of(c) == CREDENTIAL_OAUTH_CERTIFICATE;
        c->oauth.client_id = mask;
        c->oauth.client_secret = by_certificate ? (struct text){NULL, 0} : mask;
        c->oauth.key_pem = by_certificate && c->oauth.common_name.n == 0 ? mask : (struct text){NULL, 0};
    }
}

/* ---- labels ---- */

struct status labels_write(const struct label *labels, size_t count, struct buffer *out)
{
    struct json_out j;
    json_out_init(&j, out);
    put_labels(&j, NULL, labels, count);
    return buffer_status(out);
}

struct status labels_read(struct text json, struct arena *a, const struct label **out, size_t *out_count)
{
    struct decoding d = stored_decoding(a);
    struct json_cursor c = json_cursor_at(json);
    *out = NULL;
    *out_count = 0;
    if (json.n == 0)
        return DONE;
    if (!status_ok(json_scan(json, NULL)) || json_cursor_type(&c) != JSON_TYPE_OBJECT)
        return STATUS(BROKEN);
    return broken_unless_memory(decode_labels(&d, NULL, &c, out, out_count));
}
