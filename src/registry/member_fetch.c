/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/member_fetch.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"

#define MESSAGE_MAX 512

void fetch_plan_release(struct fetch_plan *p)
{
    secret_data_release(&p->packed);
    buffer_release(&p->sealed);
}

/* The fetcher's words for documents: Basic, OAuth by client id and secret, headers and query parameters. */
static struct status take_auth(const struct service_details *d, struct api_details *out, struct error *err)
{
    const struct credentials *c = &d->api.credentials;
    const struct csrf_details *csrf = credential_csrf(c);
    if (credential_kind_of(c) == CREDENTIAL_OAUTH_CERTIFICATE)
        return error_set(err, E_INVALID,
                         "fetchRequest: auth: documents are not downloaded with a certificate");
    if (csrf && csrf->given)
        return error_set(err, E_INVALID, "fetchRequest: auth: documents are downloaded without CSRF tokens");
    *out = (struct api_details){
        .given = true, .specification_credentials = *c, .specification_parameters = d->api.parameters};
    return DONE;
}

struct status fetch_plan_check(const struct fetch_request_input *in, struct arena *a, struct fetch_plan *out,
                               struct error *err)
{
    struct service_details d = {.api = {.given = false}};
    TRY(auth_describe(&in->auth, a, &d, err));
    TRY(take_auth(&d, &out->api, err));
    out->in = in;
    return in->auth.given ? auth_pack(&in->auth, a, &out->packed, err) : DONE;
}

/* ---- carried out ---- */

struct outcome {
    enum fetch_condition condition;
    char message[MESSAGE_MAX];
};

static void why_not(const struct fetch_answer *answer, struct outcome *out)
{
    out->condition = FETCH_FAILED;
    if (answer->outcome == FETCH_STATUS)
        snprintf(out->message, sizeof out->message, "While fetching Spec status code: %d",
                 answer->http_status);
    else
        snprintf(out->message, sizeof out->message, "While fetching Spec: %s", answer->reason);
}

static struct status download(struct registry *r, const struct registry_key *key, enum service_role role,
                              const struct fetch_plan *p, struct specification_plan *plan,
                              struct outcome *out, struct error *err)
{
    struct error why = {0};
    OWNED(fetch_answer_release) struct fetch_answer answer = {0};
    const struct status s = document_download(r, key, &p->api, p->in->url, &answer, &why);
    if (s.code == E_INVALID || s.code == E_TOO_LARGE) { /* what was asked for */
        out->condition = FETCH_FAILED;
        snprintf(out->message, sizeof out->message, "While fetching Spec: %.*s", 400, error_text(&why, s));
        return DONE;
    }
    if (!status_ok(s)) /* that says nothing about the document: nothing is recorded */
        return error_set(err, s.code, "%s", error_text(&why, s));
    if (answer.outcome != FETCH_FINE) {
        why_not(&answer, out);
        return DONE;
    }
    out->condition = FETCH_SUCCEEDED;
    return specification_plan_put(plan, member_slot(role), buffer_as_text(&answer.document),
                                  specification_format_of(answer.format), clock_now_s());
}

struct status fetch_plan_run(struct registry *r, const struct registry_key *key, enum service_role role,
                             const struct fetch_plan *p, struct arena *a, struct specification_plan *plan,
                             struct bundle_details *more, struct error *err)
{
    const struct fetch_request_input *in = p->in;
    struct outcome out = {.condition = FETCH_INITIAL};
    if (in->mode.n > 0 && !text_equal(in->mode, TEXT("SINGLE")))
        snprintf(out.message, sizeof out.message, "Unsupported fetch mode: %.*s",
                 TEXT_ARG(text_first(in->mode, 32)));
    else if (in->filter.n > 0)
        snprintf(out.message, sizeof out.message,
                 "Filter for Fetch Request was provided, currently it's unsupported");
    else if (role == SERVICE_DOCUMENT)
        snprintf(out.message, sizeof out.message, "Documents are not downloaded: send their data");
    else
        TRY(download(r, key, role, p, plan, &out, err));
    plan->replaces = true;
    more->fetch_url = in->url;
    more->fetch_mode = in->mode.n > 0 ? in->mode : TEXT("SINGLE");
    more->fetch_filter = in->filter;
    more->fetch_condition = out.condition;
    more->fetch_at = (uint64_t)clock_now_s();
    more->fetch_message = url_credentials_hidden(arena_text(a, text_of(out.message)), a);
    return more->fetch_message.p || out.message[0] == '\0' ? DONE : STATUS(NOMEM);
}

struct status fetch_plan_seal(struct registry *r, const struct registry_key *key, struct fetch_plan *p,
                              struct secret_write *out)
{
    if (p->packed.count == 0)
        return DONE;
    buffer_release(&p->sealed); /* of an attempt before */
    TRY(secret_seal(r, key, SECRET_CREDENTIALS, false, &p->packed, &p->sealed));
    *out = (struct secret_write){.change = SECRET_PUT, .sealed = buffer_bytes(&p->sealed)};
    return DONE;
}

/* ---- again ---- */

static struct status open_auth(struct registry *r, const struct registry_key *key,
                               const struct service_secret *secret, struct arena *a, struct bundle_auth *out,
                               struct error *err)
{
    OWNED(secret_data_release) struct secret_data packed = {0};
    *out = (struct bundle_auth){.given = false};
    if (!secret->present)
        return DONE;
    TRY(secret_unseal(r, key->tenant, key->id, SECRET_CREDENTIALS, false, secret->sealed, &packed, err));
    return auth_unpack(&packed, a, out);
}

struct status member_fetch_auth_open(struct registry *r, const struct member *m, struct arena *a,
                                     struct bundle_auth *out, struct error *err)
{
    struct service row;
    struct service_secret secrets[SECRET_SLOTS];
    const struct registry_key key = key_of_row(&m->row);
    *out = (struct bundle_auth){.given = false};
    if (m->row.role == SERVICE_WHOLE) /* that of a service is never stored */
        return DONE;
    TRY(store_service_get(r->parts.store, key.tenant, key.application, key.id, a, &row, secrets));
    return open_auth(r, &key, &secrets[SECRET_CREDENTIALS], a, out, err);
}

static struct status reopen(struct registry *r, const struct registry_key *key,
                            const struct service_secret *secret, struct arena *a, struct api_details *out,
                            struct error *err)
{
    struct bundle_auth auth;
    TRY(open_auth(r, key, secret, a, &auth, err));
    if (!auth.given)
        return DONE;
    *out = (struct api_details){.given = true,
                                .specification_credentials = auth.credentials,
                                .specification_parameters = auth.parameters};
    return DONE;
}

struct status fetch_again(struct registry *r, const struct registry_key *key, enum service_role role,
                          const struct service_secret *secret, struct arena *a,
                          struct specification_plan *plan, struct bundle_details *more, struct error *err)
{
    const struct fetch_request_input in = {
        .url = more->fetch_url, .mode = more->fetch_mode, .filter = more->fetch_filter};
    struct fetch_plan p = {.in = &in};
    OWNED(arena_release) struct arena secrets;
    arena_init(&secrets, 4096, LIMIT_REQUEST_ARENA);
    struct status s = reopen(r, key, secret, &secrets, &p.api, err);
    if (status_ok(s))
        s = fetch_plan_run(r, key, role, &p, a, plan, more, err);
    arena_wipe(&secrets);
    return s;
}
