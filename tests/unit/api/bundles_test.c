/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "api/compass/compass.h"
#include "ask.h"
#include "base/json_out.h"
#include "check.h"
#include "director/director.h"
#include "shop.h"

/* Bundles at the Director's schema where the scenarios do not come: no memory, and more than an answer holds.
 */

#define KIB 1024u

struct director {
    struct world *w;
    struct compass *compass;
    struct text application; /* its id */
};

static void put_query(struct buffer *out, struct text query)
{
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    json_text(&j, "query", query);
    json_end(&j);
    assert_ok(buffer_status(out));
}

static struct ask asking(struct text body)
{
    return (struct ask){.method = HTTP_POST,
                        .target = "/director/graphql",
                        .listener = ON_INTERNAL,
                        .principal = ask_loopback(),
                        .fields = {{"Content-Type", "application/json"}},
                        .body = body};
}

/* The answer, in the world's arena. */
static struct text answer_to(const struct director *d, int status, struct text query)
{
    struct prepared p;
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, 16u << 20);
    put_query(&body, query);
    const struct ask in = asking(buffer_as_text(&body));
    ask_prepare(&p, d->w, &in);
    p.domain.compass = d->compass;
    api_dispatch(&p.call);
    const struct text out = arena_text(&d->w->arena, buffer_as_text(&p.call.reply.body));
    buffer_release(&p.call.reply.body);
    if (p.call.reply.status != status)
        fail_msg("%d %.*s", p.call.reply.status, TEXT_ARG(out));
    return out;
}

static bool has(struct text in, const char *part)
{
    return in.p && memmem(in.p, in.n, part, strlen(part)) != NULL;
}

static struct text id_in(struct text answer)
{
    const char *mark = "\"id\":\"";
    const char *at = memmem(answer.p, answer.n, mark, strlen(mark));
    if (!at)
        fail_msg("%.*s", TEXT_ARG(answer));
    return (struct text){at + strlen(mark), UUID_TEXT};
}

static struct director open_director(void)
{
    struct director d = {.w = shop_open(NULL)};
    assert_ok(director_default_tenant(d.w->store, &d.w->err));
    assert_ok(compass_new(&d.compass, &d.w->err));
    d.application =
        id_in(answer_to(&d, 200, TEXT("mutation { registerApplication(in: {name: \"x\"}) { id } }")));
    return d;
}

static void close_director(struct director *d)
{
    compass_free(d->compass);
    world_close(d->w);
}

/* ---- tests ---- */

static void survive(const struct director *d, const char *query)
{
    struct prepared p;
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, 64 * KIB);
    put_query(&body, text_of(query));
    const struct ask in = asking(buffer_as_text(&body));
    ask_prepare(&p, d->w, &in);
    p.domain.compass = d->compass;
    assert_survives_failing_allocations(ask_run(&p, 200));
    buffer_release(&p.call.reply.body);
    assert_false(has(answer_to(d, 200, text_of(query)), "\"errors\""));
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    struct director d = open_director();
    survive(&d,
            shop_printf(
                d.w,
                "mutation { addBundle(applicationID: \"%.*s\", in: {name: \"b\", correlationIDs: [\"c\"], "
                "defaultInstanceAuth: {credential: {oauth: {clientId: 1, clientSecret: \"s\", url: "
                "\"https://x\"}}, additionalHeadersSerialized: \"{\\\"a\\\":[\\\"b\\\"]}\", "
                "requestAuth: {csrf: {tokenEndpointURL: \"https://x\"}}}, apiDefinitions: [{name: \"a\", "
                "targetURL: \"https://x\", version: {value: \"1.0.0\"}, spec: {type: OPEN_API, format: "
                "JSON, data: \"{}\"}}]}) { id } }",
                TEXT_ARG(d.application)));
    survive(&d, shop_printf(
                    d.w,
                    "{ application(id: \"%.*s\") { bundles(first: 3) { data { id defaultInstanceAuth { "
                    "credential { __typename } additionalHeaders requestAuth { csrf { tokenEndpointURL } } } "
                    "apiDefinitions { data { version { value } spec { data format fetchRequest { url } } } } "
                    "instanceAuths { id } } } } apisForApplication(appID: \"%.*s\") { totalCount } }",
                    TEXT_ARG(d.application), TEXT_ARG(d.application)));
    close_director(&d);
}

/* One specification fits into an answer; what is asked for again and again does not. */
static void refuses_more_specifications_than_an_answer_holds(void **state)
{
    (void)state;
    struct director d = open_director();
    OWNED(buffer_release) struct buffer query;
    buffer_init(&query, 8192 * KIB);
    buffer_printf(
        &query,
        "mutation { addBundle(applicationID: \"%.*s\", in: {name: \"b\", apiDefinitions: [{name: \"a\", "
        "targetURL: \"https://x\", spec: {type: OPEN_API, format: JSON, data: \"[\\\"",
        TEXT_ARG(d.application));
    for (size_t i = 0; i < 3072 * KIB; i++)
        buffer_byte(&query, 'x');
    buffer_cstr(&query, "\\\"]\"}}]}) { apiDefinitions { data { id } } } }");
    const struct text id = id_in(answer_to(&d, 200, buffer_as_text(&query)));

    const struct text one = text_of(
        shop_printf(d.w, "{ application(id: \"%.*s\") { apiDefinition(id: \"%.*s\") { spec { data } } } }",
                    TEXT_ARG(d.application), TEXT_ARG(id)));
    assert_true(answer_to(&d, 200, one).n > 3072 * KIB);
    buffer_clear(&query);
    buffer_printf(&query, "{ application(id: \"%.*s\") {", TEXT_ARG(d.application));
    for (int i = 0; i < 20; i++)
        buffer_printf(&query, " a%d: apiDefinition(id: \"%.*s\") { spec { data } }", i, TEXT_ARG(id));
    buffer_cstr(&query, " } }");
    const struct text many = answer_to(&d, 413, buffer_as_text(&query));
    assert_true(many.n < 16 * KIB);
    assert_true(has(many, "the answer is too large"));
    close_director(&d);
}

/* ---- all or nothing ---- */

static void put_parts(struct buffer *out, unsigned count)
{
    buffer_printf(out, "{name: \"b\", instanceAuthRequestInputSchema: \"{\\\"title\\\":\\\"");
    for (size_t i = 0; i < 60 * KIB; i++)
        buffer_byte(out, 'x');
    buffer_cstr(out, "\\\"}\", apiDefinitions: [");
    for (unsigned i = 0; i < count; i++)
        buffer_printf(out, "{name: \"a%u\", targetURL: \"https://x\"} ", i);
    buffer_cstr(out, "]}");
}

/* Each definition takes the request's memory for its bundle's long schema: the undoing has its own. */
static void leaves_nothing_when_a_requests_memory_ends(void **state)
{
    (void)state;
    struct director d = open_director();
    OWNED(buffer_release) struct buffer query;
    buffer_init(&query, 1024 * KIB);
    buffer_printf(&query, "mutation { addBundle(applicationID: \"%.*s\", in: ", TEXT_ARG(d.application));
    put_parts(&query, 600);
    buffer_cstr(&query, ") { id } }");
    assert_true(has(answer_to(&d, 503, buffer_as_text(&query)), "out of memory"));
    assert_true(
        has(answer_to(&d, 200,
                      text_of(shop_printf(d.w, "{ application(id: \"%.*s\") { bundles { totalCount } } }",
                                          TEXT_ARG(d.application)))),
            "\"totalCount\":0"));
    buffer_clear(&query);
    buffer_cstr(&query, "mutation { registerApplication(in: {name: \"y\", bundles: [");
    put_parts(&query, 600);
    buffer_cstr(&query, "]}) { id } }");
    assert_true(has(answer_to(&d, 503, buffer_as_text(&query)), "out of memory"));
    assert_false(has(answer_to(&d, 200, TEXT("{ applications { data { name } } }")), "\"y\""));
    close_director(&d);
}

static void a_refused_part_names_itself(void **state)
{
    (void)state;
    static const struct {
        const char *parts, *reason;
    } rows[] = {
        {"apiDefinitions: [{name: \"a\", targetURL: \"https://x\"}, {name: \"b\", targetURL: \"ftp://x\"}]",
         "bundles[1].apiDefinitions[1]: targetURL: must be a valid http or https URL"},
        {"documents: [{title: \"t\", displayName: \"d\", description: \"\", format: MARKDOWN}]",
         "bundles[1].documents[0]: description: the length"},
        {"eventDefinitions: [{name: \"a\", spec: {type: ASYNC_API, format: JSON, fetchRequest: {url: "
         "\"\"}}}]",
         "bundles[1].eventDefinitions[0]: fetchRequest: url cannot be blank"},
        {"description: \"d\", defaultInstanceAuth: {requestAuth: {}}",
         "bundles[1]: requestAuth: csrf cannot be blank"},
        {"defaultInstanceAuth: {credential: {basic: {username: \"********\", password: \"p\"}}}",
         "bundles[1]: credential: a value is ********, but there is nothing to keep"},
        {"apiDefinitions: [{name: \"a\", targetURL: \"https://***:***@x\"}]",
         "bundles[1].apiDefinitions[0]: a URL has ***:***"},
    };
    struct director d = open_director();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct text query = text_of(shop_printf(d.w,
                                                      "mutation { registerApplication(in: {name: \"y\", "
                                                      "bundles: [{name: \"b\"} {name: \"b\", %s}]}) { id } }",
                                                      rows[i].parts));
        const struct text answer = answer_to(&d, 200, query);
        if (!has(answer, shop_printf(d.w, "[reason=%s", rows[i].reason)))
            fail_msg("%.*s", TEXT_ARG(answer));
    }
    close_director(&d);
}

/* ---- values ---- */

static void hides_what_is_in_urls(void **state)
{
    (void)state;
    struct director d = open_director();
    const struct text made = answer_to(
        &d, 200,
        text_of(shop_printf(
            d.w,
            "mutation { addBundle(applicationID: \"%.*s\", in: {name: \"b\", defaultInstanceAuth: "
            "{credential: "
            "{oauth: {clientId: 1, clientSecret: \"s\", url: \"https://me:hush@t\"}}, requestAuth: {csrf: "
            "{tokenEndpointURL: \"https://me:hush@c\"}}}, apiDefinitions: [{name: \"a\", targetURL: "
            "\"https://me:hush@a:8443/@b\", spec: {type: OPEN_API, format: JSON, fetchRequest: {mode: "
            "BUNDLE, url: "
            "\"https://f:8443/@scope/d\"}}}]}) { defaultInstanceAuth { credential { ... on "
            "OAuthCredentialData { "
            "url } } "
            "requestAuth { csrf { tokenEndpointURL } } } apiDefinitions { data { targetURL spec { "
            "fetchRequest { url } } } } } }",
            TEXT_ARG(d.application))));
    static const char *const shown[] = {"https://***:***@t", "https://***:***@c", "https://***:***@a:8443/@b",
                                        "\"https://f:8443/@scope/d\""};
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        if (!has(made, shown[i]))
            fail_msg("%s: %.*s", shown[i], TEXT_ARG(made));
    assert_false(has(made, "hush"));
    close_director(&d);
}

/* ---- as much as one request may ask for ---- */

static void refuses_more_than_a_request_may_look_at(void **state)
{
    (void)state;
    struct director d = open_director();
    OWNED(buffer_release) struct buffer query;
    buffer_init(&query, 1024 * KIB);
    buffer_printf(&query, "mutation { addBundle(applicationID: \"%.*s\", in: {name: \"b\", apiDefinitions: [",
                  TEXT_ARG(d.application));
    for (int i = 0; i < 100; i++)
        buffer_printf(&query, "{name: \"a%d\", group: \"g%d\", targetURL: \"https://x\"} ", i, i);
    buffer_cstr(&query, "]}) { id } }");
    const struct text id = id_in(answer_to(&d, 200, buffer_as_text(&query)));
    for (int count = 200; count <= 201; count++) {
        buffer_clear(&query);
        buffer_printf(&query, "{ application(id: \"%.*s\") { bundle(id: \"%.*s\") {", TEXT_ARG(d.application),
                      TEXT_ARG(id));
        for (int i = 0; i < count; i++)
            buffer_printf(&query, " f%d: apiDefinitions(group: \"g%d\") { totalCount }", i, i % 100);
        buffer_cstr(&query, " } } }");
        const struct text answer = answer_to(&d, 200, buffer_as_text(&query));
        assert_true(has(answer, "\"f199\":{\"totalCount\":1}"));
        assert_int_equal(has(answer, "more definitions would have to be looked at"), count == 201);
    }
    for (int count = 16; count <= 17; count++) {
        buffer_clear(&query);
        buffer_cstr(&query, "mutation {");
        for (int i = 0; i < count; i++)
            buffer_printf(&query,
                          " f%d: requestBundleInstanceAuthCreation(bundleID: \"%.*s\", in: {}) { id }", i,
                          TEXT_ARG(id));
        buffer_cstr(&query, " }");
        const struct text asked = answer_to(&d, 200, buffer_as_text(&query));
        assert_int_equal(has(asked, "more than 16 instance auths are asked for at once"), count == 17);
        assert_int_equal(has(asked, "\"errors\""), count == 17);
    }
    close_director(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_nothing_when_a_requests_memory_ends),
        cmocka_unit_test(a_refused_part_names_itself),
        cmocka_unit_test(hides_what_is_in_urls),
        cmocka_unit_test(refuses_more_than_a_request_may_look_at),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(refuses_more_specifications_than_an_answer_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
