/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the supervisor hands to a front, the core or the fetcher, and the words they exchange. Below front/,
 * core/ and fetch/, so that both ends include it. Everything here may be called from any thread; one thread
 * at a time per socket.
 *
 * A child is started as `fairlead --child front|core|fetcher`. Descriptor CHILD_MANIFEST_FD is a sealed memfd
 * from which child_receive_channels fills struct child_channels. In a child, every descriptor in it is open,
 * CLOEXEC and the child's own; with `server.fronts: 0` front and core run in one process on one loop, each
 * with channels of its own; the fetcher is a process in any case.
 *
 * What front/ and core/ provide (the supervisor calls them):
 *     int front_main(const struct child_channels *ch);  exit status; loop_new + front_start + loop_run
 *     int core_main(const struct child_channels *ch);    and fetcher_main
 *     struct status front_start(struct loop *l, const struct child_channels *ch, struct front **out, struct
 * error *err); void front_free(struct front *f);                  and core_start, core_free alike `ch`
 * outlives the child. After *_start the child watches ch->control_fd itself, on that loop.
 *
 * Conversation on control_fd (SOCK_SEQPACKET, one message per packet; end of file = the supervisor is gone,
 * exit at once): child -> supervisor: READY once it serves; or FAILED(text for a person), then exits 1.
 *     supervisor -> child: RELOAD + sealed memfd. The child checks everything and prepares, but changes
 * nothing: child -> supervisor: RELOAD_OK, or RELOAD_REFUSED(text naming the key). supervisor -> child:
 * RELOAD_APPLY or RELOAD_DROP, the same word to all children. supervisor -> child: STOP: accept nothing new,
 * finish what runs. May come twice. child -> supervisor: STOPPED when nothing runs any more; the process then
 * exits 0 (front_main: loop_stop). The core keeps serving the hop until its own STOP, which comes after the
 * fronts are gone.
 */

#include <sys/types.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status.h"

enum listener {
    LISTENER_INTERNAL,
    LISTENER_CONNECTOR,
    LISTENER_GATEWAY,
    LISTENER_PROXY,
    LISTENER_CLUSTER,
    LISTENER_COUNT
};
const char *listener_name(enum listener l); /* "internal", "connector", ... */

enum child_kind { CHILD_FRONT = 1, CHILD_CORE, CHILD_FETCHER };
const char *child_kind_name(enum child_kind k); /* "front", "core", "fetcher" */
bool child_kind_parse(struct text t, enum child_kind *out);

#define CHILD_MANIFEST_FD     3
#define CHILD_FRONTS_MAX      64  /* as page.h: one wake-up descriptor each */
#define CHILD_ADDRESS_MAX     64  /* "[ffff:...:ffff%scope]:65535" and NUL */
#define CHILD_HOST_MAX        256 /* a DNS name and NUL */
#define CHILD_SOCKET_PATH_MAX 108 /* sun_path */

struct child_socket {
    unsigned listeners; /* bit set of 1 << enum listener; more than one when they share an address and SNI
                           tells them apart */
    int fd;             /* listening, non-blocking */
};

/* What a front has to read before its sandbox closes: afterwards it opens no file (DESIGN 3.1, 17). Read by
 * the process itself (server/outside.h); never in the manifest. */
#define CHILD_LOCAL_MAX 256
struct child_outside {
    struct buffer system_anchors; /* the system's trust anchors, PEM; outbound.ca_file comes from the core */
    uint8_t local[CHILD_LOCAL_MAX][16]; /* this host's addresses, IPv4 as ::ffff:a.b.c.d */
    unsigned local_count;
};

struct child_channels {
    enum child_kind kind;
    unsigned index;  /* of this front; 0 for the core */
    unsigned fronts; /* how many there are, at least 1 */
    bool single;     /* front and core share a process (server.fronts: 0) */
    pid_t supervisor;

    int config_fd;   /* sealed memfd with the resolved configuration; config/ reads it */
    int page_fd;     /* core: read-write; front: O_RDONLY */
    int slab_fd;     /* this process's */
    int control_fd;  /* see above; non-blocking */
    int lifeline_fd; /* readable (end of file) when the supervisor died; -1 when single */

    int wake_fds[CHILD_FRONTS_MAX]; /* core: one eventfd per front to write to; front: [0], to read from */
    unsigned wake_count;
    int front_slab_fds[CHILD_FRONTS_MAX]; /* core only: the fronts' slabs, by index */
    unsigned front_slab_count;
    int fetcher_slab_fd; /* core only: whether the fetcher lives is in there */

    struct child_socket sockets[LISTENER_COUNT]; /* front only; those that are on */
    unsigned socket_count;

    int lock_fd;     /* core only: {data}/run/lock, held as long as this is open; a new server waits for an
                        orphaned core */
    int hop_edge_fd; /* core only: listening Unix stream sockets, non-blocking; -1 in fronts */
    int hop_egress_fd;
    int fetch_fd;                           /* fetcher only: {data}/run/fetch.sock, listening, non-blocking */
    char fetch_path[CHILD_SOCKET_PATH_MAX]; /* core only: where it connects */
    int control_listen_fd;                  /* core only: {data}/run/control.sock */
    char hop_edge_path[CHILD_SOCKET_PATH_MAX]; /* where fronts connect */
    char hop_egress_path[CHILD_SOCKET_PATH_MAX];
    /* This host's full name if it resolves here, else "localhost"; found by the supervisor, since no child
     * may ask. */
    char host_name[CHILD_HOST_MAX];
    char addresses[LISTENER_COUNT]
                  [CHILD_ADDRESS_MAX]; /* as bound ("127.0.0.1:41234"), "" when off; in all children */
    struct child_outside *outside;     /* front only; NULL without listen.proxy */
};

void child_channels_init(struct child_channels *ch);  /* all descriptors -1 */
void child_channels_close(struct child_channels *ch); /* closes every descriptor that is not -1 */
/* Where the descriptors are: fills `out` with pointers into `ch`, returns how many. Unused ones are -1. */
#define CHILD_DESCRIPTORS_MAX (11 + 2 * CHILD_FRONTS_MAX + LISTENER_COUNT)
unsigned child_descriptors(struct child_channels *ch, int *out[static CHILD_DESCRIPTORS_MAX]);

/*
 * Supervisor: writes the manifest into a sealed memfd. The numbers in `ch` are those the child will see.
 * E_NOMEM, E_UNAVAILABLE. Child: reads it from descriptor CHILD_MANIFEST_FD (closed afterwards) and checks
 * every value. E_INVALID, E_UNAVAILABLE.
 */
struct status child_write_manifest(const struct child_channels *ch, int *out_fd);
struct status child_receive_channels(struct child_channels *out, struct error *err);

/* ---- messages ---- */
enum child_word {
    CHILD_READY = 1,
    CHILD_FAILED,
    CHILD_RELOAD,
    CHILD_RELOAD_OK,
    CHILD_RELOAD_REFUSED,
    CHILD_RELOAD_APPLY,
    CHILD_RELOAD_DROP,
    CHILD_STOP,
    CHILD_STOPPED,
    CHILD_WORD_END
};
const char *child_word_name(enum child_word w);

struct child_message {
    enum child_word word;
    char text[ERROR_MESSAGE_MAX]; /* FAILED, RELOAD_REFUSED; NUL-terminated, else "" */
    int fd;                       /* RELOAD: owned by the receiver; -1 otherwise */
};

/* A connected pair, non-blocking, CLOEXEC. E_UNAVAILABLE. */
struct status child_control_pair(int out[static 2]);
/* `text` may be NULL; over-long text is cut. `fd` (borrowed) is -1 except for RELOAD. E_AGAIN when the socket
 * is full, E_UNAVAILABLE when the other side is gone. */
struct status child_send(int control_fd, enum child_word word, const char *text, int fd);
/* E_AGAIN: nothing there. E_UNAVAILABLE: the other side is gone. E_INVALID: not our protocol (descriptors
 * that came are closed). */
struct status child_receive(int control_fd, struct child_message *out);
