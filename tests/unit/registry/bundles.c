/* SPDX-License-Identifier: Apache-2.0 */
#include "bundles.h"

#include <stdio.h>
#include <stdlib.h>

const struct registry_scope shop = {.application = TEXT_INIT("shop")};

static void need(struct status s, struct world *w, const char *what)
{
    if (status_ok(s))
        return;
    fprintf(stderr, "bundles: %s: %s\n", what, error_text(&w->err, s));
    abort();
}

struct bundle_auth basic_auth(const char *username, const char *password)
{
    return (struct bundle_auth){
        .given = true,
        .credentials = {
            .basic = {.given = true, .username = text_of(username), .password = text_of(password)}}};
}

struct status bundle_make(struct world *w, const struct bundle_input *in, struct bundle *out)
{
    w->err = (struct error){0};
    return bundle_create(w->registry, &world_caller, &shop, in, &w->arena, out, &w->err);
}

struct bundle bundle_made(struct world *w, const char *name, const struct bundle_auth *auth)
{
    struct bundle b;
    struct bundle_input in = {.name = text_of(name)};
    if (auth)
        in.auth = *auth;
    need(bundle_make(w, &in, &b), w, name);
    return b;
}

struct member_input api_input(const char *name, const char *target, const char *data)
{
    return (struct member_input){.name = text_of(name),
                                 .target_url = text_of(target),
                                 .specification_given = data != NULL,
                                 .specification_type = data ? TEXT("OPEN_API") : TEXT(""),
                                 .specification_format = FORMAT_JSON,
                                 .data = data ? text_of(data) : (struct text){NULL, 0}};
}

struct status member_make(struct world *w, const struct bundle *b, enum service_role role,
                          const struct member_input *in, struct member *out)
{
    w->err = (struct error){0};
    return member_create(w->registry, &world_caller, &shop, b->row.id, role, in, &w->arena, out, &w->err);
}

struct member api_made(struct world *w, const struct bundle *b, const char *name)
{
    struct member m;
    const struct member_input in = api_input(name, "https://h.com/base", NULL);
    need(member_make(w, b, SERVICE_API, &in, &m), w, name);
    return m;
}

const char *content_of(struct world *w, const struct member *m)
{
    struct buffer b;
    buffer_init(&b, 1 << 20);
    const struct status s = member_content(w->registry, m, &b, &w->err);
    const char *copy = status_ok(s) ? arena_cstr(&w->arena, buffer_as_text(&b)) : "(none)";
    buffer_release(&b);
    return copy;
}
