/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "outbound/forward_internal.h"

/*
 * What the core said about targets, by question; and the questions under way: one per target, however many
 * calls wait for it.
 */

#define REFRESH_EVERY_MS 1000 /* a background question that failed is not repeated sooner */

/* ---- what is known ---- */
static struct known *known_new(struct outbound *o, struct text question, const uint8_t *body, size_t size,
                               struct error *err)
{
    struct known *k = mem_alloc(sizeof *k);
    uint8_t *copy = k ? mem_alloc(size ? size : 1) : NULL;
    char *key = copy ? mem_strndup(question.p, question.n) : NULL;
    if (!key) {
        mem_free(copy);
        mem_free(k);
        return NULL;
    }
    memcpy(copy, body, size);
    *k = (struct known){.question = {key, question.n}, .references = 1};
    struct status st = outbound_target_new(copy, size, o->contexts, &k->target, err);
    if (status_ok(st))
        return k;
    log_event(LOG_ERROR, "outbound.answer_refused", F_CSTR("reason", error_text(err, st)));
    known_unref(k);
    return NULL;
}

void known_unref(struct known *k)
{
    if (!k || --k->references > 0)
        return;
    outbound_target_unref(k->target);
    mem_free((void *)(uintptr_t)k->question.p);
    mem_free(k);
}

static void unlink_known(struct outbound *o, struct known *k)
{
    *(k->newer ? &k->newer->older : &o->newest) = k->older;
    *(k->older ? &k->older->newer : &o->oldest) = k->newer;
    k->newer = k->older = NULL;
}

static void link_newest(struct outbound *o, struct known *k)
{
    k->older = o->newest;
    *(k->older ? &k->older->newer : &o->oldest) = k;
    o->newest = k;
}

static void touch(struct outbound *o, struct known *k)
{
    if (o->newest == k)
        return;
    unlink_known(o, k);
    link_newest(o, k);
}

static void forget(struct outbound *o, struct known *k)
{
    if (!k->cached)
        return;
    k->cached = false;
    (void)map_remove(&o->known, text_bytes(k->question));
    unlink_known(o, k);
    known_unref(k);
}

/* Full: what was used longest ago goes. Without memory for it the answer serves those who wait for it. */
static void remember(struct outbound *o, struct known *k)
{
    struct known *old = map_get(&o->known, text_bytes(k->question));
    if (old)
        forget(o, old);
    while (o->oldest && o->known.count >= o->settings.targets_max)
        forget(o, o->oldest);
    if (!status_ok(map_put(&o->known, text_bytes(k->question), k)))
        return;
    k->cached = true;
    k->references++;
    link_newest(o, k);
}

void targets_forget(struct outbound *o)
{
    while (o->oldest)
        forget(o, o->oldest);
}

/* ---- questions ---- */
/* Whose service it is about: the question as far as it names the application, the front of a host's label
 * without the id, or the secret. */
static struct text owner_of(struct text question)
{
    for (size_t i = 0; i < question.n; i++) {
        const struct text rest = text_from(question, i);
        if (text_starts_with(rest, TEXT("&service=")) || text_starts_with(rest, TEXT("&entry=")))
            return text_first(question, i);
    }
    return text_first(question, question.n - (question.n < ADDRESS_ID_SIZE ? 0 : ADDRESS_ID_SIZE));
}

/* Token endpoints that do not answer hold questions up: those of one application are not everybody's. */
static bool has_its_share(const struct outbound *o, struct text owner)
{
    size_t cursor = 0, count = 0;
    struct bytes key;
    void *value;
    while (map_next(&o->questions, &cursor, &key, &value)) {
        const struct outbound_asking *q = value;
        count += text_equal(q->owner, owner);
    }
    return count >= OUTBOUND_QUESTIONS_OF_ONE;
}

static void question_free(struct outbound_asking *q)
{
    mem_free((void *)(uintptr_t)q->question.p);
    mem_free(q);
}

/* The one under way, or a new one. NULL: too many, or the core cannot be asked. */
static struct outbound_asking *ask(struct outbound *o, struct text question)
{
    struct outbound_asking *q = map_get(&o->questions, text_bytes(question));
    if (q)
        return q;
    if (o->questions.count >= OUTBOUND_QUESTIONS_MAX || has_its_share(o, owner_of(question)))
        return NULL;
    q = mem_alloc(sizeof *q);
    if (!q)
        return NULL;
    q->question = (struct text){mem_strndup(question.p, question.n), question.n};
    q->owner = q->question.p ? owner_of(q->question) : (struct text){NULL, 0};
    q->waiting_end = &q->waiting;
    if (!q->question.p || !status_ok(map_put(&o->questions, text_bytes(q->question), q))) {
        question_free(q);
        return NULL;
    }
    slab_add(o->parts.slab, SLAB_OUTBOUND_QUESTIONS, 1);
    if (o->parts.ask(o->parts.ctx, q->question, q))
        return q;
    (void)map_remove(&o->questions, text_bytes(q->question));
    question_free(q);
    return NULL;
}

static void wait_for_answer(struct outbound_call *c, struct text question)
{
    struct outbound *o = c->o;
    struct outbound_asking *q = o->waiting < OUTBOUND_WAITING_MAX ? ask(o, question) : NULL;
    if (!q) {
        call_core_away(c);
        return;
    }
    call_unlink(c);
    c->state = CALL_ASKING;
    c->asking = q;
    c->back = q->waiting_end;
    *q->waiting_end = c;
    q->waiting_end = &c->next;
    o->waiting++;
}

void call_leave_question(struct outbound_call *c)
{
    if (!c->asking)
        return;
    call_unlink(c);
    c->asking = NULL;
    c->o->waiting--;
}

/* The answer is good, and will not be much longer: it is asked for anew while calls go on with it. */
static void refresh(struct outbound *o, struct known *k)
{
    const int64_t at = k->target->answer.refresh_at;
    if (at == 0 || clock_now_s() < at || clock_monotonic_ms() < k->refresh_after_ms)
        return;
    k->refresh_after_ms = clock_monotonic_ms() + REFRESH_EVERY_MS;
    (void)ask(o, k->question);
}

/* With an answer that is good. That of a bundle says that the path's next segment is the API's name: with it
 * there is another question, whose answer is none about a bundle. */
static void go_on(struct outbound_call *c, struct known *k)
{
    if (!k->target->answer.bundle) {
        k->references++;
        c->known = k;
        call_begin(c);
    } else if (status_ok(outbound_address_enter(&c->address))) {
        call_find_target(c);
    } else {
        call_refuse(c, 400, TEXT("failed to extract API Identifier from path"));
    }
}

void call_find_target(struct outbound_call *c)
{
    struct outbound *o = c->o;
    buffer_clear(&o->question);
    outbound_address_question(&c->address, c->tenant, &o->question);
    if (!status_ok(buffer_status(&o->question))) {
        call_refuse(c, 400, TEXT("failed to extract API Identifier from path"));
        return;
    }
    const struct text question = buffer_as_text(&o->question);
    struct known *k = map_get(&o->known, text_bytes(question));
    if (k && outbound_target_usable(k->target, o->parts.page, clock_now_ms()) &&
        !(c->retried && k->target->answer.version == c->refused_version)) {
        touch(o, k);
        refresh(o, k);
        go_on(c, k);
        return;
    }
    if (k)
        forget(o, k);
    wait_for_answer(c, question);
}

/* ---- answers ---- */
/* Without an answer: the core was away, or what it said cannot be used (a key that does not belong to its
 * certificate, say), and `err` has words for that. */
static void serve_waiting(struct outbound *o, struct outbound_asking *q, struct known *k,
                          const struct error *err)
{
    while (q->waiting) {
        struct outbound_call *c = q->waiting;
        must(c->o == o);
        call_leave_question(c);
        if (k) {
            go_on(c, k);
        } else if (err->message[0]) {
            call_refuse(c, 500, text_of(err->message));
        } else {
            call_core_away(c);
        }
    }
}

/* A 4xx: there is no such service any more. What failed at our end (a token that cannot be had, 5xx) does not
 * end calls that are under way. */
static bool is_gone(const struct known *k)
{
    const int status = k->target->answer.status;
    return status >= 400 && status < 500;
}

static void recheck_running(struct outbound *o, struct known *k)
{
    struct outbound_call *gone = NULL;
    for (struct outbound_call *c = o->running, *next; c; c = next) {
        next = c->next;
        if (c->state == CALL_OVER || !text_equal(c->known->question, k->question))
            continue;
        if (!is_gone(k)) {
            c->pairs = k->target->answer.pairs;
            continue;
        }
        call_unlink(c);
        c->next = gone;
        c->back = &gone;
        if (c->next)
            c->next->back = &c->next;
        gone = c;
    }
    while (gone) {
        struct outbound_call *c = gone;
        call_unlink(c);
        call_target_gone(c, &k->target->answer);
    }
}

void outbound_answered(struct outbound *o, struct outbound_asking *q, const uint8_t *body, size_t size)
{
    struct error err = {0};
    struct known *k = body ? known_new(o, q->question, body, size, &err) : NULL;
    /* Something changed on the way: those who came after the change must see it. */
    if (k && !page_pairs_current(&k->target->answer.pairs, o->parts.page) &&
        ++q->rounds < OUTBOUND_ROUNDS_MAX && o->parts.ask(o->parts.ctx, q->question, q)) {
        known_unref(k);
        return;
    }
    (void)map_remove(&o->questions, text_bytes(q->question));
    if (k)
        remember(o, k);
    serve_waiting(o, q, k, &err);
    if (k && q->recheck)
        recheck_running(o, k);
    question_free(q);
    known_unref(k);
    if (o->recheck_left)
        outbound_recheck(o);
}

void outbound_recheck(struct outbound *o)
{
    o->recheck_left = false;
    for (struct outbound_call *c = o->running; c; c = c->next) {
        if (c->state == CALL_OVER || page_pairs_current(&c->pairs, o->parts.page))
            continue;
        struct outbound_asking *q = ask(o, c->known->question);
        if (!q) {
            o->recheck_left = true; /* goes on when an answer makes room, or in a second */
            if (o->questions.count >= OUTBOUND_QUESTIONS_MAX)
                return;
            continue; /* its owner has its share */
        }
        q->recheck = true;
    }
}
