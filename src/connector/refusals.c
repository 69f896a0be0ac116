/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

#include "base/alloc.h"
#include "base/clock.h"

/*
 * A client that is refused a thousand times a second must not write a thousand audit rows (DESIGN 3.1, 14).
 * Each (action, who) is counted in memory and becomes one row a minute. When there are more kinds of who than
 * fit, the rest share one row per action.
 */

#define FLUSH_EVERY_MS 60000
#define TALLY_TEXT_MAX 256
#define TALLIES_KEPT   (TALLIES_MAX - 64) /* the rest is for "others" of each action */

static const struct text others = TEXT_INIT("others");

struct tally {
    struct text action; /* constant */
    int64_t first_at, last_at, count;
    size_t actor_n, address_n, agent_n, request_n;
    char actor[TALLY_TEXT_MAX], address[TALLY_TEXT_MAX], agent[TALLY_TEXT_MAX],
        request[64]; /* the last one's */
};

static size_t keep(char *out, size_t size, struct text t)
{
    const struct text cut = text_first(t, size);
    for (size_t i = 0; i < cut.n; i++)
        out[i] = cut.p[i];
    return cut.n;
}

/* "203.0.113.7:51234" without the port: it changes with every connection. */
static struct text host_of(struct text address)
{
    for (size_t i = address.n; i > 0; i--) {
        if (address.p[i - 1] == ':')
            return text_first(address, i - 1);
    }
    return address;
}

static struct tally *tally_of(struct connector_shared *s, struct text action, struct text who)
{
    char key[2 * TALLY_TEXT_MAX];
    size_t n = keep(key, TALLY_TEXT_MAX - 1, action);
    key[n++] = 0;
    n += keep(key + n, TALLY_TEXT_MAX, who);
    const struct bytes bytes = {(const uint8_t *)key, n};
    struct tally *t = map_get(&s->tallies, bytes);
    if (t)
        return t;
    if (s->tallies.count >= TALLIES_KEPT && !text_equal(who, others))
        return tally_of(s, action, others);
    t = mem_alloc(sizeof *t);
    if (!t)
        return NULL;
    t->action = action;
    t->first_at = clock_now_s();
    t->actor_n = keep(t->actor, sizeof t->actor, who);
    if (!status_ok(map_put(&s->tallies, bytes, t))) {
        mem_free(t);
        return NULL;
    }
    return t;
}

void connector_refused(struct connector *c, struct text action, const struct audit_caller *caller)
{
    connector_refused_times(c, action, caller, 1);
}

void connector_refused_times(struct connector *c, struct text action, const struct audit_caller *caller,
                             int64_t times)
{
    struct connector_shared *s = c->shared;
    const struct text who = caller->actor.n > 0 ? caller->actor : host_of(caller->address);
    pthread_mutex_lock(&s->lock);
    struct tally *t = tally_of(s, action, who);
    if (t) {
        t->count += times;
        t->last_at = clock_now_s();
        t->address_n = keep(t->address, sizeof t->address, caller->address);
        t->agent_n = keep(t->agent, sizeof t->agent, caller->user_agent);
        t->request_n = keep(t->request, sizeof t->request, caller->request_id);
    }
    pthread_mutex_unlock(&s->lock);
}

static struct audit_entry entry_of(const struct tally *t)
{
    return (struct audit_entry){
        .at = t->first_at,
        .last_at = t->last_at,
        .count = t->count,
        .action = t->action,
        .actor = {t->actor, t->actor_n},
        .address = {t->address, t->address_n},
        .user_agent = {t->agent, t->agent_n},
        .request_id = {t->request, t->request_n},
    };
}

static void free_all(struct map *tallies)
{
    size_t cursor = 0;
    struct bytes key;
    void *value = NULL;
    while (map_next(tallies, &cursor, &key, &value))
        mem_free(value);
    map_release(tallies);
}

void tallies_free(struct connector_shared *s)
{
    free_all(&s->tallies);
}

/* What could not be written counts on; what came meanwhile under the same key is added. */
static void put_back(struct connector_shared *s, struct map *taken)
{
    size_t cursor = 0;
    struct bytes key;
    void *value = NULL;
    pthread_mutex_lock(&s->lock);
    while (map_next(taken, &cursor, &key, &value)) {
        struct tally *old = value;
        struct tally *newer = map_get(&s->tallies, key);
        if (newer) {
            newer->count += old->count;
            newer->first_at = old->first_at;
            mem_free(old);
        } else if (!status_ok(map_put(&s->tallies, key, old))) {
            mem_free(old);
        }
    }
    pthread_mutex_unlock(&s->lock);
    map_release(taken);
}

/* All in one transaction: there are at most TALLIES_MAX of them, once a minute. */
static struct status write_all(struct store *store, const struct map *taken)
{
    struct audit_entry *entries = mem_array(taken->count, sizeof *entries);
    if (!entries)
        return STATUS(NOMEM);
    size_t cursor = 0;
    size_t n = 0;
    struct bytes key;
    void *value = NULL;
    while (map_next(taken, &cursor, &key, &value))
        entries[n++] = entry_of(value);
    const struct status written = store_audit_append(store, entries, n);
    mem_free(entries);
    return written;
}

struct status connector_flush_refusals(struct connector *c, bool force)
{
    struct connector_shared *s = c->shared;
    const int64_t now_ms = clock_monotonic_ms();
    struct map taken;
    map_init(&taken, TALLIES_MAX);
    pthread_mutex_lock(&s->lock);
    if (s->tallies.count > 0 && (force || now_ms - s->flushed_at_ms >= FLUSH_EVERY_MS)) {
        taken = s->tallies;
        map_init(&s->tallies, TALLIES_MAX);
        s->flushed_at_ms = now_ms;
    }
    pthread_mutex_unlock(&s->lock);
    if (taken.count == 0)
        return DONE;
    const struct status written = write_all(c->parts.store, &taken);
    if (status_ok(written))
        free_all(&taken);
    else
        put_back(s, &taken);
    return written;
}
