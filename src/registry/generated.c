/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/generated.h"

#include "base/utf8.h"
#include "x509/keys.h"
#include "x509/name.h"
#include "x509/pem.h"
#include "x509/request_build.h"
#include "x509/self_signed.h"

#define ARENA_CHUNK (16 * 1024)
#define ARENA_MAX   (1024 * 1024)
#define SPKI_MAX    (16 * 1024)
#define DER_MAX     (64 * 1024)
#define PEM_MAX     (256 * 1024)
#define LAST_SECOND 253402300799 /* 9999-12-31T23:59:59Z, RFC 5280 4.1.2.5 */

void generated_pair_release(struct generated_pair *p)
{
    secret_release(&p->key_pem);
    buffer_release(&p->certificate_pem);
    *p = (struct generated_pair){0};
}

/* ---- settings ---- */

static bool is_rsa(struct text algorithm)
{
    return text_starts_with(algorithm, TEXT("rsa:"));
}

/*
 * The tutorials say which signature an external system will find: SHA256withRSA. A self-signed certificate
 * has it with an RSA key; one of the CA has it with an RSA CA (ca/signer_local.c: RSA signs with SHA-256).
 *
 * A certificate of the CA is not recorded as an application's, so that nobody may use it as an identity
 * here. ca.accept_unrecorded takes such certificates for identities by their subject, whose common name
 * comes from a registration: the configuration refuses the two together (config/load.c), and this function,
 * which sees no settings of the connector, need not.
 */
struct status generated_check(const struct generated_settings *s, const struct ca *ca, struct error *err)
{
    struct status known = key_algorithm_check(s->key_algorithm, err);
    if (!status_ok(known))
        return error_wrap(err, known, "registry.generated_key_algorithm");
    must(ca || !s->by_ca);
    if (s->validity_s <= 0)
        return error_set(err, E_INVALID, "registry.generated_validity must be longer than nothing");
    if (!s->require_sha256_with_rsa)
        return DONE;
    if (!is_rsa(s->key_algorithm))
        return error_set(err, E_INVALID,
                         "registry.generated_key_algorithm is %.*s, but generated certificates are promised "
                         "to be SHA256withRSA: choose an RSA key, or give the promise up with "
                         "registry.require_sha256_with_rsa: false",
                         TEXT_ARG(s->key_algorithm));
    if (s->by_ca && !is_rsa(ca_key_algorithm(ca)))
        return error_set(err, E_INVALID,
                         "registry.generated_issuer is ca, whose key is %.*s, but generated certificates are "
                         "promised to be SHA256withRSA: set registry.generated_issuer to self, or give the "
                         "promise up with registry.require_sha256_with_rsa: false",
                         TEXT_ARG(ca_key_algorithm(ca)));
    return DONE;
}

/* ---- making one ---- */

static struct status check_common_name(struct text name, struct error *err)
{
    size_t characters = 0;
    for (size_t i = 0; i < name.n; characters++) {
        uint32_t point = 0;
        size_t n = utf8_decode(name.p + i, name.n - i, &point);
        if (n == 0 || point == 0)
            return error_set(err, E_INVALID, "the commonName is not UTF-8 text");
        i += n;
    }
    if (characters == 0 || characters > COMMON_NAME_MAX)
        return error_set(err, E_INVALID, "the commonName must have 1 to %d characters", COMMON_NAME_MAX);
    return DONE;
}

struct making {
    const struct generated_settings *settings;
    const struct name *subject;
    int64_t now;
    EVP_PKEY *key; /* borrowed */
    struct arena *arena;
};

static struct status sign_by_itself(const struct making *m, struct generated_pair *out, struct error *err)
{
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, DER_MAX);
    if (m->settings->validity_s <= 0 || m->settings->validity_s > LAST_SECOND - m->now)
        return error_set(err, E_INVALID, "registry.generated_validity leads past the year 9999");
    const struct self_signed in = {m->subject, m->now, m->now + m->settings->validity_s};
    TRY(self_signed_build(&in, m->key, m->arena, &der, err));
    pem_encode(&out->certificate_pem, TEXT("CERTIFICATE"), buffer_bytes(&der));
    out->not_after = in.not_after;
    return buffer_status(&out->certificate_pem);
}

static struct status sign_by_ca(const struct making *m, struct ca *ca, struct generated_pair *out,
                                struct error *err)
{
    OWNED(buffer_release) struct buffer spki;
    buffer_init(&spki, SPKI_MAX);
    TRY(key_to_spki(m->key, &spki, err));
    const struct ca_key_request request = {buffer_bytes(&spki), m->subject, m->now, m->settings->validity_s};
    struct ca_leaf leaf;
    TRY(ca_issue_client_key(ca, &request, m->arena, &leaf, err));
    pem_encode(&out->certificate_pem, TEXT("CERTIFICATE"), leaf.der);
    buffer_text(&out->certificate_pem, ca_certificate_pem(ca));
    out->not_after = leaf.not_after;
    return buffer_status(&out->certificate_pem);
}

static struct status obtain_key(const struct generated_settings *s, struct key_pool *pool, EVP_PKEY **out,
                                struct error *err)
{
    return pool ? key_pool_take(pool, out, err) : key_generate(s->key_algorithm, out, err);
}

struct status generated_pair_make(const struct generated_settings *s, struct key_pool *pool, struct ca *ca,
                                  struct text common_name, int64_t now, struct generated_pair *out,
                                  struct error *err)
{
    TRY(check_common_name(common_name, err));
    OWNED(arena_release) struct arena arena;
    arena_init(&arena, ARENA_CHUNK, ARENA_MAX);
    OWNED(generated_pair_release) struct generated_pair pair = {0};
    buffer_init(&pair.certificate_pem, PEM_MAX);
    OWNED(key_free) EVP_PKEY *key = NULL;
    TRY(obtain_key(s, pool, &key, err));
    struct name_part part = {.attribute = NAME_CN, .value = common_name};
    const struct name subject = {.parts = &part, .count = 1};
    const struct making making = {s, &subject, now, key, &arena};
    TRY(s->by_ca ? sign_by_ca(&making, ca, &pair, err) : sign_by_itself(&making, &pair, err));
    TRY(is_rsa(s->key_algorithm) ? key_to_pkcs1_pem(key, &pair.key_pem, err)
                                 : key_to_pkcs8_pem(key, &pair.key_pem, err));
    *out = pair;
    pair = (struct generated_pair){0};
    return DONE;
}
