/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/member_fetch.h"

#include <stdio.h>

#include "base/json_scan.h"
#include "base/limits.h"
#include "base/uuid.h"

/* ---- what a client says of it ---- */

struct draft {
    struct registry *r;
    const struct audit_caller *caller;
    enum service_role role;
    const struct member_input *in;
    struct service_details d;
    struct bundle_details more;
    struct specification_plan plan;
    struct fetch_plan fetch;
    struct arena *a;
};

static void draft_release(struct draft *d)
{
    specification_plan_release(&d->plan);
    fetch_plan_release(&d->fetch);
}
OWNABLE_VALUE(struct draft, draft_release);

static struct text role_name(enum service_role role, const char *verb, char out[static 32])
{
    const char *what = role == SERVICE_API ? "api" : role == SERVICE_EVENTS ? "event" : "document";
    const int n = snprintf(out, 32, "%s.%s", what, verb);
    must(n > 0 && n < 32);
    return (struct text){out, (size_t)n};
}

static struct status describe(struct draft *d, struct error *err)
{
    const struct member_input *in = d->in;
    TRY(member_check(d->role, in, err));
    d->d.name = in->name;
    d->d.description = in->description;
    d->d.events.given = d->role == SERVICE_EVENTS;
    if (d->role == SERVICE_API)
        d->d.api = (struct api_details){.given = true,
                                        .target_url = in->target_url,
                                        .api_type = in->specification_type,
                                        .specification_url = in->fetch.url};
    d->more.display_name = in->display_name;
    d->more.kind = in->kind;
    d->more.group = in->group;
    d->more.version = in->version;
    d->more.specification = in->specification_given;
    d->more.specification_type = in->specification_type;
    d->more.format = in->specification_format;
    return in->specification_given && in->fetch.url.n > 0 ? fetch_plan_check(&in->fetch, d->a, &d->fetch, err)
                                                          : DONE;
}

/* JSON that is none is kept as text: answers of other faces put JSON into JSON. */
static enum specification_format format_kept(const struct member_input *in)
{
    if (in->specification_format == FORMAT_JSON &&
        !status_ok(json_scan_with(in->data, LIMIT_SPECIFICATION_TOKENS, NULL)))
        return FORMAT_TEXT;
    return in->specification_format;
}

/* What was sent, or what its URL gives; nothing may be held meanwhile. */
static struct status obtain(struct draft *d, const struct registry_key *key, struct error *err)
{
    const struct member_input *in = d->in;
    const size_t most = d->r->settings.specification_max;
    if (!in->specification_given)
        return DONE;
    d->plan.replaces = true;
    if (in->fetch.url.n > 0)
        return fetch_plan_run(d->r, key, d->role, &d->fetch, d->a, &d->plan, &d->more, err);
    if (in->data.n > most)
        return error_set(err, E_TOO_LARGE, "data has %zu bytes, more than %zu (registry.specification_bytes)",
                         in->data.n, most);
    return in->data.p ? specification_plan_put(&d->plan, member_slot(d->role), in->data, format_kept(in), 0)
                      : DONE;
}

/* ---- new ones ---- */

static struct status no_bundle(enum service_role role, struct error *err)
{
    const char *what = role == SERVICE_API ? "API" : role == SERVICE_EVENTS ? "Event Definition" : "Document";
    return error_set(err, E_INVALID, "cannot add %s to not existing bundle", what);
}

static struct status bundle_for(const struct draft *d, const struct registry_scope *scope,
                                const uint8_t *bundle, struct service *out, struct error *err)
{
    const struct status found = scoped_row(d->r, scope, bundle, d->a, out, NULL);
    if (status_ok(found) && out->role == SERVICE_WHOLE)
        return is_whole(out, err);
    if (found.code == E_NOT_FOUND || (status_ok(found) && out->role != SERVICE_BUNDLE))
        return no_bundle(d->role, err);
    return found;
}

/* The row, but for what an older one passes on. */
static struct status row_of(struct draft *d, const struct registry_key *key, const struct service *bundle,
                            struct service *out, struct text *out_detail)
{
    TRY(service_row_of(key, &d->d, &d->more, d->a, out, out_detail));
    out->role = d->role;
    memcpy(out->bundle, bundle->id, SERVICE_ID_SIZE);
    if (d->role == SERVICE_API)
        out->credential_kind = bundle->credential_kind;
    return DONE;
}

struct status member_create(struct registry *r, const struct audit_caller *caller,
                            const struct registry_scope *scope, const uint8_t bundle[static SERVICE_ID_SIZE],
                            enum service_role role, const struct member_input *in, struct arena *a,
                            struct member *out, struct error *err)
{
    OWNED(draft_release)
    struct draft d = {.r = r, .caller = caller, .role = role, .in = in, .a = a};
    struct service in_bundle;
    TRY(describe(&d, err));
    TRY(bundle_for(&d, scope, bundle, &in_bundle, err));
    struct registry_key key = {.tenant = in_bundle.tenant, .application = in_bundle.application};
    uuid_new(key.id);
    TRY(obtain(&d, &key, err));

    OWNED(vault_leave)
    [[maybe_unused]] struct vault *entered = vault_enter(r->parts.vault); /* until it is stored */
    struct service_write w = {.expected_revision = 0};
    char action[32];
    struct row_write row = {.r = r, .caller = caller, .w = &w, .action = role_name(role, "create", action)};
    TRY(fetch_plan_seal(r, &key, &d.fetch, &w.secrets[SECRET_CREDENTIALS]));
    TRY(row_of(&d, &key, &in_bundle, &w.service, &row.detail));
    specification_plan_apply(&d.plan, NULL, &w);
    const struct status s = row_create(&row, err);
    if (s.code == E_NOT_FOUND)
        return no_bundle(role, err);
    TRY(s);
    return member_of(&w.service, role, a, out);
}

/* ---- others in place of them ---- */

static struct status member_row_get(struct registry *r, const struct registry_scope *scope, const uint8_t *id,
                                    enum service_role role, struct arena *a, struct service *out,
                                    struct service_secret *secrets, struct error *err)
{
    TRY(scoped_row(r, scope, id, a, out, secrets));
    if (out->role == SERVICE_WHOLE) {
        struct member m;
        TRY(member_of(out, role, a, &m));
        return is_whole(out, err);
    }
    return out->role == role ? DONE : STATUS(NOT_FOUND);
}

/* Without another specification it keeps what it has (`d->plan.replaces` is false then). */
static void keep_specification(struct draft *d, const struct bundle_details *before)
{
    d->d.api.api_type = before->specification_type;
    d->d.api.specification_url = before->fetch_url;
    d->more.specification = before->specification;
    d->more.specification_type = before->specification_type;
    d->more.format = before->format;
    d->more.fetch_url = before->fetch_url;
    d->more.fetch_mode = before->fetch_mode;
    d->more.fetch_filter = before->fetch_filter;
    d->more.fetch_message = before->fetch_message;
    d->more.fetch_condition = before->fetch_condition;
    d->more.fetch_at = before->fetch_at;
}

/* `old` as it is in the store; E_CHANGED when it no longer is. */
static struct status write_over(struct draft *d, const struct service *old, const char *verb,
                                const struct secret_write *secret, struct member *out, struct error *err)
{
    const struct registry_key key = key_of_row(old);
    struct service_write w = {.secrets = {*secret}};
    struct service bundle = {.credential_kind = old->credential_kind};
    memcpy(bundle.id, old->bundle, SERVICE_ID_SIZE);
    char action[32];
    struct row_write row = {.r = d->r, .caller = d->caller, .w = &w};
    row.action = role_name(d->role, verb, action);
    TRY(row_of(d, &key, &bundle, &w.service, &row.detail));
    w.service.revision = old->revision;
    w.service.created_at = old->created_at;
    specification_plan_apply(&d->plan, old, &w);
    TRY(row_replace(&row, err));
    return member_of(&w.service, d->role, d->a, out);
}

static struct status attempt(struct draft *d, const struct registry_scope *scope, const uint8_t *id,
                             struct member *out, struct error *err)
{
    struct service old;
    struct service_secret secrets[SECRET_SLOTS];
    TRY(member_row_get(d->r, scope, id, d->role, d->a, &old, secrets, err));
    const struct registry_key key = key_of_row(&old);
    struct secret_write secret = {.change = SECRET_KEEP};
    if (d->in->specification_given) {
        if (secrets[SECRET_CREDENTIALS].present)
            secret.change = SECRET_REMOVE;
    } else {
        struct bundle_details before;
        TRY(bundle_details_read(old.details, d->a, &before));
        keep_specification(d, &before);
    }
    OWNED(vault_leave)
    [[maybe_unused]] struct vault *entered = vault_enter(d->r->parts.vault); /* until it is stored */
    TRY(fetch_plan_seal(d->r, &key, &d->fetch, &secret));
    return write_over(d, &old, "replace", &secret, out, err);
}

static struct status quicker(struct error *err)
{
    return error_set(err, E_AGAIN, "It was changed by others again and again, try again");
}

struct status member_update(struct registry *r, const struct audit_caller *caller,
                            const struct registry_scope *scope, const uint8_t id[static SERVICE_ID_SIZE],
                            enum service_role role, const struct member_input *in, struct arena *a,
                            struct member *out, struct error *err)
{
    OWNED(draft_release)
    struct draft d = {.r = r, .caller = caller, .role = role, .in = in, .a = a};
    struct service row;
    TRY(describe(&d, err));
    TRY(member_row_get(r, scope, id, role, a, &row, NULL, err));
    const struct registry_key key = key_of_row(&row);
    TRY(obtain(&d, &key, err));
    for (int i = 0; i < CHANGE_ATTEMPTS; i++) {
        const struct status s = attempt(&d, scope, id, out, err);
        if (s.code != E_CHANGED)
            return s;
    }
    return quicker(err);
}

struct status member_delete(struct registry *r, const struct audit_caller *caller,
                            const struct registry_scope *scope, const uint8_t id[static SERVICE_ID_SIZE],
                            enum service_role role, struct arena *a, struct member *out, struct error *err)
{
    struct service row;
    struct member was;
    char action[32];
    TRY(member_row_get(r, scope, id, role, a, &row, NULL, err));
    TRY(member_of(&row, role, a, &was));
    TRY(row_delete(r, caller, &row, role_name(role, "delete", action), err));
    *out = was;
    return DONE;
}

/* ---- the fetch request again ---- */

/* What the row says, but for what the download will. */
static struct status describe_stored(struct draft *d, const struct service *row)
{
    struct service_details details;
    TRY(details_read(row, NULL, NULL, d->a, &details));
    d->d = details;
    d->d.api.credentials = (struct credentials){.given = false};
    return bundle_details_read(row->details, d->a, &d->more);
}

static struct status refetch_attempt(struct draft *d, const struct registry_scope *scope, const uint8_t *id,
                                     const struct bundle_details *fetched, struct member *out,
                                     struct error *err)
{
    static const struct secret_write keep = {.change = SECRET_KEEP};
    struct service row;
    TRY(member_row_get(d->r, scope, id, d->role, d->a, &row, NULL, err));
    TRY(describe_stored(d, &row));
    if (!text_equal(d->more.fetch_url, fetched->fetch_url))
        return error_set(err, E_AGAIN, "It was changed while its specification was downloaded, try again");
    d->more.fetch_message = fetched->fetch_message;
    d->more.fetch_condition = fetched->fetch_condition;
    d->more.fetch_at = fetched->fetch_at;
    return write_over(d, &row, "specification", &keep, out, err);
}

struct status member_refetch(struct registry *r, const struct audit_caller *caller,
                             const struct registry_scope *scope, const uint8_t id[static SERVICE_ID_SIZE],
                             enum service_role role, struct arena *a, struct member *out, struct error *err)
{
    OWNED(draft_release) struct draft d = {.r = r, .caller = caller, .role = role, .a = a};
    struct service row;
    struct service_secret secrets[SECRET_SLOTS];
    TRY(member_row_get(r, scope, id, role, a, &row, secrets, err));
    TRY(describe_stored(&d, &row));
    if (!d.more.specification)
        return STATUS(NOT_FOUND);
    if (d.more.fetch_url.n == 0)
        return member_of(&row, role, a, out);
    const struct registry_key key = key_of_row(&row);
    TRY(fetch_again(r, &key, role, &secrets[SECRET_CREDENTIALS], a, &d.plan, &d.more, err));
    const struct bundle_details fetched = d.more;
    for (int i = 0; i < CHANGE_ATTEMPTS; i++) {
        const struct status s = refetch_attempt(&d, scope, id, &fetched, out, err);
        if (s.code != E_CHANGED)
            return s;
    }
    return quicker(err);
}
