/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/limits.h"
#include "base/log.h"

#define IDENTITY_BYTES_MAX 4096

struct question {
    struct front *front;
    uint8_t fingerprint[SHA256_SIZE];
    struct front_call *waiting;
    struct pool_call *call;
    struct buffer answer;
    struct text subject; /* owned: for asking again */
    unsigned asked;
    int status;
    bool recheck; /* live connections depend on the answer */
};

static struct bytes key_of(const uint8_t fingerprint[static SHA256_SIZE])
{
    return (struct bytes){fingerprint, SHA256_SIZE};
}

/* ---- identities ---- */
void identity_unref(struct identity *id)
{
    if (!id || --id->references > 0)
        return;
    mem_free(id->bytes);
    mem_free(id);
}

static struct identity *identity_ref(struct identity *id)
{
    id->references++;
    return id;
}

bool identity_usable(const struct front *f, const struct identity *id)
{
    return page_pairs_current(&id->answer.pairs, &f->page) && clock_now_s() < id->answer.valid_until;
}

struct identity *identity_find(struct front *f, const uint8_t fingerprint[static SHA256_SIZE])
{
    struct identity *id = map_get(&f->identities, key_of(fingerprint));
    return id && identity_usable(f, id) ? identity_ref(id) : NULL;
}

static void forget_all(struct front *f)
{
    size_t cursor = 0;
    struct bytes key;
    void *id;
    while (map_next(&f->identities, &cursor, &key, &id))
        identity_unref(id);
    size_t max = f->identities.max;
    map_release(&f->identities);
    map_init(&f->identities, max);
}

/* Keeps `id` in the bounded cache. A full cache starts over: answers cost one question each. */
static void remember(struct front *f, struct identity *id)
{
    identity_unref(map_remove(&f->identities, key_of(id->fingerprint)));
    if (f->identities.count >= f->identities.max)
        forget_all(f);
    if (status_ok(map_put(&f->identities, key_of(id->fingerprint), id)))
        identity_ref(id);
}

static struct identity *identity_from(const struct question *q)
{
    struct bytes answer = buffer_bytes(&q->answer);
    struct identity *id = mem_alloc(sizeof *id);
    if (!id)
        return NULL;
    id->references = 1;
    memcpy(id->fingerprint, q->fingerprint, SHA256_SIZE);
    id->bytes = mem_alloc(answer.n + 1);
    if (id->bytes)
        memcpy(id->bytes, answer.p, answer.n);
    if (!id->bytes || !status_ok(hop_identity_decode((struct bytes){id->bytes, answer.n}, &id->answer))) {
        identity_unref(id);
        return NULL;
    }
    return id;
}

void peer_free(struct peer *p)
{
    if (!p)
        return;
    identity_unref(p->identity);
    mem_free((void *)(uintptr_t)p->subject.p);
    mem_free(p);
}

/* ---- live connections after an answer ---- */
struct recheck {
    struct question *question;
    struct identity *identity; /* NULL: the core could not be asked */
};

/* What a refused connection still has open: the answer to its own revocation, and everything else. */
struct open_exchanges {
    struct exchange *other[LIMIT_H2_STREAMS * 2];
    size_t other_count;
    bool own_revocation;
};

static void sort_exchange(void *ctx, struct exchange *x)
{
    struct open_exchanges *open = ctx;
    const struct front_call *fc = x->owner;
    const bool under_way = fc && fc->route && (fc->upstream || fc->status != 0);
    if (under_way && (fc->route->flags & ROUTE_ENDS_IDENTITY))
        open->own_revocation = true;
    else if (open->other_count < sizeof open->other / sizeof open->other[0])
        open->other[open->other_count++] = x;
}

/* Ends what a refused certificate has running. The one thing that goes on is its own revocation, until the
 * answer is out. */
static void end_refused(struct connection *c)
{
    struct open_exchanges open = {0};
    session_each_exchange(connection_session(c), sort_exchange, &open);
    /* Its exchange may be over already, and the answer on its way out. */
    const bool answered = open.other_count == 0 && session_output(connection_session(c)).n > 0;
    if (!open.own_revocation && !answered) {
        /* With nothing under way it ends in order: the last answer may still be on its way to the peer. */
        if (open.other_count == 0 && session_is_idle(connection_session(c)))
            connection_shutdown(c);
        else
            connection_close(c);
        return;
    }
    for (size_t i = 0; i < open.other_count; i++)
        exchange_abort(open.other[i]);
    connection_shutdown(c);
}

static void recheck_connection(void *ctx, struct connection *c)
{
    struct recheck *r = ctx;
    struct peer *peer = *connection_owner(c);
    if (!peer || !peer->identity || peer->identity == r->identity ||
        memcmp(peer->identity->fingerprint, r->question->fingerprint, SHA256_SIZE) != 0)
        return;
    if (!r->identity || r->identity->answer.verdict != CERT_ACTIVE) {
        if (r->identity || session_open_exchanges(connection_session(c)) > 0) {
            end_refused(c);
            return;
        }
        identity_unref(TAKE(peer->identity)); /* idle: its next request asks again */
        return;
    }
    identity_unref(peer->identity);
    peer->identity = identity_ref(r->identity);
}

/* ---- questions ---- */
static void question_free(struct question *q)
{
    buffer_release(&q->answer);
    mem_free((void *)(uintptr_t)q->subject.p);
    mem_free(q);
}

/* The connection keeps the answer only if it is about its own certificate, not about one that a trusted proxy
 * forwarded. */
static void attach_to_connection(struct front_call *fc, struct identity *id)
{
    struct peer *peer = *connection_owner(fc->connection);
    struct tls_session *tls = connection_tls(fc->connection);
    if (peer && !peer->identity && tls &&
        memcmp(tls_peer(tls)->fingerprint, id->fingerprint, SHA256_SIZE) == 0)
        peer->identity = identity_ref(id);
}

static void release_waiting(struct question *q, struct identity *id)
{
    while (q->waiting) {
        struct front_call *fc = q->waiting;
        q->waiting = fc->waiting_next;
        fc->asking = NULL;
        if (!id) {
            front_call_unavailable(fc);
            continue;
        }
        fc->identity = identity_ref(id);
        attach_to_connection(fc, id);
        front_call_identified(fc);
    }
}

static void conclude(struct question *q, struct identity *id)
{
    struct front *f = q->front;
    map_remove(&f->questions, key_of(q->fingerprint));
    if (id)
        remember(f, id);
    if (q->recheck)
        net_server_each(f->server, recheck_connection, &(struct recheck){q, id});
    release_waiting(q, id);
    identity_unref(id);
    question_free(q);
}

static void on_head(void *owner, const struct response *head)
{
    struct question *q = owner;
    q->status = head->status;
}

static void on_body(void *owner, struct bytes chunk)
{
    struct question *q = owner;
    buffer_append(&q->answer, chunk);
}

static struct status send_question(struct question *q);

/*
 * The core loaded the counters before it read; if one has moved since, the answer may be from before a
 * revocation and is not used, not even once. Asked again, at most ASKED_MAX times: counters that move faster
 * than that mean trouble, and an unknown identity is not served.
 */
#define ASKED_MAX 8

static void on_end(void *owner)
{
    struct question *q = owner;
    bool good = q->status == 200 && status_ok(buffer_status(&q->answer));
    struct identity *id = good ? identity_from(q) : NULL;
    if (id && !page_pairs_current(&id->answer.pairs, &q->front->page)) {
        identity_unref(TAKE(id));
        buffer_clear(&q->answer);
        if (q->asked < ASKED_MAX && status_ok(send_question(q)))
            return;
    }
    conclude(q, id);
}

static void on_failed(void *owner, enum pool_failure why, bool answer_started)
{
    (void)why;
    (void)answer_started;
    conclude(owner, NULL);
}

static const struct pool_events question_events = {on_head, on_body, on_end, on_failed};

static struct status send_question(struct question *q)
{
    struct front *f = q->front;
    char target[sizeof "/front/certificate?fingerprint=" + 2 * SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];
    hex_encode(hex, key_of(q->fingerprint));
    (void)snprintf(target, sizeof target, "/front/certificate?fingerprint=%s", hex);
    buffer_clear(&f->scratch);
    front_write_question(f, HTTP_GET, text_of(target), text_bytes(q->subject), &f->scratch);
    TRY(buffer_status(&f->scratch));
    q->asked++;
    q->call = pool_send(f->edge, HTTP_GET, buffer_bytes(&f->scratch), true, &question_events, q);
    return q->call ? DONE : STATUS(AGAIN);
}

static struct question *ask(struct front *f, const uint8_t fingerprint[static SHA256_SIZE],
                            struct text subject)
{
    struct question *q = map_get(&f->questions, key_of(fingerprint));
    if (q)
        return q;
    q = mem_alloc(sizeof *q);
    if (!q)
        return NULL;
    q->front = f;
    memcpy(q->fingerprint, fingerprint, SHA256_SIZE);
    buffer_init(&q->answer, IDENTITY_BYTES_MAX);
    q->subject = (struct text){subject.n ? mem_strndup(subject.p, subject.n) : NULL, subject.n};
    if (subject.n && !q->subject.p)
        q->subject.n = 0;
    struct status st = map_put(&f->questions, key_of(fingerprint), q);
    if (status_ok(st)) {
        st = send_question(q);
        if (!status_ok(st))
            map_remove(&f->questions, key_of(fingerprint));
    }
    if (!status_ok(st)) {
        question_free(q);
        return NULL;
    }
    slab_add(f->slab, SLAB_IDENTITY_MISSES, 1);
    return q;
}

void identity_ask(struct front_call *fc, const uint8_t fingerprint[static SHA256_SIZE], struct text subject)
{
    struct question *q = ask(fc->front, fingerprint, subject);
    if (!q) {
        front_call_unavailable(fc);
        return;
    }
    const struct peer *peer = *connection_owner(fc->connection);
    if (peer && peer->identity && memcmp(peer->identity->fingerprint, fingerprint, SHA256_SIZE) == 0)
        q->recheck = true; /* other requests run on an older answer */
    fc->asking = q;
    fc->waiting_next = q->waiting;
    q->waiting = fc;
}

void identity_stop_waiting(struct front_call *fc)
{
    if (!fc->asking)
        return;
    struct front_call **at = &fc->asking->waiting;
    while (*at && *at != fc)
        at = &(*at)->waiting_next;
    if (*at)
        *at = fc->waiting_next;
    fc->asking = NULL;
}

/*
 * When a core starts it bumps every counter. Then asking about each idle connection would be a storm for
 * nothing: above this many, idle connections just forget their answer and ask with their next request.
 */
#define RECHECK_IDLE_MAX 256

struct stale_count {
    struct front *front;
    unsigned asked;
};

static void recheck_stale(void *ctx, struct connection *c)
{
    struct stale_count *count = ctx;
    struct front *f = count->front;
    struct peer *peer = *connection_owner(c);
    if (!peer || !peer->identity || identity_usable(f, peer->identity))
        return;
    bool busy = session_open_exchanges(connection_session(c)) > 0;
    if (!busy && count->asked >= RECHECK_IDLE_MAX) {
        identity_unref(TAKE(peer->identity));
        return;
    }
    struct question *q = ask(f, peer->identity->fingerprint, peer->subject);
    count->asked++;
    if (q)
        q->recheck = true;
    else
        connection_close(c); /* cannot be proved good: not served */
}

void identity_recheck(struct front *f)
{
    net_server_each(f->server, recheck_stale, &(struct stale_count){f, 0});
}

void identity_release_all(struct front *f)
{
    forget_all(f);
    map_release(&f->identities);
    map_release(&f->questions);
}
