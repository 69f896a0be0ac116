/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "world.h"

static const char *store_url; /* NULL = in memory, "" = SQLite */

static int open_world(void **state)
{
    *state = world_open(store_url);
    return 0;
}

static bool counted(void *ctx, const struct service *row)
{
    (void)row;
    ++*(unsigned *)ctx;
    return true;
}

static unsigned services(struct world *w)
{
    unsigned n = 0;
    struct text next;
    const struct service_filter all = {.application = TEXT("shop")};
    const struct page_request page = {.limit = 1000};
    assert_ok(registry_list(w->registry, &all, &page, &w->arena, counted, &n, &next, &w->err));
    return n;
}

static struct status register_for(struct world *w, const char *application, const char *json)
{
    uint8_t id[SERVICE_ID_SIZE];
    const struct registry_input in = {.details = world_details(w, json)};
    w->err = (struct error){0};
    return registry_register(w->registry, &world_caller, TEXT(""), text_of(application), &in, &w->arena, id,
                             &w->err);
}

/* ---- refusals ---- */

static void refuses_a_bad_description_before_looking_for_the_application(void **state)
{
    struct world *w = *state;
    uint8_t id[SERVICE_ID_SIZE];
    struct text refusal = {NULL, 0};
    const struct registry_input in = {.details = world_details(w, "{'name':'n'}"), .out_refusal = &refusal};
    assert_status(
        registry_register(w->registry, &world_caller, TEXT(""), TEXT("nowhere"), &in, &w->arena, id, &w->err),
        E_INVALID);
    assert_text(refusal,
                "Incorrect structure of service definition, Provider field cannot be empty.;Description "
                "field cannot be empty.");
    assert_text(text_of(w->err.message),
                "Incorrect structure of service definition, Provider field cannot be "
                "empty.;Description field cannot be empty.");
}

static void tells_a_long_refusal_in_full_and_without_credentials(void **state)
{
    struct world *w = *state;
    struct buffer json;
    buffer_init(&json, 8192);
    buffer_cstr(&json, "{'provider':'p','name':'n','description':'d','api':{'targetUrl':'http://u:secret@/");
    for (int i = 0; i < 900; i++)
        buffer_byte(&json, 'x');
    buffer_cstr(&json, " '}}");
    struct registry_key key;
    assert_status(world_register(w, arena_cstr(&w->arena, buffer_as_text(&json)), &key), E_INVALID);
    buffer_release(&json);
    assert_true(w->refusal.n > 900);
    assert_true(text_ends_with(w->refusal, TEXT("does not validate as url")));
    assert_null(memmem(w->refusal.p, w->refusal.n, "secret", 6));
    assert_non_null(memmem(w->refusal.p, w->refusal.n, "http://***:***@/xxx", 19));
    assert_null(strstr(w->err.message, "secret"));
}

static void refuses_an_unknown_application_in_the_words_of_the_contract(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *more, *message;
    } rows[] = {
        {"", "Getting Application UID failed, Application nowhere not found"},
        {",'identifier':'x'", "Creating service failed, Checking identifier failed, Reading services from "
                              "Application failed, Application nowhere not found"},
    };
    static const char *const apis[] = {"", "'specificationUrl':'http://spec.example/a'",
                                       "'credentials':{'certificateGen':{'commonName':'a'}}"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t k = 0; k < sizeof apis / sizeof apis[0]; k++) {
            assert_status(register_for(w, "nowhere", world_service(w, apis[k], rows[i].more)), E_NOT_FOUND);
            assert_string_equal(w->err.message, rows[i].message);
        }
    }
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
}

static void refuses_an_identifier_that_is_taken_before_it_downloads_anything(void **state)
{
    struct world *w = *state;
    world_registered(w, world_service(w, "", ",'identifier':'ext-1'"));
    static const char *const apis[] = {"", "'specificationUrl':'http://spec.example/a'"};
    for (size_t k = 0; k < sizeof apis / sizeof apis[0]; k++) {
        assert_status(register_for(w, "shop", world_service(w, apis[k], ",'identifier':'ext-1'")),
                      E_CONFLICT);
        assert_string_equal(w->err.message,
                            "Creating service failed, Service with Identifier ext-1 already exists");
    }
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
    assert_int_equal(services(w), 1);
}

static void refuses_a_mask_where_there_is_nothing_to_keep(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *credentials, *field;
    } rows[] = {
        {"'basic':{'username':'********','password':'p'}", "api.credentials.basic.username"},
        {"'basic':{'username':'u','password':'********'}", "api.credentials.basic.password"},
        {"'oauth':{'url':'http://t.com','clientId':'********','clientSecret':'s'}",
         "api.credentials.oauth.clientId"},
        {"'oauth':{'url':'http://t.com','clientId':'i','clientSecret':'********'}",
         "api.credentials.oauth.clientSecret"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct registry_key key;
        const char *api =
            FORMAT(w, "'credentials':{%s},'specificationUrl':'http://spec.example/a'", rows[i].credentials);
        assert_status(world_register(w, world_service(w, api, ""), &key), E_INVALID);
        assert_text(w->refusal, FORMAT(w, "%s is ********, but there is nothing to keep", rows[i].field));
    }
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
    assert_int_equal(services(w), 0);
}

static void refuses_a_specification_over_the_limit(void **state)
{
    struct world *w = *state;
    w->settings.specification_max = 100;
    world_reopen(w);
    struct registry_key key;
    const char *large = FORMAT(w, "{'a':'%0100d'}", 7);
    const char *api = FORMAT(w, "'spec':%s", large);
    const char *events = FORMAT(w, ",'events':{'spec':%s}", large);
    const char *documentation =
        FORMAT(w, ",'documentation':{'displayName':'%0100d','description':'d','type':'t'}", 7);
    assert_status(world_register(w, world_service(w, api, ""), &key), E_TOO_LARGE);
    assert_string_equal(w->err.message,
                        "api.spec has 108 bytes, more than 100 (registry.specification_bytes)");
    assert_status(world_register(w, world_service(w, "", events), &key), E_TOO_LARGE);
    assert_string_equal(w->err.message,
                        "events.spec has 108 bytes, more than 100 (registry.specification_bytes)");
    assert_status(world_register(w, world_service(w, "", documentation), &key), E_TOO_LARGE);
    assert_int_equal(services(w), 0);
}

static void tells_what_became_of_a_download(void **state)
{
    struct world *w = *state;
    static const struct {
        enum fetch_outcome outcome;
        int http_status;
        const char *reason;
        enum code code;
        const char *message; /* behind the place */
    } rows[] = {
        {FETCH_STATUS, 404, "404 Not Found", E_UPSTREAM,
         "Fetching API spec from URL failed with status 404 Not Found"},
        {FETCH_STATUS, 401, "401 Unauthorized", E_UPSTREAM,
         "Fetching API spec from URL failed with status 401 Unauthorized"},
        {FETCH_AUTHORIZATION, 401, "the token endpoint said 401", E_UPSTREAM,
         "Adding authorization for fetching API spec from URL failed, the token endpoint said 401"},
        {FETCH_REFUSED, 0, "127.0.0.1 is a loopback address", E_INVALID,
         "Fetching API spec from URL failed, 127.0.0.1 is a loopback address"},
        {FETCH_UNREACHABLE, 0, "cannot connect to http://u:secret@h.com/x", E_UPSTREAM,
         "Fetching API spec from URL failed, cannot connect to http://***:***@h.com/x"},
        {FETCH_TIMEOUT, 0, "timed out after 20 s", E_UPSTREAM,
         "Fetching API spec from URL failed, timed out after 20 s"},
        {FETCH_TOO_LARGE, 0, "more than 4 MiB", E_UPSTREAM,
         "Fetching API spec from URL failed, more than 4 MiB"},
        {FETCH_WRONG_TYPE, 0, "it is HTML", E_UPSTREAM, "Fetching API spec from URL failed, it is HTML"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct registry_key key;
        fake_fetcher_answer(w->fetcher, rows[i].outcome, rows[i].http_status, rows[i].reason,
                            FETCH_FORMAT_JSON, "");
        assert_status(
            world_register(w, world_service(w, "'specificationUrl':'http://spec.example/a'", ""), &key),
            rows[i].code);
        const char *place = "Determining API spec for service with ID ";
        assert_memory_equal(w->err.message, place, strlen(place));
        assert_string_equal(w->err.message + strlen(place) + SERVICE_ID_TEXT,
                            FORMAT(w, " failed, %s", rows[i].message));
        assert_null(w->refusal.p);
    }
    assert_int_equal(fake_fetcher_jobs(w->fetcher), sizeof rows / sizeof rows[0]);
    assert_int_equal(services(w), 0);
}

static void believes_no_fetcher_about_json_and_size(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *document, *reason;
    } rows[] = {
        {"{\"a\":1}\",\"api\":{", "at line 1, column 8"},
        {"{\"a\":", "unexpected end of JSON input"},
        {"{\"a\":[1,2,3,4,5,6,7,8,9,0]}", "it has more than 20 bytes"},
    };
    w->settings.specification_max = 20;
    world_reopen(w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct registry_key key;
        fake_fetcher_answer(w->fetcher, FETCH_FINE, 200, "", FETCH_FORMAT_JSON, rows[i].document);
        assert_status(
            world_register(w, world_service(w, "'specificationUrl':'http://spec.example/a'", ""), &key),
            E_UPSTREAM);
        assert_non_null(strstr(w->err.message, rows[i].reason));
    }
    assert_int_equal(services(w), 0);
}

static void tells_who_comes_while_too_many_download_to_come_back(void **state)
{
    struct world *w = *state;
    w->settings.fetches_at_once = 0;
    world_reopen(w);
    struct registry_key key;
    assert_status(world_register(w, world_service(w, "'specificationUrl':'http://spec.example/a'", ""), &key),
                  E_AGAIN);
    assert_int_equal(services(w), 0);
}

static void refuses_a_text_that_is_no_specification(void **state)
{
    struct world *w = *state;
    struct registry_key key;
    fake_fetcher_answer(w->fetcher, FETCH_WRONG_TYPE, 0, "neither JSON, YAML nor XML", FETCH_FORMAT_JSON, "");
    assert_status(world_register(w, world_service(w, "'spec':'no: [', 'apiType':'openapi'", ""), &key),
                  E_INVALID);
    assert_text(w->refusal, "api.spec: neither JSON, YAML nor XML");
    assert_string_equal(fake_fetcher_last(w->fetcher), "check openapi no: [");
    assert_int_equal(services(w), 0);
}

/* ---- what is kept ---- */

static void keeps_a_service_as_it_was_described(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(
        w,
        "{'provider':'SAP','name':'My Service (X)','description':'long <d> & more','shortDescription':'sd',"
        "'identifier':'ext-1','labels':{'region':'eu','connected-app':'zzz'},'api':{'targetUrl':"
        "'https://h.com/base','apiType':'OpenAPI','credentials':{'oauth':{'url':'https://h.com/t','clientId':"
        "'cid','clientSecret':'cs','requestParameters':{'headers':{'A':['1','2']},'queryParameters':{'q':['v'"
        "]}},"
        "'csrfInfo':{'tokenEndpointURL':'https://h.com/csrf'}}},'requestParameters':{'headers':{'X-H':['a']},"
        "'queryParameters':{'k':['1','2']}},'spec':{'openapi':'3.0.0','a':2.0,'a':1e3}},"
        "'events':{'spec':{'asyncapi':'1.0.0'}},'documentation':{'displayName':'D','description':'dd','type':"
        "'t',"
        "'tags':['a'],'docs':[{'title':'x','type':'y','source':'z'}]}}");
    const struct registry_view view = world_find(w, &key);
    assert_text(view.row.name, "My Service (X)");
    assert_text(view.row.path_name, "my-service-x");
    assert_text(view.row.provider, "SAP");
    assert_text(view.row.description, "long <d> & more");
    assert_text(view.row.short_description, "sd");
    assert_text(view.row.identifier, "ext-1");
    assert_text(view.row.labels, "{\"connected-app\":\"shop\",\"region\":\"eu\"}");
    assert_text(view.row.target_url, "https://h.com/base");
    assert_int_equal(view.row.revision, 1);
    assert_int_equal(view.row.credential_kind, CREDENTIAL_OAUTH);
    assert_text(view.details.api.credentials.oauth.client_id, CREDENTIAL_MASK);
    assert_text(view.details.api.credentials.oauth.client_secret, CREDENTIAL_MASK);
    assert_text(view.details.api.credentials.oauth.url, "https://h.com/t");
    assert_text(view.details.api.credentials.oauth.csrf.token_url, "https://h.com/csrf");
    assert_text(view.details.api.credentials.oauth.parameters.headers.list[0].values[1], "2");
    assert_text(view.details.api.parameters.query.list[0].values[1], "2");
    assert_text(view.details.api.api_type, "OpenAPI");
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "clientId"), "cid");
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "clientSecret"), "cs");
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "headers"), "{\"A\":[\"1\",\"2\"]}");
    assert_string_equal(world_secret(w, &key, SECRET_PARAMETERS, "queryParameters"), "{\"k\":[\"1\",\"2\"]}");
    assert_string_equal(world_specification(w, &key, SPECIFICATION_API),
                        "{\"openapi\":\"3.0.0\",\"a\":2.0,\"a\":1e3}");
    assert_string_equal(world_specification(w, &key, SPECIFICATION_EVENTS), "{\"asyncapi\":\"1.0.0\"}");
    assert_string_equal(
        world_specification(w, &key, SPECIFICATION_DOCUMENTATION),
        "{\"displayName\":\"D\",\"description\":\"dd\",\"type\":\"t\",\"tags\":[\"a\"],\"docs\":["
        "{\"title\":\"x\",\"type\":\"y\",\"source\":\"z\"}]}");
    char id[SERVICE_ID_TEXT + 1];
    assert_text(view.credential_secret, FORMAT(w, "app-shop-%s", service_id_text(key.id, id).p));
    assert_text(view.parameter_secret, FORMAT(w, "params-app-shop-%s", service_id_text(key.id, id).p));
}

static void writes_an_audit_row_without_a_secret_and_forgets_what_was_remembered(void **state)
{
    struct world *w = *state;
    uint64_t before = 0, after = 0;
    for (uint32_t i = 0; i < PAGE_COUNTERS; i++)
        before += page_load(&w->page, i);
    const struct registry_key key = world_registered(
        w, world_service(w, "'credentials':{'basic':{'username':'alice','password':'s3cret'}}", ""));
    for (uint32_t i = 0; i < PAGE_COUNTERS; i++)
        after += page_load(&w->page, i);
    assert_int_equal(after, before + 2); /* the service, and what its application has */
    struct audit_entry audit;
    char id[SERVICE_ID_TEXT + 1];
    assert_int_equal(world_audit(w, "service.create", &audit), 1);
    assert_text(audit.subject, service_id_text(key.id, id).p);
    assert_text(audit.application, "shop");
    assert_text(audit.actor, "certificate:00");
    assert_text(audit.detail, "{\"name\":\"Orders\",\"credentials\":\"basic\"}");
}

static void keeps_no_credentials_without_a_common_name(void **state)
{
    struct world *w = *state;
    static const char *const rows[] = {"'credentials':{}", "'credentials':{'certificateGen':{}}",
                                       "'credentials':{'certificateGen':{'commonName':''}}"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct registry_key key = world_registered(w, world_service(w, rows[i], ""));
        const struct registry_view view = world_find(w, &key);
        assert_int_equal(view.row.credential_kind, CREDENTIAL_NONE);
        assert_null(view.credential_secret.p);
        assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "crt"), "(none)");
    }
}

static void makes_a_pair_for_a_common_name(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(
        w, world_service(w, "'credentials':{'certificateGen':{'commonName':'shop.example'}}", ""));
    const struct registry_view view = world_find(w, &key);
    assert_text(view.details.api.credentials.certificate.common_name, "shop.example");
    assert_true(text_starts_with(view.details.api.credentials.certificate.certificate_pem,
                                 TEXT("-----BEGIN CERTIFICATE")));
    assert_text(view.details.api.credentials.certificate.certificate_pem,
                world_secret(w, &key, SECRET_CREDENTIALS, "crt"));
    assert_non_null(strstr(world_secret(w, &key, SECRET_CREDENTIALS, "key"), "PRIVATE KEY"));
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "commonName"), "shop.example");
    assert_false(view.credential_by_hand);
}

static void downloads_with_the_credentials_it_was_given_and_keeps_none_of_them(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *api, *asked;
    } rows[] = {
        {"'specificationUrl':'http://spec.example/a?b=1'", "document http://spec.example/a?b=1 "},
        {"'apiType':'OData'", "document https://h.com/$metadata OData"},
        {"'apiType':'OpenAPI','specificationUrl':'http://"
         "s.example','specificationCredentials':{'basic':{'username':"
         "'u','password':'p'}},'specificationRequestParameters':{'headers':{'X-A':['1','2']},'"
         "queryParameters':{'q':"
         "['v']}}",
         "document http://s.example basic u:p X-A=1 X-A=2 ?q=v OpenAPI"},
        {"'specificationUrl':'http://s.example','specificationCredentials':{'oauth':{'url':'http://"
         "t.example',"
         "'clientId':'i','clientSecret':'s'}}",
         "document http://s.example oauth i:s at http://t.example "},
    };
    fake_fetcher_answer(w->fetcher, FETCH_FINE, 200, "", FETCH_FORMAT_XML, "<edmx:Edmx/>");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct registry_key key = world_registered(w, world_service(w, rows[i].api, ""));
        assert_string_equal(fake_fetcher_last(w->fetcher), rows[i].asked);
        assert_string_equal(world_specification(w, &key, SPECIFICATION_API), "<edmx:Edmx/>");
        const struct registry_view view = world_find(w, &key);
        assert_int_equal(view.row.specifications[SPECIFICATION_API].format, FORMAT_XML);
        assert_true(view.row.specifications[SPECIFICATION_API].fetched_at > 0);
        assert_false(view.details.api.specification_credentials.given);
        assert_null(memmem(view.row.details.p, view.row.details.n, "X-A", 3));
    }
}

static void asks_nobody_for_a_specification_that_was_sent(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(
        w, world_service(w, "'spec':{'b':1},'specificationUrl':'http://spec.example/a'", ""));
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
    assert_string_equal(world_specification(w, &key, SPECIFICATION_API), "{\"b\":1}");
    assert_int_equal(world_find(w, &key).row.specifications[SPECIFICATION_API].fetched_at, 0);
}

static void keeps_null_as_a_specification(void **state)
{
    struct world *w = *state;
    const struct registry_key key =
        world_registered(w, world_service(w, "'spec':null", ",'events':{'spec':null}"));
    assert_string_equal(world_specification(w, &key, SPECIFICATION_API), "null");
    assert_string_equal(world_specification(w, &key, SPECIFICATION_EVENTS), "null");
}

static void keeps_a_text_as_it_is_after_it_was_read(void **state)
{
    struct world *w = *state;
    fake_fetcher_answer(w->fetcher, FETCH_FINE, 0, "", FETCH_FORMAT_YAML, "");
    const struct registry_key key =
        world_registered(w, world_service(w, "'apiType':'openapi','spec':'openapi: 3.0.0\\n'", ""));
    assert_string_equal(fake_fetcher_last(w->fetcher), "check openapi openapi: 3.0.0\n");
    assert_string_equal(world_specification(w, &key, SPECIFICATION_API), "openapi: 3.0.0\n");
    assert_int_equal(world_find(w, &key).row.specifications[SPECIFICATION_API].format, FORMAT_YAML);
}

static void changes_nothing_in_a_dry_run(void **state)
{
    struct world *w = *state;
    uint8_t id[SERVICE_ID_SIZE];
    const struct registry_input in = {
        .details = world_details(w, world_service(w,
                                                  "'specificationUrl':'http://spec.example/a',"
                                                  "'credentials':{'certificateGen':{'commonName':'a'}}",
                                                  "")),
        .dry_run = true};
    assert_ok(
        registry_register(w->registry, &world_caller, TEXT(""), TEXT("shop"), &in, &w->arena, id, &w->err));
    assert_status(
        registry_register(w->registry, &world_caller, TEXT(""), TEXT("nowhere"), &in, &w->arena, id, &w->err),
        E_NOT_FOUND);
    assert_int_equal(services(w), 0);
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
    assert_int_equal(world_audit(w, "service.", NULL), 0);
}

static struct status register_with_arena(struct world *w, const struct service_details *d)
{
    uint8_t id[SERVICE_ID_SIZE];
    struct arena a;
    arena_init(&a, 4096, 1u << 20);
    const struct registry_input in = {.details = d};
    const struct status s =
        registry_register(w->registry, &world_caller, TEXT(""), TEXT("shop"), &in, &a, id, NULL);
    arena_release(&a);
    return s;
}

static void survives_failing_allocations(void **state)
{
    struct world *w = *state;
    const struct service_details *d = world_details(
        w, world_service(
               w,
               "'credentials':{'basic':{'username':'u','password':'p'}},'requestParameters':{'headers':"
               "{'X-H':['a']}},'spec':{'openapi':'3.0.0'}",
               ",'labels':{'a':'b'},'documentation':{'displayName':'D','description':'d','type':'t'}"));
    assert_survives_failing_allocations(register_with_arena(w, d));
    assert_int_equal(services(w), 1);
    assert_int_equal(world_audit(w, "service.create", NULL), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_world, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_a_bad_description_before_looking_for_the_application),
        T(tells_a_long_refusal_in_full_and_without_credentials),
        T(refuses_an_unknown_application_in_the_words_of_the_contract),
        T(refuses_an_identifier_that_is_taken_before_it_downloads_anything),
        T(refuses_a_mask_where_there_is_nothing_to_keep),
        T(refuses_a_specification_over_the_limit),
        T(tells_what_became_of_a_download),
        T(believes_no_fetcher_about_json_and_size),
        T(tells_who_comes_while_too_many_download_to_come_back),
        T(refuses_a_text_that_is_no_specification),
        T(keeps_a_service_as_it_was_described),
        T(writes_an_audit_row_without_a_secret_and_forgets_what_was_remembered),
        T(keeps_no_credentials_without_a_common_name),
        T(makes_a_pair_for_a_common_name),
        T(downloads_with_the_credentials_it_was_given_and_keeps_none_of_them),
        T(asks_nobody_for_a_specification_that_was_sent),
        T(keeps_null_as_a_specification),
        T(keeps_a_text_as_it_is_after_it_was_read),
        T(changes_nothing_in_a_dry_run),
        T(survives_failing_allocations),
    };
    const int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    store_url = "";
    return failed + cmocka_run_group_tests_name("SQLite", tests, NULL, NULL);
}
