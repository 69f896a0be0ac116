/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Addresses as text, listening sockets, Unix sockets with peer credentials, sockets handed over by systemd.
 * Every descriptor made here is CLOEXEC and non-blocking and owned by the caller. Any thread, except
 * activation_take.
 */

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/status.h"

#define SOCKET_TEXT_MAX 64 /* "[ffff:...:ffff]:65535" and NUL; = CHILD_ADDRESS_MAX */

struct socket_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

/*
 * "127.0.0.1:8080", "[::1]:8080": numeric only, no names, no scope, port 0..65535 in plain decimal. E_INVALID
 * with a message that says what is wrong.
 */
struct status socket_address_parse(struct text t, struct socket_address *out, struct error *err);
/* "127.0.0.1:8080", "[::1]:8080"; IPv4-mapped IPv6 prints as IPv4. Returns out. */
const char *socket_address_format(const struct socket_address *a, char out[static SOCKET_TEXT_MAX]);
bool socket_address_equal(const struct socket_address *a,
                          const struct socket_address *b);       /* address and port */
bool socket_address_is_loopback(const struct socket_address *a); /* 127.0.0.0/8, ::1, also IPv4-mapped */
uint16_t socket_address_port(const struct socket_address *a);
/* Where a listening socket is bound. E_INVALID when it is not an internet socket. */
struct status socket_address_of(int fd, struct socket_address *out);

/*
 * `count` sockets listening on one address, one per front, sharing it with SO_REUSEPORT. The address is first
 * bound once without that option: another server there, also one of the same user, is E_CONFLICT (DESIGN 3.1,
 * 5). Port 0 picks a free one for all. IPv6 "::" also accepts IPv4. TCP_NODELAY is set and inherited by what
 * is accepted. E_DENIED, E_UNAVAILABLE. On failure none is left open.
 */
struct status socket_listen(const struct socket_address *a, unsigned count, int out[], struct error *err);

/* ---- Unix stream sockets ---- */
/*
 * Listens at `path` with this mode from the first moment. A socket file nobody listens on is removed; one
 * somebody answers on is E_CONFLICT; anything else in the way is E_INVALID, as is a path over 107 bytes.
 */
struct status unix_listen(const char *path, mode_t mode, int *out_fd, struct error *err);
/* E_NOT_FOUND (no file), E_UNAVAILABLE (nobody listens), E_DENIED, E_AGAIN (backlog full), E_INVALID (path
 * too long). */
struct status unix_connect(const char *path, int *out_fd);

struct peer_credentials {
    uid_t uid;
    gid_t gid;
    pid_t pid; /* as of connect; may be gone or another process by now: for the log only */
};
struct status socket_peer_credentials(int fd, struct peer_credentials *out);

/* ---- systemd socket activation, sd_listen_fds(3) ---- */
#define ACTIVATION_MAX 64

struct activation {
    struct activated_socket {
        int fd;        /* owned */
        char name[32]; /* FileDescriptorName=, "" when none was given */
    } sockets[ACTIVATION_MAX];
    unsigned count;
};
/* Takes what LISTEN_PID/LISTEN_FDS/LISTEN_FDNAMES hand to this process and removes the variables; count 0
 * when there is nothing. E_INVALID when a descriptor is no listening stream socket. Before threads exist. */
struct status activation_take(struct activation *out, struct error *err);
