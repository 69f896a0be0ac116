/* SPDX-License-Identifier: Apache-2.0 */
#include "event/workqueue.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#include "base/alloc.h"
#include "base/bytes.h"

/* ASan's red zones and redzoned frames of OpenSSL do not fit into the small stack. */
#define STACK_BYTES     ((FAIRLEAD_SANITIZED ? 2048u : 256u) * 1024u)
#define THREAD_NAME_MAX 16 /* with NUL, prctl(2) PR_SET_NAME */

struct work_list {
    struct work *first, *last;
};

/*
 * Idle threads are a stack, each with a semaphore of its own: work goes to the thread that became idle last,
 * whose stack, heap and random generator are still in the caches, and the others sleep on. A condition
 * variable takes turns instead: with 48 threads and one client every request then met a cold thread, at twice
 * the cost.
 */
struct pool_thread {
    struct workqueue *queue;
    pthread_t id;
    sem_t wake;
    struct work *given;            /* lock until posted, then the thread's own; NULL when woken to end */
    struct pool_thread *next_idle; /* lock */
};

struct workqueue {
    pthread_mutex_t lock;
    struct pool_thread *idle;  /* lock; not empty only when nothing waits */
    struct work_list waiting;  /* lock */
    struct work_list finished; /* lock */
    bool closing;              /* lock */
    unsigned max_queued;
    struct workqueue_stats stats; /* lock */
    struct wakeup *wakeup;
    char name[THREAD_NAME_MAX];
    unsigned thread_count;
    struct pool_thread threads[];
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

/* Under the lock. What to do next, or NULL after having become idle (or when the pool closes). */
static struct work *next_work(struct workqueue *q, struct pool_thread *t)
{
    if (q->waiting.first) {
        q->stats.queued--;
        q->stats.running++;
        return list_take_first(&q->waiting);
    }
    if (!q->closing) {
        t->given = NULL;
        t->next_idle = q->idle;
        q->idle = t;
    }
    return NULL;
}

static struct work *first_work(struct workqueue *q, struct pool_thread *t, bool *ending)
{
    must(pthread_mutex_lock(&q->lock) == 0);
    struct work *w = next_work(q, t);
    *ending = !w && q->closing;
    must(pthread_mutex_unlock(&q->lock) == 0);
    return w;
}

/* Hands `w` to the loop. What to do next, as next_work(). */
static struct work *finish(struct workqueue *q, struct pool_thread *t, struct work *w, bool *ending)
{
    must(pthread_mutex_lock(&q->lock) == 0);
    q->stats.running--;
    q->stats.completed++;
    bool first = !q->finished.first;
    list_append(&q->finished, w);
    struct work *next = next_work(q, t);
    *ending = !next && q->closing;
    must(pthread_mutex_unlock(&q->lock) == 0);
    if (first) /* later ones ride on the same wake-up: `finished` is taken whole */
        wakeup_send(q->wakeup);
    return next;
}

static void *thread_main(void *arg)
{
    struct pool_thread *t = arg;
    struct workqueue *q = t->queue;
    (void)pthread_setname_np(pthread_self(), q->name);
    bool ending = false;
    struct work *w = first_work(q, t, &ending);
    while (!ending) {
        if (!w) {
            while (sem_wait(&t->wake) != 0) /* EINTR */
                ;
            w = t->given;
            if (!w)
                break;
        }
        w->run(w);
        w = finish(q, t, w, &ending);
    }
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
        struct pool_thread *t = &q->threads[q->thread_count];
        t->queue = q;
        must(sem_init(&t->wake, 0, 0) == 0);
        started = pthread_create(&t->id, &attributes, thread_main, t) == 0;
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
    while (q->idle) {
        struct pool_thread *t = q->idle;
        q->idle = t->next_idle;
        must(sem_post(&t->wake) == 0); /* with nothing given: ends */
    }
    must(pthread_mutex_unlock(&q->lock) == 0);
    for (unsigned i = 0; i < q->thread_count; i++) {
        must(pthread_join(q->threads[i].id, NULL) == 0);
        (void)sem_destroy(&q->threads[i].wake);
    }
    deliver(q);
    wakeup_free(q->wakeup);
    (void)pthread_mutex_destroy(&q->lock);
    mem_free(q);
}

/* Under the lock; somebody is idle. */
static struct pool_thread *give(struct workqueue *q, struct work *w)
{
    struct pool_thread *t = q->idle;
    q->idle = t->next_idle;
    t->given = w;
    q->stats.running++;
    return t;
}

struct status workqueue_submit(struct workqueue *q, struct work *w)
{
    struct pool_thread *woken = NULL;
    struct status s = DONE;
    must(pthread_mutex_lock(&q->lock) == 0);
    if (q->closing) {
        s = STATUS(UNAVAILABLE);
    } else if (q->idle) {
        woken = give(q, w);
    } else if (q->stats.queued >= q->max_queued) {
        s = STATUS(AGAIN);
    } else {
        list_append(&q->waiting, w);
        q->stats.queued++;
        if (q->stats.queued > q->stats.max_depth)
            q->stats.max_depth = q->stats.queued;
    }
    must(pthread_mutex_unlock(&q->lock) == 0);
    if (woken) /* outside of the lock, which the woken thread would run into */
        must(sem_post(&woken->wake) == 0);
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
    must(pthread_mutex_unlock(&l->lock) == 0);
    must(pthread_cond_signal(&l->left) == 0);
}

unsigned lane_waiting(struct lane *l)
{
    must(pthread_mutex_lock(&l->lock) == 0);
    unsigned waiting = l->waiting;
    must(pthread_mutex_unlock(&l->lock) == 0);
    return waiting;
}
