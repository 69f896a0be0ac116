/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A client's certificate that its own key signs, as Kyma's registry makes them for a service (contract 2.1):
 * key usage digitalSignature (critical), extended key usage clientAuth, nothing else. Others trust it by
 * itself; no chain leads to it. A random serial tells two of one subject apart. Any thread.
 */

#include <openssl/types.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "x509/name.h"

struct self_signed {
    const struct name *subject;    /* issuer, too */
    int64_t not_before, not_after; /* seconds; both written as they are */
};

/* Appends the certificate's DER. RSA signs with SHA-256; others as signature_algorithm_for. E_INVALID for a
 * key of another kind; E_BROKEN when a lint refuses what would be signed. */
struct status self_signed_build(const struct self_signed *in, EVP_PKEY *key, struct arena *a,
                                struct buffer *out, struct error *err);
