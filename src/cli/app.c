/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/json_out.h"
#include "base/own.h"
#include "cli/json_list.h"
#include "cli/table.h"

#define BODY_MAX 65536

static void application_target(struct cli *c, struct buffer *target)
{
    buffer_init(target, BODY_MAX);
    buffer_cstr(target, "/api/v1/applications/");
    cli_segment(target, c->args.positional[0]);
    cli_query(target, "tenant", args_value(&c->args, "tenant"));
}

static struct status show(struct cli *c, struct text json, const char *done, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    TRY(cli_output(c, &output, err));
    if (output == OUTPUT_JSON) {
        buffer_text(&c->out, json);
        buffer_byte(&c->out, '\n');
        return DONE;
    }
    if (done)
        buffer_printf(&c->out, "%s\n", done);
    const struct fact facts[] = {
        {"Name", json_string(json, "name", &c->arena)},
        {"Tenant", json_string(json, "tenant", &c->arena)},
        {"Description", json_string(json, "description", &c->arena)},
        {"Created", json_string(json, "createdAt", &c->arena)},
        {"Last seen", json_string(json, "lastSeenAt", &c->arena)},
    };
    cli_facts(c, facts, sizeof facts / sizeof facts[0]);
    return DONE;
}

struct status command_app_create(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, BODY_MAX);
    struct json_out j;
    json_out_init(&j, &body);
    json_open_object(&j, NULL);
    json_cstr(&j, "name", c->args.positional[0]);
    if (args_value(&c->args, "description"))
        json_cstr(&j, "description", args_value(&c->args, "description"));
    if (args_value(&c->args, "tenant"))
        json_cstr(&j, "tenant", args_value(&c->args, "tenant"));
    json_end(&j);
    TRY(buffer_status(&body));
    struct text json;
    TRY(cli_call(c, HTTP_POST, TEXT("/api/v1/applications"), buffer_as_text(&body), &json, err));
    TRY(show(c, json, NULL, err));
    if (output == OUTPUT_TABLE) {
        const char *name = c->args.positional[0];
        buffer_printf(&c->out, "\nNext: fairlead token create %s", name[0] == '-' ? "-- " : "");
        shell_word(text_of(name), &c->out);
        buffer_byte(&c->out, '\n');
    }
    return DONE;
}

struct status command_app_list(struct cli *c, struct error *err)
{
    static const struct column columns[] = {
        {"NAME", "name", COLUMN_TEXT},
        {"TENANT", "tenant", COLUMN_TEXT},
        {"AGE", "createdAt", COLUMN_AGE},
        {"LAST SEEN", "lastSeenAt", COLUMN_AGE},
        {"DESCRIPTION", "description", COLUMN_TEXT},
        {NULL, NULL, COLUMN_TEXT},
    };
    static const struct list_view view = {.member = "applications",
                                          .none = "No applications: `fairlead app create NAME` makes one.",
                                          .columns = columns};
    OWNED(buffer_release) struct buffer target;
    buffer_init(&target, BODY_MAX);
    buffer_cstr(&target, "/api/v1/applications?limit=500");
    cli_query(&target, "contains", c->args.positional[0]);
    TRY(buffer_status(&target));
    return cli_list(c, buffer_as_text(&target), &view, 0, NULL, err);
}

struct status command_app_show(struct cli *c, struct error *err)
{
    OWNED(buffer_release) struct buffer target;
    application_target(c, &target);
    TRY(buffer_status(&target));
    struct text json;
    TRY(cli_call(c, HTTP_GET, buffer_as_text(&target), (struct text){NULL, 0}, &json, err));
    return show(c, json, NULL, err);
}

struct status command_app_delete(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    TRY(cli_output(c, &output, err));
    bool asked = false;
    if (!args_has(&c->args, "yes") &&
        !cli_confirm("Delete it, with its tokens, and revoke all its certificates?", &asked)) {
        if (asked)
            return error_set(err, E_DENIED, "nothing was deleted");
        return cli_usage(c, err, "deleting revokes all certificates of the application: add --yes to do it");
    }
    OWNED(buffer_release) struct buffer target;
    application_target(c, &target);
    TRY(buffer_status(&target));
    struct text json;
    TRY(cli_call(c, HTTP_DELETE, buffer_as_text(&target), (struct text){NULL, 0}, &json, err));
    if (output == OUTPUT_JSON)
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json.n ? json : TEXT("{}")));
    else
        cli_progress("Deleted; its certificates are refused from now on.");
    return DONE;
}
