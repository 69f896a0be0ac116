/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "ask.h"
#include "base/encoding.h"
#include "check.h"
#include "x509/pem.h"

#define GOOD "/OU=OrgUnit/O=Organization/L=Waldorf/ST=Waldorf/C=DE/CN=app"

static struct answer sign(struct world *w, const char *path, struct text token, struct text body)
{
    const struct ask in = {
        .method = HTTP_POST,
        .target = arena_cstr(&w->arena, arena_printf(&w->arena, "%s?token=%.*s", path, TEXT_ARG(token))),
        .listener = ON_CONNECTOR,
        .body = body};
    return ask(w, &in);
}

static struct text body_of(struct world *w, struct text csr)
{
    return arena_printf(&w->arena, "{\"csr\":\"%.*s\"}", TEXT_ARG(csr));
}

static void refuses_without_a_good_token_before_it_reads_the_body(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct ask none = {
        .method = HTTP_POST, .target = "/v1/applications/certificates", .listener = ON_CONNECTOR};
    assert_answer(ask(w, &none), 403, ERROR(403, "Token not provided."));
    assert_answer(sign(w, "/v1/applications/certificates", TEXT("x"), TEXT("not json")), 403,
                  ERROR(403, "Invalid token."));
    assert_answer(sign(w, "/v1/runtimes/certificates", TEXT("x"), TEXT("")), 404,
                  ERROR(404, "Requested resource could not be found."));
    world_close(w);
}

/* Contract 3.3: the client's mistakes are 400 here, and leave the token valid. */
static void refuses_bodies_that_are_no_request(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *error;
    } rows[] = {
        {"", ERROR(400, "Error while unmarshalling request body: unexpected end of JSON input")},
        {"{", ERROR(400, "Error while unmarshalling request body: unexpected end of JSON input")},
        {"{\"csr\":", NULL},
        {"{\"csr\":\"YQ==\"} x", NULL},
        {"{'csr':'YQ=='}", NULL},
        {"[]", ERROR(400, "Error while unmarshalling request body: a JSON object is expected")},
        {"{\"csr\":1}",
         ERROR(400, "Error while unmarshalling request body: csr must be a string, not a number")},
        {"{\"csr\":{}}",
         ERROR(400, "Error while unmarshalling request body: csr must be a string, not an object")},
        {"null", ERROR(400, "Error while decoding pem block. The member csr is missing or empty.")},
        {"{}", ERROR(400, "Error while decoding pem block. The member csr is missing or empty.")},
        {"{\"csr\":null}", ERROR(400, "Error while decoding pem block. The member csr is missing or empty.")},
        {"{\"csr\":\"\"}", ERROR(400, "Error while decoding pem block. The member csr is missing or empty.")},
        {"{\"csr\":\"a b\"}",
         ERROR(400, "There was an error while parsing the base64 content. An incorrect value was provided.")},
    };
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    const struct text token = world_token(w, &h);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer got = sign(w, "/v1/applications/certificates", token, text_of(rows[i].body));
        assert_int_equal(got.status, 400);
        if (rows[i].error)
            assert_text(got.body, rows[i].error);
        else
            assert_true(text_starts_with(
                got.body, TEXT("{\"code\":400,\"error\":\"Error while unmarshalling request body: ")));
    }
    assert_int_equal(sign(w, "/v1/applications/certificates", token, body_of(w, world_csr(w, GOOD))).status,
                     201);
    world_close(w);
}

/* How many certificates a member's value holds; the first goes to *first. */
static unsigned certificates(struct world *w, struct text body, const char *member, struct bytes *first)
{
    struct buffer pem;
    struct buffer der;
    buffer_init(&pem, 1 << 20);
    buffer_init(&der, 1 << 20);
    assert_ok(base64_decode(&pem, answer_member(w, body, member)));
    assert_true(text_ends_with(buffer_as_text(&pem), TEXT("-----END CERTIFICATE-----\n")));
    struct text rest = buffer_as_text(&pem);
    struct text label;
    unsigned count = 0;
    while (status_ok(pem_next(&rest, &label, &der, &w->err))) {
        assert_text(label, "CERTIFICATE");
        if (count++ == 0)
            *first = arena_bytes(&w->arena, buffer_bytes(&der));
    }
    buffer_release(&pem);
    buffer_release(&der);
    return count;
}

static void answers_chain_leaf_and_ca(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    const struct text token = world_token(w, &h);
    const struct text body = body_of(w, world_csr(w, GOOD));
    const struct answer got = sign(w, "/v1/applications/certificates", token, body);
    assert_int_equal(got.status, 201);
    assert_text(got.content_type, KYMA_JSON);
    assert_true(text_starts_with(got.body, TEXT("{\"crt\":\"")));
    struct bytes leaf;
    struct bytes chain;
    struct bytes ca;
    assert_int_equal(certificates(w, got.body, "crt", &chain), 2);
    assert_int_equal(certificates(w, got.body, "clientCrt", &leaf), 1);
    assert_int_equal(certificates(w, got.body, "caCrt", &ca), 1);
    assert_true(bytes_equal(leaf, chain));
    assert_true(bytes_equal(ca, ca_certificate_der(w->ca)));
    assert_answer(sign(w, "/v1/applications/certificates", token, body), 403, ERROR(403, "Invalid token."));
    world_close(w);
}

static void answers_a_remote_environment_with_the_chain_only(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = {.kind = TOKEN_REMOTE_ENVIRONMENT, .application = TEXT("app")};
    const struct text token = world_token(w, &h);
    const struct text body = body_of(w, world_csr(w, GOOD));
    assert_answer(sign(w, "/v1/remoteenvironments/other/client-certs", token, body), 403,
                  ERROR(403, "Invalid token."));
    const struct answer got = sign(w, "/v1/remoteenvironments/app/client-certs", token, body);
    assert_int_equal(got.status, 201);
    struct bytes leaf;
    assert_int_equal(certificates(w, got.body, "crt", &leaf), 2);
    assert_true(text_ends_with(got.body, TEXT("\"}\n")));
    assert_false(text_contains(text_from(got.body, 2), ',')); /* one member */
    world_close(w);
}

/* What `openssl base64` prints, between the quotes as it is. */
static struct text wrapped(struct world *w, struct text csr, const char *line_end)
{
    struct buffer b;
    buffer_init(&b, 1 << 16);
    for (size_t at = 0; at < csr.n; at += 64) {
        buffer_text(&b, text_first(text_from(csr, at), 64));
        buffer_cstr(&b, line_end);
    }
    const struct text out = arena_text(&w->arena, buffer_as_text(&b));
    buffer_release(&b);
    return out;
}

static void accepts_what_people_really_paste(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    const struct text csr =
        world_csr_of(w, &(struct test_csr){.key = "rsa:2048", .digest = "SHA256", .subject = GOOD});
    const struct text bodies[] = {
        body_of(w, wrapped(w, csr, "\n")),
        body_of(w, wrapped(w, csr, "\r\n")),
        body_of(w, wrapped(w, csr, "\\n")),
        arena_printf(&w->arena, "{\"CSR\":\"%.*s\"}", TEXT_ARG(csr)),
        arena_printf(&w->arena, "{\"csr\":\"x\",\"other\":[1],\"Csr\":\"%.*s\"}", TEXT_ARG(csr)),
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        const struct answer got = sign(w, "/v1/applications/certificates", world_token(w, &h), bodies[i]);
        if (got.status != 201)
            fail_msg("row %zu: %.*s", i, TEXT_ARG(got.body));
    }
    world_close(w);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    const struct ask in = {.method = HTTP_POST,
                           .target = "/v1/applications/certificates?token=x",
                           .listener = ON_CONNECTOR,
                           .body = body_of(w, world_csr(w, GOOD))};
    struct prepared p;
    ask_prepare(&p, w, &in);
    const struct bytes body = p.call.body;
    struct status last = STATUS(NOMEM);
    for (long n = 0; !status_ok(last) && n < 10000; n++) {
        const struct text token = world_token(w, &h);
        p.request.query = arena_printf(&w->arena, "token=%.*s", TEXT_ARG(token));
        p.call.body = body;
        mem_fail_after(n);
        last = ask_run(&p, 201);
        mem_fail_after(-1);
    }
    assert_ok(last);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_without_a_good_token_before_it_reads_the_body),
        cmocka_unit_test(refuses_bodies_that_are_no_request),
        cmocka_unit_test(answers_chain_leaf_and_ca),
        cmocka_unit_test(answers_a_remote_environment_with_the_chain_only),
        cmocka_unit_test(accepts_what_people_really_paste),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
