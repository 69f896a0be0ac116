/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/certificate.h"

#include "x509/certificate_extensions.h"
#include "x509/pem.h"

#define CERTIFICATE_SIZE_MAX (256 * 1024)

/* RFC 5280 4.1.2.5 */
static void read_validity(struct der *tbs, struct certificate_fields *c)
{
    c->validity = der_whole(tbs, DER_SEQUENCE, "the validity");
    struct der top = der_of(c->validity, tbs->fault);
    struct der validity = der_enter(&top, DER_SEQUENCE, "the validity");
    c->not_before = der_time(&validity, "the start of the validity");
    c->not_after = der_time(&validity, "the end of the validity");
    der_end(&validity, "the validity");
}

static unsigned read_version(struct der *tbs)
{
    if (!der_next_is(tbs, DER_CONTEXT_CONSTRUCTED(0)))
        return 1;
    struct der version = der_enter(tbs, DER_CONTEXT_CONSTRUCTED(0), "the version");
    uint64_t v = der_unsigned(&version, 2, "the version");
    if (!der_failed(tbs) && v == 0)
        der_refuse(&version, "the version", "is written although it is the default");
    der_end(&version, "the version");
    return (unsigned)v + 1;
}

/* AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL }, of any algorithm
 */
static struct bytes read_algorithm(struct der *d, const char *what)
{
    struct bytes whole = der_whole(d, DER_SEQUENCE, what);
    struct der top = der_of(whole, d->fault);
    struct der algorithm = der_enter(&top, DER_SEQUENCE, what);
    (void)der_oid(&algorithm, what);
    if (der_more(&algorithm))
        (void)der_any(&algorithm, what);
    der_end(&algorithm, what);
    return whole;
}

/* The shape of a SubjectPublicKeyInfo whose key may be of any kind. */
static struct bytes read_spki(struct der *d)
{
    struct bytes whole = der_whole(d, DER_SEQUENCE, "the public key");
    struct der top = der_of(whole, d->fault);
    struct der spki = der_enter(&top, DER_SEQUENCE, "the public key");
    (void)read_algorithm(&spki, "the key's algorithm");
    (void)der_take(&spki, DER_BIT_STRING, "the public key");
    der_end(&spki, "the public key");
    return whole;
}

struct positions {
    struct bytes issuer, subject, extensions;
};

/* TBSCertificate; what needs memory is read later. */
static void read_tbs(struct bytes der, struct der_fault *fault, struct certificate_fields *c,
                     struct positions *at)
{
    struct der top = der_of(der, fault);
    c->tbs = der;
    struct der tbs = der_enter(&top, DER_SEQUENCE, "the certificate's content");
    der_end(&top, "the certificate's content");
    c->version = read_version(&tbs);
    c->serial = der_integer(&tbs, "the serial number");
    c->algorithm = read_algorithm(&tbs, "the signature algorithm");
    at->issuer = der_whole(&tbs, DER_SEQUENCE, "the issuer");
    read_validity(&tbs, c);
    at->subject = der_whole(&tbs, DER_SEQUENCE, "the subject");
    c->spki = read_spki(&tbs);
    for (unsigned n = 1; n <= 2; n++) {
        if (der_next_is(&tbs, DER_CONTEXT(n))) {
            c->has_unique_ids = true;
            (void)der_take(&tbs, DER_CONTEXT(n), "a unique identifier");
        }
    }
    if (der_next_is(&tbs, DER_CONTEXT_CONSTRUCTED(3)))
        at->extensions = der_take(&tbs, DER_CONTEXT_CONSTRUCTED(3), "the extension list");
    der_end(&tbs, "the certificate's content");
}

struct status certificate_tbs_parse(struct bytes tbs, struct arena *a, struct certificate_fields *out,
                                    struct error *err)
{
    struct certificate_fields c = {.path_length = -1};
    struct positions at = {0};
    struct der_fault fault = {0};
    der_check_tree(tbs, &fault, "the certificate");
    read_tbs(tbs, &fault, &c, &at);
    TRY(der_status(&fault, err));
    struct status s = name_parse(at.issuer, a, &c.issuer, err);
    if (!status_ok(s))
        return error_wrap(err, s, "the issuer");
    s = name_parse(at.subject, a, &c.subject, err);
    if (!status_ok(s))
        return error_wrap(err, s, "the subject");
    c.key_is_known = status_ok(spki_parse(c.spki, &c.key, NULL));
    if (at.extensions.p)
        TRY(certificate_read_extensions(at.extensions, a, &c, err));
    *out = c;
    return DONE;
}

struct status certificate_parse(struct bytes der, struct arena *a, struct certificate_fields *out,
                                struct error *err)
{
    struct der_fault fault = {0};
    struct der top = der_of(der, &fault);
    struct der d = der_enter(&top, DER_SEQUENCE, "the certificate");
    der_end(&top, "the certificate");
    struct bytes tbs = der_whole(&d, DER_SEQUENCE, "the certificate's content");
    struct bytes algorithm = der_whole(&d, DER_SEQUENCE, "the signature algorithm");
    struct bytes signature = der_octet_aligned_bits(&d, "the signature");
    der_end(&d, "the certificate");
    TRY(der_status(&fault, err));
    struct certificate_fields c;
    TRY(certificate_tbs_parse(tbs, a, &c, err));
    if (!bytes_equal(algorithm, c.algorithm))
        return error_set(err, E_INVALID, "the certificate names two signature algorithms");
    c.der = der;
    c.signature = signature;
    *out = c;
    return DONE;
}

struct status certificate_from_pem(struct text pem, struct arena *a, struct certificate_fields *out,
                                   struct error *err)
{
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, CERTIFICATE_SIZE_MAX);
    struct status s = pem_next_labelled(&pem, TEXT("CERTIFICATE"), &der, err);
    if (s.code == E_NOT_FOUND)
        return error_set(err, E_INVALID, "there is no certificate in PEM");
    TRY(s);
    struct bytes kept = arena_bytes(a, buffer_bytes(&der));
    if (!kept.p)
        return buffer_size(&der) ? error_set(err, E_NOMEM, "out of memory")
                                 : error_set(err, E_INVALID, "the certificate is empty");
    return certificate_parse(kept, a, out, err);
}

const struct extension *certificate_extension(const struct certificate_fields *c, enum oid oid)
{
    for (size_t i = 0; i < c->extension_count; i++) {
        if (c->extensions[i].known == oid)
            return &c->extensions[i];
    }
    return NULL;
}

bool certificate_has_purpose(const struct certificate_fields *c, enum oid purpose)
{
    for (size_t i = 0; i < c->purpose_count; i++) {
        if (oid_find(c->purposes[i]) == purpose)
            return true;
    }
    return false;
}
