/* SPDX-License-Identifier: Apache-2.0 */
#include "net/hop.h"

#include "check.h"

static const uint8_t fingerprint[32] = {1, 2, 3};

static struct hop_preamble sample(void)
{
    return (struct hop_preamble){
        .listener = 2,
        .verdict = 1,
        .flags = HOP_RUNTIME,
        .front = 7,
        .request_id = TEXT("0123456789abcdef"),
        .peer_address = TEXT("203.0.113.7:51234"),
        .fingerprint = BYTES_OF(fingerprint),
        .application = TEXT("shop"),
        .tenant = TEXT("t"),
        .group = TEXT("g"),
        .subject_error = TEXT(""),
        .subject = {(const uint8_t *)"\x30\x01", 2},
    };
}

static struct bytes encoded(struct buffer *b)
{
    struct hop_preamble p = sample();
    buffer_init(b, 8192);
    hop_preamble_encode(&p, b);
    assert_ok(buffer_status(b));
    return buffer_bytes(b);
}

static void waits_at_every_truncation(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    struct bytes all = encoded(&b);
    for (size_t n = 0; n < all.n; n++) {
        struct hop_preamble out;
        size_t used = 99;
        assert_ok(hop_preamble_decode((struct bytes){all.p, n}, &out, &used));
        assert_int_equal(used, 0);
    }
}

static void returns_what_was_encoded_and_leaves_what_follows(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    struct bytes all = encoded(&b);
    size_t length = all.n;
    buffer_cstr(&b, "GET / HTTP/1.1\r\n");
    struct hop_preamble out;
    size_t used = 0;
    assert_ok(hop_preamble_decode(buffer_bytes(&b), &out, &used));
    assert_int_equal(used, length);
    assert_int_equal(out.listener, 2);
    assert_int_equal(out.verdict, 1);
    assert_int_equal(out.flags, HOP_RUNTIME);
    assert_int_equal(out.front, 7);
    assert_text(out.request_id, "0123456789abcdef");
    assert_text(out.peer_address, "203.0.113.7:51234");
    assert_text(out.application, "shop");
    assert_text(bytes_text(out.subject), "\x30\x01");
    assert_true(bytes_equal(out.fingerprint, BYTES_OF(fingerprint)));
}

struct refusal {
    const char *what;
    size_t at; /* byte to change */
    uint8_t value;
};

static void refuses_what_no_front_writes(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"a length over the maximum", 0, 0xff},        {"another version", 4, HOP_VERSION + 1},
        {"a listener bit that cannot be", 5, 32},      {"a verdict that cannot be", 6, 4},
        {"a text longer than the preamble", 10, 0x40},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWNED(buffer_release) struct buffer b;
        (void)encoded(&b);
        b.data[cases[i].at] = cases[i].value;
        struct hop_preamble out;
        size_t used = 0;
        if (hop_preamble_decode(buffer_bytes(&b), &out, &used).code != E_INVALID)
            fail_msg("accepted %s", cases[i].what);
    }
}

static void refuses_a_fingerprint_that_is_not_32_bytes(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 8192);
    struct hop_preamble p = sample();
    p.fingerprint.n = 31;
    hop_preamble_encode(&p, &b);
    struct hop_preamble out;
    size_t used = 0;
    assert_status(hop_preamble_decode(buffer_bytes(&b), &out, &used), E_INVALID);
}

static void identity_survives_the_round_trip_and_every_cut_is_refused(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 8192);
    struct hop_identity id = {.verdict = 1, .application = TEXT("shop"), .valid_until = 1234567890123};
    id.pairs.count = 2;
    id.pairs.pair[0] = (struct page_pair){65535, 7};
    id.pairs.pair[1] = (struct page_pair){0, UINT64_MAX};
    hop_identity_encode(&id, &b);
    struct hop_identity out;
    assert_ok(hop_identity_decode(buffer_bytes(&b), &out));
    assert_text(out.application, "shop");
    assert_int_equal(out.valid_until, 1234567890123);
    assert_int_equal(out.pairs.count, 2);
    assert_true(out.pairs.pair[1].value == UINT64_MAX);
    for (size_t n = 0; n < buffer_size(&b); n++)
        assert_status(hop_identity_decode((struct bytes){buffer_bytes(&b).p, n}, &out), E_INVALID);
}

static void refuses_a_counter_outside_of_the_page(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 8192);
    struct hop_identity id = {.verdict = 1};
    id.pairs.count = 1;
    id.pairs.pair[0] = (struct page_pair){PAGE_COUNTERS, 7};
    hop_identity_encode(&id, &b);
    struct hop_identity out;
    assert_status(hop_identity_decode(buffer_bytes(&b), &out), E_INVALID);
}

static void listeners_survive_the_round_trip_and_every_cut_is_refused(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 8192);
    struct hop_listeners l = {.count = 1, .renew_at = 42, .target_anchors_pem = TEXT("anchors")};
    l.item[0] = (struct hop_listener){.listener = 2,
                                      .chain_pem = TEXT("chain"),
                                      .key_pem = TEXT("key"),
                                      .anchors_pem = TEXT("ca"),
                                      .guest_anchors_pem = TEXT("guests")};
    hop_listeners_encode(&l, &b);
    struct hop_listeners out;
    assert_ok(hop_listeners_decode(buffer_bytes(&b), &out));
    assert_text(out.target_anchors_pem, "anchors");
    assert_int_equal(out.count, 1);
    assert_text(out.item[0].key_pem, "key");
    assert_text(out.item[0].anchors_pem, "ca");
    assert_text(out.item[0].guest_anchors_pem, "guests");
    for (size_t n = 0; n < buffer_size(&b); n++)
        assert_status(hop_listeners_decode((struct bytes){buffer_bytes(&b).p, n}, &out), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_at_every_truncation),
        cmocka_unit_test(refuses_what_no_front_writes),
        cmocka_unit_test(refuses_a_fingerprint_that_is_not_32_bytes),
        cmocka_unit_test(refuses_a_counter_outside_of_the_page),
        cmocka_unit_test(returns_what_was_encoded_and_leaves_what_follows),
        cmocka_unit_test(identity_survives_the_round_trip_and_every_cut_is_refused),
        cmocka_unit_test(listeners_survive_the_round_trip_and_every_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
