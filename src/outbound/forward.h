/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The outbound data path of a front: one request on the proxy listener, from its head to the last byte of its
 * answer. Address -> target (cache, or the core is asked once however many wait) -> upstream call -> both
 * bodies stream -> once more with fresh credentials after a 401 or 403, when the body was kept. Loop thread.
 *
 * The front (front/) calls the four functions from its net_handler; `ask` and `report` reach the core by the
 * front's own pool, so that this module knows neither the hop nor the page's wake-ups.
 */

#include "http/session.h"
#include "net/server.h"
#include "os/page.h"
#include "os/slab.h"
#include "outbound/rewrite.h"
#include "outbound/target.h"

struct outbound; /* of one front */
struct outbound_call;

struct outbound_settings {
    struct upstream_limits limits;
    enum forwarded_mode forwarded;
    size_t retry_buffer_bytes; /* outbound.retry_buffer_bytes */
    unsigned targets_max;      /* remembered answers; outbound.targets */
    bool http2;                /* to targets that agree to it; outbound.http2 */
    bool rewrite_location;     /* 2.8+ */
    bool empty_errors; /* 1.x and 2.x answer a failed call with an empty body; off: JSON that says why */
};

struct outbound_asking; /* one question under way */
struct outbound_parts {
    struct loop *loop;
    const struct page *page;
    struct slab *slab;
    const struct guard *guard;
    void *ctx;
    /* Sends `GET target` to the core; outbound_answered() must be called later, once (body NULL: the core
     * cannot be reached). false when it cannot be sent. */
    bool (*ask)(void *ctx, struct text target, struct outbound_asking *q);
    /* A target refused the version it was given; outbound_reported() must be called later, once. */
    bool (*report)(void *ctx, struct text target, struct outbound_call *c);
};

/* Trusts nobody before outbound_trust(). */
struct status outbound_new(const struct outbound_settings *settings, const struct outbound_parts *parts,
                           struct outbound **out, struct error *err);
/* Trust anchors of targets from now on: the system's, and outbound.ca_file's beside it; PEM, copied. New
 * connections are verified by them. E_INVALID when one does not parse: the former ones stay. */
struct status outbound_trust(struct outbound *o, struct text system_anchors_pem, struct text more_anchors_pem,
                             struct error *err);
void outbound_free(struct outbound *o); /* every call must be gone, every question answered; accepts NULL */
/* For new calls; also when what the guard refuses has changed. */
void outbound_set(struct outbound *o, const struct outbound_settings *settings);

/*
 * From net_handler, or later. `tenant` as the listener knows it; empty in standalone mode. *slot is the call
 * from before anything can answer it until outbound_finished(); NULL without memory for one. Outside of the
 * session's events the exchange may be over when this returns, and what was in its arena gone: `slot`,
 * `tenant` and `request_id` need live only as long as the exchange.
 */
void outbound_request(struct outbound *o, struct outbound_call **slot, struct connection *c,
                      struct exchange *x, struct text tenant, struct text request_id);
void outbound_body(struct outbound_call *c, struct bytes chunk);
void outbound_body_end(struct outbound_call *c);
void outbound_drained(struct outbound_call *c);
/* The caller's exchange is over, whatever became of it. Clears the slot. */
void outbound_finished(struct outbound_call *c);

void outbound_answered(struct outbound *o, struct outbound_asking *q, const uint8_t *body, size_t size);
void outbound_reported(struct outbound_call *c, bool again);

/*
 * A caller that sends the field `Fairlead-Explain` (any value; it goes no further) is told on which
 * connection its answer came, in the field `Fairlead-Connection` of the answer: what `fairlead call
 * --explain` shows.
 */

/* What became of it so far, for logs; before outbound_finished(). Texts live until then. */
struct outbound_summary {
    struct text request_id; /* the caller's X-Request-Id, or ours */
    struct text tenant;
    struct text application, service; /* names; as the caller wrote them, until the core has said */
    struct text service_id;           /* empty until then */
    int status;                       /* 0 before an answer */
    int target_status;                /* of the target's last answer; 0 without one */
    const char *failure;              /* upstream_failure_name(); NULL unless the call to the target failed */
    uint64_t bytes_in, bytes_out;     /* of both bodies, as far as they came */
    bool retried;
    struct upstream_facts facts; /* zero unless a target was called */
};
void outbound_summarise(const struct outbound_call *c, struct outbound_summary *out);
int outbound_status(const struct outbound_call *c); /* 0 before an answer */
/* Counts it under its service; `cancelled` as net_handler.finished says it, `us` since its head. */
void outbound_count(const struct outbound_call *c, bool cancelled, uint64_t us);

/* After a wake-up of the page: running calls whose target's counters moved because it was deleted end. */
void outbound_recheck(struct outbound *o);
