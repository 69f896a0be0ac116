/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_directory.h"

#include <stdlib.h>

#define AUTHS_MAX 1000 /* of one object in a list */

static const struct memory_shape auth_shape = {
    sizeof(struct system_auth),
    2,
    {offsetof(struct system_auth, tenant), offsetof(struct system_auth, object_name)},
};

static struct system_auth *find(const struct memory_store *m, const uint8_t *id)
{
    struct system_auth key = {0};
    memcpy(key.id, id, sizeof key.id);
    return memory_table_find(&m->auths, &key);
}

static const struct object *object_of(const struct memory_store *m, const struct system_auth *auth)
{
    struct object key = {0};
    memcpy(key.id, auth->object, sizeof key.id);
    const struct object *o = memory_table_find(&m->objects, &key);
    return o && o->kind == auth->kind && text_equal(o->tenant, auth->tenant) ? o : NULL;
}

static bool is_of(struct bytes system_auth, const uint8_t *id)
{
    return system_auth.n == OBJECT_ID_SIZE && memcmp(system_auth.p, id, OBJECT_ID_SIZE) == 0;
}

bool memory_auth_exists(const struct memory_store *m, struct text tenant, struct bytes id)
{
    const struct system_auth *auth = id.n == OBJECT_ID_SIZE ? find(m, id.p) : NULL;
    return auth && text_equal(auth->tenant, tenant);
}

struct status memory_auth_create(struct store *s, const struct system_auth *auth,
                                 const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_caller_check(m, audit));
    if (!object_of(m, auth))
        return STATUS(NOT_FOUND);
    if (find(m, auth->id))
        return STATUS(CONFLICT);
    TRY(memory_stage_add(&stage, &m->auths, memory_copy(&auth_shape, auth, NULL)));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

/* ---- reading ---- */

/* The newer one; of one second the active one. */
static bool is_later(const struct token *t, const struct token *than)
{
    if (!than || t->created_at != than->created_at)
        return !than || t->created_at > than->created_at;
    return t->state < than->state;
}

static struct system_auth shown(const struct memory_store *m, const struct system_auth *auth, int64_t now)
{
    struct system_auth view = *auth;
    const struct object *o = object_of(m, auth);
    const struct token *latest = NULL;
    view.object_name = o ? o->name : TEXT("");
    for (size_t i = 0; i < m->tokens.count; i++) {
        const struct token *t = m->tokens.rows[i];
        if (is_of(t->system_auth, auth->id) && is_later(t, latest))
            latest = t;
    }
    if (latest) {
        view.token.state = token_state_at(latest->state, latest->expires_at, now);
        view.token.created_at = latest->created_at;
        view.token.expires_at = latest->expires_at;
        view.token.used_at = latest->state == TOKEN_USED ? latest->ended_at : 0;
    }
    return view;
}

struct status memory_auth_get(struct store *s, const struct text *tenant,
                              const uint8_t id[static OBJECT_ID_SIZE], int64_t now, struct arena *a,
                              struct system_auth *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    const struct system_auth *auth = find(m, id);
    if (!auth || (tenant && !text_equal(auth->tenant, *tenant)))
        return STATUS(NOT_FOUND);
    const struct system_auth view = shown(m, auth, now);
    return memory_copy_to(&auth_shape, &view, a, out);
}

static int by_creation(const void *a, const void *b)
{
    const struct system_auth *x = a, *y = b;
    if (x->created_at != y->created_at)
        return x->created_at < y->created_at ? -1 : 1;
    return memcmp(x->id, y->id, sizeof x->id);
}

static struct status collect(struct store *s, const struct system_auth *like, int64_t now, struct arena *a,
                             struct system_auth **out, size_t *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    struct system_auth *rows = arena_array(a, m->auths.count + 1, sizeof *rows);
    if (!rows)
        return STATUS(NOMEM);
    size_t count = 0;
    for (size_t i = 0; i < m->auths.count; i++) {
        const struct system_auth *auth = m->auths.rows[i];
        if (auth->kind != like->kind || !text_equal(auth->tenant, like->tenant) ||
            memcmp(auth->object, like->object, sizeof auth->object) != 0)
            continue;
        const struct system_auth view = shown(m, auth, now);
        TRY(memory_copy_to(&auth_shape, &view, a, &rows[count++]));
    }
    qsort(rows, count, sizeof *rows, by_creation);
    *out = rows;
    *out_count = count;
    return DONE;
}

struct status memory_auth_list(struct store *s, enum object_kind kind, struct text tenant,
                               const uint8_t object[static OBJECT_ID_SIZE], int64_t now, struct arena *a,
                               system_auth_row *row, void *ctx)
{
    struct system_auth like = {.kind = kind, .tenant = tenant};
    memcpy(like.object, object, sizeof like.object);
    struct system_auth *rows = NULL;
    size_t count = 0;
    TRY(collect(s, &like, now, a, &rows, &count));
    for (size_t i = 0; i < count && i < AUTHS_MAX && row(ctx, &rows[i]); i++)
        ;
    return DONE;
}

/* ---- deleting ---- */

static struct status stage_revoke(struct memory_store *m, struct memory_stage *stage, const uint8_t *id,
                                  int64_t now, struct buffer *fingerprints)
{
    for (size_t i = 0; i < m->certificates.count; i++) {
        const struct certificate *c = &((const struct memory_certificate *)m->certificates.rows[i])->c;
        if (!is_of(c->system_auth, id) || memory_revocation_of(m, c->fingerprint))
            continue;
        TRY(memory_stage_revocation(m, stage, c->fingerprint, TEXT("system auth deleted"), now));
        buffer_append(fingerprints, BYTES_OF(c->fingerprint));
    }
    return buffer_status(fingerprints);
}

struct status memory_stage_revoke_auths(struct memory_store *m, struct memory_stage *stage,
                                        const uint8_t object[static OBJECT_ID_SIZE], int64_t now,
                                        struct buffer *fingerprints)
{
    for (size_t i = 0; i < m->auths.count; i++) {
        const struct system_auth *auth = m->auths.rows[i];
        if (memcmp(auth->object, object, sizeof auth->object) == 0)
            TRY(stage_revoke(m, stage, auth->id, now, fingerprints));
    }
    return DONE;
}

/* With its open tokens; cannot fail. */
static void remove_auth(struct memory_store *m, size_t at)
{
    const struct system_auth *auth = m->auths.rows[at];
    for (size_t i = m->tokens.count; i > 0; i--) {
        const struct token *t = m->tokens.rows[i - 1];
        if (t->state == TOKEN_ACTIVE && is_of(t->system_auth, auth->id))
            memory_table_remove(&m->tokens, i - 1);
    }
    memory_table_remove(&m->auths, at);
}

void memory_auths_remove(struct memory_store *m, const uint8_t object[static OBJECT_ID_SIZE])
{
    for (size_t i = m->auths.count; i > 0; i--) {
        const struct system_auth *auth = m->auths.rows[i - 1];
        if (memcmp(auth->object, object, sizeof auth->object) == 0)
            remove_auth(m, i - 1);
    }
}

struct status memory_auth_delete(struct store *s, struct text tenant, const uint8_t id[static OBJECT_ID_SIZE],
                                 const struct audit_entry *audit, struct buffer *out_fingerprints)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_caller_check(m, audit));
    const struct system_auth *auth = find(m, id);
    if (!auth || !text_equal(auth->tenant, tenant))
        return STATUS(NOT_FOUND);
    TRY(stage_revoke(m, &stage, id, audit->at, out_fingerprints));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    bool found = false;
    remove_auth(m, memory_table_seek(&m->auths, auth, &found));
    m->operations++;
    return DONE;
}

/* ---- those that came to nothing ---- */

static bool came_to_something(const struct memory_store *m, const uint8_t *id)
{
    for (size_t i = 0; i < m->tokens.count; i++)
        if (is_of(((const struct token *)m->tokens.rows[i])->system_auth, id))
            return true;
    for (size_t i = 0; i < m->certificates.count; i++)
        if (is_of(((const struct memory_certificate *)m->certificates.rows[i])->c.system_auth, id))
            return true;
    return false;
}

struct status memory_auth_purge(struct store *s, int64_t before, unsigned max,
                                uint8_t at[static OBJECT_ID_SIZE], unsigned *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    struct system_auth key = {0};
    bool found = false;
    memcpy(key.id, at, sizeof key.id);
    size_t i = memory_table_seek(&m->auths, &key, &found);
    i += found;
    *out_count = 0;
    memset(at, 0, OBJECT_ID_SIZE);
    for (unsigned seen = 0; seen < max && i < m->auths.count; seen++) {
        const struct system_auth *auth = m->auths.rows[i];
        memcpy(at, auth->id, OBJECT_ID_SIZE);
        if (auth->created_at >= before || came_to_something(m, auth->id)) {
            i++;
            continue;
        }
        memory_table_remove(&m->auths, i);
        ++*out_count;
    }
    m->operations++;
    return DONE;
}
