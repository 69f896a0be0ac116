/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "ask.h"
#include "check.h"

static const char *const central[] = {"mode.central=true", NULL};

/* Contract 3.1: who gets no token. */
static void refuses_tokens_without_their_headers(void **state)
{
    (void)state;
    static const char no_application[] = ERROR(400, "Required headers for ApplicationContext not specified.");
    static const char no_cluster[] = ERROR(400, "Required headers for ClusterContext not specified.");
    static const char no_route[] = ERROR(404, "Requested resource could not be found.");
    static const struct {
        const char *const *mode;
        const char *target;
        struct field fields[4];
        int status;
        const char *body;
    } rows[] = {
        {NULL, "/v1/applications/tokens", {{0}}, 400, no_application},
        {NULL, "/v1/applications/tokens", {{"Application", ""}}, 400, no_application},
        {NULL,
         "/v1/applications/tokens",
         {{"application", "a/b"}},
         400,
         ERROR(400, "The application's name holds '/': the characters , = + / cannot stand in a "
                    "certificate's subject here")},
        {NULL, "/v1/runtimes/tokens", {{"Tenant", "t"}, {"Group", "g"}}, 404, no_route},
        {central, "/v1/applications/tokens", {{"Application", "app"}}, 400, no_application},
        {central, "/v1/applications/tokens", {{"Application", "app"}, {"Tenant", "t"}}, 400, no_application},
        {central,
         "/v1/applications/tokens",
         {{"Application", "app"}, {"Tenant", "t"}, {"Group", ""}},
         400,
         no_application},
        {central, "/v1/runtimes/tokens", {{"Tenant", "t"}}, 400, no_cluster},
        {central, "/v1/runtimes/tokens", {{"Group", "g"}}, 400, no_cluster},
        {central,
         "/v1/runtimes/tokens",
         {{"Tenant", "a=b"}, {"Group", "g"}},
         400,
         ERROR(400, "The tenant's name holds '=': the characters , = + / cannot stand in a certificate's "
                    "subject here")},
        {central, "/v1/remoteenvironments/re/tokens", {{0}}, 404, no_route},
        {NULL,
         "/v1/remoteenvironments/a%2Cb/tokens",
         {{0}},
         400,
         ERROR(400, "The remote environment's name holds ',': the characters , = + / cannot stand in a "
                    "certificate's subject here")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world *w = world_open(rows[i].mode);
        struct ask in = {.method = HTTP_POST,
                         .target = rows[i].target,
                         .listener = ON_INTERNAL,
                         .principal = ask_loopback()};
        for (size_t k = 0; k < 4; k++)
            in.fields[k] = rows[i].fields[k];
        const struct answer got = ask(w, &in);
        assert_answer(got, rows[i].status, rows[i].body);
        assert_text(got.content_type, KYMA_JSON);
        world_close(w);
    }
}

static void answers_url_and_token(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    /* Tenant and Group are ignored, the body too. */
    const struct ask in = {.method = HTTP_POST,
                           .target = "/v1/applications/tokens",
                           .listener = ON_INTERNAL,
                           .principal = ask_loopback(),
                           .fields = {{"Application", "app"}, {"Tenant", "x,y"}},
                           .body = TEXT("not json")};
    const struct answer got = ask(w, &in);
    assert_int_equal(got.status, 201);
    const struct text token = answer_member(w, got.body, "token");
    assert_int_equal(token.n, 88);
    assert_text(
        got.body,
        arena_cstr(&w->arena,
                   arena_printf(&w->arena,
                                "{\"url\":\"" WORLD_CONNECTOR_URL
                                "/v1/applications/signingRequests/info?token=%.*s\",\"token\":\"%.*s\"}\n",
                                TEXT_ARG(token), TEXT_ARG(token))));
    world_close(w);
}

static struct answer info(struct world *w, const char *path, struct text token)
{
    const struct ask in = {
        .method = HTTP_GET,
        .target = arena_cstr(&w->arena, arena_printf(&w->arena, "%s?token=%.*s", path, TEXT_ARG(token))),
        .listener = ON_CONNECTOR};
    return ask(w, &in);
}

static void refuses_info_without_a_good_token(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct ask in = {
        .method = HTTP_GET, .target = "/v1/applications/signingRequests/info", .listener = ON_CONNECTOR};
    assert_answer(ask(w, &in), 403, ERROR(403, "Token not provided."));
    assert_answer(info(w, "/v1/applications/signingRequests/info", TEXT("")), 403,
                  ERROR(403, "Token not provided."));
    assert_answer(info(w, "/v1/applications/signingRequests/info", TEXT("x")), 403,
                  ERROR(403, "Invalid token."));
    assert_answer(info(w, "/v1/runtimes/signingRequests/info", TEXT("x")), 404,
                  ERROR(404, "Requested resource could not be found."));
    assert_answer(info(w, "/v1/remoteenvironments/re/info", TEXT("x")), 403, ERROR(403, "Invalid token."));
    assert_ok(connector_flush_refusals(w->connector, true));
    struct audit_entry e;
    assert_int_equal(world_audit(w, "refused.token", &e), 1);
    assert_int_equal(e.count, 4);
    world_close(w);
}

/* The second token, out of csrUrl. */
static struct text csr_token(struct world *w, struct text body)
{
    const struct text url = answer_member(w, body, "csrUrl");
    return text_from(url, text_find(url, '?') + 7);
}

static void answers_what_a_request_must_look_like(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    const struct text token = world_token(w, &h);
    const struct answer got = info(w, "/v1/applications/signingRequests/info", token);
    assert_int_equal(got.status, 200);
    assert_text(got.content_type, KYMA_JSON);
    const struct text next = csr_token(w, got.body);
    assert_int_equal(next.n, 88);
    assert_text(
        got.body,
        arena_cstr(
            &w->arena,
            arena_printf(
                &w->arena,
                "{\"csrUrl\":\"" WORLD_CONNECTOR_URL "/v1/applications/certificates?token=%.*s\","
                "\"api\":{\"eventsInfoUrl\":\"" WORLD_GATEWAY_URL "/app/v1/events/subscribed\","
                "\"eventsUrl\":\"" WORLD_GATEWAY_URL "/app/v1/events\","
                "\"metadataUrl\":\"" WORLD_GATEWAY_URL "/app/v1/metadata/services\","
                "\"infoUrl\":\"" WORLD_GATEWAY_URL "/v1/applications/management/info\","
                "\"certificatesUrl\":\"" WORLD_CONNECTOR_URL "/v1/applications/certificates\"},"
                "\"certificate\":{\"subject\":\"O=Organization,OU=OrgUnit,L=Waldorf,ST=Waldorf,C=DE,CN=app\","
                "\"extensions\":\"\",\"key-algorithm\":\"rsa2048\"}}\n",
                TEXT_ARG(next))));
    assert_answer(info(w, "/v1/applications/signingRequests/info", token), 403, ERROR(403, "Invalid token."));
    assert_int_equal(info(w, "/v1/applications/signingRequests/info", next).status, 200);
    world_close(w);
}

static void accepts_a_token_with_escaped_padding(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    const struct text token = world_token(w, &h);
    const struct text escaped =
        arena_printf(&w->arena, "%.*s%%3D%%3d&token=other", (int)token.n - 2, token.p);
    assert_int_equal(info(w, "/v1/applications/signingRequests/info", escaped).status, 200);
    world_close(w);
}

static void answers_a_runtime_with_two_addresses(void **state)
{
    (void)state;
    struct world *w = world_open(central);
    const struct connector_holder h = {.kind = TOKEN_RUNTIME, .tenant = TEXT("acme"), .group = TEXT("eu")};
    const struct answer got = info(w, "/v1/runtimes/signingRequests/info", world_token(w, &h));
    assert_text(
        got.body,
        arena_cstr(&w->arena,
                   arena_printf(
                       &w->arena,
                       "{\"csrUrl\":\"" WORLD_CONNECTOR_URL "/v1/runtimes/certificates?token=%.*s\","
                       "\"api\":{\"infoUrl\":\"" WORLD_GATEWAY_URL "/v1/runtimes/management/info\","
                       "\"certificatesUrl\":\"" WORLD_CONNECTOR_URL "/v1/runtimes/certificates\"},"
                       "\"certificate\":{\"subject\":\"O=acme,OU=eu,L=Waldorf,ST=Waldorf,C=DE,CN=*Runtime*\","
                       "\"extensions\":\"\",\"key-algorithm\":\"rsa2048\"}}\n",
                       TEXT_ARG(csr_token(w, got.body)))));
    world_close(w);
}

static void answers_a_remote_environment_as_its_generation_did(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct ask create = {.method = HTTP_POST,
                               .target = "/v1/remoteenvironments/re/tokens",
                               .listener = ON_INTERNAL,
                               .principal = ask_loopback()};
    const struct answer created = ask(w, &create);
    assert_int_equal(created.status, 201);
    const struct text token = answer_member(w, created.body, "token");
    assert_text(
        answer_member(w, created.body, "url"),
        arena_cstr(&w->arena,
                   arena_printf(&w->arena, WORLD_CONNECTOR_URL "/v1/remoteenvironments/re/info?token=%.*s",
                                TEXT_ARG(token))));
    assert_answer(info(w, "/v1/remoteenvironments/other/info", token), 403, ERROR(403, "Invalid token."));
    const struct answer got = info(w, "/v1/remoteenvironments/re/info", token);
    assert_text(
        got.body,
        arena_cstr(
            &w->arena,
            arena_printf(
                &w->arena,
                "{\"csrUrl\":\"" WORLD_CONNECTOR_URL "/v1/remoteenvironments/re/client-certs?token=%.*s\","
                "\"api\":{\"metadataUrl\":\"" WORLD_GATEWAY_URL "/re/v1/metadata/services\","
                "\"eventsUrl\":\"" WORLD_GATEWAY_URL "/re/v1/events\","
                "\"certificatesUrl\":\"" WORLD_CONNECTOR_URL "/v1/remoteenvironments/re\"},"
                "\"certificate\":{\"subject\":\"OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE,CN=re\","
                "\"extensions\":\"\",\"key-algorithm\":\"rsa2048\"}}\n",
                TEXT_ARG(csr_token(w, got.body)))));
    world_close(w);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    const struct text first = world_token(w, &h);
    const struct text target =
        arena_printf(&w->arena, "/v1/applications/signingRequests/info?token=%.*s", TEXT_ARG(first));
    const struct ask in = {
        .method = HTTP_GET, .target = arena_cstr(&w->arena, target), .listener = ON_CONNECTOR};
    struct prepared p;
    ask_prepare(&p, w, &in);
    const int64_t before = world_audit(w, "token.exchange", NULL);
    /* A failure after the commit has used the token up; the client is told 503 and asks for another. So each
     * run gets its own. */
    struct status last = STATUS(NOMEM);
    for (long n = 0; !status_ok(last) && n < 10000; n++) {
        const struct text token = world_token(w, &h);
        p.request.query = arena_printf(&w->arena, "token=%.*s", TEXT_ARG(token));
        mem_fail_after(n);
        last = ask_run(&p, 200);
        mem_fail_after(-1);
    }
    assert_ok(last);
    assert_true(world_audit(w, "token.exchange", NULL) > before);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_tokens_without_their_headers),
        cmocka_unit_test(refuses_info_without_a_good_token),
        cmocka_unit_test(answers_url_and_token),
        cmocka_unit_test(answers_what_a_request_must_look_like),
        cmocka_unit_test(accepts_a_token_with_escaped_padding),
        cmocka_unit_test(answers_a_runtime_with_two_addresses),
        cmocka_unit_test(answers_a_remote_environment_as_its_generation_did),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
