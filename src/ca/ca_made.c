/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/internal.h"

#include "base/clock.h"
#include "x509/crypto.h"
#include "x509/keys.h"

#define CERTIFICATE_BLOB "ca/certificate"
#define KEY_BLOB         "ca/key"
#define SUBJECT_SIZE_MAX (16 * 1024)
#define LAST_SECOND      253402300799 /* 9999-12-31T23:59:59Z, RFC 5280 4.1.2.5 */

static struct status encode_subject(struct text subject, struct arena *a, struct buffer *out,
                                    struct error *err)
{
    struct name name;
    struct status s = name_from_text(subject, a, &name, err);
    for (size_t i = 0; status_ok(s) && i < name.count; i++) {
        if (name.parts[i].attribute > NAME_SERIAL_NUMBER)
            s = error_set(err, E_INVALID,
                          "only C, ST, L, STREET, postalCode, O, OU, CN and serialNumber are possible");
    }
    if (!status_ok(s))
        return error_wrap(err, s, "ca.subject");
    name_encode(&name, out);
    return buffer_status(out);
}

struct own_parts {
    struct bytes subject; /* Name DER */
    struct spki spki;
    int64_t validity_s;
};

/* A self-signed certificate is linted against itself: issuer = subject, validity = its own. */
static struct status self_sign(const struct signer *signer, const struct own_parts *own, struct arena *a,
                               struct buffer *out_der, struct error *err)
{
    OWNED(template_release) struct template template;
    const struct template_settings settings = {
        .profile = PROFILE_CA, .algorithm = signer->algorithm, .issuer = own->subject};
    TRY(template_init(&template, &settings, err));
    uint8_t serial[SERIAL_SIZE], key_id[SHA1_SIZE];
    serial_random(serial);
    sha1(own->spki.public_key, key_id);
    int64_t now = clock_now_s();
    const struct template_fields fields = {
        .serial = serial,
        .not_before = now - CA_BACKDATE_S,
        .not_after = own->validity_s < LAST_SECOND - now ? now + own->validity_s : LAST_SECOND,
        .subject = own->subject,
        .spki = own->spki.der,
        .key_id = key_id,
    };
    const struct lint_context lint = {
        .profile = PROFILE_CA,
        .algorithm = buffer_bytes(&template.algorithm),
        .issuer = own->subject,
        .issuer_key_id = BYTES_OF(key_id),
        .issuer_not_before = fields.not_before,
        .issuer_not_after = fields.not_after,
    };
    const struct ca_to_sign to_sign = {&template, signer, &lint, &fields};
    return ca_sign_certificate(&to_sign, a, out_der, err);
}

static struct status make_certificate(const struct ca *ca, const EVP_PKEY *key,
                                      const struct ca_settings *settings, struct arena *a,
                                      struct buffer *out_der, struct error *err)
{
    OWNED(buffer_release) struct buffer subject;
    buffer_init(&subject, SUBJECT_SIZE_MAX);
    OWNED(buffer_release) struct buffer spki_der;
    buffer_init(&spki_der, SUBJECT_SIZE_MAX);
    TRY(encode_subject(settings->subject, a, &subject, err));
    TRY(key_to_spki(key, &spki_der, err));
    struct own_parts own = {.subject = buffer_bytes(&subject), .validity_s = settings->validity_s};
    TRY(spki_parse(buffer_bytes(&spki_der), &own.spki, err));
    struct status s = self_sign(&ca->signer, &own, a, out_der, err);
    return status_ok(s) ? s : error_wrap(err, s, "cannot make a CA of ca.subject and ca.validity");
}

/*
 * The key first: a crash between the two leaves a key without a certificate, which the next start replaces.
 * The certificate is what says that there is a CA.
 */
static struct status keep(struct bytes certificate, struct bytes key_pkcs8, struct store *store,
                          struct vault *vault, struct error *err)
{
    const struct audit_entry audit = {.at = clock_now_s(),
                                      .last_at = clock_now_s(),
                                      .count = 1,
                                      .action = TEXT("ca.create"),
                                      .actor = TEXT("start")};
    struct status s = vault_put(vault, store, TEXT(KEY_BLOB), key_pkcs8, NULL);
    if (status_ok(s))
        s = store_blob_create(store, TEXT(CERTIFICATE_BLOB), certificate, &audit);
    return status_ok(s) ? s : error_set(err, s.code, "cannot store the new CA: %s", code_text(s.code));
}

static struct status check_algorithm(struct text algorithm, struct error *err)
{
    static const struct text possible[] = {TEXT_INIT("ec:P-256"), TEXT_INIT("ec:P-384"),
                                           TEXT_INIT("rsa:2048"), TEXT_INIT("rsa:3072"),
                                           TEXT_INIT("rsa:4096")};
    for (size_t i = 0; i < sizeof(possible) / sizeof(possible[0]); i++) {
        if (text_equal(algorithm, possible[i]))
            return DONE;
    }
    return error_set(
        err, E_INVALID,
        "ca.key_algorithm '%.*s' is not possible; use ec:P-256, ec:P-384, rsa:2048, rsa:3072 or rsa:4096",
        TEXT_ARG(algorithm));
}

static struct status make(struct ca *ca, const struct ca_settings *settings, struct store *store,
                          struct vault *vault, struct error *err)
{
    TRY(check_algorithm(settings->key_algorithm, err));
    OWNED(EVP_PKEY_free) EVP_PKEY *key = NULL;
    OWNED(secret_release) struct secret pkcs8 = {0};
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, CA_CERTIFICATE_SIZE_MAX);
    TRY(key_generate(settings->key_algorithm, &key, err));
    TRY(key_to_pkcs8(key, &pkcs8, err));
    TRY(signer_local_open(key, &ca->signer, err));
    EVP_PKEY *signers = TAKE(key);
    TRY(make_certificate(ca, signers, settings, &ca->memory, &der, err));
    TRY(keep(buffer_bytes(&der), secret_bytes(&pkcs8), store, vault, err));
    struct bytes kept = arena_bytes(&ca->memory, buffer_bytes(&der));
    if (!kept.p)
        return error_set(err, E_NOMEM, "out of memory");
    return certificate_parse(kept, &ca->memory, &ca->certificate, err);
}

static struct status open_key(struct ca *ca, struct store *store, struct vault *vault, struct error *err)
{
    OWNED(secret_release) struct secret pkcs8 = {0};
    struct status s = vault_get(vault, store, TEXT(KEY_BLOB), &pkcs8, err);
    if (s.code == E_NOT_FOUND)
        return error_set(err, E_BROKEN,
                         "the store holds the CA's certificate but not its key; restore a backup");
    if (!status_ok(s))
        return error_wrap(err, s, "the CA's key");
    OWNED(EVP_PKEY_free) EVP_PKEY *key = NULL;
    TRY(key_from_pkcs8(secret_bytes(&pkcs8), &key, err));
    OWNED(EVP_PKEY_free) EVP_PKEY *public_key = NULL;
    if (!ca->certificate.key_is_known)
        return error_set(err, E_BROKEN,
                         "the CA's certificate in the store has an unknown kind of key; restore a backup");
    TRY(key_from_spki(&ca->certificate.key, &public_key, err));
    if (EVP_PKEY_eq(public_key, key) != 1)
        return error_set(err, E_BROKEN,
                         "the CA's key in the store does not belong to its certificate; restore a backup");
    TRY(signer_local_open(key, &ca->signer, err));
    (void)TAKE(key); /* the signer's now */
    return DONE;
}

struct status ca_open_stored(struct ca *ca, const struct ca_settings *settings, struct store *store,
                             struct vault *vault, struct error *err)
{
    struct bytes der;
    struct status s = store_blob_get(store, TEXT(CERTIFICATE_BLOB), &ca->memory, &der);
    if (s.code == E_NOT_FOUND)
        return make(ca, settings, store, vault, err);
    if (!status_ok(s))
        return error_set(err, s.code, "cannot read the CA's certificate from the store: %s",
                         code_text(s.code));
    s = certificate_parse(der, &ca->memory, &ca->certificate, err);
    if (s.code == E_INVALID)
        return error_wrap(err, STATUS(BROKEN),
                          "the CA's certificate in the store is damaged; restore a backup");
    TRY(s);
    return open_key(ca, store, vault, err);
}
