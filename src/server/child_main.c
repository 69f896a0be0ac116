/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/random.h"
#include "core/core.h"
#include "fetch/fetcher.h"
#include "front/front.h"
#include "os/processes.h"
#include "server/outside.h"
#include "server/sandbox_paths.h"
#include "server/server.h"

/* OpenSSL reads its configuration file and seeds itself on first use: that must be before the sandbox closes.
 */
static void warm_up(void)
{
    uint8_t digest[SHA256_SIZE];
    random_bytes(digest, sizeof digest);
    sha256(BYTES_OF(digest), digest);
}

static struct status confine(const struct child_channels *ch, const struct settings *settings,
                             struct error *err)
{
    if (!settings->server_sandbox)
        return DONE;
    if (ch->kind == CHILD_FRONT)
        return sandbox_enter(SANDBOX_FRONT, NULL, 0, err);
    if (ch->kind == CHILD_FETCHER)
        return sandbox_enter(SANDBOX_FETCHER, NULL, 0, err);
    OWNED(sandbox_paths_release) struct sandbox_paths paths = {0};
    TRY(sandbox_paths_for_core(settings, &paths, err));
    return sandbox_enter(SANDBOX_CORE, paths.list, paths.count, err);
}

static struct status look_outside(struct child_channels *ch, struct child_outside *outside)
{
    if (ch->kind != CHILD_FRONT || !ch->addresses[LISTENER_PROXY][0])
        return DONE;
    ch->outside = outside;
    return outside_read(outside);
}

static struct status get_ready(struct child_channels *ch, struct child_outside *outside, struct error *err)
{
    char name[24];
    struct settings *settings = NULL;
    TRY(process_harden(ch->supervisor, err));
    TRY(settings_read(ch->config_fd, &settings, err));
    if (ch->kind == CHILD_FRONT)
        (void)snprintf(name, sizeof name, "front/%u", ch->index);
    else
        (void)snprintf(name, sizeof name, "%s", child_kind_name(ch->kind));
    log_configure(settings->log_level, settings->log_format, name);
    warm_up();
    struct status st = look_outside(ch, outside);
    if (status_ok(st))
        st = confine(ch, settings, err);
    settings_free(settings);
    return st;
}

static int child_main(const struct child_channels *ch)
{
    switch (ch->kind) {
    case CHILD_FRONT:
        return front_main(ch);
    case CHILD_CORE:
        return core_main(ch);
    case CHILD_FETCHER:
        return fetcher_main(ch);
    }
    return 2;
}

int server_child_main(int argc, char **argv)
{
    enum child_kind kind;
    struct child_channels ch;
    struct error err = {0};
    if (argc != 3 || !child_kind_parse(text_of(argv[2]), &kind)) {
        (void)fprintf(stderr, "fairlead: --child is for the supervisor's use; run: fairlead serve\n");
        return 2;
    }
    struct status st = child_receive_channels(&ch, &err);
    if (!status_ok(st) || ch.kind != kind) {
        (void)fprintf(stderr, "fairlead: %s\n",
                      status_ok(st) ? "the manifest is for another child" : err.message);
        return 2;
    }
    static struct child_outside outside; /* zeroed */
    st = get_ready(&ch, &outside, &err);
    if (!status_ok(st)) {
        status_ignore(child_send(ch.control_fd, CHILD_FAILED, error_text(&err, st), -1));
        outside_release(&outside);
        child_channels_close(&ch);
        return 1;
    }
    int exit_status = child_main(&ch);
    outside_release(&outside);
    child_channels_close(&ch);
    return exit_status;
}
