/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_directory.h"

/* ---- issue ---- */

struct issue {
    const struct certificate_issue *in;
    const struct audit_entry *audit;
};

static struct status is_revoked(struct sqlite_txn *t, const uint8_t fingerprint[static SHA256_SIZE],
                                bool *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_REVOCATION_FIND);
    bind_digest(&q, fingerprint);
    return sqlite_step(&q, out);
}

struct status sqlite_caller_check(struct sqlite_txn *t, const struct audit_entry *audit)
{
    bool revoked = false; /* `revocation` has all of them, recorded or not */
    if (audit->certificate)
        TRY(is_revoked(t, audit->certificate, &revoked));
    return revoked ? STATUS(DENIED) : DONE;
}

static struct status issuer_id(struct sqlite_txn *t, const struct certificate *c, int64_t *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_ISSUER_FIND);
    bind_digest(&q, c->issuer);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    if (found) {
        *out = column_int(&q);
        return DONE;
    }
    OWNED(sqlite_done) struct sqlite_query add = sqlite_query(t->db, SQL_ISSUER_ADD);
    bind_text(&add, c->tenant);
    bind_digest(&add, c->issuer);
    TRY(sqlite_run(&add));
    *out = sqlite3_last_insert_rowid(t->db->handle);
    return DONE;
}

static struct status record(struct sqlite_txn *t, const struct certificate *c)
{
    int64_t issuer = 0;
    bool revoked = false; /* by its hash, before it was recorded */
    TRY(issuer_id(t, c, &issuer));
    TRY(is_revoked(t, c->fingerprint, &revoked));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_CERTIFICATE_ADD);
    bind_text(&q, c->tenant);
    bind_digest(&q, c->fingerprint);
    bind_int(&q, issuer);
    bind_blob(&q, c->serial);
    bind_int(&q, c->kind);
    bind_int(&q, revoked ? CERTIFICATE_REVOKED : CERTIFICATE_ACTIVE);
    bind_text(&q, c->group);
    bind_text(&q, c->application);
    bind_text(&q, c->subject);
    bind_text(&q, c->key_algorithm);
    bind_int(&q, c->issued_at);
    bind_int(&q, c->not_before);
    bind_int(&q, c->not_after);
    bind_text(&q, c->issued_by);
    bind_blob(&q, c->der);
    bind_blob(&q, c->system_auth);
    TRY(sqlite_run(&q)); /* fingerprint or (issuer, serial) known: E_CONFLICT */
    if (!revoked)
        t->counters[COUNTER_CERTIFICATES_ACTIVE]++;
    return DONE;
}

static struct status issue(struct sqlite_txn *t, void *args)
{
    const struct issue *i = args;
    if (i->in->renews_fingerprint) {
        bool revoked = false;
        TRY(is_revoked(t, i->in->renews_fingerprint, &revoked));
        if (revoked)
            return STATUS(DENIED);
    }
    if (i->in->token_hash)
        TRY(sqlite_token_use(t, i->in->token_hash, i->in->certificate.issued_at, i->audit));
    TRY(record(t, &i->in->certificate));
    return sqlite_audit_add(t, i->audit);
}

struct status sqlite_certificate_issue(struct store *s, const struct certificate_issue *in,
                                       const struct audit_entry *audit)
{
    struct issue args = {in, audit};
    return sqlite_write(sqlite_of(s)->writer, issue, &args);
}

/* ---- revoke ---- */

/* *out_changed is false when it was revoked before. */
struct status sqlite_revoke_one(struct sqlite_txn *t, const uint8_t fingerprint[static SHA256_SIZE],
                                struct text tenant, struct text reason, int64_t now, bool *out_changed)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_REVOCATION_ADD);
    bind_digest(&q, fingerprint);
    bind_text(&q, tenant);
    bind_int(&q, now);
    bind_text(&q, reason);
    TRY(sqlite_run(&q));
    *out_changed = sqlite3_changes(t->db->handle) > 0;
    if (!*out_changed)
        return DONE;
    t->counters[COUNTER_CERTIFICATES_REVOKED]++;

    OWNED(sqlite_done) struct sqlite_query mark = sqlite_query(t->db, SQL_CERTIFICATE_SET_REVOKED);
    bind_digest(&mark, fingerprint);
    TRY(sqlite_run(&mark));
    t->counters[COUNTER_CERTIFICATES_ACTIVE] -= sqlite3_changes(t->db->handle);
    return sqlite_change(t, tenant, TEXT("certificate"), (struct bytes){fingerprint, SHA256_SIZE});
}

struct revoke {
    const uint8_t *fingerprint;
    struct text reason;
    int64_t now;
    const struct audit_entry *audit;
    bool was_revoked;
};

static struct status revoke(struct sqlite_txn *t, void *args)
{
    struct revoke *in = args;
    bool changed = false;
    TRY(sqlite_revoke_one(t, in->fingerprint, in->audit->tenant, in->reason, in->now, &changed));
    in->was_revoked = !changed;
    return changed ? sqlite_audit_add(t, in->audit) : DONE;
}

struct status sqlite_certificate_revoke(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                        struct text reason, int64_t now, const struct audit_entry *audit,
                                        bool *out_was_revoked)
{
    struct revoke in = {fingerprint, reason, now, audit, false};
    TRY(sqlite_write(sqlite_of(s)->writer, revoke, &in));
    *out_was_revoked = in.was_revoked;
    return DONE;
}

static struct status list_active(struct sqlite_txn *t, struct text tenant, struct text application,
                                 struct buffer *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_CERTIFICATE_OF_APPLICATION);
    bind_text(&q, application);
    bind_text(&q, tenant);
    for (;;) {
        bool more = false;
        uint8_t fingerprint[SHA256_SIZE];
        TRY(sqlite_step(&q, &more));
        if (!more)
            return buffer_status(out);
        column_digest(&q, fingerprint);
        buffer_append(out, BYTES_OF(fingerprint));
    }
}

struct status sqlite_revoke_all(struct sqlite_txn *t, struct text tenant, struct text application,
                                struct text reason, int64_t now, struct buffer *out_fingerprints)
{
    /* Read first: revoking changes the index that the list walks. */
    TRY(list_active(t, tenant, application, out_fingerprints));
    struct bytes all = buffer_bytes(out_fingerprints);
    for (size_t i = 0; i < all.n; i += SHA256_SIZE) {
        bool changed = false;
        TRY(sqlite_revoke_one(t, all.p + i, tenant, reason, now, &changed));
    }
    return DONE;
}

struct revoke_application {
    struct text tenant, application, reason;
    int64_t now;
    const struct audit_entry *audit;
    struct buffer *fingerprints;
};

static struct status revoke_application(struct sqlite_txn *t, void *args)
{
    const struct revoke_application *in = args;
    TRY(sqlite_revoke_all(t, in->tenant, in->application, in->reason, in->now, in->fingerprints));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_certificate_revoke_application(struct store *s, struct text tenant,
                                                    struct text application, struct text reason, int64_t now,
                                                    const struct audit_entry *audit,
                                                    struct buffer *out_fingerprints)
{
    struct revoke_application in = {tenant, application, reason, now, audit, out_fingerprints};
    return sqlite_write(sqlite_of(s)->writer, revoke_application, &in);
}

/* ---- find ---- */

struct status sqlite_certificate_read(struct sqlite_query *q, struct arena *a, struct certificate *out)
{
    struct certificate c = {0};
    column_digest(q, c.fingerprint);
    column_digest(q, c.issuer);
    c.serial = column_blob(q, a);
    c.kind = (enum certificate_kind)column_int(q);
    c.tenant = column_text(q, a);
    c.group = column_text(q, a);
    c.application = column_text(q, a);
    c.subject = column_text(q, a);
    c.key_algorithm = column_text(q, a);
    c.issued_at = column_int(q);
    c.not_before = column_int(q);
    c.not_after = column_int(q);
    c.issued_by = column_text(q, a);
    c.system_auth = column_blob(q, a);
    bool revoked = sqlite3_column_type(q->stmt, q->column) != SQLITE_NULL;
    c.state = revoked ? CERTIFICATE_REVOKED : CERTIFICATE_ACTIVE;
    c.revoked_at = column_int(q);
    c.revoked_reason = column_text(q, a);
    TRY(sqlite_query_status(q));
    *out = c;
    return DONE;
}

struct status sqlite_certificate_find(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                      bool with_der, struct arena *a, struct certificate *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_CERTIFICATE_FIND);
    bind_digest(&q, fingerprint);
    bind_int(&q, with_der);
    bool row = false;
    struct certificate c;
    TRY(sqlite_step(&q, &row));
    must(row);
    TRY(sqlite_certificate_read(&q, a, &c));
    bool recorded = column_int(&q) != 0;
    bool revoked = column_int(&q) != 0;
    c.der = column_blob(&q, a);
    TRY(sqlite_query_status(&q));
    if (!recorded && !revoked)
        return STATUS(NOT_FOUND);
    memcpy(c.fingerprint, fingerprint, SHA256_SIZE); /* a revocation without a record has no column for it */
    *out = c;
    return DONE;
}
