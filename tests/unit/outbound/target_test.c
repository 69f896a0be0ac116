/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/target.h"

#include <unistd.h>

#include "outbound/tls_contexts.h"
#include "pki.h"
#include "rewriting.h"

struct fixture {
    struct pki *pki;
    const struct pki_identity *one, *two;
    struct tls_contexts *contexts;
};

static int set_up(void **state)
{
    static struct fixture f;
    f.pki = pki_new("ec:P-256");
    f.one = pki_client(f.pki, PKI_GOOD, "one");
    f.two = pki_client(f.pki, PKI_GOOD, "two");
    assert_ok(tls_contexts_new(pki_ca_pem(f.pki), TEXT(""), 4, &f.contexts));
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    tls_contexts_free(f->contexts);
    pki_free(f->pki);
    return 0;
}

static struct hop_target https(void)
{
    const struct hop_target t = {
        .tls = true,
        .verify = true,
        .host = TEXT("api.example.com"),
        .port = 443,
        .port_is_default = true,
        .addresses = {{[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 1}, {0x20, 1}},
        .address_count = 2,
        .until = 1000,
    };
    return t;
}

/* Encodes and prepares. */
static struct status prepare(struct fixture *f, const struct hop_target *t, struct outbound_target **out)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, HOP_TARGET_MAX);
    hop_target_encode(t, &b);
    TRY(buffer_status(&b));
    const size_t n = buffer_size(&b);
    uint8_t *bytes = mem_alloc(n);
    if (!bytes)
        return STATUS(NOMEM);
    memcpy(bytes, b.data, n);
    return outbound_target_new(bytes, n, f->contexts, out, NULL);
}

static struct outbound_target *prepared(struct fixture *f, const struct hop_target *t)
{
    struct outbound_target *out = NULL;
    assert_ok(prepare(f, t, &out));
    return out;
}

static void refuses_what_is_not_the_protocol(void **state)
{
    struct outbound_target *out = NULL;
    struct error err = {0};
    uint8_t *bytes = mem_alloc(10);
    assert_non_null(bytes);
    assert_status(outbound_target_new(bytes, 10, ((struct fixture *)*state)->contexts, &out, &err),
                  E_INVALID);
    assert_null(out);
    assert_true(err.message[0]);
    bytes = mem_alloc(0);
    assert_status(outbound_target_new(bytes, 0, ((struct fixture *)*state)->contexts, &out, NULL), E_INVALID);
}

static void refuses_hosts_and_keys_that_cannot_be_used(void **state)
{
    struct fixture *f = *state;
    static char endless[300];
    memset(endless, 'a', sizeof endless);
    const struct text hosts[] = {TEXT(""),  TEXT("a b"), TEXT("a:1"),
                                 TEXT("["), TEXT("."),   {endless, sizeof endless}};
    struct outbound_target *out = NULL;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct hop_target t = https();
        t.host = hosts[i];
        assert_status(prepare(f, &t, &out), E_INVALID);
    }
    struct hop_target t = https();
    t.port = 0;
    assert_status(prepare(f, &t, &out), E_INVALID);
    t = https();
    t.anchors_pem = TEXT("no certificate");
    assert_status(prepare(f, &t, &out), E_INVALID);
    t = https();
    t.chain_pem = f->one->chain_pem;
    assert_status(prepare(f, &t, &out), E_INVALID);
    t.key_pem = f->two->key_pem;
    assert_status(prepare(f, &t, &out), E_INVALID);
    assert_null(out);
}

static void prepares_addresses_name_and_tls(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *host, *name;
    } cases[] = {{"api.example.com", "api.example.com"},
                 {"api.example.com.", "api.example.com"},
                 {"192.0.2.1", "192.0.2.1"},
                 {"[2001:db8::1]", "2001:db8::1"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hop_target t = https();
        t.host = text_of(cases[i].host);
        struct outbound_target *p = prepared(f, &t);
        assert_string_equal(p->endpoint.server_name, cases[i].name);
        assert_int_equal(p->endpoint.address_count, 2);
        assert_int_equal(p->endpoint.addresses[0].address[12], 192);
        assert_int_equal(p->endpoint.addresses[1].port, 443);
        assert_non_null(p->endpoint.tls);
        outbound_target_unref(p);
    }
    struct hop_target plain = https();
    plain.tls = false;
    struct outbound_target *p = prepared(f, &plain);
    assert_null(p->endpoint.tls);
    outbound_target_unref(p);
}

static void a_refusal_needs_no_endpoint(void **state)
{
    const struct hop_target t = {.status = 404, .message = TEXT("service with ID x not found"), .until = 5};
    struct outbound_target *p = prepared(*state, &t);
    assert_int_equal(p->answer.status, 404);
    assert_text(p->answer.message, "service with ID x not found");
    assert_null(p->endpoint.tls);
    outbound_target_unref(p);
}

static void neither_does_a_bundle(void **state)
{
    const struct hop_target t = {.bundle = true, .application = TEXT("shop"), .until = 1000};
    struct outbound_target *out = prepared(*state, &t);
    assert_true(out->answer.bundle);
    assert_int_equal(out->endpoint.address_count, 0);
    outbound_target_unref(out);
}

static bool same_share(struct fixture *f, const struct hop_target *a, const struct hop_target *b)
{
    struct outbound_target *one = prepared(f, a), *two = prepared(f, b);
    const bool same = bytes_equal(BYTES_OF(one->endpoint.share), BYTES_OF(two->endpoint.share));
    outbound_target_unref(one);
    outbound_target_unref(two);
    return same;
}

static void connections_are_shared_by_everything_that_tls_depends_on(void **state)
{
    struct fixture *f = *state;
    const struct hop_target base = https();
    struct hop_target t = base;
    assert_true(same_share(f, &base, &t));
    t.authorization = TEXT("Basic x");
    const struct hop_field field = {TEXT("X"), TEXT("y")};
    t.headers = &field;
    t.header_count = 1;
    t.path = TEXT("/p");
    t.csrf = true;
    t.address_count = 1;
    t.version = 9;
    t.service = TEXT("another");
    assert_true(same_share(f, &base, &t));

    t = base;
    t.host = TEXT("other.example.com");
    assert_false(same_share(f, &base, &t));
    t = base;
    t.port = 8443;
    assert_false(same_share(f, &base, &t));
    t = base;
    t.verify = false;
    assert_false(same_share(f, &base, &t));
    t = base;
    t.anchors_pem = pki_other_ca_pem(f->pki);
    assert_false(same_share(f, &base, &t));
    t = base;
    t.chain_pem = f->one->chain_pem;
    t.key_pem = f->one->key_pem;
    assert_false(same_share(f, &base, &t));
    struct hop_target u = t;
    u.chain_pem = f->two->chain_pem;
    u.key_pem = f->two->key_pem;
    assert_false(same_share(f, &t, &u));

    /* Without TLS there is nothing of it to differ by, and no key of the other kind. */
    t = base;
    t.tls = false;
    assert_false(same_share(f, &base, &t));
    u = t;
    u.verify = false;
    assert_true(same_share(f, &t, &u));
}

static struct hop_target proxied(void)
{
    struct hop_target t = https();
    t.proxy_to = TEXT("192.0.2.1:443");
    t.proxy = TEXT("proxy.example:3128");
    t.proxy_port = 3128;
    t.proxy_authorization = TEXT("Basic dTpw");
    return t;
}

static void connections_through_a_proxy_are_shared_by_that_too(void **state)
{
    struct fixture *f = *state;
    const struct hop_target direct = https(), base = proxied();
    struct hop_target t = base;
    assert_false(same_share(f, &direct, &base));
    t.proxy_to = TEXT("192.0.2.2:443"); /* another address of the same host */
    assert_true(same_share(f, &base, &t));
    t.proxy = TEXT("other.example:3128");
    assert_false(same_share(f, &base, &t));
    t = base;
    t.proxy_authorization = TEXT("Basic eDp5");
    assert_false(same_share(f, &base, &t));
}

static void addresses_are_the_proxys_when_there_is_one(void **state)
{
    struct fixture *f = *state;
    const struct hop_target t = proxied();
    struct outbound_target *out = prepared(f, &t);
    assert_string_equal(out->endpoint.proxy_to, "192.0.2.1:443");
    assert_text(out->endpoint.proxy_authorization, "Basic dTpw");
    assert_int_equal(out->endpoint.addresses[0].port, 3128);
    assert_string_equal(out->endpoint.server_name, "api.example.com");
    outbound_target_unref(out);
}

static void refuses_what_would_break_the_request_to_the_proxy(void **state)
{
    struct fixture *f = *state;
    static const char *const broken[] = {"a b:1", "a:1\r\nX: y", "a:1\n", "\xc3\xa4:1", " a:1", "a:1\x7f"};
    struct outbound_target *out = NULL;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct hop_target t = proxied();
        t.proxy_to = text_of(broken[i]);
        assert_status(prepare(f, &t, &out), E_INVALID);
    }
}

static struct tls_context *context_of(struct fixture *f, const struct hop_target *t)
{
    struct tls_context *c = NULL;
    assert_ok(tls_contexts_get(f->contexts, t, &c, NULL));
    return c;
}

static void contexts_are_shared_and_the_least_used_go_first(void **state)
{
    struct fixture *f = *state;
    struct tls_contexts *contexts = f->contexts;
    struct fixture small = *f;
    assert_ok(tls_contexts_new(TEXT(""), pki_ca_pem(f->pki), 2, &small.contexts));
    struct hop_target a = https(), b = https(), c = https();
    b.verify = false;
    c.anchors_pem = pki_other_ca_pem(f->pki);
    struct tls_context *first = context_of(&small, &a);
    struct tls_context *second = context_of(&small, &b);
    struct tls_context *again = context_of(&small, &a); /* used last but one no more */
    assert_ptr_equal(first, again);
    struct tls_context *third = context_of(&small, &c); /* b goes */
    tls_context_unref(again);
    again = context_of(&small, &a);
    assert_ptr_equal(first, again);
    tls_context_unref(again);
    again = context_of(&small, &b);
    assert_ptr_not_equal(second, again);
    tls_context_unref(again);
    tls_contexts_free(small.contexts);
    /* Those in use outlive the cache. */
    struct tls_context *const held[] = {first, second, third};
    for (size_t i = 0; i < 3; i++) {
        struct tls_context_stats stats;
        tls_context_stats(held[i], &stats);
        tls_context_unref(held[i]);
    }
    assert_ptr_equal(contexts, f->contexts);
}

static void is_usable_until_its_end_or_a_change(void **state)
{
    struct fixture *f = *state;
    int fd = -1;
    struct page page;
    assert_ok(page_create(&fd));
    assert_ok(page_map(fd, true, &page));
    struct hop_target t = https();
    t.pairs = (struct page_pairs){.pair = {{7, page_load(&page, 7)}}, .count = 1};
    struct outbound_target *p = prepared(f, &t);
    assert_true(outbound_target_usable(p, &page, 0));
    assert_true(outbound_target_usable(p, &page, 999999));
    assert_false(outbound_target_usable(p, &page, 1000000));
    assert_false(outbound_target_usable(p, &page, INT64_MAX));
    page_bump(&page, 8);
    assert_true(outbound_target_usable(p, &page, 0));
    page_bump(&page, 7);
    assert_false(outbound_target_usable(p, &page, 0));
    outbound_target_unref(p);
    page_unmap(&page);
    (void)close(fd);
}

static void lives_while_somebody_uses_it(void **state)
{
    const struct hop_target t = https();
    struct outbound_target *p = prepared(*state, &t);
    p->references++;
    outbound_target_unref(p);
    assert_text(p->answer.host, "api.example.com");
    outbound_target_unref(p);
    outbound_target_unref(NULL);
}

static struct status prepare_and_forget(struct fixture *f)
{
    struct hop_target t = https();
    t.anchors_pem = pki_other_ca_pem(f->pki);
    t.chain_pem = f->one->chain_pem;
    t.key_pem = f->one->key_pem;
    struct tls_contexts *contexts = NULL;
    TRY(tls_contexts_new(pki_ca_pem(f->pki), TEXT(""), 2, &contexts));
    struct fixture mine = *f;
    mine.contexts = contexts;
    struct outbound_target *out = NULL;
    const struct status s = prepare(&mine, &t, &out);
    outbound_target_unref(out);
    tls_contexts_free(contexts);
    return s;
}

static void survives_failing_allocations(void **state)
{
    assert_survives_failing_allocations(prepare_and_forget(*state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_the_protocol),
        cmocka_unit_test(refuses_hosts_and_keys_that_cannot_be_used),
        cmocka_unit_test(prepares_addresses_name_and_tls),
        cmocka_unit_test(a_refusal_needs_no_endpoint),
        cmocka_unit_test(neither_does_a_bundle),
        cmocka_unit_test(connections_are_shared_by_everything_that_tls_depends_on),
        cmocka_unit_test(connections_through_a_proxy_are_shared_by_that_too),
        cmocka_unit_test(addresses_are_the_proxys_when_there_is_one),
        cmocka_unit_test(refuses_what_would_break_the_request_to_the_proxy),
        cmocka_unit_test(contexts_are_shared_and_the_least_used_go_first),
        cmocka_unit_test(is_usable_until_its_end_or_a_change),
        cmocka_unit_test(lives_while_somebody_uses_it),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
