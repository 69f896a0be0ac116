/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/connector.h"

#include "check.h"
#include "world.h"

static void derives_the_public_address(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        enum listener listener;
        const char *bound, *host, *url;
    } rows[] = {
        {"url.gateway=https://g.example", LISTENER_GATEWAY, "0.0.0.0:9443", "h", "https://g.example"},
        {"url.connector=https://c.example:1", LISTENER_CONNECTOR, "0.0.0.0:8443", "h", "https://c.example:1"},
        {"url.domain=D.example", LISTENER_CONNECTOR, "0.0.0.0:443", "h",
         "https://connector-service.D.example"},
        {"url.domain=D.example", LISTENER_GATEWAY, "0.0.0.0:9443", "h", "https://gateway.D.example:9443"},
        {"log.level=info", LISTENER_GATEWAY, "0.0.0.0:9443", "host.example", "https://host.example:9443"},
        {"log.level=info", LISTENER_GATEWAY, "[::]:443", "host.example", "https://host.example"},
        {"log.level=info", LISTENER_GATEWAY, "0.0.0.0:9443", "", "https://localhost:9443"},
        {"log.level=info", LISTENER_CONNECTOR, "127.0.0.1:8443", "host.example", "https://localhost:8443"},
        {"log.level=info", LISTENER_CONNECTOR, "[::1]:8443", "host.example", "https://localhost:8443"},
        {"url.domain=D.example", LISTENER_INTERNAL, "127.0.0.1:8080", "h", "http://localhost:8080"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct settings *s = NULL;
        struct error err = {0};
        const struct settings_sources from = {.set = &rows[i].set, .set_count = 1};
        if (!status_ok(settings_load(&from, &s, &err)))
            fail_msg("%s", err.message);
        struct buffer b;
        buffer_init(&b, 1024);
        connector_public_url(s, rows[i].listener, text_of(rows[i].bound), text_of(rows[i].host), &b);
        assert_ok(buffer_status(&b));
        assert_text(buffer_as_text(&b), rows[i].url);
        buffer_release(&b);
        settings_free(s);
    }
}

static void builds_the_links_of_both_generations(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder app = world_application("shop");
    const struct connector_holder runtime = {.kind = TOKEN_RUNTIME};
    const struct connector_holder remote = {.kind = TOKEN_REMOTE_ENVIRONMENT, .application = TEXT("shop")};
    const struct {
        enum connector_link which;
        const struct connector_holder *holder;
        const char *token, *url;
    } rows[] = {
        {LINK_INFO, &app, "T==", WORLD_CONNECTOR_URL "/v1/applications/signingRequests/info?token=T=="},
        {LINK_SIGN, &app, "T==", WORLD_CONNECTOR_URL "/v1/applications/certificates?token=T=="},
        {LINK_CERTIFICATES, &app, "", WORLD_CONNECTOR_URL "/v1/applications/certificates"},
        {LINK_EVENTS, &app, "", WORLD_GATEWAY_URL "/shop/v1/events"},
        {LINK_EVENTS_INFO, &app, "", WORLD_GATEWAY_URL "/shop/v1/events/subscribed"},
        {LINK_METADATA, &app, "", WORLD_GATEWAY_URL "/shop/v1/metadata/services"},
        {LINK_MANAGEMENT, &app, "", WORLD_GATEWAY_URL "/v1/applications/management/info"},
        {LINK_RENEW, &app, "", WORLD_GATEWAY_URL "/v1/applications/certificates/renewals"},
        {LINK_REVOKE, &app, "", WORLD_GATEWAY_URL "/v1/applications/certificates/revocations"},
        {LINK_INFO, &runtime, "T", WORLD_CONNECTOR_URL "/v1/runtimes/signingRequests/info?token=T"},
        {LINK_RENEW, &runtime, "", WORLD_GATEWAY_URL "/v1/runtimes/certificates/renewals"},
        {LINK_INFO, &remote, "T", WORLD_CONNECTOR_URL "/v1/remoteenvironments/shop/info?token=T"},
        {LINK_SIGN, &remote, "T", WORLD_CONNECTOR_URL "/v1/remoteenvironments/shop/client-certs?token=T"},
        {LINK_CERTIFICATES, &remote, "", WORLD_CONNECTOR_URL "/v1/remoteenvironments/shop"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_text(
            connector_link(w->connector, rows[i].which, rows[i].holder, text_of(rows[i].token), &w->arena),
            rows[i].url);
    world_close(w);
}

static void escapes_names_that_would_break_an_address(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("a b?c#d%");
    assert_text(connector_link(w->connector, LINK_EVENTS, &h, TEXT(""), &w->arena),
                WORLD_GATEWAY_URL "/a%20b%3Fc%23d%25/v1/events");
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derives_the_public_address),
        cmocka_unit_test(builds_the_links_of_both_generations),
        cmocka_unit_test(escapes_names_that_would_break_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
