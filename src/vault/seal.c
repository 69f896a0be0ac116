/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/seal.h"

#include <limits.h>
#include <openssl/evp.h>

#include "base/random.h"
#include "base/reader.h"

#define HEADER_SIZE 8
#define NONCE_SIZE  12
#define TAG_SIZE    16
#define OVERHEAD    (HEADER_SIZE + NONCE_SIZE + TAG_SIZE)

OWNABLE(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free);

static const struct text magic = TEXT_INIT("FLV1");

bool seal_recognise(struct bytes value, uint32_t *out_key_number)
{
    struct reader r = reader_of(value);
    struct bytes start = reader_take(&r, magic.n);
    uint32_t number = reader_u32(&r);
    (void)reader_take(&r, NONCE_SIZE + TAG_SIZE);
    if (r.failed || !bytes_equal(start, text_bytes(magic)))
        return false;
    *out_key_number = number;
    return true;
}

/* Key, nonce and associated data, the same for both directions. NULL when OpenSSL refuses, which only lack of
 * memory explains. */
static EVP_CIPHER_CTX *begin(const uint8_t *key, const uint8_t *nonce, const uint8_t *header,
                             struct text name, int encrypt)
{
    OWNED(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;
    if (!ctx || EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce, encrypt) != 1 ||
        EVP_CipherUpdate(ctx, NULL, &n, header, HEADER_SIZE) != 1 ||
        EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *)name.p, (int)name.n) != 1)
        return NULL;
    return TAKE(ctx);
}

static bool fits(struct text name, struct bytes value)
{
    return name.n > 0 && name.n <= INT_MAX && value.n <= INT_MAX - OVERHEAD;
}

struct status seal_encrypt(const uint8_t key[static VAULT_KEY_SIZE], uint32_t key_number, struct text name,
                           struct bytes plain, struct buffer *out)
{
    if (!fits(name, plain))
        return STATUS(INVALID);
    uint8_t *p = buffer_reserve(out, OVERHEAD + plain.n);
    if (!p)
        return buffer_status(out);
    memcpy(p, magic.p, magic.n);
    for (int i = 0; i < 4; i++)
        p[4 + i] = (uint8_t)(key_number >> (24 - 8 * i));
    uint8_t *nonce = p + HEADER_SIZE, *body = nonce + NONCE_SIZE;
    random_bytes(nonce, NONCE_SIZE);
    OWNED(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *ctx = begin(key, nonce, p, name, 1);
    int n = 0, last = 0;
    if (!ctx || (plain.n > 0 && EVP_CipherUpdate(ctx, body, &n, plain.p, (int)plain.n) != 1) ||
        EVP_CipherFinal_ex(ctx, body + n, &last) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, body + plain.n) != 1)
        return STATUS(NOMEM);
    buffer_commit(out, OVERHEAD + plain.n);
    return DONE;
}

struct status seal_decrypt(const uint8_t key[static VAULT_KEY_SIZE], struct text name, struct bytes sealed,
                           struct secret *out)
{
    uint32_t number = 0;
    if (!seal_recognise(sealed, &number) || !fits(name, sealed))
        return STATUS(BROKEN);
    const uint8_t *nonce = sealed.p + HEADER_SIZE;
    struct bytes body = {nonce + NONCE_SIZE, sealed.n - OVERHEAD};
    uint8_t tag[TAG_SIZE]; /* OpenSSL takes it by a pointer that is not const */
    memcpy(tag, body.p + body.n, TAG_SIZE);
    OWNED(secret_release) struct secret plain = {0};
    TRY(secret_alloc(&plain, body.n));
    OWNED(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *ctx = begin(key, nonce, sealed.p, name, 0);
    uint8_t end[TAG_SIZE];
    int n = 0, last = 0;
    if (!ctx || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) != 1)
        return STATUS(NOMEM);
    if ((body.n > 0 && EVP_CipherUpdate(ctx, plain.p, &n, body.p, (int)body.n) != 1) ||
        EVP_CipherFinal_ex(ctx, end, &last) != 1)
        return STATUS(BROKEN);
    *out = plain;
    plain = (struct secret){0};
    return DONE;
}
