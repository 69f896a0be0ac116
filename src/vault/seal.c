/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/seal.h"

#include <limits.h>
#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/reader.h"

#define HEADER_SIZE 8
#define NONCE_SIZE  12
#define TAG_SIZE    16
static_assert(SEAL_OVERHEAD == HEADER_SIZE + NONCE_SIZE + TAG_SIZE);

OWNABLE(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free);

static const struct text magic = TEXT_INIT("FLV1");

/* ---- contexts ---- */

static const EVP_CIPHER *cipher;
static pthread_once_t cipher_once = PTHREAD_ONCE_INIT;

/* Once: the EVP_aes_256_gcm() of each init would be looked up under the library's lock. For the process's
 * life. */
static void fetch_cipher(void)
{
    cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
}

/* NULL when OpenSSL refuses, which only lack of memory explains. */
static EVP_CIPHER_CTX *new_context(const struct seal_key *k)
{
    (void)pthread_once(&cipher_once, fetch_cipher);
    OWNED(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (!ctx || EVP_CipherInit_ex2(ctx, cipher ? cipher : EVP_aes_256_gcm(), k->bytes.p, NULL, 1, NULL) != 1)
        return NULL;
    return TAKE(ctx);
}

static EVP_CIPHER_CTX *take_context(struct seal_key *k)
{
    must(pthread_mutex_lock(&k->lock) == 0);
    EVP_CIPHER_CTX *ctx = k->idle_count > 0 ? k->idle[--k->idle_count] : NULL;
    must(pthread_mutex_unlock(&k->lock) == 0);
    return ctx ? ctx : new_context(k);
}

/* Only after success: whatever a failure left in a context goes with it. */
static void give_context(struct seal_key *k, EVP_CIPHER_CTX *ctx)
{
    must(pthread_mutex_lock(&k->lock) == 0);
    bool kept = k->idle_count < SEAL_CONTEXTS_MAX;
    if (kept)
        k->idle[k->idle_count++] = ctx;
    must(pthread_mutex_unlock(&k->lock) == 0);
    if (!kept)
        EVP_CIPHER_CTX_free(ctx);
}

struct status seal_key_new(uint32_t number, struct secret *bytes, struct seal_key **out)
{
    OWNED(secret_release) struct secret taken = *bytes;
    *bytes = (struct secret){0};
    if (taken.n != VAULT_KEY_SIZE)
        return STATUS(INVALID);
    struct seal_key *k = mem_alloc(sizeof *k);
    if (!k)
        return STATUS(NOMEM);
    k->number = number;
    k->bytes = taken;
    taken = (struct secret){0};
    must(pthread_mutex_init(&k->lock, NULL) == 0);
    *out = k;
    return DONE;
}

void seal_key_free(struct seal_key *k)
{
    if (!k)
        return;
    while (k->idle_count > 0)
        EVP_CIPHER_CTX_free(k->idle[--k->idle_count]); /* the provider wipes the key schedule */
    secret_release(&k->bytes);
    must(pthread_mutex_destroy(&k->lock) == 0);
    mem_free(k);
}

/* ---- values ---- */

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

/* Nonce and associated data, the same for both directions; the key is there already. */
static bool begin(EVP_CIPHER_CTX *ctx, const uint8_t *nonce, const uint8_t *header, struct text name,
                  int encrypt)
{
    int n = 0;
    return EVP_CipherInit_ex2(ctx, NULL, NULL, nonce, encrypt, NULL) == 1 &&
           EVP_CipherUpdate(ctx, NULL, &n, header, HEADER_SIZE) == 1 &&
           EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *)name.p, (int)name.n) == 1;
}

static bool fits(struct text name, struct bytes value)
{
    return name.n > 0 && name.n <= INT_MAX && value.n <= INT_MAX - SEAL_OVERHEAD;
}

struct status seal_encrypt(struct seal_key *k, struct text name, struct bytes plain, struct buffer *out)
{
    if (!fits(name, plain))
        return STATUS(INVALID);
    uint8_t *p = buffer_reserve(out, SEAL_OVERHEAD + plain.n);
    if (!p)
        return buffer_status(out);
    memcpy(p, magic.p, magic.n);
    for (int i = 0; i < 4; i++)
        p[4 + i] = (uint8_t)(k->number >> (24 - 8 * i));
    uint8_t *nonce = p + HEADER_SIZE, *body = nonce + NONCE_SIZE;
    random_bytes(nonce, NONCE_SIZE);
    OWNED(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *ctx = take_context(k);
    int n = 0, last = 0;
    if (!ctx || !begin(ctx, nonce, p, name, 1) ||
        (plain.n > 0 && EVP_CipherUpdate(ctx, body, &n, plain.p, (int)plain.n) != 1) ||
        EVP_CipherFinal_ex(ctx, body + n, &last) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, body + plain.n) != 1)
        return STATUS(NOMEM);
    give_context(k, TAKE(ctx));
    buffer_commit(out, SEAL_OVERHEAD + plain.n);
    return DONE;
}

struct status seal_decrypt(struct seal_key *k, struct text name, struct bytes sealed, struct secret *out)
{
    uint32_t number = 0;
    if (!seal_recognise(sealed, &number) || number != k->number || !fits(name, sealed))
        return STATUS(BROKEN);
    const uint8_t *nonce = sealed.p + HEADER_SIZE;
    struct bytes body = {nonce + NONCE_SIZE, sealed.n - SEAL_OVERHEAD};
    uint8_t tag[TAG_SIZE]; /* OpenSSL takes it by a pointer that is not const */
    memcpy(tag, body.p + body.n, TAG_SIZE);
    OWNED(secret_release) struct secret plain = {0};
    TRY(secret_alloc(&plain, body.n));
    OWNED(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *ctx = take_context(k);
    uint8_t end[TAG_SIZE];
    int n = 0, last = 0;
    if (!ctx || !begin(ctx, nonce, sealed.p, name, 0) ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) != 1)
        return STATUS(NOMEM);
    if ((body.n > 0 && EVP_CipherUpdate(ctx, plain.p, &n, body.p, (int)body.n) != 1) ||
        EVP_CipherFinal_ex(ctx, end, &last) != 1)
        return STATUS(BROKEN);
    give_context(k, TAKE(ctx));
    *out = plain;
    plain = (struct secret){0};
    return DONE;
}
