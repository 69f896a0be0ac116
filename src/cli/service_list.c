/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/own.h"
#include "cli/service.h"

/* Rows of one answer. Labels count towards the values that an answer may have (base/json_scan.h). */
#define PAGE_ROWS 200

static const struct column of_one[] = {
    {"ID", "id", COLUMN_TEXT},
    {"NAME", "name", COLUMN_TEXT},
    {"PROVIDER", "provider", COLUMN_TEXT},
    {"CREDENTIALS", "credentials", COLUMN_TEXT},
    {"TARGET", "targetUrl", COLUMN_TEXT},
    {"LABELS", "labels", COLUMN_PAIRS},
    {"BUNDLE", "bundle", COLUMN_PAIRS},
    {"CHANGED", "updatedAt", COLUMN_AGE},
    {"DESCRIPTION", "description", COLUMN_CUT},
    {NULL, NULL, COLUMN_TEXT},
};
static const struct column of_all[] = {
    {"APPLICATION", "application", COLUMN_TEXT},
    {"ID", "id", COLUMN_TEXT},
    {"NAME", "name", COLUMN_TEXT},
    {"PROVIDER", "provider", COLUMN_TEXT},
    {"CREDENTIALS", "credentials", COLUMN_TEXT},
    {"TARGET", "targetUrl", COLUMN_TEXT},
    {"BUNDLE", "bundle", COLUMN_PAIRS},
    {"CHANGED", "updatedAt", COLUMN_AGE},
    {"DESCRIPTION", "description", COLUMN_CUT},
    {NULL, NULL, COLUMN_TEXT},
};
static const struct list_view view_of_one = {
    .member = "services",
    .none = "No services: `fairlead service register APP -f FILE` registers one.",
    .optional = {"LABELS", "BUNDLE"},
    .columns = of_one};
static const struct list_view view_of_all = {
    .member = "services",
    .none = "No services: `fairlead service register APP -f FILE` registers one.",
    .optional = {"BUNDLE"},
    .columns = of_all};

struct status command_service_list(struct cli *c, struct error *err)
{
    static const char *const filters[] = {"name", "provider", "target", "label"};
    const char *application = c->args.positional[SERVICE_APPLICATION];
    const char *limit = args_value(&c->args, "limit");
    uint64_t most = 0;
    if (limit && (!text_to_u64(text_of(limit), 1000000000, &most) || most == 0))
        return cli_usage(c, err, "--limit takes a whole number from 1");
    OWNED(buffer_release) struct buffer target;
    if (application) {
        TRY(service_target(c, false, "", &target, err));
    } else {
        buffer_init(&target, SERVICE_TARGET_MAX);
        buffer_cstr(&target, "/api/v1/services");
        cli_query(&target, "tenant", args_value(&c->args, "tenant"));
    }
    buffer_printf(&target, "%climit=%u", text_contains(buffer_as_text(&target), '?') ? '&' : '?',
                  most > 0 && most < PAGE_ROWS ? (unsigned)most : PAGE_ROWS);
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        cli_query(&target, filters[i], args_value(&c->args, filters[i]));
    TRY(buffer_status(&target));
    const struct list_view *view = application ? &view_of_one : &view_of_all;
    return service_hint(c, cli_list(c, buffer_as_text(&target), view, (size_t)most, NULL, err), err);
}
