/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

#include <stdio.h>

#include "base/json_scan.h"
#include "base/limits.h"

/* Words around a message: a line of struct error, and what masking may add. */
#define WORDS_ARENA_MAX (16 * 1024)

/* ---- a job of the fetcher ---- */

static unsigned running_of(const struct registry_shared *s, const struct registry_key *key)
{
    unsigned count = 0;
    for (unsigned i = 0; i < s->job_count; i++)
        count += text_equal(s->jobs[i]->application, key->application) &&
                 text_equal(s->jobs[i]->tenant, key->tenant);
    return count;
}

static struct status place_take(struct registry *r, const struct registry_key *key, struct error *err)
{
    struct registry_shared *s = r->shared;
    const unsigned most = r->settings.fetches_at_once;
    must(pthread_mutex_lock(&s->lock) == 0);
    const bool full = s->job_count >= most || s->job_count == FETCHES_MAX;
    const bool has_its_share = running_of(s, key) >= (most + 1) / 2;
    if (!full && !has_its_share)
        s->jobs[s->job_count++] = key;
    must(pthread_mutex_unlock(&s->lock) == 0);
    if (full)
        return error_set(err, E_AGAIN,
                         "%u specifications are being read already (registry.fetches), try again in a moment",
                         most);
    if (has_its_share)
        return error_set(err, E_AGAIN,
                         "%u specifications of this application are being read already (half of "
                         "registry.fetches), try again in a moment",
                         (most + 1) / 2);
    return DONE;
}

static void place_give(struct registry_shared *s, const struct registry_key *key)
{
    must(pthread_mutex_lock(&s->lock) == 0);
    unsigned i = 0;
    while (i < s->job_count && s->jobs[i] != key)
        i++;
    must(i < s->job_count);
    s->jobs[i] = s->jobs[--s->job_count];
    must(pthread_mutex_unlock(&s->lock) == 0);
}

static struct status job_run(struct registry *r, const struct registry_key *key,
                             const struct fetch_request *request, struct fetch_answer *out, struct error *err)
{
    if (!r->parts.fetcher)
        return error_set(err, E_UNAVAILABLE, "There is no fetcher that could read a specification");
    TRY(place_take(r, key, err));
    const struct status s = fetch_call(r->parts.fetcher, request, out, err);
    place_give(r->shared, key);
    return s;
}

/*
 * The fetcher reads what strangers wrote, so its word is not enough for what the core does with the bytes
 * later: answers take JSON apart that was scanned once (base/json_compact.h, swagger2_rewrite), and size is
 * memory.
 */
static void doubt(const struct registry *r, struct text document, struct fetch_answer *answer)
{
    struct json_position where;
    char words[JSON_POSITION_TEXT];
    if (answer->outcome != FETCH_FINE)
        return;
    if (document.n > r->settings.specification_max) {
        answer->outcome = FETCH_TOO_LARGE;
        snprintf(answer->reason, sizeof answer->reason, "it has more than %zu bytes",
                 r->settings.specification_max);
    } else if (answer->format == FETCH_FORMAT_JSON &&
               !status_ok(json_scan_with(document, LIMIT_SPECIFICATION_TOKENS, &where))) {
        answer->outcome = FETCH_WRONG_TYPE;
        snprintf(answer->reason, sizeof answer->reason, "%.*s", TEXT_ARG(json_position_text(&where, words)));
    }
}

/* ---- the request ---- */

struct fields {
    struct fetch_field list[FETCH_FIELDS_MAX];
    size_t count;
};

/* A field for each value of each parameter. */
static bool fields_from(const struct parameter_list *from, struct fields *out)
{
    for (size_t i = 0; i < from->count; i++) {
        for (size_t k = 0; k < from->list[i].count; k++) {
            if (out->count == FETCH_FIELDS_MAX)
                return false;
            out->list[out->count++] = (struct fetch_field){from->list[i].name, from->list[i].values[k]};
        }
    }
    return true;
}

/* requestParameters of specificationCredentials.oauth are dropped, as in the original (contract 1.5). */
static void authenticate(const struct credentials *c, struct fetch_request *request)
{
    if (c->oauth.given) {
        request->authentication = FETCH_OAUTH;
        request->user = c->oauth.client_id;
        request->password = c->oauth.client_secret;
        request->token_url = c->oauth.url;
    } else if (c->basic.given) {
        request->authentication = FETCH_BASIC;
        request->user = c->basic.username;
        request->password = c->basic.password;
    }
}

/* ---- what came of it ---- */

static const char *hint_of(const struct fetch_answer *answer, bool kept)
{
    const bool wanted = answer->http_status == 401 || answer->http_status == 403;
    return kept && wanted ? " (credentials for a specification are not stored: send the registration again)"
                          : "";
}

/* Contract 1.8; the place is the same for all. */
static struct status refusal(const uint8_t id[static SERVICE_ID_SIZE], const struct fetch_answer *answer,
                             bool kept, struct error *err)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 2048, WORDS_ARENA_MAX);
    const struct text reason = url_credentials_hidden(text_of(answer->reason), &a);
    if (!reason.p)
        return STATUS(NOMEM);
    const char *what = "Fetching API spec from URL failed, ";
    enum code code = E_UPSTREAM;
    switch (answer->outcome) {
    case FETCH_STATUS:
        what = "Fetching API spec from URL failed with status ";
        break;
    case FETCH_AUTHORIZATION:
        what = "Adding authorization for fetching API spec from URL failed, ";
        break;
    case FETCH_REFUSED:
        code = E_INVALID;
        break;
    case FETCH_FINE:
    case FETCH_UNREACHABLE:
    case FETCH_TIMEOUT:
    case FETCH_TOO_LARGE:
    case FETCH_WRONG_TYPE:
    case FETCH_OUTCOME_END:
        break;
    }
    char text[SERVICE_ID_TEXT + 1];
    return error_set(err, code, "Determining API spec for service with ID %.*s failed, %s%.*s%s",
                     TEXT_ARG(service_id_text(id, text)), what, TEXT_ARG(reason), hint_of(answer, kept));
}

struct status document_download(struct registry *r, const struct registry_key *key,
                                const struct api_details *api, struct text url,
                                struct fetch_answer *out_answer, struct error *err)
{
    struct fields headers = {.count = 0}, query = {.count = 0};
    if (!fields_from(&api->specification_parameters.headers, &headers) ||
        !fields_from(&api->specification_parameters.query, &query))
        return error_set(err, E_INVALID, "api.specificationRequestParameters holds more than %d values",
                         FETCH_FIELDS_MAX);
    struct fetch_request request = {
        .job = FETCH_DOCUMENT,
        .url = url,
        .headers = headers.list,
        .header_count = headers.count,
        .query = query.list,
        .query_count = query.count,
        .claim = api->api_type,
        .document_max = (uint32_t)r->settings.specification_max,
        .timeout_ms = r->settings.fetch_timeout_ms,
    };
    authenticate(&api->specification_credentials, &request);
    TRY(job_run(r, key, &request, out_answer, err));
    doubt(r, buffer_as_text(&out_answer->document), out_answer);
    return DONE;
}

struct status specification_download(struct registry *r, const struct registry_key *key,
                                     const struct api_details *api, struct text url, bool kept,
                                     struct fetch_answer *out_answer, struct error *err)
{
    TRY(document_download(r, key, api, url, out_answer, err));
    return out_answer->outcome == FETCH_FINE ? DONE : refusal(key->id, out_answer, kept, err);
}

struct status specification_examine(struct registry *r, const struct registry_key *key, struct text document,
                                    struct text claim, struct fetch_answer *out_answer, struct error *err)
{
    const struct fetch_request request = {
        .job = FETCH_CHECK,
        .document = text_bytes(document),
        .claim = claim,
        .document_max = (uint32_t)r->settings.specification_max,
        .timeout_ms = r->settings.fetch_timeout_ms,
    };
    TRY(job_run(r, key, &request, out_answer, err));
    doubt(r, document, out_answer);
    return DONE;
}
