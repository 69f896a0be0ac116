/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/own.h"
#include "cli/json_list.h"

#define TARGET_MAX 65536

static const struct column columns[] = {
    {"FINGERPRINT", "fingerprint", COLUMN_SHORT},
    {"APPLICATION", "application", COLUMN_TEXT},
    {"KIND", "kind", COLUMN_TEXT},
    {"STATE", "state", COLUMN_TEXT},
    {"LEFT", "notAfter", COLUMN_LEFT},
    {"ENDS", "notAfter", COLUMN_TEXT},
    {"AGE", "issuedAt", COLUMN_AGE},
    {"KEY", "keyAlgorithm", COLUMN_TEXT},
    {"SUBJECT", "subject", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};
static const struct list_view view = {
    .member = "certificates", .none = "No certificates.", .columns = columns};

static struct status check_choice(struct cli *c, const char *option, const char *const *choices,
                                  struct error *err)
{
    const char *value = args_value(&c->args, option);
    for (size_t i = 0; value && choices[i]; i++)
        if (text_equal(text_of(value), text_of(choices[i])))
            return DONE;
    if (!value)
        return DONE;
    return cli_usage(c, err, "--%s takes %s, %s or %s", option, choices[0], choices[1], choices[2]);
}

static struct status check_when(struct cli *c, const char *option, struct error *err)
{
    int64_t ignored;
    const char *value = args_value(&c->args, option);
    if (!value || duration_parse(text_of(value), &ignored) || cli_parse_time(text_of(value), &ignored))
        return DONE;
    return cli_usage(c, err, "--%s takes a time such as 2026-12-31T00:00:00Z or a duration such as 30d",
                     option);
}

struct status command_cert_list(struct cli *c, struct error *err)
{
    static const char *const states[] = {"active", "revoked", "expired", NULL};
    static const char *const sorts[] = {"notAfter", "issuedAt", "application", NULL};
    uint64_t most = 0;
    const char *limit = args_value(&c->args, "limit");
    TRY(check_choice(c, "state", states, err));
    TRY(check_choice(c, "sort", sorts, err));
    TRY(check_when(c, "expires-before", err));
    if (limit && (!text_to_u64(text_of(limit), 1000000000, &most) || most == 0))
        return cli_usage(c, err, "--limit takes a whole number from 1");
    OWNED(buffer_release) struct buffer target;
    buffer_init(&target, TARGET_MAX);
    buffer_cstr(&target, "/api/v1/certificates?limit=500");
    cli_query(&target, "application", c->args.positional[0]);
    cli_query(&target, "state", args_value(&c->args, "state"));
    cli_query(&target, "subject", args_value(&c->args, "subject"));
    cli_query(&target, "expiresBefore", args_value(&c->args, "expires-before"));
    cli_query(&target, "sort", args_value(&c->args, "sort"));
    cli_query(&target, "order", args_has(&c->args, "desc") ? "desc" : NULL);
    TRY(buffer_status(&target));
    return cli_list(c, buffer_as_text(&target), &view, (size_t)most, NULL, err);
}

struct status command_cert_expiring(struct cli *c, struct error *err)
{
    const char *within = args_value(&c->args, "within");
    int64_t ms;
    if (!within)
        within = "30d";
    if (!duration_parse(text_of(within), &ms))
        return cli_usage(c, err, "--within takes a duration such as 30d or 12h");
    OWNED(buffer_release) struct buffer target;
    buffer_init(&target, TARGET_MAX);
    buffer_cstr(&target, "/api/v1/certificates?state=active&sort=notAfter&limit=500");
    cli_query(&target, "expiresBefore", within);
    TRY(buffer_status(&target));
    size_t count = 0;
    TRY(cli_list(c, buffer_as_text(&target), &view, 0, &count, err));
    if (count > 0)
        c->exit_status = EXIT_STATUS_FOUND;
    return DONE;
}

static void show(struct cli *c, struct text json)
{
    struct arena *a = &c->arena;
    const struct fact facts[] = {
        {"Subject", json_string(json, "subject", a)},
        {"State", json_string(json, "state", a)},
        {"Kind", json_string(json, "kind", a)},
        {"Application", json_string(json, "application", a)},
        {"Tenant", json_string(json, "tenant", a)},
        {"Group", json_string(json, "group", a)},
        {"SHA-256", json_string(json, "fingerprint", a)},
        {"Serial", json_string(json, "serial", a)},
        {"Key", json_string(json, "keyAlgorithm", a)},
        {"Not before", json_string(json, "notBefore", a)},
        {"Not after", json_string(json, "notAfter", a)},
        {"Issued", json_string(json, "issuedAt", a)},
        {"Issued by", json_string(json, "issuedBy", a)},
        {"Revoked", json_string(json, "revokedAt", a)},
        {"Reason", json_string(json, "revokedReason", a)},
    };
    cli_facts(c, facts, sizeof facts / sizeof facts[0]);
}

struct status command_cert_show(struct cli *c, struct error *err)
{
    char fingerprint[CLI_FINGERPRINT_MAX];
    enum output output = OUTPUT_TABLE;
    TRY(cli_output(c, &output, err));
    if (!cli_fingerprint(c->args.positional[0], fingerprint))
        return cli_usage(c, err, "a fingerprint is up to 64 hex digits; `fairlead cert list` shows them");
    OWNED(buffer_release) struct buffer target;
    buffer_init(&target, TARGET_MAX);
    buffer_cstr(&target, "/api/v1/certificates/");
    cli_segment(&target, fingerprint);
    TRY(buffer_status(&target));
    struct text json;
    TRY(cli_call(c, HTTP_GET, buffer_as_text(&target), (struct text){NULL, 0}, &json, err));
    if (output == OUTPUT_JSON)
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
    else if (args_has(&c->args, "pem"))
        buffer_text(&c->out, json_string(json, "pem", &c->arena));
    else
        show(c, json);
    return DONE;
}
