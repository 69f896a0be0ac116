/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_fetcher.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "fetch/frame.h"

#define LAST_MAX    (64 * 1024)
#define DEADLINE_MS 60000

struct fake_fetcher {
    int listener;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    unsigned jobs;
    char last[LAST_MAX], shown[LAST_MAX];
    enum fetch_outcome outcome;
    int http_status;
    enum fetch_format format;
    char reason[200];
    char document[LAST_MAX];
};

static void remember(struct fake_fetcher *f, const struct fetch_request *q)
{
    struct buffer b;
    buffer_init(&b, LAST_MAX - 1);
    if (q->job == FETCH_CHECK) {
        buffer_printf(&b, "check %.*s ", TEXT_ARG(q->claim));
        buffer_append(&b, q->document);
    } else {
        buffer_printf(&b, "document %.*s", TEXT_ARG(q->url));
        if (q->authentication != FETCH_NO_AUTHENTICATION)
            buffer_printf(&b, " %s %.*s:%.*s", q->authentication == FETCH_OAUTH ? "oauth" : "basic",
                          TEXT_ARG(q->user), TEXT_ARG(q->password));
        if (q->token_url.n > 0)
            buffer_printf(&b, " at %.*s", TEXT_ARG(q->token_url));
        for (size_t i = 0; i < q->header_count; i++)
            buffer_printf(&b, " %.*s=%.*s", TEXT_ARG(q->headers[i].name), TEXT_ARG(q->headers[i].value));
        for (size_t i = 0; i < q->query_count; i++)
            buffer_printf(&b, " ?%.*s=%.*s", TEXT_ARG(q->query[i].name), TEXT_ARG(q->query[i].value));
        buffer_printf(&b, " %.*s", TEXT_ARG(q->claim));
    }
    must(text_to_cstr(buffer_as_text(&b), f->last, sizeof f->last));
    buffer_release(&b);
}

static void work(struct fake_fetcher *f, int fd)
{
    struct buffer in, out;
    buffer_init(&in, FETCH_MESSAGE_MAX);
    buffer_init(&out, FETCH_MESSAGE_MAX);
    const int64_t deadline = clock_monotonic_ms() + DEADLINE_MS;
    struct fetch_request q;
    static struct fetch_field fields[FETCH_FIELDS_ROOM];
    if (status_ok(frame_read(fd, &in, deadline)) &&
        status_ok(fetch_request_decode(buffer_bytes(&in), &q, fields))) {
        pthread_mutex_lock(&f->lock);
        remember(f, &q);
        f->jobs++;
        struct fetch_answer answer = {
            .outcome = f->outcome, .http_status = f->http_status, .format = f->format};
        snprintf(answer.reason, sizeof answer.reason, "%s", f->reason);
        buffer_init(&answer.document, LAST_MAX);
        if (f->outcome == FETCH_FINE && q.job == FETCH_DOCUMENT)
            buffer_cstr(&answer.document, f->document);
        pthread_mutex_unlock(&f->lock);
        fetch_answer_encode(&answer, &out);
        if (answer.outcome != FETCH_OUTCOME_END)
            status_ignore(frame_write(fd, buffer_bytes(&out), deadline));
        fetch_answer_release(&answer);
    }
    buffer_release(&in);
    buffer_release(&out);
}

static void *serve(void *arg)
{
    struct fake_fetcher *f = arg;
    for (;;) {
        const int fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return NULL; /* shut down */
        work(f, fd);
        close(fd);
    }
}

struct fake_fetcher *fake_fetcher_open(const char *path)
{
    struct fake_fetcher *f = mem_alloc(sizeof *f);
    must(f);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    must(text_to_cstr(text_of(path), address.sun_path, sizeof address.sun_path));
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(f->listener >= 0);
    must(bind(f->listener, (const struct sockaddr *)&address, sizeof address) == 0);
    must(listen(f->listener, 16) == 0);
    pthread_mutex_init(&f->lock, NULL);
    must(pthread_create(&f->thread, NULL, serve, f) == 0);
    return f;
}

void fake_fetcher_close(struct fake_fetcher *f)
{
    shutdown(f->listener, SHUT_RDWR);
    pthread_join(f->thread, NULL);
    close(f->listener);
    pthread_mutex_destroy(&f->lock);
    mem_free(f);
}

void fake_fetcher_answer(struct fake_fetcher *f, enum fetch_outcome outcome, int http_status,
                         const char *reason, enum fetch_format format, const char *document)
{
    pthread_mutex_lock(&f->lock);
    f->outcome = outcome;
    f->http_status = http_status;
    f->format = format;
    snprintf(f->reason, sizeof f->reason, "%s", reason);
    snprintf(f->document, sizeof f->document, "%s", document);
    pthread_mutex_unlock(&f->lock);
}

unsigned fake_fetcher_jobs(struct fake_fetcher *f)
{
    pthread_mutex_lock(&f->lock);
    const unsigned jobs = f->jobs;
    pthread_mutex_unlock(&f->lock);
    return jobs;
}

const char *fake_fetcher_last(struct fake_fetcher *f)
{
    pthread_mutex_lock(&f->lock);
    memcpy(f->shown, f->last, sizeof f->shown);
    pthread_mutex_unlock(&f->lock);
    return f->shown;
}
