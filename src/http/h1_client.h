/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The client side of one HTTP/1.1 exchange, without I/O: serialise a request, parse the answer. Used by the
 * hop (front to core), the CLI, and later the outbound gateway. llhttp in strict mode after our own scan; RFC
 * 9112 section 6.3 framing; at most LIMIT_INTERIM_RESPONSES 1xx; bodies on HEAD, 204 and 304 refused;
 * truncation is an error; Content-Length and Transfer-Encoding together refused. One thread.
 */

#include "base/arena.h"
#include "base/buffer.h"
#include "http/message.h"

struct h1_client_events {
    void (*interim)(void *owner, const struct response *head); /* 1xx other than 101; may be NULL */
    void (*head)(void *owner, const struct response *head);    /* texts live until h1_client_reset() */
    void (*body)(void *owner, struct bytes chunk);
    void (*end)(void *owner); /* last; the connection may be reused if h1_client_reusable() */
};

/* The owner may reset the client inside `end`, but not free it inside any event. */
struct h1_client;

struct h1_client *h1_client_new(const struct h1_client_events *events, void *owner, bool trusted_peer);
void h1_client_free(struct h1_client *c);
/* Ready for the next answer, to a request of this method. Frees the previous answer's arena. */
void h1_client_reset(struct h1_client *c, enum http_method method);
void h1_client_set_owner(struct h1_client *c, void *owner);
/* E_INVALID on a malformed or ambiguous answer; the connection is then useless. *out_used may be < n only
 * after the end. */
struct status h1_client_feed(struct h1_client *c, struct bytes in, size_t *out_used);
/* The server closed: ends a close-delimited body; E_INVALID when the answer was cut short. */
struct status h1_client_end_of_input(struct h1_client *c);
bool h1_client_reusable(const struct h1_client *c);
/* Trailer fields of the answer; for use inside `end`. Empty when there are none. */
const struct headers *h1_client_trailers(const struct h1_client *c);
const char *h1_client_refusal(const struct h1_client *c); /* in words, after E_INVALID; constant */
bool h1_client_started(const struct h1_client *c);        /* any byte of the answer has arrived */
bool h1_client_tunnel(
    const struct h1_client *c); /* a 101 ended the HTTP part; what follows is raw, given to events.body */

/*
 * Serialises a request head from the parsed message: request line, Host from r->authority, r->headers without
 * hop-by-hop fields and without Host, Content-Length, Expect; then framing from r->body. `extra` (may be
 * NULL) follows. Nothing that a peer sent can change the framing: a target, authority or field that could
 * makes the buffer E_INVALID, with nothing written.
 */
void h1_write_request_head(struct buffer *out, const struct request *r, const struct headers *extra);
void h1_write_chunk(struct buffer *out, struct bytes data); /* nothing for empty data */
void h1_write_last_chunk(struct buffer *out);
/* The same with trailer fields, without those that may not be there (http/trailers.h). NULL: none. One that
 * could change the framing makes the buffer E_INVALID, with nothing written. */
void h1_write_last_chunk_with(struct buffer *out, const struct headers *trailers);
