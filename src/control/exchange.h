/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One blocking HTTP/1.1 exchange over anything that reads and writes: the CLI's side of the control socket
 * and of TLS. Not for a loop. One thread.
 */

#include "base/buffer.h"
#include "base/error.h"
#include "http/message.h"

struct exchange_io {
    void *self;
    /* Both block until done; the message says why not. *out_n == 0 is the end of input. */
    struct status (*write_all)(void *self, struct bytes in, struct error *err);
    struct status (*read_some)(void *self, uint8_t *p, size_t n, size_t *out_n, struct error *err);
};

struct exchange_request {
    enum http_method method;
    struct text
        target; /* path and query, already percent-encoded; no blanks or control characters: E_INVALID */
    struct text authority; /* Host */
    struct text body;      /* JSON; {NULL, 0} = none. It may hold secrets: no copy of it stays in memory */
    struct text connector_token; /* Connector-Token, of Compass; empty = none. As secret as the body */
    struct text if_match;        /* If-Match (RFC 9110 13.1.1), quotes included; empty = none */
};

struct exchange_answer {
    int status;
    struct buffer body; /* the caller releases it */
};
void exchange_answer_init(struct exchange_answer *a, size_t max_body);
void exchange_answer_release(struct exchange_answer *a);
OWNABLE_VALUE(struct exchange_answer, exchange_answer_release);

/* `out` was initialised. E_INVALID: the peer does not speak HTTP; E_TOO_LARGE: body over its maximum; what io
 * says. The connection is not used again (Connection: close). */
struct status exchange_run(const struct exchange_io *io, const struct exchange_request *request,
                           struct exchange_answer *out, struct error *err);
