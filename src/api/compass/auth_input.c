/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/bundles.h"

#include "base/json_scan.h"
#include "registry/decode_values.h"

/* AuthInput (contract 2.3) in the registry's words; what its values must be the registry says. */

static struct text given(const struct graphql_given *in, const char *member)
{
    return graphql_given_text(graphql_given_member(in, member));
}

/* ---- headers and query parameters ---- */

static bool is_mask(struct text value)
{
    return text_equal(value, TEXT(CREDENTIAL_MASK));
}

/* Who was not shown them gives them back as they looked. */
static struct status no_masks(struct graphql_call *call, const struct parameter_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        for (size_t k = 0; k < l->list[i].count; k++)
            if (is_mask(l->list[i].values[k]))
                return bundles_invalid(call,
                                       "headers and query parameters are replaced as a whole: send their "
                                       "values in place of " CREDENTIAL_MASK);
    return DONE;
}

/* The serialized form wins (contract 2.3); both are {"Name": ["value", ...]}. */
static struct status read_list(struct graphql_call *call, const struct graphql_given *in, const char *plain,
                               const char *serialized, struct request_parameters *all,
                               struct parameter_list *out)
{
    const struct director_context *who = call->context;
    const bool as_text = graphql_is_given(graphql_given_member(in, serialized));
    const struct text json = given(in, as_text ? serialized : plain);
    struct error *err = &who->c->err;
    const struct place at = {.name = text_of(as_text ? serialized : plain)};
    struct decoding d = {.a = call->arena, .err = err, .items_left = DECODE_ITEMS_MAX};
    if (!json.p)
        return DONE;
    struct json_position where;
    struct status s = json_scan(json, &where);
    if (status_ok(s)) {
        struct json_cursor c = json_cursor_at(json);
        s = decode_parameters(&d, &at, &c, out, &all->given);
    } else {
        char words[JSON_POSITION_TEXT];
        s = error_set(err, E_INVALID, "%.*s is not JSON: %.*s", TEXT_ARG(at.name),
                      TEXT_ARG(json_position_text(&where, words)));
    }
    return status_ok(s) ? no_masks(call, out) : bundles_refuse(call, s, "", TEXT(""));
}

static struct status read_parameters(struct graphql_call *call, const struct graphql_given *in,
                                     struct request_parameters *out)
{
    TRY(read_list(call, in, "additionalHeaders", "additionalHeadersSerialized", out, &out->headers));
    return read_list(call, in, "additionalQueryParams", "additionalQueryParamsSerialized", out, &out->query);
}

/* ---- credentials ---- */

struct status bundles_no_hidden_url(struct graphql_call *call, struct text url)
{
    const size_t scheme = text_find(url, ':');
    if (text_starts_with(text_from(url, scheme), TEXT("://***:***@")))
        return bundles_invalid(call, "a URL has ***:*** in the place of user and password: send them");
    return DONE;
}

/* Which of them are given is the registry's to judge, but for two that are one kind to it. */
static struct status read_credential(struct graphql_call *call, const struct graphql_given *in, bool keeps,
                                     struct credentials *out)
{
    const struct graphql_given *basic = graphql_given_member(in, "basic");
    const struct graphql_given *oauth = graphql_given_member(in, "oauth");
    const struct graphql_given *certificate = graphql_given_member(in, "certificateOAuth");
    const int count = graphql_is_given(basic) + graphql_is_given(oauth) + graphql_is_given(certificate);
    if (graphql_is_given(in) && count != 1)
        return bundles_invalid(call, "credential: exactly one of basic, oauth and certificateOAuth is given");
    if (graphql_is_given(basic)) {
        out->basic.given = true;
        out->basic.username = given(basic, "username");
        out->basic.password = given(basic, "password");
    } else if (count == 1) {
        const bool mutual = graphql_is_given(certificate);
        const struct graphql_given *from = mutual ? certificate : oauth;
        out->oauth.given = true;
        out->oauth.url = given(from, "url");
        out->oauth.client_id = given(from, "clientId");
        out->oauth.client_secret = given(from, "clientSecret");
        if (mutual) { /* the registry takes chain and key apart */
            out->oauth.client_authentication = TEXT("certificate");
            out->oauth.certificate_pem = given(from, "certificate");
        }
    }
    out->given = count == 1;
    TRY(bundles_no_hidden_url(call, out->oauth.url));
    if (!keeps &&
        (is_mask(out->basic.username) || is_mask(out->basic.password) || is_mask(out->oauth.client_id) ||
         is_mask(out->oauth.client_secret) || is_mask(out->oauth.certificate_pem)))
        return bundles_invalid(call,
                               "credential: a value is " CREDENTIAL_MASK ", but there is nothing to keep");
    return DONE;
}

/* The token is fetched with the API's own credentials: another set for it has no place in the registry. */
static struct status read_csrf(struct graphql_call *call, const struct graphql_given *in,
                               struct credentials *out)
{
    static const char *const own[] = {"credential", "additionalHeaders", "additionalHeadersSerialized",
                                      "additionalQueryParams", "additionalQueryParamsSerialized"};
    const struct graphql_given *csrf = graphql_given_member(in, "csrf");
    if (!graphql_is_given(in))
        return DONE;
    if (!graphql_is_given(csrf))
        return bundles_invalid(call, "requestAuth: csrf cannot be blank");
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (graphql_is_given(graphql_given_member(csrf, own[i])))
            return bundles_invalid(call,
                                   "requestAuth.csrf has no credentials, headers or query parameters of "
                                   "its own: its token is fetched with those of the API");
    if (!out->given)
        return bundles_invalid(call, "requestAuth needs a credential: the CSRF token is fetched with it");
    struct csrf_details *to = out->basic.given ? &out->basic.csrf : &out->oauth.csrf;
    *to = (struct csrf_details){.given = true, .token_url = given(csrf, "tokenEndpointURL")};
    return bundles_no_hidden_url(call, to->token_url);
}

struct status bundles_read_auth(struct graphql_call *call, const struct graphql_given *in, bool keeps,
                                struct bundle_auth *out)
{
    *out = (struct bundle_auth){.given = graphql_is_given(in)};
    if (!out->given)
        return DONE;
    out->access_strategy = given(in, "accessStrategy");
    out->certificate_common_name = given(in, "certCommonName");
    TRY(read_parameters(call, in, &out->parameters));
    TRY(read_credential(call, graphql_given_member(in, "credential"), keeps, &out->credentials));
    return read_csrf(call, graphql_given_member(in, "requestAuth"), &out->credentials);
}
