/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "world.h"

static const char *store_url; /* NULL = in memory, "" = SQLite */

static int open_world(void **state)
{
    *state = world_open(store_url);
    return 0;
}

#define BASIC(user, password) "'credentials':{'basic':{'username':'" user "','password':'" password "'}}"
#define OAUTH(id, secret, more)                                                                              \
    "'credentials':{'oauth':{'url':'http://t.com','clientId':'" id "','clientSecret':'" secret "'" more "}}"
#define PAIR(name)     "'credentials':{'certificateGen':{'commonName':'" name "'}}"
#define TOKEN_HEADERS  ",'requestParameters':{'headers':{'A':['1']}}"
#define TOKEN_HEADERS2 ",'requestParameters':{'headers':{'A':['2']}}"
#define MASK           "********"

enum expected { NONE, KEPT, FRESH };

/* ---- credentials ---- */

static void keeps_replaces_and_removes_credentials_as_the_contract_says(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *before, *after; /* members of api */
        enum expected expected;
        const char *item, *value; /* of the credentials afterwards */
    } rows[] = {
        {BASIC("u", "p"), BASIC("u", "p"), KEPT, "password", "p"},
        {BASIC("u", "p"), BASIC("u", "q"), FRESH, "password", "q"},
        {BASIC("u", "p"), BASIC("v", "p"), FRESH, "username", "v"},
        {BASIC("u", "p"), BASIC(MASK, MASK), KEPT, "password", "p"},
        {BASIC("u", "p"), BASIC("v", MASK), FRESH, "password", "p"},
        {BASIC("u", "p"), BASIC(MASK, "q"), FRESH, "username", "u"},
        {BASIC("u", "p"), "", NONE, NULL, NULL},
        {BASIC("u", "p"), "'credentials':{}", NONE, NULL, NULL},
        {BASIC("u", "p"), "'credentials':{'certificateGen':{'commonName':''}}", NONE, NULL, NULL},
        {BASIC("u", "p"), OAUTH("i", "s", ""), FRESH, "clientId", "i"},
        {BASIC("u", "p"), PAIR("a"), FRESH, "commonName", "a"},
        {"", BASIC("u", "p"), FRESH, "username", "u"},
        {"", "", NONE, NULL, NULL},
        {OAUTH("i", "s", ""), OAUTH("i", "s", ""), KEPT, "clientSecret", "s"},
        {OAUTH("i", "s", ""), OAUTH(MASK, MASK, ""), KEPT, "clientSecret", "s"},
        {OAUTH("i", "s", ""), OAUTH("i", "t", ""), FRESH, "clientSecret", "t"},
        {OAUTH("i", "s", ""), OAUTH("j", MASK, ""), FRESH, "clientSecret", "s"},
        /* The original loses these: a changed parameter alone was not noticed. */
        {OAUTH("i", "s", TOKEN_HEADERS), OAUTH("i", "s", TOKEN_HEADERS2), FRESH, "headers",
         "{\"A\":[\"2\"]}"},
        {OAUTH("i", "s", TOKEN_HEADERS), OAUTH("i", "s", ""), FRESH, "headers", "(none)"},
        {OAUTH("i", "s", TOKEN_HEADERS), OAUTH(MASK, MASK, TOKEN_HEADERS), KEPT, "headers",
         "{\"A\":[\"1\"]}"},
        {OAUTH("i", "s", ""), BASIC("u", "p"), FRESH, "username", "u"},
        {OAUTH("i", "s", ""), PAIR("a"), FRESH, "commonName", "a"},
        {PAIR("a"), PAIR("a"), KEPT, "commonName", "a"},
        {PAIR("a"), PAIR("b"), FRESH, "commonName", "b"},
        {PAIR("a"), BASIC("u", "p"), FRESH, "username", "u"},
        {PAIR("a"), "'credentials':{'certificateGen':{}}", NONE, NULL,
         NULL}, /* the original kept an orphan */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct registry_key key = world_registered(w, world_service(w, rows[i].before, ""));
        const char *crt = world_secret(w, &key, SECRET_CREDENTIALS, "crt");
        const int64_t revision = world_secret_revision(w, &key, SECRET_CREDENTIALS);
        struct registry_view view;
        assert_ok(world_replace(w, &key, world_service(w, rows[i].after, ""), &view));
        assert_int_equal(view.row.revision, 2);
        assert_int_equal(view.credential_secret.p != NULL, rows[i].expected != NONE);
        if (rows[i].expected == NONE) {
            assert_int_equal(world_secret_revision(w, &key, SECRET_CREDENTIALS), 0);
            continue;
        }
        assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, rows[i].item), rows[i].value);
        if (rows[i].expected == KEPT) {
            assert_int_equal(world_secret_revision(w, &key, SECRET_CREDENTIALS), revision);
            assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "crt"), crt);
        } else {
            assert_int_not_equal(world_secret_revision(w, &key, SECRET_CREDENTIALS), revision);
        }
        const struct registry_view found = world_find(w, &key);
        assert_int_equal(found.row.revision, view.row.revision);
        assert_int_equal(found.row.credential_kind, view.row.credential_kind);
        assert_true(text_equal(found.details.api.credentials.certificate.certificate_pem,
                               view.details.api.credentials.certificate.certificate_pem));
    }
}

static void refuses_a_mask_where_there_is_nothing_of_that_kind(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *before, *after, *field;
    } rows[] = {
        {"", BASIC(MASK, "p"), "api.credentials.basic.username"},
        {OAUTH("i", "s", ""), BASIC("u", MASK), "api.credentials.basic.password"},
        {BASIC("u", "p"), OAUTH(MASK, "s", ""), "api.credentials.oauth.clientId"},
        {PAIR("a"), OAUTH("i", MASK, ""), "api.credentials.oauth.clientSecret"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct registry_key key = world_registered(w, world_service(w, rows[i].before, ""));
        struct registry_view view;
        assert_status(world_replace(w, &key, world_service(w, rows[i].after, ""), &view), E_INVALID);
        assert_text(w->refusal, FORMAT(w, "%s is ********, but there is nothing to keep", rows[i].field));
        assert_int_equal(world_find(w, &key).row.revision, 1);
        /* Nor is anything downloaded for it. */
        const char *with_url = FORMAT(w, "%s,'specificationUrl':'http://spec.example/a'", rows[i].after);
        assert_status(world_replace(w, &key, world_service(w, with_url, ""), &view), E_INVALID);
    }
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
}

static void keeps_replaces_and_removes_request_parameters(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *before, *after;
        enum expected expected;
        const char *value; /* of "headers" */
    } rows[] = {
        {"'requestParameters':{'headers':{'A':['1']}}", "'requestParameters':{'headers':{'A':['1']}}", KEPT,
         "{\"A\":[\"1\"]}"},
        {"'requestParameters':{'headers':{'A':['1']}}", "'requestParameters':{'headers':{'A':['2']}}", FRESH,
         "{\"A\":[\"2\"]}"},
        {"'requestParameters':{'headers':{'A':['1']}}", "'headers':{'A':['3']}", FRESH, "{\"A\":[\"3\"]}"},
        {"'requestParameters':{'headers':{'A':['1']}}", "", NONE, NULL},
        {"'requestParameters':{'headers':{'A':['1']}}", "'requestParameters':{}", FRESH, "(none)"},
        {"", "'requestParameters':{'headers':{'A':['1']}}", FRESH, "{\"A\":[\"1\"]}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct registry_key key = world_registered(w, world_service(w, rows[i].before, ""));
        const int64_t revision = world_secret_revision(w, &key, SECRET_PARAMETERS);
        struct registry_view view;
        assert_ok(world_replace(w, &key, world_service(w, rows[i].after, ""), &view));
        const int64_t now = world_secret_revision(w, &key, SECRET_PARAMETERS);
        assert_int_equal(now != 0, rows[i].expected != NONE);
        assert_int_equal(now == revision, rows[i].expected == KEPT);
        if (rows[i].value)
            assert_string_equal(world_secret(w, &key, SECRET_PARAMETERS, "headers"), rows[i].value);
    }
}

static void removes_every_secret_with_the_api(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(
        w, world_service(w, BASIC("u", "p") ",'requestParameters':{'headers':{'A':['1']}}", ""));
    struct registry_view view;
    assert_ok(world_replace(
        w, &key, "{'provider':'p','name':'n','description':'d','events':{'spec':{'asyncapi':'2.0.0'}}}",
        &view));
    assert_false(view.details.api.given);
    assert_text(view.row.target_url, "");
    assert_int_equal(world_secret_revision(w, &key, SECRET_CREDENTIALS), 0);
    assert_int_equal(world_secret_revision(w, &key, SECRET_PARAMETERS), 0);
}

static bool newest(void *ctx, const struct registry_history *h)
{
    *(int64_t *)ctx = h->sequence;
    return false;
}

static void keeps_the_pair_of_a_person_in_the_history(void **state)
{
    struct world *w = *state;
    static const char *const after[] = {PAIR("other"), BASIC("u", "p"), ""};
    const struct registry_key donor = world_registered(w, world_service(w, PAIR("own"), ""));
    const char *crt = world_secret(w, &donor, SECRET_CREDENTIALS, "crt");
    const char *private_key = world_secret(w, &donor, SECRET_CREDENTIALS, "key");
    const struct secret_item own[] = {{TEXT("crt"), text_bytes(text_of(crt))},
                                      {TEXT("key"), text_bytes(text_of(private_key))}};
    for (size_t i = 0; i < sizeof after / sizeof after[0]; i++) {
        const struct registry_key key = world_registered(w, world_service(w, PAIR("a"), ""));
        assert_ok(
            registry_secret_patch(w->registry, &world_caller, &key, SECRET_CREDENTIALS, own, 2, 0, &w->err));
        struct registry_view view;
        /* The same name keeps the very pair, whoever put it there. */
        assert_ok(world_replace(w, &key, world_service(w, PAIR("a"), ""), &view));
        assert_true(view.credential_by_hand);
        assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "crt"), crt);
        assert_ok(world_replace(w, &key, world_service(w, after[i], ""), &view));
        assert_false(view.credential_by_hand);
        assert_string_not_equal(world_secret(w, &key, SECRET_CREDENTIALS, "crt"), crt);
        /* Back to a pair: the person's is still there to be restored. */
        assert_ok(world_replace(w, &key, world_service(w, PAIR("back"), ""), &view));
        int64_t sequence = 0;
        assert_ok(registry_history_list(w->registry, &key, &w->arena, newest, &sequence, &w->err));
        assert_ok(registry_history_restore(w->registry, &world_caller, &key, sequence, &w->err));
        assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "crt"), crt);
        assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "commonName"), "back");
    }
}

/* ---- specifications ---- */

#define SPEC          "'spec':{'openapi':'3.0.0'}"
#define EVENTS        ",'events':{'spec':{'asyncapi':'1.0.0'}}"
#define DOCUMENTATION ",'documentation':{'displayName':'D','description':'d','type':'t'}"

static void keeps_the_specifications_unless_at_least_one_is_sent(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *api, *more;
        bool api_after, events_after, documentation_after;
    } rows[] = {
        {"", "", true, true, true},
        {"'spec':{'openapi':'3.1.0'}", "", true, false, false},
        {"", EVENTS, false, true, false},
        {"", DOCUMENTATION, false, false, true},
        {SPEC, EVENTS DOCUMENTATION, true, true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct registry_key key = world_registered(w, world_service(w, SPEC, EVENTS DOCUMENTATION));
        struct registry_view view;
        assert_ok(world_replace(w, &key, world_service(w, rows[i].api, rows[i].more), &view));
        const struct registry_view found = world_find(w, &key);
        const struct specification_ref *refs = found.row.specifications;
        assert_int_equal(refs[SPECIFICATION_API].present, rows[i].api_after);
        assert_int_equal(refs[SPECIFICATION_EVENTS].present, rows[i].events_after);
        assert_int_equal(refs[SPECIFICATION_DOCUMENTATION].present, rows[i].documentation_after);
        if (refs[SPECIFICATION_API].present)
            assert_string_equal(world_specification(w, &key, SPECIFICATION_API),
                                i == 1 ? "{\"openapi\":\"3.1.0\"}" : "{\"openapi\":\"3.0.0\"}");
    }
}

static void leaves_everything_as_it_was_when_the_download_fails(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, BASIC("u", "p") "," SPEC, EVENTS));
    fake_fetcher_answer(w->fetcher, FETCH_STATUS, 404, "404 Not Found", FETCH_FORMAT_JSON, "");
    struct registry_view view;
    assert_status(
        world_replace(w, &key, world_service(w, "'specificationUrl':'http://spec.example/a'", ""), &view),
        E_UPSTREAM);
    char id[SERVICE_ID_TEXT + 1];
    assert_string_equal(
        w->err.message,
        FORMAT(w,
               "Determining API spec for service with ID %s failed, Fetching API spec from URL "
               "failed with status 404 Not Found",
               service_id_text(key.id, id).p));
    assert_int_equal(world_find(w, &key).row.revision, 1);
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "password"), "p");
    assert_string_equal(world_specification(w, &key, SPECIFICATION_EVENTS), "{\"asyncapi\":\"1.0.0\"}");
}

/* ---- the row ---- */

static void replaces_everything_but_the_identifier(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, "'apiType':'x'",
                                                                      ",'identifier':'one',"
                                                                      "'shortDescription':'s',"
                                                                      "'labels':{'a':'b'}"));
    struct registry_view view;
    assert_ok(world_replace(w, &key,
                            "{'provider':'p2','name':'n2','description':'d2','identifier':'two',"
                            "'api':{'targetUrl':'https://other.com'}}",
                            &view));
    assert_text(view.row.identifier, "one");
    assert_text(view.row.name, "n2");
    assert_text(view.row.provider, "p2");
    assert_text(view.row.description, "d2");
    assert_text(view.row.short_description, "");
    assert_text(view.row.labels, "{\"connected-app\":\"shop\"}");
    assert_text(view.row.target_url, "https://other.com");
    assert_text(view.details.identifier, "one");
    const struct registry_view found = world_find(w, &key);
    assert_text(found.row.identifier, "one");
    assert_text(found.row.path_name, "n2");
    assert_int_equal(found.row.revision, 2);
    assert_int_equal(found.row.created_at, view.row.created_at);
    assert_int_equal(found.row.updated_at, view.row.updated_at);
    assert_true(text_equal(found.row.details, view.row.details));
    struct audit_entry audit;
    assert_int_equal(world_audit(w, "service.replace", &audit), 1);
    assert_text(audit.detail, "{\"name\":\"n2\",\"credentials\":\"none\"}");
}

static void refuses_a_revision_that_is_no_longer_the_one(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, "", ""));
    struct registry_view view;
    assert_ok(world_replace(w, &key, world_service(w, "", ""), &view));
    const struct registry_input in = {
        .details = world_details(w, world_service(w, "'specificationUrl':'http://spec.example/a'", ""))};
    assert_status(registry_replace(w->registry, &world_caller, &key, &in, 1, &w->arena, &view, &w->err),
                  E_CHANGED);
    assert_string_equal(w->err.message, "The service has revision 2, not 1");
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
    bool no_application = true;
    assert_status(registry_delete(w->registry, &world_caller, &key, 1, &no_application, &w->err), E_CHANGED);
    assert_ok(registry_delete(w->registry, &world_caller, &key, 2, &no_application, &w->err));
}

static void says_which_of_service_and_application_is_missing(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, "", ""));
    struct registry_key other = key, nowhere = key;
    other.id[0] ^= 1;
    nowhere.application = TEXT("nowhere");
    char id[SERVICE_ID_TEXT + 1];
    const char *no_service = FORMAT(w, "Reading service with ID %s failed, Service with ID %s not found",
                                    service_id_text(other.id, id).p, id);
    const char *no_application = FORMAT(w, "Reading service with ID %s failed, Application nowhere not found",
                                        service_id_text(key.id, id).p);
    struct registry_view view;
    assert_status(world_replace(w, &other, world_service(w, "", ""), &view), E_NOT_FOUND);
    assert_string_equal(w->err.message, no_service);
    assert_status(world_replace(w, &nowhere, world_service(w, "'specificationUrl':'http://a.b'", ""), &view),
                  E_NOT_FOUND);
    assert_string_equal(w->err.message, no_application);
    assert_status(registry_find(w->registry, &other, &w->arena, &view, &w->err), E_NOT_FOUND);
    assert_string_equal(w->err.message, no_service);
    assert_status(registry_find(w->registry, &nowhere, &w->arena, &view, &w->err), E_NOT_FOUND);
    assert_string_equal(w->err.message, no_application);

    bool missing = false;
    assert_status(registry_delete(w->registry, &world_caller, &nowhere, 0, &missing, &w->err), E_NOT_FOUND);
    assert_true(missing);
    assert_string_equal(w->err.message, "Application nowhere not found");
    assert_status(registry_delete(w->registry, &world_caller, &other, 0, &missing, &w->err), E_NOT_FOUND);
    assert_false(missing);
    struct registry_key parsed;
    assert_status(registry_key_parse(TEXT(""), TEXT("shop"), TEXT("zzz"), &parsed, &w->err), E_NOT_FOUND);
    assert_string_equal(w->err.message, "Reading service with ID zzz failed, Service with ID zzz not found");
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
}

static void deletes_a_service_with_its_secrets(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, BASIC("u", "p"), ""));
    const struct text name = world_find(w, &key).credential_secret;
    bool no_application = true;
    assert_ok(registry_delete(w->registry, &world_caller, &key, 0, &no_application, &w->err));
    struct registry_secret secret;
    struct registry_key found;
    assert_status(registry_secret_find(w->registry, TEXT(""), name, &w->arena, &secret, &found, &w->err),
                  E_NOT_FOUND);
    struct audit_entry audit;
    assert_int_equal(world_audit(w, "service.delete", &audit), 1);
    assert_text(audit.detail, "{\"name\":\"Orders\",\"credentials\":\"basic\"}");
}

static void changes_nothing_in_a_dry_run(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, BASIC("u", "p"), ""));
    const struct registry_input good = {
        .details = world_details(w, world_service(w, PAIR("a") ",'specificationUrl':'http://a.b'", "")),
        .dry_run = true};
    const struct registry_input bad = {
        .details = world_details(w, world_service(w, OAUTH(MASK, "s", ""), "")), .dry_run = true};
    struct registry_view view;
    assert_ok(registry_replace(w->registry, &world_caller, &key, &good, 0, &w->arena, &view, &w->err));
    assert_status(registry_replace(w->registry, &world_caller, &key, &bad, 0, &w->arena, &view, &w->err),
                  E_INVALID);
    assert_int_equal(world_find(w, &key).row.revision, 1);
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
}

static struct status replace_with_arena(struct world *w, const struct registry_key *key,
                                        const struct service_details *d)
{
    struct arena a;
    arena_init(&a, 4096, 1u << 20);
    const struct registry_input in = {.details = d};
    struct registry_view view;
    const struct status s = registry_replace(w->registry, &world_caller, key, &in, 0, &a, &view, NULL);
    arena_release(&a);
    return s;
}

static void survives_failing_allocations(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(
        w, world_service(w, BASIC("u", "p") ",'requestParameters':{'headers':{'X-H':['a']}}," SPEC, EVENTS));
    const struct service_details *d = world_details(
        w, world_service(w, OAUTH("i", "s", TOKEN_HEADERS) ",'requestParameters':{'headers':{'X-H':['b']}}",
                         DOCUMENTATION));
    assert_survives_failing_allocations(replace_with_arena(w, &key, d));
    assert_int_equal(world_find(w, &key).row.revision, 2);
    assert_int_equal(world_audit(w, "service.replace", NULL), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_world, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_a_mask_where_there_is_nothing_of_that_kind),
        T(refuses_a_revision_that_is_no_longer_the_one),
        T(says_which_of_service_and_application_is_missing),
        T(leaves_everything_as_it_was_when_the_download_fails),
        T(keeps_replaces_and_removes_credentials_as_the_contract_says),
        T(keeps_replaces_and_removes_request_parameters),
        T(removes_every_secret_with_the_api),
        T(keeps_the_pair_of_a_person_in_the_history),
        T(keeps_the_specifications_unless_at_least_one_is_sent),
        T(replaces_everything_but_the_identifier),
        T(deletes_a_service_with_its_secrets),
        T(changes_nothing_in_a_dry_run),
        T(survives_failing_allocations),
    };
    const int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    store_url = "";
    return failed + cmocka_run_group_tests_name("SQLite", tests, NULL, NULL);
}
