/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The external system's side of an enrolment or a renewal, over any URL of the three kinds (applications,
 * runtimes, remote environments): key and request, the exchange, and the check of what came back. Nothing
 * touches the disk here. Texts live in the arena.
 */

#include "cli/https_client.h"
#include "x509/certificate.h"
#include "x509/request_build.h"

#define ENROL_CHAIN_MAX 8

struct enrol_answer {
    struct text leaf_pem;  /* client.crt */
    struct text chain_pem; /* chain.crt: leaf, then the CAs in the order in which they issued */
    struct text ca_pem;    /* ca.crt: the same without the leaf */
    struct certificate_fields chain[ENROL_CHAIN_MAX]; /* leaf first */
    size_t count;
    char fingerprint[2 * SHA256_SIZE + 1]; /* of the leaf */
};

/* GET. E_... of https_exchange; a status that is not 200 becomes an error with the server's words. The JSON
 * lives in the arena. */
struct status enrol_get(const struct https_trust *trust, const struct https_identity *identity,
                        struct text url, struct arena *a, struct text *out_json, struct error *err);

/* The request for `key` and `subject`: base64 of its PEM, one line; `out` was initialised. */
struct status enrol_request(struct text subject, EVP_PKEY *key, struct arena *a, struct buffer *out,
                            struct error *err);
/* POST {"csr": ...} with `key` and `subject`; 201 is expected, then checked with enrol_check. */
struct status enrol_sign(const struct https_trust *trust, const struct https_identity *identity,
                         struct text url, struct text subject, EVP_PKEY *key, struct arena *a,
                         struct enrol_answer *out, struct error *err);

/*
 * What a server's answer must be: certificates in PEM inside base64; the leaf holds our key and the wanted
 * CN; each is signed by the next one, which is a CA; the leaf is valid now. E_INVALID says what is not so.
 */
struct enrol_members {
    const char *chain, *ca; /* `ca` is looked at when the chain is the leaf alone */
};
extern const struct enrol_members enrol_kyma, enrol_compass;
struct status enrol_check(struct text json, const struct enrol_members *members, EVP_PKEY *key,
                          struct text subject, struct arena *a, struct enrol_answer *out, struct error *err);
