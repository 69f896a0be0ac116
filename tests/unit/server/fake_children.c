/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The smallest core, front and fetcher that keep the supervisor's protocol. A front answers each connection
 * with one line, "front/0 <pid> <url.domain>", and closes. url.domain says how to misbehave:
 * core-refuses.test    the core says FAILED core-crashes.test    the core aborts before it is ready
 * core-hangs.test      the core's heart stops after it was ready front-refuses.test   fronts refuse it on
 * reload front-lingers.test   fronts never finish. fetcher-refuses.test the fetcher says FAILED at start;
 * fetcher-lingers.test it never finishes
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "config/settings.h"
#include "core/core.h"
#include "fetch/fetcher.h"
#include "front/front.h"
#include "os/files.h"
#include "os/processes.h"
#include "os/slab.h"

struct fake {
    struct loop *loop;
    const struct child_channels *ch;
    struct settings *settings, *next;
    struct slab *slab;
    struct watch *control, *sockets[LISTENER_COUNT], *fetch;
    struct timer *heart;
};

static bool is_domain(const struct settings *s, const char *domain)
{
    return strcmp(s->url_domain, domain) == 0;
}

static struct settings *read_settings(int fd)
{
    struct buffer b;
    buffer_init(&b, 1024 * 1024);
    struct settings *s = NULL;
    struct status st = memfd_read(fd, &b);
    if (status_ok(st))
        st = settings_decode(buffer_as_text(&b), &s, NULL);
    must(status_ok(st));
    buffer_release(&b);
    return s;
}

static void tell(struct fake *f, enum child_word word, const char *text)
{
    status_ignore(child_send(f->ch->control_fd, word, text, -1));
}

static void answer_reload(struct fake *f, int fd)
{
    f->next = read_settings(fd);
    close(fd);
    if (f->ch->kind == CHILD_FRONT && is_domain(f->next, "front-refuses.test"))
        tell(f, CHILD_RELOAD_REFUSED, "url.domain: not to my taste");
    else
        tell(f, CHILD_RELOAD_OK, NULL);
}

static void on_control(void *ctx, unsigned ready)
{
    (void)ready;
    struct fake *f = ctx;
    struct child_message m;
    struct status st = child_receive(f->ch->control_fd, &m);
    if (st.code == E_UNAVAILABLE)
        loop_stop(f->loop);
    if (!status_ok(st))
        return;
    if (m.word == CHILD_RELOAD)
        answer_reload(f, m.fd);
    if (m.word == CHILD_RELOAD_APPLY) {
        settings_free(f->settings);
        f->settings = TAKE(f->next);
    }
    if (m.word == CHILD_RELOAD_DROP)
        settings_free(TAKE(f->next));
    if (m.word == CHILD_STOP &&
        !(f->ch->kind == CHILD_FRONT && is_domain(f->settings, "front-lingers.test")) &&
        !(f->ch->kind == CHILD_FETCHER && is_domain(f->settings, "fetcher-lingers.test"))) {
        tell(f, CHILD_STOPPED, NULL);
        if (!f->ch->single)
            loop_stop(f->loop);
    }
}

static void on_connection(void *ctx, unsigned ready)
{
    (void)ready;
    struct fake *f = ctx;
    for (unsigned i = 0; i < f->ch->socket_count; i++) {
        int fd = accept4(f->ch->sockets[i].fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        dprintf(fd, "front/%u %d %s\n", f->ch->index, (int)getpid(), f->settings->url_domain);
        close(fd);
    }
}

static void on_job(void *ctx, unsigned ready)
{
    (void)ready;
    struct fake *f = ctx;
    int fd = accept4(f->ch->fetch_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    dprintf(fd, "fetcher/0 %d %s\n", (int)getpid(), f->settings->url_domain);
    close(fd);
}

static void beat(void *ctx)
{
    struct fake *f = ctx;
    int64_t now = clock_monotonic_ms();
    if (f->ch->kind == CHILD_CORE && is_domain(f->settings, "core-hangs.test"))
        now = now > 11000 ? now - 11000 : 1; /* as if it had stopped eleven seconds ago */
    atomic_store(&f->slab->heartbeat_ms, now);
}

static void fake_free(struct fake *f)
{
    if (!f)
        return;
    watch_stop(f->control);
    for (unsigned i = 0; i < LISTENER_COUNT; i++)
        watch_stop(f->sockets[i]);
    watch_stop(f->fetch);
    timer_stop(f->heart);
    slab_unmap(f->slab);
    settings_free(f->settings);
    settings_free(f->next);
    mem_free(f);
}

static struct status fake_start(struct loop *loop, const struct child_channels *ch, struct fake **out,
                                struct error *err)
{
    struct fake *f = mem_alloc(sizeof *f);
    must(f != NULL);
    f->loop = loop;
    f->ch = ch;
    f->settings = read_settings(ch->config_fd);
    bool core = ch->kind == CHILD_CORE;
    if (core && is_domain(f->settings, "core-crashes.test"))
        abort();
    if (core && is_domain(f->settings, "core-refuses.test")) {
        fake_free(f);
        return error_set(err, E_INVALID, "ca.key_file: the core does not like it");
    }
    if (!core && f->settings->store_url[0]) { /* the supervisor must tell the core alone */
        fake_free(f);
        return error_set(err, E_BROKEN, "a %s was told store.url", child_kind_name(ch->kind));
    }
    if (ch->kind == CHILD_FETCHER && is_domain(f->settings, "fetcher-refuses.test")) {
        fake_free(f);
        return error_set(err, E_INVALID, "outbound.ca_file: the fetcher does not like it");
    }
    if ((ch->kind == CHILD_FETCHER) != (ch->fetch_fd >= 0) || core != (ch->fetch_path[0] != '\0')) {
        fake_free(f);
        return error_set(err, E_BROKEN, "a %s was given the wrong end", child_kind_name(ch->kind));
    }
    TRY(slab_map(ch->slab_fd, &f->slab));
    TRY(watch_start(loop, ch->control_fd, WATCH_READ, on_control, f, &f->control));
    TRY(timer_start(loop, 0, 200, beat, f, &f->heart));
    for (unsigned i = 0; i < ch->socket_count; i++)
        TRY(watch_start(loop, ch->sockets[i].fd, WATCH_READ, on_connection, f, &f->sockets[i]));
    if (ch->fetch_fd >= 0)
        TRY(watch_start(loop, ch->fetch_fd, WATCH_READ, on_job, f, &f->fetch));
    slab_add(f->slab, SLAB_CONNECTIONS, 1);
    tell(f, CHILD_READY, NULL);
    *out = f;
    return DONE;
}

static int fake_main(const struct child_channels *ch)
{
    struct error err = {0};
    struct fake *f = NULL;
    struct loop *loop = loop_new();
    struct status st = fake_start(loop, ch, &f, &err);
    if (status_ok(st))
        loop_run(loop);
    else
        status_ignore(child_send(ch->control_fd, CHILD_FAILED, err.message, -1));
    fake_free(f);
    loop_free(loop);
    return status_ok(st) ? 0 : 1;
}

struct status front_start(struct loop *loop, const struct child_channels *ch, struct front **out,
                          struct error *err)
{
    return fake_start(loop, ch, (struct fake **)out, err);
}

void front_free(struct front *f)
{
    fake_free((struct fake *)f);
}

int front_main(const struct child_channels *ch)
{
    return fake_main(ch);
}

struct status core_start(struct loop *loop, const struct child_channels *ch, struct core **out,
                         struct error *err)
{
    return fake_start(loop, ch, (struct fake **)out, err);
}

void core_free(struct core *c)
{
    fake_free((struct fake *)c);
}

int core_main(const struct child_channels *ch)
{
    return fake_main(ch);
}

int fetcher_main(const struct child_channels *ch)
{
    return fake_main(ch);
}
