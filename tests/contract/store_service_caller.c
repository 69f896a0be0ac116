/* SPDX-License-Identifier: Apache-2.0 */
#include "store_service.h"

/* Writes made with a certificate: what the transaction finds of it decides. */

static struct audit_entry by_certificate(const char *action, const struct digest *certificate)
{
    struct audit_entry e = entry(action);
    e.certificate = certificate ? certificate->p : NULL;
    return e;
}

static struct status create_by(struct fixture *f, unsigned n, const struct digest *certificate)
{
    const struct audit_entry e = by_certificate("service.create", certificate);
    struct specification_row row;
    struct service_write w = service_of(f, n, "a");
    w.secrets[SECRET_CREDENTIALS] = put_secret("first");
    give_specification(&w, SPECIFICATION_API, &row, "openapi: 3.0.0");
    return store_service_create(f->s, &w, &e);
}

static struct status replace_by(struct fixture *f, unsigned n, const struct digest *certificate)
{
    const struct audit_entry e = by_certificate("service.replace", certificate);
    struct specification_row row;
    struct service_write w = service_of(f, n, "a");
    w.expected_revision = 1;
    w.service.name = TEXT("Other");
    w.secrets[SECRET_CREDENTIALS] = put_secret("second");
    w.secrets[SECRET_CREDENTIALS].history = BYTES_OF("first");
    give_specification(&w, SPECIFICATION_API, &row, "openapi: 3.1.0");
    return store_service_replace(f->s, &w, &e);
}

static struct status replace_secret_by(struct fixture *f, unsigned n, const struct digest *certificate)
{
    const struct audit_entry e = by_certificate("service.credentials", certificate);
    const struct secret_write w = put_secret("third");
    uint8_t id[SERVICE_ID_SIZE];
    service_id_of(n, id);
    return store_secret_replace(f->s, TEXT(""), id, SECRET_CREDENTIALS, 0, NOW, &w, &e);
}

static struct status delete_by(struct fixture *f, unsigned n, const struct digest *certificate)
{
    const struct audit_entry e = by_certificate("service.delete", certificate);
    uint8_t id[SERVICE_ID_SIZE];
    service_id_of(n, id);
    return store_service_delete(f->s, TEXT(""), TEXT("a"), id, 0, &e);
}

static void revoke(struct fixture *f, const struct digest *certificate)
{
    bool was = false;
    assert_ok(store_certificate_revoke(f->s, certificate->p, TEXT("stolen"), NOW, AUDIT("certificate.revoke"),
                                       &was));
}

static void check_refused(struct fixture *f, const struct digest *certificate)
{
    struct service_secret secrets[SECRET_SLOTS];
    assert_status(create_by(f, 2, certificate), E_DENIED);
    assert_status(create_by(f, 1, certificate), E_DENIED); /* nothing is told about what is there */
    assert_status(replace_by(f, 1, certificate), E_DENIED);
    assert_status(replace_by(f, 2, certificate), E_DENIED);
    assert_status(replace_secret_by(f, 1, certificate), E_DENIED);
    assert_status(delete_by(f, 1, certificate), E_DENIED);

    assert_false(service_is_there(f, 2));
    const struct service s = service_now(f, 1, secrets);
    assert_text(s.name, "Service 1");
    assert_int_equal(s.revision, 1);
    assert_text(bytes_text(secrets[SECRET_CREDENTIALS].sealed), "first");
    assert_counts(f, 1, 1, strlen("openapi: 3.0.0"));
    assert_int_equal(services_of(f, "a"), 1);
    assert_int_equal(audit_rows(f, "service"), 1);
}

static void refuses_writes_with_a_revoked_certificate(struct fixture *f)
{
    const struct digest recorded = digest_of(7), unrecorded = digest_of(8);
    assert_ok(make_application(f, "a"));
    assert_ok(make_certificate(f, 7, "a"));
    assert_ok(create_by(f, 1, &recorded));
    revoke(f, &recorded);
    revoke(f, &unrecorded); /* by its hash alone */
    check_refused(f, &recorded);
    check_refused(f, &unrecorded);
}

static void refuses_writes_after_all_of_the_application_were_revoked(struct fixture *f)
{
    const struct digest recorded = digest_of(7);
    size_t revoked = 0;
    assert_ok(make_application(f, "a"));
    assert_ok(make_certificate(f, 7, "a"));
    assert_ok(create_by(f, 1, &recorded));
    assert_ok(store_certificate_revoke_application(f->s, TEXT(""), TEXT("a"), TEXT("stolen"), NOW,
                                                   AUDIT("application.revoke"), count_fingerprint, &revoked));
    assert_int_equal(revoked, 1);
    check_refused(f, &recorded);
}

static bool has_no_certificate(void *ctx, const struct audit_entry *e)
{
    assert_null(e->certificate);
    ++*(size_t *)ctx;
    return true;
}

static void takes_writes_with_any_other_certificate(struct fixture *f)
{
    const struct digest active = digest_of(7), unknown = digest_of(8), revoked = digest_of(9);
    const struct digest *const callers[] = {NULL, &active, &unknown};
    assert_ok(make_application(f, "a"));
    assert_ok(make_certificate(f, 7, "a"));
    revoke(f, &revoked);
    for (unsigned i = 0; i < sizeof callers / sizeof callers[0]; i++) {
        assert_ok(create_by(f, i, callers[i]));
        assert_ok(replace_by(f, i, callers[i]));
        assert_ok(replace_secret_by(f, i, callers[i]));
        assert_ok(delete_by(f, i, callers[i]));
    }
    assert_counts(f, 0, 0, 0);

    size_t rows = 0;
    const struct audit_filter all = {.action_prefix = TEXT("service"), .limit = 1000};
    assert_ok(store_audit_list(f->s, &all, &f->arena, has_no_certificate, &rows));
    assert_int_equal(rows, 4 * sizeof callers / sizeof callers[0]);
}

const struct contract_check service_caller_checks[] = {
    {"refuses writes with a certificate that was revoked", refuses_writes_with_a_revoked_certificate, false},
    {"refuses writes after an application's certificates were revoked",
     refuses_writes_after_all_of_the_application_were_revoked, false},
    {"takes writes with any other certificate", takes_writes_with_any_other_certificate, false},
    {NULL, NULL, false},
};
