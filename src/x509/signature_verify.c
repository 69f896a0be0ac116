/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/signature.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "base/digest.h"
#include "x509/crypto.h"
#include "x509/keys.h"

/* Algorithms fetched once for the life of the process: a fetch takes the library's lock. */
static struct {
    pthread_once_t once;
    EVP_MD *sha384, *sha512;
} digests = {.once = PTHREAD_ONCE_INIT};

static void fetch_digests(void)
{
    digests.sha384 = EVP_MD_fetch(NULL, "SHA384", NULL);
    digests.sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
    must(digests.sha384 && digests.sha512);
}

static const char *const digest_names[] = {"SHA256", "SHA384", "SHA512"};

static unsigned digest_index(enum signature_algorithm algorithm)
{
    must(algorithm < SIGNATURE_ED25519);
    return (unsigned)algorithm % 3; /* each family stands in the order 256, 384, 512 */
}

size_t signature_digest(enum signature_algorithm algorithm, struct bytes message,
                        uint8_t out[static SIGNATURE_DIGEST_MAX])
{
    unsigned index = digest_index(algorithm);
    if (index == 0) {
        sha256(message, out);
        return SHA256_SIZE;
    }
    pthread_once(&digests.once, fetch_digests);
    unsigned size = 0;
    must(EVP_Digest(message.p, message.n, out, &size, index == 1 ? digests.sha384 : digests.sha512, NULL) ==
         1);
    return size;
}

/*
 * EVP_PKEY_verify over a digest made here, rather than EVP_DigestVerify: that one makes and drops a digest
 * context for each call.
 */
static bool verify_digest(enum signature_algorithm algorithm, EVP_PKEY *key, struct bytes message,
                          struct bytes signature)
{
    OWNED(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    char *digest_name = (char *)(uintptr_t)digest_names[digest_index(algorithm)];
    bool is_pss = algorithm >= SIGNATURE_PSS_SHA256 && algorithm <= SIGNATURE_PSS_SHA512;
    OSSL_PARAM params[5], *p = params;
    *p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, digest_name, 0);
    if (is_pss) {
        static char pss[] = OSSL_PKEY_RSA_PAD_MODE_PSS, salt[] = OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST;
        *p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, pss, 0);
        *p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, salt, 0);
        *p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, digest_name, 0);
    }
    *p = OSSL_PARAM_construct_end();
    if (!ctx || EVP_PKEY_verify_init_ex(ctx, params) != 1)
        return false;
    uint8_t digest[SIGNATURE_DIGEST_MAX];
    size_t digest_size = signature_digest(algorithm, message, digest);
    return EVP_PKEY_verify(ctx, signature.p, signature.n, digest, digest_size) == 1;
}

static bool verify_message(EVP_PKEY *key, struct bytes message, struct bytes signature)
{
    OWNED(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    return ctx && EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key, NULL) == 1 &&
           EVP_DigestVerify(ctx, signature.p, signature.n, message.p, message.n) == 1;
}

struct status signature_verify(enum signature_algorithm algorithm, const struct spki *key,
                               struct bytes message, struct bytes signature, struct error *err)
{
    if (!signature_algorithm_fits(algorithm, key->kind))
        return error_set(err, E_INVALID, "the signature algorithm does not belong to the key");
    OWNED(EVP_PKEY_free) EVP_PKEY *pkey = NULL;
    TRY(key_from_spki(key, &pkey, err));
    bool good = algorithm == SIGNATURE_ED25519 ? verify_message(pkey, message, signature)
                                               : verify_digest(algorithm, pkey, message, signature);
    if (good)
        return DONE;
    struct status s = crypto_failed(NULL, E_INVALID, "");
    return error_set(err, s.code, "the signature does not fit the key");
}
