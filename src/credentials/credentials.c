/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials/credentials.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "credentials/internal.h"

#define ANSWER_LIFE_MS (60 * 1000)
#define REFUSAL_LIFE_S 1
#define MESSAGE_MAX    1024

static strategy *const strategies[] = {
    [CREDENTIAL_NONE] = strategy_none,
    [CREDENTIAL_BASIC] = strategy_basic,
    [CREDENTIAL_OAUTH] = strategy_oauth,
    [CREDENTIAL_CERTIFICATE] = strategy_certificate,
    [CREDENTIAL_OAUTH_CERTIFICATE] = strategy_oauth, /* the pair is shown to the token endpoint alone */
};

/* ---- life ---- */

struct status credentials_new(const struct credentials_settings *settings, struct credentials_cache *previous,
                              struct credentials_cache **out)
{
    OWNED(credentials_free) struct credentials_cache *c = mem_alloc(sizeof *c);
    if (!c)
        return STATUS(NOMEM);
    c->settings = *settings;
    if (previous) {
        memcpy(c->salt, previous->salt, sizeof c->salt);
        c->fetched = cache_ref(previous->fetched);
    } else {
        random_bytes(c->salt, sizeof c->salt);
        TRY(cache_new(settings->cache_max, &c->fetched));
    }
    *out = TAKE(c);
    return DONE;
}

void credentials_free(struct credentials_cache *c)
{
    if (!c)
        return;
    cache_unref(c->fetched);
    mem_free(c);
}

/* ---- steps ---- */

struct status joined(struct arena *a, struct text x, struct text y, struct text *out)
{
    char *p = arena_alloc(a, x.n + y.n + 1);
    if (!p)
        return STATUS(NOMEM);
    if (x.n > 0)
        memcpy(p, x.p, x.n);
    if (y.n > 0)
        memcpy(p + x.n, y.p, y.n);
    *out = (struct text){p, x.n + y.n};
    return DONE;
}

struct status refuse(struct asking *q, int status, const char *fmt, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    const struct hop_target was = *q->out;
    *q->out = (struct hop_target){
        .status = status,
        .application = was.application,
        .service = was.service,
        .service_name = was.service_name,
        .message = arena_text(q->a, text_of(message)),
        .until = clock_now_s() + REFUSAL_LIFE_S,
        .pairs = was.pairs,
    };
    return q->out->message.p ? STATUS(UPSTREAM) : STATUS(NOMEM);
}

/* requestParameters first, then Kyma 1.2.0's (contract 1.19). */
static struct status add_parameters(struct asking *q)
{
    const struct api_details *api = &q->service->details.api;
    const struct request_parameters *extra = &api->credentials.extra;
    struct hop_field_room *room = arena_alloc(q->a, sizeof *room);
    if (!room)
        return STATUS(NOMEM);
    q->out->headers = room->headers;
    q->out->query_fields = room->query_fields;
    if (fields_for_hop(&api->parameters.headers, &extra->headers, true, room->headers,
                       &q->out->header_count) &&
        fields_for_hop(&api->parameters.query, &extra->query, false, room->query_fields,
                       &q->out->query_count))
        return DONE;
    return refuse(q, 500, "failed to read API for %.*s service, it has more than %d headers or parameters",
                  TEXT_ARG(q->service->shown), HOP_FIELDS_MAX);
}

static void mix_fields(struct mix *m, const struct hop_field *fields, unsigned count)
{
    mix_number(m, count);
    for (unsigned i = 0; i < count; i++) {
        mix_text(m, fields[i].name);
        mix_text(m, fields[i].value);
    }
}

static uint64_t version_of(const struct asking *q)
{
    const struct hop_target *t = q->out;
    const struct text secrets[] = {t->authorization, t->chain_pem, t->key_pem, t->csrf_token,
                                   t->csrf_cookies};
    struct mix m = {.state = {0}};
    mix_bytes(&m, BYTES_OF(q->cache->salt));
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        mix_text(&m, secrets[i]);
    mix_fields(&m, t->headers, t->header_count);
    mix_fields(&m, t->query_fields, t->query_count);
    for (unsigned i = 0; i < q->used_count; i++)
        mix_number(&m, q->used[i].generation);
    uint64_t version;
    memcpy(&version, m.state, sizeof version);
    return version;
}

static struct status authenticate(struct asking *q)
{
    const struct csrf_details *csrf = &q->service->csrf;
    TRY(strategies[credential_kind_of(&q->service->details.api.credentials)](q));
    return csrf->given ? token_csrf(q, csrf->token_url) : DONE;
}

/* An API's name is its own below its bundle alone. */
static struct text path_name_of(const struct asking *q)
{
    const struct registry_target *t = q->service;
    if (t->bundle_name.n > 0)
        return arena_printf(q->a, "%.*s/%.*s", TEXT_ARG(t->bundle_name), TEXT_ARG(t->row.path_name));
    return t->kept ? t->service : t->row.path_name;
}

static struct status make_answer(struct asking *q)
{
    char id[SERVICE_ID_TEXT + 1];
    struct hop_target *out = q->out;
    out->application = q->service->row.application;
    out->service =
        arena_text(q->a, q->service->kept ? q->service->service : service_id_text(q->service->row.id, id));
    out->service_name = path_name_of(q);
    out->verify = q->cache->settings.verify_tls && !q->service->skip_verify;
    out->encode_url = q->service->encode_url;
    out->anchors_pem = q->service->row.call_anchors_pem;
    TRY(out->service.p && out->service_name.p ? DONE : STATUS(NOMEM));
    TRY(place_read(q));
    if (!q->peek) /* addresses are no part of the version */
        TRY(place_resolve(q));
    TRY(authenticate(q));
    TRY(add_parameters(q));
    const int64_t now_ms = clock_now_ms();
    out->version = version_of(q);
    out->until = (now_ms + q->left_ms) / 1000;
    out->refresh_at = q->refresh_ms < q->left_ms ? (now_ms + q->refresh_ms + 999) / 1000 : 0;
    return DONE;
}

/* ---- questions ---- */

static int http_status_of(struct status s)
{
    return s.code == E_NOT_FOUND ? 404 : s.code == E_INVALID ? 400 : s.code == E_BROKEN ? 500 : 0;
}

/* A refusal is E_UPSTREAM. `service` lives in the arena. */
static struct status find_service(struct asking *q, const struct credentials_question *question,
                                  struct error *err)
{
    const struct registry_address address = {
        .tenant = question->tenant,
        .label = question->label,
        .application = question->application,
        .service = question->service,
        .secret = question->secret,
        .entry = question->entry,
    };
    struct registry_target *found = arena_alloc(q->a, sizeof *found);
    if (!found)
        return STATUS(NOMEM);
    struct error why = {0};
    const struct status s =
        registry_target_find(q->parts->registry, &address, q->a, &q->out->pairs, found, &why);
    q->service = found;
    if (status_ok(s))
        return s;
    if (http_status_of(s) != 0 && why.code == s.code)
        return refuse(q, http_status_of(s), "%s", why.message);
    return error_set(err, s.code, "%s", error_text(&why, s));
}

/* Whoever asked knows where the API's name stands in the caller's words, and asks again with it. */
static struct status say_bundle(struct asking *q)
{
    q->out->bundle = true;
    q->out->application = q->service->row.application;
    q->out->until = clock_now_s() + ANSWER_LIFE_MS / 1000;
    return DONE;
}

static struct status ask(struct asking *q, const struct credentials_question *question, struct error *err)
{
    *q->out = (struct hop_target){.status = 0};
    q->tenant = question->tenant;
    q->left_ms = q->refresh_ms = ANSWER_LIFE_MS;
    TRY(find_service(q, question, err));
    return q->service->bundle ? say_bundle(q) : make_answer(q);
}

struct status credentials_answer(struct credentials_cache *c, const struct credentials_parts *parts,
                                 const struct credentials_question *question, struct arena *a,
                                 struct hop_target *out, struct error *err)
{
    struct asking q = {.cache = c, .parts = parts, .a = a, .out = out};
    const struct status s = ask(&q, question, err);
    return s.code == E_UPSTREAM ? DONE : s;
}

struct status credentials_explain(struct credentials_cache *c, const struct credentials_parts *parts,
                                  const struct credentials_question *question, struct arena *a,
                                  struct hop_target *out, struct credentials_fetched *fetched,
                                  struct error *err)
{
    struct asking q = {.cache = c, .parts = parts, .a = a, .out = out};
    const struct status s = ask(&q, question, err);
    const int64_t now_ms = clock_now_ms();
    *fetched = (struct credentials_fetched){0};
    for (unsigned i = 0; i < q.used_count; i++) {
        if (q.used[i].job != FETCH_TOKEN)
            continue;
        fetched->token_until = (now_ms + q.used[i].left_ms) / 1000;
        fetched->token_refresh_at = (now_ms + q.used[i].refresh_ms) / 1000;
    }
    return s.code == E_UPSTREAM ? DONE : s;
}

/* All of them: nobody knows which one it was. */
static bool drop_used(const struct asking *q)
{
    bool dropped = false;
    for (unsigned i = 0; i < q->used_count; i++)
        dropped |= cache_drop(q->cache->fetched, q->used[i].key, q->used[i].generation) != CACHE_TOO_SOON;
    return dropped;
}

struct status credentials_refused(struct credentials_cache *c, const struct credentials_parts *parts,
                                  const struct credentials_question *question, uint64_t version,
                                  bool *out_again)
{
    struct arena a;
    arena_init(&a, 16 * 1024, 4u * 1024 * 1024);
    struct hop_target *now = arena_alloc(&a, sizeof *now);
    struct asking q = {.cache = c, .parts = parts, .a = &a, .out = now, .peek = true};
    const struct status s = now ? ask(&q, question, NULL) : STATUS(NOMEM);
    /* Something else would be answered by now: a refusal, other credentials, or none yet. */
    bool again = s.code == E_UPSTREAM || s.code == E_AGAIN || (status_ok(s) && now->version != version);
    if (status_ok(s) && !again)
        again = drop_used(&q);
    arena_wipe(&a);
    arena_release(&a);
    *out_again = again;
    return s.code == E_UPSTREAM || s.code == E_AGAIN ? DONE : s;
}
