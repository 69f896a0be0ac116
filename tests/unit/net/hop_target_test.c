/* SPDX-License-Identifier: Apache-2.0 */
#include "net/hop.h"

#include "check.h"

static struct hop_field_room room;

static struct status decode(struct bytes in, struct hop_target *out)
{
    return hop_target_decode(in, &room, out);
}

static struct hop_target full(void)
{
    static const struct hop_field headers[] = {{TEXT_INIT("X-A"), TEXT_INIT("1")},
                                               {TEXT_INIT("X-A"), TEXT_INIT("2")}};
    static const struct hop_field query_fields[] = {{TEXT_INIT("k"), TEXT_INIT("v")}};
    struct hop_target t = {
        .version = UINT64_MAX,
        .application = TEXT("shop"),
        .service = TEXT("id"),
        .service_name = TEXT("orders"),
        .series = 999,
        .tls = true,
        .verify = true,
        .host = TEXT("api.example.com"),
        .port = 8443,
        .path = TEXT("/base"),
        .query = TEXT("v=1"),
        .encode_url = true,
        .addresses = {{1}, {2, [15] = 9}},
        .address_count = 2,
        .proxy_to = TEXT("192.0.2.7:8443"),
        .proxy = TEXT("proxy.example:3128"),
        .proxy_authorization = TEXT("Basic dTpw"),
        .proxy_port = 3128,
        .anchors_pem = TEXT("anchors"),
        .chain_pem = TEXT("chain"),
        .key_pem = TEXT("key"),
        .authorization = TEXT("Basic eA=="),
        .headers = headers,
        .header_count = 2,
        .query_fields = query_fields,
        .query_count = 1,
        .csrf = true,
        .csrf_token = TEXT("token"),
        .csrf_cookies = TEXT("a=b; c=d"),
        .refresh_at = 1234567890123,
        .until = INT64_MAX,
        .pairs = {.count = 1, .pair = {{PAGE_COUNTERS - 1, 7}}},
    };
    return t;
}

static void encode(struct buffer *b, const struct hop_target *t)
{
    buffer_init(b, HOP_TARGET_MAX);
    hop_target_encode(t, b);
    assert_ok(buffer_status(b));
}

static void refuses_every_cut_and_a_byte_too_many(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    const struct hop_target t = full();
    encode(&b, &t);
    struct hop_target out;
    for (size_t n = 0; n < buffer_size(&b); n++)
        assert_status(decode((struct bytes){b.data, n}, &out), E_INVALID);
    buffer_byte(&b, 0);
    assert_status(decode(buffer_bytes(&b), &out), E_INVALID);
}

static void refuses_what_no_core_writes(void **state)
{
    (void)state;
    const struct {
        const char *what;
        size_t at;
        uint8_t value;
    } cases[] = {
        {"a status that is no refusal", 1, 200},
        {"a status of another kind", 0, 0xff},
        {"a flag that has no meaning", 2 + 4 + 8 + 4 + 4 + 4 + 2 + 4 + 6 + 2, 0x80},
        {"nine addresses", 2 + 4 + 8 + 4 + 4 + 4 + 2 + 4 + 6 + 2 + 1 + 4 + 15 + 2 + 4 + 5 + 4 + 3, 9},
        {"a text longer than the answer", 2, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWNED(buffer_release) struct buffer b;
        const struct hop_target t = full();
        encode(&b, &t);
        b.data[cases[i].at] = cases[i].value;
        struct hop_target out;
        if (decode(buffer_bytes(&b), &out).code != E_INVALID)
            fail_msg("accepted %s", cases[i].what);
    }
}

static void refuses_half_a_proxy(void **state)
{
    (void)state;
    for (unsigned without = 0; without < 4; without++) {
        OWNED(buffer_release) struct buffer b;
        struct hop_target t = full(), out;
        if (without == 0)
            t.proxy_to = TEXT("");
        else if (without == 1)
            t.proxy = TEXT("");
        else if (without == 2)
            t.proxy_port = 0;
        else
            t.proxy_authorization = TEXT("");
        encode(&b, &t);
        assert_status(decode(buffer_bytes(&b), &out), without < 3 ? E_INVALID : E_OK);
    }
}

static void refuses_more_fields_than_there_is_room_for(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    const struct hop_field field = {TEXT("name"), TEXT("value")};
    const struct hop_target t = {.headers = &field, .header_count = 1};
    encode(&b, &t);
    /* The count stands in front of the only "name" and its length. */
    const uint8_t *name = memmem(b.data, b.end, "name", 4);
    assert_non_null(name);
    b.data[name - b.data - 5] = HOP_FIELDS_MAX + 1;
    struct hop_target out;
    assert_status(decode(buffer_bytes(&b), &out), E_INVALID);
}

static void refuses_more_than_the_maximum(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, HOP_TARGET_MAX + 1);
    uint8_t *p = buffer_reserve(&b, HOP_TARGET_MAX + 1);
    assert_non_null(p);
    memset(p, 0, HOP_TARGET_MAX + 1);
    buffer_commit(&b, HOP_TARGET_MAX + 1);
    struct hop_target out;
    assert_status(decode(buffer_bytes(&b), &out), E_INVALID);
}

static void target_survives_the_round_trip(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b, again;
    const struct hop_target t = full();
    encode(&b, &t);
    struct hop_target out;
    assert_ok(decode(buffer_bytes(&b), &out));
    assert_true(out.tls && out.verify && out.encode_url && out.csrf && !out.port_is_default);
    assert_int_equal(out.status, 0);
    assert_int_equal(out.port, 8443);
    assert_text(out.host, "api.example.com");
    assert_int_equal(out.address_count, 2);
    assert_int_equal(out.addresses[1][15], 9);
    assert_text(out.proxy_to, "192.0.2.7:8443");
    assert_text(out.proxy, "proxy.example:3128");
    assert_text(out.proxy_authorization, "Basic dTpw");
    assert_int_equal(out.proxy_port, 3128);
    assert_text(out.headers[1].value, "2");
    assert_text(out.query_fields[0].name, "k");
    assert_text(out.csrf_cookies, "a=b; c=d");
    assert_true(out.until == INT64_MAX && out.version == UINT64_MAX);
    encode(&again, &out);
    assert_true(bytes_equal(buffer_bytes(&b), buffer_bytes(&again)));
}

static void a_bundle_survives_the_round_trip(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    const struct hop_target t = {.bundle = true, .application = TEXT("shop"), .until = 5};
    struct hop_target out;
    encode(&b, &t);
    assert_ok(decode(buffer_bytes(&b), &out));
    assert_true(out.bundle && !out.tls && !out.csrf);
    assert_text(out.application, "shop");
}

static void refusal_survives_the_round_trip(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    const struct hop_target t = {.status = 404, .message = TEXT("service with ID x not found"), .until = 5};
    encode(&b, &t);
    struct hop_target out;
    assert_ok(decode(buffer_bytes(&b), &out));
    assert_int_equal(out.status, 404);
    assert_text(out.message, "service with ID x not found");
    assert_int_equal(out.until, 5);
}

static void holds_a_token_of_more_than_64_kib(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    static char token[100000];
    memset(token, 'x', sizeof token);
    const struct hop_target t = {.authorization = {token, sizeof token}};
    encode(&b, &t);
    struct hop_target out;
    assert_ok(decode(buffer_bytes(&b), &out));
    assert_true(text_equal(out.authorization, t.authorization));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_every_cut_and_a_byte_too_many),
        cmocka_unit_test(refuses_what_no_core_writes),
        cmocka_unit_test(refuses_half_a_proxy),
        cmocka_unit_test(refuses_more_fields_than_there_is_room_for),
        cmocka_unit_test(refuses_more_than_the_maximum),
        cmocka_unit_test(target_survives_the_round_trip),
        cmocka_unit_test(a_bundle_survives_the_round_trip),
        cmocka_unit_test(refusal_survives_the_round_trip),
        cmocka_unit_test(holds_a_token_of_more_than_64_kib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
