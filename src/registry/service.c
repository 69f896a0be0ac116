/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/service.h"

enum credential_kind credential_kind_of(const struct credentials *c)
{
    if (c->basic.given)
        return CREDENTIAL_BASIC;
    if (c->oauth.given)
        return CREDENTIAL_OAUTH;
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
    }
    return "none";
}

const struct csrf_details *credential_csrf(const struct credentials *c)
{
    switch (credential_kind_of(c)) {
    case CREDENTIAL_NONE:
        break;
    case CREDENTIAL_BASIC:
        return &c->basic.csrf;
    case CREDENTIAL_OAUTH:
        return &c->oauth.csrf;
    case CREDENTIAL_CERTIFICATE:
        return &c->certificate.csrf;
    }
    return NULL;
}
