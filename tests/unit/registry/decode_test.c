/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/decode.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "check.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define END         "unexpected end of JSON input"

static struct status decode(struct arena *a, const char *body, unsigned flags, struct service_details *out,
                            struct error *err)
{
    arena_init(a, 4096, LIMIT_REQUEST_ARENA);
    return service_decode(text_of(body), flags, a, out, err);
}

/* ---- what is refused, in which words ---- */

static const struct {
    const char *body, *words;
} refused[] = {
    {"", END},
    {"{", END ": 1 '{' not closed, the last at line 1, column 1"},
    {"[]", "a JSON object is expected, not an array"},
    {"\"x\"", "a JSON object is expected, not a string"},
    {"17", "a JSON object is expected, not a number"},
    {"true", "a JSON object is expected, not a boolean"},
    {"{} x", "unexpected data after the value at line 1, column 4"},
    {"{\"name\":5}", "name must be a string, not a number"},
    {"{\"NAME\":[]}", "NAME must be a string, not an array"},
    {"{\"api\":\"x\"}", "api must be an object, not a string"},
    {"{\"events\":[]}", "events must be an object, not an array"},
    {"{\"labels\":[]}", "labels must be an object of strings, not an array"},
    {"{\"labels\":{\"a\":1}}", "labels.a must be a string, not a number"},
    {"{\"api\":{\"targetUrl\":{}}}", "api.targetUrl must be a string, not an object"},
    {"{\"api\":{\"requestParameters\":{\"headers\":\"x\"}}}",
     "api.requestParameters.headers must be an object of arrays of strings, not a string"},
    {"{\"api\":{\"requestParameters\":{\"headers\":{\"X-A\":\"x\"}}}}",
     "api.requestParameters.headers.X-A must be an array of strings, not a string"},
    {"{\"api\":{\"requestParameters\":{\"headers\":{\"X-A\":[\"x\",1]}}}}",
     "api.requestParameters.headers.X-A[1] must be a string, not a number"},
    {"{\"api\":{\"headers\":{\"X-A\":false}}}", "api.headers.X-A must be an array of strings, not a boolean"},
    {"{\"api\":{\"credentials\":{\"certificateGen\":{\"certificate\":1}}}}",
     "api.credentials.certificateGen.certificate must be a string, not a number"},
    {"{\"api\":{\"credentials\":{\"basic\":{\"csrfInfo\":{\"tokenEndpointURL\":7}}}}}",
     "api.credentials.basic.csrfInfo.tokenEndpointURL must be a string, not a number"},
    {"{\"documentation\":{\"tags\":{}}}", "documentation.tags must be an array of strings, not an object"},
    {"{\"documentation\":{\"docs\":[{},{\"title\":1}]}}",
     "documentation.docs[1].title must be a string, not a number"},
    {"{\"documentation\":{\"docs\":[1]}}", "documentation.docs[0] must be an object, not a number"},
    {"{\"documentation\":{\"docs\":1}}", "documentation.docs must be an array of objects, not a number"},
};

static void refuses_in_words_with_the_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        OWNED(arena_release) struct arena a;
        struct service_details d;
        struct error err = {.message = ""};
        assert_status(decode(&a, refused[i].body, 0, &d, &err), E_INVALID);
        assert_string_equal(err.message, refused[i].words);
        arena_release(&a);
        assert_status(decode(&a, refused[i].body, 0, &d, NULL), E_INVALID);
    }
}

/* The original tutorial's examples, as they are printed: not JSON. */
#define TARGET                                                                                               \
    "    \"api\": {\n        \"targetUrl\": \"https://sampleapi.targeturl/v1\",\n        \"credentials\": "  \
    "{\n"
#define PASSWORD                                                                                             \
    "                \"username\": \"{USERNAME}\",\n                \"password\": \"{PASSWORD}\"\n"
static const struct {
    const char *body, *words;
} pasted[] = {
    {TARGET "            \"basic\": {\n" PASSWORD "            },\n        }  \n",
     "trailing comma before '}' at line 8, column 9"},
    {TARGET
     "            \"oauth\": {\n                \"url\": "
     "\"https://sampleapi.targeturl/authorizationserver/oauth/token\",\n"
     "                \"clientId\": \"{CLIENT_ID}\",\n                \"clientSecret\": \"{CLIENT_SECRET}\"\n"
     "            },\n        }  \n",
     "trailing comma before '}' at line 9, column 9"},
    {TARGET "            \"certificateGen\": {\n                \"commonName\": \"{CERT_NAME}\"\n            "
            "},\n        }  \n",
     "trailing comma before '}' at line 7, column 9"},
    {TARGET
     "            \"basic\": {\n                \"username\": \"{USERNAME}\",\n                \"password\": "
     "\"{PASSWORD}\",\n"
     "                \"csrfInfo\": {\n                    \"tokenEndpointURL\": \"{TOKEN_ENDPOINT_URL}\"\n"
     "                }\n            },\n        }\n",
     "trailing comma before '}' at line 11, column 9"},
    {TARGET "            \"headers\": {\n                \"custom-header\": [\"foo\"]\n            },\n"
            "            \"queryParameters\": {\n                \"param\": [\"bar\"]\n            },\n"
            "            \"basic\": {\n" PASSWORD "            },\n        }\n",
     "trailing comma before '}' at line 14, column 9"},
};

static void is_clear_about_what_the_tutorials_print(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(pasted); i++) {
        OWNED(arena_release) struct arena a;
        OWNED(buffer_release) struct buffer body;
        struct service_details d;
        struct error err;
        arena_init(&a, 4096, LIMIT_REQUEST_ARENA);
        buffer_init(&body, 10000);
        /* The block alone, and inside braces of its own. */
        assert_status(service_decode(text_of(pasted[i].body), 0, &a, &d, &err), E_INVALID);
        assert_string_equal(err.message,
                            "':' outside of an object, a '{' is missing in front at line 1, column 10");
        buffer_text(&body, TEXT("{"));
        buffer_cstr(&body, pasted[i].body);
        assert_status(service_decode(buffer_as_text(&body), 0, &a, &d, &err), E_INVALID);
        assert_string_equal(err.message, pasted[i].words);
    }
    OWNED(arena_release) struct arena a;
    struct service_details d;
    struct error err;
    assert_status(decode(&a, "{" TARGET "            \"basic\": {\n" PASSWORD "            }\n        }\n", 0,
                         &d, &err),
                  E_INVALID);
    assert_string_equal(err.message, END ": 2 '{' not closed, the last at line 1, column 13");
}

static void a_strict_reader_refuses_unknown_keys(void **state)
{
    (void)state;
    static const struct {
        const char *body, *words;
    } cases[] = {
        {"{\"nmae\":\"x\"}", "nmae is no known key (did you mean name?)"},
        {"{\"api\":{\"targetUri\":\"x\"}}", "api.targetUri is no known key (did you mean targetUrl?)"},
        {"{\"api\":{\"credentials\":{\"zzz\":{}}}}", "api.credentials.zzz is no known key"},
        {"{\"api\":{\"specificationCredentials\":{\"certificateGen\":{}}}}",
         "api.specificationCredentials.certificateGen is no known key"},
        {"{\"\":1}", "\"\" is no known key"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWNED(arena_release) struct arena a;
        struct service_details d;
        struct error err;
        assert_status(decode(&a, cases[i].body, DECODE_STRICT, &d, &err), E_INVALID);
        assert_string_equal(err.message, cases[i].words);
        arena_release(&a);
        assert_ok(decode(&a, cases[i].body, 0, &d, NULL));
    }
}

static void refuses_more_entries_than_it_looks_at(void **state)
{
    (void)state;
    for (int count = 4095; count <= 4097; count++) { /* and the one name they belong to */
        OWNED(arena_release) struct arena a;
        OWNED(buffer_release) struct buffer b;
        struct service_details d;
        struct error err;
        arena_init(&a, 4096, LIMIT_REQUEST_ARENA);
        buffer_init(&b, 1 << 20);
        buffer_text(&b, TEXT("{\"api\":{\"requestParameters\":{\"headers\":{\"a\":["));
        for (int i = 0; i < count; i++)
            buffer_text(&b, i ? TEXT(",\"\"") : TEXT("\"\""));
        buffer_text(&b, TEXT("]}}}}"));
        const struct status s = service_decode(buffer_as_text(&b), 0, &a, &d, &err);
        assert_int_equal(s.code, count <= 4095 ? E_OK : E_INVALID);
        if (count > 4095)
            assert_string_equal(err.message,
                                "api.requestParameters.headers.a: more than 4096 headers, parameters, "
                                "labels and tags in all");
    }
}

static void refuses_what_does_not_fit_into_the_arena(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    OWNED(buffer_release) struct buffer b;
    struct service_details d;
    struct error err;
    arena_init(&a, 4096, 65536);
    buffer_init(&b, 1 << 20);
    buffer_text(&b, TEXT("{\"name\":\"\\n"));
    while (buffer_size(&b) < 70000)
        buffer_byte(&b, 'x');
    buffer_text(&b, TEXT("\"}"));
    assert_status(service_decode(buffer_as_text(&b), 0, &a, &d, &err), E_TOO_LARGE);
    assert_string_equal(err.message, "name is too long");
}

/* ---- what is read ---- */

static const char everything[] =
    "{\"provider\":\"p\",\"name\":\"n\",\"description\":\"d\",\"shortDescription\":\"s\",\"identifier\":"
    "\"i\","
    "\"labels\":{\"b\":\"2\",\"a\":\"1\"},"
    "\"api\":{\"targetUrl\":\"t\",\"credentials\":{"
    "\"oauth\":{\"url\":\"u\",\"clientId\":\"c\",\"clientSecret\":\"cs\",\"requestParameters\":{\"headers\":{"
    "\"H\":[\"1\",\"2\"]},"
    "\"queryParameters\":{\"q\":[]}},\"csrfInfo\":{\"tokenEndpointURL\":\"x\"}},"
    "\"basic\":{\"username\":\"un\",\"password\":\"pw\",\"csrfInfo\":{\"tokenEndpointURL\":\"y\"}},"
    "\"certificateGen\":{\"commonName\":\"cn\",\"certificate\":\"ignored\",\"csrfInfo\":{"
    "\"tokenEndpointURL\":\"z\"}},"
    "\"headers\":{\"EH\":[\"e\"]},\"queryParameters\":{\"eq\":[\"f\"]}},"
    "\"spec\": {\"a\" : [1, {}] } ,\"specificationUrl\":\"su\",\"apiType\":\"at\","
    "\"requestParameters\":{\"headers\":{\"A\":[\"a\"]},\"queryParameters\":{\"B\":[\"b\"]}},"
    "\"specificationCredentials\":{\"basic\":{\"username\":\"su\",\"password\":\"sp\"},\"oauth\":{\"url\":"
    "\"so\"}},"
    "\"specificationRequestParameters\":{\"headers\":{\"C\":[\"c\"]}},"
    "\"headers\":{\"old\":[\"o\"]}},"
    "\"events\":{\"spec\":null},"
    "\"documentation\":{\"displayName\":\"D\",\"description\":\"dd\",\"type\":\"t\",\"tags\":[\"x\",null],"
    "\"docs\":[{\"title\":\"T\",\"type\":\"y\",\"source\":\"z\"},null]}}";

static void assert_parameter(const struct parameter_list *l, const char *name, const char *value)
{
    assert_int_equal(l->count, 1);
    assert_text(l->list[0].name, name);
    assert_true(l->list[0].count >= 1);
    assert_text(l->list[0].values[0], value);
}

static void check_api(const struct api_details *api)
{
    assert_true(api->given);
    assert_text(api->target_url, "t");
    assert_text(api->api_type, "at");
    assert_text(api->specification_url, "su");
    assert_text(api->spec, "{\"a\" : [1, {}] }");
    assert_parameter(&api->parameters.headers, "A", "a");
    assert_parameter(&api->parameters.query, "B", "b");
    assert_text(api->specification_credentials.basic.password, "sp");
    assert_text(api->specification_credentials.oauth.url, "so");
    assert_parameter(&api->specification_parameters.headers, "C", "c");
    const struct credentials *c = &api->credentials;
    assert_text(c->oauth.url, "u");
    assert_text(c->oauth.client_id, "c");
    assert_text(c->oauth.client_secret, "cs");
    assert_parameter(&c->oauth.parameters.headers, "H", "1");
    assert_int_equal(c->oauth.parameters.query.list[0].count, 0);
    assert_text(c->oauth.csrf.token_url, "x");
    assert_text(c->basic.username, "un");
    assert_text(c->basic.password, "pw");
    assert_text(c->basic.csrf.token_url, "y");
    assert_text(c->certificate.common_name, "cn");
    assert_text(c->certificate.certificate_pem, "");
    assert_text(c->certificate.csrf.token_url, "z");
    assert_true(c->extra.given);
    assert_parameter(&c->extra.headers, "EH", "e");
    assert_parameter(&c->extra.query, "eq", "f");
}

static void reads_every_field(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    struct service_details d;
    assert_ok(decode(&a, everything, DECODE_STRICT, &d, NULL));
    assert_text(d.provider, "p");
    assert_text(d.name, "n");
    assert_text(d.description, "d");
    assert_text(d.short_description, "s");
    assert_text(d.identifier, "i");
    assert_int_equal(d.label_count, 2);
    assert_text(d.labels[0].name, "a");
    assert_text(d.labels[1].value, "2");
    check_api(&d.api);
    assert_true(d.events.given);
    assert_text(d.events.spec, "null");
    assert_true(d.documentation.given && d.documentation.tags_given && d.documentation.docs_given);
    assert_text(d.documentation.display_name, "D");
    assert_int_equal(d.documentation.tag_count, 2);
    assert_text(d.documentation.tags[1], "");
    assert_int_equal(d.documentation.doc_count, 2);
    assert_text(d.documentation.docs[0].source, "z");
}

static void reads_as_the_original_does(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    struct service_details d;
    /* Null, absent, empty. */
    assert_ok(decode(&a, "null", DECODE_STRICT, &d, NULL));
    assert_true(!d.name.p && !d.api.given);
    arena_release(&a);
    assert_ok(decode(&a,
                     "{\"name\":null,\"description\":\"\",\"api\":null,\"events\":null,\"labels\":null,"
                     "\"documentation\":null}",
                     0, &d, NULL));
    assert_true(!d.name.p && d.description.p && d.description.n == 0);
    assert_true(!d.api.given && !d.events.given && !d.documentation.given && d.label_count == 0);
    arena_release(&a);
    /* Case, duplicates, unknown keys, escapes. */
    assert_ok(
        decode(&a,
               "{\"NAME\":\"1\",\"name\":\"2\",\"zzz\":[{}],\"n\\u0061me\":\"\\u0033\\n\\ud800\","
               "\"EVENTS\":{\"Spec\":{}},\"api\":{\"SpecificationUrl\":\"s\",\"credentials\":{\"basic\":{}}},"
               "\"Api\":{\"targeturl\":\"t\"},\"labels\":{\"a\":\"1\",\"A\":\"2\",\"a\":null}}",
               0, &d, NULL));
    assert_text(d.name, "3\n\xef\xbf\xbd");
    assert_text(d.events.spec, "{}");
    assert_text(d.api.target_url, "t");
    assert_true(!d.api.specification_url.p && !d.api.credentials.given);
    assert_int_equal(d.label_count, 2);
    assert_text(d.labels[0].name, "A");
    assert_text(d.labels[1].value, "");
}

static void older_parameters_count_only_without_newer_ones(void **state)
{
    (void)state;
    static const struct {
        const char *api;
        bool given;
        size_t headers, query;
    } cases[] = {
        {"{}", false, 0, 0},
        {"{\"headers\":null}", false, 0, 0},
        {"{\"headers\":{}}", true, 0, 0},
        {"{\"headers\":{\"a\":[]},\"queryParameters\":{\"b\":[\"c\"],\"d\":[]}}", true, 1, 2},
        {"{\"headers\":{\"a\":[]},\"requestParameters\":{}}", true, 0, 0},
        {"{\"requestParameters\":null,\"headers\":{\"a\":[]}}", true, 1, 0},
        {"{\"requestParameters\":{\"headers\":{\"x\":[\"1\"],\"y\":[\"2\"],\"x\":null}},\"headers\":{}}",
         true, 1, 0},
        {"{\"headers\":{\"x\":[\"1\"],\"y\":[],\"x\":[\"2\"],\"X\":[]}}", true, 3, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWNED(arena_release) struct arena a;
        char body[256];
        struct service_details d;
        snprintf(body, sizeof body, "{\"api\":{\"headers\":{\"gone\":[]}},\"api\":%s}", cases[i].api);
        assert_ok(decode(&a, body, 0, &d, NULL));
        assert_int_equal(d.api.parameters.given, cases[i].given);
        assert_int_equal(d.api.parameters.headers.count, cases[i].headers);
        assert_int_equal(d.api.parameters.query.count, cases[i].query);
    }
}

static void a_specification_may_be_text_when_asked_for(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    struct service_details d;
    const char body[] = "{\"api\":{\"spec\":\"a: 1\\nb: 2\"},\"events\":{\"spec\":{\"a\":1}}}";
    assert_ok(decode(&a, body, DECODE_TEXT_SPECS, &d, NULL));
    assert_true(d.api.spec_is_text && !d.events.spec_is_text);
    assert_text(d.api.spec, "a: 1\nb: 2");
    arena_release(&a);
    assert_ok(decode(&a, body, 0, &d, NULL));
    assert_false(d.api.spec_is_text);
    assert_text(d.api.spec, "\"a: 1\\nb: 2\"");
    arena_release(&a);
    assert_ok(decode(&a, "{\"api\":{\"spec\":\"x\",\"spec\":null}}", DECODE_TEXT_SPECS, &d, NULL));
    assert_false(d.api.spec_is_text);
    assert_text(d.api.spec, "null");
}

static struct status decode_everything(void)
{
    OWNED(arena_release) struct arena a;
    struct service_details d;
    arena_init(&a, 256, LIMIT_REQUEST_ARENA);
    return service_decode(text_of(everything), 0, &a, &d, NULL);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(decode_everything());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_in_words_with_the_place),
        cmocka_unit_test(is_clear_about_what_the_tutorials_print),
        cmocka_unit_test(a_strict_reader_refuses_unknown_keys),
        cmocka_unit_test(refuses_more_entries_than_it_looks_at),
        cmocka_unit_test(refuses_what_does_not_fit_into_the_arena),
        cmocka_unit_test(reads_every_field),
        cmocka_unit_test(reads_as_the_original_does),
        cmocka_unit_test(older_parameters_count_only_without_newer_ones),
        cmocka_unit_test(a_specification_may_be_text_when_asked_for),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
