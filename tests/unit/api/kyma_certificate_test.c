/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "ask.h"
#include "base/encoding.h"
#include "check.h"

static const char *const central[] = {"mode.central=true", NULL};

static struct answer with(struct world *w, enum http_method method, const char *path,
                          const struct connector_issued *cert, struct text body)
{
    const struct ask in = {.method = method,
                           .target = path,
                           .listener = ON_GATEWAY,
                           .principal = ask_certificate(w, cert),
                           .body = body};
    return ask(w, &in);
}

/* A principal of central mode, without going through an enrolment. */
static struct principal of_tenant(bool runtime)
{
    return (struct principal){.kind = PRINCIPAL_CERTIFICATE,
                              .certificate = CERT_ACTIVE,
                              .runtime = runtime,
                              .application = runtime ? TEXT("") : TEXT("app"),
                              .tenant = TEXT("acme"),
                              .group = TEXT("eu")};
}

static void refuses_a_certificate_of_the_other_kind(void **state)
{
    (void)state;
    struct world *w = world_open(central);
    struct ask in = {.method = HTTP_GET,
                     .target = "/v1/runtimes/management/info",
                     .listener = ON_GATEWAY,
                     .principal = of_tenant(false)};
    assert_answer(ask(w, &in), 403, ERROR(403, "Failed to extract ClusterContext from request"));
    in.target = "/v1/applications/management/info";
    in.principal = of_tenant(true);
    assert_answer(ask(w, &in), 403, ERROR(403, "Failed to extract ApplicationContext from request"));
    in.method = HTTP_POST;
    in.target = "/v1/applications/certificates/renewals";
    assert_answer(ask(w, &in), 403, ERROR(403, "Failed to extract ApplicationContext from request"));
    world_close(w);

    w = world_open(NULL);
    in.method = HTTP_GET;
    in.target = "/v1/runtimes/management/info";
    assert_answer(ask(w, &in), 404, ERROR(404, "Requested resource could not be found."));
    world_close(w);
}

static void answers_management_info(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_issued cert = world_certificate(w, "app");
    const struct answer got = with(w, HTTP_GET, "/v1/applications/management/info", &cert, TEXT(""));
    assert_answer(
        got, 200,
        "{\"clientIdentity\":{\"application\":\"app\"},"
        "\"urls\":{\"eventsInfoUrl\":\"" WORLD_GATEWAY_URL "/app/v1/events/subscribed\","
        "\"eventsUrl\":\"" WORLD_GATEWAY_URL "/app/v1/events\","
        "\"metadataUrl\":\"" WORLD_GATEWAY_URL "/app/v1/metadata/services\","
        "\"renewCertUrl\":\"" WORLD_GATEWAY_URL "/v1/applications/certificates/renewals\","
        "\"revokeCertUrl\":\"" WORLD_GATEWAY_URL "/v1/applications/certificates/revocations\","
        "\"revocationCertUrl\":\"" WORLD_GATEWAY_URL "/v1/applications/certificates/revocations\"},"
        "\"certificate\":{\"subject\":\"O=Organization,OU=OrgUnit,L=Waldorf,ST=Waldorf,C=DE,CN=app\","
        "\"extensions\":\"\",\"key-algorithm\":\"rsa2048\"}}\n");
    assert_text(got.content_type, KYMA_JSON);
    world_close(w);
}

static void answers_management_info_in_central_mode(void **state)
{
    (void)state;
    struct world *w = world_open(central);
    struct ask in = {.method = HTTP_GET,
                     .target = "/v1/runtimes/management/info",
                     .listener = ON_GATEWAY,
                     .principal = of_tenant(true)};
    assert_answer(ask(w, &in), 200,
                  "{\"clientIdentity\":{\"group\":\"eu\",\"tenant\":\"acme\"},"
                  "\"urls\":{\"renewCertUrl\":\"" WORLD_GATEWAY_URL "/v1/runtimes/certificates/renewals\","
                  "\"revokeCertUrl\":\"" WORLD_GATEWAY_URL "/v1/runtimes/certificates/revocations\","
                  "\"revocationCertUrl\":\"" WORLD_GATEWAY_URL "/v1/runtimes/certificates/revocations\"},"
                  "\"certificate\":{\"subject\":\"O=acme,OU=eu,L=Waldorf,ST=Waldorf,C=DE,CN=*Runtime*\","
                  "\"extensions\":\"\",\"key-algorithm\":\"rsa2048\"}}\n");
    in.target = "/v1/applications/management/info";
    in.principal = of_tenant(false);
    const struct answer got = ask(w, &in);
    assert_true(text_starts_with(got.body, TEXT("{\"clientIdentity\":{\"application\":\"app\",\"group\":"
                                                "\"eu\",\"tenant\":\"acme\"},\"urls\":{")));
    world_close(w);
}

static void renews_and_then_revokes_itself(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_issued cert = world_certificate(w, "app");
    const struct text csr = world_csr(w, NULL);
    const struct text body = arena_printf(&w->arena, "{\"csr\":\"%.*s\"}", TEXT_ARG(csr));
    const char *renewals = "/v1/applications/certificates/renewals";
    const char *revocations = "/v1/applications/certificates/revocations";

    assert_answer(with(w, HTTP_POST, renewals, &cert, TEXT("")), 400,
                  ERROR(400, "Error while unmarshalling request body: unexpected end of JSON input"));
    const struct answer renewed = with(w, HTTP_POST, renewals, &cert, body);
    assert_int_equal(renewed.status, 201);
    assert_true(answer_member(w, renewed.body, "clientCrt").n > 0);
    struct audit_entry e;
    assert_int_equal(world_audit(w, "certificate.renew", &e), 1);
    assert_true(text_starts_with(e.actor, TEXT("certificate:")));

    const struct principal stale = ask_certificate(w, &cert);
    const struct answer revoked = with(w, HTTP_POST, revocations, &cert, TEXT("ignored"));
    assert_answer(revoked, 201, "");
    assert_text(revoked.content_type, KYMA_JSON);
    assert_answer(with(w, HTTP_POST, revocations, &cert, TEXT("")), 403,
                  ERROR(403, "Certificate has been revoked."));
    assert_answer(with(w, HTTP_GET, "/v1/applications/management/info", &cert, TEXT("")), 403,
                  ERROR(403, "Certificate has been revoked."));
    /* A front that has not heard of it yet: the transaction knows. */
    const struct ask late = {
        .method = HTTP_POST, .target = renewals, .listener = ON_GATEWAY, .principal = stale, .body = body};
    assert_answer(ask(w, &late), 403, ERROR(403, "Certificate has been revoked."));
    world_close(w);
}

static struct answer by_hash(struct world *w, const char *body)
{
    const struct ask in = {.method = HTTP_POST,
                           .target = "/v1/applications/certificates/revocations",
                           .listener = ON_INTERNAL,
                           .principal = ask_loopback(),
                           .body = text_of(body)};
    return ask(w, &in);
}

/* Contract 3.5. */
static void revokes_by_hash(void **state)
{
    (void)state;
    static const char none[] =
        ERROR(400, "Error while unmarshalling request body: certificate hash value not provided.");
    static const char not_hex[] =
        ERROR(400, "Error while unmarshalling request body: certificate hash value is not 64 "
                   "hexadecimal digits (SHA-256 of the certificate's DER).");
    struct world *w = world_open(NULL);
    assert_answer(by_hash(w, ""), 400,
                  ERROR(400, "Error while unmarshalling request body: unexpected end of JSON input."));
    assert_int_equal(by_hash(w, "{hash: aa}").status, 400);
    assert_answer(by_hash(w, "{}"), 400, none);
    assert_answer(by_hash(w, "{\"hash\":\"\"}"), 400, none);
    assert_answer(by_hash(w, "{\"hash\":\"AA:BB\"}"), 400, not_hex);

    const struct connector_issued cert = world_certificate(w, "app");
    char hex[2 * SHA256_SIZE + 1];
    hex_encode(hex, BYTES_OF(cert.fingerprint));
    for (size_t i = 0; hex[i]; i++) /* upper case is as good */
        hex[i] = (char)(hex[i] >= 'a' ? hex[i] - 'a' + 'A' : hex[i]);
    const char *body = arena_cstr(&w->arena, arena_printf(&w->arena, "{\"Hash\":\"%s\"}", hex));
    assert_answer(by_hash(w, body), 201, "");
    assert_answer(by_hash(w, body), 201, "");
    assert_answer(with(w, HTTP_GET, "/v1/applications/management/info", &cert, TEXT("")), 403,
                  ERROR(403, "Certificate has been revoked."));
    world_close(w);
}

static void answers_501_for_events_to_the_application_itself(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_issued cert = world_certificate(w, "app");
    assert_answer(with(w, HTTP_POST, "/other/v1/events", &cert, TEXT("{}")), 403,
                  ERROR(403, "No valid subject found"));
    assert_answer(with(w, HTTP_POST, "/app/v1/events", &cert, TEXT("{}")), 501,
                  ERROR(501, "Events are not available on this server yet."));
    assert_int_equal(with(w, HTTP_GET, "/app/v1/events/subscribed", &cert, TEXT("")).status, 501);
    world_close(w);
}

static void serves_its_specification(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    struct ask in = {.method = HTTP_GET, .target = "/v1", .listener = ON_CONNECTOR};
    const struct answer root = ask(w, &in);
    assert_answer(root, 301, "<a href=\"/v1/api.yaml\">Moved Permanently</a>.\n\n");
    assert_text(root.location, "/v1/api.yaml");
    in.target = "/v1/api.yaml";
    const struct answer spec = ask(w, &in);
    assert_int_equal(spec.status, 200);
    assert_true(spec.body.n > 1000);
    in.target = "/v1/health";
    assert_answer(ask(w, &in), 200, "");
    world_close(w);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_issued cert = world_certificate(w, "app");
    const struct text csr = world_csr(w, NULL);
    const struct text body = arena_printf(&w->arena, "{\"csr\":\"%.*s\"}", TEXT_ARG(csr));
    const struct {
        enum http_method method;
        const char *target;
        int status;
    } rows[] = {
        {HTTP_GET, "/v1/applications/management/info", 200},
        {HTTP_POST, "/v1/applications/certificates/renewals", 201},
        {HTTP_POST, "/v1/applications/certificates/revocations", 201},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct prepared p;
        const struct ask in = {.method = rows[i].method,
                               .target = rows[i].target,
                               .listener = ON_GATEWAY,
                               .principal = ask_certificate(w, &cert),
                               .body = body};
        ask_prepare(&p, w, &in);
        struct status last = STATUS(NOMEM);
        for (long n = 0; !status_ok(last) && n < 10000; n++) {
            p.call.body = text_bytes(body);
            mem_fail_after(n);
            last = ask_run(&p, rows[i].status);
            mem_fail_after(-1);
        }
        assert_ok(last);
    }
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_certificate_of_the_other_kind),
        cmocka_unit_test(answers_management_info),
        cmocka_unit_test(answers_management_info_in_central_mode),
        cmocka_unit_test(renews_and_then_revokes_itself),
        cmocka_unit_test(revokes_by_hash),
        cmocka_unit_test(answers_501_for_events_to_the_application_itself),
        cmocka_unit_test(serves_its_specification),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
