/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "desk.h"
#include "registry/configuration.h"
#include "registry/kept.h"

/* Calls by a secret that is kept under a name (contract 3.3). */

static struct status put(struct desk *d, const char *name, const struct secret_item *items, size_t count,
                         int64_t expected)
{
    const struct kept_change change = {
        .name = text_of(name), .items = items, .count = count, .expected_revision = expected};
    return registry_kept_put(d->world->registry, &world_caller, &change, NULL, &d->world->err);
}

#define ITEM(key, value)                                                                                     \
    {                                                                                                        \
        TEXT_INIT(key),                                                                                      \
        {                                                                                                    \
            (const uint8_t *)(value), sizeof(value) - 1                                                      \
        }                                                                                                    \
    }
#define PUT(d, name, ...)                                                                                    \
    do {                                                                                                     \
        const struct secret_item items_[] = {__VA_ARGS__};                                                   \
        assert_ok(put(d, name, items_, sizeof items_ / sizeof items_[0], 0));                                \
    } while (0)

static const struct hop_target *ask(struct desk *d, const char *secret, const char *entry)
{
    const struct credentials_question q = {.secret = text_of(secret), .entry = text_of(entry)};
    const struct credentials_parts parts = desk_parts(d);
    assert_ok(credentials_answer(d->credentials, &parts, &q, &d->world->arena, &d->target, &d->world->err));
    return &d->target;
}

static void refusals_are_the_contracts(void **state)
{
    struct desk *d = *state;
    desk_expect_refusal(ask(d, "s", "a"), 404, "secret 's' not found");
    desk_expect_refusal(ask(d, "../s", "a"), 404, "secret '../s' not found");
    desk_expect_refusal(ask(d, "", "a"), 404, "service with name  not found");
    assert_ok(put(d, "s", NULL, 0, 0));
    desk_expect_refusal(ask(d, "s", "a"), 400, "provided secret is empty");
    desk_expect_refusal(ask(d, "s", ""), 404, "secret 's' not found");
    PUT(d, "s", ITEM("A_TARGET_URL", "https://h.com"), ITEM("CONFIGURATION", "{"), ITEM("B_TARGET_URL", ""));
    desk_expect_refusal(ask(d, "s", "ab"), 404, "target URL for API ab not found in the s secret");
    desk_expect_refusal(ask(d, "s", "b"), 404, "target URL for API b not found in the s secret");
    desk_expect_refusal(
        ask(d, "s", "a"), 500,
        "failed to read API for a service, unexpected end of JSON input: 1 '{' not closed, the last at "
        "line 1, column 1");
}

static void a_name_is_found_in_capitals(void **state)
{
    struct desk *d = *state;
    PUT(d, "s", ITEM("NO-AUTH-1_TARGET_URL", "https://h.com/p?q"));
    const struct hop_target *t = ask(d, "s", "No-auth-1");
    assert_int_equal(t->status, 0);
    assert_text(t->application, "secret/s"); /* which no application may be called */
    assert_text(t->service, "no-auth-1");    /* one API, however it is spelled */
    assert_text(t->service_name, "no-auth-1");
    assert_text(t->host, "h.com");
    assert_text(t->path, "/p");
    assert_text(t->query, "q");
    assert_true(t->verify);
    assert_int_equal(t->authorization.n, 0);
    assert_int_equal(t->pairs.count, 1);
}

static void every_method_is_its_type(void **state)
{
    struct desk *d = *state;
    static const char all[] =
        "{\"CREDENTIALS\":{\"clientid\":\"i\",\"clientSecret\":\"s\",\"tokenUrl\":"
        "\"https://idp.com/t\",\"username\":\"u\",\"password\":\"p\",\"other\":[1],"
        "\"requestParameters\":{\"headers\":{\"X-T\":[\"1\"]}}},\"csrfConfig\":null,"
        "\"requestParameters\":{\"headers\":{\"X-A\":[\"1\",\"2\"]},\"queryParameters\":null}}";
    PUT(d, "s", ITEM("A_TARGET_URL", "https://h.com"), ITEM("CONFIGURATION", all),
        ITEM("CREDENTIALS_TYPE", "oauth"));
    assert_text(ask(d, "s", "a")->authorization, "Bearer t1");
    assert_int_equal(d->target.header_count, 2);
    assert_string_equal(fetcher_last(d->fetcher, FETCH_TOKEN),
                        "https://idp.com/t i:s X-T: 1 &client_id=i &client_secret=s "
                        "&grant_type=client_credentials");
    PUT(d, "s", ITEM("A_TARGET_URL", "https://h.com"), ITEM("CONFIGURATION", all),
        ITEM("CREDENTIALS_TYPE", "BASICAUTH"));
    assert_text(ask(d, "s", "a")->authorization, "Basic dTpw");
    static const char *const none[] = {"NoAuth", "", "Bearer"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        const struct secret_item items[] = {ITEM("A_TARGET_URL", "https://h.com"),
                                            ITEM("CONFIGURATION", all),
                                            {TEXT("CREDENTIALS_TYPE"), text_bytes(text_of(none[i]))}};
        assert_ok(put(d, "s", items, 3, 0));
        assert_int_equal(ask(d, "s", "a")->authorization.n, 0);
    }
}

static void csrf_is_an_apis_own(void **state)
{
    struct desk *d = *state;
    static const char csrf[] = "{\"csrfConfig\":{\"tokenUrl\":\"https://h.com/c\"}}";
    PUT(d, "s", ITEM("A_TARGET_URL", "https://h.com"), ITEM("B_TARGET_URL", "https://h.com"),
        ITEM("CONFIGURATION", csrf));
    PUT(d, "t", ITEM("A_TARGET_URL", "https://h.com"), ITEM("CONFIGURATION", csrf));
    assert_text(ask(d, "s", "a")->csrf_token, "c1");
    assert_text(ask(d, "s", "b")->csrf_token, "c2");
    assert_text(ask(d, "t", "a")->csrf_token, "c3");
    assert_text(ask(d, "s", "a")->csrf_token, "c1");
    assert_text(ask(d, "s", "A")->csrf_token, "c1");
    desk_expect_refusal(ask(d, "s", "Else"), 404, "target URL for API Else not found in the s secret");
}

static void a_configuration_that_would_break_a_request_is_refused(void **state)
{
    struct desk *d = *state;
    static const char *const rows[][3] = {
        {"", "{\"requestParameters\":{\"headers\":{\"A\":[\"x\\r\\ny\"]}}}", "a header value has no control"},
        {"", "{\"requestParameters\":{\"headers\":{\"Host\":[\"x\"]}}}", "this header cannot be set"},
        {"", "{\"requestParameters\":[]}", "requestParameters must be an object, not an array"},
        {"", "{\"credentials\":{\"clientId\":1}}", "credentials.clientId must be a string, not a number"},
        {"", "[]", "must be an object, not an array"},
        {"", "{} x", "unexpected data after the value at line 1, column 4"},
        {"oauth", "{\"credentials\":{\"clientId\":\"i\",\"clientSecret\":\"s\"}}",
         "credentials.tokenUrl is missing"},
        {"oauth", "{\"credentials\":{\"clientId\":\"i\",\"tokenUrl\":\"https://t\"}}",
         "credentials.clientSecret is missing"},
        {"oauth",
         "{\"credentials\":{\"clientId\":\"i\",\"tokenUrl\":\"https://"
         "t\",\"clientAuthentication\":\"certificate\"}}",
         "credentials.certificate is missing"},
        {"oauth",
         "{\"credentials\":{\"clientId\":\"i\",\"clientSecret\":\"s\",\"tokenUrl\":\"https://"
         "t\",\"scope\":\"\\u0001\"}}",
         "scope has words"},
        {"basicauth", "{}", "credentials.username is missing"},
        {"certificate", "{\"credentials\":{\"certificate\":\"AA\"}}",
         "credentials.certificate is neither base64 nor PEM"},
        {"certificate", "{\"credentials\":{\"certificate\":\" \\n\\t \"}}",
         "credentials.certificate is missing"},
        {"certificate", "{\"credentials\":{\"certificate\":\"-----BEGIN X\",\"privateKey\":\"\\n\"}}",
         "credentials.privateKey is missing"},
        {"certificate", "{\"credentials\":{\"certificate\":\"-----BEGIN X\"}}",
         "credentials.privateKey is missing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct configuration c;
        struct error err = {0};
        assert_status(
            configuration_read(text_of(rows[i][0]), text_of(rows[i][1]), &d->world->arena, &c, &err),
            E_INVALID);
        if (!strstr(err.message, rows[i][2]))
            fail_msg("%s: '%s', not '%s'", rows[i][1], err.message, rows[i][2]);
    }
}

/* ---- keeping ---- */

static void a_mask_keeps_what_is_stored(void **state)
{
    struct desk *d = *state;
    struct registry_kept k;
    const struct secret_item masked[] = {ITEM("B", "2"), ITEM("A", CREDENTIAL_MASK)};
    assert_status(put(d, "s", masked, 2, 0), E_INVALID);
    assert_string_equal(d->world->err.message, "data.A is ********, but there is nothing to keep");
    PUT(d, "s", ITEM("A", "1"));
    assert_ok(put(d, "s", masked, 2, 1));
    assert_ok(registry_kept_open(d->world->registry, TEXT(""), TEXT("s"), &d->world->arena, &k, NULL));
    assert_text(bytes_text(secret_data_get(&k.data, "A")), "1");
    assert_text(bytes_text(secret_data_get(&k.data, "B")), "2");
    assert_int_equal(k.revision, 2);
    secret_data_release(&k.data);
    assert_status(put(d, "s", masked, 2, 1), E_CHANGED);
    assert_status(put(d, "else", NULL, 0, 1), E_NOT_FOUND);
}

static void shows_what_is_no_secret(void **state)
{
    (void)state;
    static const struct {
        struct secret_item item;
        bool shown;
    } rows[] = {
        {ITEM("A_TARGET_URL", "https://h.com/p"), true},
        {ITEM("CREDENTIALS_TYPE", "OAuth"), true},
        {ITEM("A_TARGET_URL", "https://u:p@h.com"), false},
        {ITEM("A_TARGET_URL", "https://h.com/p?key=k"), false},
        {ITEM("CONFIGURATION", "{}"), false},
        {ITEM("A_TARGET_URLS", "https://h.com"), false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(registry_kept_is_shown(&rows[i].item), rows[i].shown);
}

static void refuses_names_and_keys_that_are_none(void **state)
{
    struct desk *d = *state;
    static const char *const names[] = {"", "-a", ".", "..", "a/b", "a b", "\xc3\xa4", "a\n"};
    const struct secret_item twice[] = {ITEM("A", "1"), ITEM("A", "2")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct secret_item one = {text_of(names[i]), BYTES_OF("v")};
        assert_status(put(d, names[i], NULL, 0, 0), E_INVALID);
        assert_status(put(d, "s", &one, 1, 0), E_INVALID);
    }
    assert_status(put(d, "s", twice, 2, 0), E_INVALID);
    assert_int_equal(world_audit(d->world, "secret.", NULL), 0);
}

static void what_changes_is_announced_and_audited(void **state)
{
    struct desk *d = *state;
    struct audit_entry newest;
    desk_expect_refusal(ask(d, "s", "a"), 404, "secret 's' not found");
    const struct page_pairs before = d->target.pairs;
    PUT(d, "other", ITEM("A_TARGET_URL", "https://h.com"));
    assert_true(page_pairs_current(&before, &d->world->page));
    PUT(d, "s", ITEM("A_TARGET_URL", "https://h.com"));
    assert_false(page_pairs_current(&before, &d->world->page));
    const struct page_pairs after = ask(d, "s", "a")->pairs;
    assert_ok(
        registry_kept_delete(d->world->registry, &world_caller, TEXT(""), TEXT("s"), 1, &d->world->err));
    assert_false(page_pairs_current(&after, &d->world->page));
    assert_int_equal(world_audit(d->world, "secret.", &newest), 3);
    assert_text(newest.action, "secret.delete");
    assert_text(newest.subject, "s");
    assert_status(
        registry_kept_delete(d->world->registry, &world_caller, TEXT(""), TEXT("s"), 0, &d->world->err),
        E_NOT_FOUND);
}

/* ---- the credentials of a service ---- */

static void a_services_credentials_lead_to_its_api(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_BASIC);
    const char *name = FORMAT(d->world, "app-shop-%s", id);
    static const char *const found[] = {"orders", NULL};
    for (size_t i = 0; i < 2; i++) {
        const struct hop_target *t = ask(d, name, found[i] ? found[i] : id);
        assert_int_equal(t->status, 0);
        assert_text(t->application, "shop");
        assert_text(t->service, id);
        assert_int_equal(t->pairs.count, 3);
    }
    desk_expect_refusal(ask(d, name, "Orders"), 404,
                        FORMAT(d->world, "target URL for API Orders not found in the %s secret", name));
    const char *other = FORMAT(d->world, "else-%s", id),
               *parameters = FORMAT(d->world, "params-app-shop-%s", id);
    desk_expect_refusal(ask(d, other, "orders"), 404, FORMAT(d->world, "secret '%s' not found", other));
    desk_expect_refusal(ask(d, parameters, "orders"), 404,
                        FORMAT(d->world, "secret '%s' not found", parameters));
    PUT(d, name, ITEM("ORDERS_TARGET_URL", "https://kept.com"));
    assert_text(ask(d, name, "orders")->host, "kept.com"); /* what an operator keeps goes first */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(refusals_are_the_contracts),
        DESK_TEST(a_name_is_found_in_capitals),
        DESK_TEST(every_method_is_its_type),
        DESK_TEST(csrf_is_an_apis_own),
        DESK_TEST(a_configuration_that_would_break_a_request_is_refused),
        DESK_TEST(a_mask_keeps_what_is_stored),
        cmocka_unit_test(shows_what_is_no_secret),
        DESK_TEST(refuses_names_and_keys_that_are_none),
        DESK_TEST(what_changes_is_announced_and_audited),
        DESK_TEST(a_services_credentials_lead_to_its_api),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
