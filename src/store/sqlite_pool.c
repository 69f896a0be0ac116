/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_pool.h"

#include <pthread.h>

#include "base/alloc.h"

#define READER_CACHE_KIB (8 * 1024)

struct sqlite_pool {
    char *path;
    unsigned max;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t given;
    unsigned lent;
    unsigned idle_count;
    struct sqlite_db *idle[]; /* max entries; the most recently used last, for its warm cache */
};

static void reader_free(struct sqlite_db *db)
{
    sqlite_db_close(db);
    mem_free(db);
}
OWNABLE(struct sqlite_db, reader_free);

struct status sqlite_pool_new(const char *path, unsigned max, struct sqlite_pool **out, struct error *err)
{
    struct sqlite_pool *p = mem_alloc(sizeof *p + max * sizeof(struct sqlite_db *));
    if (!p)
        return error_set(err, E_NOMEM, "out of memory");
    p->max = max;
    must(pthread_mutex_init(&p->lock, NULL) == 0);
    must(pthread_cond_init(&p->given, NULL) == 0);
    p->path = mem_strndup(path, strlen(path));
    if (!p->path) {
        sqlite_pool_free(p);
        return error_set(err, E_NOMEM, "out of memory");
    }
    *out = p;
    return DONE;
}

void sqlite_pool_free(struct sqlite_pool *p)
{
    if (!p)
        return;
    must(p->lent == 0);
    for (unsigned i = 0; i < p->idle_count; i++)
        reader_free(p->idle[i]);
    (void)pthread_cond_destroy(&p->given);
    (void)pthread_mutex_destroy(&p->lock);
    mem_free(p->path);
    mem_free(p);
}

static struct status reader_new(const char *path, struct sqlite_db **out)
{
    OWNED(reader_free) struct sqlite_db *db = mem_alloc(sizeof *db);
    if (!db)
        return STATUS(NOMEM);
    TRY(sqlite_db_open(db, path, READER_CACHE_KIB, NULL));
    TRY(sqlite_exec(db, "PRAGMA query_only=ON", NULL));
    *out = TAKE(db);
    return DONE;
}

struct status sqlite_pool_take(struct sqlite_pool *p, struct sqlite_reader *out)
{
    struct sqlite_db *db = NULL;
    (void)pthread_mutex_lock(&p->lock);
    while (p->lent == p->max)
        (void)pthread_cond_wait(&p->given, &p->lock);
    p->lent++;
    if (p->idle_count > 0)
        db = p->idle[--p->idle_count];
    (void)pthread_mutex_unlock(&p->lock);

    struct status s = db ? DONE : reader_new(p->path, &db);
    *out = (struct sqlite_reader){p, db};
    if (!status_ok(s))
        sqlite_pool_give(out);
    return s;
}

void sqlite_pool_give(struct sqlite_reader *r)
{
    struct sqlite_pool *p = r->pool;
    if (!p)
        return;
    (void)pthread_mutex_lock(&p->lock);
    p->lent--;
    if (r->db) /* NULL: opening failed */
        p->idle[p->idle_count++] = r->db;
    (void)pthread_mutex_unlock(&p->lock);
    (void)pthread_cond_signal(&p->given);
    *r = (struct sqlite_reader){NULL, NULL};
}
