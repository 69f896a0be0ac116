/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/details.h"

/* What answers show (contract 1.5, 1.10): objects that would be empty are left out. */

static void put_parameters(struct json_out *j, const char *name, const struct parameter_list *l)
{
    if (l->count == 0)
        return;
    json_open_object(j, name);
    for (size_t i = 0; i < l->count; i++) {
        json_key(j, l->list[i].name);
        json_open_array(j, NULL);
        for (size_t k = 0; k < l->list[i].count; k++)
            json_text(j, NULL, l->list[i].values[k]);
        json_end(j);
    }
    json_end(j);
}

void put_request_parameters(struct json_out *j, const char *name, const struct request_parameters *p)
{
    if (p->headers.count == 0 && p->query.count == 0)
        return;
    json_open_object(j, name);
    put_parameters(j, "headers", &p->headers);
    put_parameters(j, "queryParameters", &p->query);
    json_end(j);
}

static void put_csrf(struct json_out *j, const struct csrf_details *csrf)
{
    if (!csrf->given)
        return;
    json_open_object(j, "csrfInfo");
    json_text(j, "tokenEndpointURL", csrf->token_url);
    json_end(j);
}

static void put_given(struct json_out *j, const char *name, struct text value)
{
    if (value.n > 0)
        json_text(j, name, value);
}

/* The contract's members first, then ours where they are given. */
static void put_oauth(struct json_out *j, const struct credentials *c)
{
    json_text(j, "url", c->oauth.url);
    json_text(j, "clientId", c->oauth.client_id);
    if (credential_kind_of(c) == CREDENTIAL_OAUTH)
        json_text(j, "clientSecret", c->oauth.client_secret);
    put_request_parameters(j, "requestParameters", &c->oauth.parameters);
    put_given(j, "clientAuthentication", c->oauth.client_authentication);
    put_given(j, "scope", c->oauth.scope);
    put_given(j, "audience", c->oauth.audience);
    put_given(j, "resource", c->oauth.resource);
    put_parameters(j, "formParameters", &c->oauth.form);
    put_given(j, "commonName", c->oauth.common_name);
    put_given(j, "certificate", c->oauth.certificate_pem);
    put_given(j, "key", c->oauth.key_pem);
}

static void put_method(struct json_out *j, const struct credentials *c)
{
    const enum credential_kind kind = credential_kind_of(c);
    if (kind == CREDENTIAL_NONE)
        return;
    json_open_object(j, c->oauth.given ? "oauth" : credential_kind_name(kind));
    if (c->oauth.given) {
        put_oauth(j, c);
    } else if (kind == CREDENTIAL_BASIC) {
        json_text(j, "username", c->basic.username);
        json_text(j, "password", c->basic.password);
    } else {
        json_text(j, "commonName", c->certificate.common_name);
        json_base64(j, "certificate", text_bytes(c->certificate.certificate_pem));
    }
    put_csrf(j, credential_csrf(c));
    json_end(j);
}

void put_credentials(struct json_out *j, const char *name, const struct credentials *c)
{
    if (credential_kind_of(c) == CREDENTIAL_NONE && c->extra.headers.count == 0 && c->extra.query.count == 0)
        return;
    json_open_object(j, name);
    put_parameters(j, "headers", &c->extra.headers); /* Kyma 1.2.0's, in the order of its tutorial */
    put_parameters(j, "queryParameters", &c->extra.query);
    put_method(j, c);
    json_end(j);
}

void put_labels(struct json_out *j, const char *name, const struct label *labels, size_t count)
{
    json_open_object(j, name);
    for (size_t i = 0; i < count; i++) {
        json_key(j, labels[i].name);
        json_text(j, NULL, labels[i].value);
    }
    json_end(j);
}

void put_documentation(struct json_out *j, const char *name, const struct documentation_details *d)
{
    json_open_object(j, name);
    json_text(j, "displayName", d->display_name);
    json_text(j, "description", d->description);
    json_text(j, "type", d->type);
    if (d->tags_given) {
        json_open_array(j, "tags");
        for (size_t i = 0; i < d->tag_count; i++)
            json_text(j, NULL, d->tags[i]);
        json_end(j);
    }
    if (d->docs_given) {
        json_open_array(j, "docs");
        for (size_t i = 0; i < d->doc_count; i++) {
            json_open_object(j, NULL);
            json_text(j, "title", d->docs[i].title);
            json_text(j, "type", d->docs[i].type);
            json_text(j, "source", d->docs[i].source);
            json_end(j);
        }
        json_end(j);
    }
    json_end(j);
}
