/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to server/. One thread, the supervisor's loop. */

#include "base/own.h"
#include "config/settings.h"
#include "event/loop.h"
#include "os/child.h"
#include "os/page.h"
#include "os/slab.h"
#include "os/sockets.h"
#include "server/server.h"

#define WORKERS_MAX (CHILD_FRONTS_MAX + 2) /* core, fronts, fetcher */

struct supervisor;

/* One child, over all its lives. */
struct worker {
    struct supervisor *s;
    enum child_kind kind;
    unsigned index;
    char name[24]; /* "core", "front/3", "fetcher" */
    int slab_fd;   /* kept over restarts, so that counters only grow */
    struct slab *slab;
    int wake_fd; /* fronts only */

    /* this life */
    bool running, ready;
    int64_t ready_since_ms;
    pid_t pid; /* 0 when it runs in this process */
    int control_fd;
    struct watch *control_watch;
    bool reload_asked; /* has RELOAD, owes an answer */

    /* between lives */
    struct timer *restart_timer;
    int64_t backoff_ms;
    unsigned early_deaths; /* ended before it was ready, in a row */
    int64_t first_early_death_ms;
};

enum phase {
    PHASE_STARTING,
    PHASE_SERVING,
    PHASE_STOPPING_FRONTS,
    PHASE_STOPPING_CORE,
    PHASE_STOPPING_FETCHER,
    PHASE_STOPPED
};

/* One address and its sockets: one per front, or one for all that systemd made. */
struct bound_address {
    unsigned listeners; /* bit set */
    struct socket_address address;
    int fds[CHILD_FRONTS_MAX];
    unsigned fd_count;
};

struct reload {
    bool active;
    bool again;              /* another SIGHUP came, or one came too early */
    struct settings *wanted; /* owned while active */
    int core_fd, front_fd;   /* sealed memfds, the latter for the fetcher as well; -1 */
    bool refused;
    struct error refusal;
    struct timer *deadline;
};

struct supervisor {
    const struct server_options *options;
    struct settings *settings; /* owned; what runs */
    struct loop *loop;
    enum phase phase;
    int exit_status;
    bool single;
    bool started_as_root;
    unsigned fronts;
    unsigned workers_count;             /* fronts + 2 */
    struct worker workers[WORKERS_MAX]; /* the core, the fronts, the fetcher: see below */

    int executable_fd, lock_fd;
    int page_fd, page_readonly_fd;
    int core_config_fd, front_config_fd; /* the latter is the fetcher's too: no secrets in it */
    int lifeline[2];                     /* children hold [0]; [1] is ours alone and closes with us */
    struct bound_address bound[LISTENER_COUNT];
    unsigned bound_count;
    int hop_edge_fd, hop_egress_fd, control_listen_fd, fetch_fd;
    char run_directory[CHILD_SOCKET_PATH_MAX]; /* {data}/run; short enough for the sockets in it */
    char host_name[CHILD_HOST_MAX];
    char addresses[LISTENER_COUNT][CHILD_ADDRESS_MAX];

    struct signal_watch *on_term, *on_int, *on_hup, *on_child;
    struct timer *second_timer, *watchdog_timer, *stop_timer;
    int64_t stop_began_ms;
    struct reload reload;
    struct single *in_process; /* server.fronts: 0 */
};

/* Where they are among the workers. */
static inline struct worker *the_core(struct supervisor *s)
{
    return &s->workers[0];
}

static inline struct worker *the_front(struct supervisor *s, unsigned index)
{
    return &s->workers[1 + index];
}

static inline struct worker *the_fetcher(struct supervisor *s)
{
    return &s->workers[1 + s->fronts];
}

/* server.fronts: 0 puts core and front into this process; the fetcher, which forks, is its own always. */
static inline bool worker_is_in_process(const struct worker *w)
{
    return w->s->single && w->kind != CHILD_FETCHER;
}

/* listeners.c */
struct status listeners_open(struct supervisor *s, struct error *err);
struct status listeners_open_private(struct supervisor *s, struct error *err);
struct status listeners_publish(struct supervisor *s, struct error *err); /* listeners.json */
void listeners_unpublish(struct supervisor *s);                           /* before start and after stop */
void listeners_close(struct supervisor *s);
struct status run_path(const struct supervisor *s, const char *name, char *out, size_t out_size);

/* channels.c */
/* The supervisor's own descriptors, borrowed: never child_channels_close() it. */
void channels_for(const struct worker *w, int control_fd, struct child_channels *out);
struct status channels_spawn(const struct supervisor *s, const struct child_channels *ch, pid_t *out,
                             struct error *err);
/* Encodes for a kind of child: fronts and fetcher get it without what only the core may know. */
struct status channels_encode_settings(const struct settings *settings, enum child_kind kind, int *out_fd);

/* worker.c */
void workers_init(struct supervisor *s);
struct status workers_share(struct supervisor *s, struct error *err); /* slabs and wake-ups */
void workers_close(struct supervisor *s);
void worker_start(struct worker *w);        /* or plans another try */
void worker_reap_all(struct supervisor *s); /* after SIGCHLD */
void worker_check_heartbeats(struct supervisor *s);
void worker_gone(struct worker *w); /* forgets this life */
struct status worker_attach(struct worker *w,
                            int control_fd); /* takes our end of the pair, also on failure */
bool workers_all_ready(const struct supervisor *s);
bool workers_can_reload(const struct supervisor *s); /* core and fronts are ready */
void worker_kill(struct worker *w, const char *why);

/* reload.c */
void reload_request(struct supervisor *s);
void reload_answer(struct worker *w, const struct child_message *m);
void reload_worker_gone(struct worker *w);
void reload_abandon(struct supervisor *s); /* the server stops */

/* stop.c */
void stop_begin(struct supervisor *s);
void stop_worker_gone(struct supervisor *s);                 /* one more ended while stopping */
void stop_failed(struct supervisor *s, const char *message); /* says why, exit status 1, then as stop_begin */

/* single.c */
struct status single_start(struct supervisor *s, struct error *err);
void single_free(struct supervisor *s);

/* server.c */
void server_announce(struct supervisor *s); /* all are ready for the first time */
