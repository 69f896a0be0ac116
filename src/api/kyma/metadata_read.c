/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/metadata.h"

/* GET of one service, and what every path below /metadata has (contract 1.2, 1.10, 5). */

/* metadata.yaml of this directory, made an array by the build (scripts/embed.py). */
extern const unsigned char kyma_metadata_yaml[];
extern const size_t kyma_metadata_yaml_size;

struct status kyma_service_get(struct call *c)
{
    struct text tenant;
    struct registry_key key;
    bool no_application;
    TRY(metadata_access(c, &tenant));
    struct status s = metadata_key(c, tenant, &key, &no_application);
    if (status_ok(s))
        s = service_answer(c, &key);
    return metadata_refuse(c, s, TEXT(""));
}

struct status kyma_metadata_specification(struct call *c)
{
    struct text tenant;
    TRY(metadata_access(c, &tenant));
    buffer_append(&c->reply.body, (struct bytes){kyma_metadata_yaml, kyma_metadata_yaml_size});
    c->reply.status = 200;
    c->reply.content_type = TEXT("text/plain; charset=utf-8");
    return DONE;
}

/* The application need not exist. Its name is encoded anew: what came could be "/\evil.example". */
struct status kyma_metadata_root(struct call *c)
{
    struct text tenant;
    TRY(metadata_access(c, &tenant));
    const struct text name = path_segment_encode(c->params[0], c->arena);
    const struct text location =
        name.p ? arena_printf(c->arena, "/%.*s/v1/metadata/api.yaml", TEXT_ARG(name)) : name;
    if (!location.p)
        return STATUS(NOMEM);
    if (c->request->method == HTTP_GET) {
        buffer_printf(&c->reply.body, "<a href=\"%.*s\">Moved Permanently</a>.\n\n", TEXT_ARG(location));
        c->reply.content_type = TEXT("text/html; charset=utf-8");
    }
    c->reply.status = 301;
    return reply_header(c, TEXT("Location"), location);
}
