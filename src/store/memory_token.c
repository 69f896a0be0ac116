/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_directory.h"

#include <stdlib.h>

#include "base/alloc.h"

const struct memory_shape memory_token_shape = {
    sizeof(struct token),
    7,
    {offsetof(struct token, system_auth), offsetof(struct token, id), offsetof(struct token, tenant),
     offsetof(struct token, group), offsetof(struct token, application), offsetof(struct token, created_by),
     offsetof(struct token, ended_by)},
};

static struct token *find(struct memory_store *m, const uint8_t hash[static SHA256_SIZE])
{
    struct token key = {0};
    memcpy(key.hash, hash, SHA256_SIZE);
    return memory_table_find(&m->tokens, &key);
}

static struct status stage_new(struct memory_store *m, struct memory_stage *stage, const struct token *token)
{
    if (find(m, token->hash))
        return STATUS(CONFLICT);
    struct token row = *token;
    row.state = TOKEN_ACTIVE;
    row.ended_at = 0;
    row.id = row.ended_by = TEXT("");
    return memory_stage_add(stage, &m->tokens, memory_copy(&memory_token_shape, &row, NULL));
}

static struct status stage_end(struct memory_store *m, struct memory_stage *stage, const struct token *token,
                               enum token_state state, int64_t now, struct text by)
{
    struct token row = *token;
    row.state = state;
    row.ended_at = now;
    row.ended_by = by;
    return memory_stage_add(stage, &m->tokens, memory_copy(&memory_token_shape, &row, NULL));
}

struct status memory_stage_token_use(struct memory_store *m, struct memory_stage *stage,
                                     const uint8_t hash[static SHA256_SIZE], int64_t now,
                                     const struct audit_entry *audit)
{
    const struct token *token = find(m, hash);
    if (!token || token_state_at(token->state, token->expires_at, now) != TOKEN_ACTIVE)
        return STATUS(CONFLICT);
    return stage_end(m, stage, token, TOKEN_USED, now, audit_consumer(audit));
}

/* ---- writing ---- */

static struct status stage_application(struct memory_store *m, struct memory_stage *stage,
                                       const struct token_create *in)
{
    const struct token *token = &in->token;
    bool wanted = in->create_application || in->require_application;
    if (!wanted || memory_application(m, token->tenant, token->application))
        return DONE;
    if (!in->create_application)
        return STATUS(NOT_FOUND);
    struct application app = {
        .tenant = token->tenant,
        .name = token->application,
        .created_at = token->created_at,
        .auto_created = true,
    };
    return memory_stage_application(m, stage, &app);
}

static struct status stage_replacements(struct memory_store *m, struct memory_stage *stage,
                                        const struct token *newest, const struct audit_entry *audit)
{
    for (size_t i = 0; i < m->tokens.count; i++) {
        const struct token *t = m->tokens.rows[i];
        const bool by_auth = newest->system_auth.n > 0;
        bool same = by_auth ? bytes_equal(t->system_auth, newest->system_auth)
                            : t->kind == newest->kind && text_equal(t->tenant, newest->tenant) &&
                                  text_equal(t->group, newest->group) &&
                                  text_equal(t->application, newest->application);
        if (same && token_state_at(t->state, t->expires_at, newest->created_at) == TOKEN_ACTIVE)
            TRY(stage_end(m, stage, t, TOKEN_REPLACED, newest->created_at, audit->actor));
    }
    return DONE;
}

struct status memory_token_create(struct store *s, const struct token_create *in,
                                  const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_caller_check(m, audit));
    TRY(stage_application(m, &stage, in));
    const bool by_auth = in->token.system_auth.n > 0;
    if (by_auth && !memory_auth_exists(m, in->token.tenant, in->token.system_auth))
        return STATUS(NOT_FOUND);
    if (by_auth || in->replaces_others)
        TRY(stage_replacements(m, &stage, &in->token, audit));
    TRY(stage_new(m, &stage, &in->token));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

struct status memory_token_exchange(struct store *s, const uint8_t old[static SHA256_SIZE],
                                    const struct token *next, int64_t now, const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_stage_token_use(m, &stage, old, now, audit));
    TRY(stage_new(m, &stage, next));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

struct status memory_token_revoke(struct store *s, const uint8_t low[static SHA256_SIZE],
                                  const uint8_t high[static SHA256_SIZE], int64_t now,
                                  const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    const struct token *token = NULL;
    for (size_t i = 0; i < m->tokens.count; i++) {
        const struct token *t = m->tokens.rows[i];
        if (memcmp(t->hash, low, SHA256_SIZE) < 0 || memcmp(t->hash, high, SHA256_SIZE) > 0)
            continue;
        if (token)
            return STATUS(CONFLICT);
        token = t;
    }
    if (!token)
        return STATUS(NOT_FOUND);
    if (token_state_at(token->state, token->expires_at, now) != TOKEN_ACTIVE)
        return STATUS(CONFLICT);
    TRY(stage_end(m, &stage, token, TOKEN_REVOKED, now, audit->actor));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

struct status memory_token_purge(struct store *s, int64_t before, unsigned max, unsigned *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    unsigned count = 0;
    for (size_t i = m->tokens.count; i > 0 && count < max; i--) {
        const struct token *t = m->tokens.rows[i - 1];
        if ((t->state == TOKEN_ACTIVE ? t->expires_at : t->ended_at) < before) {
            memory_table_remove(&m->tokens, i - 1);
            count++;
        }
    }
    m->operations++;
    *out_count = count;
    return DONE;
}

void memory_delete_open_tokens(struct memory_store *m, struct text tenant, struct text application)
{
    for (size_t i = m->tokens.count; i > 0; i--) {
        const struct token *t = m->tokens.rows[i - 1];
        if (t->state == TOKEN_ACTIVE && text_equal(t->tenant, tenant) &&
            text_equal(t->application, application))
            memory_table_remove(&m->tokens, i - 1);
    }
}

/* ---- reading ---- */

int64_t memory_count_live_tokens(const struct memory_store *m, int64_t now)
{
    int64_t count = 0;
    for (size_t i = 0; i < m->tokens.count; i++) {
        const struct token *t = m->tokens.rows[i];
        count += token_state_at(t->state, t->expires_at, now) == TOKEN_ACTIVE;
    }
    return count;
}

static struct status copy_out(const struct token *row, int64_t now, struct arena *a, struct token *out)
{
    struct token copy;
    TRY(memory_copy_to(&memory_token_shape, row, a, &copy));
    copy.state = token_state_at(copy.state, copy.expires_at, now);
    copy.id = token_id(copy.hash, a);
    if (!copy.id.p)
        return STATUS(NOMEM);
    *out = copy;
    return DONE;
}

struct status memory_token_find(struct store *s, const uint8_t hash[static SHA256_SIZE], int64_t now,
                                struct arena *a, struct token *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    const struct token *token = find(m, hash);
    return token ? copy_out(token, now, a, out) : STATUS(NOT_FOUND);
}

/* (created_at, hash), both falling. */
static int newest_first(const void *a, const void *b)
{
    const struct token *x = *(const struct token *const *)a, *y = *(const struct token *const *)b;
    if (x->created_at != y->created_at)
        return x->created_at < y->created_at ? 1 : -1;
    return memcmp(y->hash, x->hash, SHA256_SIZE);
}

static bool is_wanted(const struct token_filter *f, const struct token_position *after, const struct token *t)
{
    bool later = !after->set || t->created_at < after->created_at ||
                 (t->created_at == after->created_at && memcmp(t->hash, after->floor, SHA256_SIZE) < 0);
    return later && (f->application.n == 0 || text_equal(f->application, t->application)) &&
           (!f->active_only || token_state_at(t->state, t->expires_at, f->now) == TOKEN_ACTIVE);
}

static struct status collect(struct store *s, const struct token_filter *f,
                             const struct token_position *after, unsigned limit, struct arena *a,
                             struct token **out, size_t *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    const struct token **rows = arena_array(a, m->tokens.count + 1, sizeof(struct token *));
    struct token *copies = arena_array(a, limit, sizeof *copies);
    if (!rows || !copies)
        return STATUS(NOMEM);
    size_t count = 0;
    for (size_t i = 0; i < m->tokens.count; i++)
        if (is_wanted(f, after, m->tokens.rows[i]))
            rows[count++] = m->tokens.rows[i];
    qsort(rows, count, sizeof *rows, newest_first);
    count = count < limit ? count : limit;
    for (size_t i = 0; i < count; i++)
        TRY(copy_out(rows[i], f->now, a, &copies[i]));
    *out = copies;
    *out_count = count;
    return DONE;
}

struct status memory_token_list(struct store *s, const struct token_filter *f,
                                const struct token_position *after, unsigned limit, struct arena *a,
                                token_row *row, void *ctx)
{
    struct token *tokens = NULL;
    size_t count = 0;
    TRY(collect(s, f, after, limit, a, &tokens, &count));
    for (size_t i = 0; i < count && row(ctx, &tokens[i]); i++)
        ;
    return DONE;
}
