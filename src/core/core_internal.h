/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to core/. */

#include <stdatomic.h>

#include "api/call.h"
#include "core/core.h"
#include "event/workqueue.h"
#include "fetch/fetch.h"
#include "net/server.h"
#include "store/directory.h"

/* Blocked on commits most of the time; as many writes can share one. */
#define REQUEST_THREADS 48

/*
 * One configuration's view of the domain. Requests hold a reference, so a reload swaps the current one while
 * older requests finish on theirs. Counted on the loop's thread only.
 */
struct snapshot {
    struct domain domain;
    struct settings *settings;          /* owned */
    struct buffer listeners;            /* listeners_json's bytes */
    struct director_mappings *mappings; /* owned; NULL without a file */
    struct secret proxy_authorization;  /* of outbound.proxy; may be empty */
    unsigned references;
};

enum core_tag {
    CORE_EDGE = 0,
    CORE_EGRESS,
    CORE_CONTROL
}; /* connection tags: which socket, hence which role */

struct core {
    struct loop *loop;
    const struct child_channels *ch;
    struct snapshot *current;
    struct snapshot *next; /* prepared by RELOAD */
    struct page page;
    struct slab *slab;
    struct slab hop_slab; /* the network layer's counters of hop and control socket: nobody's requests, so not
                             in /metrics */
    struct slab *slabs[CHILD_FRONTS_MAX + 1]; /* own, then the fronts' */
    unsigned slab_count;
    struct slab *fetcher_slab;
    struct call_series *series;
    struct store *store;
    struct vault *vault;
    struct ca *ca;
    struct compass *compass; /* the schemas of the GraphQL faces */
    struct fetch_client fetcher;
    struct router *router;
    struct net_server *server;  /* the hop */
    struct net_server *control; /* the control socket */
    struct workqueue *requests;
    struct watch *control_watch, *lifeline_watch;
    struct timer *second_timer;
    unsigned running; /* jobs on the pool */
    uint64_t next_request;
    int64_t housekeeping_at_ms;
    uint8_t auths_at[OBJECT_ID_SIZE]; /* where its walk through the system auths is; its thread's own */
    bool housekeeping_runs, stopping, stopped_said;
};

/* snapshot.c */
/* `previous` is the configuration in force, or NULL at start: what outlives a reload is shared with it. */
struct status snapshot_new(struct core *c, int config_fd, const struct snapshot *previous,
                           struct snapshot **out, struct error *err);
struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot *s); /* accepts NULL */

/* check_tls.c: can the listeners serve with what tls.* says? The error names the setting. */
struct status core_check_tls(const struct settings *settings, struct error *err);

/* job.c */
extern const struct net_handler core_handler;

/* principal.c: who is calling, from the preamble or the socket's credentials. False: the connection may not
 * say this. */
bool core_principal(const struct core *c, const struct connection *connection, struct arena *a,
                    struct call *out);

/* housekeeping.c: tallies to audit rows, old tokens forgotten; on a pool thread. */
void core_housekeeping(struct core *c);
