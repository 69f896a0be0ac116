/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "desk.h"

/* Which service, what is refused, and what an answer depends on (contract 3.2, 3.9). */

#define NOBODY "00000000-1111-4222-8333-444444444444"

static void refuses_labels_that_name_nothing(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, "");
    const char *elsewhere = FORMAT(d->world, "service with ID %s not found", id);
    desk_expect_refusal(desk_ask_label(d, "shop-" NOBODY), 404, "service with ID " NOBODY " not found");
    desk_expect_refusal(desk_ask_label(d, "plain"), 404, "service with ID plain not found");
    desk_expect_refusal(desk_ask_label(d, FORMAT(d->world, "other-%s", id)), 404, elsewhere);
    desk_expect_refusal(desk_ask_label(d, FORMAT(d->world, "app-other-%s", id)), 404, elsewhere);
    desk_expect_refusal(desk_ask_label(d, FORMAT(d->world, "params-shop-%s", id)), 404, elsewhere);
    desk_expect_refusal(desk_ask_label(d, FORMAT(d->world, "params-app-shop-%s", id)), 404, elsewhere);
    desk_expect_refusal(desk_ask_label(d, FORMAT(d->world, "shop-shop-%s", id)), 404, elsewhere);
}

static void refuses_paths_that_name_nothing(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, "");
    desk_expect_refusal(desk_ask_path(d, "shop", "nothing"), 404, "service with name nothing not found");
    desk_expect_refusal(desk_ask_path(d, "shop", "Orders"), 404, "service with name Orders not found");
    desk_expect_refusal(desk_ask_path(d, "nobody", "orders"), 404, "service with name orders not found");
    desk_expect_refusal(desk_ask_path(d, "", "orders"), 404, "service with name orders not found");
    desk_expect_refusal(desk_ask_path(d, "", id), 404,
                        FORMAT(d->world, "service with name %s not found", id));
    desk_expect_refusal(desk_ask_path(d, "nobody", id), 404,
                        FORMAT(d->world, "service with name %s not found", id));
    desk_expect_refusal(desk_ask_path(d, "shop", NOBODY), 404, "service with name " NOBODY " not found");
    desk_expect_refusal(desk_ask_path(d, "shop", ""), 404, "service with name  not found");
}

static const char *events_only(struct desk *d)
{
    char id[SERVICE_ID_TEXT + 1];
    const struct registry_key key = world_registered(
        d->world, "{'provider':'SAP','name':'Orders','description':'d','events':{'spec':{}}}");
    return FORMAT(d->world, "%.*s", TEXT_ARG(service_id_text(key.id, id)));
}

static void refuses_what_has_no_api(void **state)
{
    struct desk *d = *state;
    const char *id = events_only(d);
    const char *message = FORMAT(d->world, "service with ID '%s' has no API", id);
    desk_expect_refusal(desk_ask_label(d, FORMAT(d->world, "shop-%s", id)), 400, message);
    desk_expect_refusal(desk_ask(d, id), 400, message);
    desk_expect_refusal(desk_ask_path(d, "shop", "orders"), 404, "service with name orders not found");
}

static void refuses_a_name_that_two_apis_have(void **state)
{
    struct desk *d = *state;
    events_only(d);
    const char *one = desk_service(d, "");
    assert_int_equal(desk_ask_path(d, "shop", "orders")->status, 0);
    const char *two = desk_service(d, "");
    desk_expect_refusal(
        desk_ask_path(d, "shop", "orders"), 400,
        FORMAT(d->world,
               "failed to get service with name 'orders': multiple services found: service.ID: '%s', "
               "service.DisplayName: 'Orders', entry.Name: 'Orders' | service.ID: '%s', "
               "service.DisplayName: 'Orders', entry.Name: 'Orders'",
               one, two));
    assert_int_equal(desk_ask(d, two)->status, 0);
}

static const char *at_url(struct desk *d, const char *url)
{
    char id[SERVICE_ID_TEXT + 1];
    const struct registry_key key = world_registered(
        d->world,
        FORMAT(d->world, "{'provider':'p','name':'n','description':'d','api':{'targetUrl':'%s'}}", url));
    return FORMAT(d->world, "%.*s", TEXT_ARG(service_id_text(key.id, id)));
}

static void refuses_urls_that_cannot_be_called(void **state)
{
    struct desk *d = *state;
    static const struct {
        const char *url, *shown, *why;
    } rows[] = {
        {"h.com/x", "h.com/x", "the scheme must be http or https"},
        {"ftp://h.com", "ftp://h.com", "the scheme must be http or https"},
        {"ws://me:secret@h.com", "ws://***:***@h.com", "the scheme must be http or https"},
        {"https://h.com:0/", "https://h.com:0/", "the port must be from 1 to 65535"},
        {"https://me:se@cret@h.com:99999", "https://***:***@h.com:99999", "the port must be from 1 to 65535"},
        {"https://ex\xc3\xa4mple.com", "https://ex\xc3\xa4mple.com",
         "the host must be a name in ASCII or an address"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        desk_expect_refusal(
            desk_ask(d, at_url(d, rows[i].url)), 500,
            FORMAT(d->world, "failed to parse target url '%s': '%s'", rows[i].shown, rows[i].why));
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_RESOLVE), 0);
}

static void takes_urls_apart(void **state)
{
    struct desk *d = *state;
    static const struct {
        const char *url, *host;
        uint16_t port;
        bool tls, port_is_default;
        const char *path, *query;
    } rows[] = {
        {"https://H.com", "h.com", 443, true, true, "", ""},
        {"http://h.com/", "h.com", 80, false, true, "/", ""},
        {"http://h.com:8080/a/b?x=1&y=%20#f", "h.com", 8080, false, false, "/a/b", "x=1&y=%20"},
        {"https://h.com:443?q", "h.com", 443, true, true, "", "q"},
        {"https://h.com:80#x?y", "h.com", 80, true, false, "", ""},
        {"https://me:pw@h.com/x", "h.com", 443, true, true, "/x", ""},
        {"https://[::1]:8443/x", "[::1]", 8443, true, false, "/x", ""},
        {"http://[2001:DB8::1]", "[2001:db8::1]", 80, false, true, "", ""},
        {"http://10.0.0.1:81/{id}/Xyz(1)", "10.0.0.1", 81, false, false, "/%7Bid%7D/Xyz(1)", ""},
        {"http://h.com/\xc3\xa4|<b>?a=<\xc3\xa4>", "h.com", 80, false, true, "/%C3%A4%7C%3Cb%3E",
         "a=%3C%C3%A4%3E"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        desk_renew(d); /* nothing is remembered of the row before */
        const struct hop_target *t = desk_ask(d, at_url(d, rows[i].url));
        assert_int_equal(t->status, 0);
        assert_text(t->host, rows[i].host);
        assert_int_equal(t->port, rows[i].port);
        assert_int_equal(t->tls, rows[i].tls);
        assert_int_equal(t->port_is_default, rows[i].port_is_default);
        assert_text(t->path, rows[i].path);
        assert_text(t->query, rows[i].query);
        assert_true(t->verify);
        assert_false(t->encode_url);
        assert_string_equal(fetcher_last(d->fetcher, FETCH_RESOLVE),
                            FORMAT(d->world, "%s:%u", rows[i].host, rows[i].port));
    }
}

static void finds_a_service_by_every_form_of_its_name(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_BASIC);
    const char *const labels[] = {"shop-%s", "app-shop-%s", "SHOP-%s", "App-Shop-%s"};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        struct text label = text_of(labels[i]);
        label.n -= 2;
        const struct hop_target *t = desk_ask_label(d, FORMAT(d->world, "%.*s%s", TEXT_ARG(label), id));
        assert_int_equal(t->status, 0);
        assert_text(t->service, id);
        assert_text(t->application, "shop");
        assert_text(t->authorization, "Basic YWxpY2U6czNjcmV0");
    }
    assert_text(desk_ask_path(d, "shop", "orders")->service, id);
    assert_text(desk_ask_path(d, "shop", id)->service, id);
}

static void finds_the_cut_forms_of_a_long_name(void **state)
{
    struct desk *d = *state;
    const struct application app = {.name = TEXT("toolong-application-name-and-more"), .created_at = 1};
    const struct audit_entry audit = {
        .at = 1, .last_at = 1, .count = 1, .action = TEXT("application.create")};
    assert_ok(store_application_create(d->world->store, &app, &audit));
    uint8_t raw[SERVICE_ID_SIZE];
    const struct registry_input in = {.details = world_details(d->world, world_service(d->world, "", ""))};
    assert_ok(registry_register(d->world->registry, &world_caller, TEXT(""), app.name, &in, &d->world->arena,
                                raw, &d->world->err));
    char id[SERVICE_ID_TEXT + 1];
    const char *id_text = service_id_text(raw, id).p;
    static const struct {
        const char *prefix;
        int status;
    } rows[] = {
        {"toolong-application-name-and-more-", 0}, {"app-toolong-application-name-and-more-", 0},
        {"toolong-application-name-a-", 0},        {"app-toolong-application-na-", 0},
        {"toolong-application-name-", 404},        {"app-toolong-application-name-a-", 404},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(desk_ask_label(d, FORMAT(d->world, "%s%.36s", rows[i].prefix, id_text))->status,
                         rows[i].status);
}

/* ---- what an answer depends on ---- */

static void forgets_an_answer_with_every_change_of_its_service(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_BASIC);
    struct registry_key key = {.tenant = TEXT(""), .application = TEXT("shop")};
    assert_true(service_id_parse(text_of(id), key.id));
    const char *label = FORMAT(d->world, "shop-%s", id);
    for (int by_name = 0; by_name < 2; by_name++) {
        const struct page *page = &d->world->page;
        struct page_pairs before =
            (by_name ? desk_ask_path(d, "shop", "orders") : desk_ask_label(d, label))->pairs;
        assert_true(page_pairs_current(&before, page));
        const struct secret_item password = {TEXT("password"), text_bytes(by_name ? TEXT("x") : TEXT("y"))};
        assert_ok(registry_secret_patch(d->world->registry, &world_caller, &key, SECRET_CREDENTIALS,
                                        &password, 1, 0, &d->world->err));
        assert_false(page_pairs_current(&before, page));
    }
    assert_text(desk_ask(d, id)->authorization, "Basic YWxpY2U6eA==");
}

static void forgets_a_refusal_when_the_service_comes(void **state)
{
    struct desk *d = *state;
    const struct page_pairs refused = desk_ask_path(d, "shop", "orders")->pairs;
    assert_true(page_pairs_current(&refused, &d->world->page));
    desk_service(d, "");
    assert_false(page_pairs_current(&refused, &d->world->page));
    const struct page_pairs one = desk_ask_path(d, "shop", "orders")->pairs;
    desk_service(d, ""); /* now there are two of that name */
    assert_false(page_pairs_current(&one, &d->world->page));
}

static void depends_on_the_application_by_every_address(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, "");
    const uint32_t application = page_application(TEXT(""), TEXT("shop"));
    const struct page_pairs pairs[] = {
        desk_ask_label(d, FORMAT(d->world, "shop-%s", id))->pairs,
        desk_ask_path(d, "shop", "orders")->pairs,
        desk_ask_path(d, "shop", id)->pairs,
    };
    page_bump(&d->world->page, application); /* what deleting it does */
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_false(page_pairs_current(&pairs[i], &d->world->page));
}

static void says_secrets_by_name_are_not_there(void **state)
{
    struct desk *d = *state;
    const struct credentials_question q = {.secret = TEXT("s1"), .entry = TEXT("orders")};
    const struct credentials_parts parts = desk_parts(d);
    assert_ok(credentials_answer(d->credentials, &parts, &q, &d->world->arena, &d->target, &d->world->err));
    desk_expect_refusal(&d->target, 404, "secret 's1' not found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(refuses_labels_that_name_nothing),
        DESK_TEST(refuses_paths_that_name_nothing),
        DESK_TEST(refuses_what_has_no_api),
        DESK_TEST(refuses_a_name_that_two_apis_have),
        DESK_TEST(refuses_urls_that_cannot_be_called),
        DESK_TEST(takes_urls_apart),
        DESK_TEST(finds_a_service_by_every_form_of_its_name),
        DESK_TEST(finds_the_cut_forms_of_a_long_name),
        DESK_TEST(forgets_an_answer_with_every_change_of_its_service),
        DESK_TEST(forgets_a_refusal_when_the_service_comes),
        DESK_TEST(depends_on_the_application_by_every_address),
        DESK_TEST(says_secrets_by_name_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
