/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include "check.h"

/* Who may call, and whose services. */

struct connection {
    enum listener listener;
    bool tls;
};

unsigned connection_tag(const struct connection *c)
{
    return c->listener;
}

struct tls_session {
    struct tls_peer peer;
};
static struct tls_session session;

struct tls_session *connection_tls(struct connection *c)
{
    return c->tls ? &session : NULL;
}

const struct tls_peer *tls_peer(struct tls_session *s)
{
    return &s->peer;
}

static void a_runtime_is_asked_for_where_a_certificate_of_ours_was_shown(void **state)
{
    (void)state;
    static const struct {
        enum listener listener;
        bool tls, guest, asks;
    } rows[] = {
        {LISTENER_PROXY, true, false, true},      {LISTENER_PROXY, true, true, false},
        {LISTENER_PROXY, false, false, false},    {LISTENER_GATEWAY, true, false, false},
        {LISTENER_CONNECTOR, true, false, false}, {LISTENER_INTERNAL, false, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct connection c = {rows[i].listener, rows[i].tls};
        struct front_call fc = {.connection = &c};
        session.peer.guest = rows[i].guest;
        assert_int_equal(front_asks_for_runtime(&fc), rows[i].asks);
    }
}

static void nobody_else_is_a_runtime(void **state)
{
    (void)state;
    static const struct {
        struct hop_identity answer;
        bool is;
    } rows[] = {
        {{.verdict = CERT_ACTIVE, .runtime = true, .tenant = TEXT_INIT("acme")}, true},
        {{.verdict = CERT_ACTIVE, .application = TEXT_INIT("shop")}, false},
        {{.verdict = CERT_REVOKED, .runtime = true}, false},
        {{.verdict = CERT_UNKNOWN, .runtime = true}, false},
        {{.verdict = CERT_NONE, .runtime = true}, false},
        {{.verdict = CERT_ACTIVE, .runtime = true, .subject_error = TEXT_INIT("no tenant")}, false},
    };
    struct front_call fc = {0};
    assert_false(front_is_runtime(&fc));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct identity id = {.answer = rows[i].answer};
        fc.identity = &id;
        assert_int_equal(front_is_runtime(&fc), rows[i].is);
    }
}

struct request_of {
    struct settings settings;
    struct front front;
    struct exchange exchange;
    struct front_call call;
};

static void request_open(struct request_of *r, bool central, const char *const *tenants)
{
    *r = (struct request_of){.settings = {.central = central}};
    r->front.settings = &r->settings;
    r->call = (struct front_call){.front = &r->front, .exchange = &r->exchange};
    struct exchange *x = &r->exchange;
    arena_init(&x->arena, 1024, 1 << 16);
    assert_ok(headers_add(&x->request.headers, &x->arena, TEXT("first"), TEXT("1")));
    for (; *tenants; tenants++)
        assert_ok(headers_add(&x->request.headers, &x->arena, TEXT("tEnant"), text_of(*tenants)));
    assert_ok(headers_add(&x->request.headers, &x->arena, TEXT("last"), TEXT("2")));
}

static void the_header_names_the_tenant_and_goes_no_further(void **state)
{
    (void)state;
    static const char *const none[] = {NULL}, *const one[] = {"acme", NULL}, *const two[] = {"a", "b", NULL};
    struct request_of r;
    struct text tenant;
    request_open(&r, true, one);
    assert_true(front_take_tenant(&r.call, &tenant));
    assert_text(tenant, "acme");
    assert_int_equal(r.exchange.request.headers.count, 2);
    assert_text(r.exchange.request.headers.list[1].name, "last");
    arena_release(&r.exchange.arena);
    request_open(&r, true, none);
    assert_true(front_take_tenant(&r.call, &tenant));
    assert_int_equal(tenant.n, 0);
    arena_release(&r.exchange.arena);
    request_open(&r, true, two);
    assert_false(front_take_tenant(&r.call, &tenant));
    arena_release(&r.exchange.arena);
}

static void a_certificate_is_stronger_than_the_header(void **state)
{
    (void)state;
    static const char *const two[] = {"a", "b", NULL};
    struct identity id = {.answer = {.tenant = TEXT_INIT("acme")}};
    struct request_of r;
    struct text tenant;
    request_open(&r, true, two);
    r.call.identity = &id;
    assert_true(front_take_tenant(&r.call, &tenant));
    assert_text(tenant, "acme");
    assert_int_equal(r.exchange.request.headers.count, 2);
    arena_release(&r.exchange.arena);
}

static void without_tenants_the_header_means_nothing_here(void **state)
{
    (void)state;
    static const char *const two[] = {"a", "b", NULL};
    struct request_of r;
    struct text tenant;
    request_open(&r, false, two);
    assert_true(front_take_tenant(&r.call, &tenant));
    assert_int_equal(tenant.n, 0);
    assert_int_equal(r.exchange.request.headers.count, 4);
    arena_release(&r.exchange.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_else_is_a_runtime),
        cmocka_unit_test(a_runtime_is_asked_for_where_a_certificate_of_ours_was_shown),
        cmocka_unit_test(the_header_names_the_tenant_and_goes_no_further),
        cmocka_unit_test(a_certificate_is_stronger_than_the_header),
        cmocka_unit_test(without_tenants_the_header_means_nothing_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
