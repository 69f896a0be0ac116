/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the Connector's schema and its resolvers share. Private to api/compass. */

#include "api/compass/internal.h"

struct connector_configuration {
    struct text token, subject, key_algorithm, subject_openssl, director_url, connector_url;
};

struct connector_certificates { /* base64 of PEM */
    struct text chain, ca, client;
};

graphql_resolver connector_configuration, connector_sign_request, connector_revoke_own;
