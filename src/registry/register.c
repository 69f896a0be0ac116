/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

#include "base/clock.h"
#include "base/uuid.h"

/* ---- refusals in the contract's words (1.8) ---- */

static struct status no_application(struct text application, struct text identifier, struct error *err)
{
    const char *where = identifier.n > 0
                            ? "Creating service failed, Checking identifier failed, Reading services from "
                              "Application failed, "
                            : "Getting Application UID failed, ";
    return error_set(err, E_NOT_FOUND, "%sApplication %.*s not found", where,
                     TEXT_ARG(text_first(application, SHOWN_ID_MAX)));
}

static struct status taken(struct text identifier, struct error *err)
{
    return error_set(err, E_CONFLICT, "Creating service failed, Service with Identifier %.*s already exists",
                     TEXT_ARG(text_first(identifier, SHOWN_IDENTIFIER_MAX)));
}

/* Before anything is downloaded or made for it; the transaction asks again. */
static struct status refuse_early(struct registry *r, const struct registry_key *key, struct text identifier,
                                  struct error *err)
{
    bool is_taken = false;
    const struct status s =
        store_service_identifier(r->parts.store, key->tenant, key->application, identifier, &is_taken);
    if (s.code == E_NOT_FOUND)
        return no_application(key->application, identifier, err);
    TRY(s);
    return is_taken ? taken(identifier, err) : DONE;
}

/* A registration that costs no more than its transaction is left to that. */
static bool is_costly(const struct registry_input *in, struct arena *a)
{
    const struct service_details *d = in->details;
    return in->dry_run || specification_is_foreign(in, a) ||
           (d->api.given && credential_has_pair(credential_kind_of(&d->api.credentials)));
}

static struct status write_new(struct registry *r, const struct audit_caller *caller,
                               const struct registry_key *key, const struct service_details *d,
                               struct service_write *w, struct arena *a, struct error *err)
{
    struct text detail;
    const int64_t now = clock_now_s();
    struct service row;
    TRY(service_row_of(key, d, NULL, a, &row, &detail));
    row.revision = 1;
    row.created_at = now;
    row.updated_at = now;
    memcpy(row.specifications, w->service.specifications, sizeof row.specifications);
    w->service = row;
    char id[SERVICE_ID_TEXT + 1];
    const struct audit_entry audit =
        service_audit(caller, TEXT("service.create"), &row, service_id_text(key->id, id), detail, now);
    const struct status s = store_service_create(r->parts.store, w, &audit);
    if (s.code == E_NOT_FOUND)
        return no_application(key->application, d->identifier, err);
    if (s.code == E_CONFLICT)
        return taken(d->identifier, err);
    return service_unwritten(s, err);
}

struct status registry_register(struct registry *r, const struct audit_caller *caller, struct text tenant,
                                struct text application, const struct registry_input *in, struct arena *a,
                                uint8_t out_id[static SERVICE_ID_SIZE], struct error *err)
{
    TRY(description_check(in, a, err));
    TRY(masks_check(in, CREDENTIAL_NONE, a, err));
    struct registry_key key = {.tenant = tenant, .application = application};
    uuid_new(key.id);
    if (is_costly(in, a))
        TRY(refuse_early(r, &key, in->details->identifier, err));

    OWNED(specification_plan_release) struct specification_plan specifications = {0};
    OWNED(secret_plan_release) struct secret_plan credentials = {0};
    OWNED(secret_plan_release) struct secret_plan parameters = {0};
    TRY(specification_plan_make(r, &key, in, a, &specifications, err));
    OWNED(vault_leave)
    [[maybe_unused]] struct vault *entered = vault_enter(r->parts.vault); /* until it is stored */
    TRY(secret_plan_make(r, &key, SECRET_CREDENTIALS, in, NULL, a, &credentials, err));
    TRY(secret_plan_make(r, &key, SECRET_PARAMETERS, in, NULL, a, &parameters, err));
    if (in->dry_run)
        return DONE;

    struct service_write w = {.secrets = {credentials.write, parameters.write}};
    specification_plan_apply(&specifications, NULL, &w);
    TRY(write_new(r, caller, &key, in->details, &w, a, err));
    service_announce_new(r, &key);
    memcpy(out_id, key.id, SERVICE_ID_SIZE);
    return DONE;
}
