/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/json_out.h"
#include "base/own.h"
#include "cli/compass_client.h"
#include "cli/connection.h"
#include "cli/json_list.h"

#define BODY_MAX   65536
#define ANSWER_MAX 65536

static struct status revoke_at_kyma(struct cli *c, const struct connection_files *files,
                                    const struct https_trust *trust, struct error *err)
{
    struct text json;
    if (files->info.info_url.n == 0)
        return error_set(err, E_INVALID,
                         "this connection has no management URL: ask the server's operator to revoke it");
    TRY(enrol_get(trust, &files->identity, files->info.info_url, &c->arena, &json, err));
    struct text urls = json_raw_member(json, "urls");
    struct text url = json_string(urls, "revokeCertUrl", &c->arena);
    if (url.n == 0) /* Kyma 0.8 and 0.9 */
        url = json_string(urls, "revocationCertUrl", &c->arena);
    if (url.n == 0)
        return error_set(err, E_INVALID, "the server offers no revocation: ask its operator");
    OWNED(exchange_answer_release) struct exchange_answer answer;
    exchange_answer_init(&answer, ANSWER_MAX);
    const struct https_call post = {
        .trust = trust, .identity = &files->identity, .method = HTTP_POST, .url = url, .body = TEXT("{}")};
    TRY(https_exchange(&post, &answer, err));
    if (answer.status != 201)
        return error_set(err, E_DENIED, "the server answered %d %s", answer.status,
                         http_reason(answer.status));
    return DONE;
}

/* The external system revokes its own certificate, over mutual TLS with it. */
static struct status revoke_own(struct cli *c, const char *dir, struct error *err)
{
    struct https_trust trust;
    OWNED(connection_files_release) struct connection_files files = {.leaf_pem = {NULL, 0}};
    TRY(connection_open(dir, &c->arena, &files, err));
    connection_trust(&files.info, &trust);
    const struct compass_door door = {
        .trust = &trust, .identity = &files.identity, .url = files.info.connector_url};
    TRY(door.url.n > 0 ? compass_revoke(&door, &c->arena, err) : revoke_at_kyma(c, &files, &trust, err));
    cli_progress("Revoked. The files in %s are of no use any more.", dir);
    return DONE;
}

static struct status reason_body(struct cli *c, struct buffer *out)
{
    struct json_out j;
    const char *reason = args_value(&c->args, "reason");
    buffer_init(out, BODY_MAX);
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    json_cstr(&j, "reason", reason ? reason : "");
    json_end(&j);
    return buffer_status(out);
}

static struct status revoke_on_server(struct cli *c, const char *collection, const char *what,
                                      struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json;
    OWNED(buffer_release) struct buffer target, body;
    buffer_init(&target, BODY_MAX);
    buffer_cstr(&target, collection);
    cli_segment(&target, what);
    buffer_cstr(&target, "/revocation");
    cli_query(&target, "tenant", args_value(&c->args, "tenant"));
    TRY(reason_body(c, &body));
    TRY(buffer_status(&target));
    TRY(cli_output(c, &output, err));
    TRY(cli_call(c, HTTP_POST, buffer_as_text(&target), buffer_as_text(&body), &json, err));
    struct text count = json_shown(json, "revoked", &c->arena);
    if (output == OUTPUT_JSON)
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json.n ? json : TEXT("{}")));
    else if (count.n > 0)
        buffer_printf(&c->out, "Revoked %.*s certificate%s.\n", TEXT_ARG(count),
                      text_equal(count, TEXT("1")) ? "" : "s");
    else
        cli_progress("Revoked.");
    return DONE;
}

struct status command_revoke(struct cli *c, struct error *err)
{
    const char *dir = c->args.positional[0];
    const char *fingerprint = args_value(&c->args, "fingerprint");
    const char *app = args_value(&c->args, "app");
    if ((dir != NULL) + (fingerprint != NULL) + (app != NULL) != 1)
        return cli_usage(c, err, "'revoke' needs one of DIR, --fingerprint HEX or --app APP");
    if (dir)
        return revoke_own(c, dir, err);
    if (app)
        return revoke_on_server(c, "/api/v1/applications/", app, err);
    char clean[CLI_FINGERPRINT_MAX];
    if (!cli_fingerprint(fingerprint, clean))
        return cli_usage(c, err, "a fingerprint is up to 64 hex digits; `fairlead cert list` shows them");
    return revoke_on_server(c, "/api/v1/certificates/", clean, err);
}
