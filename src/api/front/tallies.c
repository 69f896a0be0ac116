/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "store/store.h"

/*
 * What a front counted since it last told us (front/tally.c writes these lines, fields separated by tabs):
 *   refused <reason> <certificate, hex> <count>
 *   seen <tenant> <application> <time>
 */

#define SEEN_MAX 512 /* applications per transaction; the rest is seen again soon */

struct seen_batch {
    struct last_seen list[SEEN_MAX];
    size_t count;
};

static struct status take_refusal(struct call *c, struct text rest)
{
    struct text reason = text_cut(&rest, '\t');
    struct text fingerprint = text_cut(&rest, '\t');
    uint64_t times = 0;
    if (!text_equal(reason, TEXT("revoked")) || !text_to_u64(rest, INT32_MAX, &times))
        return STATUS(INVALID);
    const struct audit_caller caller = {
        .actor = arena_printf(c->arena, "certificate:%.*s", TEXT_ARG(fingerprint)),
    };
    connector_refused_times(c->domain->connector, TEXT("refused.revoked"), &caller, (int64_t)times);
    return DONE;
}

static struct status take_seen(struct text rest, struct seen_batch *batch)
{
    struct last_seen seen = {0};
    seen.tenant = text_cut(&rest, '\t');
    seen.name = text_cut(&rest, '\t');
    uint64_t at = 0;
    if (!text_to_u64(rest, INT64_MAX, &at))
        return STATUS(INVALID);
    seen.at = (int64_t)at;
    if (batch->count < SEEN_MAX)
        batch->list[batch->count++] = seen;
    return DONE;
}

struct status front_tallies(struct call *c)
{
    struct seen_batch *batch = arena_alloc(c->arena, sizeof *batch);
    if (!batch)
        return STATUS(NOMEM);
    struct text rest = bytes_text(c->body);
    while (rest.p && rest.n) {
        struct text line = text_cut(&rest, '\n');
        struct text kind = text_cut(&line, '\t');
        if (text_equal(kind, TEXT("refused")))
            TRY(take_refusal(c, line));
        else if (text_equal(kind, TEXT("seen")))
            TRY(take_seen(line, batch));
        else
            return error_set(&c->err, E_INVALID, "a tally of an unknown kind");
    }
    if (batch->count)
        TRY(store_application_seen(c->domain->store, batch->list, batch->count));
    return reply_empty(c, 204);
}
