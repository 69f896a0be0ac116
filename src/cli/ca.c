/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "cli/json_list.h"

static struct status fetch(struct cli *c, struct text *out, struct error *err)
{
    return cli_call(c, HTTP_GET, TEXT("/api/v1/ca"), (struct text){NULL, 0}, out, err);
}

struct status command_ca_show(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json;
    TRY(cli_output(c, &output, err));
    TRY(fetch(c, &json, err));
    if (output == OUTPUT_JSON) {
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
        return DONE;
    }
    struct arena *a = &c->arena;
    struct text fingerprint = json_string(json, "fingerprint", a);
    struct text root = json_string(json, "rootFingerprint", a);
    const struct fact facts[] = {
        {"Subject", json_string(json, "subject", a)},
        {"Key", json_string(json, "keyAlgorithm", a)},
        {"SHA-256", fingerprint},
        {"Root SHA-256", text_equal(fingerprint, root) ? (struct text){NULL, 0} : root},
        {"Not before", json_string(json, "notBefore", a)},
        {"Not after", json_string(json, "notAfter", a)},
    };
    cli_facts(c, facts, sizeof facts / sizeof facts[0]);
    return DONE;
}

struct status command_ca_export(struct cli *c, struct error *err)
{
    struct text json;
    TRY(fetch(c, &json, err));
    struct text pem = json_string(json, args_has(&c->args, "chain") ? "chainPem" : "rootPem", &c->arena);
    if (pem.n == 0)
        pem = json_string(json, "pem", &c->arena);
    if (pem.n == 0)
        return error_set(err, E_BROKEN, "the server's answer holds no certificate");
    buffer_text(&c->out, pem);
    return DONE;
}
