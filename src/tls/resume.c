/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/resume.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "tls/internal.h"

/*
 * Sessions of servers that we were connected to, so that the next connection needs no certificates and no
 * signatures. libssl keeps none itself (it would look for them by nothing at all on a client): they arrive in
 * a callback, those of TLS 1.3 after the handshake, with the first bytes that are read.
 *
 * On resumption no certificate is looked at. So what was verified counts for RESUME_LIFE_S at most and never
 * past the end of the chain, and a session made out of a resumed one inherits that end instead of starting
 * anew. Other trust or another client certificate is another context, whose sessions nobody else sees.
 */

#define RESUME_LIFE_S     3600
#define RESUME_PER_SERVER 4 /* servers send two tickets as a rule, and each is used once (RFC 8446 C.4) */

struct kept {
    uint8_t key[SHA256_SIZE];
    struct kept *newer, *older; /* by when a session was stored last */
    SSL_SESSION *sessions[RESUME_PER_SERVER];
    int64_t until[RESUME_PER_SERVER]; /* seconds */
    unsigned count;                   /* the newest is last */
};

struct tls_resumption {
    struct map servers; /* struct kept */
    struct kept *newest, *oldest;
};

/* ---- servers, by when a session was stored last ---- */

static void unlink_kept(struct tls_resumption *r, struct kept *k)
{
    *(k->newer ? &k->newer->older : &r->newest) = k->older;
    *(k->older ? &k->older->newer : &r->oldest) = k->newer;
    k->newer = k->older = NULL;
}

static void put_newest(struct tls_resumption *r, struct kept *k)
{
    k->older = r->newest;
    *(k->older ? &k->older->newer : &r->oldest) = k;
    r->newest = k;
}

static void forget(struct tls_resumption *r, struct kept *k)
{
    while (k->count > 0)
        SSL_SESSION_free(k->sessions[--k->count]);
    unlink_kept(r, k);
    (void)map_remove(&r->servers, BYTES_OF(k->key));
    mem_free(k);
}

static struct kept *find_or_add(struct tls_resumption *r, const uint8_t key[static SHA256_SIZE])
{
    struct kept *k = map_get(&r->servers, (struct bytes){key, SHA256_SIZE});
    if (k) {
        unlink_kept(r, k);
        put_newest(r, k);
        return k;
    }
    while (r->oldest && r->servers.count >= r->servers.max)
        forget(r, r->oldest);
    k = mem_alloc(sizeof *k);
    if (!k)
        return NULL;
    memcpy(k->key, key, SHA256_SIZE);
    if (!status_ok(map_put(&r->servers, BYTES_OF(k->key), k))) {
        mem_free(k);
        return NULL;
    }
    put_newest(r, k);
    return k;
}

struct tls_resumption *tls_resumption_new(unsigned servers)
{
    struct tls_resumption *r = mem_alloc(sizeof *r);
    if (r)
        map_init(&r->servers, servers);
    return r;
}

void tls_resumption_free(struct tls_resumption *r)
{
    if (!r)
        return;
    while (r->oldest)
        forget(r, r->oldest);
    map_release(&r->servers);
    mem_free(r);
}

/* ---- keeping ---- */

/* Takes the reference over when true. */
static bool keep(struct tls_resumption *r, const uint8_t key[static SHA256_SIZE], SSL_SESSION *session,
                 int64_t until)
{
    struct kept *k = until > clock_now_s() ? find_or_add(r, key) : NULL;
    if (!k)
        return false;
    if (k->count == RESUME_PER_SERVER) {
        SSL_SESSION_free(k->sessions[0]);
        k->count--;
        memmove(k->sessions, k->sessions + 1, k->count * sizeof *k->sessions);
        memmove(k->until, k->until + 1, k->count * sizeof *k->until);
    }
    k->sessions[k->count] = session;
    k->until[k->count++] = until;
    return true;
}

/* Until when what was verified counts. */
static int64_t end_of(const struct tls_session *s)
{
    if (SSL_session_reused(s->ssl))
        return s->resume_until;
    const int64_t end = clock_now_s() + RESUME_LIFE_S;
    const int64_t chain_end = s->peer.chain_not_after; /* 0: nothing was verified */
    return chain_end > 0 && chain_end < end ? chain_end : end;
}

/*
 * A copy: libssl marks the session of a connection as not resumable when the peer just goes away, as many
 * servers do, and that is no reason (RFC 5246 7.2.1). Fatal alerts are: tls_session_forget().
 */
static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    const struct tls_session *s = tls_session_of(ssl);
    struct tls_resumption *r = s->context->resumes;
    SSL_SESSION *copy = r && s->resumes ? SSL_SESSION_dup(session) : NULL;
    if (copy && !keep(r, s->resume_key, copy, end_of(s)))
        SSL_SESSION_free(copy);
    return 0; /* libssl's own stays libssl's */
}

void tls_context_keep_sessions(struct tls_context *c)
{
    SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(c->ssl, on_new_session);
}

/* ---- using ---- */

/* A session of TLS 1.3 leaves: whoever sees a ticket twice knows that it is the same client (RFC 8446 C.4).
 * The caller's, or NULL. */
static SSL_SESSION *take(struct kept *k, int64_t *out_until)
{
    while (k->count > 0) {
        SSL_SESSION *session = k->sessions[k->count - 1];
        *out_until = k->until[k->count - 1];
        const bool good = clock_now_s() < *out_until && SSL_SESSION_is_resumable(session);
        if (good && SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION)
            return SSL_SESSION_dup(session);
        k->count--;
        if (good)
            return session;
        SSL_SESSION_free(session);
    }
    return NULL;
}

void tls_session_resume(struct tls_session *s, const uint8_t key[static SHA256_SIZE])
{
    struct tls_resumption *r = s->context->resumes;
    if (!r)
        return;
    memcpy(s->resume_key, key, sizeof s->resume_key);
    s->resumes = true;
    struct kept *k = map_get(&r->servers, BYTES_OF(s->resume_key));
    SSL_SESSION *session = k ? take(k, &s->resume_until) : NULL;
    if (!session)
        return;
    if (SSL_set_session(s->ssl, session) != 1)
        (void)tls_errors_drain(); /* a full handshake, then */
    SSL_SESSION_free(session);
}

void tls_session_forget(struct tls_session *s)
{
    struct tls_resumption *r = s->context->resumes;
    struct kept *k = r && s->resumes ? map_get(&r->servers, BYTES_OF(s->resume_key)) : NULL;
    if (k)
        forget(r, k);
}

bool tls_resumed(const struct tls_session *s)
{
    return SSL_session_reused(s->ssl) == 1;
}
