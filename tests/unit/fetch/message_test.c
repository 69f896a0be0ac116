/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/fetch.h"

#include "check.h"

static const struct fetch_field headers[] = {{TEXT_INIT("X-A"), TEXT_INIT("1")},
                                             {TEXT_INIT("X-A"), TEXT_INIT("2")},
                                             {TEXT_INIT("X-B"), TEXT_INIT("")}};
static const struct fetch_field query[] = {{TEXT_INIT("q"), TEXT_INIT("a b")}};

static const struct fetch_field form[] = {{TEXT_INIT("client_id"), TEXT_INIT("id")},
                                          {TEXT_INIT("scope"), TEXT_INIT("")}};

static struct fetch_request example(void)
{
    return (struct fetch_request){
        .job = FETCH_DOCUMENT,
        .url = TEXT("https://shop.example/spec"),
        .headers = headers,
        .header_count = 3,
        .query = query,
        .query_count = 1,
        .authentication = FETCH_OAUTH,
        .user = TEXT("id"),
        .password = TEXT("secret"),
        .token_url = TEXT("https://shop.example/token"),
        .document = text_bytes(TEXT("{}")),
        .claim = TEXT("OData"),
        .document_max = 4194304,
        .timeout_ms = 20000,
        .host = TEXT("shop.example"),
        .port = 8443,
        .form = form,
        .form_count = 2,
        .authorization = TEXT("Bearer x"),
        .client_chain_pem = TEXT("chain"),
        .client_key_pem = TEXT("key"),
        .anchors_pem = TEXT("anchors"),
        .insecure = true,
    };
}

static void encode(struct buffer *out)
{
    const struct fetch_request r = example();
    buffer_init(out, FETCH_MESSAGE_MAX);
    fetch_request_encode(&r, out);
    assert_ok(buffer_status(out));
    assert_true(buffer_size(out) <= fetch_request_size(&r));
}

static void refuses_a_request_that_is_cut_or_has_more(void **state)
{
    (void)state;
    struct buffer message;
    struct fetch_field fields[FETCH_FIELDS_ROOM];
    struct fetch_request r;
    encode(&message);
    struct bytes whole = buffer_bytes(&message);
    for (size_t n = 0; n < whole.n; n++)
        assert_status(fetch_request_decode((struct bytes){whole.p, n}, &r, fields), E_INVALID);
    buffer_byte(&message, 0);
    assert_status(fetch_request_decode(buffer_bytes(&message), &r, fields), E_INVALID);
    buffer_release(&message);
}

static void refuses_values_that_do_not_exist(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
    } rows[] = {{0, 0}, {0, 1}, {1, 0}, {1, FETCH_JOB_END}, {2, 3}, {2, 255}, {3, 2}};
    struct fetch_field fields[FETCH_FIELDS_ROOM];
    struct fetch_request r;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer message;
        encode(&message);
        message.data[message.start + rows[i].at] = rows[i].value;
        assert_status(fetch_request_decode(buffer_bytes(&message), &r, fields), E_INVALID);
        buffer_release(&message);
    }
}

static void refuses_too_many_fields(void **state)
{
    (void)state;
    static struct fetch_field many[FETCH_FIELDS_MAX + 1];
    struct fetch_field fields[FETCH_FIELDS_ROOM];
    struct fetch_request r = example(), back;
    struct buffer message;
    r.headers = r.query = r.form = many;
    r.header_count = r.query_count = r.form_count = FETCH_FIELDS_MAX;
    buffer_init(&message, FETCH_MESSAGE_MAX);
    fetch_request_encode(&r, &message);
    assert_ok(fetch_request_decode(buffer_bytes(&message), &back, fields));
    assert_int_equal(back.form_count, FETCH_FIELDS_MAX);
    assert_true(buffer_size(&message) <= fetch_request_size(&r));
    size_t *const counts[] = {&r.header_count, &r.query_count, &r.form_count};
    for (size_t i = 0; i < 3; i++) {
        buffer_clear(&message);
        ++*counts[i];
        fetch_request_encode(&r, &message);
        assert_status(buffer_status(&message), E_TOO_LARGE);
        --*counts[i];
    }
    buffer_release(&message);
}

static void a_request_comes_back_as_it_was(void **state)
{
    (void)state;
    struct buffer message;
    struct fetch_field fields[FETCH_FIELDS_ROOM];
    struct fetch_request r;
    encode(&message);
    assert_ok(fetch_request_decode(buffer_bytes(&message), &r, fields));
    assert_int_equal(r.job, FETCH_DOCUMENT);
    assert_int_equal(r.authentication, FETCH_OAUTH);
    assert_int_equal(r.document_max, 4194304);
    assert_int_equal(r.timeout_ms, 20000);
    assert_text(r.url, "https://shop.example/spec");
    assert_text(r.user, "id");
    assert_text(r.password, "secret");
    assert_text(r.token_url, "https://shop.example/token");
    assert_text(r.claim, "OData");
    assert_text(bytes_text(r.document), "{}");
    assert_int_equal(r.header_count, 3);
    assert_text(r.headers[1].value, "2");
    assert_text(r.headers[2].name, "X-B");
    assert_text(r.headers[2].value, "");
    assert_int_equal(r.query_count, 1);
    assert_text(r.query[0].value, "a b");
    assert_text(r.host, "shop.example");
    assert_int_equal(r.port, 8443);
    assert_int_equal(r.form_count, 2);
    assert_text(r.form[0].value, "id");
    assert_text(r.form[1].name, "scope");
    assert_text(r.authorization, "Bearer x");
    assert_text(r.client_chain_pem, "chain");
    assert_text(r.client_key_pem, "key");
    assert_text(r.anchors_pem, "anchors");
    assert_true(r.insecure);
    buffer_release(&message);
}

static void encode_answer(struct buffer *out, const char *reason)
{
    struct fetch_answer a = {.outcome = FETCH_STATUS, .http_status = 404, .format = FETCH_FORMAT_XML};
    (void)text_to_cstr(text_of(reason), a.reason, sizeof a.reason);
    buffer_init(&a.document, 100);
    buffer_text(&a.document, TEXT("<a/>"));
    a.expires_in_s = 3600;
    a.address_count = 2;
    memset(a.addresses, 7, sizeof a.addresses);
    assert_ok(secret_copy(&a.token, text_bytes(TEXT("geheim"))));
    assert_ok(secret_copy(&a.cookies, text_bytes(TEXT("a=b; c=d"))));
    buffer_init(out, FETCH_MESSAGE_MAX);
    fetch_answer_encode(&a, out);
    assert_ok(buffer_status(out));
    assert_true(buffer_size(out) <= fetch_answer_size(&a));
    fetch_answer_release(&a);
}

static void refuses_an_answer_that_is_cut_or_wrong(void **state)
{
    (void)state;
    struct buffer message;
    struct fetch_answer a;
    encode_answer(&message, "status 404");
    struct bytes whole = buffer_bytes(&message);
    for (size_t n = 0; n < whole.n; n++)
        assert_status(fetch_answer_decode((struct bytes){whole.p, n}, &a), E_INVALID);
    static const uint8_t wrong[][2] = {
        {0, 9}, {1, FETCH_OUTCOME_END}, {2, FETCH_FORMAT_END}, {3, 0xff}, {7, 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t *at = message.data + message.start + wrong[i][0];
        uint8_t kept = *at;
        *at = wrong[i][1];
        assert_status(fetch_answer_decode(buffer_bytes(&message), &a), E_INVALID);
        *at = kept;
    }
    assert_ok(fetch_answer_decode(buffer_bytes(&message), &a));
    fetch_answer_release(&a);
    buffer_release(&message);
}

static void expect_refused(const struct fetch_answer *a)
{
    struct buffer message;
    struct fetch_answer back;
    buffer_init(&message, FETCH_MESSAGE_MAX);
    fetch_answer_encode(a, &message);
    assert_ok(buffer_status(&message));
    assert_status(fetch_answer_decode(buffer_bytes(&message), &back), E_INVALID);
    buffer_release(&message);
}

static void refuses_expiry_and_secrets_out_of_range(void **state)
{
    (void)state;
    struct fetch_answer a = {.expires_in_s = -2};
    expect_refused(&a);
    a.expires_in_s = (int64_t)INT32_MAX + 1;
    expect_refused(&a);
    a.expires_in_s = -1;
    assert_ok(secret_alloc(&a.token, FETCH_SECRET_MAX + 1));
    expect_refused(&a);
    a.cookies = a.token;
    a.token = (struct secret){NULL, 0};
    expect_refused(&a);
    fetch_answer_release(&a);
}

static struct status decode(struct bytes message)
{
    struct fetch_answer a;
    TRY(fetch_answer_decode(message, &a));
    fetch_answer_release(&a);
    return DONE;
}

static void an_answer_comes_back_as_it_was(void **state)
{
    (void)state;
    struct buffer message;
    struct fetch_answer a;
    encode_answer(&message, "status 404");
    assert_ok(fetch_answer_decode(buffer_bytes(&message), &a));
    assert_int_equal(a.outcome, FETCH_STATUS);
    assert_int_equal(a.http_status, 404);
    assert_int_equal(a.format, FETCH_FORMAT_XML);
    assert_string_equal(a.reason, "status 404");
    assert_text(buffer_as_text(&a.document), "<a/>");
    assert_int_equal(a.expires_in_s, 3600);
    assert_int_equal(a.address_count, 2);
    assert_int_equal(a.addresses[1][15], 7);
    assert_int_equal(a.addresses[2][0], 0);
    assert_text(bytes_text(secret_bytes(&a.token)), "geheim");
    assert_text(bytes_text(secret_bytes(&a.cookies)), "a=b; c=d");
    fetch_answer_release(&a);
    assert_survives_failing_allocations(decode(buffer_bytes(&message)));
    buffer_release(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_request_that_is_cut_or_has_more),
        cmocka_unit_test(refuses_values_that_do_not_exist),
        cmocka_unit_test(refuses_too_many_fields),
        cmocka_unit_test(refuses_an_answer_that_is_cut_or_wrong),
        cmocka_unit_test(refuses_expiry_and_secrets_out_of_range),
        cmocka_unit_test(a_request_comes_back_as_it_was),
        cmocka_unit_test(an_answer_comes_back_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
