/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * TLS policies: dated, immutable values. A change is a new row, never an edit;
 * tests/golden/tls_policy_<date>.txt holds what each offers in OpenSSL's words. The first one serves
 * OpenSSL 1.0.2 clients over TLS 1.2 (ECDHE with RSA or ECDSA).
 */

#include "base/bytes.h"

struct tls_policy {
    const char *name; /* "2026-11" */
    int min_version;  /* TLS1_2_VERSION */
    int max_version;
    const char *ciphers_tls12;
    const char *ciphersuites_tls13;
    const char *groups;
    const char *signature_algorithms;
};

const struct tls_policy *tls_policy_find(struct text name); /* empty = the newest; NULL when unknown */
size_t tls_policy_count(void);
const struct tls_policy *tls_policy_at(size_t i); /* newest first */
