/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/bundle.h"

#include "base/limits.h"
#include "base/uuid.h"
#include "registry/bundle_internal.h"
#include "registry/json_schema.h"

/* ---- what a client says of it ---- */

/* One that requests could not be checked by is refused here, where its author reads it. */
static struct status check_schema(struct text schema, struct error *err)
{
    struct error why = {0};
    TRY(check_object("instanceAuthRequestInputSchema", schema, err));
    if (!schema.p)
        return DONE;
    const struct status s = json_schema_supported(schema, &why);
    return s.code == E_INVALID ? error_set(err, E_INVALID, "instanceAuthRequestInputSchema: %s", why.message)
                               : s;
}

static struct status check_input(const struct bundle_input *in, struct error *err)
{
    TRY(check_name(in->name, err));
    TRY(check_characters("description", in->description, 0, 2000, err));
    TRY(check_schema(in->auth_schema, err));
    if (in->correlation_id_count > LIMIT_LABELS)
        return error_set(err, E_INVALID, "correlationIDs: more than %d", LIMIT_LABELS);
    for (size_t i = 0; i < in->correlation_id_count; i++)
        TRY(check_characters("correlationIDs", in->correlation_ids[i], 1, LIMIT_LABEL_BYTES, err));
    TRY(check_characters("accessStrategy", in->auth.access_strategy, 0, LIMIT_LABEL_BYTES, err));
    return check_characters("certCommonName", in->auth.certificate_common_name, 0, LIMIT_LABEL_BYTES, err);
}

/* Texts borrow from `in`; what was taken apart is in the arena. */
static struct status describe(const struct bundle_input *in, struct arena *a, struct service_details *out,
                              struct bundle_details *out_more, struct error *err)
{
    TRY(check_input(in, err));
    *out = (struct service_details){.name = in->name, .description = in->description};
    *out_more = (struct bundle_details){
        .auth_schema = in->auth_schema,
        .correlation_ids = in->correlation_ids,
        .correlation_id_count = in->correlation_id_count,
        .auth = in->auth.given,
    };
    if (in->auth.given) {
        out_more->access_strategy = in->auth.access_strategy;
        out_more->certificate_common_name = in->auth.certificate_common_name;
    }
    return auth_describe(&in->auth, a, out, err);
}

static struct status bundle_of(const struct service *row, struct arena *a, struct bundle *out)
{
    struct bundle_details more;
    TRY(bundle_details_read(row->details, a, &more));
    *out = (struct bundle){.row = *row,
                           .auth_schema = more.auth_schema,
                           .correlation_ids = more.correlation_ids,
                           .correlation_id_count = more.correlation_id_count};
    return DONE;
}

/* ---- making and changing ---- */

struct change {
    struct registry *r;
    const struct audit_caller *caller;
    const struct registry_key *key;
    const struct service_details *d;
    const struct bundle_details *more;
    struct arena *a;
};

/* `old` NULL: it is new. */
static struct status write_bundle(const struct change *c, const struct stored_service *old,
                                  struct bundle *out, struct error *err)
{
    const struct registry_input in = {.details = c->d};
    OWNED(secret_plan_release) struct secret_plan credentials = {0};
    OWNED(secret_plan_release) struct secret_plan parameters = {0};
    OWNED(vault_leave)
    [[maybe_unused]] struct vault *entered = vault_enter(c->r->parts.vault); /* until it is stored */
    TRY(secret_plan_make(c->r, c->key, SECRET_CREDENTIALS, &in, old, c->a, &credentials, err));
    TRY(secret_plan_make(c->r, c->key, SECRET_PARAMETERS, &in, old, c->a, &parameters, err));

    struct service_write w = {.secrets = {credentials.write, parameters.write}};
    struct row_write row = {.r = c->r, .caller = c->caller, .w = &w};
    TRY(service_row_of(c->key, c->d, c->more, c->a, &w.service, &row.detail));
    w.service.role = SERVICE_BUNDLE;
    if (old) {
        row.action = TEXT("bundle.replace");
        w.service.revision = old->row.revision;
        w.service.created_at = old->row.created_at;
        TRY(row_replace(&row, err));
    } else {
        row.action = TEXT("bundle.create");
        TRY(row_create(&row, err));
    }
    return bundle_of(&w.service, c->a, out);
}

struct status bundle_create(struct registry *r, const struct audit_caller *caller,
                            const struct registry_scope *scope, const struct bundle_input *in,
                            struct arena *a, struct bundle *out, struct error *err)
{
    struct service_details d;
    struct bundle_details more;
    TRY(describe(in, a, &d, &more, err));
    struct registry_key key = {.tenant = scope->tenant, .application = scope->application};
    uuid_new(key.id);
    const struct change c = {.r = r, .caller = caller, .key = &key, .d = &d, .more = &more, .a = a};
    return write_bundle(&c, NULL, out, err);
}

/* Where a URL leads: all before its path, user information included. */
static struct text origin_of(struct text url)
{
    size_t n = 0;
    while (n + 3 <= url.n && !text_equal((struct text){url.p + n, 3}, TEXT("://")))
        n++;
    n = n + 3 <= url.n ? n + 3 : 0;
    while (n < url.n && !text_contains(TEXT("/?#\\"), url.p[n]))
        n++;
    return text_first(url, n);
}

/* A secret that nobody could read so far is not sent to another host's token endpoint either. */
static struct status check_kept(const struct change *c, const struct stored_service *old, struct error *err)
{
    const struct credentials *now = &c->d->api.credentials;
    struct service_details before;
    if (!now->oauth.given || !(text_equal(now->oauth.client_secret, TEXT(CREDENTIAL_MASK)) ||
                               text_equal(now->oauth.key_pem, TEXT(CREDENTIAL_MASK))))
        return DONE;
    TRY(details_read(&old->row, NULL, NULL, c->a, &before));
    const struct credentials *was = &before.api.credentials;
    return !was->oauth.given || text_equal_nocase(origin_of(now->oauth.url), origin_of(was->oauth.url))
               ? DONE
               : error_set(err, E_INVALID,
                           "credential: a secret is " CREDENTIAL_MASK
                           ": give the secret again, the token URL's host changes");
}

/* E_CHANGED when somebody else was quicker. */
static struct status attempt(const struct change *c, const struct registry_scope *scope,
                             const uint8_t id[static SERVICE_ID_SIZE], struct bundle *out, struct error *err)
{
    struct service row;
    struct bundle_details before, more = *c->more;
    OWNED(stored_service_release) struct stored_service old = {0};
    TRY(scoped_row(c->r, scope, id, c->a, &row, NULL));
    if (row.role == SERVICE_WHOLE)
        return is_whole(&row, err);
    if (row.role != SERVICE_BUNDLE)
        return STATUS(NOT_FOUND);
    const struct registry_key key = key_of_row(&row);
    TRY(stored_service_get(c->r, &key, c->a, &old, err));
    TRY(check_kept(c, &old, err));
    TRY(bundle_details_read(old.row.details, c->a, &before));
    more.correlation_ids = before.correlation_ids;
    more.correlation_id_count = before.correlation_id_count;
    struct change now = *c;
    now.key = &key;
    now.more = &more;
    return write_bundle(&now, &old, out, err);
}

struct status bundle_update(struct registry *r, const struct audit_caller *caller,
                            const struct registry_scope *scope, const uint8_t id[static SERVICE_ID_SIZE],
                            const struct bundle_input *in, struct arena *a, struct bundle *out,
                            struct error *err)
{
    struct service_details d;
    struct bundle_details more;
    TRY(describe(in, a, &d, &more, err));
    const struct change c = {.r = r, .caller = caller, .d = &d, .more = &more, .a = a};
    for (int i = 0; i < CHANGE_ATTEMPTS; i++) {
        const struct status s = attempt(&c, scope, id, out, err);
        if (s.code != E_CHANGED)
            return s;
    }
    return error_set(err, E_AGAIN, "The bundle was changed by others again and again, try again");
}

struct status bundle_delete(struct registry *r, const struct audit_caller *caller,
                            const struct registry_scope *scope, const uint8_t id[static SERVICE_ID_SIZE],
                            struct arena *a, struct bundle *out, struct error *err)
{
    struct bundle was;
    TRY(bundle_get(r, scope, id, a, &was, err));
    const bool whole = was.row.role == SERVICE_WHOLE;
    TRY(row_delete(r, caller, &was.row, whole ? TEXT("service.delete") : TEXT("bundle.delete"), err));
    *out = was;
    return DONE;
}

/* ---- reading ---- */

struct status bundle_get(struct registry *r, const struct registry_scope *scope,
                         const uint8_t id[static SERVICE_ID_SIZE], struct arena *a, struct bundle *out,
                         [[maybe_unused]] struct error *err)
{
    struct service row;
    TRY(scoped_row(r, scope, id, a, &row, NULL));
    return row.role == SERVICE_WHOLE || row.role == SERVICE_BUNDLE ? bundle_of(&row, a, out)
                                                                   : STATUS(NOT_FOUND);
}

struct listing {
    struct arena *a;
    bundle_row *row;
    void *ctx;
    struct status failed;
};

static bool list_row(void *ctx, const struct service *row)
{
    struct listing *l = ctx;
    struct bundle b;
    l->failed = bundle_of(row, l->a, &b);
    return status_ok(l->failed) && l->row(l->ctx, &b);
}

struct status bundle_list(struct registry *r, const struct registry_scope *scope,
                          const struct offset_page *page, struct arena *a, bundle_row *row, void *ctx,
                          uint64_t *out_total, [[maybe_unused]] struct error *err)
{
    const struct member_filter f = {.tenant = scope->tenant, .application = scope->application};
    struct listing l = {.a = a, .row = row, .ctx = ctx, .failed = DONE};
    TRY(store_member_list(r->parts.store, &f, page, a, list_row, &l, out_total));
    return l.failed;
}

struct status bundle_auth_open(struct registry *r, const struct bundle *b, struct arena *a,
                               struct bundle_auth *out, struct error *err)
{
    const struct registry_key key = key_of_row(&b->row);
    OWNED(stored_service_release) struct stored_service s = {0};
    struct service_details d;
    struct bundle_details more;
    TRY(stored_service_get(r, &key, a, &s, err));
    TRY(bundle_details_read(s.row.details, a, &more));
    if (!has_default_auth(&s.row, &more)) {
        *out = (struct bundle_auth){.given = false};
        return DONE;
    }
    TRY(details_read(&s.row, stored_secret(&s, SECRET_CREDENTIALS), stored_secret(&s, SECRET_PARAMETERS), a,
                     &d));
    return auth_from_details(&d, &more, a, out);
}
