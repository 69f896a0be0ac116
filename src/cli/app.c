/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/json_out.h"
#include "base/own.h"
#include "cli/call_options.h"
#include "cli/input.h"
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

/* The server counts to a thousand and then says so much and more. */
static struct text certificates(struct cli *c, struct text json)
{
    struct text count = json_shown(json, "certificates", &c->arena);
    struct text first = json_string(json, "certificateExpiresAt", &c->arena);
    if (count.n == 0)
        return count;
    if (first.n > 0)
        return arena_printf(&c->arena, "%.*s active, the first ends %.*s", TEXT_ARG(count), TEXT_ARG(first));
    return arena_printf(&c->arena, "%.*s%s active", TEXT_ARG(count),
                        text_equal(count, TEXT("1000")) ? " or more" : "");
}

/* --label and --remove-label over the labels that are there; *out_json lives in the arena. */
static struct status labels(struct cli *c, struct text before, struct text *out_json, struct error *err)
{
    const char *words[ARGS_OPTIONS_MAX];
    const char *removed[ARGS_OPTIONS_MAX];
    const struct input_labels in = {.words = words,
                                    .count = args_values(&c->args, "label", words, ARGS_OPTIONS_MAX),
                                    .removed = removed,
                                    .removed_count =
                                        args_values(&c->args, "remove-label", removed, ARGS_OPTIONS_MAX)};
    OWNED(buffer_release) struct buffer json;
    buffer_init(&json, BODY_MAX);
    TRY(input_put_labels(c, &in, before, &json, err));
    *out_json = arena_text(&c->arena, buffer_as_text(&json));
    return out_json->p ? DONE : STATUS(NOMEM);
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
    struct text labels = json_shown(json, "labels", &c->arena);
    struct service_facts facts = {.arena = &c->arena};
    service_fact(&facts, "Name", json_string(json, "name", &c->arena));
    service_fact(&facts, "Tenant", json_string(json, "tenant", &c->arena));
    service_fact(&facts, "Description", json_string(json, "description", &c->arena));
    service_fact(&facts, "Labels", labels.n ? cli_pairs(labels, &c->arena) : labels);
    service_fact(&facts, "Services", json_shown(json, "services", &c->arena));
    call_options_facts(&facts, json_raw_member(json, "call"));
    service_fact(&facts, "Certificates", certificates(c, json));
    service_fact(&facts, "Created", json_string(json, "createdAt", &c->arena));
    service_fact(&facts, "Last seen", json_string(json, "lastSeenAt", &c->arena));
    cli_facts(c, facts.list, facts.count);
    return DONE;
}

struct status command_app_create(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, BODY_MAX);
    struct text labelled;
    TRY(labels(c, (struct text){NULL, 0}, &labelled, err));
    struct json_out j;
    json_out_init(&j, &body);
    json_open_object(&j, NULL);
    json_cstr(&j, "name", c->args.positional[0]);
    if (args_value(&c->args, "description"))
        json_cstr(&j, "description", args_value(&c->args, "description"));
    if (args_value(&c->args, "tenant"))
        json_cstr(&j, "tenant", args_value(&c->args, "tenant"));
    if (args_has(&c->args, "label"))
        json_raw(&j, "labels", labelled);
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
        {"SERVICES", "services", COLUMN_TEXT},
        {"LABELS", "labels", COLUMN_PAIRS},
        {"LAST SEEN", "lastSeenAt", COLUMN_AGE},
        {"DESCRIPTION", "description", COLUMN_CUT},
        {NULL, NULL, COLUMN_TEXT},
    };
    static const struct list_view view = {.member = "applications",
                                          .none = "No applications: `fairlead app create NAME` makes one.",
                                          .optional = {"TENANT"},
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

/* What is not named stays. Labels go as a whole: those there are, without and with what was named. */
static struct status update_body(struct cli *c, struct text target, struct buffer *out, struct error *err)
{
    struct text before = {NULL, 0}, labelled;
    const char *description = args_value(&c->args, "description");
    const bool label = args_has(&c->args, "label") || args_has(&c->args, "remove-label");
    const bool call = call_options_given(c);
    if (!description && !label && !call)
        return cli_usage(
            c, err, "'app update' needs --description, --label or --remove-label, or how targets are called");
    TRY(cli_call(c, HTTP_GET, target, (struct text){NULL, 0}, &before, err));
    TRY(labels(c, json_raw_member(before, "labels"), &labelled, err));
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    if (description)
        json_cstr(&j, "description", description);
    if (label)
        json_raw(&j, "labels", labelled);
    if (call)
        TRY(call_options_put(c, &j, err));
    json_end(&j);
    return buffer_status(out);
}

struct status command_app_update(struct cli *c, struct error *err)
{
    struct text json;
    OWNED(buffer_release) struct buffer target, body;
    buffer_init(&body, BODY_MAX);
    application_target(c, &target);
    TRY(buffer_status(&target));
    TRY(update_body(c, buffer_as_text(&target), &body, err));
    TRY(cli_call(c, HTTP_PATCH, buffer_as_text(&target), buffer_as_text(&body), &json, err));
    return show(c, json, NULL, err);
}

struct status command_app_delete(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    TRY(cli_output(c, &output, err));
    bool asked = false;
    if (!args_has(&c->args, "yes") &&
        !cli_confirm("Delete it, with its tokens and services, and revoke all its certificates?", &asked)) {
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
