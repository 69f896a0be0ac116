/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/generated.h"

#include "base/clock.h"
#include "x509/certificate.h"
#include "x509/keys.h"
#include "x509/pem.h"
#include "x509/request_build.h"
#include "x509/signature_make.h"

/* A pair that a person brings: read strictly, since what is kept here is later sent to other systems. */

#define ARENA_CHUNK   (16 * 1024)
#define ARENA_MAX     (4 * 1024 * 1024)
#define DER_MAX       (64 * 1024)
#define SPKI_MAX      (16 * 1024)
#define SIGNATURE_MAX (4 * 1024)

/* ---- the certificates ---- */

struct status certificate_next(struct text *rest, struct arena *a, struct certificate_fields *out,
                               struct error *err)
{
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, DER_MAX);
    struct text label;
    struct status s = pem_next(rest, &label, &der, err);
    bool is_certificate = status_ok(s) && text_equal(label, TEXT("CERTIFICATE"));
    if (status_ok(s) && !is_certificate) {
        buffer_wipe(&der); /* a private key, perhaps */
        return error_set(err, E_INVALID,
                         "only CERTIFICATE blocks may stand there; a private key has a place of its own");
    }
    TRY(s);
    struct bytes kept = arena_bytes(a, buffer_bytes(&der));
    if (kept.n == 0)
        return error_set(err, buffer_size(&der) ? E_NOMEM : E_INVALID, "the certificate is empty");
    return certificate_parse(kept, a, out, err);
}

/* The leaf, and that whatever follows is its chain: TLS 1.2 servers want it in this order (RFC 5246 7.4.2).
 */
static struct status read_chain(struct bytes pem, struct arena *a, struct certificate_fields *out_leaf,
                                struct error *err)
{
    struct text rest = bytes_text(pem);
    struct certificate_fields leaf, previous, next;
    struct status s = certificate_next(&rest, a, &leaf, err);
    if (s.code == E_NOT_FOUND)
        return error_set(err, E_INVALID, "there is no certificate in PEM");
    TRY(s);
    previous = leaf;
    for (unsigned count = 2;; count++) {
        s = certificate_next(&rest, a, &next, err);
        if (s.code == E_NOT_FOUND)
            break;
        if (!status_ok(s))
            return error_wrap(err, s, "certificate %u", count);
        if (count > PAIR_CERTIFICATES_MAX)
            return error_set(err, E_INVALID, "there are more than %d certificates", PAIR_CERTIFICATES_MAX);
        if (!bytes_equal(previous.issuer.der, next.subject.der))
            return error_set(err, E_INVALID,
                             "certificate %u is not the issuer of the one before it: the service's own comes "
                             "first, then the one that signed it, and so on",
                             count);
        previous = next;
    }
    *out_leaf = leaf;
    return DONE;
}

static struct status check_time(const struct certificate_fields *c, int64_t now, struct error *err)
{
    char at[CLOCK_RFC3339_MAX];
    if (now < c->not_before)
        return error_set(err, E_INVALID, "the certificate is not valid before %s",
                         clock_format_rfc3339(c->not_before, at));
    if (now > c->not_after)
        return error_set(err, E_INVALID, "the certificate ended at %s",
                         clock_format_rfc3339(c->not_after, at));
    return DONE;
}

/* ---- the key ---- */

static struct status does_not_belong(struct error *err)
{
    return error_set(err, E_INVALID, "the private key does not belong to the certificate");
}

/* The public half is the certificate's, and the private half does what it must: sign what the certificate
 * verifies. A damaged key file passes the first look, and would be found at the first call otherwise. */
static struct status check_possession(EVP_PKEY *key, const struct spki *certified, struct error *err)
{
    OWNED(buffer_release) struct buffer der, signature;
    buffer_init(&der, SPKI_MAX);
    buffer_init(&signature, SIGNATURE_MAX);
    struct spki own;
    TRY(key_to_spki(key, &der, err));
    TRY(spki_parse(buffer_bytes(&der), &own, err));
    if (!bytes_equal(own.der, certified->der))
        return does_not_belong(err);
    struct bytes message = text_bytes(TEXT("does this key belong to this certificate?"));
    struct status s = signature_make(key, own.kind, message, &signature, err);
    if (s.code == E_NOMEM)
        return s;
    if (status_ok(s))
        s = signature_verify(signature_algorithm_for(own.kind), certified, message, buffer_bytes(&signature),
                             err);
    return status_ok(s) || s.code == E_NOMEM ? s : does_not_belong(err);
}

struct status pair_check(struct bytes certificate_pem, struct bytes key_pem, int64_t now, struct error *err)
{
    OWNED(arena_release) struct arena arena;
    arena_init(&arena, ARENA_CHUNK, ARENA_MAX);
    OWNED(key_free) EVP_PKEY *key = NULL;
    struct certificate_fields leaf;
    struct spki certified;
    TRY(read_chain(certificate_pem, &arena, &leaf, err));
    TRY(spki_parse(leaf.spki, &certified, err)); /* says which keys are good */
    TRY(check_time(&leaf, now, err));
    TRY(key_from_pem(key_pem, &key, err));
    return check_possession(key, &certified, err);
}

/* ---- for people ---- */

struct status certificate_facts_read(struct bytes certificate_pem, struct arena *a,
                                     struct certificate_facts *out, struct error *err)
{
    struct certificate_fields c;
    TRY(certificate_from_pem(bytes_text(certificate_pem), a, &c, err));
    struct text subject = name_format(&c.subject, a);
    if (!subject.p && c.subject.count > 0)
        return error_set(err, E_NOMEM, "out of memory");
    *out =
        (struct certificate_facts){.subject = subject, .not_before = c.not_before, .not_after = c.not_after};
    sha256(c.der, out->fingerprint);
    return DONE;
}
