/* SPDX-License-Identifier: Apache-2.0 */
#include "store_service.h"

#include <stdio.h>

/* Services by application and path name, as a gateway looks for them. */

struct named {
    char joined[128]; /* names of the rows */
    unsigned rows, stop_after;
};

static bool collect(void *ctx, const struct service *s)
{
    struct named *n = ctx;
    const size_t used = strlen(n->joined);
    (void)snprintf(n->joined + used, sizeof n->joined - used, "%.*s;", TEXT_ARG(s->name));
    assert_text(s->details, "{\"apiType\":\"openapi\"}");
    return ++n->rows != n->stop_after;
}

static const char *named(struct fixture *f, const char *tenant, const char *application,
                         const char *path_name, unsigned most)
{
    struct named *n = arena_alloc(&f->arena, sizeof *n);
    assert_non_null(n);
    *n = (struct named){.rows = 0};
    assert_ok(store_service_named(f->s, text_of(tenant), text_of(application), NULL, text_of(path_name), most,
                                  &f->arena, collect, n));
    return n->joined;
}

static void make_named(struct fixture *f, unsigned n, const char *application, const char *path_name)
{
    struct service_write w = service_of(f, n, application);
    w.service.path_name = text_of(path_name);
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
}

static void refuses_an_application_that_is_not_there(struct fixture *f)
{
    struct named n = {.rows = 0};
    const struct text none = TEXT("");
    assert_status(store_service_named(f->s, none, TEXT("a"), NULL, TEXT("orders"), 2, &f->arena, collect, &n),
                  E_NOT_FOUND);
    assert_ok(make_application(f, "a"));
    make_named(f, 1, "a", "orders");
    assert_status(
        store_service_named(f->s, TEXT("t"), TEXT("a"), NULL, TEXT("orders"), 2, &f->arena, collect, &n),
        E_NOT_FOUND);
    assert_status(store_service_named(f->s, none, none, NULL, TEXT("orders"), 2, &f->arena, collect, &n),
                  E_NOT_FOUND);
    assert_status(store_service_named(f->s, none, TEXT("A"), NULL, TEXT("orders"), 2, &f->arena, collect, &n),
                  E_NOT_FOUND);
    assert_int_equal(n.rows, 0);
}

static void refuses_numbers_of_rows_that_are_none(struct fixture *f)
{
    static const unsigned bad[] = {0, 101, 4000000000};
    struct named n = {.rows = 0};
    assert_ok(make_application(f, "a"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_status(store_service_named(f->s, TEXT(""), TEXT("a"), NULL, TEXT("orders"), bad[i], &f->arena,
                                          collect, &n),
                      E_INVALID);
}

static void gives_exact_matches_in_order_and_no_more_than_asked(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    assert_ok(make_application(f, "b"));
    make_named(f, 3, "a", "orders");
    make_named(f, 1, "a", "orders-v2");
    make_named(f, 2, "a", "orders");
    make_named(f, 4, "b", "orders");
    make_named(f, 5, "a", "");
    make_named(f, 6, "a", "orders");
    assert_string_equal(named(f, "", "a", "orders", 100), "Service 3;Service 2;Service 6;");
    assert_string_equal(named(f, "", "a", "orders", 2), "Service 3;Service 2;");
    assert_string_equal(named(f, "", "a", "orders", 1), "Service 3;");
    assert_string_equal(named(f, "", "b", "orders", 2), "Service 4;");
    assert_string_equal(named(f, "", "a", "orders-v2", 2), "Service 1;");
    assert_string_equal(named(f, "", "a", "", 2), "Service 5;"); /* equal, as any other */
    static const char *const none[] = {"order", "orders-", "Orders", "orders%", "order_", "*"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_string_equal(named(f, "", "a", none[i], 2), "");

    struct named n = {.stop_after = 2};
    assert_ok(
        store_service_named(f->s, TEXT(""), TEXT("a"), NULL, TEXT("orders"), 100, &f->arena, collect, &n));
    assert_int_equal(n.rows, 2);
}

static void follows_replacements_and_deletions(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    make_named(f, 1, "a", "orders");
    make_named(f, 2, "a", "orders");
    struct service_write w = service_of(f, 1, "a");
    w.service.name = TEXT("renamed");
    w.service.path_name = TEXT("renamed");
    w.expected_revision = 1;
    assert_ok(store_service_replace(f->s, &w, AUDIT("service.replace")));
    assert_string_equal(named(f, "", "a", "orders", 2), "Service 2;");
    assert_string_equal(named(f, "", "a", "renamed", 2), "renamed;");

    w.service.path_name = TEXT("orders"); /* back: the order is that of registration still */
    w.expected_revision = 2;
    assert_ok(store_service_replace(f->s, &w, AUDIT("service.replace")));
    assert_string_equal(named(f, "", "a", "renamed", 2), "");
    assert_string_equal(named(f, "", "a", "orders", 2), "renamed;Service 2;");

    assert_ok(delete_service(f, 1, "a", 0));
    assert_string_equal(named(f, "", "a", "orders", 2), "Service 2;");
    assert_ok(delete_service(f, 2, "a", 0));
    assert_string_equal(named(f, "", "a", "orders", 2), "");
}

static void tenants_have_names_of_their_own(struct fixture *f)
{
    static const char *const tenants[] = {"", "t", "u"};
    for (unsigned i = 0; i < 3; i++) {
        struct application app = {.tenant = text_of(tenants[i]), .name = TEXT("a"), .created_at = NOW};
        assert_ok(store_application_create(f->s, &app, AUDIT("application.create")));
    }
    for (unsigned n = 0; n < 5; n++) {
        struct service_write w = service_of(f, n, "a");
        w.service.tenant = text_of(tenants[n % 2]);
        w.service.path_name = TEXT("orders");
        assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    }
    assert_string_equal(named(f, "", "a", "orders", 2), "Service 0;Service 2;");
    assert_string_equal(named(f, "t", "a", "orders", 2), "Service 1;Service 3;");
    assert_string_equal(named(f, "u", "a", "orders", 2), "");
}

static bool keep_one(void *ctx, const struct service *s)
{
    *(struct service *)ctx = *s;
    return true;
}

static void gives_the_whole_row(struct fixture *f)
{
    struct specification_row content;
    struct service found;
    assert_ok(make_application(f, "a"));
    struct service_write w = service_of(f, 1, "a");
    w.service.identifier = TEXT("i");
    give_specification(&w, SPECIFICATION_API, &content, "openapi: 3.0.0");
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    assert_ok(store_service_named(f->s, TEXT(""), TEXT("a"), NULL, TEXT("service-1"), 2, &f->arena, keep_one,
                                  &found));
    const struct service got = service_now(f, 1, NULL);
    assert_memory_equal(found.id, got.id, SERVICE_ID_SIZE);
    assert_memory_equal(found.specifications, got.specifications, sizeof got.specifications);
    assert_int_equal(found.revision, 1);
    assert_int_equal(found.credential_kind, 2);
    assert_text(found.application, "a");
    assert_text(found.path_name, "service-1");
    assert_text(found.identifier, "i");
    assert_text(found.target_url, "https://Upstream.example/path");
    assert_text(found.labels, "{\"n\":\"1\",\"region\":\"kr\"}");
    assert_text(found.details, "{\"apiType\":\"openapi\"}");
}

const struct contract_check service_named_checks[] = {
    {"refuses path names of an unknown application", refuses_an_application_that_is_not_there, false},
    {"refuses numbers of named services that are none", refuses_numbers_of_rows_that_are_none, false},
    {"gives the services of a path name in order", gives_exact_matches_in_order_and_no_more_than_asked,
     false},
    {"path names follow replacements and deletions", follows_replacements_and_deletions, false},
    {"tenants have path names of their own", tenants_have_names_of_their_own, false},
    {"a path name gives the whole row", gives_the_whole_row, false},
    {NULL, NULL, false},
};
