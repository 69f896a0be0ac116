/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Blocking HTTPS for `connect` and `renew`: one connection per call, no redirects, time-outs on everything.
 * One thread. */

#include "base/digest.h"
#include "base/secret.h"
#include "control/exchange.h"

struct https_trust {
    bool pinned; /* else the system's store */
    uint8_t pin[SHA256_SIZE];
};

struct https_identity {
    struct text chain_pem; /* leaf first */
    struct secret key_pem;
};

struct https_call {
    const struct https_trust *trust;
    const struct https_identity *identity; /* client certificate; NULL = none */
    enum http_method method;
    struct text url;
    struct text body;            /* JSON; {NULL, 0} = none */
    struct text connector_token; /* Connector-Token; empty = none */
};

/*
 * E_UNAVAILABLE: not reachable. E_UNAUTH: the server's certificate is not trusted (its CA is unknown, or not
 * the pinned one). E_DENIED: TLS failed otherwise. Any HTTP status is a success.
 */
struct status https_exchange(const struct https_call *call, struct exchange_answer *out, struct error *err);

/* The chain that the server of `url` shows, PEM, leaf first: nothing is checked and nothing is sent. */
struct status https_show_chain(struct text url, struct buffer *out_pem, struct error *err);
