/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One call through the proxy listener of a server on this host, as a workload makes it: plain HTTP/1.1, a
 * connection of its own, bodies of any size in the answer. Blocking. One thread.
 */

#include "base/error.h"
#include "http/h1_client.h"

struct proxy_call {
    const char *address; /* "127.0.0.1:8081" */
    enum http_method method;
    struct text target;           /* path and query, percent-encoded */
    const struct headers *fields; /* beside Host, framing and Connection, which are written here */
    struct bytes body;            /* {NULL, 0} = none */
    int64_t max_ms;               /* of everything; 0 = no limit of ours: the server has its own */
    void *owner;                  /* of the functions below */
    void (*head)(void *owner, const struct response *head); /* texts live until proxy_exchange returns */
    void (*chunk)(void *owner, struct bytes chunk);
    /* After each read, so that what came can be shown at once; its failure ends the call. */
    struct status (*taken)(void *owner, struct error *err);
};

struct proxy_times { /* microseconds from the start; 0 = it did not come so far */
    int64_t connected, first_byte, total;
};

/*
 * Any status that is answered is a success. E_UNAVAILABLE: nobody listens, the time is over, or the
 * connection ended without an answer; E_INVALID: what was asked for cannot be written as a request;
 * E_UPSTREAM: the answer was cut short or is no HTTP. `times` is filled as far as it came in every case.
 */
struct status proxy_exchange(const struct proxy_call *call, struct proxy_times *times, struct error *err);
