/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/instance_auth.h"

#include "base/clock.h"
#include "base/json_scan.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "registry/bundle_internal.h"
#include "registry/json_schema.h"

#define DETAIL_MAX    4096
#define SEALED_AROUND 64 /* the sealed form around the plaintext (vault.h) */

/* ---- one write ---- */

struct change {
    struct registry *r;
    const struct audit_caller *caller;
    struct instance_auth *i;
    struct text application;
    struct text action;
};

static void condition_detail(const struct instance_auth *i, struct buffer *out)
{
    static const char *const names[] = {[INSTANCE_PENDING] = "PENDING",
                                        [INSTANCE_SUCCEEDED] = "SUCCEEDED",
                                        [INSTANCE_FAILED] = "FAILED",
                                        [INSTANCE_UNUSED] = "UNUSED"};
    char id[SERVICE_ID_TEXT + 1];
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    json_text(&j, "bundle", service_id_text(i->bundle, id));
    json_cstr(&j, "condition", names[i->condition]);
    json_end(&j);
}

typedef struct status write_auth(struct store *s, const struct instance_auth *i,
                                 const struct audit_entry *audit);

static struct status audited(const struct change *c, write_auth *write, struct error *err)
{
    OWNED(buffer_release) struct buffer detail;
    buffer_init(&detail, DETAIL_MAX);
    condition_detail(c->i, &detail);
    TRY(buffer_status(&detail));
    char id[SERVICE_ID_TEXT + 1];
    const struct service where = {.tenant = c->i->tenant, .application = c->application};
    const struct audit_entry audit = service_audit(
        c->caller, c->action, &where, service_id_text(c->i->id, id), buffer_as_text(&detail), clock_now_s());
    return service_unwritten(write(c->r->parts.store, c->i, &audit), err);
}

static struct status remove_auth(struct store *s, const struct instance_auth *i,
                                 const struct audit_entry *audit)
{
    return store_instance_auth_delete(s, i->tenant, i->id, audit);
}

/* `sealed` is initialised here and lends the row what it holds. */
static struct status seal(const struct change *c, const struct secret_data *packed, struct buffer *sealed)
{
    char name[SECRET_SEAL_NAME_MAX];
    buffer_init(sealed, packed->bytes.n + SEALED_AROUND);
    TRY(vault_seal(c->r->parts.vault, instance_auth_seal_name(c->i->tenant, c->i->id, name),
                   secret_bytes(&packed->bytes), sealed));
    c->i->sealed = buffer_bytes(sealed);
    return DONE;
}

static void say(struct instance_auth *i, enum instance_auth_condition condition, struct text reason,
                struct text message)
{
    i->condition = condition;
    i->reason = reason;
    i->message = message;
    i->status_at = clock_now_s();
}

/* ---- a runtime asks ---- */

static struct status check_request(const struct instance_auth_request *in, const struct bundle *b,
                                   struct error *err)
{
    uint8_t id[SERVICE_ID_SIZE];
    if (in->id.n > 0 && !service_id_parse(in->id, id))
        return error_set(err, E_INVALID, "id: must be a UUID");
    TRY(check_json("context", in->context, err));
    TRY(check_json("inputParams", in->input_params, err));
    if (b->auth_schema.n == 0)
        return DONE;
    if (!in->input_params.p)
        return error_set(
            err, E_INVALID,
            "json schema for input parameters was defined for the bundle but no input parameters "
            "were provided");
    struct error why = {0};
    const struct status s = json_schema_check(b->auth_schema, in->input_params, &why);
    return s.code == E_INVALID ? error_set(err, E_INVALID, "inputParams: %s", why.message) : s;
}

/* The bundle's default instance auth, if it has one, is the answer at once. */
static struct status take_default(struct registry *r, const struct bundle *b, struct arena *a,
                                  struct secret_data *out)
{
    const struct registry_key key = key_of_row(&b->row);
    OWNED(stored_service_release) struct stored_service s = {0};
    struct bundle_details more;
    TRY(stored_service_get(r, &key, a, &s, NULL));
    TRY(bundle_details_read(s.row.details, a, &more));
    if (!has_default_auth(&s.row, &more))
        return DONE;
    return auth_pack_row(&s.row, stored_secret(&s, SECRET_CREDENTIALS), stored_secret(&s, SECRET_PARAMETERS),
                         out);
}

static struct status create(const struct change *c, const struct secret_data *packed, struct error *err)
{
    OWNED(buffer_release) struct buffer sealed = {0};
    OWNED(vault_leave)
    [[maybe_unused]] struct vault *entered = vault_enter(c->r->parts.vault); /* until it is stored */
    if (packed->count > 0) {
        TRY(seal(c, packed, &sealed));
        say(c->i, INSTANCE_SUCCEEDED, TEXT("CredentialsProvided"), TEXT("Credentials were provided."));
    }
    const struct status s = audited(c, store_instance_auth_create, err);
    c->i->sealed = (struct bytes){NULL, 0};
    if (s.code == E_TOO_LARGE)
        return error_set(err, E_TOO_LARGE,
                         "the bundle has as many instance auths as it may (%d, of one runtime %d): delete "
                         "those that nobody uses",
                         INSTANCE_AUTHS_MAX, INSTANCE_AUTHS_OF_RUNTIME_MAX);
    return s;
}

struct status instance_auth_request(struct registry *r, const struct audit_caller *caller,
                                    const struct registry_scope *scope,
                                    const uint8_t bundle[static SERVICE_ID_SIZE],
                                    const struct instance_auth_request *in, struct arena *a,
                                    struct instance_auth *out, struct error *err)
{
    struct bundle b;
    TRY(bundle_get(r, scope, bundle, a, &b, err));
    TRY(check_request(in, &b, err));
    struct instance_auth i = {.tenant = scope->tenant,
                              .context = in->context,
                              .input_params = in->input_params,
                              .has_runtime = in->runtime != NULL,
                              .created_at = clock_now_s(),
                              .revision = 1};
    memcpy(i.bundle, bundle, SERVICE_ID_SIZE);
    if (in->runtime)
        memcpy(i.runtime, in->runtime, SERVICE_ID_SIZE);
    if (in->id.n == 0 || !service_id_parse(in->id, i.id))
        uuid_new(i.id);
    say(&i, INSTANCE_PENDING, TEXT("CredentialsNotProvided"), TEXT("Credentials were not yet provided."));
    OWNED(secret_data_release) struct secret_data packed = {0};
    TRY(take_default(r, &b, a, &packed));
    const struct change c = {.r = r,
                             .caller = caller,
                             .i = &i,
                             .application = b.row.application,
                             .action = TEXT("instanceAuth.request")};
    TRY(create(&c, &packed, err));
    return store_instance_auth_get(r->parts.store, scope->tenant, i.id, a, out);
}

/* ---- reading ---- */

/* `bundle` gets its row, for the application. */
static struct status find(struct registry *r, const struct registry_scope *scope, const uint8_t *id,
                          struct arena *a, struct instance_auth *out, struct service *bundle)
{
    TRY(store_instance_auth_get(r->parts.store, scope->tenant, id, a, out));
    return scoped_row(r, scope, out->bundle, a, bundle, NULL);
}

struct status instance_auth_get(struct registry *r, const struct registry_scope *scope, const uint8_t *bundle,
                                const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                struct instance_auth *out, [[maybe_unused]] struct error *err)
{
    struct instance_auth i;
    struct service of;
    TRY(find(r, scope, id, a, &i, &of));
    if (bundle && !bytes_equal((struct bytes){bundle, SERVICE_ID_SIZE}, BYTES_OF(i.bundle)))
        return STATUS(NOT_FOUND);
    *out = i;
    return DONE;
}

struct status instance_auth_list(struct registry *r, const struct registry_scope *scope,
                                 const uint8_t bundle[static SERVICE_ID_SIZE], struct arena *a,
                                 instance_auth_row *row, void *ctx, struct error *err)
{
    struct bundle b;
    TRY(bundle_get(r, scope, bundle, a, &b, err));
    return store_instance_auth_list(r->parts.store, scope->tenant, bundle, a, row, ctx);
}

struct status instance_auth_open(struct registry *r, const struct instance_auth *i, struct arena *a,
                                 struct bundle_auth *out, struct error *err)
{
    char name[SECRET_SEAL_NAME_MAX];
    OWNED(secret_release) struct secret plain = {0};
    OWNED(secret_data_release) struct secret_data packed = {0};
    *out = (struct bundle_auth){.given = false};
    if (i->sealed.n == 0)
        return DONE;
    TRY(vault_unseal(r->parts.vault, instance_auth_seal_name(i->tenant, i->id, name), i->sealed, &plain,
                     err));
    TRY(secret_data_decode(&plain, &packed));
    return auth_unpack(&packed, a, out);
}

/* ---- changes ---- */

/* What a change does to a row; `packed` NULL: its auth stays. */
typedef void alter(struct instance_auth *i, const struct instance_auth_set *in);

struct alteration {
    alter *alter;
    const struct instance_auth_set *in;
    const struct secret_data *packed;
    struct text action;
};

static struct status attempt(struct registry *r, const struct audit_caller *caller,
                             const struct registry_scope *scope, const uint8_t *id,
                             const struct alteration *what, struct arena *a, struct error *err)
{
    struct instance_auth i;
    struct service bundle;
    OWNED(buffer_release) struct buffer sealed = {0};
    TRY(find(r, scope, id, a, &i, &bundle));
    what->alter(&i, what->in);
    const struct change c = {
        .r = r, .caller = caller, .i = &i, .application = bundle.application, .action = what->action};
    OWNED(vault_leave)
    [[maybe_unused]] struct vault *entered = vault_enter(r->parts.vault); /* until it is stored */
    if (what->packed)
        TRY(seal(&c, what->packed, &sealed));
    return audited(&c, store_instance_auth_replace, err);
}

static struct status change(struct registry *r, const struct audit_caller *caller,
                            const struct registry_scope *scope, const uint8_t *id,
                            const struct alteration *what, struct arena *a, struct instance_auth *out,
                            struct error *err)
{
    for (int n = 0; n < CHANGE_ATTEMPTS; n++) {
        const struct status s = attempt(r, caller, scope, id, what, a, err);
        if (s.code == E_CHANGED)
            continue;
        TRY(s);
        return store_instance_auth_get(r->parts.store, scope->tenant, id, a, out);
    }
    return error_set(err, E_AGAIN, "It was changed by others again and again, try again");
}

static void alter_set(struct instance_auth *i, const struct instance_auth_set *in)
{
    if (in->status_given)
        say(i, in->condition, in->reason, in->message);
    else
        say(i, INSTANCE_SUCCEEDED, TEXT("CredentialsProvided"), TEXT("Credentials were provided."));
}

static struct status check_set(const struct instance_auth_set *in, struct error *err)
{
    if (!in->auth.given && !in->status_given)
        return error_set(err, E_INVALID, "at least one field (Auth or Status) has to be provided");
    if (!in->status_given)
        return DONE;
    if (in->condition == INSTANCE_PENDING)
        return error_set(err, E_INVALID, "status: condition: must be SUCCEEDED, FAILED or UNUSED");
    if (in->auth.given && in->condition != INSTANCE_SUCCEEDED)
        return error_set(err, E_INVALID, "status condition has to be SUCCEEDED when the auth is provided");
    TRY(check_characters("status: message", in->message, 1, 2000, err));
    return check_characters("status: reason", in->reason, 1, 2000, err);
}

struct status instance_auth_set(struct registry *r, const struct audit_caller *caller,
                                const struct registry_scope *scope, const uint8_t id[static SERVICE_ID_SIZE],
                                const struct instance_auth_set *in, struct arena *a,
                                struct instance_auth *out, struct error *err)
{
    OWNED(secret_data_release) struct secret_data packed = {0};
    TRY(check_set(in, err));
    if (in->auth.given)
        TRY(auth_pack(&in->auth, a, &packed, err));
    const struct alteration what = {.alter = alter_set,
                                    .in = in,
                                    .packed = in->auth.given ? &packed : NULL,
                                    .action = TEXT("instanceAuth.set")};
    return change(r, caller, scope, id, &what, a, out, err);
}

static void alter_release(struct instance_auth *i, const struct instance_auth_set *in)
{
    (void)in;
    say(i, INSTANCE_UNUSED, TEXT("PendingDeletion"),
        TEXT("Credentials for given Bundle Instance Auth are ready "
             "for being deleted by Application or Integration "
             "System."));
}

struct status instance_auth_delete(struct registry *r, const struct audit_caller *caller,
                                   const struct registry_scope *scope,
                                   const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                   struct instance_auth *out, struct error *err)
{
    struct instance_auth i;
    struct service bundle;
    TRY(find(r, scope, id, a, &i, &bundle));
    const struct change c = {.r = r,
                             .caller = caller,
                             .i = &i,
                             .application = bundle.application,
                             .action = TEXT("instanceAuth.delete")};
    TRY(audited(&c, remove_auth, err));
    *out = i;
    return DONE;
}

struct status instance_auth_release(struct registry *r, const struct audit_caller *caller,
                                    const struct registry_scope *scope,
                                    const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                    struct instance_auth *out, struct error *err)
{
    struct instance_auth i;
    struct service bundle;
    struct bundle_details more;
    TRY(find(r, scope, id, a, &i, &bundle));
    TRY(bundle_details_read(bundle.details, a, &more));
    if (has_default_auth(&bundle, &more)) /* the application has nothing to take back */
        return instance_auth_delete(r, caller, scope, id, a, out, err);
    const struct alteration what = {.alter = alter_release, .action = TEXT("instanceAuth.release")};
    return change(r, caller, scope, id, &what, a, out, err);
}
