/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "bundles.h"
#include "check.h"

/* What is in bundles: refusals, specifications and their fetch requests, lists. */

static void refuses_what_is_no_api(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL);
    const char *long_url = FORMAT(w, "https://h.com/%0250d", 1), *long_group = FORMAT(w, "%0101d", 1);
    struct member_input rows[15];
    static const char *const why[] = {"name",      "printable", "targetURL", "targetURL", "targetURL",
                                      "targetURL", "group",     "SemVer",    "SemVer",    "version",
                                      "only one",  "only one",  "format",    "format",    "url"};
    for (size_t i = 0; i < 15; i++)
        rows[i] = api_input("n", "https://h.com", i >= 10 ? "{}" : NULL);
    rows[0].name = TEXT("");
    rows[1].name = TEXT("a\nb");
    rows[2].target_url = TEXT("");
    rows[3].target_url = TEXT("h.com");
    rows[4].target_url = TEXT("ftp://h.com");
    rows[5].target_url = text_of(long_url);
    rows[6].group = text_of(long_group);
    rows[7].version = TEXT("{\"value\":\"1.0\"}");
    rows[8].version = TEXT("{\"value\":\"01.0.0\"}");
    rows[9].version = TEXT("1");
    rows[10].fetch.url = TEXT("https://h.com/spec");
    rows[11].data = (struct text){NULL, 0};
    rows[12].specification_format = FORMAT_XML;
    rows[13].specification_type = TEXT("ASYNC_API");
    rows[14].data = (struct text){NULL, 0};
    rows[14].fetch.url = TEXT("file:///etc/passwd");
    for (size_t i = 0; i < 15; i++) {
        struct member m;
        assert_status(member_make(w, &b, SERVICE_API, &rows[i], &m), E_INVALID);
        if (!strstr(w->err.message, why[i]))
            fail_msg("row %zu: %s", i, w->err.message);
    }
    assert_int_equal(world_audit(w, "api", NULL), 0);
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
}

static void takes_versions_that_are_semantic(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL);
    static const struct {
        const char *version;
        bool fine;
    } rows[] = {
        {"1.0.0", true},     {"0.0.4-alpha.1+build.05", true},
        {"1.0.0+001", true}, {"10.20.30-rc-1", true},
        {"1.0.0-01", false}, {"1.0.0-", false},
        {"1.0.0+", false},   {"v1.0.0", false},
        {"1..0", false},     {"1.0.0-a..b", false},
        {"", false},         {"1.0.0.0", false},
        {"1.0.0-0a", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct member m;
        struct member_input in = api_input("n", "https://h.com", NULL);
        in.version = text_of(FORMAT(w, "{\"value\":\"%s\"}", rows[i].version));
        if (member_make(w, &b, SERVICE_API, &in, &m).code != (rows[i].fine ? E_OK : E_INVALID))
            fail_msg("%s", rows[i].version);
    }
}

static void refuses_bundles_that_are_not_there(void **state)
{
    struct world *w = *state;
    struct bundle b = bundle_made(w, "b", NULL);
    const struct member_input in = api_input("n", "https://h.com", NULL);
    const struct member api = api_made(w, &b, "n");
    struct member m;
    const struct registry_scope elsewhere = {.tenant = TEXT("t")};
    assert_status(member_create(w->registry, &world_caller, &elsewhere, b.row.id, SERVICE_API, &in, &w->arena,
                                &m, &w->err),
                  E_INVALID);
    b.row = api.row;
    assert_status(member_make(w, &b, SERVICE_API, &in, &m), E_INVALID);
    assert_string_equal(w->err.message, "cannot add API to not existing bundle");
    b.row.id[0] ^= 1;
    assert_status(member_make(w, &b, SERVICE_EVENTS, &in, &m), E_INVALID);
    assert_string_equal(w->err.message, "cannot add Event Definition to not existing bundle");
    assert_status(member_get(w->registry, &elsewhere, NULL, api.row.id, SERVICE_API, &w->arena, &m, &w->err),
                  E_NOT_FOUND);
    assert_status(member_delete(w->registry, &world_caller, &elsewhere, api.row.id, SERVICE_API, &w->arena,
                                &m, &w->err),
                  E_NOT_FOUND);
    assert_status(member_update(w->registry, &world_caller, &elsewhere, api.row.id, SERVICE_API, &in,
                                &w->arena, &m, &w->err),
                  E_NOT_FOUND);
    assert_status(member_get(w->registry, &shop, NULL, api.row.id, SERVICE_EVENTS, &w->arena, &m, &w->err),
                  E_NOT_FOUND);
}

static void shows_what_was_sent(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL), other = bundle_made(w, "c", NULL);
    struct member_input in = api_input("My API", "https://h.com/x?y=1", "{\"openapi\":\"3.0.0\"}");
    in.description = TEXT("d");
    in.group = TEXT("g");
    in.version = TEXT("{\"value\":\"1.2.3\"}");
    struct member made, m;
    assert_ok(member_make(w, &b, SERVICE_API, &in, &made));
    assert_ok(member_get(w->registry, &shop, b.row.id, made.row.id, SERVICE_API, &w->arena, &m, &w->err));
    assert_text(m.row.name, "My API");
    assert_text(m.row.target_url, "https://h.com/x?y=1");
    assert_text(m.group, "g");
    assert_text(m.version, "{\"value\":\"1.2.3\"}");
    assert_true(m.specification.given);
    assert_text(m.specification.type, "OPEN_API");
    assert_int_equal(m.specification.format, FORMAT_JSON);
    assert_false(m.specification.fetch.given);
    assert_string_equal(content_of(w, &m), "{\"openapi\":\"3.0.0\"}");
    assert_status(
        member_get(w->registry, &shop, other.row.id, made.row.id, SERVICE_API, &w->arena, &m, &w->err),
        E_NOT_FOUND);
}

/* Answers of the Metadata API put JSON into JSON. */
static void json_that_is_none_is_kept_as_text(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL);
    const struct member_input in = api_input("n", "https://h.com", "content");
    struct member m;
    assert_ok(member_make(w, &b, SERVICE_API, &in, &m));
    assert_int_equal(m.specification.format, FORMAT_JSON);
    assert_int_equal(m.row.specifications[SPECIFICATION_API].format, FORMAT_TEXT);
    assert_string_equal(content_of(w, &m), "content");
}

static void a_document_has_a_title_and_more(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL);
    struct member_input in = {.name = TEXT("T\xc3\xaftle"),
                              .description = TEXT("d"),
                              .kind = TEXT("k"),
                              .specification_given = true,
                              .specification_type = TEXT("MARKDOWN"),
                              .specification_format = FORMAT_TEXT,
                              .data = TEXT("# Hi")};
    struct member m;
    assert_status(member_make(w, &b, SERVICE_DOCUMENT, &in, &m), E_INVALID);
    assert_non_null(strstr(w->err.message, "displayName"));
    in.display_name = TEXT("Title");
    assert_ok(member_make(w, &b, SERVICE_DOCUMENT, &in, &m));
    assert_text(m.display_name, "Title");
    assert_text(m.kind, "k");
    assert_string_equal(content_of(w, &m), "# Hi");
    in.data = (struct text){NULL, 0};
    in.fetch.url = TEXT("https://h.com/readme.md");
    assert_ok(member_make(w, &b, SERVICE_DOCUMENT, &in, &m));
    assert_int_equal(m.specification.fetch.condition, FETCH_INITIAL);
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
}

/* ---- fetch requests ---- */

static struct member_input fetched_api(const char *url)
{
    struct member_input in = api_input("n", "https://h.com", NULL);
    in.specification_given = true;
    in.specification_type = TEXT("OPEN_API");
    in.fetch.url = text_of(url);
    return in;
}

static void a_fetch_request_that_fails_refuses_nothing(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL);
    const struct member_input in = fetched_api("https://me:pw@h.com/spec");
    struct member m;
    fake_fetcher_answer(w->fetcher, FETCH_STATUS, 404, "404 Not Found", FETCH_FORMAT_JSON, "");
    assert_ok(member_make(w, &b, SERVICE_API, &in, &m));
    assert_int_equal(m.specification.fetch.condition, FETCH_FAILED);
    assert_text(m.specification.fetch.message, "While fetching Spec status code: 404");
    assert_false(m.specification.content->present);
    fake_fetcher_answer(w->fetcher, FETCH_UNREACHABLE, 0, "no such host", FETCH_FORMAT_JSON, "");
    assert_ok(member_make(w, &b, SERVICE_API, &in, &m));
    assert_text(m.specification.fetch.message, "While fetching Spec: no such host");
    assert_true(m.specification.fetch.at > 0);
}

static void other_modes_and_filters_are_kept_and_not_carried_out(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL);
    struct member_input in = fetched_api("https://h.com/spec");
    struct member m;
    in.fetch.mode = TEXT("INDEX");
    assert_ok(member_make(w, &b, SERVICE_API, &in, &m));
    assert_int_equal(m.specification.fetch.condition, FETCH_INITIAL);
    assert_text(m.specification.fetch.message, "Unsupported fetch mode: INDEX");
    assert_text(m.specification.fetch.mode, "INDEX");
    in.fetch.mode = TEXT("SINGLE");
    in.fetch.filter = TEXT("odata=x");
    assert_ok(member_make(w, &b, SERVICE_API, &in, &m));
    assert_int_equal(m.specification.fetch.condition, FETCH_INITIAL);
    assert_text(m.specification.fetch.filter, "odata=x");
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
}

static void a_document_is_fetched_again_with_the_auth_that_was_kept_for_it(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL);
    struct member_input in = fetched_api("https://h.com/spec");
    const struct text value = TEXT("v");
    const struct parameter header = {TEXT("X-A"), &value, 1};
    in.fetch.auth = basic_auth("me", "pw");
    in.fetch.auth.parameters = (struct request_parameters){.given = true, .headers = {&header, 1}};
    struct member m;
    fake_fetcher_answer(w->fetcher, FETCH_FINE, 200, "", FETCH_FORMAT_JSON, "{\"v\":1}");
    assert_ok(member_make(w, &b, SERVICE_API, &in, &m));
    assert_string_equal(fake_fetcher_last(w->fetcher), "document https://h.com/spec basic me:pw X-A=v ");
    assert_int_equal(m.specification.fetch.condition, FETCH_SUCCEEDED);
    assert_string_equal(content_of(w, &m), "{\"v\":1}");
    const struct registry_key key = world_key(m.row.id);
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "credentials"), "(none)");

    fake_fetcher_answer(w->fetcher, FETCH_FINE, 200, "", FETCH_FORMAT_YAML, "v: 2");
    assert_ok(
        member_refetch(w->registry, &world_caller, &shop, m.row.id, SERVICE_API, &w->arena, &m, &w->err));
    assert_string_equal(fake_fetcher_last(w->fetcher), "document https://h.com/spec basic me:pw X-A=v ");
    assert_string_equal(content_of(w, &m), "v: 2");
    assert_text(m.row.target_url, "https://h.com");

    fake_fetcher_answer(w->fetcher, FETCH_STATUS, 500, "500", FETCH_FORMAT_JSON, "");
    assert_ok(
        member_refetch(w->registry, &world_caller, &shop, m.row.id, SERVICE_API, &w->arena, &m, &w->err));
    assert_int_equal(m.specification.fetch.condition, FETCH_FAILED);
    assert_false(m.specification.content->present);
    assert_int_equal(m.row.revision, 3);
}

static void what_was_fetched_stays_while_the_fetcher_cannot_be_asked(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL);
    const struct member_input in = fetched_api("https://h.com/spec");
    struct member m, none;
    fake_fetcher_answer(w->fetcher, FETCH_FINE, 200, "", FETCH_FORMAT_JSON, "{\"v\":1}");
    assert_ok(member_make(w, &b, SERVICE_API, &in, &m));
    fake_fetcher_answer(w->fetcher, FETCH_OUTCOME_END, 0, "", FETCH_FORMAT_JSON, "");
    assert_status(
        member_refetch(w->registry, &world_caller, &shop, m.row.id, SERVICE_API, &w->arena, &none, &w->err),
        E_UNAVAILABLE);
    assert_non_null(strstr(w->err.message, "ended unexpectedly"));
    assert_status(member_update(w->registry, &world_caller, &shop, m.row.id, SERVICE_API, &in, &w->arena,
                                &none, &w->err),
                  E_UNAVAILABLE);
    assert_status(member_make(w, &b, SERVICE_API, &in, &none), E_UNAVAILABLE);
    assert_ok(member_get(w->registry, &shop, NULL, m.row.id, SERVICE_API, &w->arena, &m, &w->err));
    assert_int_equal(m.row.revision, 1);
    assert_int_equal(m.specification.fetch.condition, FETCH_SUCCEEDED);
    assert_string_equal(content_of(w, &m), "{\"v\":1}");
}

static void nothing_is_fetched_again_without_a_fetch_request(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL);
    const struct member plain = api_made(w, &b, "n");
    const struct member_input in = api_input("n", "https://h.com", "{}");
    struct member sent, m;
    assert_ok(member_make(w, &b, SERVICE_API, &in, &sent));
    assert_status(
        member_refetch(w->registry, &world_caller, &shop, plain.row.id, SERVICE_API, &w->arena, &m, &w->err),
        E_NOT_FOUND);
    assert_ok(
        member_refetch(w->registry, &world_caller, &shop, sent.row.id, SERVICE_API, &w->arena, &m, &w->err));
    assert_int_equal(m.row.revision, 1);
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
}

static void refuses_auths_that_no_document_is_fetched_with(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL);
    struct member_input in = fetched_api("https://h.com/spec");
    struct member m;
    in.fetch.auth = basic_auth("me", "pw");
    in.fetch.auth.credentials.basic.csrf = (struct csrf_details){true, TEXT("https://h.com/csrf")};
    assert_status(member_make(w, &b, SERVICE_API, &in, &m), E_INVALID);
    assert_non_null(strstr(w->err.message, "CSRF"));
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
}

/* ---- changes ---- */

static void an_update_without_a_specification_keeps_it(void **state)
{
    struct world *w = *state;
    const struct bundle_auth auth = basic_auth("me", "pw");
    const struct bundle b = bundle_made(w, "b", &auth);
    const struct member_input first = api_input("n", "https://h.com", "{}"),
                              second = api_input("Other", "https://other.com", NULL),
                              third = api_input("n", "https://h.com", "{\"a\":1}");
    struct member m;
    assert_ok(member_make(w, &b, SERVICE_API, &first, &m));
    assert_ok(member_update(w->registry, &world_caller, &shop, m.row.id, SERVICE_API, &second, &w->arena, &m,
                            &w->err));
    assert_ok(member_get(w->registry, &shop, NULL, m.row.id, SERVICE_API, &w->arena, &m, &w->err));
    assert_text(m.row.path_name, "other");
    assert_text(m.row.target_url, "https://other.com");
    assert_int_equal(m.row.credential_kind, CREDENTIAL_BASIC);
    assert_text(m.specification.type, "OPEN_API");
    assert_string_equal(content_of(w, &m), "{}");
    assert_ok(member_update(w->registry, &world_caller, &shop, m.row.id, SERVICE_API, &third, &w->arena, &m,
                            &w->err));
    assert_string_equal(content_of(w, &m), "{\"a\":1}");
    assert_int_equal(m.row.revision, 3);
    assert_ok(
        member_delete(w->registry, &world_caller, &shop, m.row.id, SERVICE_API, &w->arena, &m, &w->err));
    assert_status(member_get(w->registry, &shop, NULL, m.row.id, SERVICE_API, &w->arena, &m, &w->err),
                  E_NOT_FOUND);
    assert_int_equal(world_audit(w, "api.", NULL), 4);
}

struct names {
    char text[256];
};

static bool add_name(void *ctx, const struct member *m)
{
    struct names *n = ctx;
    snprintf(n->text + strlen(n->text), sizeof n->text - strlen(n->text), "%.*s ", TEXT_ARG(m->row.name));
    return true;
}

static void lists_pages_and_groups(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL), other = bundle_made(w, "c", NULL);
    api_made(w, &other, "elsewhere");
    for (int i = 0; i < 6; i++) {
        struct member m;
        struct member_input in = api_input(FORMAT(w, "a%d", i), "https://h.com", NULL);
        in.group = i % 2 ? TEXT("odd") : TEXT("even");
        assert_ok(member_make(w, &b, SERVICE_API, &in, &m));
    }
    static const struct {
        const char *group;
        struct offset_page page;
        const char *names;
        uint64_t total;
    } rows[] = {
        {"", {.offset = 0, .limit = 10}, "a0 a1 a2 a3 a4 a5 ", 6},
        {"", {.offset = 4, .limit = 1}, "a4 ", 6},
        {"odd", {.offset = 0, .limit = 10}, "a1 a3 a5 ", 3},
        {"even", {.offset = 1, .limit = 1}, "a2 ", 3},
        {"none", {.offset = 0, .limit = 10}, "", 0},
        {"odd", {.offset = 3, .limit = 1}, "", 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct names n = {""};
        uint64_t total = 99;
        assert_ok(member_list(w->registry, &shop, b.row.id, SERVICE_API, text_of(rows[i].group),
                              &rows[i].page, &w->arena, add_name, &n, &total, &w->err));
        assert_string_equal(n.text, rows[i].names);
        assert_int_equal(total, rows[i].total);
    }
}

static struct status list_odd(struct world *w, const struct bundle *b, struct names *out, uint64_t *out_total)
{
    const struct offset_page page = {.offset = 249, .limit = 4};
    *out = (struct names){""};
    return member_list(w->registry, &shop, b->row.id, SERVICE_API, TEXT("odd"), &page, &w->arena, add_name,
                       out, out_total, &w->err);
}

/* More than are looked at in one go; then more than are looked at. */
static void looks_for_a_group_among_many_but_not_any_number(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL);
    struct names n;
    uint64_t total = 0;
    for (int i = 0; i <= 5000; i++) {
        struct member m;
        struct member_input in = api_input(FORMAT(w, "a%d", i), "https://h.com", NULL);
        in.group = i % 2 ? TEXT("odd") : TEXT("");
        if (i == 502) {
            assert_ok(list_odd(w, &b, &n, &total));
            assert_string_equal(n.text, "a499 a501 ");
            assert_int_equal(total, 251);
        }
        assert_ok(member_make(w, &b, SERVICE_API, &in, &m));
        arena_reset(&w->arena);
    }
    assert_status(list_odd(w, &b, &n, &total), E_INVALID);
    assert_non_null(strstr(w->err.message, "group: the bundle holds more than 5000 definitions"));
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(refuses_what_is_no_api),
        WORLD_TEST(takes_versions_that_are_semantic),
        WORLD_TEST(refuses_bundles_that_are_not_there),
        WORLD_TEST(refuses_auths_that_no_document_is_fetched_with),
        WORLD_TEST(shows_what_was_sent),
        WORLD_TEST(json_that_is_none_is_kept_as_text),
        WORLD_TEST(a_document_has_a_title_and_more),
        WORLD_TEST(a_fetch_request_that_fails_refuses_nothing),
        WORLD_TEST(other_modes_and_filters_are_kept_and_not_carried_out),
        WORLD_TEST(a_document_is_fetched_again_with_the_auth_that_was_kept_for_it),
        WORLD_TEST(what_was_fetched_stays_while_the_fetcher_cannot_be_asked),
        WORLD_TEST(nothing_is_fetched_again_without_a_fetch_request),
        WORLD_TEST(an_update_without_a_specification_keeps_it),
        WORLD_TEST(lists_pages_and_groups),
        WORLD_TEST(looks_for_a_group_among_many_but_not_any_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
