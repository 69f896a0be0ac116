/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/json_out.h"
#include "base/own.h"
#include "cli/json_list.h"
#include "cli/table.h"

#define BODY_MAX  65536
#define ID_DIGITS 12 /* store/store.h: a token's id is the beginning of its hash */

static struct status check_who(struct cli *c, const char **out_kind, struct error *err)
{
    bool runtime = args_has(&c->args, "runtime");
    bool remote = args_has(&c->args, "remote-environment");
    if (runtime && remote)
        return cli_usage(c, err, "--runtime and --remote-environment exclude each other");
    if (runtime && c->args.positional_count > 0)
        return cli_usage(c, err, "a runtime's token is for a tenant and a group, not for an application");
    if (!runtime && c->args.positional_count == 0)
        return cli_usage(c, err, "'token create' needs the application: fairlead token create APP");
    *out_kind = runtime ? "runtime" : remote ? "remoteEnvironment" : "application";
    return DONE;
}

static struct status create_body(struct cli *c, const char *kind, struct buffer *body)
{
    struct json_out j;
    json_out_init(&j, body);
    json_open_object(&j, NULL);
    json_cstr(&j, "kind", kind);
    if (c->args.positional_count > 0)
        json_cstr(&j, "application", c->args.positional[0]);
    if (args_value(&c->args, "tenant"))
        json_cstr(&j, "tenant", args_value(&c->args, "tenant"));
    if (args_value(&c->args, "group"))
        json_cstr(&j, "group", args_value(&c->args, "group"));
    json_end(&j);
    return buffer_status(body);
}

static void show_created(struct cli *c, struct text json)
{
    struct arena *a = &c->arena;
    struct text url = json_string(json, "url", a);
    struct text fingerprint = json_string(json, "caFingerprint", a);
    struct text expires = json_string(json, "expiresAt", a);
    int64_t at;
    char left[CLOCK_RFC3339_MAX];
    if (cli_parse_time(expires, &at))
        expires = arena_printf(a, "%.*s (in %s)", TEXT_ARG(expires),
                               duration_format((at - clock_now_s()) * 1000, left));
    const struct fact facts[] = {
        {"URL", url},
        {"Token", json_string(json, "token", a)},
        {"Expires", expires},
        {"CA", json_string(json, "caSubject", a)},
        {"CA SHA-256", fingerprint},
    };
    cli_facts(c, facts, sizeof facts / sizeof facts[0]);
    buffer_cstr(&c->out, "\nIt works once. On the external system:\n  fairlead connect ");
    shell_word(url, &c->out);
    buffer_printf(&c->out, " --out ./connection --ca-fingerprint %.*s\n", TEXT_ARG(fingerprint));
}

struct status command_token_create(struct cli *c, struct error *err)
{
    const char *kind = NULL;
    enum output output = OUTPUT_TABLE;
    TRY(check_who(c, &kind, err));
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, BODY_MAX);
    TRY(create_body(c, kind, &body));
    struct text json;
    TRY(cli_call(c, HTTP_POST, TEXT("/api/v1/tokens"), buffer_as_text(&body), &json, err));
    if (output == OUTPUT_JSON)
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
    else
        show_created(c, json);
    return DONE;
}

struct status command_token_list(struct cli *c, struct error *err)
{
    static const struct column columns[] = {
        {"ID", "id", COLUMN_TEXT},
        {"KIND", "kind", COLUMN_TEXT},
        {"APPLICATION", "application", COLUMN_TEXT},
        {"TENANT", "tenant", COLUMN_TEXT},
        {"GROUP", "group", COLUMN_TEXT},
        {"STATE", "state", COLUMN_TEXT},
        {"AGE", "createdAt", COLUMN_AGE},
        {"LEFT", "expiresAt", COLUMN_LEFT},
        {"BY", "createdBy", COLUMN_TEXT},
        {"ENDED BY", "endedBy", COLUMN_TEXT},
        {NULL, NULL, COLUMN_TEXT},
    };
    static const struct list_view view = {
        .member = "tokens", .none = "No tokens (--all lists those that have ended).", .columns = columns};
    OWNED(buffer_release) struct buffer target;
    buffer_init(&target, BODY_MAX);
    buffer_cstr(&target, "/api/v1/tokens?limit=500");
    cli_query(&target, "application", c->args.positional[0]);
    if (!args_has(&c->args, "all"))
        cli_query(&target, "active", "true");
    TRY(buffer_status(&target));
    return cli_list(c, buffer_as_text(&target), &view, 0, NULL, err);
}

static bool is_id(struct text t)
{
    uint8_t bytes[ID_DIGITS / 2];
    return t.n == ID_DIGITS && hex_decode(bytes, sizeof bytes, t);
}

/* "...?token=T" as token create printed it, or T itself. */
static struct text token_of(struct text typed)
{
    const struct text mark = TEXT("token=");
    for (size_t i = 0; text_starts_with(typed, TEXT("https://")) && i < typed.n; i++)
        if (text_starts_with(text_from(typed, i), mark))
            return text_from(typed, i + mark.n);
    return typed;
}

struct status command_token_revoke(struct cli *c, struct error *err)
{
    struct text typed = text_of(c->args.positional[0]);
    char id[2 * SHA256_SIZE + 1];
    if (is_id(typed)) {
        must(text_to_cstr(typed, id, sizeof id));
    } else {
        uint8_t hash[SHA256_SIZE];
        sha256(text_bytes(token_of(typed)), hash);
        hex_encode(id, BYTES_OF(hash));
        id[ID_DIGITS] = '\0';
    }
    OWNED(buffer_release) struct buffer target;
    buffer_init(&target, BODY_MAX);
    buffer_cstr(&target, "/api/v1/tokens/");
    cli_segment(&target, id);
    TRY(buffer_status(&target));
    struct text json;
    TRY(cli_call(c, HTTP_DELETE, buffer_as_text(&target), (struct text){NULL, 0}, &json, err));
    cli_progress("Token %s does not work any more.", id);
    return DONE;
}
