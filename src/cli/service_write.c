/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/limits.h"
#include "base/own.h"
#include "cli/call_options.h"
#include "cli/input.h"
#include "cli/json_list.h"
#include "cli/service.h"
#include "cli/table.h"

/* Sends the description in --file; `target` already says what it describes. */
static struct status send_description(struct cli *c, enum http_method method, struct buffer *target,
                                      struct text if_match, struct text *out_json, struct error *err)
{
    const char *file = args_value(&c->args, "file");
    if (!file)
        return cli_usage(c, err, "'%s' needs -f FILE: a description in JSON or YAML, - for standard input",
                         c->args.command->name);
    OWNED(input_release) struct buffer body;
    TRY(input_read(file, INPUT_DESCRIPTION, &body, err));
    cli_query(target, "dryRun", args_has(&c->args, "dry-run") ? "true" : NULL);
    TRY(buffer_status(target));
    const struct exchange_request request = {.method = method,
                                             .target = buffer_as_text(target),
                                             .body = buffer_as_text(&body),
                                             .if_match = if_match};
    struct status s = cli_request(c, &request, out_json, err);
    if (s.code == E_INVALID) /* the message names a line of this file */
        return error_wrap(err, s, "%s", input_name(file));
    return s;
}

static void put_valid(struct cli *c, enum output output, struct text json)
{
    if (output == OUTPUT_JSON)
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
    else
        buffer_cstr(&c->out, "Valid; nothing was changed.\n");
}

/* "shop 3bb33152-..." as words of a command line. */
static void put_words(struct cli *c, struct text id)
{
    const char *application = c->args.positional[SERVICE_APPLICATION];
    buffer_cstr(&c->out, application[0] == '-' ? " -- " : " ");
    shell_word(text_of(application), &c->out);
    buffer_byte(&c->out, ' ');
    shell_word(id, &c->out);
    buffer_byte(&c->out, '\n');
}

static void put_registered(struct cli *c, struct text json)
{
    struct arena *a = &c->arena;
    struct text id = json_string(json, "id", a);
    struct text api = json_raw_member(json, "api");
    struct text held = json_raw_member(api, "credentials");
    const struct text none = {NULL, 0};
    struct service_facts facts = {.arena = a};
    service_fact(&facts, "Id", id);
    service_fact(&facts, "Name", json_string(json, "name", a));
    service_fact(&facts, "Target", json_string(api, "targetUrl", a));
    service_fact(&facts, "Credentials", api.p ? text_of(service_credential_kind(held)) : none);
    service_fact(&facts, "Secret", json_string(api, "credentialSecret", a));
    service_fact(&facts, "Specification",
                 service_specification_words(json_raw_member(api, "specification"), none, a));
    cli_facts(c, facts.list, facts.count);
    buffer_cstr(&c->out, "\nNext: fairlead service show");
    put_words(c, id);
    bool of_oauth = json_string(json_raw_member(held, "oauth"), "commonName", a).n > 0;
    if (!json_raw_member(held, "certificateGen").p && !of_oauth)
        return;
    buffer_printf(&c->out,
                  "\nThe %s must accept the certificate that was made for it. To fetch it:\n"
                  "  fairlead service credentials --certificate-out client.crt",
                  of_oauth ? "token endpoint" : "target");
    put_words(c, id);
}

struct status command_service_register(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json = {NULL, 0};
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer target;
    TRY(service_target(c, false, "", &target, err));
    struct status s = send_description(c, HTTP_POST, &target, (struct text){NULL, 0}, &json, err);
    if (!status_ok(s))
        return service_hint(c, s, err);
    if (args_has(&c->args, "dry-run"))
        put_valid(c, output, json);
    else if (output == OUTPUT_JSON)
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
    else
        put_registered(c, json);
    return DONE;
}

/* How it is called, which no description says. */
static struct status send_call(struct cli *c, struct buffer *target, struct text if_match,
                               struct text *out_json, struct error *err)
{
    if (args_has(&c->args, "file") || args_has(&c->args, "dry-run"))
        return cli_usage(c, err,
                         "-f replaces the description: how the service is called is changed without it");
    OWNED(buffer_release) struct buffer body;
    struct json_out j;
    buffer_init(&body, LIMIT_BODY_JSON);
    json_out_init(&j, &body);
    json_open_object(&j, NULL);
    TRY(call_options_put(c, &j, err));
    json_end(&j);
    TRY(buffer_status(&body));
    const struct exchange_request request = {.method = HTTP_PATCH,
                                             .target = buffer_as_text(target),
                                             .body = buffer_as_text(&body),
                                             .if_match = if_match};
    return cli_request(c, &request, out_json, err);
}

struct status command_service_update(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json = {NULL, 0}, if_match;
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer target;
    TRY(service_target(c, true, "", &target, err));
    TRY(service_condition(c, &if_match, err));
    struct status s = call_options_given(c) ? send_call(c, &target, if_match, &json, err)
                                            : send_description(c, HTTP_PUT, &target, if_match, &json, err);
    if (!status_ok(s))
        return service_hint(c, s, err);
    if (args_has(&c->args, "dry-run"))
        put_valid(c, output, json);
    else if (output == OUTPUT_JSON)
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
    else
        buffer_printf(&c->out, "Updated: revision %.*s\n", TEXT_ARG(json_shown(json, "revision", &c->arena)));
    return DONE;
}

struct status command_service_delete(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json = {NULL, 0}, if_match;
    bool asked = false;
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer target;
    TRY(service_target(c, true, "", &target, err));
    TRY(service_condition(c, &if_match, err));
    if (!args_has(&c->args, "yes") && !cli_confirm("Delete it, with its credentials?", &asked)) {
        if (asked)
            return error_set(err, E_DENIED, "nothing was deleted");
        return cli_usage(c, err,
                         "deleting forgets the service's credentials, its key as well: add --yes to do it");
    }
    const struct exchange_request request = {
        .method = HTTP_DELETE, .target = buffer_as_text(&target), .if_match = if_match};
    struct status s = cli_request(c, &request, &json, err);
    if (!status_ok(s))
        return service_hint(c, s, err);
    if (output == OUTPUT_JSON)
        buffer_cstr(&c->out, "{}\n");
    else
        cli_progress("Deleted, with its credentials.");
    return DONE;
}
