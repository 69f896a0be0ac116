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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(refuses_more_specifications_than_an_answer_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
