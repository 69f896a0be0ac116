/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "gateway.h"
#include "net/hop.h"

/* The questions of fronts that serve workloads, as the core's routes answer them. */

static int ask_gateway(struct gateway *g, enum http_method method, const char *target, struct bytes *out)
{
    const struct ask in = {
        .method = method, .target = target, .listener = ON_EGRESS, .principal = ask_front()};
    return gateway_ask(g, &in, out);
}

static struct hop_target ask_target(struct gateway *g, const char *target)
{
    struct bytes body;
    struct hop_target t;
    assert_int_equal(ask_gateway(g, HTTP_GET, target, &body), 200);
    static struct hop_field_room room;
    assert_ok(hop_target_decode(body, &room, &t));
    return t;
}

static bool report(struct gateway *g, const char *target)
{
    struct bytes body;
    assert_int_equal(ask_gateway(g, HTTP_POST, target, &body), 200);
    assert_int_equal(body.n, 1);
    return body.p[0] == 1;
}

static void the_edge_finds_no_such_route(void **state)
{
    (void)state;
    struct router *r = NULL;
    struct arena a;
    struct route_match match;
    arena_init(&a, 1024, 16384);
    assert_ok(router_new(api_routes, api_route_count, &r, NULL));
    for (unsigned bit = 1; bit <= ON_EGRESS; bit <<= 1) {
        const bool may = bit == ON_EGRESS;
        assert_int_equal(router_find(r, bit, HTTP_GET, TEXT("/front/target"), &a, &match) == ROUTE_FOUND,
                         may);
        assert_int_equal(router_find(r, bit, HTTP_POST, TEXT("/front/refused"), &a, &match) == ROUTE_FOUND,
                         may);
    }
    router_free(r);
    arena_release(&a);
}

static void refuses_a_report_without_a_version(void **state)
{
    struct bytes body;
    static const char *const targets[] = {"/front/refused?application=app1&service=x",
                                          "/front/refused?application=app1&service=x&version=",
                                          "/front/refused?application=app1&service=x&version=-1",
                                          "/front/refused?version=18446744073709551616"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        assert_int_equal(ask_gateway(*state, HTTP_POST, targets[i], &body), 400);
}

static void a_refusal_is_an_answer(void **state)
{
    static const char *const targets[] = {"/front/target", "/front/target?application=app1",
                                          "/front/target?application=app1&service=nothing",
                                          "/front/target?label=nothing", "/front/target?secret=s&entry=e"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        const struct hop_target t = ask_target(*state, targets[i]);
        assert_int_equal(t.status, 404);
        assert_true(t.until <= clock_now_s() + 1);
    }
    assert_text(ask_target(*state, targets[2]).message, "service with name nothing not found");
}

static void says_how_a_service_is_called(void **state)
{
    struct gateway *g = *state;
    const char *id = shop_register(
        g->w,
        "{\"provider\":\"p\",\"name\":\"My Orders\",\"description\":\"d\",\"api\":{\"targetUrl\":"
        "\"https://h.com/a?b=c\",\"credentials\":{\"oauth\":{\"url\":\"https://idp.com/t\",\"clientId\":"
        "\"i\",\"clientSecret\":\"s\"}},\"requestParameters\":{\"headers\":{\"X-A\":[\"1\"]}}}}");
    const char *const targets[] = {
        "/front/target?application=app1&service=my-orders",
        shop_printf(g->w, "/front/target?application=app1&service=%s", id),
        shop_printf(g->w, "/front/target?label=app1-%s", id),
        shop_printf(g->w, "/front/target?tenant=&label=app-app1-%s", id),
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        const struct hop_target t = ask_target(g, targets[i]);
        assert_int_equal(t.status, 0);
        assert_text(t.host, "h.com");
        assert_text(t.path, "/a");
        assert_text(t.query, "b=c");
        assert_text(t.authorization, "Bearer t1");
        assert_int_equal(t.header_count, 1);
        assert_int_equal(t.address_count, 1);
        assert_true(t.tls);
        assert_true(page_pairs_current(&t.pairs, &g->w->page));
    }
}

static void a_deleted_application_takes_its_answers_with_it(void **state)
{
    struct gateway *g = *state;
    const char *id =
        shop_register(g->w, "{\"provider\":\"p\",\"name\":\"orders\",\"description\":\"d\",\"api\":"
                            "{\"targetUrl\":\"https://h.com\"}}");
    const struct page_pairs by_label =
        ask_target(g, shop_printf(g->w, "/front/target?label=app1-%s", id)).pairs;
    const struct page_pairs by_name = ask_target(g, "/front/target?application=app1&service=orders").pairs;
    uint64_t revoked = 0;
    assert_true(page_pairs_current(&by_label, &g->w->page) && page_pairs_current(&by_name, &g->w->page));
    assert_ok(connector_application_delete(g->w->connector, &world_caller, TEXT(""), TEXT("app1"), &revoked,
                                           &g->w->err));
    assert_false(page_pairs_current(&by_label, &g->w->page));
    assert_false(page_pairs_current(&by_name, &g->w->page));
}

static void a_report_is_answered_with_one_octet(void **state)
{
    struct gateway *g = *state;
    (void)shop_register(
        g->w, "{\"provider\":\"p\",\"name\":\"orders\",\"description\":\"d\",\"api\":{\"targetUrl\":"
              "\"https://h.com\",\"credentials\":{\"oauth\":{\"url\":\"https://idp.com/t\",\"clientId\":"
              "\"i\",\"clientSecret\":\"s\"}}}}");
    const char *question = "application=app1&service=orders";
    const struct hop_target first = ask_target(g, shop_printf(g->w, "/front/target?%s", question));
    const char *first_report =
        shop_printf(g->w, "/front/refused?%s&version=%llu", question, (unsigned long long)first.version);
    assert_true(report(g, first_report));
    const struct hop_target second = ask_target(g, shop_printf(g->w, "/front/target?%s", question));
    assert_text(second.authorization, "Bearer t2");
    assert_true(report(g, first_report)); /* an older one */
    assert_false(report(g, shop_printf(g->w, "/front/refused?%s&version=%llu", question,
                                       (unsigned long long)second.version)));
}

#define T(name) cmocka_unit_test_setup_teardown(name, gateway_open, gateway_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_edge_finds_no_such_route),
        T(refuses_a_report_without_a_version),
        T(a_refusal_is_an_answer),
        T(says_how_a_service_is_called),
        T(a_deleted_application_takes_its_answers_with_it),
        T(a_report_is_answered_with_one_octet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
