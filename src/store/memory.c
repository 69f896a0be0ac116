/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_store.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "store/memory_directory.h"
#include "store/memory_mapping.h"
#include "store/memory_registry.h"

/* ---- rows and their order ---- */

#define SLICE(type, member) offsetof(type, member)

const struct memory_shape memory_audit_shape = {
    sizeof(struct audit_entry),
    9,
    {SLICE(struct audit_entry, action), SLICE(struct audit_entry, actor), SLICE(struct audit_entry, tenant),
     SLICE(struct audit_entry, application), SLICE(struct audit_entry, subject),
     SLICE(struct audit_entry, detail), SLICE(struct audit_entry, address),
     SLICE(struct audit_entry, user_agent), SLICE(struct audit_entry, request_id)},
};
const struct memory_shape memory_blob_shape = {
    sizeof(struct named_blob), 2, {SLICE(struct named_blob, name), SLICE(struct named_blob, value)}};

static int compare_audit(const void *a, const void *b)
{
    const struct audit_entry *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static int compare_applications(const void *a, const void *b)
{
    const struct application *x = a, *y = b;
    int tenants = text_compare(x->tenant, y->tenant);
    return tenants ? tenants : text_compare(x->name, y->name);
}

static int compare_tokens(const void *a, const void *b)
{
    return memcmp(((const struct token *)a)->hash, ((const struct token *)b)->hash, SHA256_SIZE);
}

static int compare_certificates(const void *a, const void *b)
{
    const struct memory_certificate *x = a, *y = b;
    return memcmp(x->c.fingerprint, y->c.fingerprint, SHA256_SIZE);
}

static int compare_serials(const void *a, const void *b)
{
    const struct memory_certificate *x = a, *y = b;
    int issuers = memcmp(x->c.issuer, y->c.issuer, SHA256_SIZE);
    return issuers ? issuers : text_compare(bytes_text(x->c.serial), bytes_text(y->c.serial));
}

static int compare_revocations(const void *a, const void *b)
{
    const struct memory_revocation *x = a, *y = b;
    return memcmp(x->fingerprint, y->fingerprint, SHA256_SIZE);
}

static int compare_blobs(const void *a, const void *b)
{
    return text_compare(((const struct named_blob *)a)->name, ((const struct named_blob *)b)->name);
}

static int compare_services(const void *a, const void *b)
{
    const struct memory_service *x = a, *y = b;
    return (x->row > y->row) - (x->row < y->row);
}

static int compare_secrets(const void *a, const void *b)
{
    const struct memory_secret *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return (x->slot > y->slot) - (x->slot < y->slot);
}

static int compare_histories(const void *a, const void *b)
{
    const struct memory_history *x = a, *y = b;
    return (x->h.sequence > y->h.sequence) - (x->h.sequence < y->h.sequence);
}

static int compare_specifications(const void *a, const void *b)
{
    const struct memory_specification *x = a, *y = b;
    int tenants = text_compare(x->tenant, y->tenant);
    return tenants ? tenants : memcmp(x->r.hash, y->r.hash, SHA256_SIZE);
}

static int compare_kept(const void *a, const void *b)
{
    const struct memory_kept *x = a, *y = b;
    const int tenants = text_compare(x->k.tenant, y->k.tenant);
    return tenants ? tenants : text_compare(x->k.name, y->k.name);
}

static int compare_instances(const void *a, const void *b)
{
    const struct memory_instance *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

struct memory_store *memory_lock(struct store *s)
{
    struct memory_store *m = (struct memory_store *)s;
    (void)pthread_mutex_lock(&m->lock);
    return m;
}

void memory_unlock(struct memory_store *m)
{
    (void)pthread_mutex_unlock(&m->lock);
}

/* ---- audit ---- */

struct status memory_stage_audit(struct memory_store *m, struct memory_stage *stage,
                                 const struct audit_entry *audit)
{
    if (!audit)
        return DONE;
    struct audit_entry row = *audit;
    row.id = ++m->last_audit_id; /* a failed operation leaves a gap */
    row.count = audit_count(audit);
    row.last_at = audit_last_at(audit);
    row.certificate = NULL; /* the caller's, who is about to go */
    return memory_stage_add(stage, &m->audit, memory_copy(&memory_audit_shape, &row, NULL));
}

static struct status memory_audit_append(struct store *s, const struct audit_entry *entries, size_t count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    for (size_t i = 0; i < count; i++)
        TRY(memory_stage_audit(m, &stage, &entries[i]));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

/* Newest first. */
static int compare_listed_audit(const void *a, const void *b)
{
    const struct audit_entry *x = *(const struct audit_entry *const *)a,
                             *y = *(const struct audit_entry *const *)b;
    if (x->at != y->at)
        return x->at < y->at ? 1 : -1;
    return (x->id < y->id) - (x->id > y->id);
}

static bool audit_is_wanted(const struct audit_filter *f, const struct audit_entry *before,
                            const struct audit_entry *e)
{
    return (!before || compare_listed_audit(&before, &e) < 0) && (f->since == 0 || e->at >= f->since) &&
           (f->until == 0 || e->at < f->until) && text_starts_with(e->action, f->action_prefix) &&
           (f->application.n == 0 || text_equal(f->application, e->application)) &&
           (f->actor.n == 0 || text_equal(f->actor, e->actor));
}

static struct status collect_audit(struct store *s, const struct audit_filter *f, struct arena *a,
                                   const struct audit_entry ***out, size_t *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    struct audit_entry key = {.id = f->before_id};
    const struct audit_entry *before = f->before_id ? memory_table_find(&m->audit, &key) : NULL;
    if (f->before_id && !before)
        return STATUS(INVALID);
    const struct audit_entry **rows = arena_array(a, m->audit.count + 1, sizeof(struct audit_entry *));
    if (!rows)
        return STATUS(NOMEM);
    size_t count = 0;
    for (size_t i = 0; i < m->audit.count; i++)
        if (audit_is_wanted(f, before, m->audit.rows[i]))
            rows[count++] = m->audit.rows[i];
    qsort(rows, count, sizeof *rows, compare_listed_audit);
    count = count < f->limit ? count : f->limit;
    for (size_t i = 0; i < count; i++)
        if (!(rows[i] = memory_copy(&memory_audit_shape, rows[i], a)))
            return STATUS(NOMEM);
    *out = rows;
    *out_count = count;
    return DONE;
}

static struct status memory_audit_list(struct store *s, const struct audit_filter *f, struct arena *a,
                                       audit_row *row, void *ctx)
{
    const struct audit_entry **rows = NULL;
    size_t count = 0;
    TRY(collect_audit(s, f, a, &rows, &count));
    for (size_t i = 0; i < count && row(ctx, rows[i]); i++)
        ;
    return DONE;
}

/* ---- blobs ---- */

static struct status put_blobs(struct store *s, const struct named_blob *blobs, size_t count, bool only_new,
                               const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    for (size_t i = 0; i < count; i++) {
        if (only_new && memory_table_find(&m->blobs, &blobs[i]))
            return STATUS(CONFLICT);
        TRY(memory_stage_add(&stage, &m->blobs, memory_copy(&memory_blob_shape, &blobs[i], NULL)));
    }
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

static struct status memory_blob_put(struct store *s, struct text name, struct bytes value,
                                     const struct audit_entry *audit)
{
    return put_blobs(s, &(struct named_blob){name, value}, 1, false, audit);
}

static struct status memory_blob_create(struct store *s, struct text name, struct bytes value,
                                        const struct audit_entry *audit)
{
    return put_blobs(s, &(struct named_blob){name, value}, 1, true, audit);
}

static struct status memory_blob_replace(struct store *s, const struct named_blob *blobs, size_t count,
                                         const struct audit_entry *audit)
{
    return put_blobs(s, blobs, count, false, audit);
}

static struct status memory_blob_get(struct store *s, struct text name, struct arena *a, struct bytes *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    const struct named_blob *blob = memory_table_find(&m->blobs, &(struct named_blob){.name = name});
    if (!blob)
        return STATUS(NOT_FOUND);
    struct named_blob copy;
    TRY(memory_copy_to(&memory_blob_shape, blob, a, &copy));
    *out = copy.value;
    return DONE;
}

static struct status collect_blobs(struct store *s, struct text prefix, struct arena *a,
                                   struct named_blob **out, size_t *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    struct named_blob *copies = arena_array(a, m->blobs.count + 1, sizeof *copies);
    if (!copies)
        return STATUS(NOMEM);
    size_t count = 0;
    for (size_t i = 0; i < m->blobs.count; i++) {
        const struct named_blob *blob = m->blobs.rows[i];
        if (text_starts_with(blob->name, prefix))
            TRY(memory_copy_to(&memory_blob_shape, blob, a, &copies[count++]));
    }
    *out = copies;
    *out_count = count;
    return DONE;
}

static struct status memory_blob_list(struct store *s, struct text prefix, struct arena *a, blob_row *row,
                                      void *ctx)
{
    struct named_blob *blobs = NULL;
    size_t count = 0;
    TRY(collect_blobs(s, prefix, a, &blobs, &count));
    for (size_t i = 0; i < count && row(ctx, blobs[i].name, blobs[i].value); i++)
        ;
    return DONE;
}

/* ---- operating ---- */

static struct status memory_counts(struct store *s, int64_t now, struct store_counts *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    *out = (struct store_counts){
        .applications = (int64_t)m->applications.count,
        .active_tokens = memory_count_live_tokens(m, now),
        .revoked = (int64_t)m->revocations.count,
        .commits = m->operations,
        .operations = m->operations,
    };
    out->active_certificates = memory_count_active(m, now, &out->soonest_expiry);
    return DONE;
}

static struct status memory_backup(struct store *s, const char *path, struct error *err)
{
    (void)s;
    return error_set(err, E_INVALID, "a store in memory has no files to copy to '%s'", path);
}

static struct status memory_check(struct store *s, struct error *err)
{
    (void)s, (void)err;
    return DONE;
}

static void memory_close(struct store *s)
{
    struct memory_store *m = (struct memory_store *)s;
    memory_table_release(&m->serials);
    memory_directory_close(m);
    memory_mapping_close(m);
    struct memory_table *tables[] = {&m->audit,       &m->applications,   &m->tokens,       &m->certificates,
                                     &m->revocations, &m->blobs,          &m->services,     &m->secrets,
                                     &m->histories,   &m->specifications, &m->kept_secrets, &m->instances};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        memory_table_release(tables[i]);
    (void)pthread_mutex_destroy(&m->lock);
    mem_free(m);
}

static const struct store_ops ops = {
    .kind = "memory",
    .close = memory_close,
    .audit_append = memory_audit_append,
    .audit_list = memory_audit_list,
    .application_create = memory_application_create,
    .application_get = memory_application_get,
    .application_list = memory_application_list,
    .application_delete = memory_application_delete,
    .application_update = memory_application_update,
    .application_certificates = memory_application_certificates,
    .application_seen = memory_application_seen,
    .token_create = memory_token_create,
    .token_find = memory_token_find,
    .token_exchange = memory_token_exchange,
    .token_list = memory_token_list,
    .token_revoke = memory_token_revoke,
    .token_purge = memory_token_purge,
    .certificate_issue = memory_certificate_issue,
    .certificate_find = memory_certificate_find,
    .certificate_revoke = memory_certificate_revoke,
    .certificate_revoke_application = memory_certificate_revoke_application,
    .certificate_list = memory_certificate_list,
    .blob_put = memory_blob_put,
    .blob_get = memory_blob_get,
    .blob_create = memory_blob_create,
    .blob_list = memory_blob_list,
    .blob_replace = memory_blob_replace,
    .service_create = memory_service_create,
    .service_replace = memory_service_replace,
    .service_call_set = memory_service_call_set,
    .service_delete = memory_service_delete,
    .service_get = memory_service_get,
    .service_identifier = memory_service_identifier,
    .service_named = memory_service_named,
    .service_list = memory_service_list,
    .member_list = memory_member_list,
    .specification_get = memory_specification_get,
    .secret_replace = memory_secret_replace,
    .secret_history = memory_secret_history,
    .sealed_list = memory_sealed_list,
    .sealed_exchange = memory_sealed_exchange,
    .registry_counts = memory_registry_counts,
    .kept_secret_put = memory_kept_secret_put,
    .kept_secret_get = memory_kept_secret_get,
    .kept_secret_delete = memory_kept_secret_delete,
    .kept_secret_list = memory_kept_secret_list,
    .instance_auth_create = memory_instance_auth_create,
    .instance_auth_replace = memory_instance_auth_replace,
    .instance_auth_get = memory_instance_auth_get,
    .instance_auth_list = memory_instance_auth_list,
    .instance_auth_delete = memory_instance_auth_delete,
    .tenant_create = memory_tenant_create,
    .tenant_read = memory_tenant_read,
    .tenant_delete = memory_tenant_delete,
    .tenant_list = memory_tenant_list,
    .object_create = memory_object_create,
    .object_get = memory_object_get,
    .object_named = memory_object_named,
    .object_update = memory_object_update,
    .object_delete = memory_object_delete,
    .object_list = memory_object_list,
    .auth_create = memory_auth_create,
    .auth_get = memory_auth_get,
    .auth_list = memory_auth_list,
    .auth_delete = memory_auth_delete,
    .auth_purge = memory_auth_purge,
    .operator_create = memory_operator_create,
    .operator_find = memory_operator_find,
    .operator_list = memory_operator_list,
    .operator_delete = memory_operator_delete,
    .operator_update = memory_operator_update,
    .operator_used = memory_operator_used,
    .subject_mapping_create = memory_mapping_create,
    .subject_mapping_replace = memory_mapping_replace,
    .subject_mapping_delete = memory_mapping_delete,
    .subject_mapping_get = memory_mapping_get,
    .subject_mapping_find = memory_mapping_find,
    .subject_mapping_list = memory_mapping_list,
    .counts = memory_counts,
    .backup = memory_backup,
    .check = memory_check,
};

struct status memory_store_open(struct store **out, struct error *err)
{
    struct memory_store *m = mem_alloc(sizeof *m);
    if (!m)
        return error_set(err, E_NOMEM, "out of memory");
    m->base.ops = &ops;
    must(pthread_mutex_init(&m->lock, NULL) == 0);
    m->audit.compare = compare_audit;
    m->applications.compare = compare_applications;
    m->tokens.compare = compare_tokens;
    m->certificates.compare = compare_certificates;
    m->serials.compare = compare_serials;
    m->serials.borrows = true;
    m->revocations.compare = compare_revocations;
    m->blobs.compare = compare_blobs;
    m->services.compare = compare_services;
    m->secrets.compare = compare_secrets;
    m->histories.compare = compare_histories;
    m->specifications.compare = compare_specifications;
    m->kept_secrets.compare = compare_kept;
    m->instances.compare = compare_instances;
    memory_directory_open(m);
    memory_mapping_open(m);
    *out = &m->base;
    return DONE;
}
