/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "base/clock.h"

static struct status plain(struct call *c, int status, struct text body)
{
    c->reply.status = status;
    c->reply.content_type = TEXT("text/plain; charset=utf-8");
    buffer_text(&c->reply.body, body);
    return DONE;
}

/* Liveness: this process answers. The front says so itself on its listeners; this is for the control socket.
 */
struct status api_healthz(struct call *c)
{
    return plain(c, 200, TEXT("ok\n"));
}

/* Readiness: the store answers too. */
struct status api_readyz(struct call *c)
{
    struct store_counts counts;
    const struct status s = store_counts(c->domain->store, clock_now_s(), &counts);
    if (!status_ok(s))
        return plain(c, 503, TEXT("the store does not answer\n"));
    return plain(c, 200, TEXT("ready\n"));
}
