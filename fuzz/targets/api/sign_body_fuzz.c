/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes as the body of POST /v1/applications/certificates with a good token -> api_dispatch: the dropping of
 * line breaks, json_scan, json_member, base64, PEM, the request's DER, its subject. Whatever comes, the
 * answer is 400 in the contract's shape (one JSON object with code and error), or 201 for a real request;
 * never 5xx, and a refused body leaves the token valid.
 */

#include <jansson.h>
#include <stdlib.h>

#include "ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct world *world;

/* Its directory under /tmp goes with it. */
static void stop(void)
{
    world_close(world);
}
static const char *target;

static void new_token(void)
{
    const struct connector_holder h = world_application("app");
    const struct text token = world_token(world, &h);
    target = arena_cstr(&world->arena, arena_printf(&world->arena, "/v1/applications/certificates?token=%.*s",
                                                    TEXT_ARG(token)));
}

static void start(void)
{
    static const char *const set[] = {"token.application_ttl=30d", NULL};
    if (world)
        world_close(world);
    else
        must(atexit(stop) == 0);
    world = world_open(set);
    new_token();
}

static void check_refusal(struct text body, int status)
{
    json_t *json = json_loadb(body.p, body.n, 0, NULL);
    must(json && json_object_size(json) == 2);
    must(json_integer_value(json_object_get(json, "code")) == status);
    must(json_string_length(json_object_get(json, "error")) > 0);
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The arena of a world only grows. */
    if (!world || world->arena.total > (8u << 20))
        start();
    const struct ask in = {
        .method = HTTP_POST, .target = target, .listener = ON_CONNECTOR, .body = {(const char *)data, size}};
    const struct answer got = ask(world, &in);
    must(got.status == 400 || got.status == 201);
    if (got.status == 201)
        new_token();
    else
        check_refusal(got.body, got.status);
    return 0;
}
