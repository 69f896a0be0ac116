/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a secret of a service holds: a few keys and values, as the cluster face shows them (contract 2.2).
 *
 *   credentials, Basic           username, password
 *   credentials, OAuth           clientId, clientSecret, [headers], [queryParameters], [formParameters]
 *   credentials, OAuthWithCert   clientId, [commonName], crt (PEM), key (PEM), and the lists of OAuth
 *   credentials, CertificateGen  commonName, crt (PEM), key (PEM)
 *   parameters                   [headers], [queryParameters], and for Kyma 1.2.0's fields
 *                                [credentialHeaders], [credentialQueryParameters]
 *
 * Headers, query and form parameters are JSON texts: an object whose members are arrays of strings, in the
 * order they were sent. Values are secret: they live in `bytes`, which is wiped with the struct. Fuzzed:
 * fuzz/targets/registry/secret_data_fuzz.c.
 */

#include "base/arena.h"
#include "base/error.h"
#include "base/secret.h"
#include "registry/service.h"
#include "store/registry.h"

#define SECRET_ITEMS_MAX 64
#define SECRET_BYTES_MAX (256 * 1024) /* of all values */

struct secret_item {
    struct text key;
    struct bytes value;
};
struct secret_data {
    struct secret bytes;                        /* the encoded form; items point into it */
    struct secret_item items[SECRET_ITEMS_MAX]; /* in the order they were added */
    size_t count;
};
void secret_data_release(struct secret_data *d);
OWNABLE_VALUE(struct secret_data, secret_data_release);

/* The encoded form: u8 count, then per item u8 key length, key, u32 value length, value. E_INVALID: too many
 * or too large, a key that is empty, longer than 255 octets or there twice. `out` must be empty. */
struct status secret_data_encode(const struct secret_item *items, size_t count, struct secret *out);
/* `bytes` is taken over, on failure too. E_BROKEN. */
struct status secret_data_decode(struct secret *bytes, struct secret_data *out);
struct bytes secret_data_get(const struct secret_data *d, const char *key); /* {NULL, 0} when absent */

/* What a registration puts into its secrets. E_NOT_FOUND: nothing (no secret of that slot). The pair of
 * certificateGen is made elsewhere (generated.h); that of OAuth is in `c`, whoever made it. */
struct status secret_data_of_credentials(const struct credentials *c, struct secret_data *out);
struct status secret_data_of_parameters(const struct api_details *api, struct secret_data *out);

/*
 * Names (contract 1.14, 1.19, 2.2). The listed name is "app-{app}-{id}" ("params-app-{app}-{id}" for
 * parameters); the others are accepted: {app} cut to 22 characters, "{app}-{id}", that cut to 26, and
 * "params-{resource}" cut to 63. Characters are octets, but none of UTF-8 is cut in its middle. {NULL, 0}
 * when out of memory.
 */
struct text secret_name(enum secret_slot slot, struct text application,
                        const uint8_t id[static SERVICE_ID_SIZE], struct arena *a);
/*
 * Slot and id of any of the forms; the caller then checks it against the service's application with
 * secret_name_fits. When it does not fit that slot it may still fit the other: "params-x-{id}" is also an
 * older name of the credentials of an application "params-x". A name cut to 63 characters lacks the end of
 * its id, and the store finds services by a whole one: false.
 */
bool secret_name_parse(struct text name, enum secret_slot *out_slot, uint8_t out_id[static SERVICE_ID_SIZE]);
bool secret_name_fits(struct text name, enum secret_slot slot, struct text application,
                      const uint8_t id[static SERVICE_ID_SIZE]);
/* The resource name of Kyma 1.15: "{app cut to 26}-{id}". */
struct text resource_name(struct text application, const uint8_t id[static SERVICE_ID_SIZE], struct arena *a);
