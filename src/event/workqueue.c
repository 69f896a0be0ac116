/* SPDX-License-Identifier: Apache-2.0 */
#include "event/workqueue.h"

#include <pthread.h>
#include <signal.h>

#include "base/alloc.h"
#include "base/bytes.h"

/* ASan's red zones and redzoned frames of OpenSSL do not fit into the small stack. */
#define STACK_BYTES     ((FAIRLEAD_SANITIZED ? 2048u : 256u) * 1024u)
#define THREAD_NAME_MAX 16 /* with NUL, prctl(2) PR_SET_NAME */

struct work_list {
    struct work *first, *last;
};

struct workqueue {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct work_list waiting;  /* lock */
    struct work_list finished; /* lock */
    bool closing;              /* lock */
    unsigned max_queued;
    struct workqueue_stats stats; /* lock */
    struct wakeup *wakeup;
    char name[THREAD_NAME_MAX];
    unsigned thread_count;
    pthread_t threads[];
};

static void list_append(struct work_list *list, struct work *w)
{
    w->next = NULL;
    if (list->last)
        list->last->next = w;
    else
        list->first = w;
    list->last = w;
}

static struct work *list_take_first(struct work_list *list)
{
    struct work *w = list->first;
    list->first = w->next;
    if (!list->first)
        list->last = NULL;
    return w;
}

static void *pool_thread(void *arg)
{
    struct workqueue *q = arg;
    (void)pthread_setname_np(pthread_self(), q->name);
    must(pthread_mutex_lock(&q->lock) == 0);
    for (;;) {
        while (!q->waiting.first && !q->closing)
            must(pthread_cond_wait(&q->arrived, &q->lock) == 0);
        if (!q->waiting.first)
            break;
        struct work *w = list_take_first(&q->waiting);
        q->stats.queued--;
        q->stats.running++;
        must(pthread_mutex_unlock(&q->lock) == 0);
        w->run(w);
        must(pthread_mutex_lock(&q->lock) == 0);
        q->stats.running--;
        q->stats.completed++;
        bool first = !q->finished.first;
        list_append(&q->finished, w);
        if (first) /* later ones ride on the same wake-up: `finished` is taken whole */
            wakeup_send(q->wakeup);
    }
    must(pthread_mutex_unlock(&q->lock) == 0);
    return NULL;
}

static void deliver(void *ctx)
{
    struct workqueue *q = ctx;
    must(pthread_mutex_lock(&q->lock) == 0);
    struct work *w = q->finished.first;
    q->finished = (struct work_list){0};
    must(pthread_mutex_unlock(&q->lock) == 0);
    while (w) {
        struct work *next = w->next; /* done may free w */
        w->done(w);
        w = next;
    }
}

/* Signals belong to the loop's thread: threads inherit the mask of their creator, so it is closed around the
 * creation. */
static struct status start_threads(struct workqueue *q, unsigned threads)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return STATUS(NOMEM);
    must(pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0);
    sigset_t all, before;
    sigfillset(&all);
    must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    bool started = true;
    while (q->thread_count < threads && started) {
        started = pthread_create(&q->threads[q->thread_count], &attributes, pool_thread, q) == 0;
        if (started)
            q->thread_count++;
    }
    must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    (void)pthread_attr_destroy(&attributes);
    return started ? DONE : STATUS(UNAVAILABLE);
}

struct status workqueue_new(struct loop *l, const char *name, unsigned threads, unsigned max_queued,
                            struct workqueue **out)
{
    must(threads > 0 && max_queued > 0);
    struct workqueue *q = mem_alloc(sizeof *q + threads * sizeof q->threads[0]);
    if (!q)
        return STATUS(NOMEM);
    must(text_to_cstr(text_of(name), q->name, sizeof q->name));
    q->max_queued = max_queued;
    must(pthread_mutex_init(&q->lock, NULL) == 0);
    must(pthread_cond_init(&q->arrived, NULL) == 0);
    struct status s = wakeup_new(l, deliver, q, &q->wakeup);
    if (status_ok(s))
        s = start_threads(q, threads);
    if (!status_ok(s)) {
        workqueue_free(q);
        return s;
    }
    *out = q;
    return DONE;
}

void workqueue_free(struct workqueue *q)
{
    if (!q)
        return;
    must(pthread_mutex_lock(&q->lock) == 0);
    q->closing = true;
    must(pthread_cond_broadcast(&q->arrived) == 0);
    must(pthread_mutex_unlock(&q->lock) == 0);
    for (unsigned i = 0; i < q->thread_count; i++)
        must(pthread_join(q->threads[i], NULL) == 0);
    deliver(q);
    wakeup_free(q->wakeup);
    (void)pthread_cond_destroy(&q->arrived);
    (void)pthread_mutex_destroy(&q->lock);
    mem_free(q);
}

struct status workqueue_submit(struct workqueue *q, struct work *w)
{
    must(pthread_mutex_lock(&q->lock) == 0);
    struct status s = DONE;
    if (q->closing) {
        s = STATUS(UNAVAILABLE);
    } else if (q->stats.queued >= q->max_queued) {
        s = STATUS(AGAIN);
    } else {
        list_append(&q->waiting, w);
        q->stats.queued++;
        if (q->stats.queued > q->stats.max_depth)
            q->stats.max_depth = q->stats.queued;
        must(pthread_cond_signal(&q->arrived) == 0);
    }
    must(pthread_mutex_unlock(&q->lock) == 0);
    return s;
}

struct workqueue_stats workqueue_stats(struct workqueue *q)
{
    must(pthread_mutex_lock(&q->lock) == 0);
    struct workqueue_stats stats = q->stats;
    must(pthread_mutex_unlock(&q->lock) == 0);
    return stats;
}

struct lane {
    pthread_mutex_t lock;
    pthread_cond_t left;
    unsigned places;  /* lock; free ones */
    unsigned waiting; /* lock */
};

struct status lane_new(unsigned width, struct lane **out)
{
    must(width > 0);
    struct lane *l = mem_alloc(sizeof *l);
    if (!l)
        return STATUS(NOMEM);
    must(pthread_mutex_init(&l->lock, NULL) == 0);
    must(pthread_cond_init(&l->left, NULL) == 0);
    l->places = width;
    *out = l;
    return DONE;
}

void lane_free(struct lane *l)
{
    if (!l)
        return;
    (void)pthread_cond_destroy(&l->left);
    (void)pthread_mutex_destroy(&l->lock);
    mem_free(l);
}

void lane_enter(struct lane *l)
{
    must(pthread_mutex_lock(&l->lock) == 0);
    l->waiting++;
    while (l->places == 0)
        must(pthread_cond_wait(&l->left, &l->lock) == 0);
    l->waiting--;
    l->places--;
    must(pthread_mutex_unlock(&l->lock) == 0);
}

void lane_leave(struct lane *l)
{
    must(pthread_mutex_lock(&l->lock) == 0);
    l->places++;
    must(pthread_cond_signal(&l->left) == 0);
    must(pthread_mutex_unlock(&l->lock) == 0);
}

unsigned lane_waiting(struct lane *l)
{
    must(pthread_mutex_lock(&l->lock) == 0);
    unsigned waiting = l->waiting;
    must(pthread_mutex_unlock(&l->lock) == 0);
    return waiting;
}
