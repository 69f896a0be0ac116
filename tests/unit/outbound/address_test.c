/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/address.h"

#include "base/buffer.h"
#include "check.h"

#define ID "0a1b2c3d-1111-4222-8333-444455556666"

static struct status read_address(const char *authority, const char *path, struct outbound_address *out)
{
    const struct request r = {.method = HTTP_GET, .authority = text_of(authority), .path = text_of(path)};
    return outbound_address_read(&r, out);
}

static void refuses_a_path_that_names_no_service(void **state)
{
    (void)state;
    static const char *const paths[] = {"/",  "",          "*",       "/app",       "/app/",
                                        "//", "//service", "/app//x", "app/service"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct outbound_address a;
        if (read_address("127.0.0.1:8081", paths[i], &a).code != E_INVALID)
            fail_msg("accepted '%s'", paths[i]);
    }
}

static void refuses_a_segment_without_end(void **state)
{
    (void)state;
    char path[ADDRESS_SEGMENT_MAX + 8] = "/app/";
    struct outbound_address a;
    memset(path + 5, 'x', ADDRESS_SEGMENT_MAX + 1);
    assert_status(read_address("h", path, &a), E_INVALID);
    path[5 + ADDRESS_SEGMENT_MAX] = 0;
    assert_ok(read_address("h", path, &a));
    assert_int_equal(a.service.n, ADDRESS_SEGMENT_MAX);
}

static void the_first_label_names_a_service_when_it_ends_in_an_id(void **state)
{
    (void)state;
    static const struct {
        const char *authority, *label; /* NULL: the path decides */
    } cases[] = {
        {"shop-" ID ".kyma-integration.svc.cluster.local", "shop-" ID},
        {"app-shop-" ID ".kyma-integration", "app-shop-" ID},
        {"re-shop-" ID ".x", "re-shop-" ID},
        {"shop-" ID ".a.b.c:8081", "shop-" ID},
        {"shop-" ID ":8081", "shop-" ID},
        {"shop-" ID, "shop-" ID},
        {ID, ID},
        {ID ".localhost:1", ID},
        {"-" ID, "-" ID},
        {"x" ID, NULL}, /* no hyphen between them */
        {"shop-0A1B2C3D-1111-4222-8333-444455556666", NULL},
        {"shop-0a1b2c3d-1111-4222-8333-44445555666", NULL},
        {"shop-0a1b2c3d-1111-4222-8333-44445555666g", NULL},
        {"shop-0a1b2c3d11111-4222-8333-444455556666", NULL},
        {"shop." ID ".x", NULL}, /* not the first label */
        {ID "-shop.x", NULL},
        {"127.0.0.1:8081", NULL},
        {"[::1]:8081", NULL},
        {"localhost", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outbound_address a;
        assert_ok(read_address(cases[i].authority, "/app/service/x/", &a));
        assert_int_equal(a.kind, cases[i].label ? ADDRESS_HOST : ADDRESS_PATH);
        if (!cases[i].label)
            continue;
        assert_text(a.label, cases[i].label);
        assert_text(a.rest, "/app/service/x/");
        assert_text(a.prefix, "");
    }
}

static void by_path_the_segments_are_as_written_and_the_rest_is_whole(void **state)
{
    (void)state;
    static const struct {
        const char *path, *application, *service, *prefix, *rest;
    } cases[] = {
        {"/shop/orders", "shop", "orders", "/shop/orders", ""},
        {"/shop/orders/", "shop", "orders", "/shop/orders", "/"},
        {"/shop/orders/a/b/", "shop", "orders", "/shop/orders", "/a/b/"},
        {"/shop/orders//a", "shop", "orders", "/shop/orders", "//a"},
        {"/shop/orders/../x", "shop", "orders", "/shop/orders", "/../x"},
        {"/shop/orders/a%2Fb", "shop", "orders", "/shop/orders", "/a%2Fb"},
        {"/sh%6Fp/or%2Fders/x", "sh%6Fp", "or%2Fders", "/sh%6Fp/or%2Fders", "/x"},
        {"/Shop/Orders", "Shop", "Orders", "/Shop/Orders", ""},
        {"/shop/" ID "/x", "shop", ID, "/shop/" ID, "/x"},
        {"/../x/y", "..", "x", "/../x", "/y"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outbound_address a;
        assert_ok(read_address("localhost:8081", cases[i].path, &a));
        assert_int_equal(a.kind, ADDRESS_PATH);
        assert_text(a.application, cases[i].application);
        assert_text(a.service, cases[i].service);
        assert_text(a.prefix, cases[i].prefix);
        assert_text(a.rest, cases[i].rest);
    }
}

static void a_secret_and_its_api_are_four_segments(void **state)
{
    (void)state;
    static const struct {
        const char *path, *secret, *entry, *rest; /* secret NULL: it is an application's service */
    } cases[] = {
        {"/secret/s-1/api/Orders%20EU", "s-1", "Orders%20EU", ""},
        {"/secret/s/api/a/", "s", "a", "/"},
        {"/secret/s/api/a//b/../c", "s", "a", "//b/../c"},
        {"/secret/secret/api/api/secret", "secret", "api", "/secret"},
        {"/secret/s", NULL, "s", ""},
        {"/secret/s/api", NULL, "s", "/api"},
        {"/secret/s/api/", NULL, "s", "/api/"},
        {"/secret/s/api//x", NULL, "s", "/api//x"},
        {"/secret/s/API/a", NULL, "s", "/API/a"},
        {"/Secret/s/api/a", NULL, "s", "/api/a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outbound_address a;
        assert_ok(read_address("localhost:8081", cases[i].path, &a));
        assert_int_equal(a.kind, cases[i].secret ? ADDRESS_SECRET : ADDRESS_PATH);
        assert_text(a.service, cases[i].secret ? cases[i].secret : cases[i].entry);
        assert_text(a.entry, cases[i].secret ? cases[i].entry : "");
        assert_text(a.rest, cases[i].rest);
        assert_int_equal(a.prefix.n + a.rest.n, strlen(cases[i].path));
    }
    struct outbound_address a;
    assert_status(read_address("localhost", "/secret//api/a", &a), E_INVALID);
}

static void refuses_to_enter_what_has_no_further_segment(void **state)
{
    (void)state;
    static const char *const paths[] = {"/app/b", "/app/b/", "/app/b//x"};
    struct outbound_address a;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_ok(read_address("h", paths[i], &a));
        const struct text rest = a.rest;
        assert_status(outbound_address_enter(&a), E_INVALID);
        assert_true(text_equal(a.rest, rest));
        assert_text(a.entry, "");
        assert_text(a.prefix, "/app/b");
    }
    assert_ok(read_address("h", "/app/b/api/x", &a));
    assert_ok(outbound_address_enter(&a));
    assert_status(outbound_address_enter(&a), E_INVALID); /* once is enough */
    assert_ok(read_address("shop-" ID, "/a/b/c", &a));
    assert_status(outbound_address_enter(&a), E_INVALID);
    assert_ok(read_address("h", "/secret/s/api/a/b", &a));
    assert_status(outbound_address_enter(&a), E_INVALID);
}

static void the_segment_behind_a_bundle_names_its_api(void **state)
{
    (void)state;
    static const struct {
        const char *path, *entry, *prefix, *rest;
    } cases[] = {
        {"/app/b/api", "api", "/app/b/api", ""},         {"/app/b/api/", "api", "/app/b/api", "/"},
        {"/app/b/api/x/y", "api", "/app/b/api", "/x/y"}, {"/app/b/a%2Fb//x", "a%2Fb", "/app/b/a%2Fb", "//x"},
        {"/app/b/" ID "/x", ID, "/app/b/" ID, "/x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outbound_address a;
        assert_ok(read_address("h", cases[i].path, &a));
        assert_ok(outbound_address_enter(&a));
        assert_text(a.service, "b");
        assert_text(a.entry, cases[i].entry);
        assert_text(a.prefix, cases[i].prefix);
        assert_text(a.rest, cases[i].rest);
    }
}

static void assert_question(const struct outbound_address *a, const char *tenant, const char *expected)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 8192);
    outbound_address_question(a, text_of(tenant), &b);
    assert_ok(buffer_status(&b));
    assert_text(buffer_as_text(&b), expected);
}

static void the_question_cannot_be_bent_by_what_a_caller_writes(void **state)
{
    (void)state;
    struct outbound_address a = {.kind = ADDRESS_HOST, .label = TEXT("shop-" ID)};
    assert_question(&a, "", "/front/target?label=shop-" ID);
    assert_question(&a, "t&label=x", "/front/target?tenant=t%26label%3Dx&label=shop-" ID);
    assert_ok(read_address("h", "/a&service=b/c%20d=%26/x", &a));
    assert_question(&a, "", "/front/target?application=a%26service%3Db&service=c%2520d%3D%2526");
    assert_ok(outbound_address_enter(&a));
    assert_question(&a, "", "/front/target?application=a%26service%3Db&service=c%2520d%3D%2526&entry=x");
    a = (struct outbound_address){.kind = ADDRESS_SECRET, .service = TEXT("s t"), .entry = TEXT("e+")};
    assert_question(&a, "", "/front/target?secret=s+t&entry=e%2B");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_path_that_names_no_service),
        cmocka_unit_test(refuses_a_segment_without_end),
        cmocka_unit_test(the_first_label_names_a_service_when_it_ends_in_an_id),
        cmocka_unit_test(refuses_to_enter_what_has_no_further_segment),
        cmocka_unit_test(the_segment_behind_a_bundle_names_its_api),
        cmocka_unit_test(a_secret_and_its_api_are_four_segments),
        cmocka_unit_test(by_path_the_segments_are_as_written_and_the_rest_is_whole),
        cmocka_unit_test(the_question_cannot_be_bent_by_what_a_caller_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
