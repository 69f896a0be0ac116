/* SPDX-License-Identifier: Apache-2.0 */
#include "fetcher.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "fetch/frame.h"

#define LAST_MAX    (64 * 1024)
#define THREADS_MAX 2048
#define FOREVER_MS  INT64_MAX /* tests stop the clock */

struct script {
    enum fetch_outcome outcome;
    int http_status;
    char reason[300];
    unsigned jobs;
    char last[LAST_MAX];
};

struct fetcher {
    int listener;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct script scripts[FETCH_JOB_END];
    int64_t expires;
    uint8_t address;
    bool holds;
    pthread_t workers[THREADS_MAX];
    unsigned worker_count;
    char shown[LAST_MAX];
};

struct worker {
    struct fetcher *f;
    int fd;
};

static void write_fields(struct buffer *b, const struct fetch_field *list, size_t count, const char *format)
{
    for (size_t i = 0; i < count; i++) {
        const struct text name = list[i].name, value = list[i].value;
        if (format[0] == ':')
            buffer_printf(b, " %.*s: %.*s", TEXT_ARG(name), TEXT_ARG(value));
        else
            buffer_printf(b, " %s%.*s=%.*s", format, TEXT_ARG(name), TEXT_ARG(value));
    }
}

static void remember(struct script *s, const struct fetch_request *q)
{
    struct buffer b;
    buffer_init(&b, LAST_MAX - 1);
    if (q->job == FETCH_RESOLVE || q->job == FETCH_RESOLVE_PROXY)
        buffer_printf(&b, "%.*s:%u", TEXT_ARG(q->host), q->port);
    else
        buffer_text(&b, q->url);
    if (q->authentication == FETCH_BASIC)
        buffer_printf(&b, " %.*s:%.*s", TEXT_ARG(q->user), TEXT_ARG(q->password));
    if (q->authorization.n > 0)
        buffer_printf(&b, " authorization=%.*s", TEXT_ARG(q->authorization));
    write_fields(&b, q->headers, q->header_count, ":");
    write_fields(&b, q->query, q->query_count, "?");
    write_fields(&b, q->form, q->form_count, "&");
    buffer_cstr(&b, q->client_chain_pem.n > 0 ? " chain" : "");
    buffer_cstr(&b, q->client_key_pem.n > 0 ? " key" : "");
    buffer_cstr(&b, q->anchors_pem.n > 0 ? " anchors" : "");
    buffer_cstr(&b, q->insecure ? " insecure" : "");
    must(text_to_cstr(buffer_as_text(&b), s->last, sizeof s->last));
    buffer_release(&b);
}

static void numbered(struct secret *out, const char *prefix, unsigned n)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%s%u", prefix, n);
    must(status_ok(secret_copy(out, text_bytes(text_of(text)))));
}

/* Under the lock. */
static void fill(struct fetcher *f, const struct fetch_request *q, unsigned number, struct fetch_answer *a)
{
    struct script *s = &f->scripts[q->job];
    a->outcome = s->outcome;
    a->http_status = s->http_status;
    (void)snprintf(a->reason, sizeof a->reason, "%s", s->reason);
    if (s->outcome != FETCH_FINE)
        return;
    static const uint8_t documentation[16] = {
        [10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 0};
    if (q->job == FETCH_RESOLVE) {
        memcpy(a->addresses[0], documentation, 16);
        a->addresses[0][15] = f->address;
        a->address_count = 1;
    } else if (q->job == FETCH_RESOLVE_PROXY) {
        memcpy(a->addresses[0], documentation, 16);
        a->addresses[0][15] = 200;
        a->address_count = 1;
    } else if (q->job == FETCH_TOKEN) {
        numbered(&a->token, "t", number);
        a->expires_in_s = f->expires;
    } else {
        numbered(&a->token, "c", number);
        numbered(&a->cookies, "s=", number);
    }
}

static void work(struct fetcher *f, const struct fetch_request *q, int fd)
{
    must(pthread_mutex_lock(&f->lock) == 0);
    struct script *s = &f->scripts[q->job];
    remember(s, q);
    const unsigned number = ++s->jobs;
    must(pthread_cond_broadcast(&f->changed) == 0);
    while (f->holds)
        must(pthread_cond_wait(&f->changed, &f->lock) == 0);
    struct fetch_answer answer = {.outcome = FETCH_FINE, .expires_in_s = -1};
    buffer_init(&answer.document, 1);
    fill(f, q, number, &answer);
    must(pthread_mutex_unlock(&f->lock) == 0);
    struct buffer out;
    buffer_init(&out, FETCH_MESSAGE_MAX);
    fetch_answer_encode(&answer, &out);
    status_ignore(frame_write(fd, buffer_bytes(&out), FOREVER_MS));
    fetch_answer_release(&answer);
    buffer_release(&out);
}

static void *serve(void *arg)
{
    struct worker *w = arg;
    struct buffer in;
    struct fetch_field fields[FETCH_FIELDS_ROOM];
    struct fetch_request q;
    buffer_init(&in, FETCH_MESSAGE_MAX);
    if (status_ok(frame_read(w->fd, &in, FOREVER_MS)) &&
        status_ok(fetch_request_decode(buffer_bytes(&in), &q, fields)))
        work(w->f, &q, w->fd);
    buffer_release(&in);
    close(w->fd);
    mem_free(w);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct fetcher *f = arg;
    for (;;) {
        const int fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return NULL; /* shut down */
        struct worker *w = mem_alloc(sizeof *w);
        must(w && f->worker_count < THREADS_MAX);
        *w = (struct worker){f, fd};
        must(pthread_create(&f->workers[f->worker_count++], NULL, serve, w) == 0);
    }
}

struct fetcher *fetcher_open(const char *path)
{
    struct fetcher *f = mem_alloc(sizeof *f);
    must(f);
    f->expires = 100;
    f->address = 1;
    must(pthread_mutex_init(&f->lock, NULL) == 0 && pthread_cond_init(&f->changed, NULL) == 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    must(text_to_cstr(text_of(path), address.sun_path, sizeof address.sun_path));
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(f->listener >= 0);
    must(bind(f->listener, (const struct sockaddr *)&address, sizeof address) == 0);
    must(listen(f->listener, 64) == 0);
    must(pthread_create(&f->thread, NULL, accept_all, f) == 0);
    return f;
}

void fetcher_close(struct fetcher *f)
{
    fetcher_hold(f, false);
    shutdown(f->listener, SHUT_RDWR);
    must(pthread_join(f->thread, NULL) == 0);
    for (unsigned i = 0; i < f->worker_count; i++)
        must(pthread_join(f->workers[i], NULL) == 0);
    close(f->listener);
    must(pthread_cond_destroy(&f->changed) == 0);
    must(pthread_mutex_destroy(&f->lock) == 0);
    mem_free(f);
}

void fetcher_says(struct fetcher *f, enum fetch_job job, enum fetch_outcome outcome, int http_status,
                  const char *reason)
{
    must(pthread_mutex_lock(&f->lock) == 0);
    f->scripts[job].outcome = outcome;
    f->scripts[job].http_status = http_status;
    (void)snprintf(f->scripts[job].reason, sizeof f->scripts[job].reason, "%s", reason);
    must(pthread_mutex_unlock(&f->lock) == 0);
}

void fetcher_expires(struct fetcher *f, int64_t seconds)
{
    must(pthread_mutex_lock(&f->lock) == 0);
    f->expires = seconds;
    must(pthread_mutex_unlock(&f->lock) == 0);
}

void fetcher_address(struct fetcher *f, uint8_t last)
{
    must(pthread_mutex_lock(&f->lock) == 0);
    f->address = last;
    must(pthread_mutex_unlock(&f->lock) == 0);
}

void fetcher_hold(struct fetcher *f, bool holds)
{
    must(pthread_mutex_lock(&f->lock) == 0);
    f->holds = holds;
    must(pthread_cond_broadcast(&f->changed) == 0);
    must(pthread_mutex_unlock(&f->lock) == 0);
}

unsigned fetcher_jobs(struct fetcher *f, enum fetch_job job)
{
    must(pthread_mutex_lock(&f->lock) == 0);
    const unsigned jobs = f->scripts[job].jobs;
    must(pthread_mutex_unlock(&f->lock) == 0);
    return jobs;
}

void fetcher_wait_jobs(struct fetcher *f, enum fetch_job job, unsigned count)
{
    for (int i = 0; i < 60000 && fetcher_jobs(f, job) < count; i++)
        usleep(1000);
    must(fetcher_jobs(f, job) == count);
}

const char *fetcher_last(struct fetcher *f, enum fetch_job job)
{
    must(pthread_mutex_lock(&f->lock) == 0);
    memcpy(f->shown, f->scripts[job].last, sizeof f->shown);
    must(pthread_mutex_unlock(&f->lock) == 0);
    return f->shown;
}
