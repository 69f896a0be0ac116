/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Targets of upstream_world.h that speak HTTP/2, by nghttp2's server, which none of our code is part of.
 *
 *     struct h2_world h;
 *     h2_world_init(&h, pki);
 *     world_must_start(&h.w, &h.w.calls[0], &get_request);
 *     h2_wait(&h, h2_asked(&h, 0) == 1);
 *     h2_answer(&h, 0, 0, 200, "hi");
 */

#include "upstream_world.h"

#define H2_STREAMS 512

/* Of a whole program: cmocka_run_group_tests(tests, make_pki, free_pki). */
extern struct pki *pki;
int make_pki(void **state);
int free_pki(void **state);

struct h2_target;

/* One request as the target saw it. */
struct h2_seen {
    int32_t id;
    bool ended; /* the whole request is here */
    bool closed, answered;
    uint32_t error; /* of RST_STREAM, once closed */
    size_t received;
    uint64_t sum;
    char method[16], path[64], scheme[16], authority[64], te[16], length[24], trailer[32];
    size_t answer_left; /* of an answer of h2_answer_much() */
    size_t answer_at;
    const char *answer_text;
    const char *trailer_out; /* "x-sum: ..." 's value; NULL = none */
};

struct h2_world {
    struct world w;
    struct h2_target *targets[WORLD_CONNECTIONS];
    uint32_t streams;  /* SETTINGS_MAX_CONCURRENT_STREAMS; 0: says nothing */
    bool mute;         /* keeps to itself what it has to say, its SETTINGS first */
    bool small_window; /* 16 KiB per stream, not given back before h2_give_window() */
};

void h2_world_init(struct h2_world *h, struct pki *authority);
void h2_world_free(struct h2_world *h);

int h2_asked(const struct h2_world *h, int peer); /* requests whose heads came, on that connection */
struct h2_seen *h2_seen(struct h2_world *h, int peer, int i);
void h2_answer(struct h2_world *h, int peer, int i, int status, const char *body /* or NULL */);
void h2_answer_much(struct h2_world *h, int peer, int i, size_t n); /* of the pattern */
void h2_answer_with_trailer(struct h2_world *h, int peer, int i, const char *body, const char *value);
void h2_interim(struct h2_world *h, int peer, int i, int status);
void h2_reset(struct h2_world *h, int peer, int i, uint32_t error);
void h2_takes(struct h2_world *h, int peer, uint32_t streams); /* at a time, from now on */
/* Requests from number `from` on were not looked at. */
void h2_goaway(struct h2_world *h, int peer, int from);
void h2_give_window(struct h2_world *h, int peer, int i);
void h2_go_deaf(struct h2_world *h, int peer); /* reads and answers nothing any more, PING included */

#define h2_wait(h, condition) wait_for(&(h)->w, condition)
