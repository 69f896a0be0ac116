/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "base/json_scan.h"
#include "shop.h"

/* The Metadata API: who may call it, the golden transcript (contract 1.17), and the errors of each method. */

#define PLAIN                                                                                                \
    "{\"provider\":\"p\",\"name\":\"n\",\"description\":\"d\",\"api\":{\"targetUrl\":\"https://h.com\"}}"
#define NONE "11111111-2222-4333-8444-555555555555"

/* ---- who ---- */

static void refuses_everybody_but_the_application_itself(void **state)
{
    (void)state;
    static const struct {
        enum http_method method;
        const char *target;
    } rows[] = {
        {HTTP_POST, "/app2/v1/metadata/services"},
        {HTTP_GET, "/app2/v1/metadata/services"},
        {HTTP_GET, "/app2/v1/metadata/services/" NONE},
        {HTTP_PUT, "/app2/v1/metadata/services/" NONE},
        {HTTP_DELETE, "/app2/v1/metadata/services/" NONE},
        {HTTP_GET, "/app2/v1/metadata/api.yaml"},
        {HTTP_GET, "/app2/v1/metadata"},
        {HTTP_GET, "/APP1/v1/metadata/services"},     /* case counts */
        {HTTP_GET, "/app1%20/v1/metadata/services"},  /* so do blanks */
        {HTTP_GET, "/app%2531/v1/metadata/services"}, /* decoded once: "app%31" */
        {HTTP_GET, "/app1%5C/v1/metadata/services"},
        {HTTP_GET, "/app1%0A/v1/metadata/services"},
        {HTTP_GET, "/none/v1/metadata/services"},
    };
    struct world *w = shop_open(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer got = shop(w, rows[i].method, rows[i].target, "this is not even JSON");
        assert_answer(got, 403, ERROR(403, "No valid subject found"));
        assert_text(got.content_type, KYMA_JSON);
    }
    assert_ok(connector_flush_refusals(w->connector, true));
    assert_true(world_audit(w, "refused.application", NULL) > 0);

    struct ask in = {.method = HTTP_GET, .target = SHOP, .listener = ON_GATEWAY};
    in.principal = (struct principal){
        .kind = PRINCIPAL_CERTIFICATE, .certificate = CERT_ACTIVE, .runtime = true, .application = TEXT("")};
    assert_answer(ask(w, &in), 403, ERROR(403, "No valid subject found"));
    in.principal.application = TEXT("app1"); /* even a runtime that is called like it */
    assert_answer(ask(w, &in), 403, ERROR(403, "No valid subject found"));
    in.principal = ask_loopback(); /* an operator is one on the internal listener alone */
    assert_int_equal(ask(w, &in).status, 400);
    in.principal = (struct principal){0};
    assert_int_equal(ask(w, &in).status, 400);
    in.principal = shop_certificate("app1"); /* and a certificate is none there */
    in.listener = ON_INTERNAL;
    assert_int_equal(ask(w, &in).status, 403);
    world_close(w);
}

static void finds_its_own_name_however_it_is_encoded(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    (void)shop_register(w, PLAIN);
    assert_says(shop(w, HTTP_GET, "/%61pp1/v1/metadata/services", ""), 200, "\"name\":\"n\"");
    world_close(w);
}

static void keeps_applications_apart(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const char *id = shop_register(w, PLAIN);
    struct ask in = {.method = HTTP_GET,
                     .target = shop_printf(w, "/app2/v1/metadata/services/%s", id),
                     .listener = ON_GATEWAY,
                     .principal = shop_certificate("app2")};
    assert_answer(ask(w, &in), 404,
                  shop_printf(w,
                              ERROR(404, "Reading service with ID %s failed, Service with ID %s not found"),
                              id, id));
    in.method = HTTP_PUT;
    in.body = TEXT(PLAIN);
    assert_int_equal(ask(w, &in).status, 404);
    in.method = HTTP_DELETE;
    assert_answer(ask(w, &in), 204, "");
    in.method = HTTP_GET;
    in.target = "/app2/v1/metadata/services";
    assert_answer(ask(w, &in), 200, "[]\n");
    assert_int_equal(shop(w, HTTP_GET, shop_path(w, id), "").status, 200);
    world_close(w);
}

static void keeps_tenants_apart(void **state)
{
    (void)state;
    static const char *const central[] = {"mode.central=true", NULL};
    struct world *w = shop_open(central);
    struct ask in = {.method = HTTP_POST,
                     .target = SHOP,
                     .listener = ON_GATEWAY,
                     .principal = shop_certificate("app1"),
                     .body = TEXT(PLAIN)};
    in.principal.tenant = TEXT("acme");
    assert_int_equal(ask(w, &in).status, 200);
    in.principal.tenant = TEXT("other");
    assert_answer(ask(w, &in), 404, ERROR(404, "Getting Application UID failed, Application app1 not found"));
    in.method = HTTP_GET;
    assert_answer(ask(w, &in), 404,
                  ERROR(404, "Reading services from Application failed, Application app1 not found"));

    in.listener = ON_INTERNAL;
    in.principal = ask_loopback();
    assert_answer(ask(w, &in), 400, ERROR(400, "Required headers for ApplicationContext not specified."));
    in.fields[0] = (struct field){"Tenant", "acme"};
    assert_says(ask(w, &in), 200, "\"name\":\"n\"");
    world_close(w);
}

/* ---- the transcript ---- */

#define TRANSCRIPT                                                                                           \
    "{\"provider\":\"SAP\",\"name\":\"My Service (X)\",\"description\":\"long <d> & more\","                 \
    "\"shortDescription\":\"sd\",\"identifier\":\"ext-1\","                                                  \
    "\"labels\":{\"region\":\"eu\",\"connected-app\":\"zzz\"},"                                              \
    "\"api\":{\"targetUrl\":\"https://h.com/base\",\"apiType\":\"OpenAPI\","                                 \
    "\"credentials\":{\"oauth\":{\"url\":\"https://h.com/t\",\"clientId\":\"id\",\"clientSecret\":\"top\","  \
    "\"requestParameters\":{\"headers\":{\"A\":[\"1\",\"2\"]},\"queryParameters\":{\"q\":[\"v\"]}},"         \
    "\"csrfInfo\":{\"tokenEndpointURL\":\"https://h.com/csrf\"}}},"                                          \
    "\"spec\":{\"openapi\": \"3.0.0\", \"info\":{\"title\":\"t <b>\"}},"                                     \
    "\"requestParameters\":{\"headers\":{\"X-H\":[\"a\"]},\"queryParameters\":{\"k\":[\"1\",\"2\"]}}},"      \
    "\"events\":{\"spec\":{\"asyncapi\":\"1.0.0\"}},"                                                        \
    "\"documentation\":{\"displayName\":\"D\",\"description\":\"dd\",\"type\":\"t\",\"tags\":[\"a\"],"       \
    "\"docs\":[{\"title\":\"x\",\"type\":\"y\",\"source\":\"z\"}]}}"

#define BASE_INFO                                                                                            \
    "\"provider\":\"SAP\",\"name\":\"My Service (X)\",\"description\":\"long \\u003cd\\u003e \\u0026 "       \
    "more\","                                                                                                \
    "\"identifier\":\"ext-1\",\"labels\":{\"connected-app\":\"app1\",\"region\":\"eu\"}"

#define SHOWN                                                                                                \
    "{" BASE_INFO ",\"api\":{\"targetUrl\":\"https://h.com/base\","                                          \
    "\"credentials\":{\"oauth\":{\"url\":\"https://h.com/t\",\"clientId\":\"********\","                     \
    "\"clientSecret\":\"********\","                                                                         \
    "\"requestParameters\":{\"headers\":{\"A\":[\"1\",\"2\"]},\"queryParameters\":{\"q\":[\"v\"]}},"         \
    "\"csrfInfo\":{\"tokenEndpointURL\":\"https://h.com/csrf\"}}},"                                          \
    "\"spec\":{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"t \\u003cb\\u003e\"}},\"apiType\":\"OpenAPI\","   \
    "\"requestParameters\":{\"headers\":{\"X-H\":[\"a\"]},\"queryParameters\":{\"k\":[\"1\",\"2\"]}}},"      \
    "\"events\":{\"spec\":{\"asyncapi\":\"1.0.0\"}},"                                                        \
    "\"documentation\":{\"displayName\":\"D\",\"description\":\"dd\",\"type\":\"t\",\"tags\":[\"a\"],"       \
    "\"docs\":[{\"title\":\"x\",\"type\":\"y\",\"source\":\"z\"}]}}\n"

static void answers_as_in_the_golden_transcript(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const struct answer made = shop(w, HTTP_POST, SHOP, TRANSCRIPT);
    const char *id = arena_cstr(&w->arena, answer_member(w, made.body, "id"));
    assert_answer(made, 200, shop_printf(w, "{\"id\":\"%s\"}\n", id));
    assert_text(made.content_type, KYMA_JSON);
    const char *path = shop_path(w, id);

    const struct answer shown = shop(w, HTTP_GET, path, "");
    assert_answer(shown, 200, SHOWN);
    assert_text(shown.content_type, KYMA_JSON);
    assert_answer(shop(w, HTTP_GET, SHOP "?anything=goes", ""), 200,
                  shop_printf(w, "[{\"id\":\"%s\"," BASE_INFO "}]\n", id));
    assert_answer(shop(w, HTTP_PUT, path, TRANSCRIPT), 200, "{" BASE_INFO "}\n");
    assert_answer(shop(w, HTTP_GET, path, ""), 200, SHOWN);
    assert_answer(shop(w, HTTP_POST, SHOP, TRANSCRIPT), 409,
                  ERROR(409, "Creating service failed, Service with Identifier ext-1 already exists"));
    assert_answer(shop_operator(w, HTTP_GET, path, ""), 200, SHOWN);

    const struct answer gone = shop(w, HTTP_DELETE, path, "");
    assert_answer(gone, 204, "");
    assert_text(gone.content_type, KYMA_JSON);
    assert_answer(shop(w, HTTP_DELETE, path, ""), 204, "");
    assert_answer(shop(w, HTTP_GET, path, ""), 404,
                  shop_printf(w,
                              ERROR(404, "Reading service with ID %s failed, Service with ID %s not found"),
                              id, id));
    assert_answer(shop(w, HTTP_GET, SHOP, ""), 200, "[]\n");
    assert_answer(shop(w, HTTP_PUT, SHOP "/zzz", PLAIN), 404,
                  ERROR(404, "Updating zzz service failed, Reading service with ID zzz failed, Service with "
                             "ID zzz not found"));
    world_close(w);
}

/* ---- errors of each method (contract 1.8 to 1.12) ---- */

/* Let in, and revoked before the transaction: what the front knew of it is no help. */
static void refuses_writes_of_a_certificate_that_was_revoked_meanwhile(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const struct principal p = shop_certificate("app1");
    const char *path = shop_path(w, shop_register(w, PLAIN));
    assert_ok(connector_revoke(w->connector, &world_caller, p.fingerprint, TEXT(""), &w->err));
    const struct answer refused[] = {
        shop(w, HTTP_POST, SHOP, PLAIN),
        shop(w, HTTP_PUT, path, PLAIN),
        shop(w, HTTP_DELETE, path, ""),
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_answer(refused[i], 403, ERROR(403, "Certificate has been revoked."));
        assert_text(refused[i].content_type, KYMA_JSON);
    }
    assert_int_equal(shop(w, HTTP_GET, path, "").status, 200);
    assert_int_equal(shop_operator(w, HTTP_PUT, path, PLAIN).status, 200);
    world_close(w);
}

static void answers_in_the_contracts_words_when_something_is_not_there(void **state)
{
    (void)state;
    static const char identified[] = "{\"provider\":\"p\",\"name\":\"n\",\"description\":\"d\","
                                     "\"identifier\":\"i\",\"api\":{\"targetUrl\":\"https://h.com\"}}";
    static const struct {
        enum http_method method;
        const char *target, *body;
        int status;
        const char *answer;
    } rows[] = {
        {HTTP_POST, "/no/v1/metadata/services", PLAIN, 404,
         ERROR(404, "Getting Application UID failed, Application no not found")},
        {HTTP_POST, "/no/v1/metadata/services", identified, 404,
         ERROR(404, "Creating service failed, Checking identifier failed, Reading services from Application "
                    "failed, Application no not found")},
        {HTTP_POST, "/no/v1/metadata/services", "", 400,
         ERROR(400, "Failed to unmarshal request body, unexpected end of JSON input")},
        {HTTP_GET, "/no/v1/metadata/services", "", 404,
         ERROR(404, "Reading services from Application failed, Application no not found")},
        {HTTP_GET, "/no/v1/metadata/services/" NONE, "", 404,
         ERROR(404, "Reading service with ID " NONE " failed, Application no not found")},
        {HTTP_GET, "/no/v1/metadata/services/zzz", "", 404,
         ERROR(404, "Reading service with ID zzz failed, Application no not found")},
        {HTTP_PUT, "/no/v1/metadata/services/" NONE, PLAIN, 404,
         ERROR(404, "Updating " NONE " service failed, Reading service with ID " NONE
                    " failed, Application no not found")},
        {HTTP_PUT, "/no/v1/metadata/services/zzz", PLAIN, 404,
         ERROR(404, "Updating zzz service failed, Reading service with ID zzz failed, Application no not "
                    "found")},
        {HTTP_DELETE, "/no/v1/metadata/services/" NONE, "", 404,
         ERROR(404, "Deleting service from Application repository failed, Application no not found")},
        {HTTP_DELETE, "/no/v1/metadata/services/zzz", "", 404,
         ERROR(404, "Deleting service from Application repository failed, Application no not found")},
        {HTTP_GET, SHOP "/zzz", "", 404,
         ERROR(404, "Reading service with ID zzz failed, Service with ID zzz not found")},
        {HTTP_GET, SHOP "/100%25", "", 404, /* the original made "%!f" of it */
         ERROR(404, "Reading service with ID 100% failed, Service with ID 100% not found")},
        {HTTP_PUT, SHOP "/" NONE, PLAIN, 404,
         ERROR(404, "Updating " NONE " service failed, Reading service with ID " NONE
                    " failed, Service with ID " NONE " not found")},
        {HTTP_PUT, SHOP "/zzz", "", 400,
         ERROR(400, "Failed to unmarshal request body, unexpected end of JSON input")},
        {HTTP_PUT, SHOP "/zzz", "{\"provider\":\"p\",\"name\":\"n\",\"description\":\"d\"}", 400,
         ERROR(400, "Failed to validate request body, At least one of service definition attributes: 'api', "
                    "'events' have to be provided")},
        {HTTP_DELETE, SHOP "/" NONE, "", 204, ""},
        {HTTP_DELETE, SHOP "/zzz", "", 204, ""},
    };
    struct world *w = shop_open(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer got = shop_operator(w, rows[i].method, rows[i].target, rows[i].body);
        assert_answer(got, rows[i].status, rows[i].answer);
        assert_text(got.content_type, KYMA_JSON);
    }
    world_close(w);
}

static void keeps_the_identifier_and_what_was_masked(void **state)
{
    (void)state;
    static const char first[] =
        "{\"provider\":\"p\",\"name\":\"n\",\"description\":\"d\",\"identifier\":\"i\",\"labels\":{\"a\":"
        "\"b\"},"
        "\"api\":{\"targetUrl\":\"https://h.com\",\"credentials\":{\"basic\":{\"username\":\"u\","
        "\"password\":\"secret\"}}}}";
    static const char second[] =
        "{\"provider\":\"p\",\"name\":\"n2\",\"description\":\"d\",\"identifier\":\"other\","
        "\"api\":{\"targetUrl\":\"https://h.com\",\"credentials\":{\"basic\":{\"username\":\"********\","
        "\"password\":\"********\"}}}}";
    struct world *w = shop_open(NULL);
    const char *path = shop_path(w, shop_register(w, first));
    assert_answer(shop(w, HTTP_PUT, path, second), 200,
                  "{\"provider\":\"p\",\"name\":\"n2\",\"description\":\"d\",\"identifier\":\"i\","
                  "\"labels\":{\"connected-app\":\"app1\"}}\n");
    assert_says(shop(w, HTTP_GET, path, ""), 200,
                "\"credentials\":{\"basic\":{\"username\":\"********\",\"password\":\"********\"}}");
    /* a mask with nothing behind it */
    const struct answer refused = shop(w, HTTP_POST, SHOP, second);
    assert_int_equal(refused.status, 400);
    world_close(w);
}

static void shows_a_generated_certificate_as_base64_of_pem(void **state)
{
    (void)state;
    static const char *const fast[] = {"registry.generated_key_algorithm=ec:P-256",
                                       "registry.require_sha256_with_rsa=false", NULL};
    struct world *w = shop_open(fast);
    const char *path = shop_path(
        w, shop_register(w, "{\"provider\":\"p\",\"name\":\"n\",\"description\":\"d\","
                            "\"api\":{\"targetUrl\":\"https://h.com\",\"credentials\":{\"certificateGen\":"
                            "{\"commonName\":\"cn\"}}}}"));
    const struct answer got = shop(w, HTTP_GET, path, "");
    /* "-----BEGIN CERTIFICATE-----\n" */
    assert_says(got, 200,
                "\"credentials\":{\"certificateGen\":{\"commonName\":\"cn\","
                "\"certificate\":\"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tC");
    assert_false(says(got, "PRIVATE"));
    world_close(w);
}

/* ---- what else is below /metadata ---- */

static void redirects_to_the_specification(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const struct answer got = shop(w, HTTP_GET, "/app1/v1/metadata", "");
    assert_answer(got, 301, "<a href=\"/app1/v1/metadata/api.yaml\">Moved Permanently</a>.\n\n");
    assert_text(got.location, "/app1/v1/metadata/api.yaml");
    assert_text(got.content_type, "text/html; charset=utf-8");
    static const enum http_method others[] = {HTTP_HEAD,   HTTP_POST,    HTTP_PUT,
                                              HTTP_DELETE, HTTP_OPTIONS, HTTP_PATCH};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const struct answer other = shop(w, others[i], "/app1/v1/metadata", "ignored");
        assert_answer(other, 301, "");
        assert_text(other.location, "/app1/v1/metadata/api.yaml");
        assert_text(other.content_type, "");
    }
    /* need not exist, and never leads to another host or into the page */
    const struct answer strange = shop_operator(w, HTTP_GET, "/%5Cevil.example%22%3E%3Cb/v1/metadata", "");
    assert_answer(strange, 301,
                  "<a href=\"/%5Cevil.example%22%3E%3Cb/v1/metadata/api.yaml\">Moved Permanently</a>.\n\n");
    assert_text(strange.location, "/%5Cevil.example%22%3E%3Cb/v1/metadata/api.yaml");

    const struct answer yaml = shop(w, HTTP_GET, "/app1/v1/metadata/api.yaml", "");
    assert_says(yaml, 200, "operationId: deleteServiceByServiceId");
    assert_text(yaml.content_type, "text/plain; charset=utf-8");
    world_close(w);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const char *path = shop_path(w, shop_register(w, TRANSCRIPT));
    struct prepared p;
    struct ask in = {
        .method = HTTP_GET, .target = path, .listener = ON_GATEWAY, .principal = shop_certificate("app1")};
    ask_prepare(&p, w, &in);
    assert_survives_failing_allocations(ask_run(&p, 200));
    in.target = SHOP;
    ask_prepare(&p, w, &in);
    assert_survives_failing_allocations(ask_run(&p, 200));
    in.method = HTTP_POST;
    in.body = TEXT(PLAIN);
    ask_prepare(&p, w, &in);
    assert_survives_failing_allocations(ask_run(&p, 200));
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_everybody_but_the_application_itself),
        cmocka_unit_test(refuses_writes_of_a_certificate_that_was_revoked_meanwhile),
        cmocka_unit_test(answers_in_the_contracts_words_when_something_is_not_there),
        cmocka_unit_test(finds_its_own_name_however_it_is_encoded),
        cmocka_unit_test(keeps_applications_apart),
        cmocka_unit_test(keeps_tenants_apart),
        cmocka_unit_test(answers_as_in_the_golden_transcript),
        cmocka_unit_test(keeps_the_identifier_and_what_was_masked),
        cmocka_unit_test(shows_a_generated_certificate_as_base64_of_pem),
        cmocka_unit_test(redirects_to_the_specification),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
