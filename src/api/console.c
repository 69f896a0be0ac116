/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "api/native/etag.h"
#include "console/console.h"

/*
 * The page runs nothing but its own two files and speaks to nobody but this origin, and no other page frames
 * it: whoever reaches the internal listener through it may do all that an operator may.
 */
#define POLICY                                                                                               \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "           \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static struct status put_headers(struct call *c, const struct console_asset *asset)
{
    static const struct {
        struct text name, value;
    } rows[] = {
        {TEXT_INIT("Content-Security-Policy"), TEXT_INIT(POLICY)},
        {TEXT_INIT("X-Content-Type-Options"), TEXT_INIT("nosniff")},
        {TEXT_INIT("Referrer-Policy"), TEXT_INIT("no-referrer")},
        {TEXT_INIT("Cross-Origin-Opener-Policy"), TEXT_INIT("same-origin")},
        {TEXT_INIT("Cross-Origin-Resource-Policy"), TEXT_INIT("same-origin")},
        {TEXT_INIT("Cache-Control"), TEXT_INIT("no-cache")}, /* kept, and asked about by its ETag */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        TRY(reply_header(c, rows[i].name, rows[i].value));
    return etag_put(c, asset->revision);
}

struct status api_console(struct call *c)
{
    bool known = false;
    const struct console_asset *asset = console_find(c->request->path);
    if (console_asset_count == 0)
        return reply_error(c, 404,
                           "this fairlead was built without GraphiQL: `scripts/web` makes it for the build");
    if (!asset)
        return reply_error(c, 404, "there is no such file");
    TRY(etag_is_known(c, asset->revision, &known));
    TRY(put_headers(c, asset));
    if (known)
        return reply_empty(c, 304);
    buffer_append(&c->reply.body, asset->content);
    c->reply.status = 200;
    c->reply.content_type = asset->content_type;
    return buffer_status(&c->reply.body);
}
