/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first byte chooses a route with a JSON body, the rest is the body -> api_dispatch: body_object,
 * body_text and the checks of each handler. The answer is never 5xx, and is JSON by our own scanner.
 */

#include <stdlib.h>

#include "ask.h"
#include "base/json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    const char *target;
    enum route_listener listener;
} routes[] = {
    {"/api/v1/applications", ON_CONTROL},
    {"/api/v1/tokens", ON_CONTROL},
    {"/api/v1/applications/app/revocation", ON_CONTROL},
    {"/api/v1/certificates/00000000000000000000000000000000000000000000000000000000000000aa/revocation",
     ON_CONTROL},
    {"/v1/applications/certificates/revocations", ON_INTERNAL},
};

static struct world *world;

/* Its directory under /tmp goes with it. */
static void stop(void)
{
    world_close(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (!world || world->arena.total > (8u << 20)) {
        if (world)
            world_close(world);
        else
            must(atexit(stop) == 0);
        world = world_open(NULL);
    }
    const size_t which = (uint8_t)(data[0] - '0') % (sizeof routes / sizeof routes[0]);
    const struct ask in = {.method = HTTP_POST,
                           .target = routes[which].target,
                           .listener = routes[which].listener,
                           .principal = ask_loopback(),
                           .body = {(const char *)data + 1, size - 1}};
    const struct answer got = ask(world, &in);
    must(got.status >= 200 && got.status < 500);
    must(got.body.n == 0 || status_ok(json_scan(got.body, NULL)));
    return 0;
}
