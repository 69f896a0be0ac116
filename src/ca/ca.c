/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/ca.h"

#include "base/alloc.h"
#include "ca/internal.h"
#include "x509/pem.h"

#define MEMORY_CHUNK (16 * 1024)
#define MEMORY_MAX   (4 * 1024 * 1024)
#define PEM_SIZE_MAX (256 * 1024)

OWNABLE(struct ca, ca_close);

static struct status as_pem(struct arena *a, struct bytes der, struct text *out, struct error *err)
{
    OWNED(buffer_release) struct buffer pem;
    buffer_init(&pem, PEM_SIZE_MAX);
    pem_encode(&pem, TEXT("CERTIFICATE"), der);
    *out = status_ok(buffer_status(&pem)) ? arena_text(a, buffer_as_text(&pem)) : (struct text){NULL, 0};
    return out->p ? DONE : error_set(err, E_NOMEM, "out of memory");
}

static struct status init_templates(struct ca *ca, const struct ca_settings *settings, struct error *err)
{
    struct template_settings template = {
        .profile = PROFILE_CLIENT,
        .algorithm = ca->signer.algorithm,
        .issuer = ca->certificate.subject.der,
        .authority_key_id = ca->certificate.subject_key_id,
        .crl_url = settings->crl_url,
        .ocsp_url = settings->ocsp_url,
        .issuer_url = settings->issuer_url,
    };
    TRY(template_init(&ca->client, &template, err));
    template.profile = PROFILE_SERVER;
    return template_init(&ca->server, &template, err);
}

/* What the getters hand out. */
static struct status describe(struct ca *ca, struct bytes root_der, struct error *err)
{
    sha256(ca->certificate.der, ca->fingerprint);
    key_name(ca->signer.kind, ca->signer.key_bits, ca->key_algorithm);
    TRY(as_pem(&ca->memory, ca->certificate.der, &ca->certificate_pem, err));
    ca->has_root = root_der.n > 0;
    if (ca->has_root) {
        sha256(root_der, ca->root_fingerprint);
        TRY(as_pem(&ca->memory, root_der, &ca->root_pem, err));
        ca->anchors_pem =
            arena_printf(&ca->memory, "%.*s%.*s", TEXT_ARG(ca->certificate_pem), TEXT_ARG(ca->root_pem));
    } else {
        memcpy(ca->root_fingerprint, ca->fingerprint, sizeof(ca->root_fingerprint));
        ca->root_pem = ca->certificate_pem;
        ca->anchors_pem = ca->certificate_pem;
    }
    ca->subject = name_format(&ca->certificate.subject, &ca->memory);
    return ca->anchors_pem.p && ca->subject.p ? DONE : error_set(err, E_NOMEM, "out of memory");
}

struct status ca_open(const struct ca_settings *settings, struct store *store, struct vault *vault,
                      struct ca **out, struct error *err)
{
    if (settings->certificate_file.n == 0 && (settings->key_file.n || settings->root_file.n))
        return error_set(err, E_INVALID, "ca.key_file and ca.root_file need ca.certificate_file");
    OWNED(ca_close) struct ca *ca = mem_alloc(sizeof(*ca));
    if (!ca)
        return error_set(err, E_NOMEM, "out of memory");
    arena_init(&ca->memory, MEMORY_CHUNK, MEMORY_MAX);
    struct bytes root_der = {NULL, 0};
    if (settings->certificate_file.n)
        TRY(ca_open_supplied(ca, settings, &root_der, err));
    else
        TRY(ca_open_stored(ca, settings, store, vault, err));
    TRY(init_templates(ca, settings, err));
    TRY(describe(ca, root_der, err));
    *out = TAKE(ca);
    return DONE;
}

void ca_close(struct ca *ca)
{
    if (!ca)
        return;
    signer_close(&ca->signer);
    template_release(&ca->client);
    template_release(&ca->server);
    arena_release(&ca->memory);
    mem_free(ca);
}

struct text ca_certificate_pem(const struct ca *ca)
{
    return ca->certificate_pem;
}

struct text ca_root_pem(const struct ca *ca)
{
    return ca->root_pem;
}

bool ca_has_root(const struct ca *ca)
{
    return ca->has_root;
}

struct text ca_anchors_pem(const struct ca *ca)
{
    return ca->anchors_pem;
}

struct bytes ca_certificate_der(const struct ca *ca)
{
    return ca->certificate.der;
}

const uint8_t *ca_fingerprint(const struct ca *ca)
{
    return ca->fingerprint;
}

const uint8_t *ca_root_fingerprint(const struct ca *ca)
{
    return ca->root_fingerprint;
}

int64_t ca_not_before(const struct ca *ca)
{
    return ca->certificate.not_before;
}

int64_t ca_not_after(const struct ca *ca)
{
    return ca->certificate.not_after;
}

struct text ca_subject(const struct ca *ca)
{
    return ca->subject;
}

struct text ca_key_algorithm(const struct ca *ca)
{
    return text_of(ca->key_algorithm);
}
