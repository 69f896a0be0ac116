/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/reader.h"
#include "os/child.h"
#include "os/files.h"
#include "os/processes.h"

/* The manifest: struct child_channels as bytes. One version of the binary writes and reads it, so there is no
 * compatibility to keep; the version only catches a mistake. Descriptors travel as u32 with all bits set for
 * -1. */
#define MANIFEST_VERSION 1
#define MANIFEST_MAX     4096
#define NO_DESCRIPTOR    UINT32_MAX

static void write_text(struct buffer *b, const char *s)
{
    buffer_bytes16(b, text_bytes(text_of(s)));
}

struct status child_write_manifest(const struct child_channels *ch, int *out_fd)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, MANIFEST_MAX);
    buffer_u32(&b, MANIFEST_VERSION);
    buffer_u32(&b, (uint32_t)ch->kind);
    buffer_u32(&b, ch->index);
    buffer_u32(&b, ch->fronts);
    buffer_u32(&b, (uint32_t)ch->supervisor);
    buffer_u32(&b, ch->wake_count);
    buffer_u32(&b, ch->front_slab_count);
    buffer_u32(&b, ch->socket_count);
    struct child_channels copy = *ch;
    int *fds[CHILD_DESCRIPTORS_MAX];
    unsigned count = child_descriptors(&copy, fds);
    for (unsigned i = 0; i < count; i++)
        buffer_u32(&b, *fds[i] < 0 ? NO_DESCRIPTOR : (uint32_t)*fds[i]);
    for (unsigned i = 0; i < ch->socket_count; i++)
        buffer_u32(&b, ch->sockets[i].listeners);
    write_text(&b, ch->hop_edge_path);
    write_text(&b, ch->hop_egress_path);
    write_text(&b, ch->fetch_path);
    for (unsigned i = 0; i < LISTENER_COUNT; i++)
        write_text(&b, ch->addresses[i]);
    write_text(&b, ch->host_name);
    TRY(buffer_status(&b));
    return memfd_sealed("fairlead-manifest", buffer_bytes(&b), out_fd);
}

/* ---- the child's side ---- */

static unsigned read_count(struct reader *r, unsigned max)
{
    uint32_t count = reader_u32(r);
    if (count > max)
        r->failed = true;
    return r->failed ? 0 : count;
}

/* A descriptor must be open; it becomes CLOEXEC, as exec had to hand it over without. */
static int read_fd(struct reader *r)
{
    uint32_t number = reader_u32(r);
    if (number == NO_DESCRIPTOR)
        return -1;
    if (number > SPAWN_NUMBER_MAX || fcntl((int)number, F_SETFD, FD_CLOEXEC) != 0)
        r->failed = true;
    return (int)number;
}

static void read_text(struct reader *r, char *out, size_t out_size)
{
    if (!text_to_cstr(reader_text16(r), out, out_size))
        r->failed = true;
}

static bool decode(struct bytes in, struct child_channels *ch)
{
    struct reader r = reader_of(in);
    bool known = reader_u32(&r) == MANIFEST_VERSION;
    uint32_t kind = reader_u32(&r);
    ch->kind = (enum child_kind)kind;
    ch->index = reader_u32(&r);
    ch->fronts = reader_u32(&r);
    ch->supervisor = (pid_t)reader_u32(&r);
    ch->wake_count = read_count(&r, CHILD_FRONTS_MAX);
    ch->front_slab_count = read_count(&r, CHILD_FRONTS_MAX);
    ch->socket_count = read_count(&r, LISTENER_COUNT);
    int *fds[CHILD_DESCRIPTORS_MAX];
    unsigned count = child_descriptors(ch, fds);
    for (unsigned i = 0; i < count; i++)
        *fds[i] = read_fd(&r);
    for (unsigned i = 0; i < ch->socket_count; i++)
        ch->sockets[i].listeners = reader_u32(&r);
    read_text(&r, ch->hop_edge_path, sizeof ch->hop_edge_path);
    read_text(&r, ch->hop_egress_path, sizeof ch->hop_egress_path);
    read_text(&r, ch->fetch_path, sizeof ch->fetch_path);
    for (unsigned i = 0; i < LISTENER_COUNT; i++)
        read_text(&r, ch->addresses[i], sizeof ch->addresses[i]);
    read_text(&r, ch->host_name, sizeof ch->host_name);
    return reader_done(&r) && known && kind >= CHILD_FRONT && kind <= CHILD_FETCHER && ch->fronts >= 1 &&
           ch->fronts <= CHILD_FRONTS_MAX && ch->index < ch->fronts;
}

struct status child_receive_channels(struct child_channels *out, struct error *err)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, MANIFEST_MAX);
    if (!status_ok(memfd_read(CHILD_MANIFEST_FD, &b)))
        return error_set(err, E_INVALID, "--child is for the supervisor's use; run: fairlead serve");
    descriptor_close(CHILD_MANIFEST_FD);
    struct child_channels ch;
    child_channels_init(&ch);
    if (!decode(buffer_bytes(&b), &ch))
        return error_set(err, E_INVALID, "the supervisor's manifest is damaged");
    *out = ch;
    return DONE;
}
