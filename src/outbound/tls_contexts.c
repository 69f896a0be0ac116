/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/tls_contexts.h"

#include "base/alloc.h"
#include "base/map.h"
#include "base/own.h"

#define RESUMED_SERVERS 256 /* per context: many targets share one that shows no certificate */

struct kept {
    uint8_t key[SHA256_SIZE];
    struct tls_context *tls;    /* a reference */
    struct kept *newer, *older; /* by last use */
};

struct tls_contexts {
    struct tls_trust *trust; /* the system's and outbound.ca_file */
    struct map by_key;       /* struct kept */
    struct kept *newest, *oldest;
    unsigned max;
};
OWNABLE(struct tls_contexts, tls_contexts_free);

static void tls_unref(struct tls_context *c)
{
    tls_context_unref(c);
}
OWNABLE(struct tls_context, tls_unref);
OWNABLE(struct tls_trust, tls_trust_free);

void tls_contexts_digest(const struct hop_target *t, uint8_t out[static SHA256_SIZE])
{
    /* Digests of digests: fixed places, so that no text can run into the next one. */
    uint8_t parts[1 + 3 * SHA256_SIZE];
    parts[0] = t->verify;
    sha256(text_bytes(t->anchors_pem), parts + 1);
    sha256(text_bytes(t->chain_pem), parts + 1 + SHA256_SIZE);
    sha256(text_bytes(t->key_pem), parts + 1 + 2 * SHA256_SIZE);
    sha256(BYTES_OF(parts), out);
}

/* ---- order of use ---- */

static void unlink_kept(struct tls_contexts *c, struct kept *k)
{
    *(k->newer ? &k->newer->older : &c->newest) = k->older;
    *(k->older ? &k->older->newer : &c->oldest) = k->newer;
    k->newer = k->older = NULL;
}

static void put_newest(struct tls_contexts *c, struct kept *k)
{
    k->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = k;
    c->newest = k;
}

static void forget(struct tls_contexts *c, struct kept *k)
{
    unlink_kept(c, k);
    (void)map_remove(&c->by_key, BYTES_OF(k->key));
    tls_context_unref(k->tls);
    mem_free(k);
}

/* Without it the context still works, for one target alone. */
static void keep(struct tls_contexts *c, const uint8_t key[static SHA256_SIZE], struct tls_context *tls)
{
    while (c->oldest && c->by_key.count >= c->max)
        forget(c, c->oldest);
    struct kept *k = mem_alloc(sizeof *k);
    if (!k)
        return;
    memcpy(k->key, key, SHA256_SIZE);
    if (!status_ok(map_put(&c->by_key, BYTES_OF(k->key), k))) {
        mem_free(k);
        return;
    }
    k->tls = tls_context_ref(tls);
    put_newest(c, k);
}

/* ---- making ---- */

struct status tls_contexts_new(struct text system_anchors_pem, struct text more_anchors_pem, unsigned max,
                               struct tls_contexts **out)
{
    OWNED(tls_contexts_free) struct tls_contexts *c = mem_alloc(sizeof *c);
    if (!c)
        return STATUS(NOMEM);
    c->max = max > 0 ? max : 1;
    map_init(&c->by_key, c->max);
    OWNED(tls_trust_free) struct tls_trust *system = NULL;
    TRY(tls_trust_new(NULL, system_anchors_pem, &system, NULL));
    TRY(tls_trust_new(system, more_anchors_pem, &c->trust, NULL));
    *out = TAKE(c);
    return DONE;
}

void tls_contexts_free(struct tls_contexts *c)
{
    if (!c)
        return;
    while (c->oldest)
        forget(c, c->oldest);
    map_release(&c->by_key);
    tls_trust_free(c->trust);
    mem_free(c);
}

static struct status make(struct tls_contexts *c, const struct hop_target *t, struct tls_context **out,
                          struct error *err)
{
    OWNED(tls_trust_free) struct tls_trust *own = NULL;
    if (t->verify && t->anchors_pem.n > 0) {
        const struct status s = tls_trust_new(c->trust, t->anchors_pem, &own, err);
        if (!status_ok(s))
            return error_wrap(err, s, "trusted CAs of the service");
    }
    const struct tls_client_settings settings = {
        .trust = own ? own : c->trust,
        .skip_verification = !t->verify,
        .own = {.certificate_chain_pem = t->chain_pem, .key_pem = t->key_pem},
        .resume_servers = RESUMED_SERVERS,
    };
    return tls_client_context_new(&settings, out, err);
}

struct status tls_contexts_get(struct tls_contexts *c, const struct hop_target *t, struct tls_context **out,
                               struct error *err)
{
    uint8_t key[SHA256_SIZE];
    tls_contexts_digest(t, key);
    struct kept *k = map_get(&c->by_key, BYTES_OF(key));
    if (k) {
        unlink_kept(c, k);
        put_newest(c, k);
        *out = tls_context_ref(k->tls);
        return DONE;
    }
    OWNED(tls_unref) struct tls_context *tls = NULL;
    TRY(make(c, t, &tls, err));
    keep(c, key, tls);
    *out = TAKE(tls);
    return DONE;
}
