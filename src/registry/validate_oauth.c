/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/findings.h"

#include "base/limits.h"

/*
 * How a token endpoint is asked, beyond the contract. Words that no endpoint could make sense of are refused
 * here, where somebody reads the message.
 */

#define OAUTH(member) "api.credentials.oauth." member

static void refuse_given(struct findings *f, struct text value, const char *what, const char *why)
{
    if (value.p)
        finding_printf(f, "%s is not used %s", what, why);
}

/* RFC 6749 3.3: scope-token *( SP scope-token ), %x21 / %x23-5B / %x5D-7E. */
static bool is_scope(struct text scope)
{
    bool word = false;
    for (size_t i = 0; i < scope.n; i++) {
        const char c = scope.p[i];
        const bool space = c == ' ';
        if ((space && !word) || (!space && (c <= ' ' || c >= 0x7f || c == '"' || c == '\\')))
            return false;
        word = !space;
    }
    return word;
}

/* RFC 8707 2: an absolute URI without a fragment. */
static bool is_resource(struct text resource)
{
    const size_t colon = text_find(resource, ':');
    for (size_t i = 0; i < resource.n; i++) {
        const char c = resource.p[i];
        if (c <= ' ' || c >= 0x7f || c == '#')
            return false;
    }
    return colon > 0 && colon + 1 < resource.n;
}

static void check_words(struct findings *f, const struct credentials *c)
{
    if (c->oauth.scope.n > 0 && !is_scope(c->oauth.scope))
        finding(f, OAUTH("scope") " has words of printable ASCII without \" and \\, one space between them");
    if (has_control_character(c->oauth.audience, false))
        finding(f, OAUTH("audience") " has no control characters");
    if (c->oauth.resource.n > 0 && !is_resource(c->oauth.resource))
        finding(f, OAUTH("resource") " must be an absolute URI without a fragment (RFC 8707)");
    check_length(f, OAUTH("scope"), c->oauth.scope, LIMIT_SERVICE_WORD);
    check_length(f, OAUTH("audience"), c->oauth.audience, LIMIT_SERVICE_WORD);
    check_length(f, OAUTH("resource"), c->oauth.resource, LIMIT_SERVICE_WORD);
}

/* A form field that is there twice means what the endpoint likes. */
static void check_form(struct findings *f, const struct credentials *c)
{
    static const struct {
        struct text name;
        size_t member; /* offset of the text that says it; 0: it is always ours */
    } ours[] = {
        {TEXT_INIT("client_id"), 0},
        {TEXT_INIT("client_secret"), 0},
        {TEXT_INIT("grant_type"), 0},
        {TEXT_INIT("scope"), offsetof(struct credentials, oauth.scope)},
        {TEXT_INIT("audience"), offsetof(struct credentials, oauth.audience)},
        {TEXT_INIT("resource"), offsetof(struct credentials, oauth.resource)},
    };
    check_parameter_list(f, OAUTH("formParameters"), &c->oauth.form, false);
    for (size_t i = 0; i < c->oauth.form.count; i++) {
        const struct text name = c->oauth.form.list[i].name;
        if (name.n == 0)
            finding(f, OAUTH("formParameters") " has an empty name");
        for (size_t k = 0; k < sizeof ours / sizeof ours[0]; k++) {
            const struct text *said = (const struct text *)((const char *)c + ours[k].member);
            if (text_equal(name, ours[k].name) && (ours[k].member == 0 || said->n > 0))
                finding_printf(f, OAUTH("formParameters.") "%s: this field is sent already", ours[k].name.p);
        }
    }
}

/* A pair is made for a name, or it is there; never both. */
static void check_certificate(struct findings *f, const struct credentials *c)
{
    const bool own = c->oauth.certificate_pem.n > 0 && c->oauth.key_pem.n > 0;
    if (!text_starts_with(c->oauth.url, TEXT("https://")))
        finding(f, OAUTH("url") " must be https: a certificate is shown in the TLS handshake");
    refuse_given(f, c->oauth.client_secret, OAUTH("clientSecret"),
                 "with clientAuthentication \"certificate\"");
    if (c->oauth.common_name.n > 0)
        refuse_given(f, c->oauth.key_pem, OAUTH("key"), "with commonName: the pair is made here");
    else if (!own)
        finding(f, OAUTH("commonName") ", for a pair that is made here, or certificate and key are missing");
    check_common_name(f, OAUTH("commonName"), c->oauth.common_name);
}

void check_oauth(struct findings *f, const struct credentials *c)
{
    static const char *const only = "without clientAuthentication \"certificate\"";
    enum client_authentication how;
    if (!c->oauth.given)
        return;
    check_words(f, c);
    check_form(f, c);
    if (!client_authentication_read(c->oauth.client_authentication, &how)) {
        finding(f, OAUTH("clientAuthentication") " must be both, header, body or certificate");
    } else if (how == CLIENT_CERTIFICATE) {
        check_certificate(f, c);
    } else {
        refuse_given(f, c->oauth.common_name, OAUTH("commonName"), only);
        refuse_given(f, c->oauth.certificate_pem, OAUTH("certificate"), only);
        refuse_given(f, c->oauth.key_pem, OAUTH("key"), only);
    }
}
