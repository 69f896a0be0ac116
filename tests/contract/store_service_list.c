/* SPDX-License-Identifier: Apache-2.0 */
#include "store_service.h"

#include <stdio.h>

struct listed {
    char joined[512]; /* the numbers of the services' names */
    size_t count;
    size_t stop_after; /* 0 = never */
    struct text next;
};

static bool collect(void *ctx, const struct service *s)
{
    struct listed *l = ctx;
    size_t used = strlen(l->joined);
    assert_int_equal(s->details.n, 0);
    if (used + 16 < sizeof l->joined)
        (void)snprintf(l->joined + used, 16, "%.*s ", TEXT_ARG(text_from(s->name, strlen("Service "))));
    l->count++;
    return l->count != l->stop_after;
}

static struct status try_list(struct fixture *f, const struct service_filter *filter, struct text after,
                              unsigned limit, unsigned scan_max, struct listed *out)
{
    struct page_request page = {.after = after, .limit = limit};
    return store_service_list(f->s, filter, &page, scan_max, &f->arena, collect, out, &out->next);
}

static struct listed list(struct fixture *f, struct service_filter filter, struct text after, unsigned limit,
                          unsigned scan_max)
{
    struct listed l = {0};
    assert_ok(try_list(f, &filter, after, limit, scan_max, &l));
    return l;
}

static const char *all(struct fixture *f, struct service_filter filter)
{
    static struct listed l;
    l = list(f, filter, TEXT(""), 1000, 5000);
    assert_int_equal(l.next.n, 0);
    return l.joined;
}

static void refuses_cursors_and_sizes_that_are_none(struct fixture *f)
{
    static const char *const bad[] = {"x", "-1", "1x", "99999999999999999999", " 1", "/"};
    struct service_filter any = {0}, unknown = {.application = TEXT("a")};
    struct listed l = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_status(try_list(f, &any, text_of(bad[i]), 10, 10, &l), E_INVALID);
    assert_status(try_list(f, &any, TEXT(""), 0, 10, &l), E_INVALID);
    assert_status(try_list(f, &any, TEXT(""), 1001, 10, &l), E_INVALID);
    assert_status(try_list(f, &any, TEXT(""), 10, 0, &l), E_INVALID);
    assert_status(try_list(f, &any, TEXT(""), 10, 100001, &l), E_INVALID);
    assert_status(try_list(f, &unknown, TEXT(""), 10, 10, &l), E_NOT_FOUND);
    assert_string_equal(all(f, any), "");
}

static void lists_in_the_order_of_registration(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    assert_ok(make_application(f, "b"));
    for (unsigned n = 1; n <= 9; n++)
        assert_ok(make_service(f, n, n % 3 ? "a" : "b"));
    struct service_filter a = {.application = TEXT("a")}, any = {0};
    assert_string_equal(all(f, any), "1 2 3 4 5 6 7 8 9 ");
    assert_string_equal(all(f, a), "1 2 4 5 7 8 ");
    struct listed l = list(f, a, TEXT(""), 4, 5000);
    assert_string_equal(l.joined, "1 2 4 5 ");
    assert_ok(delete_service(f, 5, "a", 0)); /* the cursor's row may be gone */
    l = list(f, a, l.next, 4, 5000);
    assert_string_equal(l.joined, "7 8 ");
    assert_int_equal(l.next.n, 0);
    l = list(f, a, TEXT(""), 5, 5000); /* exactly all: nothing is left */
    assert_string_equal(l.joined, "1 2 4 7 8 ");
    assert_int_equal(l.next.n, 0);
    struct service_write w = service_of(f, 1, "a");
    w.expected_revision = 1;
    assert_ok(store_service_replace(f->s, &w, AUDIT("service.replace")));
    assert_string_equal(all(f, any), "1 2 3 4 6 7 8 9 "); /* a replaced one keeps its place */
}

static void reads_no_more_rows_than_asked(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    for (unsigned n = 1; n <= 25; n++)
        assert_ok(make_service(f, n, "a"));
    struct service_filter filter = {.application = TEXT("a"), .name_contains = TEXT("SERVICE 2")};
    struct listed l = list(f, filter, TEXT(""), 10, 10);
    assert_string_equal(l.joined, "2 ");
    l = list(f, filter, l.next, 10, 9); /* 11 to 19: none, and still not the end */
    assert_string_equal(l.joined, "");
    assert_true(l.next.n > 0);
    l = list(f, filter, l.next, 10, 10);
    assert_string_equal(l.joined, "20 21 22 23 24 25 ");
    assert_int_equal(l.next.n, 0);
    l = list(f, filter, TEXT(""), 3, 5000);
    assert_string_equal(l.joined, "2 20 21 ");
    l = list(f, filter, l.next, 3, 5000);
    assert_string_equal(l.joined, "22 23 24 ");
}

static void a_callback_that_stops_goes_on_later(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    for (unsigned n = 1; n <= 5; n++)
        assert_ok(make_service(f, n, "a"));
    struct service_filter any = {0};
    struct listed l = {.stop_after = 2};
    assert_ok(try_list(f, &any, TEXT(""), 10, 100, &l));
    assert_string_equal(l.joined, "1 2 ");
    struct listed rest = list(f, any, l.next, 10, 100);
    assert_string_equal(rest.joined, "3 4 5 ");
    struct listed last = {.stop_after = 5};
    assert_ok(try_list(f, &any, TEXT(""), 10, 100, &last));
    assert_int_equal(last.next.n, 0);
}

static void a_page_ends_when_it_has_many_bytes(struct fixture *f)
{
    size_t n = 60000;
    char *description = arena_alloc(&f->arena, n);
    assert_non_null(description);
    memset(description, 'd', n);
    assert_ok(make_application(f, "a"));
    for (unsigned i = 1; i <= 20; i++) {
        struct service_write w = service_of(f, i, "a");
        w.service.description = (struct text){description, n};
        assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    }
    size_t seen = 0;
    struct listed l = {0};
    do {
        l = list(f, (struct service_filter){0}, l.next, 1000, 5000);
        assert_true(l.count > 0 && l.count * n < SERVICE_PAGE_BYTES + 2 * n);
        seen += l.count;
    } while (l.next.n > 0);
    assert_int_equal(seen, 20);
}

static void filters_by_texts_without_regard_to_case(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    for (unsigned n = 1; n <= 3; n++)
        assert_ok(make_service(f, n, "a"));
    struct service_write w = service_of(f, 4, "a");
    w.service.provider = TEXT("Other");
    w.service.target_url = TEXT("");
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    assert_string_equal(all(f, (struct service_filter){.provider_contains = TEXT("hybris")}), "1 2 3 ");
    assert_string_equal(all(f, (struct service_filter){.provider_contains = TEXT("OTHER")}), "4 ");
    assert_string_equal(all(f, (struct service_filter){.target_contains = TEXT("upstream.EXAMPLE/p")}),
                        "1 2 3 ");
    assert_string_equal(all(f, (struct service_filter){.name_contains = TEXT("%")}), "");
    assert_string_equal(all(f, (struct service_filter){.name_contains = TEXT("service 3"),
                                                       .provider_contains = TEXT("Other")}),
                        "");
    assert_string_equal(all(f, (struct service_filter){.tenant = TEXT("t")}), "");
}

static void filters_by_label(struct fixture *f)
{
    static const char *const labels[] = {
        "{\"region\":\"kr\"}",
        "{\"a\":\"region\",\"region\":\"\"}",
        "{\"Region\":\"kr\"}",
        "{\"a\":\"\\\"region\\\":\\\"kr\\\"\"}",
        "{\"r\\u0065gion\":\"k\\u0072\"}",
        "{ \"x\\\\\" : \"1\" , \"region\" : \"\\ud83d\\ude00<\\/\" }",
        "",
    };
    assert_ok(make_application(f, "a"));
    for (unsigned n = 0; n < sizeof labels / sizeof labels[0]; n++) {
        struct service_write w = service_of(f, n, "a");
        w.service.labels = text_of(labels[n]);
        assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    }
    struct text region = TEXT("region");
    struct text any = {NULL, 0};
    assert_string_equal(all(f, (struct service_filter){.label_name = region, .label_value = any}),
                        "0 1 4 5 ");
    assert_string_equal(all(f, (struct service_filter){.label_name = region, .label_value = TEXT("kr")}),
                        "0 4 ");
    assert_string_equal(all(f, (struct service_filter){.label_name = region, .label_value = TEXT("")}), "1 ");
    assert_string_equal(all(f, (struct service_filter){.label_name = region, .label_value = TEXT("k")}), "");
    assert_string_equal(all(f, (struct service_filter){.label_name = region, .label_value = TEXT("krx")}),
                        "");
    assert_string_equal(
        all(f, (struct service_filter){.label_name = region, .label_value = TEXT("\xf0\x9f\x98\x80</")}),
        "5 ");
    assert_string_equal(all(f, (struct service_filter){.label_name = TEXT("x\\"), .label_value = any}), "5 ");
}

static void a_tenant_sees_its_own_only(struct fixture *f)
{
    struct application app = {.tenant = TEXT("t"), .name = TEXT("a"), .created_at = NOW};
    assert_ok(store_application_create(f->s, &app, AUDIT("application.create")));
    assert_ok(make_application(f, "a"));
    for (unsigned n = 1; n <= 6; n++) {
        struct service_write w = service_of(f, n, "a");
        w.service.tenant = n % 2 ? TEXT("t") : TEXT("");
        assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    }
    assert_string_equal(all(f, (struct service_filter){.tenant = TEXT("t")}), "1 3 5 ");
    assert_string_equal(all(f, (struct service_filter){.application = TEXT("a")}), "2 4 6 ");
    struct listed l = list(f, (struct service_filter){.tenant = TEXT("t")}, TEXT(""), 10, 2);
    assert_string_equal(l.joined, "1 "); /* rows of others count as read */
    assert_true(l.next.n > 0);
}

const struct contract_check service_list_checks[] = {
    {"refuses cursors and sizes of a list of services that are none", refuses_cursors_and_sizes_that_are_none,
     false},
    {"lists services in the order of registration", lists_in_the_order_of_registration, false},
    {"a list of services reads no more rows than asked", reads_no_more_rows_than_asked, false},
    {"a list of services whose callback stops goes on later", a_callback_that_stops_goes_on_later, false},
    {"a page of services ends when it has many bytes", a_page_ends_when_it_has_many_bytes, false},
    {"filters services by texts without regard to case", filters_by_texts_without_regard_to_case, false},
    {"filters services by label", filters_by_label, false},
    {"a tenant sees its own services only", a_tenant_sees_its_own_only, false},
    {NULL, NULL, false},
};
