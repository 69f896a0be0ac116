/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "base/own.h"
#include "cli/compass_client.h"
#include "cli/connection.h"
#include "cli/json_list.h"

static struct status read_options(struct cli *c, int64_t *out_within_ms, enum output *output,
                                  struct error *err)
{
    const char *within = args_value(&c->args, "if-expires-within");
    *out_within_ms = INT64_MAX;
    if (within && !duration_parse(text_of(within), out_within_ms))
        return cli_usage(c, err, "--if-expires-within takes a duration such as 30d or 12h");
    return cli_output(c, output, err);
}

static void report(struct cli *c, enum output output, bool renewed, const char *fingerprint,
                   int64_t not_after)
{
    char ends[CLOCK_RFC3339_MAX];
    struct json_out j;
    if (output == OUTPUT_TABLE) {
        buffer_printf(&c->out, "%s until %s\n", renewed ? "Renewed: valid" : "Not renewed: valid",
                      clock_format_rfc3339(not_after, ends));
        return;
    }
    json_out_init(&j, &c->out);
    json_open_object(&j, NULL);
    json_bool(&j, "renewed", renewed);
    if (fingerprint)
        json_cstr(&j, "fingerprint", fingerprint);
    json_time(&j, "notAfter", not_after);
    json_end(&j);
    buffer_byte(&c->out, '\n');
}

/* Where to renew and what subject to ask for: the server may have moved since (contract 3.4). */
static struct status ask_where(struct cli *c, struct connection_files *files, const struct https_trust *trust,
                               struct text *out_url, struct error *err)
{
    struct text json;
    if (files->info.info_url.n == 0)
        return error_set(err, E_INVALID,
                         "this connection has no management URL: connect again with a new token");
    struct status s = enrol_get(trust, &files->identity, files->info.info_url, &c->arena, &json, err);
    if (!status_ok(s))
        return error_wrap(err, s, "management info");
    struct text subject = json_string(json_raw_member(json, "certificate"), "subject", &c->arena);
    *out_url = json_string(json_raw_member(json, "urls"), "renewCertUrl", &c->arena);
    if (out_url->n == 0)
        return error_set(err, E_INVALID,
                         "the server offers no renewal for this certificate: connect again with a new token");
    if (subject.n > 0)
        files->info.subject = subject;
    return DONE;
}

static struct status ask_connector(struct cli *c, struct connection_files *files, struct compass_door *door,
                                   struct error *err)
{
    struct compass_configuration configuration;
    const struct status s = compass_configure(door, &c->arena, &configuration, err);
    if (!status_ok(s))
        return error_wrap(err, s, "configuration");
    files->info.subject = configuration.subject;
    if (configuration.director_url.n > 0)
        files->info.director_url = configuration.director_url;
    if (configuration.connector_url.n > 0)
        files->info.connector_url = configuration.connector_url;
    door->url = files->info.connector_url;
    return DONE;
}

static struct status renew(struct cli *c, const char *dir, struct connection_files *files,
                           struct enrol_answer *out, struct error *err)
{
    struct text url = {NULL, 0};
    struct https_trust trust;
    OWNED(key_free) EVP_PKEY *key = NULL;
    OWNED(secret_release) struct secret password = {NULL, 0};
    if (args_has(&c->args, "p12"))
        TRY(connection_password(args_value(&c->args, "p12"), &password, err));
    connection_trust(&files->info, &trust);
    struct compass_door door = {
        .trust = &trust, .identity = &files->identity, .url = files->info.connector_url};
    const bool compass = door.url.n > 0;
    TRY(compass ? ask_connector(c, files, &door, err) : ask_where(c, files, &trust, &url, err));
    cli_progress("Making a new %.*s key ...", TEXT_ARG(files->info.key_algorithm));
    TRY(key_generate(files->info.key_algorithm, &key, err));
    TRY(connection_write_key(dir, key, true, err));
    cli_progress("Asking for the new certificate ...");
    const struct text subject = files->info.subject;
    struct status s = compass ? compass_sign(&door, subject, key, &c->arena, out, err)
                              : enrol_sign(&trust, &files->identity, url, subject, key, &c->arena, out, err);
    if (!status_ok(s)) {
        status_ignore(connection_forget_key(dir, true));
        return s;
    }
    TRY(connection_write(dir, &files->info, out, true, err));
    if (!args_has(&c->args, "p12"))
        return DONE;
    s = connection_write_p12(dir, key, out, &password, err);
    return status_ok(s) ? s : error_wrap(err, s, "renewed, but client.p12 was not written");
}

struct status command_renew(struct cli *c, struct error *err)
{
    int64_t within_ms;
    enum output output = OUTPUT_TABLE;
    const char *dir = c->args.positional[0];
    struct enrol_answer answer;
    OWNED(connection_files_release) struct connection_files files = {.leaf_pem = {NULL, 0}};
    TRY(read_options(c, &within_ms, &output, err));
    TRY(connection_open(dir, &c->arena, &files, err));
    int64_t left_s = files.leaf.not_after - clock_now_s();
    if (left_s <= 0)
        return error_set(err, E_INVALID, "the certificate in %s has ended: connect again with a new token",
                         dir);
    if (left_s > within_ms / 1000) {
        report(c, output, false, NULL, files.leaf.not_after);
        return DONE;
    }
    TRY(renew(c, dir, &files, &answer, err));
    report(c, output, true, answer.fingerprint, answer.chain[0].not_after);
    return DONE;
}
