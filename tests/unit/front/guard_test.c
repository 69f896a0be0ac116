/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include "base/clock.h"
#include "check.h"

/* Which names in a request are accepted on which listener. */

struct connection {
    enum listener listener;
    const char *sni; /* NULL: no TLS; "": TLS without SNI */
};

unsigned connection_tag(const struct connection *c)
{
    return c->listener;
}

/* No session is needed: what is asked of it is the name, and what the peer showed. */
struct tls_session {
    const char *name;
    struct tls_peer peer;
};
static struct tls_session handshake;

const struct tls_peer *tls_peer(struct tls_session *s)
{
    return &s->peer;
}

struct tls_session *connection_tls(struct connection *c)
{
    handshake.name = c->sni;
    return c->sni ? &handshake : NULL;
}

struct text tls_server_name(const struct tls_session *s)
{
    return text_of(s->name);
}

/* The proxy's certificate is for this one name. */
#define CERTIFIED "calls.example"
static unsigned looked_up;
static struct tls_context *const some_context = (struct tls_context *)&handshake;

struct tls_context *tls_session_context(const struct tls_session *s)
{
    (void)s;
    return some_context;
}

bool tls_context_same_guests(const struct tls_context *a, const struct tls_context *b)
{
    return a == b;
}

bool tls_context_names(const struct tls_context *c, struct text host)
{
    assert_ptr_equal(c, some_context);
    looked_up++;
    return text_equal_nocase(host, TEXT(CERTIFIED));
}

struct guard_row {
    const char *host, *origin, *site; /* NULL: no such field */
    int status;                       /* 0: accepted */
};

static const char *asked = "/x"; /* the path */

static int ask(struct connection *c, const struct guard_row *row)
{
    char own[] = "fairlead.internal";
    char page[] = "https://console.example";
    struct settings settings = {.internal_hosts = {.item = {own}, .count = 1},
                                .graphql_cors_origins = {.item = {page}, .count = 1}};
    struct front f = {.settings = &settings};
    struct exchange x = {.request = {.authority = text_of(row->host), .path = text_of(asked)}};
    struct front_call fc = {.front = &f, .connection = c, .exchange = &x};
    int status = 0;
    arena_init(&x.arena, 1024, 1 << 16);
    if (row->origin)
        assert_ok(headers_add(&x.request.headers, &x.arena, TEXT("origin"), text_of(row->origin)));
    if (row->site)
        assert_ok(headers_add(&x.request.headers, &x.arena, TEXT("sec-fetch-site"), text_of(row->site)));
    const char *why = front_guard(&fc, &status);
    arena_release(&x.arena);
    assert_true(!why == (status == 0)); /* a refusal has both a status and words */
    return status;
}

static void check(enum listener listener, const char *sni, const struct guard_row *rows, size_t count)
{
    struct connection c = {.listener = listener, .sni = sni};
    for (size_t i = 0; i < count; i++) {
        const int status = ask(&c, &rows[i]);
        if (status != rows[i].status)
            fail_msg("%s, SNI %s, Host '%s', Origin '%s', Sec-Fetch-Site '%s': %d, expected %d",
                     listener == LISTENER_INTERNAL ? "internal" : "other", sni ? sni : "-",
                     rows[i].host ? rows[i].host : "-", rows[i].origin ? rows[i].origin : "-",
                     rows[i].site ? rows[i].site : "-", status, rows[i].status);
    }
}
#define CHECK(listener, sni, rows) check(listener, sni, rows, sizeof(rows) / sizeof((rows)[0]))

static void refuses_a_rebound_name(void **state)
{
    (void)state;
    static const struct guard_row rows[] = {
        {NULL, NULL, NULL, 421},
        {"", NULL, NULL, 421},
        {":8080", NULL, NULL, 421},
        {"evil.example", NULL, NULL, 421},
        {"evil.example:8080", NULL, NULL, 421},
        {"localhost.evil.example", NULL, NULL, 421},
        {"evil.localhost", NULL, NULL, 421},
        {"localhost.", NULL, NULL, 421},
        {"xlocalhost", NULL, NULL, 421},
        {"127.0.0.1.evil.example", NULL, NULL, 421},
        {"127.0.0.2", NULL, NULL, 421},
        {"127.1", NULL, NULL, 421},
        {"0.0.0.0:8080", NULL, NULL, 421},
        {"[::]", NULL, NULL, 421},
        {"[::2]:8080", NULL, NULL, 421},
        {"::1", NULL, NULL, 421}, /* brackets are required (RFC 3986 3.2.2) */
        {"[::1", NULL, NULL, 421},
        {"[", NULL, NULL, 421},
        {"[]", NULL, NULL, 421},
        {"[localhost]", NULL, NULL, 421},
        {"[::ffff:127.0.0.1]", NULL, NULL, 421},
        {"x@localhost", NULL, NULL, 421},
        {"sub.fairlead.internal", NULL, NULL, 421},
        {"fairlead.internal.evil.example", NULL, NULL, 421},
        /* the name goes first: a local Origin does not mend a foreign Host */
        {"evil.example", "http://localhost", "same-origin", 421},
    };
    CHECK(LISTENER_INTERNAL, NULL, rows);
    CHECK(LISTENER_PROXY, NULL, rows);
}

static void refuses_what_another_site_sends(void **state)
{
    (void)state;
    static const struct guard_row rows[] = {
        {"localhost", "null", NULL, 403},
        {"localhost", "", NULL, 403},
        {"localhost", "localhost", NULL, 403},
        {"localhost", "https://evil.example", NULL, 403},
        {"localhost", "http://evil.example:8080", NULL, 403},
        {"localhost", "http://localhost.evil.example", NULL, 403},
        {"localhost", "http://localhost@evil.example", NULL, 403},
        {"localhost", "http://", NULL, 403},
        {"localhost", "http:localhost", NULL, 403},
        {"localhost", "https://http://localhost", NULL, 403},
        {"localhost", "ftp://localhost", NULL, 403},
        {"localhost", "file://localhost", NULL, 403},
        {"localhost", "chrome-extension://localhost", NULL, 403},
        {"localhost", "http://[::2]", NULL, 403},
        {"localhost", "http://[::1", NULL, 403},
        {"localhost", NULL, "cross-site", 403},
        {"localhost", "http://localhost", "cross-site", 403},
        {"localhost", "https://evil.example", "same-origin", 403},
        {"localhost", "https://evil.example", "none", 403},
    };
    CHECK(LISTENER_INTERNAL, NULL, rows);
    CHECK(LISTENER_PROXY, NULL, rows);
}

static void lets_pages_of_named_origins_ask_graphql_and_nothing_else(void **state)
{
    (void)state;
    static const char console[] = "https://console.example";
    static const struct guard_row graphql[] = {
        {"localhost", console, "cross-site", 0},
        {"localhost", console, NULL, 0},
        {"evil.example", console, "cross-site", 421},
        {"localhost", "https://evil.example", "cross-site", 403},
        {"localhost", "http://console.example", NULL, 403},
        {"localhost", "https://console.example:8443", NULL, 403},
        {"localhost", "https://console.example.evil", NULL, 403},
        {"localhost", "null", NULL, 403},
        {"localhost", NULL, "cross-site", 403},
    };
    static const struct guard_row others[] = {{"localhost", console, "cross-site", 403},
                                              {"localhost", console, NULL, 403}};
    asked = "/director/graphql";
    CHECK(LISTENER_INTERNAL, NULL, graphql);
    CHECK(LISTENER_PROXY, NULL, others);
    static const char *const paths[] = {"/director/graphql/", "/api/v1/tokens", "/v1/applications/tokens"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        asked = paths[i];
        CHECK(LISTENER_INTERNAL, NULL, others);
    }
    asked = "/x";
}

static void accepts_local_names(void **state)
{
    (void)state;
    static const struct guard_row rows[] = {
        {"localhost", NULL, NULL, 0},
        {"LocalHost:8080", NULL, NULL, 0},
        {"127.0.0.1", NULL, NULL, 0},
        {"127.0.0.1:8080", NULL, NULL, 0},
        {"[::1]", NULL, NULL, 0},
        {"[::1]:8080", NULL, NULL, 0},
        {"fairlead.internal", NULL, NULL, 0},
        {"Fairlead.Internal:8080", NULL, NULL, 0},
        {"localhost", "http://localhost:8080", "same-origin", 0},
        {"localhost", "https://127.0.0.1:8443", NULL, 0},
        {"localhost", "http://[::1]:8080", NULL, 0},
        {"localhost", "http://fairlead.internal", NULL, 0},
        {"localhost", NULL, "none", 0}, /* typed into the address bar */
        {"localhost", NULL, "same-origin", 0},
    };
    CHECK(LISTENER_INTERNAL, NULL, rows);
    CHECK(LISTENER_PROXY, NULL, rows);
}

#define UUID "3e2ee2c7-4cf5-4a58-9e9d-01d1ce2f0fee"
static void names_of_services_are_for_the_proxy_listener(void **state)
{
    (void)state;
    static const struct guard_row accepted[] = {
        {"shop-" UUID ".kyma-integration.svc.cluster.local", NULL, NULL, 0},
        {"shop-" UUID ".localhost:8081", NULL, NULL, 0},
    };
    CHECK(LISTENER_PROXY, NULL, accepted);
    static const struct guard_row refused[] = {
        {"shop.kyma-integration", NULL, NULL, 421},
        {"evil.example." UUID, NULL, NULL, 421},
        {"shop-" UUID ".localhost", "http://evil.example", NULL, 403},
        {"shop-" UUID ".localhost", "http://shop-" UUID ".localhost", NULL, 403},
        {"shop-" UUID ".localhost", NULL, "cross-site", 403},
    };
    CHECK(LISTENER_PROXY, NULL, refused);
    static const struct guard_row elsewhere[] = {{"shop-" UUID ".localhost", NULL, NULL, 421}};
    CHECK(LISTENER_INTERNAL, NULL, elsewhere);
}

/* A page at shop-{id}.evil.com whose name was rebound: what its GET for itself looks like. */
static int ask_with(const char *host, const char *sni, const char *name, const char *value)
{
    char namespace[] = "kyma-integration";
    struct settings settings = {.registry_namespace = namespace};
    struct connection c = {.listener = LISTENER_PROXY, .sni = sni};
    struct front f = {.settings = &settings};
    struct exchange x = {.request = {.authority = text_of(host), .path = TEXT("/x")}};
    struct front_call fc = {.front = &f, .connection = &c, .exchange = &x};
    int status = 0;
    arena_init(&x.arena, 1024, 1 << 16);
    assert_ok(headers_add(&x.request.headers, &x.arena, text_of(name), text_of(value)));
    (void)front_guard(&fc, &status);
    arena_release(&x.arena);
    return status;
}

static void refuses_pages_under_the_name_of_a_service(void **state)
{
    (void)state;
    static const char *const marks[][2] = {
        {"accept-language", "en"},           {"referer", "http://shop-" UUID ".evil.com/"},
        {"sec-fetch-site", "none"},          {"sec-fetch-mode", "cors"},
        {"sec-fetch-dest", "empty"},         {"origin", "http://localhost"},
        {"user-agent", "Mozilla/5.0 (X11)"},
    };
    static const char *const rebound[] = {"shop-" UUID ".evil.com", "shop-" UUID ".local.evil.com:8081",
                                          "shop-" UUID ".com", "shop-" UUID ".kyma-integration.com",
                                          "shop-" UUID ".xlocal"};
    static const char *const private[] = {"shop-" UUID,
                                          "shop-" UUID ":8081",
                                          "shop-" UUID ".kyma-integration",
                                          "shop-" UUID ".x.svc",
                                          "shop-" UUID ".x.svc.cluster.local",
                                          "shop-" UUID ".localhost:8081"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const char *name = marks[i][0], *value = marks[i][1];
        for (size_t k = 0; k < sizeof rebound / sizeof rebound[0]; k++)
            assert_int_equal(ask_with(rebound[k], NULL, name, value), 403);
        for (size_t k = 0; k < sizeof private / sizeof private[0]; k++)
            assert_int_equal(ask_with(private[k], NULL, name, value), 0);
    }
    assert_int_equal(ask_with("shop-" UUID ".evil.com", NULL, "user-agent", "curl/8"), 0); /* a workload */
    assert_int_equal(ask_with("shop-" UUID ".evil.com", "", "accept-language", "en"), 0);  /* with TLS */
}

static void the_proxy_listener_answers_to_its_certificate(void **state)
{
    (void)state;
    static const struct guard_row rows[] = {
        {"evil.example", NULL, NULL, 421},
        {"x." CERTIFIED, NULL, NULL, 421},
        {CERTIFIED, "https://evil.example", NULL, 403},
        {CERTIFIED, NULL, "cross-site", 403},
        {CERTIFIED, NULL, NULL, 0},
        {"Calls.Example:8081", NULL, NULL, 0},
        {CERTIFIED, "https://" CERTIFIED ":8081", "same-origin", 0},
        {"localhost", NULL, NULL, 0},
        {"fairlead.internal", NULL, NULL, 0},
        {"shop-" UUID ".svc.example", NULL, NULL, 0},
    };
    CHECK(LISTENER_PROXY, "", rows);
    CHECK(LISTENER_PROXY, "evil.example", rows); /* what was sent as SNI decides nothing here */
    static const struct guard_row plain[] = {{CERTIFIED, NULL, NULL, 421}};
    CHECK(LISTENER_PROXY, NULL, plain);
    CHECK(LISTENER_INTERNAL, NULL, plain);
}

static void the_certificate_is_asked_once_per_name(void **state)
{
    (void)state;
    struct connection c = {.listener = LISTENER_PROXY, .sni = ""};
    struct settings settings = {0};
    struct front f = {.settings = &settings};
    struct exchange x = {.request = {.authority = TEXT(CERTIFIED), .path = TEXT("/x")}};
    struct front_call fc = {.front = &f, .connection = &c, .exchange = &x};
    int status = 0;
    looked_up = 0;
    for (int i = 0; i < 3; i++)
        assert_null(front_guard(&fc, &status));
    assert_int_equal(looked_up, 1);
    f.listeners[LISTENER_PROXY].named_by = NULL; /* a new certificate */
    assert_null(front_guard(&fc, &status));
    assert_int_equal(looked_up, 2);
}

static void refuses_a_host_that_is_not_the_name_of_the_handshake(void **state)
{
    (void)state;
    static const struct guard_row rows[] = {
        {NULL, NULL, NULL, 421},
        {"", NULL, NULL, 421},
        {"connector.example", NULL, NULL, 421},
        {"connector.example:9443", NULL, NULL, 421},
        {"gateway.example.evil", NULL, NULL, 421},
        {"x.gateway.example", NULL, NULL, 421},
        {"gateway.exampl", NULL, NULL, 421},
        {"gateway.example.", NULL, NULL, 421},
        {"localhost", NULL, NULL, 421}, /* nothing special here */
        {"[::1]:9443", NULL, NULL, 421},
    };
    CHECK(LISTENER_GATEWAY, "gateway.example", rows);
    CHECK(LISTENER_CONNECTOR, "gateway.example", rows);
}

static void accepts_the_name_of_the_handshake(void **state)
{
    (void)state;
    static const struct guard_row rows[] = {
        {"gateway.example", NULL, NULL, 0},
        {"gateway.example:9443", NULL, NULL, 0},
        {"GATEWAY.example", NULL, NULL, 0},
        /* clients with certificates are not browsers on loopback: Origin is not looked at */
        {"gateway.example", "https://elsewhere.example", "cross-site", 0},
    };
    CHECK(LISTENER_GATEWAY, "gateway.example", rows);
    CHECK(LISTENER_CONNECTOR, "gateway.example", rows);
}

/* An address has no SNI (RFC 6066 3), and a listener without TLS has no handshake to compare with. */
static void has_nothing_to_compare_without_a_name(void **state)
{
    (void)state;
    static const struct guard_row rows[] = {
        {"192.0.2.1:9443", NULL, NULL, 0},
        {"[2001:db8::1]:9443", NULL, NULL, 0},
        {"anything.example", NULL, NULL, 0},
    };
    CHECK(LISTENER_GATEWAY, "", rows);
    CHECK(LISTENER_GATEWAY, NULL, rows);
    CHECK(LISTENER_CLUSTER, NULL, rows);
}

static void a_guest_is_good_while_its_listener_trusts_the_same_authorities(void **state)
{
    (void)state;
    struct tls_context *const other = (struct tls_context *)&looked_up;
    static const struct {
        const char *sni;
        bool guest, changed, over;
    } rows[] = {
        {"", true, true, true},    {"", true, false, false},  {"", false, true, false},
        {NULL, true, true, false}, {"", false, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned k = 0; k < 2; k++) {
            const enum listener l = k ? LISTENER_PROXY : LISTENER_GATEWAY;
            struct front f = {0};
            struct connection c = {.listener = l, .sni = rows[i].sni};
            const struct front_call fc = {.front = &f, .connection = &c};
            f.listeners[l].context = rows[i].changed ? other : some_context;
            handshake.peer = (struct tls_peer){.present = true, .guest = rows[i].guest};
            assert_int_equal(front_guest_is_over(&fc), rows[i].over);
        }
    }
}

static void a_certificate_is_good_until_its_end_and_no_longer(void **state)
{
    (void)state;
    static const struct {
        const char *sni;
        bool present;
        int64_t end;
        bool over;
    } rows[] = {
        {"", true, 999, true},    {"", true, 0, true},     {"", true, 1000, false},
        {"", true, 1001, false},  {"", false, 999, false}, /* a trusted proxy that shows none */
        {NULL, true, 999, false},                          /* no TLS */
    };
    clock_set_test(1000000, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct connection c = {.listener = LISTENER_GATEWAY, .sni = rows[i].sni};
        const struct front_call fc = {.connection = &c};
        handshake.peer = (struct tls_peer){.present = rows[i].present, .chain_not_after = rows[i].end};
        assert_int_equal(front_certificate_is_over(&fc), rows[i].over);
    }
    clock_real();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_rebound_name),
        cmocka_unit_test(a_certificate_is_good_until_its_end_and_no_longer),
        cmocka_unit_test(a_guest_is_good_while_its_listener_trusts_the_same_authorities),
        cmocka_unit_test(refuses_what_another_site_sends),
        cmocka_unit_test(lets_pages_of_named_origins_ask_graphql_and_nothing_else),
        cmocka_unit_test(accepts_local_names),
        cmocka_unit_test(names_of_services_are_for_the_proxy_listener),
        cmocka_unit_test(refuses_pages_under_the_name_of_a_service),
        cmocka_unit_test(the_proxy_listener_answers_to_its_certificate),
        cmocka_unit_test(the_certificate_is_asked_once_per_name),
        cmocka_unit_test(refuses_a_host_that_is_not_the_name_of_the_handshake),
        cmocka_unit_test(accepts_the_name_of_the_handshake),
        cmocka_unit_test(has_nothing_to_compare_without_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
