/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/csr.h"

#include "x509/der.h"
#include "x509/signature.h"
#include "x509/spki.h"

/*
 * RFC 2986 4.1: attributes [0] IMPLICIT SET OF SEQUENCE { type OBJECT IDENTIFIER, values SET OF ANY }. They
 * do not decide anything here, but have the shape that OpenSSL wants. Absent is not allowed by the standard
 * and is accepted by everybody.
 */
static void read_over_attributes(struct der *info)
{
    if (!der_more(info))
        return;
    struct der attributes = der_enter(info, DER_CONTEXT_CONSTRUCTED(0), "the attribute list");
    while (der_more(&attributes)) {
        struct der attribute = der_enter(&attributes, DER_SEQUENCE, "an attribute");
        (void)der_oid(&attribute, "the type of an attribute");
        (void)der_enter(&attribute, DER_SET, "the value set of an attribute");
        der_end(&attribute, "an attribute");
    }
}

/* RFC 2986 4.1: CertificationRequestInfo ::= SEQUENCE { version 0, subject Name, SubjectPublicKeyInfo, [0]
 * attributes } */
static void read_info(struct bytes info_der, struct der_fault *fault, struct bytes *subject,
                      struct bytes *spki)
{
    struct der top = der_of(info_der, fault);
    struct der info = der_enter(&top, DER_SEQUENCE, "the request's content");
    if (der_unsigned(&info, UINT64_MAX, "the version") != 0)
        der_refuse(&info, "the version", "is not 0 (PKCS#10 has no other)");
    *subject = der_whole(&info, DER_SEQUENCE, "the subject");
    *spki = der_whole(&info, DER_SEQUENCE, "the public key");
    read_over_attributes(&info);
    der_end(&info, "the request's content");
}

struct status csr_parse(struct bytes der, struct arena *a, struct csr *out, struct error *err)
{
    struct der_fault fault = {0};
    struct der top = der_of(der, &fault);
    (void)der_whole(&top, DER_SEQUENCE, "the request");
    der_end(&top, "the request");
    der_check_tree(der, &fault, "the request");

    struct csr csr = {.der = der};
    top = der_of(der, &fault);
    struct der request = der_enter(&top, DER_SEQUENCE, "the request");
    csr.info = der_whole(&request, DER_SEQUENCE, "the request's content");
    struct bytes algorithm = der_whole(&request, DER_SEQUENCE, "the signature algorithm");
    csr.signature = der_octet_aligned_bits(&request, "the signature");
    der_end(&request, "the request");
    struct bytes subject = {0};
    read_info(csr.info, &fault, &subject, &csr.spki);
    TRY(der_status(&fault, err));

    struct status s = name_parse(subject, a, &csr.subject, err);
    if (!status_ok(s))
        return error_wrap(err, s, "the subject");
    struct spki key;
    TRY(spki_parse(csr.spki, &key, err));
    csr.public_key = key.public_key;
    csr.key = key.kind;
    csr.key_bits = key.bits;
    enum signature_algorithm signature;
    TRY(signature_algorithm_parse(algorithm, &signature, err));
    if (!signature_algorithm_fits(signature, key.kind))
        return error_set(err, E_INVALID, "the signature algorithm does not belong to the key");
    csr.signature_algorithm = signature;
    *out = csr;
    return DONE;
}

struct status csr_verify(const struct csr *csr, struct error *err)
{
    struct spki key;
    TRY(spki_parse(csr->spki, &key, err));
    struct status s = signature_verify((enum signature_algorithm)csr->signature_algorithm, &key, csr->info,
                                       csr->signature, err);
    return status_ok(s) ? s : error_wrap(err, s, "the request does not prove possession of its key");
}

const char *csr_key_name(const struct csr *csr, char out[static 16])
{
    return key_name(csr->key, csr->key_bits, out);
}
