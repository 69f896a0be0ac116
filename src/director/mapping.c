/* SPDX-License-Identifier: Apache-2.0 */
#include "director/mapping.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "director/internal.h"
#include "director/mapping_internal.h"
#include "x509/name.h"

#define CONSUMER_ID_BYTES 256
#define DETAIL_BYTES      (32u * 1024)

/* ---- consumer types (contract 3.4) and what they may do (2.9), as far as there is something to do ---- */

/* clang-format off */
static const struct consumer_type types[] = {
    {TEXT_INIT("Application"),
     TEXT_INIT("application:read application:write application.auths:read application.webhooks:read application.application_template:read "
               "bundle.instance_auths:read document.fetch_request:read event_spec.fetch_request:read api_spec.fetch_request:read "
               "fetch-request.auth:read webhook:write")},
    {TEXT_INIT("Runtime"),
     TEXT_INIT("runtime:read runtime:write application:read runtime.auths:read bundle.instance_auths:read runtime.webhooks:read webhook:write")},
    {TEXT_INIT("Integration System"),
     TEXT_INIT("application:read application:write application.local_tenant_id:write application.application_template:read "
               "runtime:read runtime:write integration_system:read label_definition:read label_definition:write integration_system.auths:read "
               "application.auths:read webhook:write")},
    {TEXT_INIT("External Certificate"),
     TEXT_INIT("runtime:read runtime:write application:read application:write runtime.auths:read bundle.instance_auths:read "
               "runtime.webhooks:read webhook:write")},
    /* "Nearly all": not mappings, which reach tenants of others and would outlive the certificate. */
    {TEXT_INIT("Super Admin"),
     TEXT_INIT("application:read application:write application.local_tenant_id:write application.auths:read application.webhooks:read "
               "application.application_template:read runtime:read runtime:write runtime.auths:read runtime.webhooks:read "
               "bundle.instance_auths:read document.fetch_request:read event_spec.fetch_request:read api_spec.fetch_request:read "
               "fetch-request.auth:read label_definition:read label_definition:write integration_system:read integration_system:write "
               "integration_system.auths:read tenant:read eventing:manage webhook:write")},
    {TEXT_INIT("Business Integration"), TEXT_INIT("")},
    {TEXT_INIT("Managed Application Provider Operator"), TEXT_INIT("")},
    {TEXT_INIT("Application Provider"), TEXT_INIT("")},
    {TEXT_INIT("Managed Application Consumer"), TEXT_INIT("")},
    {TEXT_INIT("Landscape Resource Operator"), TEXT_INIT("")},
    {TEXT_INIT("Tenant Discovery Operator"), TEXT_INIT("")},
    {TEXT_INIT("Instance Creator"), TEXT_INIT("")},
    {TEXT_INIT("Formation Viewer"), TEXT_INIT("")},
    {TEXT_INIT("Technical Client"), TEXT_INIT("")},
    {TEXT_INIT("Static User"), TEXT_INIT("")},
};
/* clang-format on */

const struct consumer_type *director_consumer_type(struct text name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (text_equal(types[i].name, name))
            return &types[i];
    return NULL;
}

/* ---- levels ---- */

static const struct text levels[MAPPING_LEVELS] = {
    TEXT_INIT("customer"), TEXT_INIT("account"),        TEXT_INIT("subaccount"),  TEXT_INIT("organization"),
    TEXT_INIT("folder"),   TEXT_INIT("resource-group"), TEXT_INIT("cost-object"), TEXT_INIT("global"),
};
#define GLOBAL TEXT("global")

static bool has_word(struct text list, struct text word)
{
    while (list.p)
        if (text_equal(text_cut(&list, ' '), word))
            return true;
    return false;
}

/* No tenant is "global", whatever somebody may have called its type. */
bool director_mapping_reaches(const struct subject_mapping *m, struct text tenant_type)
{
    return tenant_type.n > 0 && !text_equal(tenant_type, GLOBAL) && has_word(m->levels, tenant_type);
}

bool director_mapping_is_global(const struct subject_mapping *m)
{
    return has_word(m->levels, GLOBAL);
}

static struct status join_levels(const struct director_mapping_input *in, struct arena *a, struct text *out,
                                 struct error *err)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, SUBJECT_MAPPING_TEXT_MAX);
    for (size_t i = 0; i < in->level_count; i++) {
        bool known = false;
        for (size_t l = 0; l < MAPPING_LEVELS; l++)
            known = known || text_equal(in->levels[i], levels[l]);
        if (!known)
            return error_set(err, E_INVALID,
                             "'%.*s' is no tenant access level; customer, account, subaccount, organization, "
                             "folder, resource-group, cost-object and global are",
                             TEXT_ARG(text_first(in->levels[i], 40)));
        if (has_word(buffer_as_text(&b), in->levels[i]))
            continue;
        buffer_cstr(&b, buffer_size(&b) > 0 ? " " : "");
        buffer_text(&b, in->levels[i]);
    }
    if (buffer_size(&b) == 0)
        return error_set(err, E_INVALID, "there must be at least one tenant access level");
    TRY(buffer_status(&b));
    *out = arena_text(a, buffer_as_text(&b));
    return out->p ? DONE : STATUS(NOMEM);
}

/* ---- an entry ---- */

static struct status read_subject(struct text subject, struct arena *a, struct text *out, struct error *err)
{
    struct name n;
    const size_t length = characters(subject);
    if (length == 0 || length > MAPPING_SUBJECT_CHARACTERS)
        return error_set(err, E_INVALID, "has 1 to %d characters", MAPPING_SUBJECT_CHARACTERS);
    TRY(name_from_rfc4514(subject, a, &n, err));
    return director_subject_form(&n, a, out, err);
}

static struct status check_consumer_id(struct text id, struct error *err)
{
    bool good = id.n <= CONSUMER_ID_BYTES && text_is_utf8(id);
    for (size_t i = 0; i < id.n; i++)
        good = good && (unsigned char)id.p[i] >= 0x20 && id.p[i] != 0x7f;
    return good ? DONE
                : error_set(err, E_INVALID, "has at most %d bytes and no control characters",
                            CONSUMER_ID_BYTES);
}

/* The message begins with the member's name. */
static struct status member(struct status s, const char *name, struct error *err)
{
    if (s.code != E_INVALID)
        return s;
    char reason[ERROR_MESSAGE_MAX] = "";
    (void)text_to_cstr(text_of(error_text(err, s)), reason, sizeof reason);
    return error_set(err, E_INVALID, "%s=%s", name, reason);
}

struct status mapping_read(const struct director_mapping_input *in, struct arena *a,
                           const struct mapping_words *words, struct subject_mapping *out, struct error *err)
{
    TRY(member(read_subject(in->subject, a, &out->subject, err), words->subject, err));
    const struct consumer_type *type = director_consumer_type(in->consumer_type);
    if (!type)
        return error_set(err, E_INVALID, "%s='%.*s' is no consumer type", words->consumer_type,
                         TEXT_ARG(text_first(in->consumer_type, 40)));
    out->consumer_type = type->name;
    TRY(member(check_consumer_id(in->internal_consumer_id, err), words->internal_consumer_id, err));
    out->internal_consumer_id =
        in->internal_consumer_id.n > 0 ? arena_text(a, in->internal_consumer_id) : TEXT("");
    if (!out->internal_consumer_id.p)
        return STATUS(NOMEM);
    return member(join_levels(in, a, &out->levels, err), words->levels, err);
}

/* ---- in the store ---- */

static struct status no_mapping(const struct director_call *d, struct text id)
{
    return error_set(d->err, E_NOT_FOUND, "Object not found [ID=%.*s; object=certSubjectMapping]",
                     TEXT_ARG(text_first(id, 100)));
}

static struct status read_input(const struct director_call *d, const struct director_mapping_input *in,
                                struct subject_mapping *out)
{
    static const struct mapping_words words = {"subject", "consumerType", "internalConsumerID",
                                               "tenantAccessLevels"};
    struct error why = {0};
    const struct status s = mapping_read(in, d->arena, &words, out, &why);
    if (s.code == E_INVALID)
        return error_set(d->err, E_INVALID, "Invalid data CertificateSubjectMappingInput [%s]",
                         error_text(&why, s));
    return s;
}

/* What the mapping says, for whoever reads the audit later. */
static struct status audit_of(const struct director_call *d, const char *action,
                              const struct subject_mapping *m, struct audit_entry *out)
{
    OWNED(buffer_release) struct buffer b;
    struct json_out j;
    *out = director_audit_plain(d, action, id_text(d, m->id));
    buffer_init(&b, DETAIL_BYTES);
    json_out_init(&j, &b);
    json_open_object(&j, NULL);
    json_text(&j, "subject", m->subject);
    json_text(&j, "consumerType", m->consumer_type);
    json_text(&j, "internalConsumerID", m->internal_consumer_id);
    json_text(&j, "tenantAccessLevels", m->levels);
    json_end(&j);
    TRY(buffer_status(&b));
    out->detail = arena_text(d->arena, buffer_as_text(&b));
    return out->detail.p && out->subject.p ? DONE : STATUS(NOMEM);
}

static struct status written(const struct director_call *d, struct status s)
{
    if (s.code == E_CONFLICT)
        return error_set(d->err, E_CONFLICT, "Object is not unique [object=certSubjectMapping]");
    return s;
}

struct status director_mapping_create(const struct director_call *d, const struct director_mapping_input *in,
                                      struct subject_mapping *out)
{
    struct subject_mapping m = {.created_at = clock_now_s()};
    struct audit_entry audit;
    TRY(read_input(d, in, &m));
    m.updated_at = m.created_at;
    uuid_new(m.id);
    TRY(audit_of(d, "mapping.create", &m, &audit));
    TRY(written(d, store_subject_mapping_create(d->parts->store, &m, &audit)));
    *out = m;
    return DONE;
}

struct status director_mapping_get(const struct director_call *d, struct text id, struct subject_mapping *out)
{
    uint8_t octets[UUID_SIZE];
    if (!uuid_parse(id, octets))
        return no_mapping(d, id);
    const struct status s = store_subject_mapping_get(d->parts->store, octets, d->arena, out);
    return s.code == E_NOT_FOUND ? no_mapping(d, id) : s;
}

struct status director_mapping_update(const struct director_call *d, struct text id,
                                      const struct director_mapping_input *in, struct subject_mapping *out)
{
    struct subject_mapping m;
    struct audit_entry audit;
    TRY(director_mapping_get(d, id, &m));
    TRY(read_input(d, in, &m));
    m.updated_at = clock_now_s();
    TRY(audit_of(d, "mapping.update", &m, &audit));
    const struct status s = store_subject_mapping_replace(d->parts->store, &m, &audit);
    if (s.code == E_NOT_FOUND)
        return no_mapping(d, id);
    TRY(written(d, s));
    *out = m;
    return DONE;
}

struct status director_mapping_delete(const struct director_call *d, struct text id,
                                      struct subject_mapping *out)
{
    struct audit_entry audit;
    TRY(director_mapping_get(d, id, out));
    TRY(audit_of(d, "mapping.delete", out, &audit));
    const struct status s = store_subject_mapping_delete(d->parts->store, out->id, &audit);
    return s.code == E_NOT_FOUND ? no_mapping(d, id) : s;
}
