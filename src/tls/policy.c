/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/policy.h"

#include <openssl/ssl.h>

/*
 * 2026-11. Forward secrecy and AEAD only; AES-128 first because it is the cheapest of equals. ECDHE with
 * AES-GCM is what OpenSSL 1.0.2 offers over TLS 1.2, so no CBC suite is needed for it. P-521 comes last: over
 * TLS 1.2 a client certificate's curve must be one of the groups (RFC 8422 5.1.1), and we issue certificates
 * for P-521 keys.
 */
static const struct tls_policy policies[] = {
    {
        .name = "2026-11",
        .min_version = TLS1_2_VERSION,
        .max_version = TLS1_3_VERSION,
        .ciphers_tls12 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                         "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                         "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305",
        .ciphersuites_tls13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
        .groups = "X25519:P-256:P-384:P-521",
        .signature_algorithms =
            "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ed25519:"
            "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
            "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
            "rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512",
    },
};

size_t tls_policy_count(void)
{
    return sizeof(policies) / sizeof(policies[0]);
}

const struct tls_policy *tls_policy_at(size_t i)
{
    return i < tls_policy_count() ? &policies[i] : NULL;
}

const struct tls_policy *tls_policy_find(struct text name)
{
    if (name.n == 0)
        return &policies[0];
    for (size_t i = 0; i < tls_policy_count(); i++)
        if (text_equal(name, text_of(policies[i].name)))
            return &policies[i];
    return NULL;
}
