/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/jwt.h"

#include "base/encoding.h"
#include "x509/der.h"
#include "x509/signature.h"

#define TOKENS_MAX      4000 /* JSON values and names in one part */
#define KID_MAX         256
#define ES256_HALF      32
#define ES256_DER_MAX   80
#define SIGNATURE_BYTES (SPKI_RSA_BITS_MAX / 8)

bool jwt_looks_like_one(struct text token)
{
    size_t dots = 0;
    for (size_t i = 0; i < token.n; i++)
        dots += token.p[i] == '.';
    return dots == 2;
}

static struct status decode(struct text part, const char *what, struct arena *a, struct bytes *out,
                            struct error *err)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, part.n);
    const struct status s = base64url_decode(&b, part);
    if (s.code == E_INVALID || (status_ok(s) && buffer_size(&b) == 0))
        return error_set(err, E_INVALID, "has a %s that is not base64url", what);
    TRY(s);
    *out = arena_bytes(a, buffer_bytes(&b));
    buffer_wipe(&b); /* with the rest of it, it is a credential */
    return out->p ? DONE : STATUS(NOMEM);
}

static struct status decode_json(struct text part, const char *what, struct arena *a, struct text *out,
                                 struct error *err)
{
    struct bytes bytes;
    TRY(decode(part, what, a, &bytes, err));
    *out = bytes_text(bytes);
    const struct status s = members_scan(*out, TOKENS_MAX, NULL);
    return status_ok(s) ? s : error_set(err, E_INVALID, "has a %s that is no JSON object", what);
}

/* RFC 8725 3.11: another kind of JWT by the same issuer is no access token. Dex's have no type at all. */
static bool is_type_of_ours(struct text type)
{
    const struct text slash = text_first(type, 12);
    if (text_equal_nocase(slash, TEXT("application/")))
        type = text_from(type, slash.n);
    return type.n == 0 || text_equal_nocase(type, TEXT("JWT")) || text_equal_nocase(type, TEXT("at+jwt"));
}

static struct status read_header(struct text json, struct arena *a, struct jwt *out, struct error *err)
{
    enum { ALG, KID, TYP, CRIT, B64, COUNT };
    struct member m[COUNT] = {
        [ALG] = {.name = "alg"},   [KID] = {.name = "kid"}, [TYP] = {.name = "typ"},
        [CRIT] = {.name = "crit"}, [B64] = {.name = "b64"},
    };
    struct text algorithm, type;
    struct status s = members_read(json, a, m, COUNT, NULL);
    if (status_ok(s))
        s = member_text(&m[ALG], a, &algorithm, NULL);
    if (status_ok(s))
        s = member_text(&m[KID], a, &out->kid, NULL);
    if (status_ok(s))
        s = member_text(&m[TYP], a, &type, NULL);
    if (s.code == E_INVALID)
        return error_set(err, E_INVALID, "has a header that cannot be understood");
    TRY(s);
    if (!jwa_find(algorithm, &out->algorithm))
        return error_set(err, E_INVALID, "is not signed with RS256, PS256, ES256 or EdDSA");
    if (m[CRIT].raw.p || m[B64].raw.p) /* RFC 7515 4.1.11: we understand no extension */
        return error_set(err, E_INVALID, "wants extensions that are not understood");
    if (!is_type_of_ours(type))
        return error_set(err, E_INVALID, "is for another purpose, as its type says");
    if (out->kid.n > KID_MAX)
        return error_set(err, E_INVALID, "has a key id that is too long");
    return DONE;
}

struct status jwt_read(struct text token, struct arena *a, struct jwt *out, struct error *err)
{
    *out = (struct jwt){.algorithm = JWA_RS256};
    if (token.n > JWT_BYTES)
        return error_set(err, E_INVALID, "is larger than %d bytes", JWT_BYTES);
    if (!jwt_looks_like_one(token))
        return error_set(err, E_INVALID, "does not have three parts");
    struct text rest = token, header_json;
    const struct text header = text_cut(&rest, '.');
    const struct text claims = text_cut(&rest, '.');
    out->covered = text_first(token, header.n + 1 + claims.n);
    TRY(decode_json(header, "header", a, &header_json, err));
    TRY(read_header(header_json, a, out, err));
    TRY(decode_json(claims, "payload", a, &out->claims, err));
    TRY(decode(rest, "signature", a, &out->signature, err));
    if (out->signature.n > SIGNATURE_BYTES)
        return error_set(err, E_INVALID, "has a signature that is too long");
    return DONE;
}

bool jwt_may_be_by(const struct jwt *t, const struct jwk *key)
{
    return jwa_fits(t->algorithm, key->key.kind) && (!key->bound || key->algorithm == t->algorithm) &&
           (t->kid.n == 0 || text_equal(t->kid, key->kid));
}

/* ---- the signature ---- */

static void put_half(struct buffer *out, struct bytes half)
{
    uint8_t integer[1 + ES256_HALF] = {0};
    while (half.n > 1 && half.p[0] == 0) {
        half.p++;
        half.n--;
    }
    const size_t sign = half.p[0] >> 7; /* an octet 0 in front keeps it positive */
    memcpy(integer + sign, half.p, half.n);
    der_put(out, DER_INTEGER, (struct bytes){integer, sign + half.n});
}

/* R and S side by side (RFC 7518 3.4) -> the SEQUENCE that X.509 and OpenSSL have. */
static struct status es256_to_der(struct bytes raw, struct buffer *out)
{
    if (raw.n != 2 * ES256_HALF)
        return STATUS(INVALID);
    const size_t mark = der_begin(out, DER_SEQUENCE);
    put_half(out, (struct bytes){raw.p, ES256_HALF});
    put_half(out, (struct bytes){raw.p + ES256_HALF, ES256_HALF});
    der_finish(out, mark);
    return buffer_status(out);
}

static enum signature_algorithm signature_of(enum jwa algorithm)
{
    switch (algorithm) {
    case JWA_RS256:
        return SIGNATURE_RSA_SHA256;
    case JWA_PS256:
        return SIGNATURE_PSS_SHA256;
    case JWA_ES256:
        return SIGNATURE_ECDSA_SHA256;
    case JWA_EDDSA:
        break;
    }
    return SIGNATURE_ED25519;
}

struct status jwt_verify(const struct jwt *t, const struct jwk *key, struct error *err)
{
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, ES256_DER_MAX);
    struct bytes signature = t->signature;
    if (!jwt_may_be_by(t, key))
        return error_set(err, E_INVALID, "is not by this key");
    struct status s = DONE;
    if (t->algorithm == JWA_ES256) {
        s = es256_to_der(signature, &der);
        signature = buffer_bytes(&der);
    }
    if (status_ok(s))
        s = signature_verify(signature_of(t->algorithm), &key->key, text_bytes(t->covered), signature, NULL);
    return s.code == E_INVALID ? error_set(err, E_INVALID, "has a signature that is not its issuer's") : s;
}
