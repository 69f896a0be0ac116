/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "base/json_out.h"
#include "os/files.h"
#include "server/supervisor.h"

#define JSON_MAX 4096

/* TLS tells listeners of one address apart by SNI. One of these has none, and the other, when it has, answers
 * to names that are the gateway's as well. */
static bool is_alone(enum listener l)
{
    return l == LISTENER_INTERNAL || l == LISTENER_PROXY;
}

/* Configured addresses were checked when they were read; those of systemd's sockets are seen here first. */
static struct status check_exposure(const struct supervisor *s, enum listener l,
                                    const struct socket_address *a, struct error *err)
{
    const bool asks = l == LISTENER_PROXY ? settings_proxy_is_mutual(s->settings)
                                          : settings_operators_prove_themselves(s->settings);
    if (!is_alone(l) || asks || socket_address_is_loopback(a))
        return DONE;
    char text[SOCKET_TEXT_MAX];
    return error_set(
        err, E_INVALID,
        "listen.%s: %s is not a loopback address, and this listener asks nobody for credentials; use "
        "127.0.0.1 or [::1]%s",
        listener_name(l), socket_address_format(a, text),
        l == LISTENER_PROXY ? ", or set tls.proxy.mode: mutual"
                            : ", or set auth.required or auth.oidc.issuer");
}

static struct bound_address *find_address(struct supervisor *s, const struct socket_address *a)
{
    if (socket_address_port(a) == 0) /* each gets a free port of its own */
        return NULL;
    for (unsigned i = 0; i < s->bound_count; i++) {
        if (socket_address_equal(&s->bound[i].address, a))
            return &s->bound[i];
    }
    return NULL;
}

static struct status share_address(struct bound_address *b, enum listener l, struct error *err)
{
    for (unsigned other = 0; other < LISTENER_COUNT; other++) {
        if (!(b->listeners & 1u << other))
            continue;
        if (is_alone(l) || is_alone((enum listener)other))
            return error_set(err, E_INVALID,
                             "listen.%s and listen.%s have the same address; only connector, gateway and "
                             "cluster can share one",
                             listener_name((enum listener)other), listener_name(l));
    }
    b->listeners |= 1u << l;
    return DONE;
}

/* Sockets that systemd made under the listener's name. False when there are none. Each is judged; an address
 * beyond loopback speaks for them all, because what it leads to asks for credentials. */
static struct status take_activated(struct supervisor *s, struct activation *a, enum listener l,
                                    bool *out_found, struct error *err)
{
    struct bound_address *b = &s->bound[s->bound_count];
    for (unsigned i = 0; i < a->count; i++) {
        struct activated_socket *as = &a->sockets[i];
        if (as->fd < 0 || strcmp(as->name, listener_name(l)) != 0 || b->fd_count == CHILD_FRONTS_MAX)
            continue;
        struct socket_address at;
        if (!status_ok(socket_address_of(as->fd, &at)))
            return error_set(err, E_INVALID, "socket activation: '%s' is no internet socket", as->name);
        TRY(check_exposure(s, l, &at, err));
        if (b->fd_count == 0 || socket_address_is_loopback(&b->address))
            b->address = at;
        b->fds[b->fd_count++] = descriptor_take(&as->fd);
    }
    *out_found = b->fd_count > 0;
    if (*out_found) {
        s->bound_count++;
        b->listeners = 1u << l;
    }
    return DONE;
}

static struct status open_configured(struct supervisor *s, enum listener l, struct error *err)
{
    struct socket_address a;
    struct status st = socket_address_parse(text_of(s->settings->listen[l]), &a, err);
    if (!status_ok(st))
        return error_wrap(err, st, "listen.%s", listener_name(l));
    TRY(check_exposure(s, l, &a, err));
    struct bound_address *same = find_address(s, &a);
    if (same)
        return share_address(same, l, err);
    struct bound_address *b = &s->bound[s->bound_count];
    st = socket_listen(&a, s->fronts, b->fds, err);
    if (!status_ok(st))
        return error_wrap(err, st, "listen.%s", listener_name(l));
    b->fd_count = s->fronts;
    s->bound_count++;
    b->listeners = 1u << l;
    must(status_ok(socket_address_of(b->fds[0], &b->address)));
    return DONE;
}

static struct status open_all(struct supervisor *s, struct activation *a, struct error *err)
{
    for (unsigned l = 0; l < LISTENER_COUNT; l++) {
        bool activated = false;
        TRY(take_activated(s, a, (enum listener)l, &activated, err));
        if (!activated && s->settings->listen[l][0] != '\0')
            TRY(open_configured(s, (enum listener)l, err));
    }
    for (unsigned i = 0; i < a->count; i++) {
        if (a->sockets[i].fd >= 0)
            return error_set(
                err, E_INVALID,
                "socket activation: no listener is called '%s'; use FileDescriptorName=internal, "
                "connector, gateway, proxy or cluster",
                a->sockets[i].name);
    }
    return DONE;
}

struct status listeners_open(struct supervisor *s, struct error *err)
{
    struct activation activation;
    struct status st = activation_take(&activation, err);
    if (status_ok(st))
        st = open_all(s, &activation, err);
    for (unsigned i = 0; i < activation.count; i++)
        descriptor_close(activation.sockets[i].fd);
    TRY(st);
    for (unsigned i = 0; i < s->bound_count; i++) {
        for (unsigned l = 0; l < LISTENER_COUNT; l++) {
            if (s->bound[i].listeners & 1u << l)
                socket_address_format(&s->bound[i].address, s->addresses[l]);
        }
    }
    return s->bound_count > 0 ? DONE
                              : error_set(err, E_INVALID, "every listener is off; there is nothing to serve");
}

/* ---- {data}/run ---- */

struct status run_path(const struct supervisor *s, const char *name, char *out, size_t out_size)
{
    return path_join(s->run_directory, name, out, out_size);
}

static struct status open_private(const struct supervisor *s, const char *name, int *out, struct error *err)
{
    char path[CHILD_SOCKET_PATH_MAX];
    if (!status_ok(run_path(s, name, path, sizeof path)))
        return error_set(err, E_INVALID, "data.dir is too long: '%s/%s' must fit into %d bytes",
                         s->run_directory, name, CHILD_SOCKET_PATH_MAX - 1);
    return unix_listen(path, 0600, out, err);
}

struct status listeners_open_private(struct supervisor *s, struct error *err)
{
    TRY(open_private(s, "core-egress.sock", &s->hop_egress_fd, err)); /* the longest name first */
    TRY(open_private(s, "core-edge.sock", &s->hop_edge_fd, err));
    TRY(open_private(s, "fetch.sock", &s->fetch_fd, err));
    return open_private(s, "control.sock", &s->control_listen_fd, err);
}

struct status listeners_publish(struct supervisor *s, struct error *err)
{
    char path[CHILD_SOCKET_PATH_MAX];
    TRY(run_path(s, "listeners.json", path, sizeof path));
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, JSON_MAX);
    struct json_out j;
    json_out_init(&j, &b);
    json_open_object(&j, NULL);
    for (unsigned l = 0; l < LISTENER_COUNT; l++) {
        if (s->addresses[l][0] != '\0')
            json_cstr(&j, listener_name((enum listener)l), s->addresses[l]);
    }
    json_end(&j);
    buffer_byte(&b, '\n');
    TRY(buffer_status(&b));
    return file_write(path, buffer_bytes(&b), 0644, err);
}

static void remove_from_run(const struct supervisor *s, const char *name)
{
    char path[CHILD_SOCKET_PATH_MAX];
    if (status_ok(run_path(s, name, path, sizeof path)))
        (void)unlink(path);
}

void listeners_unpublish(struct supervisor *s)
{
    remove_from_run(s, "listeners.json");
}

void listeners_close(struct supervisor *s)
{
    for (unsigned i = 0; i < s->bound_count; i++) {
        for (unsigned k = 0; k < s->bound[i].fd_count; k++)
            descriptor_close(s->bound[i].fds[k]);
    }
    s->bound_count = 0;
    if (s->hop_egress_fd >= 0)
        remove_from_run(s, "core-egress.sock");
    if (s->hop_edge_fd >= 0)
        remove_from_run(s, "core-edge.sock");
    if (s->fetch_fd >= 0)
        remove_from_run(s, "fetch.sock");
    if (s->control_listen_fd >= 0)
        remove_from_run(s, "control.sock");
    descriptor_close(descriptor_take(&s->hop_egress_fd));
    descriptor_close(descriptor_take(&s->hop_edge_fd));
    descriptor_close(descriptor_take(&s->fetch_fd));
    descriptor_close(descriptor_take(&s->control_listen_fd));
}
