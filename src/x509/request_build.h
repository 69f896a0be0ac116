/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The client's side of an enrolment: a certification request (PKCS#10, RFC 2986) with one's own key. Any
 * thread. */

#include "x509/keys.h"
#include "x509/name.h"

/*
 * Appends the request's DER: version 0, the name in the canonical order of name_encode, no attributes; signed
 * with SHA-256 (RSA, P-256), SHA-384 (P-384), SHA-512 (P-521) or Ed25519. E_INVALID for another kind of key;
 * E_NOMEM.
 */
struct status request_build(const struct name *subject, EVP_PKEY *key, struct buffer *out, struct error *err);

void key_free(EVP_PKEY *key); /* EVP_PKEY_free, for callers outside the fence; accepts NULL */
OWNABLE(EVP_PKEY, key_free);
