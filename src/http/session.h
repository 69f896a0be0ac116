/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One server-side HTTP connection without I/O: bytes in, events and bytes out. http/h1_server.c and
 * http/h2_server.c are the two implementations; net/ feeds them from plain TCP, TLS or the private hop. One
 * thread (the loop's).
 *
 * Life of an exchange:
 *
 *   session_feed() parses a head     -> events.request(x)          the owner looks at x->request and decides
 *     owner wants the body           -> events.body(x, chunk)...   then events.body_end(x)
 *       (not delivered while exchange_pause_body() is in force; h1 stops consuming input, h2 withholds
 * WINDOW_UPDATE) exchange_respond(x, head)        then exchange_write(x, bytes) any number of times, then
 * exchange_end(x) (or exchange_reply() for a whole small answer at once) session_output() grows         ->
 * the owner writes it to the socket, session_output_consumed(n) over LIMIT_RESPONSE_BUFFER     ->
 * exchange_write answers E_AGAIN *after taking the bytes*: stop producing until events.drained(x)
 *   -> events.finished(x)            always the last event of an exchange, exactly once: complete, reset by
 * the peer (cancelled = true), or the connection died. x is freed when the callback returns.
 *
 * Rules:
 * - In h1 exchanges are strictly sequential: the next head is parsed only after finished (pipelined
 *   bytes wait inside the session, at most LIMIT_HEADER_BYTES + 64 KiB of them; then the session asks
 *   not to be read).
 * - `Expect: 100-continue` is answered with 100 when the owner first allows the body:
 *   exchange_want_body(). An owner that responds without it sends the final status at once; the
 *   connection then closes unless the body is already complete.
 * - An answer sent before the request body is complete: h1 drains up to 64 KiB (finished comes after
 *   that), else closes after the answer; h2 lets as much in behind the answer (finished comes at once),
 *   then sends RST_STREAM NO_ERROR (RFC 9113 8.1).
 * - A refused request (verdict table, http/h1_rules.h) never becomes an event: the session writes the
 *   400 (408, 413, 414, 417, 431, 501, 505) in `refusal` shape, then session_wants_close(). One whose
 *   body turns out malformed is refused the same way if it was not answered yet, and finished(cancelled
 *   = true).
 * - HEAD, 204 and 304 never carry a body: exchange_write() discards.
 * - `Date` and, in h1, framing headers (Content-Length, Transfer-Encoding, Connection) are written by
 *   the session from response.body; owners do not set them. A field that could split the answer:
 *   E_INVALID.
 * - A request without body still gets its body_end if the owner wants the body.
 * - Events do not nest: what an owner does inside an event takes effect when it has returned. Outside of
 *   events exchange_end(), _reply(), _abort() and _resume_body() may call finished() before they return:
 *   do not touch `x` after them. session_feed() and session_free() are not called from inside an event.
 */

#include "base/buffer.h"
#include "http/message.h"

struct session;

struct exchange {
    struct arena arena; /* of the request; the owner may allocate from it until finished */
    struct request request;
    struct headers trailers; /* after body_end */
    struct session *session; /* NULL only after finished */
    void *owner;             /* free for the owner of this exchange */
    bool uploading;          /* free for the owner of the session (net/: counted among the arriving bodies) */
    uint32_t stream_id;      /* h2; 1, 3, 5...; h1 counts requests from 1 */
    unsigned interim;        /* 1xx that were sent, other than 100 */
    bool responded;          /* a final head was sent */
    bool body_complete;      /* the request body has ended */
};

struct session_events {
    void (*request)(void *owner, struct exchange *x);
    void (*body)(void *owner, struct exchange *x, struct bytes chunk);
    void (*body_end)(void *owner, struct exchange *x);
    void (*drained)(void *owner, struct exchange *x);
    void (*finished)(void *owner, struct exchange *x, bool cancelled);
    /*
     * Optional, h1 only. Large pieces of an answer need not be copied into the output: the parts are what
     * comes next, in order, beginning with all of session_output(); returns how many of their bytes were
     * written, 0 when now is not the time. Only from inside exchange_write(); what failed is found out when
     * the rest is written.
     */
    size_t (*write_now)(void *owner, const struct bytes *parts, size_t count);
};

enum session_protocol { SESSION_H1, SESSION_H2 };

struct session_settings {
    size_t header_bytes, header_count, uri_bytes; /* LIMIT_... by default */
    uint64_t body_bytes; /* absolute maximum of a request body; the owner applies the route's */
    uint32_t h2_streams, h2_resets_per_second, h2_control_per_second;
    bool trusted_peer;       /* the private hop: skip h1_scan (our own front wrote it) */
    const char *server_name; /* value of `Server`, NULL for none */
};
void session_settings_default(struct session_settings *s);

/* `events` and `settings` are borrowed and outlive the session. NULL when out of memory. */
struct session *session_new(enum session_protocol p, const struct session_settings *settings,
                            const struct session_events *events, void *owner);
/* Ends every open exchange with finished(cancelled = true). Accepts NULL. */
void session_free(struct session *s);

/*
 * Takes bytes from the peer, at most 64 KiB in one call. Consumes all of them (h1 keeps what waits behind the
 * current exchange). E_INVALID or E_TOO_LARGE: the peer broke the protocol; the output holds the last words,
 * write them and close. E_NOMEM: close.
 */
struct status session_feed(struct session *s, struct bytes in);
/* The peer closed its sending side. Cancels exchanges whose request is incomplete; complete ones may still be
 * answered. */
void session_end_of_input(struct session *s);

struct bytes session_output(struct session *s); /* what to write now; empty when nothing */
void session_output_consumed(struct session *s, size_t n);

bool session_wants_read(const struct session *s);  /* false: apply backpressure to the socket */
bool session_wants_close(const struct session *s); /* nothing more will come: flush the output and close */
/* Closing now would make an answer look whole that is not: it ends with the connection (HTTP/1.0), so nothing
 * but a reset tells. */
bool session_cut(const struct session *s);
bool session_is_idle(const struct session *s); /* no open exchange, no buffered input or output */
size_t session_open_exchanges(const struct session *s);
/*
 * True while the peer's HTTP/2 windows hold back bytes of an answer (for when the output is empty: nothing
 * else does then). *out_sent counts the body bytes that went into the output so far: while it stands still,
 * the peer takes nothing.
 */
bool session_withheld(const struct session *s, uint64_t *out_sent);
/* Part of a head has arrived: the header time-out applies. */
bool session_reading_head(const struct session *s);
/* Graceful: h1 answers the current exchange with Connection: close; h2 sends GOAWAY and finishes open
 * streams. */
void session_shutdown(struct session *s);
/* Frees idle memory of a kept-alive connection (buffers; for h1 everything but the struct). Call when
 * idle. */
void session_shrink(struct session *s);
/* Visits each open exchange. */
void session_each_exchange(struct session *s, void (*visit)(void *ctx, struct exchange *x), void *ctx);
/* A time-out hit while a request was arriving: writes 408 (h1) or resets streams, then wants_close. */
void session_timeout(struct session *s);

/* Exchange side; x is valid until finished. */
void exchange_want_body(struct exchange *x); /* start delivering the body (sends 100 Continue if asked for) */
void exchange_pause_body(struct exchange *x);
void exchange_resume_body(struct exchange *x);
/* The final head; 1xx are exchange_interim()'s and exchange_tunnel()'s. */
struct status exchange_respond(struct exchange *x, const struct response *head);
/* A 1xx other than 101 in front of the answer (RFC 9110 15.2), at most LIMIT_INTERIM_RESPONSES of them;
 * nothing to HTTP/1.0, and no 100 to those who did not ask or have it already. E_INVALID once responded. */
struct status exchange_interim(struct exchange *x, const struct response *head);
struct status exchange_write(struct exchange *x, struct bytes body);
struct status exchange_end(struct exchange *x);
/* The same with trailer fields; texts are borrowed until it returns. Left out where they cannot be sent:
 * HTTP/1.0, an answer with a length in HTTP/1.1, HTTP/1.1 whose client did not send `TE: trailers`, an answer
 * without body (RFC 9110 6.5.1). Fields that must not be trailers (http/trailers.h) are dropped; one that
 * could split the answer: E_INVALID, and the answer is cut. */
struct status exchange_end_with(struct exchange *x, const struct headers *trailers);
/* Whole answer: head with Content-Length, body, end. */
struct status exchange_reply(struct exchange *x, struct response *head, struct bytes body);
/* Aborts: RST_STREAM INTERNAL_ERROR in h2; close without final chunk in h1 (truncation must be visible). */
void exchange_abort(struct exchange *x);
/* After a 101: the exchange becomes a tunnel. Bytes from the peer arrive as events.body; exchange_write goes
 * out raw. h1 only. */
struct status exchange_tunnel(struct exchange *x, const struct response *head);
