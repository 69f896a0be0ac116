/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The load generator of scripts/bench: blocking threads, one connection each, TLS 1.3 with a client
 * certificate, HTTP/1.1 or HTTP/2. It is not measured (the servers' CPU time is), so it is written to be
 * plain, not fast. It never talks to anything but the loopback.
 */

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum load_mode { LOAD_KEEPALIVE, LOAD_HANDSHAKE, LOAD_IDLE, LOAD_BURST };

struct load_options {
    enum load_mode mode;
    const char *name; /* server name: SNI, Host */
    int port;
    const char *ca_file, *cert_file, *key_file;
    const char *path;
    const char *body;         /* POST when set, even when empty */
    const char *header;       /* one more line, "Name: value" */
    const char *collect_file; /* the value of "token" in each answer goes here, one per line */
    const char *targets_file; /* one request target per line, each used once unless `again` */
    unsigned threads;
    unsigned connections; /* LOAD_IDLE, LOAD_BURST */
    double seconds;
    double rate; /* requests per second of all threads; 0 = as fast as the answers come */
    bool h2, plain, again;
    bool number;      /* "########" in the body becomes a number, another one for each request */
    long number_from; /* the first of them; -1 = anywhere */
    int expect;       /* HTTP status that counts as success */
};

struct load_connection {
    int fd;
    SSL *ssl; /* NULL when plain */
    void *h2; /* nghttp2_session, private to load_h2.c */
    char buffer[64 * 1024];
    size_t have;
    int status;      /* of the last answer */
    char token[256]; /* of the last answer, when tokens are collected */
};

/* 0 or -1. */
int load_connect(const struct load_options *o, SSL_CTX *ctx, struct load_connection *c);
void load_disconnect(struct load_connection *c, bool politely);
int load_read(struct load_connection *c, void *p, size_t n); /* > 0, or -1 */
int load_write(struct load_connection *c, const void *p, size_t n);

/* One request and its whole answer; the status, or -1. The two halves: 0 or -1, and the status or -1. */
int load_h1_request(const struct load_options *o, struct load_connection *c, const char *path);
int load_h1_send(const struct load_options *o, struct load_connection *c, const char *path);
int load_h1_answer(const struct load_options *o, struct load_connection *c);
int load_h2_start(struct load_connection *c);
int load_h2_request(const struct load_options *o, struct load_connection *c, const char *path);
void load_h2_end(struct load_connection *c);

/* Opens all connections, then sends a request on each before any answer is read; reports like run_threads().
 */
int load_burst(const struct load_options *o, SSL_CTX *ctx);
