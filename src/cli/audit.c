/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/own.h"
#include "cli/json_list.h"

#define TARGET_MAX   65536
#define DEFAULT_ROWS 100

/* "7d" means so long ago; the server knows times only. */
static struct status add_when(struct cli *c, struct buffer *target, const char *option, struct error *err)
{
    const char *value = args_value(&c->args, option);
    char at[CLOCK_RFC3339_MAX];
    int64_t ms;
    if (value && duration_parse(text_of(value), &ms))
        value = clock_format_rfc3339(clock_now_s() - ms / 1000, at);
    else if (value && !cli_parse_time(text_of(value), &ms))
        return cli_usage(c, err, "--%s takes a time such as 2026-12-31T00:00:00Z or a duration such as 7d",
                         option);
    cli_query(target, option, value);
    return DONE;
}

/* The audit's pages go backwards: "next" is a cursor for "before". */
struct status command_audit_list(struct cli *c, struct error *err)
{
    static const struct column columns[] = {
        {"AT", "at", COLUMN_TEXT},
        {"ACTION", "action", COLUMN_TEXT},
        {"APPLICATION", "application", COLUMN_TEXT},
        {"ACTOR", "actor", COLUMN_SHORT},
        {"SUBJECT", "subject", COLUMN_SHORT},
        {"COUNT", "count", COLUMN_TEXT},
        {"ADDRESS", "address", COLUMN_TEXT},
        {"USER AGENT", "userAgent", COLUMN_TEXT},
        {"DETAIL", "detail", COLUMN_PAIRS},
        {NULL, NULL, COLUMN_TEXT},
    };
    static const struct list_view view = {
        .member = "entries", .none = "Nothing.", .columns = columns, .cursor = "before"};
    uint64_t most = DEFAULT_ROWS;
    const char *limit = args_value(&c->args, "limit");
    if (limit && (!text_to_u64(text_of(limit), 1000000000, &most) || most == 0))
        return cli_usage(c, err, "--limit takes a whole number from 1");
    OWNED(buffer_release) struct buffer target;
    buffer_init(&target, TARGET_MAX);
    buffer_printf(&target, "/api/v1/audit?limit=%u", most < 500 ? (unsigned)most : 500);
    cli_query(&target, "action", args_value(&c->args, "action"));
    cli_query(&target, "application", args_value(&c->args, "app"));
    cli_query(&target, "actor", args_value(&c->args, "actor"));
    TRY(add_when(c, &target, "since", err));
    TRY(add_when(c, &target, "until", err));
    TRY(buffer_status(&target));
    return cli_list(c, buffer_as_text(&target), &view, (size_t)most, NULL, err);
}

/* Page by page, so that a long audit needs no memory. */
struct status command_audit_export(struct cli *c, struct error *err)
{
    OWNED(buffer_release) struct buffer target;
    buffer_init(&target, TARGET_MAX);
    buffer_cstr(&target, "/api/v1/audit?limit=500");
    TRY(add_when(c, &target, "since", err));
    TRY(add_when(c, &target, "until", err));
    const size_t fixed = buffer_size(&target);
    struct text json, row, next;
    do {
        TRY(buffer_status(&target));
        TRY(cli_call(c, HTTP_GET, buffer_as_text(&target), (struct text){NULL, 0}, &json, err));
        struct text rest = json_raw_member(json, "entries");
        while (json_item(&rest, &row)) {
            buffer_text(&c->out, row);
            buffer_byte(&c->out, '\n');
        }
        TRY(cli_flush(c, err));
        next = json_string(json, "next", &c->arena);
        char cursor[256];
        if (!text_to_cstr(next, cursor, sizeof cursor))
            return error_set(err, E_BROKEN, "the server's answer has no usable \"next\"");
        target.end = target.start + fixed;
        cli_query(&target, "before", next.n ? cursor : NULL);
        arena_reset(&c->arena);
    } while (next.n > 0);
    return DONE;
}
