/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_store.h"

#include "store/sqlite_directory.h"
#include "store/sqlite_registry.h"

struct status sqlite_application_insert(struct sqlite_txn *t, const struct application *app, bool *out_made)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_APPLICATION_ADD);
    bind_text(&q, app->tenant);
    bind_text(&q, app->name);
    bind_text(&q, app->description);
    bind_int(&q, app->created_at);
    bind_int(&q, app->last_seen_at);
    bind_int(&q, app->auto_created);
    bind_text(&q, labels_or_none(app->labels));
    TRY(sqlite_run(&q));
    *out_made = sqlite3_changes(t->db->handle) > 0;
    if (*out_made)
        t->counters[COUNTER_APPLICATIONS]++;
    return DONE;
}

struct status sqlite_application_add(struct sqlite_txn *t, const struct application *app, bool *out_made)
{
    TRY(sqlite_application_insert(t, app, out_made));
    return *out_made ? sqlite_object_add_application(t, app) : DONE;
}

struct create {
    const struct application *app;
    const struct audit_entry *audit;
};

static struct status create(struct sqlite_txn *t, void *args)
{
    const struct create *in = args;
    bool made = false;
    TRY(sqlite_application_add(t, in->app, &made));
    if (!made)
        return STATUS(CONFLICT);
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_application_create(struct store *s, const struct application *app,
                                        const struct audit_entry *audit)
{
    struct create in = {app, audit};
    return sqlite_write(sqlite_of(s)->writer, create, &in);
}

static struct status read_row(struct sqlite_query *q, struct arena *a, struct application *out)
{
    struct application app = {0};
    app.tenant = column_text(q, a);
    app.name = column_text(q, a);
    app.description = column_text(q, a);
    app.created_at = column_int(q);
    app.last_seen_at = column_int(q);
    app.auto_created = column_int(q) != 0;
    app.labels = column_text(q, a);
    app.services = column_int(q);
    app.call.skip_verify = (enum call_choice)column_int(q);
    app.call.encode_url = (enum call_choice)column_int(q);
    TRY(sqlite_query_status(q));
    *out = app;
    return DONE;
}

struct status sqlite_application_get(struct store *s, struct text tenant, struct text name, struct arena *a,
                                     struct application *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_APPLICATION_GET);
    bind_text(&q, tenant);
    bind_text(&q, name);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    return found ? read_row(&q, a, out) : STATUS(NOT_FOUND);
}

struct status sqlite_application_list(struct store *s, struct text contains,
                                      const struct application_position *after, unsigned limit,
                                      struct arena *a, application_row *row, void *ctx)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_APPLICATION_LIST);
    bind_text(&q, after->tenant); /* no name is empty, so ('', '') is before all of them */
    bind_text(&q, after->name);
    bind_text(&q, contains);
    bind_int(&q, limit);
    for (;;) {
        bool more = false;
        struct application app;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        TRY(read_row(&q, a, &app));
        if (!row(ctx, &app))
            return DONE;
    }
}

struct delete
{
    struct text tenant, name;
    const struct audit_entry *audit;
    struct buffer *fingerprints;
};

struct status sqlite_application_remove(struct sqlite_txn *t, const struct audit_entry *audit,
                                        struct text tenant, struct text name, struct buffer *out_fingerprints)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_APPLICATION_DELETE);
    bind_text(&q, tenant);
    bind_text(&q, name);
    TRY(sqlite_run(&q));
    if (sqlite3_changes(t->db->handle) == 0)
        return STATUS(NOT_FOUND);
    t->counters[COUNTER_APPLICATIONS]--;

    OWNED(sqlite_done) struct sqlite_query tokens = sqlite_query(t->db, SQL_TOKEN_DELETE_OPEN);
    bind_text(&tokens, name);
    bind_text(&tokens, tenant);
    TRY(sqlite_run(&tokens));
    TRY(sqlite_revoke_all(t, tenant, name, TEXT("application deleted"), audit->at, out_fingerprints));
    TRY(sqlite_object_forget(t, audit, tenant, name, out_fingerprints));
    TRY(sqlite_service_delete_all(t, tenant, name));
    return sqlite_change(t, tenant, TEXT("application"), text_bytes(name));
}

static struct status delete_application(struct sqlite_txn *t, void *args)
{
    const struct delete *in = args;
    TRY(sqlite_application_remove(t, in->audit, in->tenant, in->name, in->fingerprints));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_application_delete(struct store *s, struct text tenant, struct text name,
                                        const struct audit_entry *audit, struct buffer *out_fingerprints)
{
    struct delete in = {tenant, name, audit, out_fingerprints};
    return sqlite_write_alone(sqlite_of(s)->writer, delete_application, &in);
}

struct update {
    struct text tenant, name;
    const struct application_change *change;
    const struct audit_entry *audit;
};

/* NULL leaves it as it is */
static void bind_choice(struct sqlite_query *q, const enum call_choice *choice)
{
    bind_int(q, choice != NULL);
    bind_int(q, choice ? *choice : CALL_UNSET);
}

struct status sqlite_application_change(struct sqlite_txn *t, struct text tenant, struct text name,
                                        const struct application_change *change)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_APPLICATION_UPDATE);
    bind_int(&q, change->description != NULL);
    bind_text(&q, change->description ? *change->description : TEXT(""));
    bind_int(&q, change->labels != NULL);
    bind_text(&q, labels_or_none(change->labels ? *change->labels : TEXT("")));
    bind_choice(&q, change->skip_verify);
    bind_choice(&q, change->encode_url);
    bind_text(&q, tenant);
    bind_text(&q, name);
    TRY(sqlite_run(&q));
    if (sqlite3_changes(t->db->handle) == 0)
        return STATUS(NOT_FOUND);
    if (change->skip_verify || change->encode_url)
        TRY(sqlite_change(t, tenant, TEXT("application"), text_bytes(name)));
    return DONE;
}

static struct status update(struct sqlite_txn *t, void *args)
{
    const struct update *in = args;
    TRY(sqlite_application_change(t, in->tenant, in->name, in->change));
    TRY(sqlite_object_touch(t, in->tenant, in->name, in->audit->at, in->change->labels));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_application_update(struct store *s, struct text tenant, struct text name,
                                        const struct application_change *change,
                                        const struct audit_entry *audit)
{
    struct update in = {tenant, name, change, audit};
    return sqlite_write(sqlite_of(s)->writer, update, &in);
}

struct status sqlite_application_certificates(struct store *s, struct text tenant, struct text name,
                                              unsigned most, unsigned *out_count)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_CERTIFICATE_OF_APPLICATION);
    bind_text(&q, name);
    bind_text(&q, tenant);
    unsigned count = 0;
    for (bool more = true; count < most; count++) {
        TRY(sqlite_step(&q, &more));
        if (!more)
            break;
    }
    *out_count = count;
    return DONE;
}

struct seen {
    const struct last_seen *seen;
    size_t count;
};

static struct status note_seen(struct sqlite_txn *t, void *args)
{
    const struct seen *in = args;
    for (size_t i = 0; i < in->count; i++) {
        OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_APPLICATION_SEEN);
        bind_int(&q, in->seen[i].at);
        bind_text(&q, in->seen[i].tenant);
        bind_text(&q, in->seen[i].name);
        TRY(sqlite_run(&q));
    }
    return DONE;
}

struct status sqlite_application_seen(struct store *s, const struct last_seen *seen, size_t count)
{
    struct seen in = {seen, count};
    return sqlite_write(sqlite_of(s)->writer, note_seen, &in);
}
