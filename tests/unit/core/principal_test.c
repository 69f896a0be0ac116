/* SPDX-License-Identifier: Apache-2.0 */
#include "core/core_internal.h"

#include <stdio.h>
#include <unistd.h>

#include "check.h"

/* Who is calling: the socket says which listeners a front may speak for, whatever its preamble claims. */

struct connection {
    enum net_kind kind;
    unsigned tag;
    uint32_t uid;
    const struct hop_preamble *preamble;
};

enum net_kind connection_kind(const struct connection *c)
{
    return c->kind;
}
unsigned connection_tag(const struct connection *c)
{
    return c->tag;
}
uint32_t connection_peer_uid(const struct connection *c)
{
    return c->kind == NET_CONTROL ? c->uid : UINT32_MAX;
}
const struct hop_preamble *connection_preamble(const struct connection *c)
{
    return c->preamble;
}

struct world {
    struct core core;
    struct arena arena;
    struct call call;
    struct domain domain;
};

static int open_world(void **state)
{
    static struct world w;
    memset(&w, 0, sizeof w);
    arena_init(&w.arena, 1024, 1 << 16);
    *state = &w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    arena_release(&w->arena);
    return 0;
}

static bool over_hop(struct world *w, unsigned tag, const struct hop_preamble *p)
{
    const struct connection c = {.kind = NET_HOP, .tag = tag, .preamble = p};
    memset(&w->call, 0, sizeof w->call);
    w->call.domain = &w->domain;
    return core_principal(&w->core, &c, &w->arena, &w->call);
}

static bool over_control(struct world *w, uint32_t uid)
{
    const struct connection c = {.kind = NET_CONTROL, .tag = CORE_CONTROL, .uid = uid};
    memset(&w->call, 0, sizeof w->call);
    w->call.domain = &w->domain;
    return core_principal(&w->core, &c, &w->arena, &w->call);
}

/* Bit numbers: internal 0, connector 1, gateway 2, proxy 3, cluster 4, control 5, front 6, none 7. */
static void a_socket_speaks_for_its_own_listeners_only(void **state)
{
    struct world *w = *state;
    static const struct {
        enum core_tag tag;
        const char *may; /* one letter per bit number */
    } rows[] = {
        {CORE_EDGE, "nyynynyn"},
        {CORE_EGRESS, "ynnynnyn"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (uint8_t bit = 0; bit < 8; bit++) {
            const struct hop_preamble p = {.listener = bit};
            const bool may = rows[i].may[bit] == 'y';
            if (over_hop(w, rows[i].tag, &p) != may)
                fail_msg("socket %u, listener bit %u: expected %d", rows[i].tag, bit, may);
            /* A refused one has got nothing; nobody is an operator by way of the edge. */
            const bool egress_asks = rows[i].tag == CORE_EGRESS && 1u << bit == ON_FRONT;
            assert_int_equal(w->call.listener, !may ? 0 : egress_asks ? ON_EGRESS : 1u << bit);
            if (!may || rows[i].tag == CORE_EDGE)
                assert_true(w->call.principal.kind != PRINCIPAL_OPERATOR);
            if (!may || 1u << bit != ON_FRONT)
                assert_true(w->call.principal.kind != PRINCIPAL_FRONT);
        }
}

/* How a target is called is said to the egress role alone (DESIGN 3.1, 4): the routes know its questions by
 * this. */
static void questions_say_which_role_asks(void **state)
{
    struct world *w = *state;
    const struct hop_preamble p = {.listener = 6};
    assert_true(over_hop(w, CORE_EDGE, &p));
    assert_int_equal(w->call.listener, ON_FRONT);
    assert_true(over_hop(w, CORE_EGRESS, &p));
    assert_int_equal(w->call.listener, ON_EGRESS);
    assert_int_equal(w->call.principal.kind, PRINCIPAL_FRONT);
}

static void nobody_is_an_operator_where_the_internal_listener_asks(void **state)
{
    struct world *w = *state;
    const struct hop_preamble p = {.listener = 0};
    assert_true(over_hop(w, CORE_EGRESS, &p));
    assert_int_equal(w->call.principal.kind, PRINCIPAL_OPERATOR);
    assert_int_equal(w->call.principal.grant_count, 1);
    w->domain.internal_asks = true;
    assert_true(over_hop(w, CORE_EGRESS, &p));
    assert_int_equal(w->call.principal.kind, PRINCIPAL_ANONYMOUS);
    assert_int_equal(w->call.principal.grant_count, 0);
    assert_text(w->call.principal.actor, "anonymous");
    static const uint8_t fingerprint[32] = {1};
    const struct hop_preamble forwarded = {
        .listener = 0, .verdict = CERT_ACTIVE, .fingerprint = BYTES_OF(fingerprint)};
    assert_true(over_hop(w, CORE_EGRESS, &forwarded));
    assert_int_equal(w->call.principal.kind, PRINCIPAL_ANONYMOUS);
    assert_int_equal(w->call.principal.certificate, CERT_NONE);
}

static void refuses_a_hop_without_a_preamble(void **state)
{
    assert_false(over_hop(*state, CORE_EDGE, NULL));
    assert_false(over_hop(*state, CORE_EGRESS, NULL));
}

static void refuses_the_control_socket_to_other_users(void **state)
{
    struct world *w = *state;
    const uint32_t own = (uint32_t)geteuid();
    const uint32_t others[] = {own + 1, 65534, UINT32_MAX};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (others[i] == own)
            continue;
        assert_false(over_control(w, others[i]));
        assert_int_equal(w->call.principal.kind, PRINCIPAL_ANONYMOUS);
        assert_int_equal(w->call.listener, 0);
    }
}

static void the_control_socket_is_for_root_and_our_own_user(void **state)
{
    struct world *w = *state;
    const uint32_t users[] = {0, (uint32_t)geteuid()};
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        char actor[32];
        (void)snprintf(actor, sizeof actor, "uid:%u", users[i]);
        w->core.next_request = 7;
        assert_true(over_control(w, users[i]));
        assert_int_equal(w->call.listener, ON_CONTROL);
        assert_int_equal(w->call.principal.kind, PRINCIPAL_OPERATOR);
        assert_int_equal(w->call.principal.uid, users[i]);
        assert_text(w->call.principal.actor, actor);
        assert_text(w->call.peer_address, "control socket");
        assert_text(w->call.request_id, "control7");
    }
}

/* A control connection has no preamble to speak through, even if it had one. */
static void a_preamble_on_the_control_socket_is_not_looked_at(void **state)
{
    struct world *w = *state;
    const struct hop_preamble p = {.listener = 6};
    const struct connection c = {.kind = NET_CONTROL, .tag = CORE_EDGE, .uid = UINT32_MAX, .preamble = &p};
    assert_false(core_principal(&w->core, &c, &w->arena, &w->call));
}

static void nobody_without_a_fingerprint(void **state)
{
    struct world *w = *state;
    static const uint8_t bytes[33] = {0};
    const size_t sizes[] = {0, 1, 20, 31, 33};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const struct hop_preamble p = {.listener = 2,
                                       .verdict = CERT_ACTIVE,
                                       .flags = HOP_RUNTIME,
                                       .application = TEXT("shop"),
                                       .fingerprint = {bytes, sizes[i]}};
        assert_true(over_hop(w, CORE_EDGE, &p));
        assert_int_equal(w->call.principal.kind, PRINCIPAL_ANONYMOUS);
        assert_int_equal(w->call.principal.certificate, CERT_NONE);
        assert_int_equal(w->call.principal.application.n, 0);
        assert_false(w->call.principal.runtime);
        assert_text(w->call.principal.actor, "anonymous");
        assert_int_equal(w->call.principal.uid, UINT32_MAX);
    }
}

/* The roles that come from the socket do not take on a certificate. */
static void a_certificate_does_not_change_a_role(void **state)
{
    struct world *w = *state;
    static const uint8_t fingerprint[32] = {1};
    static const struct {
        enum core_tag tag;
        uint8_t listener;
        enum principal_kind kind;
        const char *actor;
    } rows[] = {
        {CORE_EDGE, 6, PRINCIPAL_FRONT, "front"},
        {CORE_EGRESS, 0, PRINCIPAL_OPERATOR, "loopback"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct hop_preamble p = {.listener = rows[i].listener,
                                       .verdict = CERT_ACTIVE,
                                       .application = TEXT("shop"),
                                       .fingerprint = BYTES_OF(fingerprint)};
        assert_true(over_hop(w, rows[i].tag, &p));
        assert_int_equal(w->call.principal.kind, rows[i].kind);
        assert_int_equal(w->call.principal.certificate, CERT_NONE);
        assert_int_equal(w->call.principal.application.n, 0);
        assert_text(w->call.principal.actor, rows[i].actor);
        assert_int_equal(w->call.principal.uid, UINT32_MAX);
    }
}

/* And nothing of it points into the preamble, which may go away while a request thread works. */
static void a_fingerprint_is_a_certificate(void **state)
{
    struct world *w = *state;
    uint8_t fingerprint[32];
    char shop[] = "shop", tenant[] = "t1", group[] = "g1", wrong[] = "O differs", id[] = "f0r1",
         address[] = "203.0.113.7:51234";
    memset(fingerprint, 0xab, sizeof fingerprint);
    const struct hop_preamble p = {
        .listener = 2,
        .verdict = CERT_REVOKED,
        .flags = HOP_RUNTIME,
        .request_id = text_of(id),
        .peer_address = text_of(address),
        .fingerprint = BYTES_OF(fingerprint),
        .application = text_of(shop),
        .tenant = text_of(tenant),
        .group = text_of(group),
        .subject_error = text_of(wrong),
    };
    assert_true(over_hop(w, CORE_EDGE, &p));
    char *const sent[] = {shop, tenant, group, wrong, id, address};
    for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++)
        memset(sent[i], '!', strlen(sent[i]));
    memset(fingerprint, 0, sizeof fingerprint);
    uint8_t expected[32];
    memset(expected, 0xab, sizeof expected);
    const struct principal *got = &w->call.principal;
    assert_int_equal(got->kind, PRINCIPAL_CERTIFICATE);
    assert_int_equal(got->certificate, CERT_REVOKED);
    assert_true(got->runtime);
    assert_memory_equal(got->fingerprint, expected, sizeof expected);
    assert_text(got->application, "shop");
    assert_text(got->tenant, "t1");
    assert_text(got->group, "g1");
    assert_text(got->subject_error, "O differs");
    assert_text(got->actor, "certificate:abababababababababababababababababababababababababababababababab");
    assert_text(w->call.request_id, "f0r1");
    assert_text(w->call.peer_address, "203.0.113.7:51234");
}

/* A certificate of an external CA is nobody, whatever else the preamble says about a holder. */
static void a_guest_is_nothing_but_a_subject(void **state)
{
    struct world *w = *state;
    uint8_t fingerprint[32], subject[] = {0x30, 0x00};
    memset(fingerprint, 0xcd, sizeof fingerprint);
    const struct hop_preamble p = {
        .listener = 2,
        .verdict = CERT_ACTIVE,
        .flags = HOP_GUEST | HOP_RUNTIME,
        .fingerprint = BYTES_OF(fingerprint),
        .application = TEXT("shop"),
        .tenant = TEXT("t1"),
        .group = TEXT("g1"),
        .system_auth = TEXT("2b2f1c7e-0000-4000-8000-000000000000"),
        .subject = BYTES_OF(subject),
    };
    assert_true(over_hop(w, CORE_EDGE, &p));
    memset(subject, 0xff, sizeof subject);
    const struct principal *got = &w->call.principal;
    assert_int_equal(got->kind, PRINCIPAL_GUEST);
    assert_int_equal(got->certificate, CERT_UNKNOWN);
    assert_false(got->runtime);
    assert_int_equal(got->application.n + got->tenant.n + got->group.n + got->system_auth.n, 0);
    assert_memory_equal(got->fingerprint, fingerprint, sizeof fingerprint);
    assert_int_equal(got->subject.n, 2);
    assert_int_equal(got->subject.p[0], 0x30);
    assert_text(got->actor,
                "external-certificate:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd");
}

static void refuses_a_guest_where_there_are_none(void **state)
{
    struct world *w = *state;
    static const uint8_t fingerprint[32] = {1};
    static const struct {
        enum core_tag tag;
        uint8_t listener;
        size_t size;
    } rows[] = {{CORE_EDGE, 1, 32}, {CORE_EDGE, 4, 32}, {CORE_EGRESS, 3, 32},
                {CORE_EDGE, 2, 0},  {CORE_EDGE, 2, 31}, {CORE_EGRESS, 2, 32}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct hop_preamble p = {
            .listener = rows[i].listener, .flags = HOP_GUEST, .fingerprint = {fingerprint, rows[i].size}};
        assert_false(over_hop(w, rows[i].tag, &p));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_socket_speaks_for_its_own_listeners_only),
        TEST(questions_say_which_role_asks),
        TEST(nobody_is_an_operator_where_the_internal_listener_asks),
        TEST(refuses_a_hop_without_a_preamble),
        TEST(refuses_the_control_socket_to_other_users),
        TEST(the_control_socket_is_for_root_and_our_own_user),
        TEST(a_preamble_on_the_control_socket_is_not_looked_at),
        TEST(nobody_without_a_fingerprint),
        TEST(a_certificate_does_not_change_a_role),
        TEST(a_fingerprint_is_a_certificate),
        TEST(refuses_a_guest_where_there_are_none),
        TEST(a_guest_is_nothing_but_a_subject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
