/* SPDX-License-Identifier: Apache-2.0 */
#include "shop.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_central(const struct world *w)
{
    return connector_settings_of(w->connector)->central;
}

void shop_application(struct world *w, const char *name)
{
    must(status_ok(connector_application_create(w->connector, &world_caller,
                                                is_central(w) ? TEXT("acme") : TEXT(""), text_of(name),
                                                TEXT(""), TEXT(""), &w->err)));
}

struct world *shop_open(const char *const *set)
{
    struct world *w = world_open(set);
    shop_application(w, "app1");
    shop_application(w, "app2");
    return w;
}

struct principal shop_certificate(const char *application)
{
    return (struct principal){
        .kind = PRINCIPAL_CERTIFICATE, .certificate = CERT_ACTIVE, .application = text_of(application)};
}

struct answer shop(struct world *w, enum http_method method, const char *target, const char *body)
{
    const struct ask in = {.method = method,
                           .target = target,
                           .listener = ON_GATEWAY,
                           .principal = shop_certificate("app1"),
                           .body = text_of(body)};
    return ask(w, &in);
}

struct answer shop_operator(struct world *w, enum http_method method, const char *target, const char *body)
{
    const struct ask in = {.method = method,
                           .target = target,
                           .listener = ON_INTERNAL,
                           .principal = ask_loopback(),
                           .body = text_of(body)};
    return ask(w, &in);
}

const char *shop_register(struct world *w, const char *body)
{
    const struct answer made = shop(w, HTTP_POST, SHOP, body);
    if (made.status != 200) {
        fprintf(stderr, "register: %d %.*s\n", made.status, TEXT_ARG(made.body));
        abort();
    }
    return arena_cstr(&w->arena, answer_member(w, made.body, "id"));
}

const char *shop_path(struct world *w, const char *id)
{
    return shop_printf(w, SHOP "/%s", id);
}

const char *shop_printf(struct world *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    must(n >= 0);
    char *out = arena_alloc(&w->arena, (size_t)n + 1);
    must(out);
    va_start(args, fmt);
    (void)vsnprintf(out, (size_t)n + 1, fmt, args);
    va_end(args);
    return out;
}

bool says(struct answer a, const char *part)
{
    return memmem(a.body.p, a.body.n, part, strlen(part)) != NULL;
}
