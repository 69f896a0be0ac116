/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "os/files.h"
#include "os/processes.h"
#include "server/supervisor.h"

static void add_front_parts(const struct supervisor *s, const struct worker *w, struct child_channels *ch)
{
    ch->config_fd = s->front_config_fd;
    ch->page_fd = s->page_readonly_fd;
    ch->wake_fds[ch->wake_count++] = w->wake_fd;
    for (unsigned i = 0; i < s->bound_count; i++) {
        const struct bound_address *b = &s->bound[i];
        ch->sockets[ch->socket_count++] =
            (struct child_socket){.listeners = b->listeners, .fd = b->fds[w->index % b->fd_count]};
    }
}

static void add_core_parts(struct supervisor *s, struct child_channels *ch)
{
    ch->config_fd = s->core_config_fd;
    ch->page_fd = s->page_fd;
    ch->lock_fd = s->lock_fd;
    ch->hop_edge_fd = s->hop_edge_fd;
    ch->hop_egress_fd = s->hop_egress_fd;
    ch->control_listen_fd = s->control_listen_fd;
    for (unsigned i = 0; i < s->fronts; i++) {
        const struct worker *front = the_front(s, i);
        ch->wake_fds[ch->wake_count++] = front->wake_fd;
        ch->front_slab_fds[ch->front_slab_count++] = front->slab_fd;
    }
    ch->fetcher_slab_fd = the_fetcher(s)->slab_fd;
    /* listeners_open_private made sure that it fits. */
    must(status_ok(run_path(s, "fetch.sock", ch->fetch_path, sizeof ch->fetch_path)));
}

static void add_fetcher_parts(const struct supervisor *s, struct child_channels *ch)
{
    ch->config_fd = s->front_config_fd;
    ch->fetch_fd = s->fetch_fd;
}

void channels_for(const struct worker *w, int control_fd, struct child_channels *out)
{
    struct supervisor *s = w->s;
    struct child_channels ch;
    child_channels_init(&ch);
    ch.kind = w->kind;
    ch.index = w->index;
    ch.fronts = s->fronts;
    ch.single = worker_is_in_process(w);
    ch.supervisor = getpid();
    ch.control_fd = control_fd;
    ch.slab_fd = w->slab_fd;
    ch.lifeline_fd = ch.single ? -1 : s->lifeline[0];
    if (w->kind == CHILD_FRONT)
        add_front_parts(s, w, &ch);
    else if (w->kind == CHILD_CORE)
        add_core_parts(s, &ch);
    else
        add_fetcher_parts(s, &ch);
    /* listeners_open_private made sure that they fit. */
    must(status_ok(run_path(s, "core-edge.sock", ch.hop_edge_path, sizeof ch.hop_edge_path)));
    must(status_ok(run_path(s, "core-egress.sock", ch.hop_egress_path, sizeof ch.hop_egress_path)));
    memcpy(ch.addresses, s->addresses, sizeof ch.addresses);
    memcpy(ch.host_name, s->host_name, sizeof ch.host_name);
    *out = ch;
}

/* ---- environment ---- */

static bool starts_with_any(const char *entry, const char *const *prefixes)
{
    for (; *prefixes; prefixes++) {
        if (text_starts_with(text_of(entry), text_of(*prefixes)))
            return true;
    }
    return false;
}

/* The environment of fronts and fetcher holds nothing that a person could have put a secret into (nor a proxy
 * for downloads); the core's nothing meant for the supervisor. */
static bool child_may_see(enum child_kind kind, const char *entry)
{
    static const char *const harmless[] = {"OPENSSL_",      "ASAN_",   "UBSAN_", "LSAN_",
                                           "LLVM_PROFILE_", "MALLOC_", "GLIBC_", NULL};
    static const char *const not_for_core[] = {"NOTIFY_SOCKET=", "WATCHDOG_", "LISTEN_", "FAIRLEAD_", NULL};
    return kind == CHILD_CORE ? !starts_with_any(entry, not_for_core) : starts_with_any(entry, harmless);
}

static char **make_environment(enum child_kind kind)
{
    size_t count = 0, kept = 0;
    while (environ && environ[count])
        count++;
    char **list = mem_array(count + 1, sizeof *list);
    if (!list)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (child_may_see(kind, environ[i]))
            list[kept++] = environ[i];
    }
    return list;
}

OWNABLE(void, mem_free);

struct status channels_spawn(const struct supervisor *s, const struct child_channels *ch, pid_t *out,
                             struct error *err)
{
    /* The child's numbers: the manifest first, then one after the other. */
    struct child_channels there = *ch;
    int *fds[CHILD_DESCRIPTORS_MAX];
    unsigned count = child_descriptors(&there, fds);
    struct spawn_fd hand_over[CHILD_DESCRIPTORS_MAX + 1];
    unsigned handed = 1;
    for (unsigned i = 0; i < count; i++) {
        if (*fds[i] < 0)
            continue;
        hand_over[handed] = (struct spawn_fd){.fd = *fds[i], .number = CHILD_MANIFEST_FD + (int)handed};
        *fds[i] = hand_over[handed++].number;
    }
    OWNED(descriptor_release) int manifest = -1;
    struct status st = child_write_manifest(&there, &manifest);
    if (!status_ok(st))
        return error_set(err, st.code, "cannot write the manifest: %s", code_text(st.code));
    hand_over[0] = (struct spawn_fd){.fd = manifest, .number = CHILD_MANIFEST_FD};
    char name[] = "fairlead", option[] = "--child", kind[16];
    must(text_to_cstr(text_of(child_kind_name(ch->kind)), kind, sizeof kind));
    char *argv[] = {name, option, kind, NULL};
    OWNED(mem_free) void *environment = make_environment(ch->kind);
    if (!environment)
        return error_set(err, E_NOMEM, "out of memory");
    const struct spawn spawn = {.executable_fd = s->executable_fd,
                                .argv = argv,
                                .environment = environment,
                                .fds = hand_over,
                                .fd_count = handed};
    return process_spawn(&spawn, out, err);
}

/* ---- configuration ---- */

struct status channels_encode_settings(const struct settings *settings, enum child_kind kind, int *out_fd)
{
    OWNED(buffer_release) struct buffer text;
    buffer_init(&text, SETTINGS_TEXT_MAX);
    struct settings copy = *settings; /* shallow: only texts are exchanged, nothing is freed */
    char none[] = "";
    if (kind != CHILD_CORE) {
        copy.store_url = none; /* may hold a password */
        copy.vault_key_file = none;
        copy.ca_key_file = none;
    }
    TRY(settings_encode(&copy, &text));
    TRY(buffer_status(&text));
    return memfd_sealed("fairlead-config", buffer_bytes(&text), out_fd);
}
