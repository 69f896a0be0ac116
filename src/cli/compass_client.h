/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The external system's side of Compass's Connector (contract, section 1): three GraphQL operations, with a
 * one-time token or with the certificate. Blocking. Texts live in the arena. One thread.
 */

#include "cli/enrol.h"

struct compass_door {
    const struct https_trust *trust;
    const struct https_identity *identity; /* the certificate; NULL = the token */
    struct text url;                       /* connectorURL, or certificateSecuredConnectorURL */
    struct text token;
};

struct compass_configuration {
    struct text token; /* the next one; empty when a certificate asked */
    struct text subject, key_algorithm;
    struct text director_url, connector_url; /* for the certificate */
};

/* What https_exchange says; E_DENIED: refused, with the server's words and the next step; E_INVALID: no
 * answer of a Connector. */
struct status compass_configure(const struct compass_door *door, struct arena *a,
                                struct compass_configuration *out, struct error *err);
/* What came back has been checked with enrol_check. */
struct status compass_sign(const struct compass_door *door, struct text subject, EVP_PKEY *key,
                           struct arena *a, struct enrol_answer *out, struct error *err);
struct status compass_revoke(const struct compass_door *door, struct arena *a, struct error *err);

/* The raw `result` of an answer's data: what the functions above make of a status and a body. */
struct status compass_result(int status, struct text body, struct arena *a, struct text *out,
                             struct error *err);
