/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/service.h"

enum credential_kind credential_kind_of(const struct credentials *c)
{
    if (c->basic.given)
        return CREDENTIAL_BASIC;
    if (c->oauth.given)
        return text_equal(c->oauth.client_authentication, TEXT("certificate")) ? CREDENTIAL_OAUTH_CERTIFICATE
                                                                               : CREDENTIAL_OAUTH;
    if (c->certificate.given && c->certificate.common_name.n > 0)
        return CREDENTIAL_CERTIFICATE;
    return CREDENTIAL_NONE;
}

const char *credential_kind_name(enum credential_kind k)
{
    switch (k) {
    case CREDENTIAL_NONE:
        break;
    case CREDENTIAL_BASIC:
        return "basic";
    case CREDENTIAL_OAUTH:
        return "oauth";
    case CREDENTIAL_CERTIFICATE:
        return "certificateGen";
    case CREDENTIAL_OAUTH_CERTIFICATE:
        return "oauthCertificate";
    }
    return "none";
}

bool client_authentication_read(struct text t, enum client_authentication *out)
{
    static const struct text words[] = {
        [CLIENT_BOTH] = TEXT_INIT("both"),
        [CLIENT_HEADER] = TEXT_INIT("header"),
        [CLIENT_BODY] = TEXT_INIT("body"),
        [CLIENT_CERTIFICATE] = TEXT_INIT("certificate"),
    };
    *out = CLIENT_BOTH;
    if (t.n == 0)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_equal(t, words[i])) {
            *out = (enum client_authentication)i;
            return true;
        }
    }
    return false;
}

bool credential_has_pair(enum credential_kind k)
{
    return k == CREDENTIAL_CERTIFICATE || k == CREDENTIAL_OAUTH_CERTIFICATE;
}

const struct csrf_details *credential_csrf(const struct credentials *c)
{
    switch (credential_kind_of(c)) {
    case CREDENTIAL_NONE:
        break;
    case CREDENTIAL_BASIC:
        return &c->basic.csrf;
    case CREDENTIAL_OAUTH:
    case CREDENTIAL_OAUTH_CERTIFICATE:
        return &c->oauth.csrf;
    case CREDENTIAL_CERTIFICATE:
        return &c->certificate.csrf;
    }
    return NULL;
}
