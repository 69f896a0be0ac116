/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of ca/ share. */

#include "ca/ca.h"
#include "ca/signer.h"
#include "x509/certificate.h"
#include "x509/lint.h"
#include "x509/template.h"

#define CA_BACKDATE_S           300            /* clocks of clients are wrong by minutes */
#define CA_LISTENER_VALIDITY_S  (90LL * 86400) /* a server certificate renews itself, so it may be short */
#define CA_CERTIFICATE_SIZE_MAX (64 * 1024)

struct ca {
    struct arena memory; /* everything below that is a slice */
    struct signer signer;
    struct certificate_fields certificate; /* of the signing CA */
    struct template client, server;
    struct text certificate_pem, root_pem, anchors_pem, subject;
    bool has_root;
    uint8_t fingerprint[SHA256_SIZE], root_fingerprint[SHA256_SIZE];
    char key_algorithm[16];
};

/* ca_made.c: the CA in the store, made when there is none. Both fill ca->signer and ca->certificate. */
struct status ca_open_stored(struct ca *ca, const struct ca_settings *settings, struct store *store,
                             struct vault *vault, struct error *err);
/* ca_supplied.c: the CA of ca.certificate_file and ca.key_file. `root_der` is empty without ca.root_file. */
struct status ca_open_supplied(struct ca *ca, const struct ca_settings *settings, struct bytes *root_der,
                               struct error *err);

/* sign.c: what every issued certificate goes through: write, lint, sign, assemble. */
struct ca_to_sign {
    const struct template *template;
    const struct signer *signer;
    const struct lint_context *lint;
    const struct template_fields *fields;
};
struct status ca_sign_certificate(const struct ca_to_sign *in, struct arena *a, struct buffer *out_der,
                                  struct error *err);
