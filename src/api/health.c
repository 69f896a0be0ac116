/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "base/clock.h"
#include "base/json_out.h"

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

/* What a client may expect to be understood, whichever listener it reaches: the generations of Kyma and the
 * oldest Compass whose requests are answered as they were. */
struct status api_version(struct call *c)
{
    static const char *const kyma[] = {"0.4", "0.5", "1.x", "2.x"};
    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_cstr(&j, "name", "fairlead");
    json_cstr(&j, "version", FAIRLEAD_VERSION);
    json_cstr(&j, "compass", "1.8+");
    json_open_array(&j, "kyma");
    for (size_t i = 0; i < sizeof kyma / sizeof kyma[0]; i++)
        json_cstr(&j, NULL, kyma[i]);
    json_end(&j);
    json_end(&j);
    return DONE;
}
