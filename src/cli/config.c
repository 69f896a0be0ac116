/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "config/reference.h"

struct status command_config_reference(struct cli *c, struct error *err)
{
    struct text format = text_of(args_value(&c->args, "output"));
    if (format.n == 0 || text_equal(format, TEXT("text")))
        reference_text(&c->out);
    else if (text_equal(format, TEXT("json")))
        reference_json(&c->out);
    else if (text_equal(format, TEXT("markdown")))
        reference_markdown(&c->out);
    else
        return cli_usage(c, err, "-o takes text, json or markdown");
    return DONE;
}

struct status command_config_check(struct cli *c, struct error *err)
{
    if (c->args.positional_count > 0 && args_has(&c->args, "config"))
        return cli_usage(c, err, "name the file once");
    c->config_file = c->args.positional[0];
    OWNED(settings_free) struct settings *s = NULL;
    TRY(cli_settings(c, false, &s, err));
    cli_progress("The configuration is good.");
    return DONE;
}

struct status command_config_show(struct cli *c, struct error *err)
{
    struct text format = text_of(args_value(&c->args, "output"));
    bool json = text_equal(format, TEXT("json"));
    if (format.n > 0 && !json && !text_equal(format, TEXT("yaml")))
        return cli_usage(c, err, "-o takes yaml or json");
    OWNED(settings_free) struct settings *s = NULL;
    TRY(cli_settings(c, false, &s, err));
    if (json)
        settings_show_json(s, &c->out);
    else
        settings_show(s, &c->out);
    return DONE;
}
