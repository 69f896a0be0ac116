/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/files.h"
#include "os/sockets.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

static bool is_listening_stream(int fd)
{
    int type = 0, listening = 0;
    socklen_t type_size = sizeof type, listening_size = sizeof listening;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 && type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &listening_size) == 0 && listening;
}

static bool variable_number(const char *name, uint64_t max, uint64_t *out)
{
    return text_to_u64(text_of(getenv(name)), max, out);
}

static void forget_variables(void)
{
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
}

static struct status take_sockets(struct activation *a, unsigned count, struct error *err)
{
    struct text names = text_of(getenv("LISTEN_FDNAMES"));
    for (unsigned i = 0; i < count; i++) {
        int fd = FIRST_FD + (int)i;
        struct text name = names.p ? text_cut(&names, ':') : (struct text){0};
        if (!is_listening_stream(fd))
            return error_set(err, E_INVALID, "socket activation: descriptor %d is no listening stream socket",
                             fd);
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
            return error_set(err, E_UNAVAILABLE, "socket activation: cannot set up descriptor %d", fd);
        struct activated_socket *s = &a->sockets[a->count++];
        s->fd = fd;
        if (!text_to_cstr(name, s->name, sizeof s->name))
            return error_set(err, E_INVALID, "socket activation: the name of descriptor %d is too long", fd);
    }
    return DONE;
}

struct status activation_take(struct activation *out, struct error *err)
{
    *out = (struct activation){0};
    uint64_t pid = 0, count = 0;
    if (!variable_number("LISTEN_PID", INT32_MAX, &pid) || (pid_t)pid != getpid() ||
        !variable_number("LISTEN_FDS", UINT16_MAX, &count))
        return DONE; /* not for us */
    if (count > ACTIVATION_MAX)
        return error_set(err, E_INVALID, "socket activation: more than %d sockets", ACTIVATION_MAX);
    struct status s = take_sockets(out, (unsigned)count, err);
    forget_variables();
    return s;
}
