/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/bundles.h"

#include "base/json_out.h"
#include "base/own.h"
#include "registry/secret_data.h"
#include "registry/target.h"

/* Auth (contract 2.2): its structure for everybody, its values for who may see them. */

bool bundles_clear(const struct director_context *who, struct text application)
{
    if (who->consumer == CONSUMER_APPLICATION)
        return who->application.n > 0 && text_equal(who->application, application);
    return who->consumer == CONSUMER_RUNTIME || who->bearer;
}

struct text bundles_url(struct arena *a, struct text url, bool clear)
{
    return clear || !url.p ? url : registry_url_without_user(url, a);
}

static struct text shown(struct text value, bool clear)
{
    return clear && value.p ? value : TEXT(CREDENTIAL_MASK);
}

#define LIST_BYTES_MAX (6u * SECRET_BYTES_MAX) /* as JSON an octet is six, a short value a mask */

/* {"Name":["value"]}, or null when there is none (contract 2.4). */
static struct status write_list(struct graphql_call *call, const struct parameter_list *l, bool clear,
                                struct text *out)
{
    if (l->count == 0)
        return DONE;
    struct buffer b;
    struct json_out j;
    buffer_init(&b, LIST_BYTES_MAX);
    json_out_init(&j, &b);
    json_open_object(&j, NULL);
    for (size_t i = 0; i < l->count; i++) {
        json_key(&j, l->list[i].name);
        json_open_array(&j, NULL);
        for (size_t k = 0; k < l->list[i].count; k++)
            json_text(&j, NULL, shown(l->list[i].values[k], clear));
        json_end(&j);
    }
    json_end(&j);
    const struct status s = buffer_status(&b);
    if (status_ok(s))
        *out = arena_text(call->arena, buffer_as_text(&b));
    buffer_wipe(&b);
    buffer_release(&b);
    return status_ok(s) && !out->p ? STATUS(NOMEM) : s;
}

/* A pair that is made here (certificateGen) is no kind of the union: its name is in certCommonName. */
static struct credential_view show_credential(struct arena *a, const struct credentials *c, bool clear)
{
    const enum credential_kind kind = credential_kind_of(c);
    if (kind == CREDENTIAL_BASIC)
        return (struct credential_view){.type = "BasicCredentialData",
                                        .user = shown(c->basic.username, clear),
                                        .secret = shown(c->basic.password, clear)};
    if (kind == CREDENTIAL_OAUTH)
        return (struct credential_view){.type = "OAuthCredentialData",
                                        .user = shown(c->oauth.client_id, clear),
                                        .secret = shown(c->oauth.client_secret, clear),
                                        .url = bundles_url(a, c->oauth.url, clear)};
    if (kind == CREDENTIAL_OAUTH_CERTIFICATE)
        return (struct credential_view){.type = "CertificateOAuthCredentialData",
                                        .user = shown(c->oauth.client_id, clear),
                                        .secret = shown(c->oauth.certificate_pem, clear),
                                        .url = bundles_url(a, c->oauth.url, clear)};
    return (struct credential_view){.type = NULL};
}

struct status bundles_show_auth(struct graphql_call *call, const struct bundle_auth *auth, bool clear,
                                struct graphql_value *out)
{
    if (!auth->given)
        return DONE;
    struct auth_shown *v = arena_alloc(call->arena, sizeof *v);
    const struct csrf_details *csrf = credential_csrf(&auth->credentials);
    if (!v)
        return STATUS(NOMEM);
    v->access_strategy = director_or_null(auth->access_strategy);
    v->common_name = auth->certificate_common_name.p ? auth->certificate_common_name : TEXT("");
    if (v->common_name.n == 0 && credential_kind_of(&auth->credentials) == CREDENTIAL_CERTIFICATE)
        v->common_name = auth->credentials.certificate.common_name;
    v->csrf_url =
        csrf && csrf->given ? bundles_url(call->arena, csrf->token_url, clear) : (struct text){NULL, 0};
    v->credential = show_credential(call->arena, &auth->credentials, clear);
    TRY(write_list(call, &auth->parameters.headers, clear, &v->headers));
    TRY(write_list(call, &auth->parameters.query, clear, &v->query));
    *out = graphql_object(v);
    return DONE;
}

/* ---- the fields of Auth that are no texts ---- */

struct status bundles_credential(struct graphql_call *call, struct graphql_value *out)
{
    const struct credential_view *v = &((const struct auth_shown *)call->object)->credential;
    if (v->type)
        *out = graphql_object_as(v->type, v);
    return DONE;
}

struct status bundles_csrf(struct graphql_call *call, struct graphql_value *out)
{
    const struct auth_shown *v = call->object;
    if (v->csrf_url.p)
        *out = graphql_object(v);
    return DONE;
}
