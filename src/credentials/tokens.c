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

/* ---- OAuth ---- */

/* application/x-www-form-urlencoded: unreserved characters as they are, a space as '+' (RFC 6749 B). */
static struct status form_encoded(struct asking *q, struct text t, struct text *out)
{
    static const char digits[] = "0123456789ABCDEF";
    char *p = arena_alloc(q->a, 3 * t.n + 1);
    if (!p)
        return STATUS(NOMEM);
    size_t n = 0;
    for (size_t i = 0; i < t.n; i++) {
        const uint8_t c = (uint8_t)t.p[i];
        const bool alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (alphanumeric || (c != '\0' && text_contains(TEXT("-._~"), t.p[i]))) {
            p[n++] = t.p[i];
        } else if (c == ' ') {
            p[n++] = '+';
        } else {
            p[n++] = '%';
            p[n++] = digits[c >> 4];
            p[n++] = digits[c & 15];
        }
    }
    *out = (struct text){p, n};
    return DONE;
}

/* Which of the two places has the client's id and secret, or the certificate. The original fills both, and
 * does not encode the header's as RFC 6749 2.3.1 wants it; whoever asks for the header alone gets the RFC's.
 */
static struct status show_client(struct asking *q, enum client_authentication how, struct fetch_request *job)
{
    const struct credentials *c = &q->service->details.api.credentials;
    if (how == CLIENT_CERTIFICATE) {
        job->client_chain_pem = q->service->chain_pem;
        job->client_key_pem = q->service->key_pem;
    }
    if (how != CLIENT_BOTH && how != CLIENT_HEADER)
        return DONE;
    job->authentication = FETCH_BASIC;
    job->user = c->oauth.client_id;
    job->password = c->oauth.client_secret;
    if (how == CLIENT_BOTH)
        return DONE;
    TRY(form_encoded(q, c->oauth.client_id, &job->user));
    return form_encoded(q, c->oauth.client_secret, &job->password);
}

static void add_form(struct fetch_request *job, struct fetch_field *form, const char *name, struct text value)
{
    if (value.n > 0)
        form[job->form_count++] = (struct fetch_field){text_of(name), value};
}

#define FORM_OURS 6 /* of FETCH_FIELDS_MAX */

/* In the contract's order (3.5), then ours. */
static struct status make_form(struct asking *q, enum client_authentication how, struct fetch_field *form,
                               struct fetch_request *job)
{
    const struct credentials *c = &q->service->details.api.credentials;
    struct fetch_field more[FETCH_FIELDS_MAX];
    size_t count = 0;
    if (how != CLIENT_HEADER)
        add_form(job, form, "client_id", c->oauth.client_id);
    if (how == CLIENT_BOTH || how == CLIENT_BODY)
        add_form(job, form, "client_secret", c->oauth.client_secret);
    add_form(job, form, "grant_type", TEXT("client_credentials"));
    add_form(job, form, "scope", c->oauth.scope);
    add_form(job, form, "audience", c->oauth.audience);
    add_form(job, form, "resource", c->oauth.resource);
    const struct parameter_list none = {NULL, 0};
    if (!fields_for_fetch(&c->oauth.form, &none, false, more, &count) || count > FETCH_FIELDS_MAX - FORM_OURS)
        return refuse(q, 500, "failed to create token request: more than %d form fields",
                      FETCH_FIELDS_MAX - FORM_OURS);
    for (size_t i = 0; i < count; i++)
        form[job->form_count++] = more[i];
    return DONE;
}

static void mix_oauth(struct mix *m, const struct fetch_request *job, enum client_authentication how)
{
    mix_number(m, how);
    mix_text(m, job->user);
    mix_text(m, job->password);
    mix_text(m, job->client_chain_pem);
    mix_text(m, job->client_key_pem);
    mix_number(m, job->form_count);
    for (size_t i = 0; i < job->form_count; i++) {
        mix_text(m, job->form[i].name);
        mix_text(m, job->form[i].value);
    }
}

/* Of a token endpoint that wants a certificate the contract knows one failure, 500; the reason follows. */
static struct status certificate_refusal(struct asking *q, struct status s, const struct cache_value *v)
{
    if (s.code != E_UPSTREAM || v->status == 503)
        return s;
    return refuse(q, 500, "Failed to get token: Failed to fetch token, possible certificate problem: %.*s",
                  TEXT_ARG(v->message));
}

struct status token_oauth(struct asking *q, struct text *out_token)
{
    const struct credentials *c = &q->service->details.api.credentials;
    enum client_authentication how;
    struct fetch_field form[FETCH_FIELDS_MAX];
    struct job_fields fields;
    struct fetch_request job = {
        .job = FETCH_TOKEN,
        .url = c->oauth.url,
        .form = form,
        .anchors_pem = q->out->anchors_pem,
        .insecure = !q->out->verify,
        .timeout_ms = q->cache->settings.timeout_ms,
    };
    if (!client_authentication_read(c->oauth.client_authentication, &how))
        return refuse(q, 500, "failed to create token request: clientAuthentication is unknown");
    TRY(show_client(q, how, &job));
    TRY(make_form(q, how, form, &job));
    struct mix m = mix_of(q, &job);
    mix_oauth(&m, &job, how);
    TRY(add_fields(q, &c->oauth.parameters, &fields, &job, &m));
    struct cache_value v = {.status = 0};
    const struct status s = want_value(q, &m, &job, &v);
    if (how == CLIENT_CERTIFICATE)
        TRY(certificate_refusal(q, s, &v));
    TRY(s);
    use_token(q, &m, job.job, &v);
    *out_token = v.token;
    return DONE;
}

/* ---- CSRF ---- */

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
    mix_text(&m, q->out->application);
    mix_text(&m, q->out->service);
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
