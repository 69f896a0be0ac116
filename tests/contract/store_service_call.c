/* SPDX-License-Identifier: Apache-2.0 */
#include "store_service.h"

/* How targets are called: what an operator says beside the registration. */

#define PEM TEXT("-----BEGIN CERTIFICATE-----")

static struct service_call_write call_of(unsigned n, int64_t revision, uint8_t id[static SERVICE_ID_SIZE])
{
    service_id_of(n, id);
    return (struct service_call_write){.application = TEXT("a"),
                                       .id = id,
                                       .expected_revision = revision,
                                       .updated_at = NOW + 5,
                                       .call = {CALL_YES, CALL_NO},
                                       .anchors_pem = PEM};
}

static struct status set_call(struct fixture *f, unsigned n, int64_t revision)
{
    uint8_t id[SERVICE_ID_SIZE];
    const struct service_call_write w = call_of(n, revision, id);
    return store_service_call_set(f->s, &w, AUDIT("service.call"));
}

static void assert_call(struct fixture *f, unsigned n, enum call_choice skip, enum call_choice encode,
                        const char *pem)
{
    const struct service s = service_now(f, n, NULL);
    assert_int_equal(s.call.skip_verify, skip);
    assert_int_equal(s.call.encode_url, encode);
    assert_text(s.call_anchors_pem, pem);
}

static void refuses_what_is_out_of_range_or_not_there(struct fixture *f)
{
    uint8_t id[SERVICE_ID_SIZE];
    struct service_call_write w = call_of(1, 1, id);
    assert_status(store_service_call_set(f->s, &w, AUDIT("service.call")), E_NOT_FOUND);
    assert_ok(make_application(f, "a"));
    assert_ok(make_application(f, "b"));
    assert_status(store_service_call_set(f->s, &w, AUDIT("service.call")), E_NOT_FOUND);
    assert_ok(make_service(f, 1, "a"));
    assert_status(store_service_call_set(f->s, &w, NO_AUDIT), E_INVALID);
    w.call.skip_verify = (enum call_choice)3;
    assert_status(store_service_call_set(f->s, &w, AUDIT("service.call")), E_INVALID);
    w = call_of(1, 0, id);
    assert_status(store_service_call_set(f->s, &w, AUDIT("service.call")), E_INVALID);
    w = call_of(1, 2, id);
    assert_status(store_service_call_set(f->s, &w, AUDIT("service.call")), E_CHANGED);
    w = call_of(1, 1, id);
    w.application = TEXT("b");
    assert_status(store_service_call_set(f->s, &w, AUDIT("service.call")), E_NOT_FOUND);
    w.application = TEXT("");
    assert_status(store_service_call_set(f->s, &w, AUDIT("service.call")), E_INVALID);
    w = call_of(1, 1, id);
    w.tenant = TEXT("t");
    assert_status(store_service_call_set(f->s, &w, AUDIT("service.call")), E_NOT_FOUND);
    assert_call(f, 1, CALL_UNSET, CALL_UNSET, "");
    assert_int_equal(audit_rows(f, "service.call"), 0);
}

static void refuses_a_revoked_certificate(struct fixture *f)
{
    uint8_t id[SERVICE_ID_SIZE];
    const struct digest caller = digest_of(9);
    const struct service_call_write w = call_of(1, 1, id);
    struct audit_entry e = entry("service.call");
    bool was = false;
    e.certificate = caller.p;
    assert_ok(make_application(f, "a"));
    assert_ok(make_service(f, 1, "a"));
    assert_ok(store_certificate_revoke(f->s, caller.p, TEXT("x"), NOW, AUDIT("certificate.revoke"), &was));
    assert_status(store_service_call_set(f->s, &w, &e), E_DENIED);
    assert_call(f, 1, CALL_UNSET, CALL_UNSET, "");
}

static void sets_one_service_and_nothing_else_of_it(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    assert_ok(make_service(f, 1, "a"));
    assert_ok(make_service(f, 2, "a"));
    assert_ok(set_call(f, 1, 1));
    assert_call(f, 1, CALL_YES, CALL_NO, "-----BEGIN CERTIFICATE-----");
    assert_call(f, 2, CALL_UNSET, CALL_UNSET, "");
    const struct service s = service_now(f, 1, NULL);
    assert_int_equal(s.revision, 2);
    assert_int_equal(s.updated_at, NOW + 5);
    assert_text(s.name, "Service 1");
    assert_text(s.details, "{\"apiType\":\"openapi\"}");
    assert_int_equal(audit_rows(f, "service.call"), 1);
}

/* A registration cannot say it, and none changes it. */
static void registering_and_replacing_leave_it_alone(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    struct service_write w = service_of(f, 1, "a");
    w.service.call = (struct call_choices){CALL_YES, CALL_YES};
    w.service.call_anchors_pem = TEXT("forged");
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    assert_call(f, 1, CALL_UNSET, CALL_UNSET, "");

    assert_ok(set_call(f, 1, 1));
    w.expected_revision = 2;
    w.service.name = TEXT("Other");
    w.service.call = (struct call_choices){CALL_NO, CALL_UNSET};
    w.service.call_anchors_pem = TEXT("");
    assert_ok(store_service_replace(f->s, &w, AUDIT("service.replace")));
    assert_text(service_now(f, 1, NULL).name, "Other");
    assert_call(f, 1, CALL_YES, CALL_NO, "-----BEGIN CERTIFICATE-----");
}

static bool see_row(void *ctx, const struct service *s)
{
    *(struct service *)ctx = *s;
    return true;
}

static void lookups_by_name_give_it_and_lists_do_not(struct fixture *f)
{
    struct service s = {0};
    struct text next;
    const struct service_filter all = {.application = TEXT("a")};
    const struct page_request page = {.limit = 10};
    assert_ok(make_application(f, "a"));
    assert_ok(make_service(f, 1, "a"));
    assert_ok(set_call(f, 1, 1));
    assert_ok(
        store_service_named(f->s, TEXT(""), TEXT("a"), NULL, TEXT("service-1"), 2, &f->arena, see_row, &s));
    assert_int_equal(s.call.skip_verify, CALL_YES);
    assert_text(s.call_anchors_pem, "-----BEGIN CERTIFICATE-----");
    assert_ok(store_service_list(f->s, &all, &page, 100, &f->arena, see_row, &s, &next));
    assert_int_equal(s.revision, 2);
    assert_int_equal(s.call.skip_verify, CALL_UNSET);
    assert_int_equal(s.call_anchors_pem.n, 0);
}

static void applications_have_choices_one_by_one(struct fixture *f)
{
    struct application app;
    const enum call_choice yes = CALL_YES, no = CALL_NO, wrong = (enum call_choice)7;
    const struct application_change first = {.skip_verify = &yes}, second = {.encode_url = &no},
                                    bad = {.encode_url = &wrong};
    const struct application made = {
        .name = TEXT("a"), .created_at = NOW, .call = {CALL_YES, CALL_YES} /* not creation's to say */};
    assert_ok(store_application_create(f->s, &made, AUDIT("application.create")));
    assert_status(store_application_update(f->s, TEXT(""), TEXT("a"), &bad, AUDIT("application.update")),
                  E_INVALID);
    assert_ok(store_application_get(f->s, TEXT(""), TEXT("a"), &f->arena, &app));
    assert_int_equal(app.call.skip_verify, CALL_UNSET);
    assert_int_equal(app.call.encode_url, CALL_UNSET);
    assert_ok(store_application_update(f->s, TEXT(""), TEXT("a"), &first, AUDIT("application.update")));
    assert_ok(store_application_update(f->s, TEXT(""), TEXT("a"), &second, AUDIT("application.update")));
    assert_ok(store_application_get(f->s, TEXT(""), TEXT("a"), &f->arena, &app));
    assert_int_equal(app.call.skip_verify, CALL_YES);
    assert_int_equal(app.call.encode_url, CALL_NO);
    assert_text(app.labels, "{}");
}

static void it_survives_a_restart(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    assert_ok(make_service(f, 1, "a"));
    assert_ok(set_call(f, 1, 1));
    fixture_reopen(f);
    assert_call(f, 1, CALL_YES, CALL_NO, "-----BEGIN CERTIFICATE-----");
}

const struct contract_check service_call_checks[] = {
    {"refuses how to call what is out of range or not there", refuses_what_is_out_of_range_or_not_there,
     false},
    {"refuses how to call from a revoked certificate", refuses_a_revoked_certificate, false},
    {"sets how to call one service and nothing else of it", sets_one_service_and_nothing_else_of_it, false},
    {"registering and replacing leave alone how it is called", registering_and_replacing_leave_it_alone,
     false},
    {"lookups by name give how it is called, lists do not", lookups_by_name_give_it_and_lists_do_not, false},
    {"applications have choices, one by one", applications_have_choices_one_by_one, false},
    {"how it is called survives a restart", it_survives_a_restart, true},
    {NULL, NULL, false},
};
