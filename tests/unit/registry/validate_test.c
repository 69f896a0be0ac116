/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/validate.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "check.h"
#include "registry/decode.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define STRUCTURE   "Incorrect structure of service definition, "
#define PND         "\"provider\":\"p\",\"name\":\"n\",\"description\":\"d\""
#define TARGET      "\"targetUrl\":\"http://h.com\""
#define METHODS     "api.CredentialsWithCSRF is invalid: to many authentication methods provided"
#define NO_OBJECT(what, type)                                                                                \
    what " is not a proper json object, json: cannot unmarshal " type                                        \
         " into Go value of type map[string]*json.RawMessage"

/* "" when it is fine. */
static struct text verdict(struct arena *a, struct text body)
{
    struct service_details d;
    struct error err = {.message = ""};
    struct text message = TEXT("");
    arena_init(a, 4096, LIMIT_REQUEST_ARENA);
    if (!status_ok(service_decode(body, 0, a, &d, &err)))
        fail_msg("%.*s: %s", TEXT_ARG(body), err.message);
    const struct status s = service_validate(&d, a, &message);
    assert_int_equal(s.code, message.n ? E_INVALID : E_OK);
    return message;
}

static void check_all(size_t count, const char *const (*cases)[2])
{
    for (size_t i = 0; i < count; i++) {
        OWNED(arena_release) struct arena a;
        const struct text message = verdict(&a, text_of(cases[i][0]));
        if (!text_equal(message, text_of(cases[i][1])))
            fail_msg("%s:\n got '%.*s'\nnot '%s'", cases[i][0], TEXT_ARG(message), cases[i][1]);
    }
}

/* Contract 1.6, stage A, row by row. */
static const char *const rows[][2] = {
    {"{\"name\":\"n\",\"description\":\"d\",\"api\":{" TARGET "}}",
     STRUCTURE "Provider field cannot be empty."},
    {"{\"provider\":\"p\",\"name\":\"\",\"description\":\"d\",\"api\":{" TARGET "}}",
     STRUCTURE "Name field cannot be empty."},
    {"{\"provider\":\"p\",\"name\":\"n\",\"api\":{" TARGET "}}",
     STRUCTURE "Description field cannot be empty."},
    {"{" PND ",\"api\":{}}", STRUCTURE "targetUrl field cannot be empty."},
    {"{" PND ",\"api\":{\"targetUrl\":\"not a url\"}}",
     STRUCTURE "targetUrl: not a url does not validate as url"},
    /* Whatever made it a bad URL, the password among them, is not repeated. */
    {"{" PND ",\"api\":{\"targetUrl\":\"http://me:pass@-a/x\"}}",
     STRUCTURE "targetUrl: http://***:***@-a/x does not validate as url"},
    {"{" PND ",\"api\":{\"targetUrl\":\"http://me:pa/ss@h.com\"}}",
     STRUCTURE "targetUrl: http://***:***@h.com does not validate as url"},
    {"{" PND ",\"api\":{\"targetUrl\":\"http://me:p#?\\\"'@s@h.com\"}}",
     STRUCTURE "targetUrl: http://***:***@h.com does not validate as url"},
    {"{" PND ",\"api\":{\"targetUrl\":\"http://me:p://u:q@h.com/ x://a@b\"}}",
     STRUCTURE "targetUrl: http://***:***@h.com/ x://***:***@b does not validate as url"},
    {"{" PND ",\"api\":{\"targetUrl\":\"http://-a/b@ c\"}}",
     STRUCTURE "targetUrl: http://-a/b@ c does not validate as url"},
    {"{" PND ",\"api\":{" TARGET ",\"credentials\":{\"oauth\":{\"clientId\":\"c\",\"clientSecret\":\"s\"}}}}",
     STRUCTURE "oauth url field cannot be empty"},
    {"{" PND ",\"api\":{" TARGET
     ",\"credentials\":{\"oauth\":{\"url\":\"x\",\"clientId\":\"c\",\"clientSecret\":\"s\"}}}}",
     STRUCTURE "url: x does not validate as url"},
    {"{" PND ",\"api\":{" TARGET
     ",\"credentials\":{\"oauth\":{\"url\":\"http://h\",\"clientSecret\":\"s\"}}}}",
     STRUCTURE "oauth clientId field cannot be empty"},
    {"{" PND ",\"api\":{" TARGET ",\"credentials\":{\"oauth\":{\"url\":\"http://h\",\"clientId\":\"c\"}}}}",
     STRUCTURE "oauth clientSecret cannot be empty"},
    {"{" PND ",\"api\":{" TARGET ",\"credentials\":{\"basic\":{\"password\":\"p\"}}}}",
     STRUCTURE "basic auth username field cannot be empty"},
    {"{" PND ",\"api\":{" TARGET ",\"credentials\":{\"basic\":{\"username\":\"u\"}}}}",
     STRUCTURE "basic auth password field cannot be empty"},
    {"{" PND ",\"api\":{" TARGET ",\"credentials\":{\"certificateGen\":{\"csrfInfo\":{}}}}}",
     STRUCTURE "tokenEndpointURL field cannot be empty"},
    {"{" PND ",\"api\":{" TARGET
     ",\"credentials\":{\"certificateGen\":{\"csrfInfo\":{\"tokenEndpointURL\":\"/t\"}}}}}",
     STRUCTURE "tokenEndpointURL: /t does not validate as url"},
    {"{" PND ",\"events\":{}}", STRUCTURE "spec cannot be empty"},
    {"{" PND ",\"events\":{\"spec\":{}},\"documentation\":{\"description\":\"d\",\"type\":\"t\"}}",
     STRUCTURE "displayName field cannot be empty in documentation"},
    {"{" PND ",\"events\":{\"spec\":{}},\"documentation\":{\"displayName\":\"d\",\"type\":\"t\"}}",
     STRUCTURE "description field cannot be empty in documentation"},
    {"{" PND ",\"events\":{\"spec\":{}},\"documentation\":{\"displayName\":\"d\",\"description\":\"d\"}}",
     STRUCTURE "type field cannot be empty in documentation"},
    {"{}", STRUCTURE
     "Provider field cannot be empty.;Name field cannot be empty.;Description field cannot be empty."},
    /* csrf entries right after the credentials that own them; the specification's with the same texts */
    {"{\"api\":{\"credentials\":{\"basic\":{\"csrfInfo\":{}},\"certificateGen\":{\"csrfInfo\":{"
     "\"tokenEndpointURL\":\"c\"}},"
     "\"oauth\":{\"url\":\"o\",\"csrfInfo\":{\"tokenEndpointURL\":\"\"}}},\"targetUrl\":\"t\","
     "\"specificationCredentials\":{\"basic\":{},\"oauth\":{\"url\":\"s\"}}},\"events\":{},\"documentation\":"
     "{}}",
     STRUCTURE
     "Provider field cannot be empty.;Name field cannot be empty.;Description field cannot be empty.;"
     "targetUrl: t does not validate as url;"
     "url: o does not validate as url;oauth clientId field cannot be empty;"
     "oauth clientSecret cannot be empty;tokenEndpointURL field cannot be empty;"
     "basic auth username field cannot be empty;basic auth password field cannot be empty;"
     "tokenEndpointURL field cannot be empty;tokenEndpointURL: c does not validate as url;"
     "url: s does not validate as url;oauth clientId field cannot be empty;"
     "oauth clientSecret cannot be empty;basic auth username field cannot be empty;"
     "basic auth password field cannot be empty;spec cannot be empty;"
     "displayName field cannot be empty in documentation;"
     "description field cannot be empty in documentation;type field cannot be empty in documentation"},
};

static void refuses_fields_in_the_order_of_the_contract(void **state)
{
    (void)state;
    check_all(COUNT(rows), rows);
}

/* Stages B to F: the first answers. */
static const char *const stages[][2] = {
    {"{" PND "}", "At least one of service definition attributes: 'api', 'events' have to be provided"},
    {"{" PND ",\"events\":null}",
     "At least one of service definition attributes: 'api', 'events' have to be provided"},
    {"{" PND ",\"api\":{" TARGET ",\"spec\":\"str\"}}", NO_OBJECT("api.Spec", "string")},
    {"{" PND ",\"api\":{" TARGET ",\"spec\":[]}}", NO_OBJECT("api.Spec", "array")},
    {"{" PND ",\"api\":{" TARGET ",\"spec\":1e3}}", NO_OBJECT("api.Spec", "number")},
    {"{" PND ",\"api\":{" TARGET ",\"spec\":false}}", NO_OBJECT("api.Spec", "bool")},
    {"{" PND ",\"api\":{" TARGET
     ",\"credentials\":{\"basic\":{\"username\":\"u\",\"password\":\"p\"},\"certificateGen\":{}}}}",
     METHODS},
    {"{" PND ",\"api\":{" TARGET
     ",\"specificationCredentials\":{\"basic\":{\"username\":\"u\",\"password\":\"p\"},"
     "\"oauth\":{\"url\":\"http://h\",\"clientId\":\"c\",\"clientSecret\":\"s\"}}}}",
     METHODS},
    {"{" PND ",\"events\":{\"spec\":\"x\"}}", NO_OBJECT("events.Spec", "string")},
    {"{" PND ",\"api\":{" TARGET
     ",\"spec\":1,\"credentials\":{\"basic\":{\"username\":\"u\",\"password\":\"p\"},"
     "\"certificateGen\":{}}},\"events\":{\"spec\":[]}}",
     NO_OBJECT("api.Spec", "number")},
    {"{" PND ",\"api\":{" TARGET
     ",\"credentials\":{\"basic\":{\"username\":\"u\",\"password\":\"p\"},\"certificateGen\":{}}},"
     "\"events\":{\"spec\":[]}}",
     METHODS},
};

static void refuses_with_the_first_stage_that_fails(void **state)
{
    (void)state;
    check_all(COUNT(stages), stages);
}

#define WITH_HEADERS(list) "{" PND ",\"api\":{" TARGET ",\"requestParameters\":{\"headers\":{" list "}}}}"
#define FORBIDDEN          ": this header cannot be set, it belongs to the connection"
#define C64                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\xc3\xa4"

/* Ours, behind the contract's. */
static const char *const ours[][2] = {
    {"{" PND ",\"api\":{" TARGET ",\"credentials\":{\"certificateGen\":{\"commonName\":\"" C64 "x\"}}}}",
     STRUCTURE "api.credentials.certificateGen.commonName is longer than 64 characters"},
    {"{" PND ",\"api\":{" TARGET ",\"credentials\":{\"certificateGen\":{\"commonName\":\"a\\u0000b\"}}}}",
     STRUCTURE "api.credentials.certificateGen.commonName has no control characters"},
    {WITH_HEADERS("\"X A\":[\"1\"]"), STRUCTURE
     "api.requestParameters.headers.X A: a header name has letters, digits and !#$%&'*+-.^_`|~ only"},
    {WITH_HEADERS("\"\":[\"1\"]"), STRUCTURE
     "api.requestParameters.headers.\"\": a header name has letters, digits and !#$%&'*+-.^_`|~ only"},
    {WITH_HEADERS("\"X-\xc3\xa4\":[]"), STRUCTURE
     "api.requestParameters.headers.X-\xc3\xa4: a header name has letters, digits and !#$%&'*+-.^_`|~ only"},
    {WITH_HEADERS("\"X-A\":[\"ok\",\"a\\r\\nHost: b\"]"),
     STRUCTURE "api.requestParameters.headers.X-A: a header value has no control characters"},
    {WITH_HEADERS("\"host\":[\"h\"],\"X\":[\"\\u007f\"],\"TE\":[]"),
     STRUCTURE "api.requestParameters.headers.TE" FORBIDDEN
               ";api.requestParameters.headers.X: a header value has no control characters;"
               "api.requestParameters.headers.host" FORBIDDEN},
    {"{" PND ",\"api\":{" TARGET ",\"credentials\":{\"headers\":{\"Upgrade\":[]}},"
     "\"specificationRequestParameters\":{\"headers\":{\"Connection\":[]}}}}",
     STRUCTURE "api.credentials.headers.Upgrade" FORBIDDEN
               ";api.specificationRequestParameters.headers.Connection" FORBIDDEN},
    {"{" PND ",\"api\":{" TARGET
     ",\"credentials\":{\"oauth\":{\"url\":\"http://h\",\"clientId\":\"c\",\"clientSecret\":\"s\","
     "\"requestParameters\":{\"headers\":{\"Content-Length\":[\"0\"]}}}}}}",
     STRUCTURE "api.credentials.oauth.requestParameters.headers.Content-Length" FORBIDDEN},
};

static void refuses_what_could_never_work_or_would_harm(void **state)
{
    (void)state;
    check_all(COUNT(ours), ours);
}

/* Fields with a maximum: how the body begins and ends around that many characters. */
static void refuses_what_is_too_long(void **state)
{
    (void)state;
    static const struct {
        const char *front, *back, *words;
        size_t most;
    } cases[] = {
        {"{\"provider\":\"p\",\"name\":\"n\",\"events\":{\"spec\":{}},\"description\":\"", "\"}",
         "description is longer than 65536 bytes", LIMIT_SERVICE_TEXT},
        {"{\"provider\":\"p\",\"description\":\"d\",\"events\":{\"spec\":{}},\"name\":\"", "\"}",
         "name is longer than 4096 bytes", LIMIT_SERVICE_WORD},
        {"{" PND ",\"events\":{\"spec\":{}},\"labels\":{\"a\":\"", "\"}}",
         "labels.a: name or value is longer than 256 bytes", LIMIT_LABEL_BYTES},
        {"{" PND ",\"api\":{" TARGET ",\"credentials\":{\"basic\":{\"username\":\"u\",\"password\":\"",
         "\"}}}}", "api.credentials.basic.password is longer than 16384 bytes", LIMIT_CREDENTIAL_BYTES},
        {"{" PND ",\"api\":{" TARGET ",\"requestParameters\":{\"headers\":{\"X\":[\"", "\"]}}}}",
         "api.requestParameters.headers is longer than 16384 bytes", LIMIT_PARAMETER_BYTES - 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t n = cases[i].most; n <= cases[i].most + 1; n++) {
            OWNED(arena_release) struct arena a;
            OWNED(buffer_release) struct buffer b;
            buffer_init(&b, 1 << 20);
            buffer_cstr(&b, cases[i].front);
            for (size_t k = 0; k < n; k++)
                buffer_byte(&b, 'x');
            buffer_cstr(&b, cases[i].back);
            const struct text message = verdict(&a, buffer_as_text(&b));
            if (n == cases[i].most)
                assert_int_equal(message.n, 0);
            else
                assert_text(text_from(message, strlen(STRUCTURE)), cases[i].words);
        }
    }
}

static void refuses_too_many_values(void **state)
{
    (void)state;
    for (int n = LIMIT_PARAMETERS; n <= LIMIT_PARAMETERS + 1; n++) {
        for (int many_names = 0; many_names < 2; many_names++) {
            OWNED(arena_release) struct arena a;
            OWNED(buffer_release) struct buffer b;
            buffer_init(&b, 1 << 20);
            buffer_text(&b,
                        TEXT("{" PND ",\"api\":{" TARGET ",\"requestParameters\":{\"queryParameters\":{"));
            buffer_text(&b, many_names ? TEXT("\"n\":[]") : TEXT("\"n\":[\"\""));
            for (int i = 1; i < n; i++)
                buffer_printf(&b, many_names ? ",\"%d\":[]" : ",\"%d\"", i);
            buffer_text(&b, many_names ? TEXT("}}}}") : TEXT("]}}}}"));
            const struct text message = verdict(&a, buffer_as_text(&b));
            if (n == LIMIT_PARAMETERS)
                assert_int_equal(message.n, 0);
            else
                assert_text(message,
                            STRUCTURE "api.requestParameters.queryParameters has more than 64 values");
        }
    }
}

static void a_refused_url_is_shown_but_not_all_of_a_huge_one(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1 << 20);
    buffer_text(&b, TEXT("{" PND ",\"api\":{\"targetUrl\":\"x"));
    for (int i = 0; i < 10000; i++)
        buffer_text(&b, TEXT("\xe2\x82\xac"));
    buffer_text(&b, TEXT("\"}}"));
    const struct text message = verdict(&a, buffer_as_text(&b));
    assert_true(message.n < 4200 && text_is_utf8(message));
    assert_true(text_ends_with(message, TEXT("... does not validate as url")));
}

/* Accepted on purpose or by accident (contract 1.6). */
static const char *const fine[] = {
    "{" PND ",\"api\":{" TARGET "}}",
    "{\"provider\":\" \",\"name\":\" \",\"description\":\" \",\"api\":{\"targetUrl\":\"h.com\"}}",
    "{" PND ",\"api\":{" TARGET ",\"credentials\":{}}}",
    "{" PND ",\"api\":{" TARGET ",\"credentials\":{\"certificateGen\":{}}}}",
    "{" PND ",\"api\":{" TARGET ",\"credentials\":{\"certificateGen\":{\"commonName\":\"" C64 "\"}}}}",
    "{" PND ",\"api\":{" TARGET
    ",\"credentials\":{\"basic\":{\"username\":\"********\",\"password\":\"********\"}}}}",
    "{" PND ",\"api\":{" TARGET
    ",\"credentials\":{\"headers\":{\"custom-header\":[\"foo\"]},\"queryParameters\":{\"\\u0000\":[\"\\n\"]},"
    "\"basic\":{\"username\":\"u\",\"password\":\"p\"}}}}",
    "{" PND ",\"api\":{" TARGET ",\"spec\":null}}",
    "{" PND ",\"api\":{" TARGET ",\"spec\":{}},\"events\":{\"spec\":null}}",
    "{" PND ",\"events\":{\"spec\":{}}}",
    WITH_HEADERS("\"X-!#$%&'*+-.^_`|~1\":[\"a\\tb\xc3\xa4 \",\"\"]"),
};

static void accepts_what_the_original_accepts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(fine); i++) {
        OWNED(arena_release) struct arena a;
        const struct text message = verdict(&a, text_of(fine[i]));
        if (message.n)
            fail_msg("%s: %.*s", fine[i], TEXT_ARG(message));
    }
}

static void a_specification_of_text_is_no_string(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    struct service_details d;
    struct text message;
    arena_init(&a, 4096, LIMIT_REQUEST_ARENA);
    assert_ok(service_decode(
        TEXT("{" PND ",\"api\":{" TARGET ",\"spec\":\"a: 1\"},\"events\":{\"spec\":\"b: 2\"}}"),
        DECODE_TEXT_SPECS, &a, &d, NULL));
    assert_ok(service_validate(&d, &a, &message));
}

static struct status validate_nothing(void)
{
    OWNED(arena_release) struct arena a;
    struct service_details d = {0};
    struct text message = TEXT("");
    arena_init(&a, 256, LIMIT_REQUEST_ARENA);
    const struct status s = service_validate(&d, &a, &message);
    return s.code == E_INVALID ? DONE : s;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(validate_nothing());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_fields_in_the_order_of_the_contract),
        cmocka_unit_test(refuses_with_the_first_stage_that_fails),
        cmocka_unit_test(refuses_what_could_never_work_or_would_harm),
        cmocka_unit_test(refuses_what_is_too_long),
        cmocka_unit_test(refuses_too_many_values),
        cmocka_unit_test(a_refused_url_is_shown_but_not_all_of_a_huge_one),
        cmocka_unit_test(accepts_what_the_original_accepts),
        cmocka_unit_test(a_specification_of_text_is_no_string),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
