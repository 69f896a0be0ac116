/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "bundles.h"
#include "check.h"

/* Bundles: what is refused, and that one is what was sent, changed and gone. */

static void refuses_what_is_no_bundle(void **state)
{
    struct world *w = *state;
    const char *long_name = FORMAT(w, "%0101d", 1), *long_text = FORMAT(w, "%02001d", 1);
    const struct bundle_auth no_password = basic_auth("me", ""), fine = basic_auth("me", "pw");
    struct bundle_auth two = fine, own_name = fine, certificate = {.given = true};
    two.credentials.oauth.given = true;
    two.credentials.oauth.url = TEXT("https://idp.com");
    two.credentials.oauth.client_id = two.credentials.oauth.client_secret = TEXT("x");
    own_name.credentials.certificate.given = true;
    certificate.credentials.oauth.given = true;
    certificate.credentials.oauth.url = TEXT("https://idp.com");
    certificate.credentials.oauth.client_id = TEXT("c");
    certificate.credentials.oauth.client_authentication = TEXT("certificate");
    certificate.credentials.oauth.certificate_pem = ca_root_pem(w->ca);
    const struct {
        struct bundle_input in;
        const char *why;
    } rows[] = {
        {{.name = TEXT("")}, "name"},
        {{.name = text_of(long_name)}, "between 1 and 100"},
        {{.name = TEXT("\xc3\xa4")}, "printable ASCII"},
        {{.name = TEXT("b"), .description = text_of(long_text)}, "description"},
        {{.name = TEXT("b"), .auth_schema = TEXT("{")}, "instanceAuthRequestInputSchema"},
        {{.name = TEXT("b"), .auth_schema = TEXT("[]")}, "no JSON object"},
        {{.name = TEXT("b"), .auth_schema = TEXT("{\"items\":{\"oneOf\":[]}}")},
         "instanceAuthRequestInputSchema: the schema's keyword \"oneOf\" is not supported here"},
        {{.name = TEXT("b"), .auth = no_password}, "password field cannot be empty"},
        {{.name = TEXT("b"), .auth = two}, "to many authentication methods"},
        {{.name = TEXT("b"), .auth = own_name}, "brings its certificate"},
        {{.name = TEXT("b"), .auth = certificate}, "certificate and its private key"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bundle b;
        assert_status(bundle_make(w, &rows[i].in, &b), E_INVALID);
        if (!strstr(w->err.message, rows[i].why))
            fail_msg("row %zu: %s", i, w->err.message);
    }
    assert_int_equal(world_audit(w, "bundle", NULL), 0);
}

static void refuses_applications_and_tenants_that_are_not_there(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL);
    const struct bundle_input in = {.name = TEXT("b")};
    const struct registry_scope wrong[] = {{.application = TEXT("other")},
                                           {.tenant = TEXT("t"), .application = TEXT("shop")},
                                           {.tenant = TEXT("t")}};
    struct bundle out;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_status(bundle_get(w->registry, &wrong[i], b.row.id, &w->arena, &out, &w->err), E_NOT_FOUND);
        assert_status(
            bundle_update(w->registry, &world_caller, &wrong[i], b.row.id, &in, &w->arena, &out, &w->err),
            E_NOT_FOUND);
        assert_status(
            bundle_delete(w->registry, &world_caller, &wrong[i], b.row.id, &w->arena, &out, &w->err),
            E_NOT_FOUND);
        if (wrong[i].application.n > 0)
            assert_status(bundle_create(w->registry, &world_caller, &wrong[i], &in, &w->arena, &out, &w->err),
                          E_NOT_FOUND);
    }
    assert_int_equal(world_audit(w, "bundle", NULL), 1);
}

static void shows_what_was_sent(void **state)
{
    struct world *w = *state;
    static const struct text ids[] = {TEXT_INIT("a:b"), TEXT_INIT("c")};
    struct bundle_input in = {.name = TEXT("My Bundle"),
                              .description = TEXT("d \"q\""),
                              .auth_schema = TEXT("{ \"type\" : \"object\" }"),
                              .auth = basic_auth("me", "pw"),
                              .correlation_ids = ids,
                              .correlation_id_count = 2};
    in.auth.credentials.basic.csrf = (struct csrf_details){true, TEXT("https://h.com/csrf")};
    in.auth.access_strategy = TEXT("sap:x");
    const struct text values[] = {TEXT("1"), TEXT("2")};
    const struct parameter header = {TEXT("X-A"), values, 2};
    in.auth.parameters = (struct request_parameters){.given = true, .headers = {&header, 1}};
    struct bundle made, b;
    struct bundle_auth auth;
    assert_ok(bundle_make(w, &in, &made));
    assert_ok(bundle_get(w->registry, &shop, made.row.id, &w->arena, &b, &w->err));
    assert_int_equal(b.row.role, SERVICE_BUNDLE);
    assert_text(b.row.name, "My Bundle");
    assert_text(b.row.path_name, "my-bundle");
    assert_text(b.row.description, "d \"q\"");
    assert_text(b.auth_schema, "{ \"type\" : \"object\" }");
    assert_int_equal(b.correlation_id_count, 2);
    assert_text(b.correlation_ids[1], "c");
    assert_ok(bundle_auth_open(w->registry, &b, &w->arena, &auth, &w->err));
    assert_true(auth.given);
    assert_text(auth.credentials.basic.password, "pw");
    assert_text(auth.credentials.basic.csrf.token_url, "https://h.com/csrf");
    assert_text(auth.access_strategy, "sap:x");
    assert_text(auth.parameters.headers.list[0].values[1], "2");
    struct audit_entry audit;
    assert_int_equal(world_audit(w, "bundle.create", &audit), 1);
}

static void an_update_replaces_all_but_correlation_ids(void **state)
{
    struct world *w = *state;
    static const struct text ids[] = {TEXT_INIT("a")};
    const struct bundle_input first = {.name = TEXT("One"),
                                       .description = TEXT("d"),
                                       .auth_schema = TEXT("{}"),
                                       .auth = basic_auth("me", "pw"),
                                       .correlation_ids = ids,
                                       .correlation_id_count = 1};
    const struct bundle_input second = {.name = TEXT("Two")};
    struct bundle b;
    struct bundle_auth auth;
    assert_ok(bundle_make(w, &first, &b));
    const struct member api = api_made(w, &b, "api");
    assert_int_equal(api.row.credential_kind, CREDENTIAL_BASIC);
    const uint32_t page = page_index(PAGE_SERVICE, BYTES_OF(b.row.id));
    const uint64_t before = page_load(&w->page, page);
    assert_ok(bundle_update(w->registry, &world_caller, &shop, b.row.id, &second, &w->arena, &b, &w->err));
    assert_ok(bundle_get(w->registry, &shop, b.row.id, &w->arena, &b, &w->err));
    assert_true(page_load(&w->page, page) > before);
    assert_text(b.row.name, "Two");
    assert_int_equal(b.row.description.n, 0);
    assert_int_equal(b.auth_schema.n, 0);
    assert_int_equal(b.correlation_id_count, 1);
    assert_ok(bundle_auth_open(w->registry, &b, &w->arena, &auth, &w->err));
    assert_false(auth.given);
    struct member now;
    assert_ok(member_get(w->registry, &shop, NULL, api.row.id, SERVICE_API, &w->arena, &now, &w->err));
    assert_int_equal(now.row.credential_kind, CREDENTIAL_NONE);
}

/* Certificate and key in one text, as a client of Compass sends them. */
static void a_certificate_and_its_key_come_back_as_they_were_sent(void **state)
{
    struct world *w = *state;
    OWNED(generated_pair_release) struct generated_pair one = {0}, other = {0};
    const struct generated_settings *settings = &w->settings.generated;
    assert_ok(generated_pair_make(settings, NULL, NULL, TEXT("c"), clock_now_s(), &one, &w->err));
    assert_ok(generated_pair_make(settings, NULL, NULL, TEXT("c"), clock_now_s(), &other, &w->err));
    const struct text crt = buffer_as_text(&one.certificate_pem),
                      key = bytes_text(secret_bytes(&one.key_pem)),
                      foreign = bytes_text(secret_bytes(&other.key_pem));
    struct bundle_input in = {.name = TEXT("b"), .auth = {.given = true}};
    struct bundle b;
    struct bundle_auth auth;
    in.auth.credentials.oauth.given = true;
    in.auth.credentials.oauth.url = TEXT("https://idp.com/token");
    in.auth.credentials.oauth.client_id = TEXT("c");
    in.auth.credentials.oauth.client_authentication = TEXT("certificate");
    struct text *pem = &in.auth.credentials.oauth.certificate_pem;
    const char *const refused[] = {FORMAT(w, "%.*s%.*s", TEXT_ARG(crt), TEXT_ARG(foreign)),
                                   FORMAT(w, "%.*s%.*s%.*s", TEXT_ARG(crt), TEXT_ARG(key), TEXT_ARG(key)),
                                   FORMAT(w, "%.*s", TEXT_ARG(key)),
                                   "-----BEGIN CERTIFICATE-----\n!",
                                   FORMAT(w, "%.*s-----BEGIN X-----\nMAA=\n-----END X-----\n", TEXT_ARG(crt)),
                                   ""};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        *pem = text_of(refused[i]);
        assert_status(bundle_make(w, &in, &b), E_INVALID);
        assert_null(strstr(w->err.message, "PRIVATE"));
    }
    const char *const fine[] = {FORMAT(w, "%.*s%.*s", TEXT_ARG(crt), TEXT_ARG(key)),
                                FORMAT(w, "%.*s\r\n%.*s", TEXT_ARG(key), TEXT_ARG(crt))};
    for (size_t i = 0; i < 2; i++) {
        *pem = text_of(fine[i]);
        assert_ok(bundle_make(w, &in, &b));
        assert_int_equal(b.row.credential_kind, CREDENTIAL_OAUTH_CERTIFICATE);
        assert_ok(bundle_auth_open(w->registry, &b, &w->arena, &auth, &w->err));
        assert_text(auth.credentials.oauth.certificate_pem, fine[0]);
        assert_int_equal(auth.credentials.oauth.key_pem.n, 0);
    }
    *pem = TEXT(CREDENTIAL_MASK); /* as it is */
    in.name = TEXT("c");
    assert_ok(bundle_update(w->registry, &world_caller, &shop, b.row.id, &in, &w->arena, &b, &w->err));
    assert_ok(bundle_auth_open(w->registry, &b, &w->arena, &auth, &w->err));
    assert_text(auth.credentials.oauth.certificate_pem, fine[0]);
    assert_status(bundle_make(w, &in, &b), E_INVALID);
    assert_non_null(strstr(w->err.message, "nothing to keep"));
    *pem = text_of(fine[0]);
    in.auth.credentials.oauth.url = TEXT("http://idp.com/token"); /* nobody would see the certificate */
    assert_status(bundle_make(w, &in, &b), E_INVALID);
}

/* Who may change a bundle need not be one who may read its secret. */
static void a_kept_secret_goes_to_no_other_host(void **state)
{
    struct world *w = *state;
    struct bundle_input in = {.name = TEXT("b"), .auth = {.given = true}};
    struct bundle b, now;
    struct bundle_auth auth;
    in.auth.credentials.oauth.given = true;
    in.auth.credentials.oauth.url = TEXT("https://idp.com/token");
    in.auth.credentials.oauth.client_id = TEXT("c");
    in.auth.credentials.oauth.client_secret = TEXT("s3cret");
    assert_ok(bundle_make(w, &in, &b));
    in.auth.credentials.oauth.client_secret = TEXT(CREDENTIAL_MASK);
    static const struct {
        const char *url;
        bool fine;
    } rows[] = {
        {"https://evil.com/token", false},       {"http://idp.com/token", false},
        {"https://idp.com:444/token", false},    {"https://me@idp.com/token", false},
        {"https://idp.com.evil.com/", false},    {"https://evil.com/?https://idp.com/token", false},
        {"https://idp.com/other?a=b://c", true}, {"https://IDP.com/token", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        in.auth.credentials.oauth.url = text_of(rows[i].url);
        const struct status s =
            bundle_update(w->registry, &world_caller, &shop, b.row.id, &in, &w->arena, &now, &w->err);
        if (s.code != (rows[i].fine ? E_OK : E_INVALID))
            fail_msg("%s: %s", rows[i].url, w->err.message);
        assert_ok(bundle_auth_open(w->registry, &b, &w->arena, &auth, &w->err));
        assert_text(auth.credentials.oauth.client_secret, "s3cret");
    }
    in.auth.credentials.oauth.url = TEXT("https://evil.com/token");
    in.auth.credentials.oauth.client_secret = TEXT("n3w");
    assert_ok(bundle_update(w->registry, &world_caller, &shop, b.row.id, &in, &w->arena, &now, &w->err));
}

static bool count_bundle(void *ctx, const struct bundle *b)
{
    (void)b;
    ++*(unsigned *)ctx;
    return true;
}

static void deletion_takes_what_is_in_it(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL), other = bundle_made(w, "c", NULL);
    const struct member api = api_made(w, &b, "api");
    struct bundle gone;
    struct member m;
    uint64_t total = 0;
    unsigned seen = 0;
    assert_ok(bundle_delete(w->registry, &world_caller, &shop, b.row.id, &w->arena, &gone, &w->err));
    assert_text(gone.row.name, "b");
    assert_status(member_get(w->registry, &shop, NULL, api.row.id, SERVICE_API, &w->arena, &m, &w->err),
                  E_NOT_FOUND);
    const struct offset_page page = {.limit = 10};
    assert_ok(bundle_list(w->registry, &shop, &page, &w->arena, count_bundle, &seen, &total, &w->err));
    assert_int_equal(seen, 1);
    assert_int_equal(total, 1);
    assert_ok(bundle_get(w->registry, &shop, other.row.id, &w->arena, &gone, &w->err));
}

static void what_was_registered_as_one_service_is_a_bundle_that_is_changed_elsewhere(void **state)
{
    struct world *w = *state;
    const struct bundle_input in = {.name = TEXT("b")};
    const struct member_input api = api_input("a", "https://h.com", NULL);
    const struct registry_key key = world_registered(
        w, world_service(w, "'credentials':{'basic':{'username':'u','password':'p'}},'spec':{'a':1}", ""));
    struct bundle b, out;
    struct member m;
    struct bundle_auth auth;
    assert_ok(bundle_get(w->registry, &shop, key.id, &w->arena, &b, &w->err));
    assert_int_equal(b.row.role, SERVICE_WHOLE);
    assert_ok(bundle_auth_open(w->registry, &b, &w->arena, &auth, &w->err));
    assert_text(auth.credentials.basic.password, "p");
    assert_ok(member_get(w->registry, &shop, key.id, key.id, SERVICE_API, &w->arena, &m, &w->err));
    assert_text(m.row.target_url, "https://h.com");
    assert_string_equal(content_of(w, &m), "{\"a\":1}");
    assert_status(member_get(w->registry, &shop, NULL, key.id, SERVICE_EVENTS, &w->arena, &m, &w->err),
                  E_NOT_FOUND);
    assert_status(bundle_update(w->registry, &world_caller, &shop, key.id, &in, &w->arena, &out, &w->err),
                  E_CONFLICT);
    assert_non_null(strstr(w->err.message, "registered as one service by the Metadata API: change it there"));
    assert_status(member_make(w, &b, SERVICE_API, &api, &m), E_CONFLICT);
    assert_status(
        member_delete(w->registry, &world_caller, &shop, key.id, SERVICE_API, &w->arena, &m, &w->err),
        E_CONFLICT);
    assert_ok(bundle_delete(w->registry, &world_caller, &shop, key.id, &w->arena, &out, &w->err));
    assert_int_equal(world_audit(w, "service.delete", NULL), 1);
}

/* ---- the other faces ---- */

static void other_faces_show_apis_and_refuse_changes(void **state)
{
    struct world *w = *state;
    const struct bundle_auth auth = basic_auth("me", "pw");
    const struct bundle b = bundle_made(w, "Big", &auth);
    const struct member api = api_made(w, &b, "api");
    const struct registry_key key = world_key(api.row.id), bundle = world_key(b.row.id);
    const struct registry_view view = world_find(w, &key);
    struct registry_view out;
    bool no_application = false;
    assert_true(view.in_bundle);
    assert_text(view.bundle_name, "Big");
    assert_text(view.details.api.target_url, "https://h.com/base");
    assert_text(view.details.api.credentials.basic.password, CREDENTIAL_MASK);
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "password"), "pw");
    assert_status(registry_find(w->registry, &bundle, &w->arena, &out, &w->err), E_NOT_FOUND);

    assert_status(world_replace(w, &key, world_service(w, "", ""), &out), E_CONFLICT);
    assert_non_null(strstr(w->err.message, "is part of bundle Big, which the Director manages"));
    assert_status(world_replace(w, &bundle, world_service(w, "", ""), &out), E_CONFLICT);
    assert_status(registry_delete(w->registry, &world_caller, &key, 0, &no_application, &w->err), E_CONFLICT);
    assert_status(registry_delete(w->registry, &world_caller, &bundle, 0, &no_application, &w->err),
                  E_CONFLICT);
    const struct secret_item item = {TEXT("password"), BYTES_OF("q")};
    assert_status(
        registry_secret_patch(w->registry, &world_caller, &key, SECRET_CREDENTIALS, &item, 1, 0, &w->err),
        E_CONFLICT);
    assert_status(
        registry_secret_patch(w->registry, &world_caller, &bundle, SECRET_CREDENTIALS, &item, 1, 0, &w->err),
        E_CONFLICT);
    assert_status(registry_refetch(w->registry, &world_caller, &key, &w->arena, &out, &w->err), E_CONFLICT);

    static const enum call_choice yes = CALL_YES;
    const struct registry_call_change call = {.skip_verify = &yes};
    assert_ok(registry_call_change(w->registry, &world_caller, &key, &call, 0, &w->arena, &out, &w->err));
    assert_int_equal(out.row.call.skip_verify, CALL_YES);
    assert_status(
        registry_call_change(w->registry, &world_caller, &bundle, &call, 0, &w->arena, &out, &w->err),
        E_CONFLICT);
}

static struct status make_and_change(struct world *w, const struct bundle_input *in,
                                     const struct member_input *api)
{
    struct bundle b;
    struct member m;
    struct bundle_auth auth;
    TRY(bundle_make(w, in, &b));
    TRY(member_make(w, &b, SERVICE_API, api, &m));
    TRY(bundle_update(w->registry, &world_caller, &shop, b.row.id, in, &w->arena, &b, &w->err));
    TRY(member_update(w->registry, &world_caller, &shop, m.row.id, SERVICE_API, api, &w->arena, &m, &w->err));
    TRY(bundle_auth_open(w->registry, &b, &w->arena, &auth, &w->err));
    return bundle_delete(w->registry, &world_caller, &shop, b.row.id, &w->arena, &b, &w->err);
}

static void survives_failing_allocations(void **state)
{
    struct world *w = *state;
    const struct member_input api = api_input("n", "https://h.com", "{}");
    const struct bundle_input in = {
        .name = TEXT("b"), .auth_schema = TEXT("{}"), .auth = basic_auth("me", "pw")};
    assert_survives_failing_allocations(make_and_change(w, &in, &api));
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(refuses_what_is_no_bundle),
        WORLD_TEST(refuses_applications_and_tenants_that_are_not_there),
        WORLD_TEST(shows_what_was_sent),
        WORLD_TEST(an_update_replaces_all_but_correlation_ids),
        WORLD_TEST(a_certificate_and_its_key_come_back_as_they_were_sent),
        WORLD_TEST(a_kept_secret_goes_to_no_other_host),
        WORLD_TEST(deletion_takes_what_is_in_it),
        WORLD_TEST(what_was_registered_as_one_service_is_a_bundle_that_is_changed_elsewhere),
        WORLD_TEST(other_faces_show_apis_and_refuse_changes),
        WORLD_TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
