/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/own.h"
#include "cli/json_list.h"
#include "cli/table.h"

static void show_listeners(struct cli *c, struct text json)
{
    static const char *const titles[] = {"LISTENER", "ADDRESS", "URL", NULL};
    struct text rest = json_raw_member(json, "listeners"), row;
    OWNED(table_release) struct table t;
    table_init(&t, 65536);
    table_header(&t, titles);
    while (json_item(&rest, &row)) {
        table_cell(&t, json_string(row, "name", &c->arena));
        table_cell(&t, json_string(row, "address", &c->arena));
        table_cell(&t, json_string(row, "url", &c->arena));
    }
    buffer_byte(&c->out, '\n');
    table_print(&t, &c->out);
}

/* Every scalar the store reports, under the names it uses. */
static void show_store(struct cli *c, struct text json)
{
    struct text rest = json_raw_member(json, "store"), name, raw;
    buffer_cstr(&c->out, "\nStore:");
    for (const char *gap = " "; json_next_member(&rest, &name, &raw); gap = ", ") {
        if (raw.n > 1 && raw.p[0] == '"')
            raw = text_first(text_from(raw, 1), raw.n - 2);
        buffer_printf(&c->out, "%s%.*s ", gap, TEXT_ARG(name));
        text_printable(raw, &c->out);
    }
    buffer_byte(&c->out, '\n');
}

static void show_warnings(struct cli *c, struct text json)
{
    struct text rest = json_raw_member(json, "warnings"), raw;
    while (json_item(&rest, &raw)) {
        OWNED(buffer_release) struct buffer words;
        buffer_init(&words, 65536);
        if (!status_ok(json_string_decode(raw, &words)))
            continue;
        buffer_cstr(&c->out, "Warning: ");
        text_printable(buffer_as_text(&words), &c->out);
        buffer_byte(&c->out, '\n');
    }
}

struct status command_status(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json;
    TRY(cli_output(c, &output, err));
    TRY(cli_call(c, HTTP_GET, TEXT("/api/v1/status"), (struct text){NULL, 0}, &json, err));
    if (output == OUTPUT_JSON) {
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
        return DONE;
    }
    struct arena *a = &c->arena;
    struct text started = json_string(json, "startedAt", a), ca = json_raw_member(json, "ca");
    struct text vault = json_raw_member(json, "vault");
    int64_t at;
    char age[CLOCK_RFC3339_MAX];
    if (cli_parse_time(started, &at))
        started = arena_printf(a, "%.*s (%s ago)", TEXT_ARG(started),
                               duration_format((clock_now_s() - at) * 1000, age));
    const struct fact facts[] = {
        {"Version", json_shown(json, "version", a)},
        {"Process", json_shown(json, "pid", a)},
        {"Started", started},
        {"Fronts", json_shown(json, "fronts", a)},
        {"Sandbox", json_shown(json, "sandbox", a)},
        {"CA", json_string(ca, "subject", a)},
        {"CA SHA-256", json_string(ca, "fingerprint", a)},
        {"CA ends", json_string(ca, "notAfter", a)},
        {"Vault key", json_string(vault, "keyFile", a)},
    };
    cli_facts(c, facts, sizeof facts / sizeof facts[0]);
    show_listeners(c, json);
    show_store(c, json);
    show_warnings(c, json);
    return buffer_status(&c->out);
}
