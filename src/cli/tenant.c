/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/json_out.h"
#include "base/own.h"
#include "cli/json_list.h"

#define BODY_MAX 65536

struct status command_tenant_create(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json;
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, BODY_MAX);
    struct json_out j;
    json_out_init(&j, &body);
    json_open_object(&j, NULL);
    json_cstr(&j, "externalId", c->args.positional[0]);
    if (args_value(&c->args, "name"))
        json_cstr(&j, "name", args_value(&c->args, "name"));
    if (args_value(&c->args, "type"))
        json_cstr(&j, "type", args_value(&c->args, "type"));
    json_end(&j);
    TRY(buffer_status(&body));
    TRY(cli_call(c, HTTP_POST, TEXT("/api/v1/tenants"), buffer_as_text(&body), &json, err));
    if (output == OUTPUT_JSON) {
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
        return DONE;
    }
    struct arena *a = &c->arena;
    const struct fact facts[] = {
        {"ID", json_string(json, "externalId", a)},     {"Internal ID", json_string(json, "internalId", a)},
        {"Name", json_string(json, "name", a)},         {"Type", json_string(json, "type", a)},
        {"Created", json_string(json, "createdAt", a)},
    };
    cli_facts(c, facts, sizeof facts / sizeof facts[0]);
    return DONE;
}

struct status command_tenant_list(struct cli *c, struct error *err)
{
    static const struct column columns[] = {
        {"ID", "externalId", COLUMN_TEXT}, {"TYPE", "type", COLUMN_TEXT}, {"DEFAULT", "default", COLUMN_TEXT},
        {"AGE", "createdAt", COLUMN_AGE},  {"NAME", "name", COLUMN_CUT},  {NULL, NULL, COLUMN_TEXT},
    };
    static const struct list_view view = {
        .member = "tenants",
        .none = "No tenants: `fairlead tenant create ID` makes one.",
        .columns = columns,
        .cursor = "offset",
    };
    OWNED(buffer_release) struct buffer target;
    buffer_init(&target, BODY_MAX);
    buffer_cstr(&target, "/api/v1/tenants?limit=500");
    cli_query(&target, "contains", c->args.positional[0]);
    TRY(buffer_status(&target));
    return cli_list(c, buffer_as_text(&target), &view, 0, NULL, err);
}

struct status command_tenant_delete(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json;
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer target;
    buffer_init(&target, BODY_MAX);
    buffer_cstr(&target, "/api/v1/tenants/");
    cli_segment(&target, c->args.positional[0]);
    TRY(buffer_status(&target));
    TRY(cli_call(c, HTTP_DELETE, buffer_as_text(&target), (struct text){NULL, 0}, &json, err));
    if (output == OUTPUT_JSON)
        buffer_cstr(&c->out, "{}\n");
    else
        cli_progress("Deleted.");
    return DONE;
}
