/* SPDX-License-Identifier: Apache-2.0 */
#include "store_suite.h"

static void refuses_a_certificate_without_serial_or_der(struct fixture *f)
{
    static const uint8_t long_serial[21] = {1};
    struct certificate good = certificate_of(f, 1, "a");
    struct certificate_issue cases[] = {
        {.certificate = good}, {.certificate = good}, {.certificate = good}, {.certificate = good}};
    cases[0].certificate.serial.n = 0;
    cases[1].certificate.serial = BYTES_OF(long_serial);
    cases[2].certificate.der.n = 0;
    cases[3].certificate.not_after = cases[3].certificate.not_before - 1;
    for (size_t i = 0; i < 4; i++)
        assert_status(store_certificate_issue(f->s, &cases[i], AUDIT("certificate.issue")), E_INVALID);
}

static void refuses_a_known_serial_or_fingerprint(struct fixture *f)
{
    assert_ok(make_certificate(f, 1, "a"));
    assert_status(make_certificate(f, 1, "a"), E_CONFLICT);
    struct certificate_issue in = {.certificate = certificate_of(f, 1, "a")};
    in.certificate.fingerprint[0] ^= 1;
    assert_status(store_certificate_issue(f->s, &in, AUDIT("certificate.issue")), E_CONFLICT);
    in.certificate.issuer[0] ^= 1; /* the same serial of another issuer */
    assert_ok(store_certificate_issue(f->s, &in, AUDIT("certificate.issue")));
    assert_int_equal(audit_rows(f, "certificate.issue"), 2);
    assert_int_equal(counts_of(f).active_certificates, 2);
}

static struct status issue_with_token(struct fixture *f, unsigned n, unsigned token, int64_t at)
{
    struct digest hash = digest_of(token);
    struct certificate_issue in = {.certificate = certificate_of(f, n, "a"), .token_hash = hash.p};
    in.certificate.issued_at = at;
    return store_certificate_issue(f->s, &in, AUDIT("certificate.issue"));
}

static void refuses_a_token_that_is_not_active(struct fixture *f)
{
    assert_status(issue_with_token(f, 1, 100, NOW), E_CONFLICT); /* unknown */
    assert_ok(make_token(f, 100, "a"));
    assert_status(issue_with_token(f, 1, 100, NOW + 300), E_CONFLICT); /* expired */
    assert_ok(issue_with_token(f, 1, 100, NOW + 299));
    assert_status(issue_with_token(f, 2, 100, NOW + 299), E_CONFLICT); /* used */
    assert_ok(make_token(f, 101, "a"));
    assert_ok(store_token_revoke(f->s, token_id_of(f, 101), NOW, AUDIT("token.revoke")));
    assert_status(issue_with_token(f, 2, 101, NOW), E_CONFLICT);
    struct certificate c;
    assert_status(store_certificate_find(f->s, digest_of(2).p, false, &f->arena, &c), E_NOT_FOUND);
    assert_int_equal(counts_of(f).active_certificates, 1);
}

static void a_refused_certificate_uses_no_token_up(struct fixture *f)
{
    assert_ok(make_certificate(f, 1, "a"));
    assert_ok(make_token(f, 100, "a"));
    assert_status(issue_with_token(f, 1, 100, NOW), E_CONFLICT);
    assert_int_equal(token_state_of(f, 100, NOW), TOKEN_ACTIVE);
    assert_ok(issue_with_token(f, 2, 100, NOW));
}

static void refuses_to_renew_what_is_revoked(struct fixture *f)
{
    struct digest old = digest_of(1);
    bool was = true;
    struct certificate_issue in = {.certificate = certificate_of(f, 2, "a"), .renews_fingerprint = old.p};
    assert_ok(make_certificate(f, 1, "a"));
    assert_ok(store_certificate_revoke(f->s, old.p, TEXT("lost"), NOW, AUDIT("certificate.revoke"), &was));
    assert_status(store_certificate_issue(f->s, &in, AUDIT("certificate.renew")), E_DENIED);
    assert_int_equal(audit_rows(f, "certificate.renew"), 0);
    struct digest other = digest_of(3);
    in.renews_fingerprint = other.p; /* not on record, not revoked: of a CA that was replaced */
    assert_ok(store_certificate_issue(f->s, &in, AUDIT("certificate.renew")));
}

static void keeps_every_field(struct fixture *f)
{
    struct certificate_issue in = {.certificate = certificate_of(f, 1, "a")};
    in.certificate.kind = CERTIFICATE_RUNTIME;
    in.certificate.tenant = TEXT("t");
    in.certificate.group = TEXT("g");
    assert_ok(store_certificate_issue(f->s, &in, AUDIT("certificate.issue")));
    struct certificate c;
    assert_ok(store_certificate_find(f->s, in.certificate.fingerprint, true, &f->arena, &c));
    assert_memory_equal(c.fingerprint, in.certificate.fingerprint, SHA256_SIZE);
    assert_memory_equal(c.issuer, in.certificate.issuer, SHA256_SIZE);
    assert_true(bytes_equal(c.serial, in.certificate.serial));
    assert_int_equal(c.kind, CERTIFICATE_RUNTIME);
    assert_int_equal(c.state, CERTIFICATE_ACTIVE);
    assert_text(c.tenant, "t");
    assert_text(c.group, "g");
    assert_text(c.application, "a");
    assert_true(text_equal(c.subject, in.certificate.subject));
    assert_text(c.key_algorithm, "ec:P-256");
    assert_int_equal(c.issued_at, NOW);
    assert_int_equal(c.not_before, NOW - 300);
    assert_int_equal(c.not_after, NOW + 1);
    assert_int_equal(c.revoked_at, 0);
    assert_text(c.revoked_reason, "");
    assert_text(c.issued_by, "token:0011223344aa");
    assert_true(bytes_equal(c.der, in.certificate.der));
    assert_ok(store_certificate_find(f->s, in.certificate.fingerprint, false, &f->arena, &c));
    assert_int_equal(c.der.n, 0);
}

static void revokes_once(struct fixture *f)
{
    bool was = true;
    assert_ok(make_certificate(f, 1, "a"));
    assert_ok(
        store_certificate_revoke(f->s, digest_of(1).p, TEXT("lost"), NOW, AUDIT("certificate.revoke"), &was));
    assert_false(was);
    assert_ok(store_certificate_revoke(f->s, digest_of(1).p, TEXT("again"), NOW + 1,
                                       AUDIT("certificate.revoke"), &was));
    assert_true(was);
    struct certificate c;
    assert_ok(store_certificate_find(f->s, digest_of(1).p, true, &f->arena, &c));
    assert_int_equal(c.state, CERTIFICATE_REVOKED);
    assert_int_equal(c.revoked_at, NOW);
    assert_text(c.revoked_reason, "lost");
    assert_text(c.application, "a");
    assert_int_equal(audit_rows(f, "certificate.revoke"), 1);
    struct store_counts counts = counts_of(f);
    assert_int_equal(counts.active_certificates, 0);
    assert_int_equal(counts.revoked, 1);
}

static void revokes_what_it_does_not_know(struct fixture *f)
{
    struct certificate c;
    bool was = true;
    assert_status(store_certificate_find(f->s, digest_of(1).p, true, &f->arena, &c), E_NOT_FOUND);
    assert_ok(
        store_certificate_revoke(f->s, digest_of(1).p, TEXT("lost"), NOW, AUDIT("certificate.revoke"), &was));
    assert_false(was);
    assert_ok(store_certificate_find(f->s, digest_of(1).p, true, &f->arena, &c));
    assert_int_equal(c.state, CERTIFICATE_REVOKED);
    assert_int_equal(c.revoked_at, NOW);
    assert_memory_equal(c.fingerprint, digest_of(1).p, SHA256_SIZE);
    assert_true(c.application.n == 0 && c.subject.n == 0 && c.der.n == 0);
    /* recorded later, it is revoked from the start */
    assert_ok(make_certificate(f, 1, "a"));
    assert_true(certificate_is_revoked(f, 1));
    assert_int_equal(counts_of(f).active_certificates, 0);
    assert_int_equal(counts_of(f).revoked, 1);
}

static void revokes_all_of_an_application(struct fixture *f)
{
    for (unsigned i = 0; i < 6; i++)
        assert_ok(make_certificate(f, i, i < 4 ? "a" : "b"));
    bool was = true;
    size_t revoked = 0;
    assert_ok(
        store_certificate_revoke(f->s, digest_of(0).p, TEXT("lost"), NOW, AUDIT("certificate.revoke"), &was));
    assert_ok(store_certificate_revoke_application(f->s, TEXT(""), TEXT("a"), TEXT("leak"), NOW,
                                                   AUDIT("application.revoke"), count_fingerprint, &revoked));
    assert_int_equal(revoked, 3);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(certificate_is_revoked(f, i), i < 4);
    revoked = 0;
    assert_ok(store_certificate_revoke_application(f->s, TEXT(""), TEXT("a"), TEXT("leak"), NOW,
                                                   AUDIT("application.revoke"), count_fingerprint, &revoked));
    assert_int_equal(revoked, 0);
    assert_int_equal(audit_rows(f, "application.revoke"), 2);
    assert_int_equal(counts_of(f).active_certificates, 2);
}

static void knows_the_soonest_expiry_of_active_ones(struct fixture *f)
{
    assert_int_equal(counts_of(f).soonest_expiry, 0);
    for (unsigned i = 0; i < 4; i++)
        assert_ok(make_certificate(f, i, "a")); /* 0 ends NOW: over */
    assert_int_equal(counts_of(f).soonest_expiry, NOW + 1);
    bool was = true;
    assert_ok(
        store_certificate_revoke(f->s, digest_of(1).p, TEXT(""), NOW, AUDIT("certificate.revoke"), &was));
    assert_int_equal(counts_of(f).soonest_expiry, NOW + 2);
}

const struct contract_check certificate_checks[] = {
    {"refuses a certificate without serial or DER", refuses_a_certificate_without_serial_or_der, false},
    {"refuses a known serial or fingerprint", refuses_a_known_serial_or_fingerprint, false},
    {"refuses a certificate for a token that is not active", refuses_a_token_that_is_not_active, false},
    {"a refused certificate uses no token up", a_refused_certificate_uses_no_token_up, false},
    {"refuses to renew what is revoked", refuses_to_renew_what_is_revoked, false},
    {"a certificate keeps every field", keeps_every_field, false},
    {"revokes once", revokes_once, false},
    {"revokes a certificate it does not know", revokes_what_it_does_not_know, false},
    {"revokes all of an application", revokes_all_of_an_application, false},
    {"knows the soonest expiry of active certificates", knows_the_soonest_expiry_of_active_ones, false},
    {NULL, NULL, false},
};
