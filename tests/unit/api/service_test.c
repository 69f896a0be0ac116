/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "base/json_scan.h"
#include "shop.h"

/* Services and what applications say of them in the native API. */

#define BASE "/api/v1/applications/app1/services"
#define BASIC                                                                                                \
    "{\"provider\":\"SAP\",\"name\":\"orders\",\"description\":\"d\",\"shortDescription\":\"s\","            \
    "\"identifier\":\"i1\",\"labels\":{\"region\":\"eu\"},\"api\":{\"targetUrl\":\"https://h.com\","         \
    "\"credentials\":{\"basic\":{\"username\":\"me\",\"password\":\"hunter2\"}},"                            \
    "\"requestParameters\":{\"headers\":{\"A\":[\"1\"]}},\"spec\":{ \"openapi\": \"3.0.0\" }}}"
#define PLAIN                                                                                                \
    "{\"provider\":\"p\",\"name\":\"n\",\"description\":\"d\",\"api\":{\"targetUrl\":\"https://t.com\"}}"
#define NONE "11111111-2222-4333-8444-555555555555"

static struct answer native(struct world *w, enum http_method method, const char *target, const char *body,
                            struct field field)
{
    const struct ask in = {.method = method,
                           .target = target,
                           .listener = ON_CONTROL,
                           .principal = {.kind = PRINCIPAL_OPERATOR, .uid = 1000, .actor = TEXT("uid:1000")},
                           .fields = {field},
                           .body = text_of(body)};
    return ask(w, &in);
}

static struct answer plain(struct world *w, enum http_method method, const char *target, const char *body)
{
    return native(w, method, target, body, (struct field){0});
}

static struct text header_of(const struct answer *a, struct text name)
{
    return headers_get(&a->headers, name);
}

/* Registers; its path. */
static const char *made(struct world *w, const char *body)
{
    const struct answer got = plain(w, HTTP_POST, BASE, body);
    if (got.status != 201)
        fail_msg("%d %.*s", got.status, TEXT_ARG(got.body));
    return arena_cstr(&w->arena, got.location);
}

static void refuses_what_it_does_not_understand(void **state)
{
    (void)state;
    static const struct {
        enum http_method method;
        const char *target, *body;
        int status;
        const char *detail;
    } rows[] = {
        {HTTP_POST, "/api/v1/applications/none/services", PLAIN, 404, "There is no application none"},
        {HTTP_GET, "/api/v1/applications/none/services", "", 404, "There is no application none"},
        {HTTP_GET, "/api/v1/applications/none/services/" NONE, "", 404, "There is no application none"},
        {HTTP_GET, BASE "/" NONE, "", 404, "The application app1 has no service " NONE},
        {HTTP_GET, BASE "/zzz", "", 404, "The application app1 has no service zzz"},
        {HTTP_PUT, BASE "/" NONE, PLAIN, 404, "The application app1 has no service"},
        {HTTP_DELETE, BASE "/" NONE, "", 404, "The application app1 has no service"},
        {HTTP_DELETE, BASE "/zzz", "", 404, "The application app1 has no service zzz"},
        {HTTP_GET, BASE "/" NONE "/specification", "", 404, "The application app1 has no service"},
        {HTTP_GET, BASE "/" NONE "/specification?kind=x", "", 400, "kind=x is not known"},
        {HTTP_POST, BASE "/" NONE "/specification/refresh", "", 404, "The application app1 has no service"},
        {HTTP_GET, BASE "/" NONE "/credentials", "", 404, "The application app1 has no service"},
        {HTTP_PUT, BASE "/" NONE "/credentials", "{}", 400, "certificate and key"},
        {HTTP_POST, BASE "/" NONE "/credentials/restore", "{}", 400, "sequence must be a number"},
        {HTTP_POST, BASE "/" NONE "/credentials/restore", "{\"sequence\":-1}", 400, "sequence must be"},
        {HTTP_POST, BASE "/" NONE "/credentials/restore", "{\"sequence\":1e3}", 400, "sequence must be"},
        {HTTP_POST, BASE, "", 400, "\"detail\":\"unexpected end of JSON input\""},
        {HTTP_POST, BASE, "{\"nmae\":\"n\"}", 400, "nmae"},
        {HTTP_POST, BASE, "{}", 400, "Incorrect structure of service definition, Provider field"},
        {HTTP_POST, BASE "?dryRun=perhaps", PLAIN, 400, "dryRun=perhaps is not known"},
        {HTTP_GET, BASE "?limit=501", "", 400, "limit must be"},
        {HTTP_PATCH, "/api/v1/applications/none", "{\"description\":\"d\"}", 404, "no application none"},
        {HTTP_PATCH, "/api/v1/applications/app1", "{}", 400, "nothing to change"},
        {HTTP_PATCH, "/api/v1/applications/app1", "{\"description\":5}", 400, "description must be a string"},
        {HTTP_PATCH, "/api/v1/applications/app1", "{\"labels\":{\"a\":1}}", 400, "labels"},
        {HTTP_PATCH, "/api/v1/applications/app1", "{\"labels\":[]}", 400, "labels"},
        {HTTP_PATCH, "/api/v1/applications/app1", "{\"labels\":{\"\":\"x\"}}", 400, "label's name"},
        {HTTP_POST, "/api/v1/applications", "{\"name\":\"x\",\"labels\":\"y\"}", 400, "labels"},
    };
    struct world *w = shop_open(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer got = plain(w, rows[i].method, rows[i].target, rows[i].body);
        assert_says(got, rows[i].status, rows[i].detail);
        assert_text(got.content_type, "application/problem+json");
    }
    world_close(w);
}

static void registers_shows_and_deletes(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const struct answer got = plain(w, HTTP_POST, BASE, BASIC);
    assert_int_equal(got.status, 201);
    assert_text(header_of(&got, TEXT("ETag")), "\"1\"");
    const char *id = arena_cstr(&w->arena, answer_member(w, got.body, "id"));
    assert_text(got.location, shop_printf(w, BASE "/%s", id));
    assert_says(got, 201,
                shop_printf(w,
                            "{\"id\":\"%s\",\"application\":\"app1\",\"role\":\"service\","
                            "\"bundle\":null,\"revision\":1,",
                            id));
    assert_says(got, 201,
                "\"shortDescription\":\"s\",\"identifier\":\"i1\","
                "\"labels\":{\"connected-app\":\"app1\",\"region\":\"eu\"},\"api\":{");
    assert_says(got, 201,
                "\"credentials\":{\"basic\":{\"username\":\"********\",\"password\":\"********\"}}");
    assert_says(got, 201,
                shop_printf(w, "\"credentialSecret\":\"app-app1-%s\",\"credentialsByHand\":false", id));
    assert_says(got, 201, shop_printf(w, "\"parameterSecret\":\"params-app-app1-%s\"", id));
    assert_says(got, 201, "\"specification\":{\"format\":\"json\",\"bytes\":");
    assert_says(got, 201, "\"events\":null,\"documentation\":null,\"call\":{");
    assert_false(says(got, "hunter2"));
    assert_ok(json_scan(got.body, NULL));

    const char *path = arena_cstr(&w->arena, got.location);
    const struct answer shown = plain(w, HTTP_GET, path, "");
    assert_int_equal(shown.status, 200);
    assert_true(text_equal(shown.body, got.body));
    const struct answer known =
        native(w, HTTP_GET, path, "", (struct field){"If-None-Match", "\"0\", W/\"1\""});
    assert_answer(known, 304, "");
    assert_text(header_of(&known, TEXT("ETag")), "\"1\"");
    assert_says(plain(w, HTTP_POST, BASE, BASIC), 409, "Service with Identifier i1 already exists");
    assert_answer(plain(w, HTTP_DELETE, path, ""), 204, "");
    assert_int_equal(plain(w, HTTP_GET, path, "").status, 404);
    assert_int_equal(world_audit(w, "service.", NULL), 2);
    world_close(w);
}

static void tries_without_doing(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    assert_says(plain(w, HTTP_POST, BASE "?dryRun=true", BASIC), 200, "{\"valid\":true}");
    assert_says(plain(w, HTTP_POST, BASE "?dryRun=true", "{}"), 400, "Provider field");
    assert_says(plain(w, HTTP_GET, BASE, ""), 200, "{\"services\":[],\"next\":null}");
    const char *path = made(w, BASIC);
    assert_says(plain(w, HTTP_POST, BASE "?dryRun=true", BASIC), 409, "already exists");
    assert_says(plain(w, HTTP_PUT, shop_printf(w, "%s?dryRun=true", path), PLAIN), 200, "{\"valid\":true}");
    assert_says(plain(w, HTTP_GET, path, ""), 200, "\"revision\":1,");
    world_close(w);
}

static void changes_only_what_was_seen(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const char *path = made(w, PLAIN);
    assert_says(native(w, HTTP_PUT, path, PLAIN, (struct field){"If-Match", "\"2\""}), 412,
                "The service is at revision 1");
    assert_says(native(w, HTTP_PUT, path, PLAIN, (struct field){"If-Match", "W/\"1\""}), 412, "revision 1");
    assert_says(native(w, HTTP_PUT, path, PLAIN, (struct field){"If-Match", "1"}), 400,
                "If-Match is neither");
    const struct answer changed =
        native(w, HTTP_PUT, path, PLAIN, (struct field){"If-Match", "\"0\", \"1\""});
    assert_says(changed, 200, "\"revision\":2,");
    assert_text(header_of(&changed, TEXT("ETag")), "\"2\"");
    assert_says(native(w, HTTP_PUT, path, PLAIN, (struct field){"If-Match", "*"}), 200, "\"revision\":3,");
    assert_says(plain(w, HTTP_PUT, path, PLAIN), 200, "\"revision\":4,");
    assert_int_equal(native(w, HTTP_DELETE, path, "", (struct field){"If-Match", "\"3\""}).status, 412);
    assert_int_equal(native(w, HTTP_DELETE, path, "", (struct field){"If-Match", "\"4\""}).status, 204);
    /* not there is not there, whatever is asked of it */
    assert_int_equal(native(w, HTTP_DELETE, path, "", (struct field){"If-Match", "*"}).status, 404);
    world_close(w);
}

static void lists_in_pages_and_by_filters(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    (void)made(w, BASIC);
    (void)made(w, PLAIN);
    assert_int_equal(plain(w, HTTP_POST, "/api/v1/applications/app2/services", PLAIN).status, 201);
    const struct answer first = plain(w, HTTP_GET, BASE "?limit=1", "");
    assert_says(first, 200,
                "\"name\":\"orders\",\"pathName\":\"orders\",\"provider\":\"SAP\",\"description\":\"d\","
                "\"identifier\":\"i1\"");
    assert_says(first, 200, "\"targetUrl\":\"https://h.com\",\"credentials\":\"basic\",\"createdAt\":\"");
    const struct text next = answer_member(w, first.body, "next");
    const struct text encoded = path_segment_encode(next, &w->arena);
    const struct answer second =
        plain(w, HTTP_GET, shop_printf(w, BASE "?limit=1&after=%.*s", TEXT_ARG(encoded)), "");
    assert_says(second, 200, "\"name\":\"n\"");
    assert_says(second, 200, "\"credentials\":\"none\"");

    static const struct {
        const char *query;
        bool orders, n;
    } rows[] = {
        {"", true, true},
        {"?name=RDER", true, false},
        {"?provider=sap", true, false},
        {"?target=t.com", false, true},
        {"?label=region", true, false},
        {"?label=region%3Deu", true, false},
        {"?label=region%3Dus", false, false},
        {"?label=region%3D", false, false},
        {"?label=connected-app%3Dapp1&name=n", false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer got = plain(w, HTTP_GET, shop_printf(w, BASE "%s", rows[i].query), "");
        assert_int_equal(got.status, 200);
        if (says(got, "\"name\":\"orders\"") != rows[i].orders || says(got, "\"name\":\"n\"") != rows[i].n)
            fail_msg("%s: %.*s", rows[i].query, TEXT_ARG(got.body));
    }
    assert_says(plain(w, HTTP_GET, "/api/v1/services?target=t.com", ""), 200, "\"application\":\"app2\"");
    world_close(w);
}

static void gives_specifications_as_they_were_sent(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const char *path = made(w, BASIC);
    const struct answer got = plain(w, HTTP_GET, shop_printf(w, "%s/specification", path), "");
    assert_answer(got, 200, "{ \"openapi\": \"3.0.0\" }");
    assert_text(got.content_type, "application/json");
    assert_text(header_of(&got, TEXT("X-Content-Type-Options")), "nosniff");
    assert_true(
        text_starts_with(header_of(&got, TEXT("Content-Disposition")), TEXT("attachment; filename=\"")));
    assert_says(plain(w, HTTP_GET, shop_printf(w, "%s/specification?kind=events", path), ""), 404,
                "no specification of kind events");
    assert_int_equal(plain(w, HTTP_POST, shop_printf(w, "%s/specification/refresh", path), "").status, 400);
    world_close(w);
}

static void replaces_credentials_by_hand(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const char *path = shop_printf(w, "%s/credentials", made(w, BASIC));
    assert_says(plain(w, HTTP_GET, path, ""), 200,
                "\"kind\":\"basic\",\"byHand\":false,\"revision\":1,\"updatedAt\":\"");
    assert_says(plain(w, HTTP_GET, path, ""), 200,
                "\"keys\":[\"username\",\"password\"],\"certificate\":null,\"history\":[]}");
    const struct answer changed = plain(w, HTTP_PUT, path, "{\"username\":\"you\",\"password\":\"hunter3\"}");
    assert_says(changed, 200, "\"byHand\":true,\"revision\":2,");
    assert_false(says(changed, "hunter3"));
    assert_int_equal(plain(w, HTTP_PUT, path, "{\"clientId\":\"x\"}").status, 400);
    assert_int_equal(plain(w, HTTP_POST, shop_printf(w, "%s/restore", path), "{\"sequence\":12345}").status,
                     404);
    const char *none = shop_printf(w, "%s/credentials", made(w, PLAIN));
    assert_says(plain(w, HTTP_GET, none, ""), 404, "has no credentials");
    assert_int_equal(plain(w, HTTP_PUT, none, "{\"username\":\"x\"}").status, 404);
    world_close(w);
}

static void shows_what_applications_have(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    (void)made(w, PLAIN);
    (void)world_certificate(w, "app1");
    assert_says(plain(w, HTTP_POST, "/api/v1/applications",
                      "{\"name\":\"x\",\"labels\":{\"b\":\"2\",\"a\":\"<1>\"}}"),
                201, "\"labels\":{\"a\":\"\\u003c1\\u003e\",\"b\":\"2\"},\"services\":0,");
    assert_says(plain(w, HTTP_GET, "/api/v1/applications/app1", ""), 200, "\"labels\":{},\"services\":1,");
    assert_says(plain(w, HTTP_GET, "/api/v1/applications/app1", ""), 200, "\"certificates\":1}");
    assert_says(plain(w, HTTP_PATCH, "/api/v1/applications/x", "{\"description\":\"new\"}"), 200,
                "\"description\":\"new\",\"labels\":{\"a\":");
    assert_says(plain(w, HTTP_PATCH, "/api/v1/applications/x", "{\"labels\":{\"c\":\"3\"}}"), 200,
                "\"description\":\"new\",\"labels\":{\"c\":\"3\"}");
    assert_says(plain(w, HTTP_PATCH, "/api/v1/applications/x", "{\"labels\":{},\"description\":\"\"}"), 200,
                "\"description\":\"\",\"labels\":{}");
    assert_int_equal(world_audit(w, "application.update", NULL), 3);
    assert_says(plain(w, HTTP_GET, "/api/v1/status", ""), 200,
                "\"registry\":{\"services\":1,\"specifications\":0,\"specificationBytes\":0}");
    assert_says(plain(w, HTTP_GET, "/metrics", ""), 200, "\nfairlead_services 1\n");
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_it_does_not_understand),
        cmocka_unit_test(registers_shows_and_deletes),
        cmocka_unit_test(tries_without_doing),
        cmocka_unit_test(changes_only_what_was_seen),
        cmocka_unit_test(lists_in_pages_and_by_filters),
        cmocka_unit_test(gives_specifications_as_they_were_sent),
        cmocka_unit_test(replaces_credentials_by_hand),
        cmocka_unit_test(shows_what_applications_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
