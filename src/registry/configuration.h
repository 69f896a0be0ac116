/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The keys of a kept secret and its CONFIGURATION (contract 3.3):
 *
 *   {"credentials": {"clientId","clientSecret","tokenUrl","requestParameters"} | {"username","password"}
 *                 | {"certificate","privateKey"},
 *    "csrfConfig": {"tokenUrl"}, "requestParameters": {"headers","queryParameters"}}
 *
 * Ours, beside clientId: "clientAuthentication", "scope", "audience", "resource", "formParameters", and with
 * "certificate" as the first of them "certificate" and "privateKey" in place of the secret (service.h). Names
 * have no case and unknown ones are ignored, as in the original. Certificate and key are base64 of PEM, or
 * PEM.
 */

#include "base/arena.h"
#include "base/error.h"
#include "registry/service.h"

#define CONFIGURATION_TARGET_SUFFIX "_TARGET_URL" /* behind the API's name in capitals */
#define CONFIGURATION_TYPE_KEY      "CREDENTIALS_TYPE"
#define CONFIGURATION_KEY           "CONFIGURATION"

struct configuration {
    struct credentials credentials; /* one method or none is given, by CREDENTIALS_TYPE */
    struct csrf_details csrf;       /* with any method, none included */
    struct request_parameters parameters;
    struct text chain_pem, key_pem;
};
/*
 * `type` and `json` are the values of the keys, empty when absent; all that is kept borrows from `json` or is
 * in the arena. E_INVALID: not JSON, a value of another type, a method without its values, or what a
 * registration would be refused for.
 */
struct status configuration_read(struct text type, struct text json, struct arena *a,
                                 struct configuration *out, struct error *err);
