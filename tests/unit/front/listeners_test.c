/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include <unistd.h>

#include "check.h"

/* What becomes of a front's sockets when the core has answered. */

struct tls_context {
    int references;
};
static struct tls_context context, context_before;

static bool serves_already, guests_changed, tunnels;
static unsigned last_good; /* contexts that can be made, then they fail; 0: all can */

struct tls_session {
    struct tls_peer peer;
};
struct connection {
    unsigned tag;
    struct tls_session tls;
};

static struct session *running; /* of every connection */

static struct {
    const struct pool_events *events;
    void *owner;
    unsigned listening, given, ended, cut, made;
    bool kept; /* the context of before */
    enum net_kind kind;
    enum child_word said;
} seen;

struct status tls_server_context_new(const struct tls_server_settings *settings, struct tls_context **out,
                                     struct error *err)
{
    (void)settings;
    if (last_good && seen.made == last_good)
        return error_set(err, E_INVALID, "no such key");
    seen.made++;
    context.references++;
    *out = &context;
    return DONE;
}
void tls_context_unref(struct tls_context *c)
{
    if (c)
        c->references--;
}
bool tls_context_same_guests(const struct tls_context *a, const struct tls_context *b)
{
    assert_ptr_equal(a, &context_before);
    assert_ptr_equal(b, &context);
    return !guests_changed;
}
void net_server_each(struct net_server *s, void (*visit)(void *ctx, struct connection *c), void *ctx)
{
    (void)s;
    for (unsigned i = 0; i < 4; i++) {
        struct connection c = {.tag = i & 1 ? LISTENER_GATEWAY : LISTENER_PROXY,
                               .tls = {.peer.guest = i & 2}};
        visit(ctx, &c);
    }
}
unsigned connection_tag(const struct connection *c)
{
    return c->tag;
}
struct tls_session *connection_tls(struct connection *c)
{
    return &c->tls;
}
const struct tls_peer *tls_peer(struct tls_session *s)
{
    return &s->peer;
}
struct session *connection_session(struct connection *c)
{
    (void)c;
    return running;
}
bool front_may_tunnel(const struct exchange *x)
{
    assert_non_null(x);
    return tunnels;
}
void connection_shutdown(struct connection *c)
{
    assert_true(c->tls.peer.guest);
    seen.ended |= 1u << c->tag;
}
void connection_close(struct connection *c)
{
    assert_true(c->tls.peer.guest);
    seen.cut |= 1u << c->tag;
}
struct status net_listen(struct net_server *s, int fd, enum net_kind kind, unsigned tag,
                         struct net_listener **out)
{
    (void)s;
    (void)fd;
    seen.listening |= 1u << tag;
    seen.kind = kind;
    *out = (struct net_listener *)(void *)&seen;
    return DONE;
}
struct status net_listener_set_tls(struct net_listener *l, const struct net_tls_choice *choices, size_t count)
{
    (void)l;
    (void)choices;
    seen.given += (unsigned)count;
    return DONE;
}
struct pool_call *pool_send(struct pool *p, enum http_method method, struct bytes request, bool retry,
                            const struct pool_events *events, void *owner)
{
    (void)p;
    (void)method;
    (void)request;
    (void)retry;
    seen.events = events;
    seen.owner = owner;
    return (struct pool_call *)(void *)&seen;
}
void front_write_question(struct front *f, enum http_method method, struct text target, struct bytes body,
                          struct buffer *out)
{
    (void)f;
    (void)method;
    (void)target;
    (void)body;
    buffer_byte(out, 'q');
}
struct status front_trust_targets(struct front *f, struct text more_anchors_pem, struct error *err)
{
    (void)f;
    (void)more_anchors_pem;
    (void)err;
    return DONE;
}

static void nothing(void *owner, struct exchange *x)
{
    (void)owner;
    (void)x;
}
static void over(void *owner, struct exchange *x, bool cancelled)
{
    nothing(owner, x);
    assert_true(cancelled);
}
static const struct session_events call_events = {.request = nothing, .finished = over};

static char anchors[HOP_ANCHORS_MAX];
static struct text target_anchors, guest_anchors;

/* A front with one socket for `sockets`, told keys for `keys`: both 1 << enum listener. */
static void serve(bool mutual, unsigned sockets, unsigned keys)
{
    static char text[2][8] = {"off", "mutual"}, none[] = "";
    struct settings settings = {.tls_proxy_mode = text[mutual],
                                .tls_policy = none,
                                .url_connector = none,
                                .url_gateway = none,
                                .url_domain = none};
    int control[2];
    assert_ok(child_control_pair(control));
    const struct child_channels ch = {
        .control_fd = control[0], .sockets = {{.listeners = sockets, .fd = 9}}, .socket_count = 1};
    _Atomic uint64_t counters[1] = {0};
    struct front f = {.ch = &ch, .settings = &settings, .page = {.counters = counters}};
    if (serves_already)
        f.listeners[LISTENER_PROXY].context = &context_before;
    context_before.references = serves_already;
    struct hop_listeners answer = {.target_anchors_pem = target_anchors};
    for (unsigned l = 0; l < LISTENER_COUNT; l++)
        if (keys & 1u << l)
            answer.item[answer.count++] =
                (struct hop_listener){.listener = (uint8_t)l, .guest_anchors_pem = guest_anchors};
    struct buffer body;
    buffer_init(&body, HOP_LISTENERS_BYTES_MAX);
    buffer_init(&f.scratch, 4096);
    hop_listeners_encode(&answer, &body);
    memset(&seen, 0, sizeof seen);
    front_ask_listeners(&f);
    seen.events->head(seen.owner, &(struct response){.status = 200});
    seen.events->body(seen.owner, buffer_bytes(&body));
    seen.events->end(seen.owner);
    struct child_message message;
    assert_ok(child_receive(control[1], &message));
    seen.said = message.word;
    seen.kept = f.listeners[LISTENER_PROXY].context == &context_before;
    close(control[0]);
    close(control[1]);
    buffer_release(&body);
    buffer_release(&f.scratch);
    front_free_listeners(&f);
    assert_int_equal(context.references, 0);
    assert_int_equal(context_before.references, 0);
}

#define BIT(name) (1u << LISTENER_##name)

static void what_needs_a_key_is_not_served_without_one(void **state)
{
    (void)state;
    static const struct {
        bool mutual;
        unsigned sockets, keys;
    } rows[] = {
        {true, BIT(PROXY), 0},    {true, BIT(PROXY), BIT(GATEWAY)},
        {false, BIT(GATEWAY), 0}, {false, BIT(CONNECTOR), 0},
        {false, BIT(CLUSTER), 0}, {false, BIT(CONNECTOR) | BIT(GATEWAY), BIT(CONNECTOR)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        serve(rows[i].mutual, rows[i].sockets, rows[i].keys);
        assert_int_equal(seen.listening, 0);
        assert_int_equal(seen.said, CHILD_FAILED);
    }
}

static void serves_what_it_has_keys_for_and_what_needs_none(void **state)
{
    (void)state;
    static const struct {
        bool mutual;
        unsigned sockets, keys, given;
        enum net_kind kind;
    } rows[] = {
        {true, BIT(PROXY), BIT(PROXY), 1, NET_TLS},
        {false, BIT(PROXY), 0, 0, NET_TCP},
        {true, BIT(INTERNAL), 0, 0, NET_TCP},
        {false, BIT(CONNECTOR) | BIT(GATEWAY), BIT(CONNECTOR) | BIT(GATEWAY), 2, NET_TLS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        serve(rows[i].mutual, rows[i].sockets, rows[i].keys);
        assert_int_equal(seen.listening, 1u << __builtin_ctz(rows[i].sockets));
        assert_int_equal(seen.kind, rows[i].kind);
        assert_int_equal(seen.given, rows[i].given);
        assert_int_equal(seen.said, CHILD_READY);
    }
}

static void the_largest_files_fit(void **state)
{
    (void)state;
    target_anchors = guest_anchors = (struct text){anchors, sizeof anchors};
    serve(true, BIT(PROXY), BIT(PROXY));
    assert_int_equal(seen.said, CHILD_READY);
    target_anchors = guest_anchors = TEXT("");
}

static void connections_of_guests_end_when_their_authorities_change(void **state)
{
    (void)state;
    serve(true, BIT(PROXY), BIT(PROXY));
    assert_int_equal(seen.ended, 0);
    serves_already = true;
    serve(true, BIT(PROXY), BIT(PROXY));
    assert_int_equal(seen.ended, 0);
    guests_changed = true;
    serve(true, BIT(PROXY), BIT(PROXY));
    assert_int_equal(seen.ended, BIT(PROXY));
    serves_already = guests_changed = false;
}

static void calls_of_guests_may_finish_but_not_tunnels(void **state)
{
    (void)state;
    struct session_settings settings;
    session_settings_default(&settings);
    serves_already = guests_changed = true;
    for (unsigned k = 0; k < 2; k++) {
        running = session_new(SESSION_H1, &settings, &call_events, NULL);
        assert_non_null(running);
        assert_ok(session_feed(running, text_bytes(TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))));
        tunnels = k == 1;
        serve(true, BIT(PROXY), BIT(PROXY));
        assert_int_equal(seen.ended, tunnels ? 0 : BIT(PROXY));
        assert_int_equal(seen.cut, tunnels ? BIT(PROXY) : 0);
        session_free(TAKE(running));
    }
    serves_already = guests_changed = tunnels = false;
}

/* Else guests would be judged by a context that no handshake has. */
static void takes_all_contexts_or_none(void **state)
{
    (void)state;
    serves_already = guests_changed = true;
    serve(true, BIT(PROXY), BIT(PROXY) | BIT(GATEWAY));
    assert_false(seen.kept);
    for (last_good = 1; last_good <= 2; last_good++) {
        serve(true, BIT(PROXY), BIT(PROXY) | BIT(GATEWAY) | BIT(CONNECTOR));
        assert_int_equal(seen.made, last_good);
        assert_true(seen.kept);
        assert_int_equal(seen.ended, 0);
        assert_int_equal(seen.given, 0);
        assert_int_equal(seen.said, CHILD_FAILED);
    }
    last_good = 0;
    serves_already = guests_changed = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_needs_a_key_is_not_served_without_one),
        cmocka_unit_test(takes_all_contexts_or_none),
        cmocka_unit_test(calls_of_guests_may_finish_but_not_tunnels),
        cmocka_unit_test(the_largest_files_fit),
        cmocka_unit_test(connections_of_guests_end_when_their_authorities_change),
        cmocka_unit_test(serves_what_it_has_keys_for_and_what_needs_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
