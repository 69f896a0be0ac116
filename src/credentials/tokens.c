/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include "credentials/internal.h"

/* The jobs that bring tokens, and their keys: everything that matters for what comes back. */

static uint64_t owner_of(const struct asking *q)
{
    static_assert(sizeof q->cache->salt == 32, "two keys");
    return siphash(text_bytes(q->service->row.application), q->cache->salt) ^
           siphash(text_bytes(q->tenant), q->cache->salt + 16);
}

struct status want_value(struct asking *q, const struct mix *m, const struct fetch_request *job,
                         struct cache_value *out)
{
    struct cache_want want = {.request = job, .fetcher = q->parts->fetcher, .limits = &q->cache->settings};
    memcpy(want.key, m->state, sizeof want.key);
    want.owner = owner_of(q);
    if (q->peek) {
        if (!cache_peek(q->cache->fetched, want.key, q->a, out))
            return STATUS(AGAIN);
    } else {
        TRY(cache_get(q->cache->fetched, &want, q->a, out));
    }
    if (out->status != 0)
        return refuse(q, out->status, "%.*s", TEXT_ARG(out->message));
    if (out->left_ms < q->left_ms)
        q->left_ms = out->left_ms;
    if (out->refresh_ms < q->refresh_ms)
        q->refresh_ms = out->refresh_ms;
    return DONE;
}

static void use_token(struct asking *q, const struct mix *m, enum fetch_job job, const struct cache_value *v)
{
    must(q->used_count < USED_TOKENS_MAX);
    struct used_token *u = &q->used[q->used_count++];
    memcpy(u->key, m->state, sizeof u->key);
    u->generation = v->generation;
    u->job = job;
    u->left_ms = v->left_ms;
    u->refresh_ms = v->refresh_ms;
}

/* What is common to both kinds: the API's lists, with Kyma 1.2.0's beside them (contract 1.19). */
struct job_fields {
    struct fetch_field headers[FETCH_FIELDS_MAX], query[FETCH_FIELDS_MAX];
};

static struct status add_fields(struct asking *q, const struct request_parameters *own,
                                struct job_fields *fields, struct fetch_request *job, struct mix *m)
{
    const struct request_parameters *extra = &q->service->details.api.credentials.extra;
    if (!fields_for_fetch(&own->headers, &extra->headers, true, fields->headers, &job->header_count) ||
        !fields_for_fetch(&own->query, &extra->query, false, fields->query, &job->query_count))
        return refuse(q, 500, "failed to create token request: more than %d headers or parameters",
                      FETCH_FIELDS_MAX);
    job->headers = fields->headers;
    job->query = fields->query;
    mix_parameters(m, &own->headers);
    mix_parameters(m, &own->query);
    mix_parameters(m, &extra->headers);
    mix_parameters(m, &extra->query);
    return DONE;
}

static struct mix mix_of(const struct asking *q, const struct fetch_request *job)
{
    struct mix m = {.state = {0}};
    mix_number(&m, job->job);
    mix_text(&m, q->tenant);
    mix_text(&m, job->url);
    mix_number(&m, job->insecure);
    mix_text(&m, job->anchors_pem);
    return m;
}

/* Client id and secret in the header and in the form, because servers differ in which they read. */
struct status token_oauth(struct asking *q, struct text *out_token)
{
    const struct credentials *c = &q->service->details.api.credentials;
    const struct fetch_field form[] = {
        {TEXT("client_id"), c->oauth.client_id},
        {TEXT("client_secret"), c->oauth.client_secret},
        {TEXT("grant_type"), TEXT("client_credentials")},
    };
    struct job_fields fields;
    struct fetch_request job = {
        .job = FETCH_TOKEN,
        .url = c->oauth.url,
        .authentication = FETCH_BASIC,
        .user = c->oauth.client_id,
        .password = c->oauth.client_secret,
        .form = form,
        .form_count = sizeof form / sizeof form[0],
        .anchors_pem = q->out->anchors_pem,
        .insecure = !q->out->verify,
        .timeout_ms = q->cache->settings.timeout_ms,
    };
    struct mix m = mix_of(q, &job);
    mix_text(&m, job.user);
    mix_text(&m, job.password);
    TRY(add_fields(q, &c->oauth.parameters, &fields, &job, &m));
    struct cache_value v;
    TRY(want_value(q, &m, &job, &v));
    use_token(q, &m, job.job, &v);
    *out_token = v.token;
    return DONE;
}

static struct status fetch_csrf(struct asking *q, struct text url, bool *out_unauthorized)
{
    static const struct request_parameters none = {.given = false};
    struct job_fields fields;
    struct fetch_request job = {
        .job = FETCH_CSRF,
        .url = url,
        .authorization = q->out->authorization,
        .client_chain_pem = q->out->chain_pem,
        .client_key_pem = q->out->key_pem,
        .anchors_pem = q->out->anchors_pem,
        .insecure = !q->out->verify,
        .timeout_ms = q->cache->settings.timeout_ms,
    };
    struct mix m = mix_of(q, &job);
    mix_bytes(&m, BYTES_OF(q->service->row.id));
    mix_text(&m, job.authorization);
    mix_text(&m, job.client_chain_pem);
    mix_text(&m, job.client_key_pem);
    TRY(add_fields(q, &none, &fields, &job, &m));
    struct cache_value v = {.status = 0};
    const struct status s = want_value(q, &m, &job, &v);
    *out_unauthorized = v.unauthorized;
    TRY(s);
    use_token(q, &m, job.job, &v);
    q->out->csrf = true;
    q->out->csrf_token = v.token;
    q->out->csrf_cookies = v.cookies;
    return DONE;
}

/*
 * With the API's own strategy, so after it. An OAuth token that is refused here never gets as far as a call
 * whose 401 a front could report: so it is dropped here, on the same terms, and fetched once more.
 */
struct status token_csrf(struct asking *q, struct text url)
{
    const struct hop_target before = *q->out;
    bool unauthorized = false;
    const struct status s = fetch_csrf(q, url, &unauthorized);
    const struct used_token *bearer = q->used_count > 0 ? &q->used[0] : NULL;
    if (s.code != E_UPSTREAM || !unauthorized || !bearer ||
        cache_drop(q->cache->fetched, bearer->key, bearer->generation) == CACHE_TOO_SOON)
        return s;
    *q->out = before;
    q->used_count = 0;
    TRY(strategy_oauth(q));
    return fetch_csrf(q, url, &unauthorized);
}
