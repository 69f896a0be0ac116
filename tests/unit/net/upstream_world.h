/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A target in the same loop as the code under test, told by each test what to say, and calls that count their
 * events. Everything listens on 127.0.0.1, on a port the system chose.
 *
 *     struct world w;
 *     world_init(&w);
 *     world_start(&w, &w.calls[0], &get_request);
 *     wait_for(&w, world_asked(&w, 0));
 *     world_say(&w, 0, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
 *     wait_for(&w, w.calls[0].ends == 1);
 *     world_free(&w);
 */

#include "base/clock.h"
#include "check.h"
#include "net/upstream.h"
#include "pki.h"

#define WORLD_ENOUGH      24 /* accepted ones, after which a test that rolls dice begins no call */
#define WORLD_CONNECTIONS 64 /* room for those on their way then */
#define WORLD_CALLS       32
#define WORLD_KEPT        (16u * 1024)

/* One connection as the target sees it. */
struct peer {
    struct world *world;
    int fd; /* -1: closed by us */
    struct watch *watch;
    struct tls_session *tls;
    bool shaken, ended, deaf /* reads nothing */;
    size_t received;
    uint64_t sum; /* of all bytes */
    char text[WORLD_KEPT + 1];
    void *owner; /* of who speaks another protocol than the tests' own words */
    void (*took)(struct peer *p, struct bytes bytes);
};

struct record {
    struct world *world;
    struct upstream_call *call;
    int interims, heads, ends, failures, writables, bodies;
    int status;
    enum upstream_failure why;
    char detail[256];
    bool answer_started, nested;
    size_t body_size, trailers;
    uint64_t sum;
    char body[WORLD_KEPT + 1];
    struct upstream_facts facts; /* at the end */
    void (*on_head)(struct record *r);
    void (*on_body)(struct record *r);
    void (*on_end)(struct record *r);
    void (*on_failed)(struct record *r);
    void (*on_writable)(struct record *r);
};

struct world {
    struct loop *loop;
    struct guard guard;
    struct upstreams *u;
    struct upstream_limits limits;
    struct upstream_endpoint endpoint;
    struct upstream_address addresses[UPSTREAM_ADDRESSES_MAX];
    struct tls_context *server_tls, *client_tls;
    int listener;
    struct watch *accepting;
    struct timer *tick;
    struct peer peers[WORLD_CONNECTIONS];
    int accepted;
    void (*accepted_one)(struct world *w, int peer);
    void (*each_turn)(struct world *w);
    bool in_api; /* events now would be nested */
    struct record calls[WORLD_CALLS];
};

/* Plain TCP until world_use_tls(): what the target shows, whom the client trusts, and whom it shows itself as
 * (or NULL). */
void world_init(struct world *w);
void world_use_tls(struct world *w, const struct pki_identity *server, struct text anchors,
                   const struct pki_identity *client);
void world_free(struct world *w);
void world_set_limits(struct world *w);
void world_turn(struct world *w); /* some of the loop, about a millisecond */
void world_run_for(struct world *w, int64_t ms);

#define wait_for(w, condition)                                                                               \
    do {                                                                                                     \
        const int64_t wait_until_ = clock_monotonic_ms() + 60000;                                            \
        while (!(condition)) {                                                                               \
            world_turn(w);                                                                                   \
            if (clock_monotonic_ms() > wait_until_)                                                          \
                fail_msg("never came true: %s", #condition);                                                 \
        }                                                                                                    \
    } while (0)

extern const struct upstream_request get_request, head_request, post_request;

/* NULL as upstream_start(). */
struct upstream_call *world_start(struct world *w, struct record *r, const struct upstream_request *request);
void world_must_start(struct world *w, struct record *r, const struct upstream_request *request);
struct status world_write(struct record *r, struct bytes chunk);

bool world_asked(const struct world *w, int peer); /* a whole request head came since the last world_say() */
void world_say(struct world *w, int peer, const char *text);
/* As much as fits now; returns how much. */
size_t world_send(struct world *w, int peer, struct bytes bytes);
void world_close(struct world *w, int peer);
void world_reset(struct world *w, int peer);   /* RST */
void world_unlisten(struct world *w);          /* connections are refused from now on */
void world_listen_on(struct world *w, int fd); /* taken over */
struct upstream_stats world_stats(const struct world *w);

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

/* A GET that `peer` answers with OK_ANSWER; a failure that is the expected one. */
void world_answers(struct world *w, struct record *r, int peer);
void world_fails_with(struct world *w, struct record *r, enum upstream_failure why);

/* Bytes of an endless pattern, and the sum a reader must have seen after `n` of them. */
struct bytes pattern_at(size_t offset, size_t n);
uint64_t sum_of(uint64_t sum, struct bytes bytes);
