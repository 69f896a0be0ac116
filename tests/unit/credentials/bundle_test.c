/* SPDX-License-Identifier: Apache-2.0 */
#include "../registry/bundles.h"
#include "base/clock.h"
#include "check.h"
#include "desk.h"

/* How an API of a bundle is called: /{app}/{bundle}/{api} (contract 3.9), with what its bundle has. */

#define NOBODY "00000000-1111-4222-8333-444444444444"

static const struct hop_target *ask_entry(struct desk *d, const char *service, const char *entry)
{
    const struct credentials_question q = {
        .application = TEXT("shop"), .service = text_of(service), .entry = text_of(entry)};
    const struct credentials_parts parts = desk_parts(d);
    d->target = (struct hop_target){.status = -1};
    assert_ok(credentials_answer(d->credentials, &parts, &q, &d->world->arena, &d->target, &d->world->err));
    return &d->target;
}

static const char *id_of(struct desk *d, const struct service *row)
{
    char id[SERVICE_ID_TEXT + 1];
    return FORMAT(d->world, "%.*s", TEXT_ARG(service_id_text(row->id, id)));
}

static void refuses_what_is_in_no_bundle(void **state)
{
    struct desk *d = *state;
    const struct bundle b = bundle_made(d->world, "Big", NULL), other = bundle_made(d->world, "Other", NULL);
    const struct member api = api_made(d->world, &other, "Api");
    desk_service(d, ""); /* orders */
    static const struct {
        const char *service, *entry;
    } rows[] = {{"big", "api"}, {"big", NOBODY}, {"nothing", "api"}, {NOBODY, "api"}, {"orders", "orders"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        desk_expect_refusal(ask_entry(d, rows[i].service, rows[i].entry), 404,
                            FORMAT(d->world, "service with name %s and entry name %s not found",
                                   rows[i].service, rows[i].entry));
    const char *id = id_of(d, &api.row);
    desk_expect_refusal(ask_entry(d, "big", id), 404,
                        FORMAT(d->world, "service with name big and entry name %s not found", id));
    desk_expect_refusal(
        ask_entry(d, id_of(d, &b.row), id), 404,
        FORMAT(d->world, "service with name %s and entry name %s not found", id_of(d, &b.row), id));
    desk_expect_refusal(desk_ask_path(d, "shop", "api"), 404, "service with name api not found");
    desk_expect_refusal(desk_ask_label(d, FORMAT(d->world, "shop-%s", id_of(d, &b.row))), 404,
                        FORMAT(d->world, "service with ID %s not found", id_of(d, &b.row)));
}

static void refuses_names_that_two_have(void **state)
{
    struct desk *d = *state;
    const struct bundle b = bundle_made(d->world, "Big", NULL);
    const struct member one = api_made(d->world, &b, "Api"), two = api_made(d->world, &b, "API");
    desk_expect_refusal(
        ask_entry(d, "big", "api"), 400,
        FORMAT(d->world,
               "failed to get service with name 'api': multiple services found: service.ID: '%s', "
               "service.DisplayName: 'Api', entry.Name: 'Api' | service.ID: '%s', "
               "service.DisplayName: 'API', entry.Name: 'API'",
               id_of(d, &one.row), id_of(d, &two.row)));
    assert_int_equal(ask_entry(d, "big", id_of(d, &two.row))->status, 0);
    bundle_made(d->world, "BIG", NULL);
    assert_int_equal(desk_ask_path(d, "shop", "big")->status, 400);
    assert_int_equal(ask_entry(d, "big", "api")->status, 400);
}

/* Whichever of them was first. */
static void a_bundle_takes_no_service_its_name(void **state)
{
    struct desk *d = *state;
    const struct bundle b = bundle_made(d->world, "Orders", NULL);
    const struct member api = api_made(d->world, &b, "Api");
    const struct hop_target *t = desk_ask_path(d, "shop", "orders");
    assert_true(t->bundle);
    const struct page_pairs before = t->pairs;
    const char *service = desk_service(d, ""); /* orders */
    assert_false(page_pairs_current(&before, &d->world->page));
    for (int i = 0; i < 2; i++) {
        t = desk_ask_path(d, "shop", "orders");
        assert_int_equal(t->status, 0);
        assert_false(t->bundle);
        assert_text(t->service, service);
        bundle_made(d->world, "ORDERS", NULL);
    }
    assert_text(ask_entry(d, id_of(d, &b.row), "api")->service, id_of(d, &api.row));
}

/* Of all ways this one depends on most: the secret's name, the API, its application, its bundle. */
static void an_api_is_found_by_its_secrets_name(void **state)
{
    struct desk *d = *state;
    const struct bundle_auth auth = basic_auth("me", "pw");
    const struct bundle b = bundle_made(d->world, "Big", &auth);
    const struct member api = api_made(d->world, &b, "Api");
    const char *secret = FORMAT(d->world, "shop-%s", id_of(d, &api.row));
    const struct credentials_question q = {.secret = text_of(secret), .entry = TEXT("api")};
    const struct credentials_parts parts = desk_parts(d);
    assert_ok(credentials_answer(d->credentials, &parts, &q, &d->world->arena, &d->target, &d->world->err));
    assert_int_equal(d->target.status, 0);
    assert_text(d->target.authorization, "Basic bWU6cHc=");
    assert_int_equal(d->target.pairs.count, PAGE_PAIRS_MAX);
    const struct page_pairs before = d->target.pairs;
    const struct bundle_input changed = {.name = TEXT("Big")};
    struct bundle now;
    assert_ok(bundle_update(d->world->registry, &world_caller, &shop, b.row.id, &changed, &d->world->arena,
                            &now, &d->world->err));
    assert_false(page_pairs_current(&before, &d->world->page));
}

static void a_name_or_id_says_that_it_is_a_bundle(void **state)
{
    struct desk *d = *state;
    const struct bundle_auth auth = basic_auth("me", "pw");
    const struct bundle b = bundle_made(d->world, "My Bundle", &auth);
    const char *const names[] = {"my-bundle", id_of(d, &b.row)};
    for (size_t i = 0; i < 2; i++) {
        const struct hop_target *t = desk_ask_path(d, "shop", names[i]);
        assert_int_equal(t->status, 0);
        assert_true(t->bundle);
        assert_int_equal(t->host.n + t->authorization.n, 0);
        assert_true(t->until > clock_now_s());
        assert_true(page_pairs_current(&t->pairs, &d->world->page));
    }
}

static void an_api_is_called_with_what_its_bundle_has(void **state)
{
    struct desk *d = *state;
    struct world *w = d->world;
    const struct bundle_auth first = basic_auth("me", "pw");
    const struct bundle b = bundle_made(w, "Big", &first);
    const struct member api = api_made(w, &b, "Api");
    const char *id = id_of(d, &api.row);
    const struct hop_target *t = ask_entry(d, "big", "api");
    assert_int_equal(t->status, 0);
    assert_false(t->bundle);
    assert_text(t->authorization, "Basic bWU6cHc=");
    assert_text(t->host, "h.com");
    assert_text(t->path, "/base");
    assert_text(t->service, id);
    assert_text(t->service_name, "big/api");
    assert_text(desk_ask_path(d, "shop", id)->authorization, "Basic bWU6cHc=");
    assert_text(desk_ask_label(d, FORMAT(w, "shop-%s", id))->authorization, "Basic bWU6cHc=");
    assert_text(ask_entry(d, id_of(d, &b.row), id)->authorization, "Basic bWU6cHc=");

    const struct bundle_input changed = {.name = TEXT("Big"), .auth = basic_auth("me", "new")};
    const struct page_pairs before = d->target.pairs;
    struct bundle now;
    assert_ok(bundle_update(w->registry, &world_caller, &shop, b.row.id, &changed, &w->arena, &now, &w->err));
    assert_false(page_pairs_current(&before, &w->page));
    assert_text(ask_entry(d, "big", "api")->authorization, "Basic bWU6bmV3");
}

/* Everything that an Auth may say, besides: a token, CSRF, headers, parameters. */
static void all_of_the_bundles_auth_is_for_its_apis(void **state)
{
    struct desk *d = *state;
    const struct text value = TEXT("v");
    const struct parameter header = {TEXT("X-A"), &value, 1}, query = {TEXT("q"), &value, 1};
    struct bundle_auth auth = {.given = true,
                               .parameters = {.given = true, .headers = {&header, 1}, .query = {&query, 1}}};
    auth.credentials.oauth.given = true;
    auth.credentials.oauth.url = TEXT("https://idp.com/token");
    auth.credentials.oauth.client_id = TEXT("cid");
    auth.credentials.oauth.client_secret = TEXT("c5ecret");
    auth.credentials.oauth.csrf = (struct csrf_details){true, TEXT("https://h.com/csrf")};
    const struct bundle b = bundle_made(d->world, "Big", &auth);
    api_made(d->world, &b, "One");
    api_made(d->world, &b, "Two");
    const struct hop_target *t = ask_entry(d, "big", "one");
    assert_int_equal(t->status, 0);
    assert_text(t->authorization, "Bearer t1");
    assert_true(t->csrf);
    assert_text(t->csrf_token, "c1");
    assert_int_equal(t->header_count, 1);
    assert_text(t->headers[0].name, "X-A");
    assert_text(t->query_fields[0].value, "v");
    assert_text(ask_entry(d, "big", "two")->authorization, "Bearer t1"); /* one token for all of them */
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 1);
}

static void an_answer_ends_with_the_api_the_bundle_and_their_names(void **state)
{
    struct desk *d = *state;
    struct world *w = d->world;
    const struct bundle b = bundle_made(w, "Big", NULL);
    const struct member one = api_made(w, &b, "One"), two = api_made(w, &b, "Two");
    struct page_pairs pairs = ask_entry(d, "big", "one")->pairs;
    struct member m;
    struct bundle gone;
    const struct member_input in = api_input("Else", "https://h.com", NULL);
    assert_ok(member_update(w->registry, &world_caller, &shop, one.row.id, SERVICE_API, &in, &w->arena, &m,
                            &w->err));
    assert_false(page_pairs_current(&pairs, &w->page));
    assert_int_equal(ask_entry(d, "big", "one")->status, 404);
    assert_int_equal(ask_entry(d, "big", "else")->status, 0);
    pairs = ask_entry(d, "big", "two")->pairs;
    assert_ok(
        member_delete(w->registry, &world_caller, &shop, two.row.id, SERVICE_API, &w->arena, &m, &w->err));
    assert_false(page_pairs_current(&pairs, &w->page));
    pairs = desk_ask_path(d, "shop", "big")->pairs;
    assert_ok(bundle_delete(w->registry, &world_caller, &shop, b.row.id, &w->arena, &gone, &w->err));
    assert_false(page_pairs_current(&pairs, &w->page));
    assert_int_equal(desk_ask_path(d, "shop", "big")->status, 404);
    assert_int_equal(ask_entry(d, "big", "else")->status, 404);
    assert_int_equal(desk_ask_path(d, "shop", id_of(d, &one.row))->status, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(refuses_what_is_in_no_bundle),
        DESK_TEST(refuses_names_that_two_have),
        DESK_TEST(a_bundle_takes_no_service_its_name),
        DESK_TEST(an_api_is_found_by_its_secrets_name),
        DESK_TEST(a_name_or_id_says_that_it_is_a_bundle),
        DESK_TEST(an_api_is_called_with_what_its_bundle_has),
        DESK_TEST(all_of_the_bundles_auth_is_for_its_apis),
        DESK_TEST(an_answer_ends_with_the_api_the_bundle_and_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
