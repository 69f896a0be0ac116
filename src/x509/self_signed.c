/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/self_signed.h"

#include "x509/keys.h"
#include "x509/lint.h"
#include "x509/signature_make.h"

#define PART_SIZE_MAX        (16 * 1024)
#define CERTIFICATE_SIZE_MAX (64 * 1024)

/* Subject and public key, encoded. */
struct parts {
    struct buffer subject, spki_der;
    struct spki spki;
};

static void parts_release(struct parts *p)
{
    buffer_release(&p->subject);
    buffer_release(&p->spki_der);
}
OWNABLE_VALUE(struct parts, parts_release);

static struct status encode_parts(const struct name *subject, const EVP_PKEY *key, struct parts *p,
                                  struct error *err)
{
    buffer_init(&p->subject, PART_SIZE_MAX);
    buffer_init(&p->spki_der, PART_SIZE_MAX);
    name_encode(subject, &p->subject);
    TRY(buffer_status(&p->subject));
    TRY(key_to_spki(key, &p->spki_der, err));
    return spki_parse(buffer_bytes(&p->spki_der), &p->spki, err);
}

/* Linted against itself: issuer = subject, the issuer's time = its own. */
static struct status write_tbs(const struct template *t, const struct self_signed *in, const struct parts *p,
                               struct arena *a, struct buffer *out, struct error *err)
{
    uint8_t serial[SERIAL_SIZE];
    serial_random(serial);
    const struct template_fields fields = {
        .serial = serial,
        .not_before = in->not_before,
        .not_after = in->not_after,
        .subject = buffer_bytes(&p->subject),
        .spki = p->spki.der,
    };
    const struct lint_context lint = {
        .profile = PROFILE_LONE_CLIENT,
        .algorithm = buffer_bytes(&t->algorithm),
        .issuer = buffer_bytes(&p->subject),
        .issuer_not_before = in->not_before,
        .issuer_not_after = in->not_after,
    };
    template_write(t, &fields, out);
    TRY(buffer_status(out));
    return lint_tbs(&lint, buffer_bytes(out), a, err);
}

struct status self_signed_build(const struct self_signed *in, EVP_PKEY *key, struct arena *a,
                                struct buffer *out, struct error *err)
{
    OWNED(parts_release) struct parts p = {0};
    OWNED(template_release) struct template t = {0};
    OWNED(buffer_release) struct buffer tbs, signature;
    buffer_init(&tbs, CERTIFICATE_SIZE_MAX);
    buffer_init(&signature, PART_SIZE_MAX);
    TRY(encode_parts(in->subject, key, &p, err));
    const struct template_settings settings = {.profile = PROFILE_LONE_CLIENT,
                                               .algorithm = signature_algorithm_for(p.spki.kind),
                                               .issuer = buffer_bytes(&p.subject)};
    TRY(template_init(&t, &settings, err));
    TRY(write_tbs(&t, in, &p, a, &tbs, err));
    TRY(signature_make(key, p.spki.kind, buffer_bytes(&tbs), &signature, err));
    template_assemble(&t, buffer_bytes(&tbs), buffer_bytes(&signature), out);
    return buffer_status(out);
}
