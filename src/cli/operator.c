/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "base/own.h"
#include "cli/json_list.h"

#define BODY_MAX 65536

static void put_words(struct cli *c, struct json_out *j, const char *option, const char *member)
{
    const char *words[ARGS_OPTIONS_MAX];
    const unsigned count = args_values(&c->args, option, words, ARGS_OPTIONS_MAX);
    if (count == 0)
        return;
    json_open_array(j, member);
    for (unsigned i = 0; i < count; i++)
        json_cstr(j, NULL, words[i]);
    json_end(j);
}

/* `name` NULL: of one that is there. */
static struct status write_body(struct cli *c, const char *name, struct buffer *body)
{
    struct json_out j;
    json_out_init(&j, body);
    json_open_object(&j, NULL);
    if (name)
        json_cstr(&j, "name", name);
    put_words(c, &j, "scope", "scopes");
    put_words(c, &j, "tenant", "tenants");
    if (args_value(&c->args, "expires"))
        json_cstr(&j, "expiresIn", args_value(&c->args, "expires"));
    json_end(&j);
    return buffer_status(body);
}

/* `token` empty: it is what it was. */
static void show(struct cli *c, struct text json, struct text token)
{
    struct arena *a = &c->arena;
    struct text expires = json_string(json, "expiresAt", a);
    int64_t at;
    char left[CLOCK_RFC3339_MAX];
    if (cli_parse_time(expires, &at))
        expires = arena_printf(a, "%.*s (in %s)", TEXT_ARG(expires),
                               duration_format((at - clock_now_s()) * 1000, left));
    const struct fact facts[] = {
        {"Name", json_string(json, "name", a)},
        {"Token", token.n > 0 ? token : TEXT("as before")},
        {"Scopes", cli_words(json_raw_member(json, "scopes"), a)},
        {"Tenants", cli_words(json_raw_member(json, "tenants"), a)},
        {"Expires", expires.n > 0 ? expires : TEXT("never")},
    };
    cli_facts(c, facts, sizeof facts / sizeof facts[0]);
    if (token.n > 0)
        buffer_cstr(&c->out,
                    "\nIt is shown once: only its hash is kept. To /director/graphql on the connector "
                    "listener send\n  Authorization: Bearer TOKEN\n");
}

struct status command_operator_create(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json;
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, BODY_MAX);
    TRY(write_body(c, c->args.positional[0], &body));
    TRY(cli_call(c, HTTP_POST, TEXT("/api/v1/operators"), buffer_as_text(&body), &json, err));
    if (output == OUTPUT_JSON)
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
    else
        show(c, json, json_string(json, "token", &c->arena));
    return DONE;
}

static struct status put_target(struct cli *c, struct buffer *target)
{
    buffer_init(target, BODY_MAX);
    buffer_cstr(target, "/api/v1/operators/");
    cli_segment(target, c->args.positional[0]);
    return buffer_status(target);
}

struct status command_operator_update(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json;
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer target;
    TRY(put_target(c, &target));
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, BODY_MAX);
    TRY(write_body(c, NULL, &body));
    TRY(cli_call(c, HTTP_PATCH, buffer_as_text(&target), buffer_as_text(&body), &json, err));
    if (output == OUTPUT_JSON)
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
    else
        show(c, json, TEXT(""));
    return DONE;
}

struct status command_operator_list(struct cli *c, struct error *err)
{
    static const struct column columns[] = {
        {"NAME", "name", COLUMN_TEXT},
        {"STATE", "state", COLUMN_TEXT},
        {"AGE", "createdAt", COLUMN_AGE},
        {"LEFT", "expiresAt", COLUMN_LEFT},
        {"USED", "lastUsedAt", COLUMN_AGE},
        {"BY", "createdBy", COLUMN_TEXT},
        {"TENANTS", "tenants", COLUMN_WORDS},
        {"SCOPES", "scopes", COLUMN_WORDS},
        {NULL, NULL, COLUMN_TEXT},
    };
    static const struct list_view view = {
        .member = "operators",
        .none = "No operators: `fairlead operator create NAME` makes one, and its bearer token.",
        .columns = columns};
    return cli_list(c, TEXT("/api/v1/operators"), &view, 0, NULL, err);
}

struct status command_operator_delete(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json;
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer target;
    TRY(put_target(c, &target));
    TRY(cli_call(c, HTTP_DELETE, buffer_as_text(&target), (struct text){NULL, 0}, &json, err));
    if (output == OUTPUT_JSON)
        buffer_cstr(&c->out, "{}\n");
    else
        cli_progress("Deleted; the token of %s works no more.", c->args.positional[0]);
    return DONE;
}
