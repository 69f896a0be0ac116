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
    if (!text_starts_with(rest, TEXT("[{")))
        return;
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

static void show_store(struct cli *c, struct text json)
{
    struct arena *a = &c->arena;
    struct text store = json_raw_member(json, "store"), registry = json_raw_member(json, "registry");
    struct text soonest = json_string(store, "soonestExpiry", a), until = {NULL, 0};
    int64_t at;
    char left[CLOCK_RFC3339_MAX];
    if (cli_parse_time(soonest, &at))
        until = at <= clock_now_s() ? arena_printf(a, ", the first ended %.*s", TEXT_ARG(soonest))
                                    : arena_printf(a, ", the first ends %.*s (in %s)", TEXT_ARG(soonest),
                                                   duration_format((at - clock_now_s()) * 1000, left));
    const struct fact facts[] = {
        {"Store", arena_printf(a, "%.*s, schema %.*s", TEXT_ARG(json_shown(store, "kind", a)),
                               TEXT_ARG(json_shown(store, "schemaVersion", a)))},
        {"Applications", json_shown(store, "applications", a)},
        {"Default tenant", json_string(json, "defaultTenant", a)},
        {"Services", arena_printf(a, "%.*s; %.*s specifications in %.*s bytes",
                                  TEXT_ARG(json_shown(registry, "services", a)),
                                  TEXT_ARG(json_shown(registry, "specifications", a)),
                                  TEXT_ARG(json_shown(registry, "specificationBytes", a)))},
        {"Certificates", arena_printf(a, "%.*s active%.*s; %.*s revoked",
                                      TEXT_ARG(json_shown(store, "activeCertificates", a)), TEXT_ARG(until),
                                      TEXT_ARG(json_shown(store, "revokedCertificates", a)))},
        {"Tokens", arena_printf(a, "%.*s active", TEXT_ARG(json_shown(store, "activeTokens", a)))},
        {"Writes",
         arena_printf(a, "%.*s in %.*s commits, %.*s waiting", TEXT_ARG(json_shown(store, "operations", a)),
                      TEXT_ARG(json_shown(store, "commits", a)),
                      TEXT_ARG(json_shown(store, "writeQueueDepth", a)))},
    };
    buffer_byte(&c->out, '\n');
    cli_facts(c, facts, sizeof facts / sizeof facts[0]);
}

static void show_warnings(struct cli *c, struct text json)
{
    struct text rest = json_raw_member(json, "warnings"), raw;
    const char *gap = "\n";
    while (json_item(&rest, &raw)) {
        OWNED(buffer_release) struct buffer words;
        buffer_init(&words, 65536);
        if (!status_ok(json_string_decode(raw, &words)))
            continue;
        buffer_printf(&c->out, "%sWarning: ", gap);
        gap = "";
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
    struct text vault = json_raw_member(json, "vault"), sandbox = json_string(json, "sandbox", a);
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
        {"Sandbox", text_equal(sandbox, TEXT("off"))
                        ? TEXT("off: core and fronts run unconfined")
                        : arena_printf(a, "core and fronts: %.*s", TEXT_ARG(sandbox))},
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
