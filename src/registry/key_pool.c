/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/key_pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "event/workqueue.h"
#include "x509/keys.h"
#include "x509/request_build.h"

/* ASan's red zones and redzoned frames of OpenSSL do not fit into the small stack. */
#define STACK_BYTES   ((FAIRLEAD_SANITIZED ? 2048u : 256u) * 1024u)
#define ALGORITHM_MAX 16
#define AHEAD_MAX     64
/* A tenth of a busy CPU's time, all of an idle one's. Not the very least (SCHED_IDLE): while a key is made
 * libcrypto takes locks that the others need, too. */
#define NICENESS 10

struct key_pool {
    char algorithm[ALGORITHM_MAX];
    unsigned ahead;
    struct lane *lane;
    atomic_uint making; /* or waiting for their turn to make one */
    pthread_mutex_t lock;
    pthread_cond_t wanted;     /* there is room, or the end */
    EVP_PKEY *keys[AHEAD_MAX]; /* lock */
    unsigned count;            /* lock */
    bool started, ending;      /* lock */
    bool failed;               /* lock: not tried again before the next demand */
    pthread_t thread;          /* valid once started */
};

static EVP_PKEY *pop(struct key_pool *p)
{
    must(pthread_mutex_lock(&p->lock) == 0);
    EVP_PKEY *key = p->count > 0 ? p->keys[--p->count] : NULL;
    must(pthread_mutex_unlock(&p->lock) == 0);
    return key;
}

unsigned key_pool_ready(struct key_pool *p)
{
    must(pthread_mutex_lock(&p->lock) == 0);
    unsigned count = p->count;
    must(pthread_mutex_unlock(&p->lock) == 0);
    return count;
}

/* ---- the thread ---- */

/* Waits until a key is to be made; false at the end. */
static bool wait_for_room(struct key_pool *p)
{
    must(pthread_mutex_lock(&p->lock) == 0);
    while (!p->ending && (p->count >= p->ahead || p->failed))
        must(pthread_cond_wait(&p->wanted, &p->lock) == 0);
    bool goes_on = !p->ending;
    must(pthread_mutex_unlock(&p->lock) == 0);
    return goes_on;
}

static void keep(struct key_pool *p, EVP_PKEY *key)
{
    must(pthread_mutex_lock(&p->lock) == 0);
    if (key)
        p->keys[p->count++] = key;
    else
        p->failed = true; /* out of memory, say: whoever asks next hears about it from a call of its own */
    must(pthread_mutex_unlock(&p->lock) == 0);
}

/* The lock is never held while a key is made: a thread of low priority that held it would stop the others. */
static void *make_ahead(void *self)
{
    struct key_pool *p = self;
    (void)pthread_setname_np(pthread_self(), "key-pool");
    (void)setpriority(PRIO_PROCESS, 0, NICENESS); /* Linux: of this thread */
    while (wait_for_room(p)) {
        EVP_PKEY *key = NULL;
        status_ignore(key_generate(text_of(p->algorithm), &key, NULL));
        keep(p, key);
    }
    return NULL;
}

/* Signals belong to the loop's thread: a thread inherits the mask of its creator. Without the thread the pool
 * still works, only slower; the next demand tries again. */
static void start(struct key_pool *p)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return;
    must(pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0);
    sigset_t all, before;
    sigfillset(&all);
    must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    p->started = pthread_create(&p->thread, &attributes, make_ahead, p) == 0;
    must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    (void)pthread_attr_destroy(&attributes);
}

static void demand(struct key_pool *p)
{
    if (p->ahead == 0)
        return;
    must(pthread_mutex_lock(&p->lock) == 0);
    p->failed = false;
    if (!p->started)
        start(p);
    must(pthread_cond_signal(&p->wanted) == 0);
    must(pthread_mutex_unlock(&p->lock) == 0);
}

/* ---- the others ---- */

static struct status make_one(struct key_pool *p, EVP_PKEY **out, struct error *err)
{
    lane_enter(p->lane);
    *out = pop(p); /* one may have been made while we waited */
    struct status s = *out ? DONE : key_generate(text_of(p->algorithm), out, err);
    lane_leave(p->lane);
    return s;
}

struct status key_pool_take(struct key_pool *p, EVP_PKEY **out, struct error *err)
{
    EVP_PKEY *key = pop(p);
    demand(p);
    if (!key) {
        struct status s;
        if (atomic_fetch_add_explicit(&p->making, 1, memory_order_relaxed) < KEY_POOL_MAKING_MAX)
            s = make_one(p, &key, err);
        else
            s = error_set(err, E_AGAIN, "%d keys are being made already, try again in a moment",
                          KEY_POOL_MAKING_MAX);
        atomic_fetch_sub_explicit(&p->making, 1, memory_order_relaxed);
        TRY(s);
    }
    *out = key;
    return DONE;
}

struct status key_pool_new(struct text algorithm, unsigned ahead, unsigned lane_width, struct key_pool **out)
{
    must(ahead <= AHEAD_MAX && lane_width > 0);
    TRY(key_algorithm_check(algorithm, NULL));
    OWNED(key_pool_free) struct key_pool *p = mem_alloc(sizeof *p);
    if (!p)
        return STATUS(NOMEM);
    must(pthread_mutex_init(&p->lock, NULL) == 0 && pthread_cond_init(&p->wanted, NULL) == 0);
    must(text_to_cstr(algorithm, p->algorithm, sizeof p->algorithm));
    p->ahead = ahead;
    TRY(lane_new(lane_width, &p->lane));
    *out = TAKE(p);
    return DONE;
}

void key_pool_free(struct key_pool *p)
{
    if (!p)
        return;
    must(pthread_mutex_lock(&p->lock) == 0);
    p->ending = true;
    must(pthread_cond_signal(&p->wanted) == 0);
    must(pthread_mutex_unlock(&p->lock) == 0);
    if (p->started)
        must(pthread_join(p->thread, NULL) == 0);
    while (p->count > 0)
        key_free(p->keys[--p->count]);
    lane_free(p->lane);
    must(pthread_cond_destroy(&p->wanted) == 0);
    must(pthread_mutex_destroy(&p->lock) == 0);
    mem_free(p);
}
