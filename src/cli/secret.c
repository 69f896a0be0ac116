/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/json_out.h"
#include "base/limits.h"
#include "base/own.h"
#include "cli/input.h"
#include "cli/json_list.h"
#include "cli/service.h"
#include "cli/table.h"

/* Secrets that are kept by name, for calls by /secret/NAME/api/API. */

#define TARGET_MAX 4096

static struct status secret_target(struct cli *c, struct buffer *out)
{
    buffer_init(out, TARGET_MAX);
    buffer_cstr(out, "/api/v1/secrets");
    if (c->args.positional_count > 0) {
        buffer_byte(out, '/');
        cli_segment(out, c->args.positional[0]);
    }
    cli_query(out, "tenant", args_value(&c->args, "tenant"));
    return buffer_status(out);
}

/* ---- put ---- */

/* "KEY=rest" of an option's value. */
static struct status split(struct cli *c, const char *option, const char *word, struct text *out_key,
                           const char **out_rest, struct error *err)
{
    const struct text t = text_of(word);
    const size_t at = text_find(t, '=');
    if (at == 0 || at == t.n)
        return cli_usage(c, err, "--%s takes KEY=%s, not '%s'", option,
                         text_equal(text_of(option), TEXT("from-file")) ? "FILE" : "VALUE", word);
    *out_key = text_first(t, at);
    *out_rest = word + at + 1;
    return DONE;
}

static struct status put_file(struct json_out *j, struct text key, const char *path, struct error *err)
{
    OWNED(input_release) struct buffer value;
    TRY(input_read_raw(path, INPUT_SECRET, &value, err));
    if (buffer_size(&value) > LIMIT_BODY_JSON / 2)
        return error_set(err, E_TOO_LARGE, "%s is too large for a secret", path);
    json_key(j, key);
    json_text(j, NULL, buffer_as_text(&value));
    return DONE;
}

/* Values on a command line are seen by every process of the host: what is secret comes from a file. */
static struct status put_values(struct cli *c, struct buffer *out, struct error *err)
{
    const char *files[ARGS_OPTIONS_MAX], *literals[ARGS_OPTIONS_MAX], *rest = NULL;
    const unsigned file_count = args_values(&c->args, "from-file", files, ARGS_OPTIONS_MAX);
    const unsigned literal_count = args_values(&c->args, "from-literal", literals, ARGS_OPTIONS_MAX);
    struct text key = {NULL, 0};
    struct json_out j;
    if (!buffer_reserve(out, LIMIT_BODY_JSON)) /* at once: a buffer that grows leaves copies */
        return buffer_status(out);
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    json_open_object(&j, "data");
    for (unsigned i = 0; i < literal_count; i++) {
        TRY(split(c, "from-literal", literals[i], &key, &rest, err));
        json_key(&j, key);
        json_cstr(&j, NULL, rest);
    }
    for (unsigned i = 0; i < file_count; i++) {
        TRY(split(c, "from-file", files[i], &key, &rest, err));
        TRY(put_file(&j, key, rest, err));
    }
    json_end(&j);
    json_end(&j);
    return buffer_status(out);
}

static struct status put_body(struct cli *c, struct buffer *out, struct error *err)
{
    const char *file = args_value(&c->args, "file");
    const bool values = args_has(&c->args, "from-file") || args_has(&c->args, "from-literal");
    if (file && values)
        return cli_usage(c, err, "-f has all values: --from-file and --from-literal go without it");
    if (file)
        return input_read(file, INPUT_SECRET, out, err);
    buffer_init(out, LIMIT_BODY_JSON);
    return put_values(c, out, err);
}

static void show(struct cli *c, struct text json)
{
    struct arena *a = &c->arena;
    struct service_facts facts = {.arena = a};
    struct text rest = json_raw_member(json, "data"), name, value;
    service_fact(&facts, "Name", json_string(json, "name", a));
    service_fact(&facts, "Revision", json_shown(json, "revision", a));
    service_fact(&facts, "Created", json_string(json, "createdAt", a));
    service_fact(&facts, "Changed", json_string(json, "updatedAt", a));
    service_fact(&facts, "Warning", json_string(json, "warning", a));
    cli_facts(c, facts.list, facts.count);
    while (json_next_member(&rest, &name, &value)) {
        const struct text key = json_member_name(name, a), shown = json_value_shown(value, a);
        buffer_cstr(&c->out, "  ");
        text_printable(key, &c->out);
        buffer_cstr(&c->out, " = ");
        text_printable(shown, &c->out);
        buffer_byte(&c->out, '\n');
    }
}

static struct status answer(struct cli *c, const struct exchange_request *request, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json = {NULL, 0};
    TRY(cli_output(c, &output, err));
    TRY(cli_request(c, request, &json, err));
    if (output == OUTPUT_JSON)
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
    else
        show(c, json);
    return DONE;
}

struct status command_secret_put(struct cli *c, struct error *err)
{
    OWNED(buffer_release) struct buffer target;
    OWNED(input_release) struct buffer body;
    struct text if_match;
    buffer_init(&body, 1);
    TRY(secret_target(c, &target));
    TRY(service_condition(c, &if_match, err));
    TRY(put_body(c, &body, err));
    const struct exchange_request request = {.method = HTTP_PUT,
                                             .target = buffer_as_text(&target),
                                             .body = buffer_as_text(&body),
                                             .if_match = if_match};
    return answer(c, &request, err);
}

struct status command_secret_show(struct cli *c, struct error *err)
{
    OWNED(buffer_release) struct buffer target;
    TRY(secret_target(c, &target));
    const struct exchange_request request = {.method = HTTP_GET, .target = buffer_as_text(&target)};
    return answer(c, &request, err);
}

struct status command_secret_list(struct cli *c, struct error *err)
{
    static const struct column columns[] = {{"NAME", "name", COLUMN_TEXT},
                                            {"REVISION", "revision", COLUMN_TEXT},
                                            {"CHANGED", "updatedAt", COLUMN_AGE},
                                            {NULL, NULL, COLUMN_TEXT}};
    static const struct list_view view = {
        .member = "secrets",
        .none = "No secret is kept. `fairlead secret put NAME` keeps one.",
        .columns = columns,
    };
    OWNED(buffer_release) struct buffer target;
    TRY(secret_target(c, &target));
    return cli_list(c, buffer_as_text(&target), &view, 0, NULL, err);
}

struct status command_secret_delete(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    bool asked = false;
    struct text json = {NULL, 0}, if_match;
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer target;
    TRY(secret_target(c, &target));
    TRY(service_condition(c, &if_match, err));
    if (!args_has(&c->args, "yes") && !cli_confirm("Delete it, with its values?", &asked)) {
        if (asked)
            return error_set(err, E_DENIED, "nothing was deleted");
        return cli_usage(c, err, "deleting forgets the secret's values: add --yes to do it");
    }
    const struct exchange_request request = {
        .method = HTTP_DELETE, .target = buffer_as_text(&target), .if_match = if_match};
    TRY(cli_request(c, &request, &json, err));
    if (output == OUTPUT_JSON)
        buffer_cstr(&c->out, "{}\n");
    else
        cli_progress("Deleted.");
    return DONE;
}
