/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "shop.h"

/* What a description must be (contract 1.4, 1.6), and what is accepted and shown all the same (1.5, 1.10, 9).
 */

#define PND        "\"provider\":\"p\",\"name\":\"n\",\"description\":\"d\""
#define API(rest)  "{" PND ",\"api\":{\"targetUrl\":\"https://h.com\"" rest "}}"
#define STRUCTURE  "Failed to validate request body, Incorrect structure of service definition, "
#define INVALID    "Failed to validate request body, "
#define UNREADABLE "Failed to unmarshal request body, "
#define NOT_OBJECT(what)                                                                                     \
    " is not a proper json object, json: cannot unmarshal " what " into Go value of type "                   \
    "map[string]*json.RawMessage"

struct row {
    const char *body, *error;
};

static void check_rows(const struct row *rows, size_t count)
{
    struct world *w = shop_open(NULL);
    const char *path = shop_path(w, shop_register(w, API("")));
    for (size_t i = 0; i < count; i++) {
        const char *expected = shop_printf(w, "{\"code\":400,\"error\":\"%s\"}\n", rows[i].error);
        assert_answer(shop(w, HTTP_POST, SHOP, rows[i].body), 400, expected);
        assert_answer(shop(w, HTTP_PUT, path, rows[i].body), 400, expected);
    }
    assert_says(shop(w, HTTP_GET, SHOP, ""), 200, "\"name\":\"n\"");
    world_close(w);
}

static void refuses_each_rule_of_the_first_stage(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{}", STRUCTURE "Provider field cannot be empty.;Name field cannot be empty.;Description field "
                         "cannot be empty."},
        {"null", STRUCTURE "Provider field cannot be empty.;Name field cannot be empty.;Description field "
                           "cannot be empty."},
        {"{" PND ",\"api\":{}}", STRUCTURE "targetUrl field cannot be empty."},
        {"{" PND ",\"api\":{\"targetUrl\":\"not a url\"}}",
         STRUCTURE "targetUrl: not a url does not validate as url"},
        {"{" PND ",\"api\":{\"targetUrl\":\"http://me:pass@-a\"}}",
         STRUCTURE "targetUrl: http://***:***@-a does not validate as url"},
        {API(",\"credentials\":{\"oauth\":{}}"),
         STRUCTURE "oauth url field cannot be empty;oauth clientId field cannot be empty;oauth clientSecret "
                   "cannot be empty"},
        {API(",\"credentials\":{\"oauth\":{\"url\":\"abcd\",\"clientId\":\"i\",\"clientSecret\":\"s\"}}"),
         STRUCTURE "url: abcd does not validate as url"},
        {API(",\"credentials\":{\"basic\":{}}"),
         STRUCTURE "basic auth username field cannot be empty;basic auth password field cannot be empty"},
        {API(",\"credentials\":{\"basic\":{\"username\":\"u\",\"password\":\"p\",\"csrfInfo\":{}}}"),
         STRUCTURE "tokenEndpointURL field cannot be empty"},
        {API(",\"credentials\":{\"basic\":{\"username\":\"u\",\"password\":\"p\","
             "\"csrfInfo\":{\"tokenEndpointURL\":\"abcd\"}}}"),
         STRUCTURE "tokenEndpointURL: abcd does not validate as url"},
        {API(",\"specificationCredentials\":{\"basic\":{}}"),
         STRUCTURE "basic auth username field cannot be empty;basic auth password field cannot be empty"},
        {"{" PND ",\"events\":{}}", STRUCTURE "spec cannot be empty"},
        {API("},\"documentation\":{"),
         STRUCTURE "displayName field cannot be empty in documentation;description field cannot be empty in "
                   "documentation;type field cannot be empty in documentation"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void refuses_each_later_stage(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{" PND "}", INVALID "At least one of service definition attributes: 'api', 'events' have to be "
                              "provided"},
        {"{" PND ",\"api\":null,\"events\":null}",
         INVALID "At least one of service definition attributes: 'api', 'events' have to be provided"},
        {API(",\"spec\":\"str\""), INVALID "api.Spec" NOT_OBJECT("string")},
        {API(",\"spec\":[1]"), INVALID "api.Spec" NOT_OBJECT("array")},
        {API(",\"spec\":5"), INVALID "api.Spec" NOT_OBJECT("number")},
        {API(",\"spec\":true"), INVALID "api.Spec" NOT_OBJECT("bool")},
        {API(",\"credentials\":{\"basic\":{\"username\":\"u\",\"password\":\"p\"},\"certificateGen\":{}}"),
         INVALID "api.CredentialsWithCSRF is invalid: to many authentication methods provided"},
        {API(",\"specificationCredentials\":{\"basic\":{\"username\":\"u\",\"password\":\"p\"},"
             "\"oauth\":{\"url\":\"https://h.com\",\"clientId\":\"i\",\"clientSecret\":\"s\"}}"),
         INVALID "api.CredentialsWithCSRF is invalid: to many authentication methods provided"},
        {"{" PND ",\"events\":{\"spec\":\"str\"}}", INVALID "events.Spec" NOT_OBJECT("string")},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void says_what_is_no_json_and_where(void **state)
{
    (void)state;
    static const struct {
        const char *body, *part;
    } rows[] = {
        {"", "unexpected end of JSON input"},
        {"{", "unexpected end of JSON input"},
        {"[]", ""},
        {"{\"name\":5}", "name"},
        {"{\"api\":\"x\"}", "api"},
        {"{\"api\":{\"requestParameters\":{\"headers\":{\"a\":\"b\"}}}}", "headers"},
        {"{} x", ""},
        {"{\n \"name\": \"n\",\n}", "trailing comma before '}' at line 3, column 1"},
    };
    struct world *w = shop_open(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer got = shop(w, HTTP_POST, SHOP, rows[i].body);
        assert_true(text_starts_with(got.body, TEXT("{\"code\":400,\"error\":\"" UNREADABLE)));
        assert_says(got, 400, rows[i].part);
    }
    world_close(w);
}

/* All of them, joined: longer than a line of struct error. */
static void cuts_no_list_of_violations(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    char url[1001] = "";
    for (size_t i = 0; i < 1000; i++)
        url[i] = ' ';
    const struct answer got = shop(w, HTTP_POST, SHOP,
                                   shop_printf(w,
                                               "{\"api\":{\"targetUrl\":\"%s\",\"credentials\":{\"oauth\":{},"
                                               "\"basic\":{}}},\"events\":{},\"documentation\":{}}",
                                               url));
    assert_says(got, 400, "Provider field cannot be empty.;Name field cannot be empty.;");
    assert_says(got, 400, ";type field cannot be empty in documentation\"}\n");
    world_close(w);
}

/* ---- accepted, and what GET shows of it ---- */

static void shows_what_it_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *body, *shown; /* behind the labels */
    } rows[] = {
        {API(""), ",\"api\":{\"targetUrl\":\"https://h.com\"}}"},
        {API(",\"credentials\":{}"), ",\"api\":{\"targetUrl\":\"https://h.com\"}}"},
        {API(",\"credentials\":{\"certificateGen\":{}}"), ",\"api\":{\"targetUrl\":\"https://h.com\"}}"},
        {API(",\"spec\":null"), ",\"api\":{\"targetUrl\":\"https://h.com\",\"spec\":null}}"},
        {API(",\"SPEC\":{ \"a\" : 2.0, \"a\":1e3,\"b\":18446744073709551615 }"),
         ",\"api\":{\"targetUrl\":\"https://"
         "h.com\",\"spec\":{\"a\":2.0,\"a\":1e3,\"b\":18446744073709551615}}}"},
        {API(",\"requestParameters\":{}"), ",\"api\":{\"targetUrl\":\"https://h.com\"}}"},
        {API(",\"headers\":{\"A\":[\"1\"]},\"queryParameters\":{\"q\":[\"2\"]}"),
         ",\"api\":{\"targetUrl\":\"https://h.com\",\"requestParameters\":{\"headers\":{\"A\":[\"1\"]},"
         "\"queryParameters\":{\"q\":[\"2\"]}}}}"},
        {API(",\"headers\":{\"A\":[\"1\"]},\"requestParameters\":{}"),
         ",\"api\":{\"targetUrl\":\"https://h.com\"}}"},
        {API(",\"apiType\":\"anything\""),
         ",\"api\":{\"targetUrl\":\"https://h.com\",\"apiType\":\"anything\"}}"},
        {API(",\"specificationCredentials\":{\"basic\":{\"username\":\"u\",\"password\":\"p\"}},"
             "\"specificationRequestParameters\":{\"headers\":{\"A\":[\"1\"]}}"),
         ",\"api\":{\"targetUrl\":\"https://h.com\"}}"},
        {"{" PND ",\"events\":{\"spec\":null}}", ",\"events\":{\"spec\":null}}"},
        {"{" PND ",\"EVENTS\":{\"Spec\":{}}}", ",\"events\":{\"spec\":{}}}"},
    };
    struct world *w = shop_open(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *path = shop_path(w, shop_register(w, rows[i].body));
        assert_answer(shop(w, HTTP_GET, path, ""), 200,
                      shop_printf(w, "{" PND ",\"labels\":{\"connected-app\":\"app1\"}%s\n", rows[i].shown));
    }
    world_close(w);
}

static void rewrites_swagger_two(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const char *id = shop_register(
        w, API(",\"spec\":{\"swagger\":\"2.0\",\"basePath\":\"/b\",\"schemes\":[\"https\"],\"host\":\"x\","
               "\"zzz\":1,\"x-a\":2,\"info\":{\"title\":\"t\"},\"paths\":{}}"));
    assert_says(shop(w, HTTP_GET, shop_path(w, id), ""), 200,
                shop_printf(w,
                            "\"spec\":{\"schemes\":[\"http\"],\"swagger\":\"2.0\",\"info\":{\"title\":\"t\"},"
                            "\"host\":\"app1-%s.kyma-integration.svc.cluster.local\",\"paths\":{},\"x-a\":2}",
                            id));
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_each_rule_of_the_first_stage),
        cmocka_unit_test(refuses_each_later_stage),
        cmocka_unit_test(says_what_is_no_json_and_where),
        cmocka_unit_test(cuts_no_list_of_violations),
        cmocka_unit_test(shows_what_it_accepted),
        cmocka_unit_test(rewrites_swagger_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
