/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/enrol.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "base/own.h"
#include "cli/json_list.h"
#include "x509/pem.h"
#include "x509/signature.h"

#define PEM_MAX      65536
#define CLOCK_SKEW_S 300 /* of this host's clock against the server's */

/* Every certificate of a base64 member, appended behind those that are there. */
static struct status read_member(struct text json, const char *member, struct arena *a,
                                 struct enrol_answer *out, struct error *err)
{
    struct text base64 = json_string(json, member, a);
    OWNED(buffer_release) struct buffer pem;
    buffer_init(&pem, PEM_MAX);
    if (base64.n == 0)
        return error_set(err, E_INVALID, "the server's answer has no \"%s\"", member);
    if (!status_ok(base64_decode(&pem, base64)))
        return error_set(err, E_INVALID, "\"%s\" in the server's answer is not base64", member);
    struct text rest = arena_text(a, buffer_as_text(&pem));
    for (;;) {
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, PEM_MAX);
        struct status s = pem_next_labelled(&rest, TEXT("CERTIFICATE"), &der, err);
        if (s.code == E_NOT_FOUND)
            return DONE;
        if (!status_ok(s))
            return error_wrap(err, s, "\"%s\" in the server's answer", member);
        if (out->count == ENROL_CHAIN_MAX)
            return error_set(err, E_INVALID, "the server's answer holds too many certificates");
        struct bytes copy = arena_bytes(a, buffer_bytes(&der));
        if (!copy.p)
            return STATUS(NOMEM);
        s = certificate_parse(copy, a, &out->chain[out->count], err);
        if (!status_ok(s))
            return error_wrap(err, s, "\"%s\" in the server's answer", member);
        out->count++;
    }
}

static bool issued(const struct certificate_fields *issuer, const struct certificate_fields *subject)
{
    enum signature_algorithm algorithm;
    return bytes_equal(issuer->subject.der, subject->issuer.der) && issuer->key_is_known &&
           status_ok(signature_algorithm_parse(subject->algorithm, &algorithm, NULL)) &&
           status_ok(signature_verify(algorithm, &issuer->key, subject->tbs, subject->signature, NULL));
}

static bool is_own_issuer(const struct certificate_fields *c)
{
    return bytes_equal(c->issuer.der, c->subject.der);
}

/*
 * Puts the chain into the order of issuing. Kyma sends leaf, root, signing CA when a root is configured
 * (contract, 5.4), so the position proves nothing; the signatures do.
 */
static struct status order_chain(struct enrol_answer *out, struct error *err)
{
    size_t used = 1;
    while (used < out->count && !is_own_issuer(&out->chain[used - 1])) {
        size_t next = used;
        while (next < out->count && !issued(&out->chain[next], &out->chain[used - 1]))
            next++;
        if (next == out->count)
            break;
        struct certificate_fields found = out->chain[next];
        out->chain[next] = out->chain[used];
        out->chain[used++] = found;
    }
    if (used < 2)
        return error_set(err, E_INVALID, "the new certificate is not signed by the CA that came with it");
    out->count = used;
    for (size_t i = 1; i < used; i++)
        if (!out->chain[i].is_ca)
            return error_set(err, E_INVALID, "a certificate above the new one is not a CA's");
    return DONE;
}

static struct status check_leaf(const struct certificate_fields *leaf, EVP_PKEY *key, struct text subject,
                                struct arena *a, struct error *err)
{
    struct name wanted;
    OWNED(buffer_release) struct buffer spki;
    buffer_init(&spki, PEM_MAX);
    TRY(key_to_spki(key, &spki, err));
    TRY(name_from_text(subject, a, &wanted, err));
    if (!bytes_equal(leaf->spki, buffer_bytes(&spki)))
        return error_set(err, E_INVALID, "the certificate in the server's answer is for another key");
    if (!text_equal(name_last(&wanted, NAME_CN), name_last(&leaf->subject, NAME_CN)))
        return error_set(err, E_INVALID, "the certificate in the server's answer is for another name");
    int64_t now = clock_now_s();
    if (leaf->not_before > now + CLOCK_SKEW_S || leaf->not_after <= now)
        return error_set(err, E_INVALID,
                         "the certificate in the server's answer is not valid now: check this host's clock");
    return DONE;
}

static struct text chain_pem(const struct enrol_answer *answer, size_t from, size_t to, struct arena *a)
{
    OWNED(buffer_release) struct buffer pem;
    buffer_init(&pem, (size_t)ENROL_CHAIN_MAX * PEM_MAX);
    for (size_t i = from; i < to; i++)
        pem_encode(&pem, TEXT("CERTIFICATE"), answer->chain[i].der);
    if (!status_ok(buffer_status(&pem)))
        return (struct text){NULL, 0};
    return arena_text(a, buffer_as_text(&pem));
}

const struct enrol_members enrol_kyma = {.chain = "crt", .ca = "caCrt"};
const struct enrol_members enrol_compass = {.chain = "certificateChain", .ca = "caCertificate"};

struct status enrol_check(struct text json, const struct enrol_members *members, EVP_PKEY *key,
                          struct text subject, struct arena *a, struct enrol_answer *out, struct error *err)
{
    uint8_t fingerprint[SHA256_SIZE];
    *out = (struct enrol_answer){.count = 0};
    TRY(read_member(json, members->chain, a, out, err));
    if (out->count == 1 && json_string(json, members->ca, a).n > 0) /* Kyma 0.4: the leaf alone */
        TRY(read_member(json, members->ca, a, out, err));
    if (out->count == 0)
        return error_set(err, E_INVALID, "the server's answer holds no certificate");
    TRY(check_leaf(&out->chain[0], key, subject, a, err));
    TRY(order_chain(out, err));
    sha256(out->chain[0].der, fingerprint);
    hex_encode(out->fingerprint, BYTES_OF(fingerprint));
    out->leaf_pem = chain_pem(out, 0, 1, a);
    out->chain_pem = chain_pem(out, 0, out->count, a);
    out->ca_pem = chain_pem(out, 1, out->count, a);
    return out->leaf_pem.p && out->chain_pem.p && out->ca_pem.p ? DONE : STATUS(NOMEM);
}
