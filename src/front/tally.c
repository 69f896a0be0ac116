/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"

/*
 * Refusals and last-seen times are counted here and told to the core once in a while (DESIGN 3.1, 14): a peer
 * that is refused a million times costs one audit row a minute and no request to the core each.
 *
 * Body of POST /front/tallies, one line each, fields separated by tabs (none of them may hold one: names are
 * checked, hex is hex): refused <tab> reason <tab> identity <tab> count seen <tab> tenant <tab> application
 * <tab> unix time
 */

#define TALLIES_MAX    1024 /* of each kind: all lines fit into one body, names of 64 characters included */
#define TALLY_BODY_MAX (256u * 1024)

struct tally {
    int64_t value;
};

static struct tally *find_tally(struct map *m, struct bytes key)
{
    struct tally *t = map_get(m, key);
    if (t || m->count >= TALLIES_MAX)
        return t;
    t = mem_alloc(sizeof *t);
    if (t && !status_ok(map_put(m, key, t))) {
        mem_free(t);
        t = NULL;
    }
    return t;
}

void front_tally_refusal(struct front *f, const char *reason, struct text identity)
{
    OWNED(buffer_release) struct buffer key;
    buffer_init(&key, 1024);
    buffer_printf(&key, "%s\t%.*s", reason, TEXT_ARG(identity));
    struct tally *t = status_ok(buffer_status(&key)) ? find_tally(&f->tallies, buffer_bytes(&key)) : NULL;
    if (t)
        t->value++;
}

void front_tally_seen(struct front *f, const struct hop_identity *id)
{
    uint8_t key[160];
    if (id->application.n == 0 || id->tenant.n + id->application.n + 1 > sizeof key)
        return;
    memcpy(key, id->tenant.p ? id->tenant.p : "", id->tenant.n);
    key[id->tenant.n] = '\t';
    memcpy(key + id->tenant.n + 1, id->application.p, id->application.n);
    struct tally *t = find_tally(&f->seen, (struct bytes){key, id->tenant.n + 1 + id->application.n});
    if (t)
        t->value = clock_now_s();
}

static void append_lines(struct map *m, const char *kind, struct buffer *body)
{
    size_t cursor = 0;
    struct bytes key;
    void *value;
    while (map_next(m, &cursor, &key, &value)) {
        buffer_printf(body, "%s\t%.*s\t%lld\n", kind, TEXT_ARG(bytes_text(key)),
                      (long long)((struct tally *)value)->value);
        mem_free(value);
    }
    size_t max = m->max;
    map_release(m);
    map_init(m, max);
}

static void told_head(void *owner, const struct response *head)
{
    (void)owner;
    (void)head;
}
static void told_body(void *owner, struct bytes chunk)
{
    (void)owner;
    (void)chunk;
}
static void told_end(void *owner)
{
    struct front *f = owner;
    f->telling--;
    front_check_stopped(f);
}
static void told_failed(void *owner, enum pool_failure why, bool answer_started)
{
    (void)why; /* tallies are counts of refusals: losing some with a dying core is accepted */
    (void)answer_started;
    told_end(owner);
}
static const struct pool_events told = {told_head, told_body, told_end, told_failed};

void front_tally_flush(struct front *f)
{
    if (f->tallies.count == 0 && f->seen.count == 0)
        return;
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, TALLY_BODY_MAX);
    append_lines(&f->tallies, "refused", &body);
    append_lines(&f->seen, "seen", &body);
    OWNED(buffer_release) struct buffer request;
    buffer_init(&request, TALLY_BODY_MAX + HOP_PREAMBLE_MAX + 1024);
    front_write_question(f, HTTP_POST, TEXT("/front/tallies"), buffer_bytes(&body), &request);
    if (status_ok(buffer_status(&body)) && status_ok(buffer_status(&request)) &&
        pool_send(f->edge, HTTP_POST, buffer_bytes(&request), false, &told, f))
        f->telling++;
}

void front_tally_release(struct front *f)
{
    struct map *maps[] = {&f->tallies, &f->seen};
    for (size_t i = 0; i < 2; i++) {
        size_t cursor = 0;
        struct bytes key;
        void *value;
        while (map_next(maps[i], &cursor, &key, &value))
            mem_free(value);
        map_release(maps[i]);
    }
}
