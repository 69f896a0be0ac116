/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "credentials/cache_internal.h"

/* What a flight brings, and flights in the background. */

#define STACK_BYTES ((FAIRLEAD_SANITIZED ? 2048u : 256u) * 1024u)

/* ---- landing ---- */

void cached_forget(struct cached *e)
{
    secret_release(&e->token);
    secret_release(&e->cookies);
    memset(e->addresses, 0, sizeof e->addresses);
    e->address_count = 0;
    e->have = false;
}

static bool is_address(enum fetch_job job)
{
    return job == FETCH_RESOLVE || job == FETCH_RESOLVE_PROXY;
}

static int64_t life_of(enum fetch_job job, const struct fetch_answer *answer)
{
    if (is_address(job))
        return CACHE_ADDRESS_LIFE_MS;
    if (job == FETCH_TOKEN && answer->expires_in_s > CACHE_EARLY_S)
        return (answer->expires_in_s - CACHE_EARLY_S) * 1000;
    return CACHE_UNSTATED_LIFE_MS; /* until it is refused, as in the original, but not for ever */
}

static void take(struct cache *c, struct cached *e, struct cache_landing *l)
{
    struct fetch_answer *answer = &l->answer;
    cached_forget(e);
    e->token = answer->token;
    e->cookies = answer->cookies;
    answer->token = answer->cookies = (struct secret){0};
    memcpy(e->addresses, answer->addresses, sizeof e->addresses);
    e->address_count = answer->address_count;
    /* The server counts from some moment after we asked. */
    const int64_t life = life_of(l->job, answer);
    e->until_ms = l->begun_ms + life;
    e->refresh_ms = l->begun_ms + life / 5 * 4;
    e->generation = ++c->generation;
    e->have = true;
    e->refused = false;
    e->failures = 0;
    e->pause_until_ms = 0;
}

static const char *job_name(enum fetch_job job)
{
    return is_address(job) ? "address" : job == FETCH_TOKEN ? "token" : "csrf-token";
}

/* Contract 3.5 and 3.6: 502 with the reason as the fetcher words it, 500 for a URL that is none. */
static int status_of_failure(enum fetch_job job, const struct fetch_answer *answer)
{
    if (is_address(job))
        return answer->outcome == FETCH_TIMEOUT ? 504 : 502;
    return text_starts_with(text_of(answer->reason), TEXT("failed to create token request")) ? 500 : 502;
}

/* Words of the failure: of an address as a front says them of its own (net/upstream.h), of tokens the
 * contract's. */
static void word_failure(enum fetch_job job, struct status s, const struct fetch_answer *answer,
                         struct cache_failure *out)
{
    const char *front = "";
    const char *why = answer->reason;
    if (is_address(job))
        front = job == FETCH_RESOLVE_PROXY         ? "proxy: outbound.proxy: "
                : answer->outcome == FETCH_REFUSED ? "guarded: "
                                                   : "dns: ";
    out->status = status_of_failure(job, answer);
    out->unauthorized = status_ok(s) && (answer->http_status == 401 || answer->http_status == 403);
    if (!status_ok(s)) {
        front = "";
        why = s.code == E_TOO_LARGE ? "The service's credentials are larger than can be used."
                                    : "Nobody can fetch a token or an address now; try again in a second.";
        out->status = 503;
    }
    (void)snprintf(out->message, sizeof out->message, "%s%s", front, why);
}

void cache_fetch(const struct fetch_client *fetcher, const struct fetch_request *request,
                 struct cache_landing *out)
{
    struct error ignored = {0};
    *out = (struct cache_landing){.job = request->job, .begun_ms = clock_monotonic_ms()};
    const struct status s = fetch_call(fetcher, request, &out->answer, &ignored);
    out->fine = status_ok(s) && out->answer.outcome == FETCH_FINE;
    if (out->fine)
        return;
    word_failure(request->job, s, &out->answer, &out->failure);
    log_event(LOG_WARNING, "credentials.fetch_failed", F_CSTR("what", job_name(request->job)),
              F_CSTR("reason", out->failure.message));
}

void cache_landing_release(struct cache_landing *l)
{
    fetch_answer_release(&l->answer);
}

static void refuse(struct cached *e, const struct cache_landing *l)
{
    int64_t pause = CACHE_ADDRESS_PAUSE_MS;
    if (!is_address(l->job)) {
        pause = (int64_t)CACHE_PAUSE_MS << (e->failures < 5 ? e->failures : 5);
        pause = pause < CACHE_PAUSE_MAX_MS ? pause : CACHE_PAUSE_MAX_MS;
    }
    e->failures++;
    e->refused = true;
    e->pause_until_ms = clock_monotonic_ms() + pause;
    e->failure = l->failure;
}

/* The end of a flight, whatever it brought. */
static void end_flight(struct cache *c, struct cached *e)
{
    e->fetching = false;
    e->landed++;
    unsigned i = 0;
    while (i < c->fetching && c->flying[i] != e)
        i++;
    must(i < c->fetching);
    c->flying[i] = c->flying[--c->fetching];
    cached_unuse(e);
    must(pthread_cond_broadcast(&c->landed) == 0);
}

void cached_land(struct cache *c, struct cached *e, struct cache_landing *l)
{
    if (l->fine)
        take(c, e, l);
    else
        refuse(e, l);
    end_flight(c, e);
}

/* ---- in the background ---- */

struct flight {
    struct cache *cache;  /* a reference */
    struct cached *entry; /* used */
    struct fetch_client fetcher;
    struct buffer request; /* as fetch_request_encode wrote it: holds secrets */
};

static void flight_free(struct flight *f)
{
    buffer_wipe(&f->request);
    buffer_release(&f->request);
    cache_unref(f->cache);
    mem_free(f);
}

static void land(struct flight *f, struct cache_landing *l)
{
    struct cache *c = f->cache;
    must(pthread_mutex_lock(&c->lock) == 0);
    cached_land(c, f->entry, l);
    must(pthread_mutex_unlock(&c->lock) == 0);
    flight_free(f);
}

static void *run(void *arg)
{
    struct flight *f = arg;
    (void)pthread_setname_np(pthread_self(), "credentials");
    struct fetch_field fields[FETCH_FIELDS_ROOM];
    struct fetch_request request;
    OWNED(cache_landing_release) struct cache_landing landing = {.fine = false};
    must(status_ok(fetch_request_decode(buffer_bytes(&f->request), &request, fields)));
    cache_fetch(&f->fetcher, &request, &landing);
    land(f, &landing);
    return NULL;
}

/* Signals belong to the loop's thread: a thread inherits the mask of its creator. */
static bool start_thread(struct flight *f)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    must(pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0);
    must(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    (void)sigfillset(&all);
    must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    const bool started = pthread_create(&thread, &attributes, run, f) == 0;
    must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    (void)pthread_attr_destroy(&attributes);
    return started;
}

static void cancel(struct cache *c, struct cached *e)
{
    must(pthread_mutex_lock(&c->lock) == 0);
    end_flight(c, e); /* there is a good value still; the next one tries again */
    must(pthread_mutex_unlock(&c->lock) == 0);
}

void cache_fly(struct cache *c, struct cached *e, const struct cache_want *want)
{
    struct flight *f = mem_alloc(sizeof *f);
    if (!f) {
        cancel(c, e);
        return;
    }
    *f = (struct flight){.cache = cache_ref(c), .entry = e, .fetcher = *want->fetcher};
    buffer_init(&f->request, FETCH_MESSAGE_MAX);
    if (buffer_reserve(&f->request, fetch_request_size(want->request)))
        fetch_request_encode(want->request, &f->request);
    if (status_ok(buffer_status(&f->request)) && start_thread(f))
        return;
    cancel(c, e);
    flight_free(f);
}
