/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "base/fault.h"
#include "base/json_out.h"
#include "base/limits.h"
#include "ca/ca.h"
#include "x509/pem.h"

/* What the request became, before it is on record. */
struct made {
    struct ca_leaf leaf;
    struct text subject;
    struct text key_algorithm;
    int64_t now;
};

/* What is in `csr`, as DER. Empty is said first: a shell variable that was never set is the commonest
 * mistake. */
static struct status decode(const struct connector_holder *h, struct text csr, struct buffer *der,
                            struct error *err)
{
    if (csr.n == 0)
        return error_set(err, E_INVALID,
                         "Error while decoding pem block. The member csr is missing or empty.");
    OWNED(buffer_release) struct buffer pem;
    buffer_init(&pem, LIMIT_BODY_CSR);
    const struct status decoded = base64_decode(&pem, csr);
    if (decoded.code == E_INVALID)
        return error_set(err, E_INVALID, "%s",
                         kind_is_compass(h->kind)
                             ? CONNECTOR_NO_BASE64
                             : "There was an error while parsing the base64 content. An incorrect value was "
                               "provided.");
    TRY(decoded);
    struct error why = {0};
    const struct status first = pem_first_block(buffer_as_text(&pem), der, &why);
    if (first.code == E_INVALID)
        return error_set(err, E_INVALID, "Error while decoding pem block. Reason: %s.",
                         error_text(&why, first));
    return first;
}

static int64_t validity_of(const struct connector *c, enum token_kind kind)
{
    switch (kind) {
    case TOKEN_APPLICATION:
    case TOKEN_COMPASS_APPLICATION:
        return c->settings.application_validity_s;
    case TOKEN_RUNTIME:
    case TOKEN_COMPASS_RUNTIME:
        return c->settings.runtime_validity_s;
    case TOKEN_REMOTE_ENVIRONMENT:
        return c->settings.remote_environment_validity_s;
    }
    return 0;
}

static struct status verify_and_issue(struct connector *c, const struct connector_holder *h,
                                      const struct csr *csr, const struct name *subject, struct arena *a,
                                      struct made *out, struct error *err)
{
    const struct status verified = csr_verify(csr, err);
    if (verified.code == E_INVALID)
        return error_wrap(err, verified, "CSR signature invalid");
    TRY(verified);
    TRY(subject_check(c, h, &csr->subject, err));
    const struct ca_leaf_request request = {
        .csr = csr, .subject = subject, .now = out->now, .validity_s = validity_of(c, h->kind)};
    return ca_issue_client(c->parts.ca, &request, a, &out->leaf, err);
}

/* In the contract's order (3.3): base64, PEM, request, its signature, its subject; then the certificate. */
static struct status make(struct connector *c, const struct connector_holder *h, struct text csr_text,
                          struct arena *a, struct made *out, struct error *err)
{
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, LIMIT_BODY_CSR);
    TRY(decode(h, csr_text, &der, err));
    struct csr csr;
    const struct status parsed = csr_parse(buffer_bytes(&der), a, &csr, err);
    if (parsed.code == E_INVALID)
        return error_wrap(err, parsed, "Error while parsing CSR");
    TRY(parsed);
    struct name subject;
    TRY(connector_subject_name(c, h, a, &subject));

    out->now = clock_now_s();
    lane_enter(c->shared->lane);
    const struct status issued = verify_and_issue(c, h, &csr, &subject, a, out, err);
    lane_leave(c->shared->lane);
    TRY(issued);

    char key[16];
    out->key_algorithm = arena_text(a, text_of(csr_key_name(&csr, key)));
    out->subject = name_format(&subject, a);
    return out->key_algorithm.p && out->subject.p ? DONE : STATUS(NOMEM);
}

static struct text issue_detail(const struct made *m, struct arena *a)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 4096);
    struct json_out j;
    json_out_init(&j, &b);
    json_open_object(&j, NULL);
    json_text(&j, "subject", m->subject);
    json_text(&j, "keyAlgorithm", m->key_algorithm);
    json_time(&j, "notAfter", m->leaf.not_after);
    json_end(&j);
    return status_ok(buffer_status(&b)) ? arena_text(a, buffer_as_text(&b)) : (struct text){NULL, 0};
}

/* Record, consumption (or the check that the old one stands) and audit in one transaction. */
static struct status record(struct connector *c, const struct audit_caller *caller,
                            const struct connector_holder *h, const struct made *m,
                            struct certificate_issue *in, struct text action, struct arena *a)
{
    struct bytes auth;
    TRY(system_auth_octets(h, a, &auth));
    in->certificate = (struct certificate){
        .serial = m->leaf.serial,
        .kind = kind_is_runtime(h->kind) ? CERTIFICATE_RUNTIME : CERTIFICATE_APPLICATION,
        .state = CERTIFICATE_ACTIVE,
        .tenant = h->tenant,
        .group = h->group,
        .application = h->application,
        .system_auth = auth,
        .subject = m->subject,
        .key_algorithm = m->key_algorithm,
        .issued_at = m->now,
        .not_before = m->leaf.not_before,
        .not_after = m->leaf.not_after,
        .issued_by = caller->actor,
        .der = m->leaf.der,
    };
    const uint8_t *issuer = ca_fingerprint(c->parts.ca);
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        in->certificate.fingerprint[i] = m->leaf.fingerprint[i];
        in->certificate.issuer[i] = issuer[i];
    }
    struct audit_entry audit = audit_of(caller, action, h, m->now);
    audit.subject = fingerprint_text(m->leaf.fingerprint, a);
    audit.detail = issue_detail(m, a);
    if (!audit.subject.p || !audit.detail.p)
        return STATUS(NOMEM);
    return store_certificate_issue(c->parts.store, in, &audit);
}

static void hand_out(struct connector *c, const struct made *m, struct connector_issued *out)
{
    slab_add(c->parts.slab, SLAB_CERTIFICATES_ISSUED, 1);
    *out = (struct connector_issued){.der = m->leaf.der, .not_after = m->leaf.not_after};
    for (size_t i = 0; i < SHA256_SIZE; i++)
        out->fingerprint[i] = m->leaf.fingerprint[i];
}

struct status connector_sign(struct connector *c, const struct audit_caller *caller,
                             const struct connector_grant *grant, struct text csr, struct arena *a,
                             struct connector_issued *out, struct error *err)
{
    struct made m = {0};
    TRY(make(c, &grant->holder, csr, a, &m, err));
    struct audit_caller by = *caller;
    by.actor = arena_printf(a, "token:%.*s", TEXT_ARG(grant->id));
    if (!by.actor.p)
        return STATUS(NOMEM);
    struct certificate_issue in = {.token_hash = grant->hash};
    FAULT_POINT("sign.made");
    const struct status stored = record(c, &by, &grant->holder, &m, &in, TEXT("certificate.issue"), a);
    if (stored.code == E_CONFLICT || stored.code == E_NOT_FOUND)
        return error_set(err, E_DENIED, "Invalid token.");
    TRY(stored);
    FAULT_POINT("sign.committed");
    slab_add(c->parts.slab, SLAB_TOKENS_USED, 1);
    hand_out(c, &m, out);
    return DONE;
}

struct status connector_renew(struct connector *c, const struct audit_caller *caller,
                              const struct connector_holder *holder,
                              const uint8_t fingerprint[static SHA256_SIZE], struct text csr, struct arena *a,
                              struct connector_issued *out, struct error *err)
{
    struct made m = {0};
    TRY(make(c, holder, csr, a, &m, err));
    struct certificate_issue in = {.renews_fingerprint = fingerprint};
    const struct status stored = record(c, caller, holder, &m, &in, TEXT("certificate.renew"), a);
    if (stored.code == E_DENIED)
        return error_set(err, E_DENIED, "Certificate has been revoked.");
    TRY(stored);
    hand_out(c, &m, out);
    return DONE;
}

/* ---- what goes back ---- */

void connector_der_pem(struct bytes der, struct buffer *out)
{
    pem_encode(out, TEXT("CERTIFICATE"), der);
}

void connector_leaf_pem(const struct connector_issued *issued, struct buffer *out)
{
    connector_der_pem(issued->der, out);
}

void connector_ca_pem(const struct connector *c, struct buffer *out)
{
    buffer_text(out, ca_certificate_pem(c->parts.ca));
    if (ca_has_root(c->parts.ca))
        buffer_text(out, ca_root_pem(c->parts.ca));
}

void connector_chain_pem(const struct connector *c, const struct connector_issued *issued, struct buffer *out)
{
    connector_leaf_pem(issued, out);
    connector_ca_pem(c, out);
}
