/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/findings.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "registry/decode_values.h"

/*
 * Rules the original did not have: what could never work (a header that cannot be sent), what would harm
 * (one that cuts a request in two), and maxima. Each message says which field and what is allowed.
 */

#define COMMON_NAME_MAX 64 /* characters: X.520 ub-common-name */

void check_length(struct findings *f, const char *what, struct text value, size_t most)
{
    if (value.n > most)
        finding_printf(f, "%s is longer than %zu bytes", what, most);
}

bool has_control_character(struct text value, bool tab_is_fine)
{
    for (size_t i = 0; i < value.n; i++) {
        const uint8_t c = (uint8_t)value.p[i];
        if ((c < 0x20 && !(c == '\t' && tab_is_fine)) || c == 0x7f)
            return true;
    }
    return false;
}

/* ---- headers and query parameters ---- */

/* RFC 9110 5.6.2. */
static bool is_token(struct text name)
{
    for (size_t i = 0; i < name.n; i++) {
        const char c = name.p[i];
        const bool alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!alphanumeric && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return name.n > 0;
}

/* They frame the message or belong to one connection (RFC 9110 7.6.1): we write them, nobody else. */
static bool is_forbidden(struct text name)
{
    static const struct text forbidden[] = {
        TEXT_INIT("Connection"),
        TEXT_INIT("Content-Length"),
        TEXT_INIT("Host"),
        TEXT_INIT("Keep-Alive"),
        TEXT_INIT("Proxy-Authenticate"),
        TEXT_INIT("Proxy-Authorization"),
        TEXT_INIT("Proxy-Connection"),
        TEXT_INIT("TE"),
        TEXT_INIT("Trailer"),
        TEXT_INIT("Transfer-Encoding"),
        TEXT_INIT("Upgrade"),
    };
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        if (text_equal_nocase(name, forbidden[i]))
            return true;
    }
    return false;
}

/* "api.requestParameters.headers.X-A", for the message about one of them. Control characters are no part of
 * it: they would be escaped by every writer, but a person could not read them. */
static const char *name_of(const char *list, struct text name, char out[static PLACE_TEXT])
{
    const struct place outer = {.name = text_of(list)};
    const struct place inner = {.up = &outer, .name = name.p ? name : TEXT("")};
    return place_text(&inner, out);
}

static void check_header(struct findings *f, const char *list, const struct parameter *p)
{
    char name[PLACE_TEXT];
    if (!is_token(p->name)) {
        finding_printf(f, "%s: a header name has letters, digits and !#$%%&'*+-.^_`|~ only",
                       name_of(list, p->name, name));
        return;
    }
    if (is_forbidden(p->name))
        finding_printf(f, "%s: this header cannot be set, it belongs to the connection",
                       name_of(list, p->name, name));
    for (size_t i = 0; i < p->count; i++) {
        if (has_control_character(p->values[i], true)) {
            finding_printf(f, "%s: a header value has no control characters", name_of(list, p->name, name));
            break;
        }
    }
}

void check_parameter_list(struct findings *f, const char *what, const struct parameter_list *l, bool headers)
{
    size_t values = 0, bytes = 0;
    for (size_t i = 0; i < l->count; i++) {
        values += l->list[i].count ? l->list[i].count : 1;
        bytes += l->list[i].name.n;
        for (size_t k = 0; k < l->list[i].count; k++)
            bytes += l->list[i].values[k].n;
    }
    if (values > LIMIT_PARAMETERS)
        finding_printf(f, "%s has more than %d values", what, LIMIT_PARAMETERS);
    else if (bytes > LIMIT_PARAMETER_BYTES)
        finding_printf(f, "%s is longer than %d bytes", what, LIMIT_PARAMETER_BYTES);
    else
        for (size_t i = 0; headers && i < l->count; i++)
            check_header(f, what, &l->list[i]);
}

/* ---- the parts of a description ---- */

void check_common_name(struct findings *f, const char *what, struct text value)
{
    size_t characters = 0;
    for (size_t i = 0; i < value.n; i++)
        characters += ((uint8_t)value.p[i] & 0xc0) != 0x80;
    if (characters > COMMON_NAME_MAX)
        finding_printf(f, "%s is longer than %d characters", what, COMMON_NAME_MAX);
    if (has_control_character(value, false))
        finding_printf(f, "%s has no control characters", what);
}

static void check_credentials(struct findings *f, const struct credentials *c)
{
    check_common_name(f, "api.credentials.certificateGen.commonName", c->certificate.common_name);
    check_oauth(f, c);
    check_length(f, "api.credentials.basic.username", c->basic.username, LIMIT_CREDENTIAL_BYTES);
    check_length(f, "api.credentials.basic.password", c->basic.password, LIMIT_CREDENTIAL_BYTES);
    check_length(f, "api.credentials.oauth.clientId", c->oauth.client_id, LIMIT_CREDENTIAL_BYTES);
    check_length(f, "api.credentials.oauth.clientSecret", c->oauth.client_secret, LIMIT_CREDENTIAL_BYTES);
    check_parameter_list(f, "api.credentials.oauth.requestParameters.headers", &c->oauth.parameters.headers,
                         true);
    check_parameter_list(f, "api.credentials.oauth.requestParameters.queryParameters",
                         &c->oauth.parameters.query, false);
    check_parameter_list(f, "api.credentials.headers", &c->extra.headers, true);
    check_parameter_list(f, "api.credentials.queryParameters", &c->extra.query, false);
}

static void check_specification_access(struct findings *f, const struct api_details *api)
{
    const struct credentials *c = &api->specification_credentials;
    check_length(f, "api.specificationUrl", api->specification_url, LIMIT_SERVICE_WORD);
    check_length(f, "api.specificationCredentials.basic.username", c->basic.username, LIMIT_CREDENTIAL_BYTES);
    check_length(f, "api.specificationCredentials.basic.password", c->basic.password, LIMIT_CREDENTIAL_BYTES);
    check_length(f, "api.specificationCredentials.oauth.clientId", c->oauth.client_id,
                 LIMIT_CREDENTIAL_BYTES);
    check_length(f, "api.specificationCredentials.oauth.clientSecret", c->oauth.client_secret,
                 LIMIT_CREDENTIAL_BYTES);
    check_parameter_list(f, "api.specificationRequestParameters.headers",
                         &api->specification_parameters.headers, true);
    check_parameter_list(f, "api.specificationRequestParameters.queryParameters",
                         &api->specification_parameters.query, false);
}

static void check_labels(struct findings *f, const struct service_details *d)
{
    if (d->label_count > LIMIT_LABELS)
        finding_printf(f, "labels: more than %d", LIMIT_LABELS);
    for (size_t i = 0; i < d->label_count && i < LIMIT_LABELS; i++) {
        char name[PLACE_TEXT];
        if (d->labels[i].name.n > LIMIT_LABEL_BYTES || d->labels[i].value.n > LIMIT_LABEL_BYTES)
            finding_printf(f, "%s: name or value is longer than %d bytes",
                           name_of("labels", d->labels[i].name, name), LIMIT_LABEL_BYTES);
    }
}

void check_limits(const struct service_details *d, struct findings *f)
{
    check_length(f, "provider", d->provider, LIMIT_SERVICE_WORD);
    check_length(f, "name", d->name, LIMIT_SERVICE_WORD);
    check_length(f, "description", d->description, LIMIT_SERVICE_TEXT);
    check_length(f, "shortDescription", d->short_description, LIMIT_SERVICE_WORD);
    check_length(f, "identifier", d->identifier, LIMIT_SERVICE_WORD);
    check_labels(f, d);
    check_length(f, "api.apiType", d->api.api_type, LIMIT_SERVICE_WORD);
    check_credentials(f, &d->api.credentials);
    check_parameter_list(f, "api.requestParameters.headers", &d->api.parameters.headers, true);
    check_parameter_list(f, "api.requestParameters.queryParameters", &d->api.parameters.query, false);
    check_specification_access(f, &d->api);
}
