/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_registry.h"

static void read_specification(struct sqlite_query *q, struct specification_ref *out)
{
    struct specification_ref ref = {.present = !column_is_null(q)};
    column_digest(q, ref.hash);
    ref.size = column_int(q);
    ref.format = (enum specification_format)column_int(q);
    ref.fetched_at = column_int(q);
    *out = ref.present ? ref : (struct specification_ref){0};
}

struct status sqlite_service_read(struct sqlite_query *q, struct service *out, int64_t *out_row)
{
    struct service s = {0};
    *out_row = column_int(q);
    s.tenant = column_view(q);
    column_exact(q, s.id, SERVICE_ID_SIZE);
    s.application = column_view(q);
    s.revision = column_int(q);
    s.created_at = column_int(q);
    s.updated_at = column_int(q);
    s.credential_kind = (int)column_int(q);
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++)
        read_specification(q, &s.specifications[i]);
    s.identifier = column_view(q);
    s.name = column_view(q);
    s.path_name = column_view(q);
    s.provider = column_view(q);
    s.target_url = column_view(q);
    s.labels = column_view(q);
    s.short_description = column_view(q);
    s.description = column_view(q);
    s.role = (enum service_role)column_int(q);
    column_exact(q, s.bundle, SERVICE_ID_SIZE);
    TRY(sqlite_query_status(q));
    *out = s;
    return DONE;
}

void sqlite_service_read_unlisted(struct sqlite_query *q, struct service *out)
{
    out->details = column_view(q);
    out->call.skip_verify = (enum call_choice)column_int(q);
    out->call.encode_url = (enum call_choice)column_int(q);
    out->call_anchors_pem = column_view(q);
}

static void read_secret(struct sqlite_query *q, struct arena *a, struct service_secret *out)
{
    *out = (struct service_secret){.present = !column_is_null(q)};
    out->revision = column_int(q);
    out->by_hand = column_int(q) != 0;
    out->updated_at = column_int(q);
    out->sealed = column_blob(q, a);
}

struct status sqlite_service_get(struct store *s, struct text tenant, struct text application,
                                 const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                 struct service *out, struct service_secret *secrets)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done)
    struct sqlite_query q = sqlite_query(reader.db, secrets ? SQL_SERVICE_GET_SECRETS : SQL_SERVICE_GET);
    bind_blob(&q, (struct bytes){id, SERVICE_ID_SIZE});
    bind_text(&q, tenant);
    bind_text(&q, application);
    bool found = false;
    int64_t row = 0;
    struct service view, copy;
    struct service_secret read[SECRET_SLOTS] = {0};
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(NOT_FOUND);
    TRY(sqlite_service_read(&q, &view, &row));
    sqlite_service_read_unlisted(&q, &view);
    for (size_t i = 0; secrets && i < SECRET_SLOTS; i++)
        read_secret(&q, a, &read[i]);
    TRY(sqlite_query_status(&q));
    TRY(service_copy(&view, a, &copy));
    *out = copy;
    if (secrets)
        memcpy(secrets, read, sizeof read);
    return DONE;
}

struct status sqlite_service_identifier(struct store *s, struct text tenant, struct text application,
                                        struct text identifier, bool *out_taken)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_SERVICE_IDENTIFIER);
    bind_text(&q, tenant);
    bind_text(&q, application);
    bind_text(&q, identifier);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(NOT_FOUND);
    *out_taken = column_int(&q) != 0;
    return DONE;
}

struct status sqlite_registry_counts(struct store *s, struct registry_counts *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_REGISTRY_COUNTERS);
    bool row = false;
    TRY(sqlite_step(&q, &row));
    must(row);
    out->services = column_int(&q);
    out->specifications = column_int(&q);
    out->specification_bytes = column_int(&q);
    return DONE;
}
