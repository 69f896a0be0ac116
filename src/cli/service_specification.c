/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <unistd.h>

#include "base/own.h"
#include "cli/json_list.h"
#include "cli/service.h"
#include "cli/table.h"
#include "control/client.h"
#include "os/files.h"

static struct status check_kind(struct cli *c, const char *kind, struct error *err)
{
    static const char *const kinds[] = {"api", "events", "documentation"};
    for (size_t i = 0; kind && i < sizeof kinds / sizeof kinds[0]; i++)
        if (text_equal(text_of(kind), text_of(kinds[i])))
            return DONE;
    return kind ? cli_usage(c, err, "--kind takes api, events or documentation") : DONE;
}

static struct status refresh(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json = {NULL, 0};
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer target;
    TRY(service_target(c, true, "/specification/refresh", &target, err));
    cli_progress("Downloading ...");
    struct status s = cli_call(c, HTTP_POST, buffer_as_text(&target), TEXT("{}"), &json, err);
    if (!status_ok(s))
        return service_hint(c, s, err);
    struct text api = json_raw_member(json, "api");
    struct text url = json_string(api, "specificationUrl", &c->arena);
    struct text words = service_specification_words(json_raw_member(api, "specification"), url, &c->arena);
    if (output == OUTPUT_JSON)
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
    else
        buffer_printf(&c->out, "Specification: %.*s\n", TEXT_ARG(words));
    return DONE;
}

/* To a file or a pipe as it was sent; a terminal gets no control characters of somebody else's. */
static void put_content(struct cli *c, struct text content)
{
    if (!isatty(STDOUT_FILENO)) {
        buffer_text(&c->out, content);
        return;
    }
    while (content.p) {
        struct text line = text_cut(&content, '\n');
        while (line.p) {
            text_printable(text_cut(&line, '\t'), &c->out);
            buffer_cstr(&c->out, line.p ? "\t" : "");
        }
        buffer_cstr(&c->out, "\n");
    }
}

struct status command_service_specification(struct cli *c, struct error *err)
{
    const char *kind = args_value(&c->args, "kind");
    const char *path = args_value(&c->args, "out");
    TRY(check_kind(c, kind, err));
    if (args_has(&c->args, "refresh"))
        return kind || path ? cli_usage(c, err, "--refresh takes no other option") : refresh(c, err);
    OWNED(buffer_release) struct buffer target;
    OWNED(exchange_answer_release) struct exchange_answer answer;
    exchange_answer_init(&answer, CONTROL_ANSWER_MAX);
    TRY(service_target(c, true, "/specification", &target, err));
    cli_query(&target, "kind", kind);
    TRY(buffer_status(&target));
    const struct exchange_request request = {.method = HTTP_GET, .target = buffer_as_text(&target)};
    struct status s = cli_send(c, &request, &answer, err);
    if (!status_ok(s))
        return service_hint(c, s, err);
    if (path)
        return file_write(path, buffer_bytes(&answer.body), 0644, err);
    put_content(c, buffer_as_text(&answer.body));
    return DONE;
}
