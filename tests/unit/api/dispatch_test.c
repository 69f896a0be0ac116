/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "ask.h"
#include "check.h"

static const struct ask management = {
    .method = HTTP_GET, .target = "/v1/applications/management/info", .listener = ON_GATEWAY};

static void refuses_whoever_may_not(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    struct ask in = management;
    assert_answer(ask(w, &in), 400, ERROR(400, "Invalid certificate: Certificate header is empty"));
    in.principal = (struct principal){.kind = PRINCIPAL_CERTIFICATE, .certificate = CERT_REVOKED};
    assert_answer(ask(w, &in), 403, ERROR(403, "Certificate has been revoked."));
    in.principal.certificate = CERT_UNKNOWN;
    assert_answer(ask(w, &in), 403,
                  ERROR(403, "Certificate is not on record here: it was issued by another instance, or the "
                             "record was removed."));
    in.principal.certificate = CERT_ACTIVE;
    in.principal.subject_error = TEXT("Empty Common Name in certificate header");
    assert_answer(ask(w, &in), 400,
                  ERROR(400, "Invalid certificate: Empty Common Name in certificate header"));
    /* an operator is no certificate */
    in.principal = ask_loopback();
    assert_int_equal(ask(w, &in).status, 400);

    const struct ask native = {.method = HTTP_GET, .target = "/api/v1/applications", .listener = ON_INTERNAL};
    const struct answer refused = ask(w, &native);
    assert_int_equal(refused.status, 401);
    assert_text(headers_get(&refused.headers, TEXT("WWW-Authenticate")), "Bearer realm=\"fairlead\"");
    assert_text(refused.content_type, "application/problem+json");
    const struct ask front = {
        .method = HTTP_GET, .target = "/front/listeners", .listener = ON_FRONT, .principal = ask_loopback()};
    assert_int_equal(ask(w, &front).status, 403);

    assert_ok(connector_flush_refusals(w->connector, true));
    assert_int_equal(world_audit(w, "refused.revoked", NULL), 1);
    assert_int_equal(world_audit(w, "refused.unknown", NULL), 1);
    assert_int_equal(world_audit(w, "refused.subject", NULL), 1);
    assert_int_equal(world_audit(w, "refused.permission", NULL), 1);
    assert_int_equal(world_audit(w, "refused.bearer", NULL), 1);
    world_close(w);
}

static void refuses_a_revoked_certificate_on_every_route(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    for (size_t i = 0; i < api_route_count; i++) {
        const struct route *r = &api_routes[i];
        if (!(r->listeners & ON_GATEWAY) || text_contains(text_of(r->pattern), '{'))
            continue;
        const struct ask in = {.method = r->method,
                               .target = r->pattern,
                               .listener = ON_GATEWAY,
                               .principal = {.kind = PRINCIPAL_CERTIFICATE, .certificate = CERT_REVOKED}};
        assert_int_equal(ask(w, &in).status, 403);
        if (r->flags & (ROUTE_GRAPHQL | ROUTE_KYMA))
            assert_answer(
                ask(w, &in), 403,
                r->flags & ROUTE_GRAPHQL
                    ? "{\"errors\":[{\"message\":\"Certificate has been revoked.\"}],\"data\":null}\n"
                    : ERROR(403, "Certificate has been revoked."));
    }
    world_close(w);
}

/* Not even when the front said that it is an active one. */
static void a_certificate_of_an_external_ca_opens_no_certificate_route(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    for (size_t i = 0; i < api_route_count; i++) {
        const struct route *r = &api_routes[i];
        if (r->permission != PERMIT_CERTIFICATE || text_contains(text_of(r->pattern), '{'))
            continue;
        struct ask in = {.method = r->method,
                         .target = r->pattern,
                         .listener = ON_GATEWAY,
                         .principal = {.kind = PRINCIPAL_GUEST, .certificate = CERT_UNKNOWN}};
        assert_int_equal(ask(w, &in).status, 403);
        in.principal.certificate = CERT_ACTIVE;
        assert_int_equal(ask(w, &in).status, 403);
    }
    const struct ask director = {.method = HTTP_POST,
                                 .target = "/director/graphql",
                                 .listener = ON_GATEWAY,
                                 .principal = {.kind = PRINCIPAL_GUEST, .certificate = CERT_UNKNOWN}};
    assert_int_equal(ask(w, &director).status, 403); /* nothing maps it */
    assert_ok(connector_flush_refusals(w->connector, true));
    assert_int_equal(world_audit(w, "refused.unmapped", NULL), 1);
    world_close(w);
}

static void does_not_serve_a_row_on_another_listener(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    struct prepared p;
    const struct ask in = {
        .method = HTTP_GET, .target = "/api/v1/ca", .listener = ON_INTERNAL, .principal = ask_loopback()};
    ask_prepare(&p, w, &in);
    p.call.listener = ON_GATEWAY;
    api_dispatch(&p.call);
    assert_int_equal(p.call.reply.status, 404);
    buffer_release(&p.call.reply.body);
    world_close(w);
}

static void tells_strangers_nothing_about_our_insides(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    struct prepared p;
    const struct ask in = {.method = HTTP_GET, .target = "/v1/health", .listener = ON_GATEWAY};
    ask_prepare(&p, w, &in);
    struct route broken = *p.call.route;
    broken.id = 9999;
    p.call.route = &broken;
    api_dispatch(&p.call);
    assert_int_equal(p.call.reply.status, 500);
    assert_text(buffer_as_text(&p.call.reply.body), ERROR(500, "Internal error."));
    buffer_release(&p.call.reply.body);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_whoever_may_not),
        cmocka_unit_test(refuses_a_revoked_certificate_on_every_route),
        cmocka_unit_test(a_certificate_of_an_external_ca_opens_no_certificate_route),
        cmocka_unit_test(does_not_serve_a_row_on_another_listener),
        cmocka_unit_test(tells_strangers_nothing_about_our_insides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
