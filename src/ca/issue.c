/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/internal.h"

#include "base/clock.h"
#include "x509/crypto.h"
#include "x509/keys.h"
#include "x509/pem.h"

#define SUBJECT_SIZE_MAX (16 * 1024)
#define COMMON_NAME_MAX  64 /* X.520 ub-common-name */

/* Back-dated, and inside the CA's own time. */
static struct status choose_validity(const struct ca *ca, int64_t now, int64_t validity_s,
                                     int64_t *not_before, int64_t *not_after, struct error *err)
{
    const struct certificate_fields *own = &ca->certificate;
    char at[CLOCK_RFC3339_MAX];
    if (validity_s <= 0)
        return error_set(err, E_INVALID, "the validity must be longer than nothing");
    if (now >= own->not_after)
        return error_set(err, E_UNAVAILABLE, "the CA's certificate ended at %s; give it a new one",
                         clock_format_rfc3339(own->not_after, at));
    if (now < own->not_before)
        return error_set(err, E_UNAVAILABLE, "the CA's certificate begins at %s; check the clock",
                         clock_format_rfc3339(own->not_before, at));
    *not_before = now - CA_BACKDATE_S > own->not_before ? now - CA_BACKDATE_S : own->not_before;
    *not_after = validity_s < own->not_after - now ? now + validity_s : own->not_after;
    return DONE;
}

static struct lint_context lint_for(const struct ca *ca, enum certificate_profile profile)
{
    const struct certificate_fields *own = &ca->certificate;
    return (struct lint_context){
        .profile = profile,
        .algorithm = buffer_bytes(&ca->client.algorithm),
        .issuer = own->subject.der,
        .issuer_key_id = own->subject_key_id,
        .issuer_not_before = own->not_before,
        .issuer_not_after = own->not_after,
    };
}

/* What is in the certificate besides its key comes from us. */
static struct status issue_client(struct ca *ca, const struct ca_key_request *in, struct bytes public_key,
                                  struct arena *a, struct ca_leaf *out, struct error *err)
{
    OWNED(buffer_release) struct buffer subject;
    buffer_init(&subject, SUBJECT_SIZE_MAX);
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, CA_CERTIFICATE_SIZE_MAX);
    struct ca_leaf leaf;
    TRY(choose_validity(ca, in->now, in->validity_s, &leaf.not_before, &leaf.not_after, err));
    name_encode(in->subject, &subject);
    TRY(buffer_status(&subject));
    uint8_t serial[SERIAL_SIZE], key_id[SHA1_SIZE];
    serial_random(serial);
    sha1(public_key, key_id);
    const struct lint_context lint = lint_for(ca, PROFILE_CLIENT);
    const struct template_fields fields = {
        .serial = serial,
        .not_before = leaf.not_before,
        .not_after = leaf.not_after,
        .subject = buffer_bytes(&subject),
        .spki = in->spki,
        .key_id = key_id,
    };
    const struct ca_to_sign to_sign = {&ca->client, &ca->signer, &lint, &fields};
    TRY(ca_sign_certificate(&to_sign, a, &der, err));
    leaf.der = arena_bytes(a, buffer_bytes(&der));
    leaf.serial = arena_bytes(a, BYTES_OF(serial));
    if (!leaf.der.p || !leaf.serial.p)
        return error_set(err, E_NOMEM, "out of memory");
    sha256(leaf.der, leaf.fingerprint);
    *out = leaf;
    return DONE;
}

struct status ca_issue_client(struct ca *ca, const struct ca_leaf_request *in, struct arena *a,
                              struct ca_leaf *out, struct error *err)
{
    const struct ca_key_request request = {in->csr->spki, in->subject, in->now, in->validity_s};
    return issue_client(ca, &request, in->csr->public_key, a, out, err);
}

struct status ca_issue_client_key(struct ca *ca, const struct ca_key_request *in, struct arena *a,
                                  struct ca_leaf *out, struct error *err)
{
    struct spki spki;
    TRY(spki_parse(in->spki, &spki, err));
    return issue_client(ca, in, spki.public_key, a, out, err);
}

/* CN is the first name that fits into one; all names are alternative names, which is what clients look at
 * (RFC 6125 6.4.4). */
static struct status server_subject(const struct text *names, size_t count, struct buffer *out,
                                    struct error *err)
{
    if (count == 0)
        return error_set(err, E_INVALID, "a server certificate needs a name");
    struct name_part part = {.attribute = NAME_CN, .value = TEXT("Fairlead")};
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        if (!template_name_is_valid(names[i]))
            return error_set(err, E_INVALID, "'%.*s' is neither a host name nor an address",
                             TEXT_ARG(names[i]));
        if (!found && names[i].n <= COMMON_NAME_MAX) {
            part.value = names[i];
            found = true;
        }
    }
    name_encode(&(struct name){.parts = &part, .count = 1}, out);
    return buffer_status(out);
}

struct server_key {
    EVP_PKEY *key;
    struct buffer spki_der;
    struct spki spki;
};

static void server_key_release(struct server_key *k)
{
    EVP_PKEY_free(k->key);
    buffer_release(&k->spki_der);
}
OWNABLE_VALUE(struct server_key, server_key_release);

static struct status make_server_key(struct server_key *k, struct error *err)
{
    TRY(key_generate(TEXT("ec:P-256"), &k->key, err));
    TRY(key_to_spki(k->key, &k->spki_der, err));
    return spki_parse(buffer_bytes(&k->spki_der), &k->spki, err);
}

struct status ca_issue_server(struct ca *ca, const struct text *names, size_t count, int64_t now,
                              int64_t validity_s, struct buffer *out_chain_pem, struct secret *out_key_pem,
                              int64_t *out_not_after, struct error *err)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 16 * 1024, 1024 * 1024);
    OWNED(buffer_release) struct buffer subject;
    buffer_init(&subject, SUBJECT_SIZE_MAX);
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, CA_CERTIFICATE_SIZE_MAX);
    OWNED(server_key_release) struct server_key key = {0};
    buffer_init(&key.spki_der, SUBJECT_SIZE_MAX);

    if (validity_s > CA_LISTENER_VALIDITY_S)
        validity_s = CA_LISTENER_VALIDITY_S;
    uint8_t serial[SERIAL_SIZE], key_id[SHA1_SIZE];
    struct template_fields fields = {.serial = serial, .key_id = key_id, .names = names, .name_count = count};
    TRY(choose_validity(ca, now, validity_s, &fields.not_before, &fields.not_after, err));
    TRY(server_subject(names, count, &subject, err));
    TRY(make_server_key(&key, err));
    serial_random(serial);
    sha1(key.spki.public_key, key_id);
    fields.subject = buffer_bytes(&subject);
    fields.spki = key.spki.der;
    const struct lint_context lint = lint_for(ca, PROFILE_SERVER);
    const struct ca_to_sign to_sign = {&ca->server, &ca->signer, &lint, &fields};
    TRY(ca_sign_certificate(&to_sign, &a, &der, err));
    struct secret key_pem = {0};
    TRY(key_to_pkcs8_pem(key.key, &key_pem, err));
    pem_encode(out_chain_pem, TEXT("CERTIFICATE"), buffer_bytes(&der));
    buffer_text(out_chain_pem, ca->certificate_pem);
    if (!status_ok(buffer_status(out_chain_pem))) {
        secret_release(&key_pem);
        return error_set(err, out_chain_pem->failed, "the certificate chain does not fit");
    }
    *out_key_pem = key_pem;
    *out_not_after = fields.not_after;
    return DONE;
}
