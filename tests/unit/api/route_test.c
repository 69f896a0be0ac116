/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"
#include "gateway.h"

/* How the gateway would call a service, as people are told: nothing of it is a secret. */

#define BASE "/api/v1/applications/app1/services"
#define API(target, more)                                                                                    \
    "{\"provider\":\"p\",\"name\":\"My Orders\",\"description\":\"d\",\"api\":{\"targetUrl\":\"" target      \
    "\"" more "}}"
#define BASIC ",\"credentials\":{\"basic\":{\"username\":\"user-1\",\"password\":\"pass-1\"}}"
#define OAUTH                                                                                                \
    ",\"credentials\":{\"oauth\":{\"url\":\"https://idp.com/t\",\"clientId\":\"id-1\",\"clientSecret\":"     \
    "\"secret-1\",\"csrfInfo\":{\"tokenEndpointURL\":\"https://h.com/csrf\"}}},\"requestParameters\":{"      \
    "\"headers\":{\"X-A\":[\"value-1\",\"value-2\"],\"X-B\":[\"value-3\"]},\"queryParameters\":{\"q\":["     \
    "\"value-4\"]}}"

static struct answer route_of(struct gateway *g, const char *target)
{
    const struct ask in = {
        .method = HTTP_GET, .target = target, .listener = ON_CONTROL, .principal = ask_loopback()};
    struct bytes body;
    const int status = gateway_ask(g, &in, &body);
    return (struct answer){.status = status, .body = bytes_text(body)};
}

static void refuses_what_is_not_there(void **state)
{
    struct gateway *g = *state;
    assert_says(route_of(g, "/api/v1/applications/none/services/x/route"), 404, "no application none");
    assert_says(route_of(g, BASE "/x/route"), 404, "The application app1 has no service x");
}

static void names_what_is_added_and_never_a_value(void **state)
{
    static const char *const secrets[] = {"id-1", "secret-1", "t1",     "\"c1\"",
                                          "s=1",  "value-",   "user-1", "pass-1"};
    struct gateway *g = *state;
    const char *id = shop_register(g->w, API("https://u:p@h.com:8443/a?b=c", OAUTH));
    const struct answer by_name = route_of(g, BASE "/my-orders/route");
    assert_ok(json_scan(by_name.body, NULL));
    assert_says(by_name, 200, shop_printf(g->w, "\"id\":\"%s\",\"name\":\"My Orders\"", id));
    assert_says(by_name, 200,
                "\"pathName\":\"my-orders\",\"registeredUrl\":\"https://***:***@h.com:8443/a?b=c\"");
    assert_says(by_name, 200,
                "\"strategy\":\"oauth\",\"refusal\":null,\"target\":\"https://h.com:8443/a?b=c\"");
    assert_says(by_name, 200,
                "\"addresses\":[\"192.0.2.1:8443\"],\"authorization\":\"Bearer\",\"tokenUntil\":\"2");
    assert_says(by_name, 200, "\"csrf\":true,\"headers\":[\"X-A\",\"X-B\"],\"queryParameters\":[\"q\"]");
    assert_says(by_name, 200, "\"clientCertificate\":null,\"warnings\":[]}");
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        if (says(by_name, secrets[i]))
            fail_msg("%s in %.*s", secrets[i], TEXT_ARG(by_name.body));
    assert_says(route_of(g, shop_printf(g->w, BASE "/%s/route", id)), 200, "\"strategy\":\"oauth\"");
    assert_int_equal(fetcher_jobs(g->fetcher, FETCH_TOKEN), 1);
}

static void warns_of_credentials_in_clear(void **state)
{
    struct gateway *g = *state;
    (void)shop_register(g->w, API("http://h.com", BASIC));
    const struct answer got = route_of(g, BASE "/my-orders/route");
    assert_says(got, 200,
                "\"target\":\"http://"
                "h.com\",\"proxy\":null,\"proxyConnectsTo\":null,\"addresses\":[\"192.0.2.1:80\"],"
                "\"authorization\":\"Basic\"");
    assert_says(got, 200, "\"tokenUntil\":null,\"tokenRefreshAt\":null,\"csrf\":false");
    assert_says(got, 200, "\"warnings\":[\"the target's URL is http: credentials travel in clear\"]");
}

static void a_certificate_is_shown_with_its_end(void **state)
{
    struct gateway *g = *state;
    (void)shop_register(g->w,
                        API("http://h.com", ",\"credentials\":{\"certificateGen\":{\"commonName\":\"c\"}}"));
    const struct answer got = route_of(g, BASE "/my-orders/route");
    assert_says(got, 200, "\"clientCertificate\":{\"subject\":\"CN=c\",\"notBefore\":\"2");
    assert_says(got, 200, "the client certificate is not shown to it");
    assert_false(says(got, "PRIVATE"));
}

static void a_refusal_says_which_service_and_why(void **state)
{
    struct gateway *g = *state;
    (void)shop_register(g->w, API("https://h.com", BASIC));
    fetcher_says(g->fetcher, FETCH_RESOLVE, FETCH_UNREACHABLE, 0, "h.com: no such host");
    const struct answer got = route_of(g, BASE "/my-orders/route");
    assert_says(got, 200,
                "\"registeredUrl\":\"https://h.com\",\"strategy\":\"basic\",\"refusal\":{\"status\":502,");
    assert_says(got, 200, "\"message\":\"dns: h.com: no such host\"},\"warnings\":[]}");
}

static void events_alone_cannot_be_called(void **state)
{
    struct gateway *g = *state;
    const char *id = shop_register(g->w, "{\"provider\":\"p\",\"name\":\"e\",\"description\":\"d\","
                                         "\"events\":{\"spec\":{\"asyncapi\":\"2\"}}}");
    assert_says(route_of(g, shop_printf(g->w, BASE "/%s/route", id)), 200, "\"refusal\":{\"status\":400,");
}

#define T(name) cmocka_unit_test_setup_teardown(name, gateway_open, gateway_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_what_is_not_there),
        T(names_what_is_added_and_never_a_value),
        T(warns_of_credentials_in_clear),
        T(a_certificate_is_shown_with_its_end),
        T(a_refusal_says_which_service_and_why),
        T(events_alone_cannot_be_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
