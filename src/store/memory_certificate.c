/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_directory.h"

#include <stdlib.h>

#define CERTIFICATE_SLICE(member) offsetof(struct memory_certificate, c.member)

const struct memory_shape memory_certificate_shape = {
    sizeof(struct memory_certificate),
    10,
    {CERTIFICATE_SLICE(system_auth), CERTIFICATE_SLICE(serial), CERTIFICATE_SLICE(tenant),
     CERTIFICATE_SLICE(group), CERTIFICATE_SLICE(application), CERTIFICATE_SLICE(subject),
     CERTIFICATE_SLICE(key_algorithm), CERTIFICATE_SLICE(revoked_reason), CERTIFICATE_SLICE(issued_by),
     CERTIFICATE_SLICE(der)},
};
const struct memory_shape memory_revocation_shape = {
    sizeof(struct memory_revocation), 1, {offsetof(struct memory_revocation, reason)}};

static struct memory_certificate *find(const struct memory_store *m,
                                       const uint8_t fingerprint[static SHA256_SIZE])
{
    struct memory_certificate key = {0};
    memcpy(key.c.fingerprint, fingerprint, SHA256_SIZE);
    return memory_table_find(&m->certificates, &key);
}

struct memory_revocation *memory_revocation_of(const struct memory_store *m,
                                               const uint8_t fingerprint[static SHA256_SIZE])
{
    struct memory_revocation key = {0};
    memcpy(key.fingerprint, fingerprint, SHA256_SIZE);
    return memory_table_find(&m->revocations, &key);
}

struct status memory_caller_check(const struct memory_store *m, const struct audit_entry *audit)
{
    return audit->certificate && memory_revocation_of(m, audit->certificate) ? STATUS(DENIED) : DONE;
}

/* ---- issue ---- */

static struct status stage_record(struct memory_store *m, struct memory_stage *stage,
                                  const struct certificate *c)
{
    struct memory_certificate row = {*c, m->last_sequence + 1};
    row.c.state = CERTIFICATE_ACTIVE;
    row.c.revoked_at = 0;
    row.c.revoked_reason = TEXT("");
    if (find(m, c->fingerprint) || memory_table_find(&m->serials, &row))
        return STATUS(CONFLICT);
    void *copy = memory_copy(&memory_certificate_shape, &row, NULL);
    TRY(memory_stage_add(stage, &m->certificates, copy));
    TRY(memory_stage_add(stage, &m->serials, copy));
    m->last_sequence++; /* a failed operation leaves a gap */
    return DONE;
}

struct status memory_certificate_issue(struct store *s, const struct certificate_issue *in,
                                       const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    if (in->renews_fingerprint && memory_revocation_of(m, in->renews_fingerprint))
        return STATUS(DENIED);
    if (in->token_hash)
        TRY(memory_stage_token_use(m, &stage, in->token_hash, in->certificate.issued_at, audit));
    TRY(stage_record(m, &stage, &in->certificate));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

/* ---- revoke ---- */

struct status memory_stage_revocation(struct memory_store *m, struct memory_stage *stage,
                                      const uint8_t fingerprint[static SHA256_SIZE], struct text reason,
                                      int64_t now)
{
    struct memory_revocation row = {.revoked_at = now, .reason = reason};
    memcpy(row.fingerprint, fingerprint, SHA256_SIZE);
    return memory_stage_add(stage, &m->revocations, memory_copy(&memory_revocation_shape, &row, NULL));
}

struct status memory_certificate_revoke(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                        struct text reason, int64_t now, const struct audit_entry *audit,
                                        bool *out_was_revoked)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    bool was_revoked = memory_revocation_of(m, fingerprint);
    if (!was_revoked) {
        TRY(memory_stage_revocation(m, &stage, fingerprint, reason, now));
        TRY(memory_stage_audit(m, &stage, audit));
        memory_stage_commit(&stage);
    }
    m->operations++;
    *out_was_revoked = was_revoked;
    return DONE;
}

struct status memory_stage_revoke_all(struct memory_store *m, struct memory_stage *stage, struct text tenant,
                                      struct text application, struct text reason, int64_t now,
                                      struct buffer *fingerprints)
{
    for (size_t i = 0; i < m->certificates.count; i++) {
        const struct memory_certificate *row = m->certificates.rows[i];
        if (!text_equal(row->c.tenant, tenant) || !text_equal(row->c.application, application) ||
            memory_revocation_of(m, row->c.fingerprint))
            continue;
        TRY(memory_stage_revocation(m, stage, row->c.fingerprint, reason, now));
        buffer_append(fingerprints, BYTES_OF(row->c.fingerprint));
    }
    return buffer_status(fingerprints);
}

struct status memory_certificate_revoke_application(struct store *s, struct text tenant,
                                                    struct text application, struct text reason, int64_t now,
                                                    const struct audit_entry *audit,
                                                    struct buffer *out_fingerprints)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_stage_revoke_all(m, &stage, tenant, application, reason, now, out_fingerprints));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

/* ---- reading ---- */

int64_t memory_count_active(const struct memory_store *m, int64_t now, int64_t *out_soonest_expiry)
{
    int64_t active = 0, soonest = 0;
    for (size_t i = 0; i < m->certificates.count; i++) {
        const struct memory_certificate *row = m->certificates.rows[i];
        if (memory_revocation_of(m, row->c.fingerprint))
            continue;
        active++;
        if (row->c.not_after > now && (soonest == 0 || row->c.not_after < soonest))
            soonest = row->c.not_after;
    }
    *out_soonest_expiry = soonest;
    return active;
}

static struct status copy_out(const struct memory_store *m, const struct memory_certificate *row,
                              bool with_der, struct arena *a, struct certificate *out)
{
    struct memory_certificate view = *row, copy;
    const struct memory_revocation *revocation = memory_revocation_of(m, row->c.fingerprint);
    if (revocation) {
        view.c.state = CERTIFICATE_REVOKED;
        view.c.revoked_at = revocation->revoked_at;
        view.c.revoked_reason = revocation->reason;
    }
    if (!with_der)
        view.c.der = (struct bytes){NULL, 0};
    TRY(memory_copy_to(&memory_certificate_shape, &view, a, &copy));
    *out = copy.c;
    return DONE;
}

struct status memory_certificate_find(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                      bool with_der, struct arena *a, struct certificate *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    const struct memory_certificate *row = find(m, fingerprint);
    if (row)
        return copy_out(m, row, with_der, a, out);
    if (!memory_revocation_of(m, fingerprint))
        return STATUS(NOT_FOUND);
    struct memory_certificate unknown = {0};
    memcpy(unknown.c.fingerprint, fingerprint, SHA256_SIZE);
    return copy_out(m, &unknown, false, a, out);
}

/* Sort value, then order of issue. */
static int compare_by(enum certificate_sort sort, const struct memory_certificate *x,
                      const struct memory_certificate *y)
{
    int texts = sort == SORT_APPLICATION ? text_compare(x->c.application, y->c.application) : 0;
    int64_t a = sort == SORT_ISSUED_AT ? x->c.issued_at : x->c.not_after;
    int64_t b = sort == SORT_ISSUED_AT ? y->c.issued_at : y->c.not_after;
    if (texts)
        return texts;
    if (a != b)
        return a < b ? -1 : 1;
    return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

static int compare_listed(const void *a, const void *b, void *ctx)
{
    const struct certificate_filter *f = ctx;
    const struct memory_certificate *x = *(const struct memory_certificate *const *)a;
    const struct memory_certificate *y = *(const struct memory_certificate *const *)b;
    int order = compare_by(f->sort, x, y);
    return f->descending ? -order : order;
}

struct search {
    struct certificate_filter filter;
    uint8_t low[SHA256_SIZE], high[SHA256_SIZE];
    const struct memory_certificate *after; /* or NULL */
};

static bool is_wanted(const struct memory_store *m, struct search *search,
                      const struct memory_certificate *row)
{
    const struct certificate_filter *f = &search->filter;
    bool revoked = memory_revocation_of(m, row->c.fingerprint);
    return (!search->after || compare_listed(&search->after, &row, &search->filter) < 0) &&
           (f->application.n == 0 || text_equal(f->application, row->c.application)) &&
           text_has(row->c.subject, f->subject_contains) &&
           memcmp(row->c.fingerprint, search->low, SHA256_SIZE) >= 0 &&
           memcmp(row->c.fingerprint, search->high, SHA256_SIZE) <= 0 &&
           (f->state < 0 || revoked == (f->state == CERTIFICATE_REVOKED)) &&
           (f->expires_before == 0 || row->c.not_after < f->expires_before) &&
           (f->expires_after == 0 || row->c.not_after > f->expires_after);
}

static struct status collect(struct store *s, const struct certificate_filter *f,
                             const struct certificate_position *after, unsigned limit, struct arena *a,
                             struct certificate **out, size_t *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    struct search search = {.filter = *f};
    if (!digest_range(f->fingerprint_prefix, search.low, search.high))
        return STATUS(INVALID);
    if (after->set && !(search.after = find(m, after->fingerprint)))
        return STATUS(INVALID);
    const struct memory_certificate **rows = arena_array(a, m->certificates.count + 1, sizeof(void *));
    struct certificate *copies = arena_array(a, limit, sizeof *copies);
    if (!rows || !copies)
        return STATUS(NOMEM);
    size_t count = 0;
    for (size_t i = 0; i < m->certificates.count; i++)
        if (is_wanted(m, &search, m->certificates.rows[i]))
            rows[count++] = m->certificates.rows[i];
    qsort_r(rows, count, sizeof *rows, compare_listed, &search.filter);
    count = count < limit ? count : limit;
    for (size_t i = 0; i < count; i++)
        TRY(copy_out(m, rows[i], false, a, &copies[i]));
    *out = copies;
    *out_count = count;
    return DONE;
}

struct status memory_certificate_list(struct store *s, const struct certificate_filter *f,
                                      const struct certificate_position *after, unsigned limit,
                                      struct arena *a, certificate_row *row, void *ctx)
{
    struct certificate *certificates = NULL;
    size_t count = 0;
    TRY(collect(s, f, after, limit, a, &certificates, &count));
    for (size_t i = 0; i < count && row(ctx, &certificates[i]); i++)
        ;
    return DONE;
}
