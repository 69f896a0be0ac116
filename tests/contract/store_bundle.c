/* SPDX-License-Identifier: Apache-2.0 */
#include "store_service.h"

#include <stdio.h>

/* Bundles and what is in them: rows of services that belong together. */

/* Row n, in the bundle of that number where the role is a member's. */
static struct service_write row_of(struct fixture *f, unsigned n, const char *application,
                                   enum service_role role, unsigned bundle)
{
    struct service_write w = service_of(f, n, application);
    w.service.role = role;
    if (service_role_is_member(role))
        service_id_of(bundle, w.service.bundle);
    return w;
}

static struct status make_row(struct fixture *f, unsigned n, const char *application, enum service_role role,
                              unsigned bundle)
{
    const struct service_write w = row_of(f, n, application, role, bundle);
    return store_service_create(f->s, &w, AUDIT("bundle.create"));
}

/* Names of the rows, by their numbers. */
struct rows {
    char joined[256];
    unsigned count, stop_after;
};

static bool collect(void *ctx, const struct service *s)
{
    struct rows *r = ctx;
    const size_t used = strlen(r->joined);
    (void)snprintf(r->joined + used, sizeof r->joined - used, "%.*s ",
                   TEXT_ARG(text_from(s->name, strlen("Service "))));
    return ++r->count != r->stop_after;
}

static const char *members(struct fixture *f, struct member_filter filter, struct offset_page page,
                           uint64_t total)
{
    static struct rows rows;
    uint64_t counted = 99;
    rows = (struct rows){.count = 0};
    assert_ok(store_member_list(f->s, &filter, &page, &f->arena, collect, &rows, &counted));
    assert_int_equal(counted, total);
    return rows.joined;
}

static const char *in_bundle(struct fixture *f, unsigned bundle, enum service_role role, uint64_t total)
{
    uint8_t id[SERVICE_ID_SIZE];
    service_id_of(bundle, id);
    return members(f, (struct member_filter){.bundle = id, .role = role}, (struct offset_page){0, 1000},
                   total);
}

static const char *offered(struct fixture *f, const char *application, uint64_t total)
{
    return members(f, (struct member_filter){.application = text_of(application)},
                   (struct offset_page){0, 1000}, total);
}

static const char *named(struct fixture *f, const char *application, const unsigned *bundle,
                         const char *path_name)
{
    static struct rows rows;
    uint8_t id[SERVICE_ID_SIZE];
    rows = (struct rows){.count = 0};
    if (bundle)
        service_id_of(*bundle, id);
    assert_ok(store_service_named(f->s, TEXT(""), text_of(application), bundle ? id : NULL,
                                  text_of(path_name), 100, &f->arena, collect, &rows));
    return rows.joined;
}

static const char *listed(struct fixture *f, struct service_filter filter)
{
    static struct rows rows;
    const struct page_request page = {.limit = 1000};
    struct text next;
    rows = (struct rows){.count = 0};
    assert_ok(store_service_list(f->s, &filter, &page, 1000, &f->arena, collect, &rows, &next));
    assert_int_equal(next.n, 0);
    return rows.joined;
}

/* Application a: bundle 1 with APIs 2 and 5, events 3, document 4; service 6; bundle 7 with API 8. */
static void make_two_bundles(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    assert_ok(make_row(f, 1, "a", SERVICE_BUNDLE, 0));
    assert_ok(make_row(f, 2, "a", SERVICE_API, 1));
    assert_ok(make_row(f, 3, "a", SERVICE_EVENTS, 1));
    assert_ok(make_row(f, 4, "a", SERVICE_DOCUMENT, 1));
    assert_ok(make_row(f, 5, "a", SERVICE_API, 1));
    assert_ok(make_row(f, 6, "a", SERVICE_WHOLE, 0));
    assert_ok(make_row(f, 7, "a", SERVICE_BUNDLE, 0));
    assert_ok(make_row(f, 8, "a", SERVICE_API, 7));
}

/* ---- refusals ---- */

static void refuses_what_is_in_no_bundle(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    assert_ok(make_application(f, "b"));
    struct application other = {.tenant = TEXT("t"), .name = TEXT("a"), .created_at = NOW};
    assert_ok(store_application_create(f->s, &other, AUDIT("application.create")));
    assert_ok(make_row(f, 1, "a", SERVICE_BUNDLE, 0));
    assert_ok(make_row(f, 2, "a", SERVICE_API, 1));
    assert_ok(make_row(f, 3, "a", SERVICE_WHOLE, 0));
    for (int role = SERVICE_API; role <= SERVICE_DOCUMENT; role++) {
        struct service_write w = row_of(f, 9, "a", (enum service_role)role, 8);
        assert_status(store_service_create(f->s, &w, AUDIT("x")), E_NOT_FOUND); /* no such bundle */
        service_id_of(2, w.service.bundle);
        assert_status(store_service_create(f->s, &w, AUDIT("x")), E_NOT_FOUND); /* an API */
        service_id_of(3, w.service.bundle);
        assert_status(store_service_create(f->s, &w, AUDIT("x")), E_NOT_FOUND); /* a service */
        service_id_of(1, w.service.bundle);
        w.service.application = TEXT("b");
        assert_status(store_service_create(f->s, &w, AUDIT("x")), E_NOT_FOUND);
        w.service.application = TEXT("a");
        w.service.tenant = TEXT("t");
        assert_status(store_service_create(f->s, &w, AUDIT("x")), E_NOT_FOUND);
    }
    assert_false(service_is_there(f, 9));
    assert_counts(f, 2, 0, 0);
    assert_int_equal(audit_rows(f, "x"), 0);
}

static void refuses_roles_that_are_none(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    assert_ok(make_row(f, 1, "a", SERVICE_BUNDLE, 0));
    struct service_write w = row_of(f, 2, "a", SERVICE_API, 1);
    w.service.role = (enum service_role)5;
    assert_status(store_service_create(f->s, &w, AUDIT("x")), E_INVALID);
    w.service.role = SERVICE_WHOLE; /* which is in no bundle */
    assert_status(store_service_create(f->s, &w, AUDIT("x")), E_INVALID);
    w.service.role = SERVICE_BUNDLE;
    assert_status(store_service_create(f->s, &w, AUDIT("x")), E_INVALID);
    w = row_of(f, 2, "a", SERVICE_WHOLE, 0);
    w.service.role = SERVICE_EVENTS; /* which is in one */
    assert_status(store_service_create(f->s, &w, AUDIT("x")), E_INVALID);
    assert_false(service_is_there(f, 2));
}

static void refuses_lists_that_are_none(struct fixture *f)
{
    uint8_t id[SERVICE_ID_SIZE];
    uint64_t total = 99;
    service_id_of(1, id);
    assert_ok(make_application(f, "a"));
    assert_ok(make_row(f, 1, "a", SERVICE_BUNDLE, 0));
    const struct offset_page good = {0, 10}, none = {0, 0}, many = {0, 1001}, far = {UINT64_MAX, 10};
    const struct member_filter any = {.bundle = NULL}, whole = {.bundle = id, .role = SERVICE_WHOLE},
                               bundles = {.bundle = id, .role = SERVICE_BUNDLE},
                               fifth = {.bundle = id, .role = (enum service_role)5},
                               apis = {.bundle = id, .role = SERVICE_API};
    const struct {
        const struct member_filter *filter;
        const struct offset_page *page;
    } bad[] = {{&any, &good},  {&whole, &good}, {&bundles, &good}, {&fifth, &good},
               {&apis, &none}, {&apis, &many},  {&apis, &far}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_status(store_member_list(f->s, bad[i].filter, bad[i].page, &f->arena, collect, NULL, &total),
                      E_INVALID);
    assert_int_equal(total, 99);
}

static void what_a_row_is_never_changes(struct fixture *f)
{
    make_two_bundles(f);
    for (unsigned n = 1; n <= 8; n++) {
        const struct service was = service_now(f, n, NULL);
        struct service_write w = service_of(f, n, "a");
        w.expected_revision = 1;
        for (int role = SERVICE_WHOLE; role <= SERVICE_DOCUMENT; role++) {
            w.service.role = (enum service_role)role;
            if (w.service.role != was.role)
                assert_status(store_service_replace(f->s, &w, AUDIT("x")), E_INVALID);
        }
        w.service.role = was.role;
        service_id_of(7, w.service.bundle);
        assert_ok(store_service_replace(f->s, &w, AUDIT("replace")));
        const struct service is = service_now(f, n, NULL);
        assert_int_equal(is.role, was.role);
        assert_memory_equal(is.bundle, was.bundle, sizeof is.bundle);
        assert_int_equal(is.revision, 2);
    }
    assert_int_equal(audit_rows(f, "x"), 0);
    assert_string_equal(in_bundle(f, 1, SERVICE_API, 2), "2 5 ");
    assert_string_equal(in_bundle(f, 7, SERVICE_API, 1), "8 ");
}

static void tenants_do_not_see_each_others_bundles(struct fixture *f)
{
    uint8_t id[SERVICE_ID_SIZE];
    struct rows rows = {.count = 0};
    struct service s;
    struct application same = {.tenant = TEXT("t"), .name = TEXT("a"), .created_at = NOW};
    make_two_bundles(f);
    assert_ok(store_application_create(f->s, &same, AUDIT("application.create")));
    service_id_of(1, id);
    struct member_filter filter = {.tenant = TEXT("t"), .bundle = id, .role = SERVICE_API};
    const struct offset_page page = {0, 10};
    assert_string_equal(members(f, filter, page, 0), "");
    filter.application = TEXT("a");
    assert_string_equal(members(f, filter, page, 0), "");
    filter.bundle = NULL;
    assert_string_equal(members(f, filter, page, 0), "");
    assert_ok(
        store_service_named(f->s, TEXT("t"), TEXT("a"), id, TEXT("service-2"), 2, &f->arena, collect, &rows));
    assert_ok(store_service_named(f->s, TEXT("t"), TEXT("a"), NULL, TEXT("service-1"), 2, &f->arena, collect,
                                  &rows));
    assert_int_equal(rows.count, 0);
    assert_string_equal(listed(f, (struct service_filter){.tenant = TEXT("t")}), "");
    for (unsigned n = 1; n <= 8; n++) {
        struct service_write w = service_of(f, n, "a");
        const enum service_role role = service_now(f, n, NULL).role;
        w = row_of(f, n, "a", role, 1);
        w.service.tenant = TEXT("t");
        w.expected_revision = 1;
        assert_status(store_service_replace(f->s, &w, AUDIT("x")), E_NOT_FOUND);
        assert_status(store_service_delete(f->s, TEXT("t"), TEXT("a"), w.service.id, 0, AUDIT("x")),
                      E_NOT_FOUND);
        assert_status(store_service_find(f->s, TEXT("t"), w.service.id, &f->arena, &s, NULL), E_NOT_FOUND);
    }
    assert_ok(store_application_delete(f->s, TEXT("t"), TEXT("a"), AUDIT("application.delete"), NULL, NULL));
    assert_string_equal(in_bundle(f, 1, SERVICE_API, 2), "2 5 ");
}

/* ---- lists ---- */

static void lists_what_is_in_a_bundle_by_role(struct fixture *f)
{
    uint8_t id[SERVICE_ID_SIZE];
    make_two_bundles(f);
    service_id_of(1, id);
    assert_string_equal(in_bundle(f, 1, SERVICE_API, 2), "2 5 ");
    assert_string_equal(in_bundle(f, 1, SERVICE_EVENTS, 1), "3 ");
    assert_string_equal(in_bundle(f, 1, SERVICE_DOCUMENT, 1), "4 ");
    assert_string_equal(in_bundle(f, 7, SERVICE_API, 1), "8 ");
    assert_string_equal(in_bundle(f, 7, SERVICE_EVENTS, 0), "");
    assert_string_equal(in_bundle(f, 6, SERVICE_API, 0), ""); /* a whole service is its own */
    assert_string_equal(in_bundle(f, 2, SERVICE_API, 0), "");
    assert_string_equal(in_bundle(f, 99, SERVICE_API, 0), "");
    assert_string_equal(offered(f, "a", 3), "1 6 7 ");
    assert_string_equal(offered(f, "b", 0), "");

    struct member_filter filter = {.bundle = id, .role = SERVICE_API, .application = TEXT("a")};
    assert_string_equal(members(f, filter, (struct offset_page){0, 1}, 2), "2 ");
    assert_string_equal(members(f, filter, (struct offset_page){1, 1}, 2), "5 ");
    assert_string_equal(members(f, filter, (struct offset_page){2, 1}, 2), "");
    assert_string_equal(members(f, filter, (struct offset_page){INT64_MAX, 1000}, 2), "");
    filter.application = TEXT("b");
    assert_string_equal(members(f, filter, (struct offset_page){0, 1}, 0), "");
    filter = (struct member_filter){.application = TEXT("a")};
    assert_string_equal(members(f, filter, (struct offset_page){1, 1}, 3), "6 ");
    assert_string_equal(members(f, filter, (struct offset_page){2, 5}, 3), "7 ");

    struct rows rows = {.stop_after = 1};
    uint64_t total = 0;
    assert_ok(
        store_member_list(f->s, &filter, &(struct offset_page){0, 10}, &f->arena, collect, &rows, &total));
    assert_int_equal(rows.count, 1);
    assert_int_equal(total, 3);
}

static bool keep_one(void *ctx, const struct service *s)
{
    *(struct service *)ctx = *s;
    return false;
}

static void lists_give_the_whole_row(struct fixture *f)
{
    uint8_t id[SERVICE_ID_SIZE];
    struct specification_row content;
    struct service listed_row = {.revision = 0}, named_row = {.revision = 0};
    uint64_t total = 0;
    service_id_of(1, id);
    assert_ok(make_application(f, "a"));
    assert_ok(make_row(f, 1, "a", SERVICE_BUNDLE, 0));
    struct service_write w = row_of(f, 2, "a", SERVICE_API, 1);
    give_specification(&w, SPECIFICATION_API, &content, "openapi: 3.0.0");
    assert_ok(store_service_create(f->s, &w, AUDIT("api.create")));
    const struct member_filter filter = {.bundle = id, .role = SERVICE_API};
    assert_ok(store_member_list(f->s, &filter, &(struct offset_page){0, 10}, &f->arena, keep_one, &listed_row,
                                &total));
    assert_ok(store_service_named(f->s, TEXT(""), TEXT("a"), id, TEXT("service-2"), 2, &f->arena, keep_one,
                                  &named_row));
    const struct service got = service_now(f, 2, NULL);
    const struct service *const rows[] = {&listed_row, &named_row, &got};
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(rows[i]->id, w.service.id, SERVICE_ID_SIZE);
        assert_memory_equal(rows[i]->bundle, id, SERVICE_ID_SIZE);
        assert_int_equal(rows[i]->role, SERVICE_API);
        assert_memory_equal(rows[i]->specifications, got.specifications, sizeof got.specifications);
        assert_text(rows[i]->details, "{\"apiType\":\"openapi\"}");
        assert_text(rows[i]->target_url, "https://Upstream.example/path");
        assert_text(rows[i]->description, "long");
    }
}

static void other_lists_leave_out_what_cannot_be_called(struct fixture *f)
{
    make_two_bundles(f);
    assert_string_equal(listed(f, (struct service_filter){.application = TEXT("a")}), "1 2 3 4 5 6 7 8 ");
    assert_string_equal(listed(f, (struct service_filter){.application = TEXT("a"), .callable_only = true}),
                        "2 3 5 6 8 ");
    assert_string_equal(listed(f, (struct service_filter){.callable_only = true}), "2 3 5 6 8 ");
    assert_counts(f, 5, 0, 0);
    assert_int_equal(services_of(f, "a"), 5);
}

static void names_are_looked_up_in_one_bundle_or_outside_of_all(struct fixture *f)
{
    static const unsigned one = 1, six = 6, seven = 7;
    make_two_bundles(f);
    for (unsigned n = 1; n <= 8; n++) {
        struct service_write w = row_of(f, n, "a", service_now(f, n, NULL).role, 1);
        w.service.path_name = TEXT("orders");
        w.expected_revision = 1;
        assert_ok(store_service_replace(f->s, &w, AUDIT("replace")));
    }
    assert_string_equal(named(f, "a", NULL, "orders"), "6 1 7 "); /* the whole one first */
    assert_string_equal(named(f, "a", &one, "orders"), "2 5 ");   /* no events, no documents */
    assert_string_equal(named(f, "a", &seven, "orders"), "8 ");
    assert_string_equal(named(f, "a", &six, "orders"), "");
    assert_string_equal(named(f, "a", &one, "service-2"), "");

    struct rows rows = {.count = 0};
    uint8_t id[SERVICE_ID_SIZE];
    service_id_of(1, id);
    assert_ok(make_application(f, "b"));
    assert_string_equal(named(f, "b", &one, "orders"), ""); /* another application's bundle */
    assert_status(
        store_service_named(f->s, TEXT(""), TEXT("c"), id, TEXT("orders"), 2, &f->arena, collect, &rows),
        E_NOT_FOUND);
    assert_status(
        store_service_named(f->s, TEXT(""), TEXT(""), id, TEXT("orders"), 2, &f->arena, collect, &rows),
        E_NOT_FOUND);
    assert_int_equal(rows.count, 0);
}

/* ---- credentials ---- */

static struct status set_kind(struct fixture *f, unsigned n, int kind)
{
    const struct service was = service_now(f, n, NULL);
    struct service_write w = row_of(f, n, "a", was.role, 1);
    w.service.credential_kind = kind;
    w.service.updated_at = NOW + 7;
    w.expected_revision = was.revision;
    return store_service_replace(f->s, &w, AUDIT("replace"));
}

static void apis_have_the_credentials_of_their_bundle(struct fixture *f)
{
    make_two_bundles(f);
    assert_ok(set_kind(f, 1, 3));
    static const int kinds[] = {0, 3, 3, 2, 2, 3, 2, 2, 2};
    for (unsigned n = 1; n <= 8; n++) {
        const struct service s = service_now(f, n, NULL);
        assert_int_equal(s.credential_kind, kinds[n]);
        assert_int_equal(s.revision, kinds[n] == 3 ? 2 : 1);
        assert_int_equal(s.updated_at, kinds[n] == 3 ? NOW + 7 : NOW);
    }
    assert_ok(set_kind(f, 1, 3)); /* the same again: nothing of the APIs changes */
    assert_int_equal(service_now(f, 2, NULL).revision, 2);
    assert_ok(set_kind(f, 2, 1)); /* which is not its to say */
    assert_int_equal(service_now(f, 2, NULL).credential_kind, 3);
    assert_int_equal(service_now(f, 2, NULL).revision, 3);

    struct service_write w = row_of(f, 9, "a", SERVICE_API, 1);
    w.service.credential_kind = 1;
    assert_ok(store_service_create(f->s, &w, AUDIT("api.create")));
    assert_int_equal(service_now(f, 9, NULL).credential_kind, 3);
    w = row_of(f, 10, "a", SERVICE_EVENTS, 1);
    w.service.credential_kind = 0;
    assert_ok(store_service_create(f->s, &w, AUDIT("events.create")));
    assert_int_equal(service_now(f, 10, NULL).credential_kind, 0);
}

static void a_refused_replacement_changes_no_api(struct fixture *f)
{
    make_two_bundles(f);
    struct service_write w = row_of(f, 1, "a", SERVICE_BUNDLE, 0);
    w.service.credential_kind = 3;
    w.expected_revision = 2;
    assert_status(store_service_replace(f->s, &w, AUDIT("x")), E_CHANGED);
    w.expected_revision = 1;
    w.service.application = TEXT("b");
    assert_status(store_service_replace(f->s, &w, AUDIT("x")), E_NOT_FOUND);
    assert_int_equal(service_now(f, 2, NULL).credential_kind, 2);
    assert_int_equal(service_now(f, 2, NULL).revision, 1);
}

/* ---- deleting ---- */

/* Bundle 1 with secrets and two specifications that API 8 of bundle 7 has, too. */
static void make_full_bundles(struct fixture *f)
{
    static const enum service_role roles[] = {SERVICE_API, SERVICE_EVENTS, SERVICE_DOCUMENT};
    struct specification_row shared, own;
    assert_ok(make_application(f, "a"));
    struct service_write w = row_of(f, 1, "a", SERVICE_BUNDLE, 0);
    w.secrets[SECRET_CREDENTIALS] = put_secret("credentials");
    w.secrets[SECRET_PARAMETERS] = put_secret("parameters");
    assert_ok(store_service_create(f->s, &w, AUDIT("bundle.create")));
    w.expected_revision = 1;
    w.secrets[SECRET_CREDENTIALS].history = BYTES_OF("history");
    assert_ok(store_service_replace(f->s, &w, AUDIT("bundle.replace")));
    for (unsigned n = 2; n <= 4; n++) {
        w = row_of(f, n, "a", roles[n - 2], 1);
        give_specification(&w, SPECIFICATION_API, &shared, "shared");
        give_specification(&w, SPECIFICATION_DOCUMENTATION, &own, n == 2 ? "own" : "shared");
        assert_ok(store_service_create(f->s, &w, AUDIT("member.create")));
    }
    assert_ok(make_row(f, 7, "a", SERVICE_BUNDLE, 0));
    w = row_of(f, 8, "a", SERVICE_API, 7);
    give_specification(&w, SPECIFICATION_API, &shared, "shared");
    assert_ok(store_service_create(f->s, &w, AUDIT("member.create")));
}

static bool count_sealed(void *ctx, const struct sealed_place *place, struct text name, struct bytes sealed)
{
    (void)place, (void)name, (void)sealed;
    ++*(unsigned *)ctx;
    return true;
}

static unsigned sealed_values(struct fixture *f)
{
    unsigned count = 0;
    const struct sealed_place start = {.n = 0};
    assert_ok(store_sealed_list(f->s, &start, 1000, &f->arena, count_sealed, &count));
    return count;
}

static void a_bundle_goes_with_all_that_is_in_it(struct fixture *f)
{
    make_full_bundles(f);
    assert_int_equal(sealed_values(f), 3);
    assert_int_equal(services_of(f, "a"), 3);
    assert_status(delete_service(f, 1, "a", 1), E_CHANGED);
    assert_int_equal(services_of(f, "a"), 3);
    assert_ok(delete_service(f, 1, "a", 2));
    for (unsigned n = 1; n <= 4; n++)
        assert_false(service_is_there(f, n));
    assert_int_equal(sealed_values(f), 0);
    assert_true(specification_is_there(f, "shared"));
    assert_false(specification_is_there(f, "own"));
    assert_counts(f, 1, 1, (int64_t)strlen("shared"));
    assert_int_equal(services_of(f, "a"), 1);
    assert_string_equal(offered(f, "a", 1), "7 ");
    assert_string_equal(in_bundle(f, 1, SERVICE_API, 0), "");
    assert_int_equal(audit_rows(f, "service.delete"), 1); /* one operation, one row */
    assert_ok(delete_service(f, 7, "a", 0));
    assert_counts(f, 0, 0, 0);
}

static void one_of_a_bundle_goes_alone(struct fixture *f)
{
    make_full_bundles(f);
    assert_ok(delete_service(f, 2, "a", 0));
    assert_false(specification_is_there(f, "own"));
    assert_ok(delete_service(f, 4, "a", 0));
    assert_int_equal(services_of(f, "a"), 2);
    assert_string_equal(in_bundle(f, 1, SERVICE_API, 0), "");
    assert_string_equal(in_bundle(f, 1, SERVICE_EVENTS, 1), "3 ");
    assert_string_equal(offered(f, "a", 2), "1 7 ");
    assert_int_equal(sealed_values(f), 3);
    assert_ok(make_row(f, 2, "a", SERVICE_API, 1)); /* and may come again */
    assert_string_equal(in_bundle(f, 1, SERVICE_API, 1), "2 ");
}

static void bundles_go_with_their_application(struct fixture *f)
{
    make_full_bundles(f);
    assert_ok(make_application(f, "b"));
    assert_ok(make_row(f, 11, "b", SERVICE_BUNDLE, 0));
    assert_ok(make_row(f, 12, "b", SERVICE_API, 11));
    assert_ok(store_application_delete(f->s, TEXT(""), TEXT("a"), AUDIT("application.delete"), NULL, NULL));
    for (unsigned n = 1; n <= 8; n++)
        assert_false(service_is_there(f, n));
    assert_int_equal(sealed_values(f), 0);
    assert_counts(f, 1, 0, 0);
    assert_string_equal(in_bundle(f, 11, SERVICE_API, 1), "12 ");
}

const struct contract_check bundle_checks[] = {
    {"refuses what is in no bundle", refuses_what_is_in_no_bundle, false},
    {"refuses roles that are none", refuses_roles_that_are_none, false},
    {"refuses lists of members that are none", refuses_lists_that_are_none, false},
    {"what a row is never changes", what_a_row_is_never_changes, false},
    {"tenants do not see each other's bundles", tenants_do_not_see_each_others_bundles, false},
    {"lists what is in a bundle by role", lists_what_is_in_a_bundle_by_role, false},
    {"lists of members give the whole row", lists_give_the_whole_row, false},
    {"other lists leave out what cannot be called", other_lists_leave_out_what_cannot_be_called, false},
    {"names are looked up in one bundle or outside of all",
     names_are_looked_up_in_one_bundle_or_outside_of_all, false},
    {"APIs have the credentials of their bundle", apis_have_the_credentials_of_their_bundle, false},
    {"a refused replacement changes no API", a_refused_replacement_changes_no_api, false},
    {"a bundle goes with all that is in it", a_bundle_goes_with_all_that_is_in_it, false},
    {"one of a bundle goes alone", one_of_a_bundle_goes_alone, false},
    {"bundles go with their application", bundles_go_with_their_application, false},
    {NULL, NULL, false},
};
