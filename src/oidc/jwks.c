/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/jwks.h"

#include "base/json_cursor.h"

#define TOKENS_MAX    20000
#define KID_MAX       256
#define COORDINATE    32 /* of P-256, and an Ed25519 key */
#define EXPONENT_MAX  8
#define RSA_BYTES_MAX (SPKI_RSA_BITS_MAX / 8)

static const struct {
    struct text name;
    enum jwa algorithm;
} names[] = {
    {TEXT_INIT("RS256"), JWA_RS256},
    {TEXT_INIT("PS256"), JWA_PS256},
    {TEXT_INIT("ES256"), JWA_ES256},
    {TEXT_INIT("EdDSA"), JWA_EDDSA},
};

bool jwa_find(struct text name, enum jwa *out)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (text_equal(name, names[i].name)) {
            *out = names[i].algorithm;
            return true;
        }
    }
    return false;
}

bool jwa_fits(enum jwa algorithm, enum key_kind kind)
{
    switch (algorithm) {
    case JWA_RS256:
    case JWA_PS256:
        return kind == KEY_RSA;
    case JWA_ES256:
        return kind == KEY_EC_P256;
    case JWA_EDDSA:
        return kind == KEY_ED25519;
    }
    return false;
}

enum { KTY, USE, KEY_OPS, ALG, KID, N, E, CRV, X, Y, D, P, MEMBER_COUNT };

/* ---- kinds of keys; false: not one that we use ---- */

static unsigned bits_of(struct bytes magnitude)
{
    unsigned bits = (unsigned)magnitude.n * 8;
    for (unsigned top = magnitude.p[0]; !(top & 0x80u); top <<= 1)
        bits--;
    return bits;
}

/* Magnitudes in as few octets as they need (RFC 7518 6.3.1). */
static bool read_rsa(struct bytes n, struct bytes e, struct spki *out)
{
    if (n.n == 0 || n.n > RSA_BYTES_MAX || n.p[0] == 0 || e.n == 0 || e.n > EXPONENT_MAX || e.p[0] == 0)
        return false;
    const bool even = !(n.p[n.n - 1] & 1u) || !(e.p[e.n - 1] & 1u);
    const unsigned bits = bits_of(n);
    if (even || bits < SPKI_RSA_BITS_MIN || (e.n == 1 && e.p[0] == 1))
        return false;
    *out = (struct spki){.kind = KEY_RSA, .bits = bits, .modulus = n, .exponent = e};
    return true;
}

/* As an uncompressed point. Whether it lies on the curve is found when it is used. */
static struct status read_p256(struct bytes x, struct bytes y, struct arena *a, struct spki *out, bool *good)
{
    *good = x.n == COORDINATE && y.n == COORDINATE;
    if (!*good)
        return DONE;
    uint8_t *point = arena_alloc(a, 1 + 2 * COORDINATE);
    if (!point)
        return STATUS(NOMEM);
    point[0] = 4;
    memcpy(point + 1, x.p, COORDINATE);
    memcpy(point + 1 + COORDINATE, y.p, COORDINATE);
    *out = (struct spki){.kind = KEY_EC_P256, .bits = 256, .public_key = {point, 1 + 2 * COORDINATE}};
    return DONE;
}

static bool read_ed25519(struct bytes x, struct spki *out)
{
    *out = (struct spki){.kind = KEY_ED25519, .bits = 256, .public_key = x};
    return x.n == COORDINATE;
}

/* ---- one key ---- */

static bool text_is(const struct member *m, struct text value)
{
    return m->raw.p && m->type == JSON_TYPE_STRING && m->raw.n == value.n + 2 &&
           text_equal(text_first(text_from(m->raw, 1), value.n), value);
}

/* An array of strings with "verify" in it (RFC 7517 4.3). */
static bool may_verify(const struct member *m)
{
    struct json_cursor at = json_cursor_at(m->raw);
    for (bool more = m->type == JSON_TYPE_ARRAY && json_cursor_enter(&at); more; more = json_cursor_next(&at))
        if (text_equal(json_cursor_skip(&at), TEXT("\"verify\"")))
            return true;
    return false;
}

/* For signatures, and nobody's secret: what has a private member was published by mistake. */
static bool is_for_us(const struct member m[static MEMBER_COUNT])
{
    return (!m[USE].raw.p || text_is(&m[USE], TEXT("sig"))) &&
           (!m[KEY_OPS].raw.p || may_verify(&m[KEY_OPS])) && !m[D].raw.p && !m[P].raw.p;
}

static struct status read_material(const struct member m[static MEMBER_COUNT], struct arena *a,
                                   struct spki *out, bool *good)
{
    struct bytes first;
    struct bytes second;
    *good = false;
    if (text_is(&m[KTY], TEXT("RSA"))) {
        TRY(member_base64url(&m[N], a, &first, NULL));
        TRY(member_base64url(&m[E], a, &second, NULL));
        *good = read_rsa(first, second, out);
    } else if (text_is(&m[KTY], TEXT("EC")) && text_is(&m[CRV], TEXT("P-256"))) {
        TRY(member_base64url(&m[X], a, &first, NULL));
        TRY(member_base64url(&m[Y], a, &second, NULL));
        return read_p256(first, second, a, out, good);
    } else if (text_is(&m[KTY], TEXT("OKP")) && text_is(&m[CRV], TEXT("Ed25519"))) {
        TRY(member_base64url(&m[X], a, &first, NULL));
        *good = read_ed25519(first, out);
    }
    return DONE;
}

static struct status read_key(struct text object, struct arena *a, struct jwk *out, bool *good)
{
    struct member m[MEMBER_COUNT] = {
        [KTY] = {.name = "kty"}, [USE] = {.name = "use"}, [KEY_OPS] = {.name = "key_ops"},
        [ALG] = {.name = "alg"}, [KID] = {.name = "kid"}, [N] = {.name = "n"},
        [E] = {.name = "e"},     [CRV] = {.name = "crv"}, [X] = {.name = "x"},
        [Y] = {.name = "y"},     [D] = {.name = "d"},     [P] = {.name = "p"},
    };
    struct text algorithm;
    TRY(members_read(object, a, m, MEMBER_COUNT, NULL));
    TRY(member_text(&m[KID], a, &out->kid, NULL));
    TRY(member_text(&m[ALG], a, &algorithm, NULL));
    if (!is_for_us(m) || out->kid.n > KID_MAX)
        return DONE;
    TRY(read_material(m, a, &out->key, good));
    out->bound = m[ALG].raw.p != NULL;
    if (*good && out->bound)
        *good = jwa_find(algorithm, &out->algorithm) && jwa_fits(out->algorithm, out->key.kind);
    return DONE;
}

struct status jwks_read(struct text json, struct arena *a, struct jwks *out, struct error *err)
{
    struct member keys = {.name = "keys"};
    out->count = 0;
    TRY(members_scan(json, TOKENS_MAX, err));
    TRY(members_read(json, a, &keys, 1, err));
    if (!keys.raw.p || keys.type != JSON_TYPE_ARRAY)
        return error_set(err, E_INVALID, "it has no array \"keys\"");
    struct json_cursor at = json_cursor_at(keys.raw);
    for (bool more = json_cursor_enter(&at); more; more = json_cursor_next(&at)) {
        struct jwk key = {.bound = false};
        bool good = false;
        const struct status s = read_key(json_cursor_skip(&at), a, &key, &good);
        if (s.code == E_NOMEM)
            return s;
        if (!status_ok(s) || !good)
            continue;
        if (out->count == JWKS_KEYS_MAX)
            return error_set(err, E_INVALID, "it has more than %d keys", JWKS_KEYS_MAX);
        out->key[out->count++] = key;
    }
    return DONE;
}
