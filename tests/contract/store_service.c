/* SPDX-License-Identifier: Apache-2.0 */
#include "store_service.h"

/* ---- refusals ---- */

static void refuses_an_unknown_application(struct fixture *f)
{
    bool taken = true;
    assert_status(make_service(f, 1, "a"), E_NOT_FOUND);
    assert_ok(make_application(f, "a"));
    struct service_write other = service_of(f, 1, "a");
    other.service.tenant = TEXT("t");
    assert_status(store_service_create(f->s, &other, AUDIT("service.create")), E_NOT_FOUND);
    assert_status(store_service_identifier(f->s, TEXT(""), TEXT("b"), TEXT("i"), &taken), E_NOT_FOUND);
    assert_true(taken);
    assert_counts(f, 0, 0, 0);
    assert_int_equal(audit_rows(f, "service"), 0);
}

static void refuses_an_identifier_that_is_in_use(struct fixture *f)
{
    bool taken = true;
    assert_ok(make_application(f, "a"));
    assert_ok(make_application(f, "b"));
    struct service_write w = service_of(f, 1, "a");
    w.service.identifier = TEXT("orders");
    assert_ok(store_service_identifier(f->s, TEXT(""), TEXT("a"), TEXT("orders"), &taken));
    assert_false(taken);
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    assert_ok(store_service_identifier(f->s, TEXT(""), TEXT("a"), TEXT("orders"), &taken));
    assert_true(taken);
    assert_ok(store_service_identifier(f->s, TEXT(""), TEXT("a"), TEXT(""), &taken));
    assert_false(taken);

    struct specification_row row;
    service_id_of(2, w.service.id);
    w.secrets[SECRET_CREDENTIALS] = put_secret("s");
    give_specification(&w, SPECIFICATION_API, &row, "openapi: 3.0.0");
    assert_status(store_service_create(f->s, &w, AUDIT("service.create")), E_CONFLICT);
    assert_false(specification_is_there(f, "openapi: 3.0.0"));
    assert_int_equal(services_of(f, "a"), 1);
    assert_int_equal(audit_rows(f, "service.create"), 1);

    w.service.application = TEXT("b"); /* unique in its application only */
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    assert_ok(make_service(f, 3, "a")); /* and two without one are no conflict */
    assert_ok(make_service(f, 4, "a"));
}

static void refuses_an_id_that_is_there(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    assert_ok(make_application(f, "b"));
    assert_ok(make_service(f, 1, "a"));
    assert_status(make_service(f, 1, "a"), E_CONFLICT);
    assert_status(make_service(f, 1, "b"), E_CONFLICT);
    assert_counts(f, 1, 0, 0);
    assert_int_equal(services_of(f, "b"), 0);
}

static void refuses_what_it_cannot_hold(struct fixture *f)
{
    char tenant[SERVICE_TENANT_MAX + 2];
    memset(tenant, 't', sizeof tenant);
    tenant[sizeof tenant - 1] = '\0';
    struct specification_row row, other;
    assert_ok(make_application(f, "a"));
    struct service_write w = service_of(f, 1, "a");
    assert_status(store_service_create(f->s, &w, NO_AUDIT), E_INVALID);
    w.service.tenant = text_of(tenant);
    assert_status(store_service_create(f->s, &w, AUDIT("service.create")), E_INVALID);
    w = service_of(f, 1, "");
    assert_status(store_service_create(f->s, &w, AUDIT("service.create")), E_INVALID);

    w = service_of(f, 1, "a");
    w.service.specifications[SPECIFICATION_API].present = true; /* no content */
    assert_status(store_service_create(f->s, &w, AUDIT("service.create")), E_INVALID);
    give_specification(&w, SPECIFICATION_API, &row, "one");
    give_specification(&w, SPECIFICATION_EVENTS, &other, "two");
    w.specifications[SPECIFICATION_EVENTS] = &row; /* another content than the reference's */
    assert_status(store_service_create(f->s, &w, AUDIT("service.create")), E_INVALID);

    w = service_of(f, 1, "a");
    w.secrets[SECRET_PARAMETERS].change = SECRET_PUT; /* nothing sealed */
    assert_status(store_service_create(f->s, &w, AUDIT("service.create")), E_INVALID);
    assert_status(store_service_replace(f->s, &w, AUDIT("service.replace")), E_INVALID); /* no revision */
    assert_counts(f, 0, 0, 0);
}

static void does_not_find_what_is_not_there(struct fixture *f)
{
    struct service s;
    uint8_t id[SERVICE_ID_SIZE], other[SERVICE_ID_SIZE];
    service_id_of(1, id);
    service_id_of(2, other);
    assert_ok(make_application(f, "a"));
    assert_ok(make_application(f, "b"));
    assert_ok(make_service(f, 1, "a"));
    assert_status(store_service_get(f->s, TEXT(""), TEXT("a"), other, &f->arena, &s, NULL), E_NOT_FOUND);
    assert_status(store_service_get(f->s, TEXT(""), TEXT("b"), id, &f->arena, &s, NULL), E_NOT_FOUND);
    assert_status(store_service_get(f->s, TEXT(""), TEXT(""), id, &f->arena, &s, NULL), E_NOT_FOUND);
    assert_status(store_service_get(f->s, TEXT("t"), TEXT("a"), id, &f->arena, &s, NULL), E_NOT_FOUND);
    assert_status(store_service_find(f->s, TEXT("t"), id, &f->arena, &s, NULL), E_NOT_FOUND);
    assert_status(delete_service(f, 2, "a", 0), E_NOT_FOUND);
    assert_status(delete_service(f, 1, "b", 0), E_NOT_FOUND);
    assert_status(delete_service(f, 1, "", 0), E_NOT_FOUND);
    struct service_write w = service_of(f, 1, "b");
    w.expected_revision = 1;
    assert_status(store_service_replace(f->s, &w, AUDIT("service.replace")), E_NOT_FOUND);
    assert_true(service_is_there(f, 1));
    assert_int_equal(audit_rows(f, "service.delete"), 0);
}

static void another_revision_changes_nothing(struct fixture *f)
{
    struct specification_row row;
    struct service_secret secrets[SECRET_SLOTS];
    assert_ok(make_application(f, "a"));
    struct service_write w = service_of(f, 1, "a");
    w.secrets[SECRET_CREDENTIALS] = put_secret("first");
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    w.secrets[SECRET_CREDENTIALS] = put_secret("second");
    w.service.name = TEXT("other");
    w.expected_revision = 2;
    give_specification(&w, SPECIFICATION_API, &row, "openapi");
    assert_status(store_service_replace(f->s, &w, AUDIT("service.replace")), E_CHANGED);
    assert_status(delete_service(f, 1, "a", 2), E_CHANGED);
    struct service s = service_now(f, 1, secrets);
    assert_text(s.name, "Service 1");
    assert_int_equal(s.revision, 1);
    assert_text(bytes_text(secrets[SECRET_CREDENTIALS].sealed), "first");
    assert_counts(f, 1, 0, 0);
    assert_int_equal(audit_rows(f, "service.replace"), 0);
    assert_ok(delete_service(f, 1, "a", 1));
}

/* ---- what is kept ---- */

static void keeps_every_field(struct fixture *f)
{
    struct specification_row rows[SPECIFICATION_SLOTS];
    struct service_secret secrets[SECRET_SLOTS];
    struct application app = {.tenant = TEXT("t"), .name = TEXT("a"), .created_at = NOW};
    assert_ok(store_application_create(f->s, &app, AUDIT("application.create")));
    struct service_write w = service_of(f, 1, "a");
    w.service.tenant = TEXT("t");
    w.service.identifier = TEXT("orders");
    w.service.updated_at = NOW + 5;
    w.service.revision = 77; /* the store's business */
    give_specification(&w, SPECIFICATION_EVENTS, &rows[0], "asyncapi: 1.0.0");
    give_specification(&w, SPECIFICATION_DOCUMENTATION, &rows[1], "d\xc3\xa9j\xc3\xa0");
    w.service.specifications[SPECIFICATION_EVENTS].fetched_at = NOW - 1;
    w.secrets[SECRET_PARAMETERS] = put_secret("sealed");
    w.secrets[SECRET_PARAMETERS].by_hand = true;
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));

    struct service s;
    assert_ok(store_service_get(f->s, TEXT("t"), TEXT("a"), w.service.id, &f->arena, &s, secrets));
    assert_memory_equal(s.id, w.service.id, SERVICE_ID_SIZE);
    assert_text(s.tenant, "t");
    assert_text(s.application, "a");
    assert_int_equal(s.revision, 1);
    assert_int_equal(s.created_at, NOW);
    assert_int_equal(s.updated_at, NOW + 5);
    assert_text(s.name, "Service 1");
    assert_text(s.path_name, "service-1");
    assert_text(s.provider, "SAP Hybris");
    assert_text(s.description, "long");
    assert_text(s.short_description, "short");
    assert_text(s.identifier, "orders");
    assert_text(s.labels, "{\"n\":\"1\",\"region\":\"kr\"}");
    assert_text(s.target_url, "https://Upstream.example/path");
    assert_int_equal(s.credential_kind, 2);
    assert_text(s.details, "{\"apiType\":\"openapi\"}");
    assert_false(s.specifications[SPECIFICATION_API].present);
    const struct specification_ref *events = &s.specifications[SPECIFICATION_EVENTS];
    assert_true(events->present);
    assert_memory_equal(events->hash, rows[0].hash, SHA256_SIZE);
    assert_int_equal(events->format, FORMAT_YAML);
    assert_int_equal(events->size, 15);
    assert_int_equal(events->fetched_at, NOW - 1);
    assert_int_equal(s.specifications[SPECIFICATION_DOCUMENTATION].fetched_at, 0);
    assert_false(secrets[SECRET_CREDENTIALS].present);
    assert_true(secrets[SECRET_PARAMETERS].present && secrets[SECRET_PARAMETERS].by_hand);
    assert_int_equal(secrets[SECRET_PARAMETERS].revision, 1);
    assert_int_equal(secrets[SECRET_PARAMETERS].updated_at, NOW + 5);
    assert_text(bytes_text(secrets[SECRET_PARAMETERS].sealed), "sealed");
}

static void an_empty_service_is_kept_too(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    struct service_write w = {.service = {.application = TEXT("a")}};
    service_id_of(1, w.service.id);
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    struct service s = service_now(f, 1, NULL);
    assert_int_equal(s.name.n + s.path_name.n + s.target_url.n + s.identifier.n + s.details.n, 0);
    assert_text(s.labels, "{}");
}

static void replaces_all_but_identifier_and_creation(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    struct service_write w = service_of(f, 1, "a");
    w.service.identifier = TEXT("orders");
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    struct service_write next = service_of(f, 1, "a");
    next.service.identifier = TEXT("others");
    next.service.name = TEXT("new name");
    next.service.path_name = TEXT("new-name");
    next.service.target_url = TEXT("");
    next.service.credential_kind = 0;
    next.service.created_at = NOW + 100;
    next.service.updated_at = NOW + 101;
    next.expected_revision = 1;
    assert_ok(store_service_replace(f->s, &next, AUDIT("service.replace")));
    struct service s = service_now(f, 1, NULL);
    assert_text(s.name, "new name");
    assert_text(s.path_name, "new-name");
    assert_text(s.identifier, "orders");
    assert_int_equal(s.target_url.n, 0);
    assert_int_equal(s.credential_kind, 0);
    assert_int_equal(s.created_at, NOW);
    assert_int_equal(s.updated_at, NOW + 101);
    assert_int_equal(s.revision, 2);
    assert_status(store_service_replace(f->s, &next, AUDIT("service.replace")), E_CHANGED);
    next.expected_revision = 2;
    assert_ok(store_service_replace(f->s, &next, AUDIT("service.replace")));
    assert_int_equal(service_now(f, 1, NULL).revision, 3);
    assert_int_equal(audit_rows(f, "service.replace"), 2);
    assert_int_equal(services_of(f, "a"), 1);
}

static void a_deleted_identifier_is_free_again(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    struct service_write w = service_of(f, 1, "a");
    w.service.identifier = TEXT("orders");
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    assert_ok(delete_service(f, 1, "a", 0));
    assert_false(service_is_there(f, 1));
    assert_status(delete_service(f, 1, "a", 0), E_NOT_FOUND);
    assert_counts(f, 0, 0, 0);
    assert_int_equal(services_of(f, "a"), 0);
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    assert_int_equal(service_now(f, 1, NULL).revision, 1);
    assert_int_equal(audit_rows(f, "service.delete"), 1);
}

static void an_application_takes_its_services_along(struct fixture *f)
{
    struct specification_row row;
    assert_ok(make_application(f, "a"));
    assert_ok(make_application(f, "b"));
    for (unsigned n = 0; n < 30; n++) {
        struct service_write w = service_of(f, n, n % 3 ? "a" : "b");
        w.secrets[SECRET_CREDENTIALS] = put_secret("sealed");
        give_specification(&w, SPECIFICATION_API, &row, n % 2 ? "shared" : "only of b");
        if (n % 3 && n % 2 == 0)
            give_specification(&w, SPECIFICATION_API, &row, "only of a");
        assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    }
    assert_counts(f, 30, 3, 24);
    assert_int_equal(services_of(f, "a"), 20);
    assert_ok(store_application_delete(f->s, TEXT(""), TEXT("a"), AUDIT("application.delete"), NULL, NULL));
    for (unsigned n = 0; n < 30; n++)
        assert_int_equal(service_is_there(f, n), n % 3 == 0);
    assert_false(specification_is_there(f, "only of a"));
    assert_true(specification_is_there(f, "shared"));
    assert_counts(f, 10, 2, 15);
    assert_ok(make_application(f, "a"));
    assert_int_equal(services_of(f, "a"), 0);
    assert_int_equal(services_of(f, "b"), 10);
}

static void ids_have_one_spelling(struct fixture *f)
{
    (void)f;
    static const char good[] = "01234567-89ab-cdef-0123-456789abcdef";
    static const char *const bad[] = {"",
                                      "01234567-89ab-cdef-0123-456789abcde",
                                      "01234567-89ab-cdef-0123-456789abcdef0",
                                      "01234567-89AB-cdef-0123-456789abcdef",
                                      "01234567089ab-cdef-0123-456789abcdef",
                                      "01234567-89ab-cdef-0123--56789abcdef",
                                      "g1234567-89ab-cdef-0123-456789abcdef"};
    uint8_t id[SERVICE_ID_SIZE];
    char text[SERVICE_ID_TEXT + 1], name[SECRET_SEAL_NAME_MAX], tenant[SERVICE_TENANT_MAX + 1];
    assert_true(service_id_parse(TEXT("01234567-89ab-cdef-0123-456789abcdef"), id));
    assert_int_equal(id[0], 0x01);
    assert_int_equal(id[15], 0xef);
    assert_text(service_id_text(id, text), good);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(service_id_parse(text_of(bad[i]), id));
    assert_text(secret_seal_name(TEXT("t"), id, SECRET_PARAMETERS, false, name),
                "secret/t/01234567-89ab-cdef-0123-456789abcdef/1");
    assert_text(secret_seal_name(TEXT(""), id, SECRET_CREDENTIALS, true, name),
                "secret//01234567-89ab-cdef-0123-456789abcdef/0/history");
    memset(tenant, 't', sizeof tenant);
    assert_null(secret_seal_name((struct text){tenant, sizeof tenant}, id, SECRET_PARAMETERS, true, name).p);
    struct text longest =
        secret_seal_name((struct text){tenant, SERVICE_TENANT_MAX}, id, SECRET_PARAMETERS, true, name);
    assert_int_equal(longest.n, strlen(name));
}

const struct contract_check service_checks[] = {
    {"refuses a service of an unknown application", refuses_an_unknown_application, false},
    {"refuses an identifier that is in use", refuses_an_identifier_that_is_in_use, false},
    {"refuses a service id that is there", refuses_an_id_that_is_there, false},
    {"refuses a service that it cannot hold", refuses_what_it_cannot_hold, false},
    {"does not find a service that is not there", does_not_find_what_is_not_there, false},
    {"another revision of a service changes nothing", another_revision_changes_nothing, false},
    {"a service keeps every field", keeps_every_field, false},
    {"an empty service is kept too", an_empty_service_is_kept_too, false},
    {"replaces all of a service but identifier and creation", replaces_all_but_identifier_and_creation,
     false},
    {"a deleted service's identifier is free again", a_deleted_identifier_is_free_again, false},
    {"an application takes its services along", an_application_takes_its_services_along, false},
    {"service ids have one spelling", ids_have_one_spelling, false},
    {NULL, NULL, false},
};
