/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Checks of a TBSCertificate before it is signed, over its DER and with the reader, not the writer's
 * variables: what a mistake in the template or in a caller would put into the world. Boulder does the same
 * with zlint. Each lint has a name, and a test that makes it fail.
 */

#include "x509/certificate.h"
#include "x509/template.h"

struct lint_context {
    enum certificate_profile profile;
    struct bytes algorithm;     /* AlgorithmIdentifier that the signer will use */
    struct bytes issuer;        /* Name DER of the signing CA */
    struct bytes issuer_key_id; /* its subject key identifier; may be empty */
    int64_t issuer_not_before, issuer_not_after;
};

/* DONE, or E_BROKEN with "lint <name>: <what is wrong>". */
struct status lint_tbs(const struct lint_context *context, struct bytes tbs, struct arena *a,
                       struct error *err);
/* The same over fields already read; for tests. */
struct status lint_fields(const struct lint_context *context, const struct certificate_fields *c,
                          struct error *err);

size_t lint_count(void);
const char *lint_name(size_t index);
