/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include "base/buffer.h"
#include "base/encoding.h"
#include "store/arguments.h"
#include "store/backend.h"

#define SERIAL_MAX      20
#define CONNECTIONS_MAX 64
#define QUEUE_MAX       (1u << 20)
#define FINGERPRINTS_MAX                                                                                     \
    ((size_t)1 << 30) /* bytes of one mass revocation; a third of a hundred million certificates */

struct status store_open(const struct store_settings *settings, struct store **out, struct error *err)
{
    static const struct text sqlite = TEXT_INIT("sqlite:");
    if (settings->read_connections < 1 || settings->read_connections > CONNECTIONS_MAX)
        return error_set(err, E_INVALID, "a store has 1 to %d read connections, not %u", CONNECTIONS_MAX,
                         settings->read_connections);
    if (settings->write_queue_max < 1 || settings->write_queue_max > QUEUE_MAX)
        return error_set(err, E_INVALID, "a store's write queue holds 1 to %u operations, not %u", QUEUE_MAX,
                         settings->write_queue_max);
    if (text_equal(settings->url, TEXT("memory:")))
        return memory_store_open(out, err);
    if (text_starts_with(settings->url, sqlite) && settings->url.n > sqlite.n)
        return sqlite_store_open(text_from(settings->url, sqlite.n), settings, out, err);
    /* The URL is not repeated: one of a database server may hold a password. */
    return error_set(err, E_INVALID, "store.url must be sqlite:/path/to/fairlead.db or memory:");
}

void store_close(struct store *s)
{
    if (s)
        s->ops->close(s);
}

const char *store_kind(const struct store *s)
{
    return s->ops->kind;
}

/* ---- audit ---- */

struct status store_audit_append(struct store *s, const struct audit_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!audit_is_valid(&entries[i]))
            return STATUS(INVALID);
    return count > 0 ? s->ops->audit_append(s, entries, count) : DONE;
}

struct status store_audit_list(struct store *s, const struct audit_filter *f, struct arena *a, audit_row *row,
                               void *ctx)
{
    if (!page_is_valid(f->limit) || f->before_id < 0)
        return STATUS(INVALID);
    return s->ops->audit_list(s, f, a, row, ctx);
}

/* ---- applications ---- */

static bool application_is_valid(struct text tenant, struct text name)
{
    return tenant_is_valid(tenant) && name.n > 0;
}

struct status store_application_create(struct store *s, const struct application *app,
                                       const struct audit_entry *audit)
{
    if (!application_is_valid(app->tenant, app->name) || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->application_create(s, app, audit);
}

struct status store_application_get(struct store *s, struct text tenant, struct text name, struct arena *a,
                                    struct application *out)
{
    return s->ops->application_get(s, tenant, name, a, out);
}

struct status store_application_list(struct store *s, struct text contains, const struct page_request *page,
                                     struct arena *a, application_row *row, void *ctx)
{
    if (!page_is_valid(page->limit))
        return STATUS(INVALID);
    struct application_position after = {.set = page->after.n > 0};
    if (after.set) {
        struct text rest = page->after;
        after.tenant = text_cut(&rest, '/');
        if (!rest.p)
            return STATUS(INVALID);
        after.name = rest;
    }
    return s->ops->application_list(s, contains, &after, page->limit, a, row, ctx);
}

struct status store_application_update(struct store *s, struct text tenant, struct text name,
                                       const struct application_change *change,
                                       const struct audit_entry *audit)
{
    if (!audit_is_valid(audit) || (change->skip_verify && !call_choice_is_valid(*change->skip_verify)) ||
        (change->encode_url && !call_choice_is_valid(*change->encode_url)))
        return STATUS(INVALID);
    return s->ops->application_update(s, tenant, name, change, audit);
}

struct status store_application_certificates(struct store *s, struct text tenant, struct text name,
                                             unsigned most, unsigned *out_count)
{
    return s->ops->application_certificates(s, tenant, name, most, out_count);
}

/* Fingerprints are collected during the transaction and handed out after it, on the caller's thread. */
static void hand_out(const struct buffer *fingerprints, fingerprint_row *row, void *ctx)
{
    struct bytes all = buffer_bytes(fingerprints);
    for (size_t i = 0; row && i + SHA256_SIZE <= all.n; i += SHA256_SIZE)
        row(ctx, all.p + i);
}

struct status store_application_delete(struct store *s, struct text tenant, struct text name,
                                       const struct audit_entry *audit, fingerprint_row *row, void *ctx)
{
    if (!audit_is_valid(audit))
        return STATUS(INVALID);
    OWNED(buffer_release) struct buffer fingerprints;
    buffer_init(&fingerprints, FINGERPRINTS_MAX);
    TRY(s->ops->application_delete(s, tenant, name, audit, &fingerprints));
    hand_out(&fingerprints, row, ctx);
    return DONE;
}

struct status store_application_seen(struct store *s, const struct last_seen *seen, size_t count)
{
    return count > 0 ? s->ops->application_seen(s, seen, count) : DONE;
}

/* ---- tokens ---- */

static bool token_is_valid(const struct token *t)
{
    return t->kind >= TOKEN_APPLICATION && t->kind <= TOKEN_COMPASS_RUNTIME &&
           (t->system_auth.n == UUID_SIZE) == (t->kind >= TOKEN_COMPASS_APPLICATION) &&
           tenant_is_valid(t->tenant) && t->expires_at > t->created_at;
}

struct status store_token_create(struct store *s, const struct token_create *in,
                                 const struct audit_entry *audit)
{
    bool wants_application = in->create_application || in->require_application;
    if (!token_is_valid(&in->token) || (wants_application && in->token.application.n == 0) ||
        !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->token_create(s, in, audit);
}

struct status store_token_find(struct store *s, const uint8_t hash[static SHA256_SIZE], int64_t now,
                               struct arena *a, struct token *out)
{
    return s->ops->token_find(s, hash, now, a, out);
}

struct status store_token_exchange(struct store *s, const uint8_t old[static SHA256_SIZE],
                                   const struct token *next, int64_t now, const struct audit_entry *audit)
{
    if (!token_is_valid(next) || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->token_exchange(s, old, next, now, audit);
}

struct status store_token_list(struct store *s, const struct token_filter *f, const struct page_request *page,
                               struct arena *a, token_row *row, void *ctx)
{
    if (!page_is_valid(page->limit))
        return STATUS(INVALID);
    struct token_position after = {.set = page->after.n > 0};
    if (after.set) {
        uint8_t high[SHA256_SIZE];
        uint64_t created_at = 0;
        struct text id = page->after;
        struct text number = text_cut(&id, '/');
        if (!id.p || id.n != 2 * TOKEN_ID_BYTES || !text_to_u64(number, INT64_MAX, &created_at) ||
            !digest_range(id, after.floor, high))
            return STATUS(INVALID);
        after.created_at = (int64_t)created_at;
    }
    return s->ops->token_list(s, f, &after, page->limit, a, row, ctx);
}

struct status store_token_revoke(struct store *s, struct text id, int64_t now,
                                 const struct audit_entry *audit)
{
    uint8_t low[SHA256_SIZE], high[SHA256_SIZE];
    if (!audit_is_valid(audit))
        return STATUS(INVALID);
    if (id.n != 2 * TOKEN_ID_BYTES || !digest_range(id, low, high))
        return STATUS(NOT_FOUND); /* whatever it is, it is no token's id */
    return s->ops->token_revoke(s, low, high, now, audit);
}

struct status store_token_purge(struct store *s, int64_t before, unsigned max, unsigned *out_count)
{
    return s->ops->token_purge(s, before, max, out_count);
}

/* ---- certificates ---- */

struct status store_certificate_issue(struct store *s, const struct certificate_issue *in,
                                      const struct audit_entry *audit)
{
    const struct certificate *c = &in->certificate;
    if (c->serial.n < 1 || c->serial.n > SERIAL_MAX || c->der.n == 0 || c->not_after < c->not_before ||
        (c->kind != CERTIFICATE_APPLICATION && c->kind != CERTIFICATE_RUNTIME) ||
        !tenant_is_valid(c->tenant) || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->certificate_issue(s, in, audit);
}

struct status store_certificate_find(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                     bool with_der, struct arena *a, struct certificate *out)
{
    return s->ops->certificate_find(s, fingerprint, with_der, a, out);
}

struct status store_certificate_revoke(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                       struct text reason, int64_t now, const struct audit_entry *audit,
                                       bool *out_was_revoked)
{
    if (!audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->certificate_revoke(s, fingerprint, reason, now, audit, out_was_revoked);
}

struct status store_certificate_revoke_application(struct store *s, struct text tenant,
                                                   struct text application, struct text reason, int64_t now,
                                                   const struct audit_entry *audit, fingerprint_row *row,
                                                   void *ctx)
{
    if (application.n == 0 || !audit_is_valid(audit))
        return STATUS(INVALID);
    OWNED(buffer_release) struct buffer fingerprints;
    buffer_init(&fingerprints, FINGERPRINTS_MAX);
    TRY(s->ops->certificate_revoke_application(s, tenant, application, reason, now, audit, &fingerprints));
    hand_out(&fingerprints, row, ctx);
    return DONE;
}

/* "<sort value>/<fingerprint hex>"; the sort value may hold '/' itself. */
static bool certificate_position_parse(struct text cursor, struct certificate_position *out)
{
    *out = (struct certificate_position){.set = cursor.n > 0};
    if (!out->set)
        return true;
    size_t digits = 2 * SHA256_SIZE;
    return cursor.n > digits && cursor.p[cursor.n - digits - 1] == '/' &&
           hex_decode(out->fingerprint, SHA256_SIZE, text_from(cursor, cursor.n - digits));
}

struct status store_certificate_list(struct store *s, const struct certificate_filter *f,
                                     const struct page_request *page, struct arena *a, certificate_row *row,
                                     void *ctx)
{
    uint8_t low[SHA256_SIZE], high[SHA256_SIZE];
    struct certificate_position after;
    bool sort_is_known = f->sort >= SORT_NOT_AFTER && f->sort <= SORT_APPLICATION;
    if (!page_is_valid(page->limit) || !sort_is_known || f->state < -1 || f->state > CERTIFICATE_REVOKED ||
        !digest_range(f->fingerprint_prefix, low, high) || !certificate_position_parse(page->after, &after))
        return STATUS(INVALID);
    return s->ops->certificate_list(s, f, &after, page->limit, a, row, ctx);
}

/* ---- blobs ---- */

static bool audit_is_valid_or_absent(const struct audit_entry *audit)
{
    return !audit || audit_is_valid(audit);
}

struct status store_blob_put(struct store *s, struct text name, struct bytes value,
                             const struct audit_entry *audit)
{
    if (name.n == 0 || !audit_is_valid_or_absent(audit))
        return STATUS(INVALID);
    return s->ops->blob_put(s, name, value, audit);
}

struct status store_blob_get(struct store *s, struct text name, struct arena *a, struct bytes *out)
{
    return s->ops->blob_get(s, name, a, out);
}

struct status store_blob_create(struct store *s, struct text name, struct bytes value,
                                const struct audit_entry *audit)
{
    if (name.n == 0 || !audit_is_valid_or_absent(audit))
        return STATUS(INVALID);
    return s->ops->blob_create(s, name, value, audit);
}

struct status store_blob_list(struct store *s, struct text prefix, struct arena *a, blob_row *row, void *ctx)
{
    return s->ops->blob_list(s, prefix, a, row, ctx);
}

struct status store_blob_replace(struct store *s, const struct named_blob *blobs, size_t count,
                                 const struct audit_entry *audit)
{
    for (size_t i = 0; i < count; i++)
        if (blobs[i].name.n == 0)
            return STATUS(INVALID);
    if (!audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->blob_replace(s, blobs, count, audit);
}

/* ---- operating ---- */

struct status store_counts(struct store *s, int64_t now, struct store_counts *out)
{
    return s->ops->counts(s, now, out);
}

struct status store_backup(struct store *s, const char *path, struct error *err)
{
    return s->ops->backup(s, path, err);
}

struct status store_check(struct store *s, struct error *err)
{
    return s->ops->check(s, err);
}
