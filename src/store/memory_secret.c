/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_registry.h"

const struct memory_shape memory_secret_shape = {
    sizeof(struct memory_secret), 1, {offsetof(struct memory_secret, s.sealed)}};
const struct memory_shape memory_history_shape = {
    sizeof(struct memory_history), 1, {offsetof(struct memory_history, h.sealed)}};

struct memory_secret *memory_secret_find(const struct memory_store *m, int64_t row, enum secret_slot slot)
{
    return memory_table_find(&m->secrets, &(struct memory_secret){.row = row, .slot = slot});
}

/* ---- writing ---- */

static struct status stage_history(struct memory_store *m, struct memory_stage *stage,
                                   const struct memory_secret *was, int64_t now, struct bytes sealed)
{
    struct memory_history row = {{++m->last_history, now, was->s.by_hand, sealed}, was->row, was->slot};
    return memory_stage_add(stage, &m->histories, memory_copy(&memory_history_shape, &row, NULL));
}

struct status memory_stage_secret(struct memory_store *m, struct memory_stage *stage, int64_t row,
                                  enum secret_slot slot, int64_t now, const struct secret_write *w)
{
    const struct memory_secret *was = memory_secret_find(m, row, slot);
    if (w->change != SECRET_KEEP && was && w->history.n > 0)
        TRY(stage_history(m, stage, was, now, w->history));
    if (w->change != SECRET_PUT)
        return DONE;
    struct memory_secret next = {
        row, slot, {true, w->by_hand, was ? was->s.revision + 1 : 1, now, w->sealed}};
    return memory_stage_add(stage, &m->secrets, memory_copy(&memory_secret_shape, &next, NULL));
}

void memory_secret_settle(struct memory_store *m, int64_t row, enum secret_slot slot,
                          const struct secret_write *w)
{
    bool found = false;
    size_t at = memory_table_seek(&m->secrets, &(struct memory_secret){.row = row, .slot = slot}, &found);
    if (found && w->change == SECRET_REMOVE)
        memory_table_remove(&m->secrets, at);
    size_t kept = 0;
    for (size_t i = m->histories.count; i > 0; i--) {
        const struct memory_history *h = m->histories.rows[i - 1];
        if (h->row == row && h->slot == slot && ++kept > SECRET_HISTORY_MAX)
            memory_table_remove(&m->histories, i - 1);
    }
}

void memory_secret_delete_all(struct memory_store *m, int64_t row)
{
    for (size_t i = m->secrets.count; i > 0; i--)
        if (((const struct memory_secret *)m->secrets.rows[i - 1])->row == row)
            memory_table_remove(&m->secrets, i - 1);
    for (size_t i = m->histories.count; i > 0; i--)
        if (((const struct memory_history *)m->histories.rows[i - 1])->row == row)
            memory_table_remove(&m->histories, i - 1);
}

struct status memory_secret_replace(struct store *s, struct text tenant,
                                    const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                    int64_t expected_revision, int64_t now, const struct secret_write *w,
                                    const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_caller_check(m, audit));
    struct memory_service *service = memory_service_find(m, tenant, TEXT(""), id);
    const struct memory_secret *was = service ? memory_secret_find(m, service->row, slot) : NULL;
    if (!was)
        return STATUS(NOT_FOUND);
    if (expected_revision != 0 && was->s.revision != expected_revision)
        return STATUS(CHANGED);
    TRY(memory_stage_secret(m, &stage, service->row, slot, now, w));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    memory_secret_settle(m, service->row, slot, w);
    service->s.revision++; /* no slice and no key: may change in place */
    service->s.updated_at = now;
    m->operations++;
    return DONE;
}

/* ---- history ---- */

static struct status collect_history(struct store *s, struct text tenant,
                                     const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                     struct arena *a, struct memory_history out[SECRET_HISTORY_MAX],
                                     size_t *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    const struct memory_service *service = memory_service_find(m, tenant, TEXT(""), id);
    if (!service)
        return STATUS(NOT_FOUND);
    for (size_t i = m->histories.count; i > 0 && *out_count < SECRET_HISTORY_MAX; i--) {
        const struct memory_history *h = m->histories.rows[i - 1];
        if (h->row == service->row && h->slot == slot)
            TRY(memory_copy_to(&memory_history_shape, h, a, &out[(*out_count)++]));
    }
    return DONE;
}

struct status memory_secret_history(struct store *s, struct text tenant,
                                    const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                    struct arena *a, secret_history_row *row, void *ctx)
{
    struct memory_history rows[SECRET_HISTORY_MAX];
    size_t count = 0;
    TRY(collect_history(s, tenant, id, slot, a, rows, &count));
    for (size_t i = 0; i < count && row(ctx, &rows[i].h); i++)
        ;
    return DONE;
}

/* ---- every sealed value ---- */

/* Secrets are in the order of (service, slot), numbered as the other backend numbers them. */
static int64_t number_of(const struct memory_secret *secret)
{
    return 4 * secret->row + (int64_t)secret->slot;
}

struct sealed {
    struct sealed_place place;
    struct text name;
    struct bytes value;
};

static struct status copy_sealed(const struct memory_store *m, bool history, int64_t number, int64_t row,
                                 enum secret_slot slot, struct bytes value, struct arena *a,
                                 struct sealed *out)
{
    const struct memory_service *service =
        memory_table_find(&m->services, &(struct memory_service){.row = row});
    char *name = arena_alloc(a, SECRET_SEAL_NAME_MAX);
    must(service);
    out->place = sealed_place_of(history ? SEALED_HISTORY : SEALED_SECRETS, number);
    out->value = arena_bytes(a, value);
    if (!name || !out->value.p)
        return STATUS(NOMEM);
    out->name = secret_seal_name(service->s.tenant, service->s.id, slot, history, name);
    return DONE;
}

/* The first one behind that id; NULL at the end. The table is in the order of names. */
static const struct memory_kept *next_kept(const struct memory_store *m, int64_t id)
{
    const struct memory_kept *next = NULL;
    for (size_t i = 0; i < m->kept_secrets.count; i++) {
        const struct memory_kept *row = m->kept_secrets.rows[i];
        if (row->id > id && (!next || row->id < next->id))
            next = row;
    }
    return next;
}

static struct status collect_kept(const struct memory_store *m, int64_t after, unsigned limit,
                                  struct arena *a, struct sealed *rows, size_t *count)
{
    const struct memory_kept *row = *count < limit ? next_kept(m, after) : NULL;
    for (; row; row = *count < limit ? next_kept(m, row->id) : NULL) {
        struct sealed *out = &rows[(*count)++];
        out->place = sealed_place_of(SEALED_KEPT, row->id);
        out->name = kept_secret_seal_name(row->k.tenant, row->k.name, a);
        out->value = arena_bytes(a, row->k.sealed);
        if (!out->name.p || !out->value.p)
            return STATUS(NOMEM);
    }
    return DONE;
}

static struct status collect_instances(const struct memory_store *m, int64_t after, unsigned limit,
                                       struct arena *a, struct sealed *rows, size_t *count)
{
    for (size_t i = 0; i < m->instances.count && *count < limit; i++) {
        const struct memory_instance *row = m->instances.rows[i];
        if (row->number <= after || row->i.sealed.n == 0)
            continue;
        struct sealed *out = &rows[(*count)++];
        char *name = arena_alloc(a, SECRET_SEAL_NAME_MAX);
        out->place = sealed_place_of(SEALED_INSTANCES, row->number);
        out->value = arena_bytes(a, row->i.sealed);
        if (!name || !out->value.p)
            return STATUS(NOMEM);
        out->name = instance_auth_seal_name(row->i.tenant, row->i.id, name);
    }
    return DONE;
}

static struct status collect_sealed(struct store *s, const struct sealed_position *after, unsigned limit,
                                    struct arena *a, struct sealed **out, size_t *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    struct sealed *rows = arena_array(a, limit, sizeof *rows);
    size_t count = 0;
    if (!rows)
        return STATUS(NOMEM);
    for (size_t i = 0; after->table == SEALED_SECRETS && i < m->secrets.count && count < limit; i++) {
        const struct memory_secret *c = m->secrets.rows[i];
        if (number_of(c) > after->id)
            TRY(copy_sealed(m, false, number_of(c), c->row, c->slot, c->s.sealed, a, &rows[count++]));
    }
    for (size_t i = 0; after->table <= SEALED_HISTORY && i < m->histories.count && count < limit; i++) {
        const struct memory_history *h = m->histories.rows[i];
        if (after->table < SEALED_HISTORY || h->h.sequence > after->id)
            TRY(copy_sealed(m, true, h->h.sequence, h->row, h->slot, h->h.sealed, a, &rows[count++]));
    }
    if (after->table <= SEALED_KEPT)
        TRY(collect_kept(m, after->table < SEALED_KEPT ? 0 : after->id, limit, a, rows, &count));
    TRY(collect_instances(m, after->table < SEALED_INSTANCES ? 0 : after->id, limit, a, rows, &count));
    *out = rows;
    *out_count = count;
    return DONE;
}

struct status memory_sealed_list(struct store *s, const struct sealed_position *after, unsigned limit,
                                 struct arena *a, sealed_row *row, void *ctx)
{
    struct sealed *rows = NULL;
    size_t count = 0;
    TRY(collect_sealed(s, after, limit, a, &rows, &count));
    for (size_t i = 0; i < count && row(ctx, &rows[i].place, rows[i].name, rows[i].value); i++)
        ;
    return DONE;
}

static struct status stage_history_exchange(struct memory_store *m, struct memory_stage *stage,
                                            int64_t sequence, const struct sealed_exchange *e)
{
    struct memory_history key = {.h = {.sequence = sequence}};
    const struct memory_history *was = memory_table_find(&m->histories, &key);
    if (!was || !bytes_equal(was->h.sealed, e->old))
        return DONE;
    struct memory_history next = *was;
    next.h.sealed = e->fresh;
    return memory_stage_add(stage, &m->histories, memory_copy(&memory_history_shape, &next, NULL));
}

static struct status stage_kept_exchange(struct memory_store *m, struct memory_stage *stage, int64_t id,
                                         const struct sealed_exchange *e)
{
    const struct memory_kept *was = next_kept(m, id - 1);
    if (!was || was->id != id || !bytes_equal(was->k.sealed, e->old))
        return DONE;
    struct memory_kept next = *was;
    next.k.sealed = e->fresh;
    return memory_stage_add(stage, &m->kept_secrets, memory_copy(&memory_kept_shape, &next, NULL));
}

static struct status stage_instance_exchange(struct memory_store *m, struct memory_stage *stage,
                                             int64_t number, const struct sealed_exchange *e)
{
    const struct memory_instance *was =
        memory_table_find(&m->instances, &(struct memory_instance){.number = number});
    if (!was || !bytes_equal(was->i.sealed, e->old))
        return DONE;
    struct memory_instance next = *was;
    next.i.sealed = e->fresh;
    return memory_stage_add(stage, &m->instances, memory_copy(&memory_instance_shape, &next, NULL));
}

static struct status stage_exchange(struct memory_store *m, struct memory_stage *stage,
                                    const struct sealed_exchange *e)
{
    struct sealed_position at;
    if (!sealed_place_read(&e->place, &at))
        return STATUS(INVALID);
    if (at.table == SEALED_INSTANCES)
        return stage_instance_exchange(m, stage, at.id, e);
    if (at.table == SEALED_KEPT)
        return stage_kept_exchange(m, stage, at.id, e);
    if (at.table == SEALED_HISTORY)
        return stage_history_exchange(m, stage, at.id, e);
    const struct memory_secret *c = memory_secret_find(m, at.id / 4, (enum secret_slot)(at.id % 4));
    if (!c || !bytes_equal(c->s.sealed, e->old))
        return DONE;
    struct memory_secret next = *c;
    next.s.sealed = e->fresh;
    return memory_stage_add(stage, &m->secrets, memory_copy(&memory_secret_shape, &next, NULL));
}

struct status memory_sealed_exchange(struct store *s, const struct sealed_exchange *list, size_t count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    for (size_t i = 0; i < count; i++)
        TRY(stage_exchange(m, &stage, &list[i]));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}
