/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/kyma.h"

/* api.yaml of this directory, made an array by the build (scripts/embed.py). */
extern const unsigned char kyma_api_yaml[];
extern const size_t kyma_api_yaml_size;

struct status kyma_root(struct call *c)
{
    buffer_text(&c->reply.body, TEXT("<a href=\"/v1/api.yaml\">Moved Permanently</a>.\n\n"));
    c->reply.status = 301;
    c->reply.content_type = TEXT("text/html; charset=utf-8");
    return reply_header(c, TEXT("Location"), TEXT("/v1/api.yaml"));
}

struct status kyma_specification(struct call *c)
{
    buffer_append(&c->reply.body, (struct bytes){kyma_api_yaml, kyma_api_yaml_size});
    c->reply.status = 200;
    c->reply.content_type =
        TEXT("text/plain; charset=utf-8"); /* what the original's image sends (contract 3.6) */
    return DONE;
}

/* Advertised by the original and missing there; who asks here is answered. */
struct status kyma_health(struct call *c)
{
    return reply_empty(c, 200);
}
