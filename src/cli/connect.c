/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/json_out.h"
#include "base/own.h"
#include "cli/compass_client.h"
#include "cli/connection.h"
#include "cli/first_contact.h"
#include "cli/invitation.h"
#include "cli/json_list.h"
#include "cli/table.h"
#include "cli/url.h"

#define TYPED_MAX 8192

/* ---- what the server wants ---- */

struct wish {
    struct secret password;   /* for client.p12 */
    struct text csr_url;      /* Kyma's way */
    struct compass_door door; /* Compass's: its URL is empty otherwise */
    struct connection_info info;
    const char *algorithm;
};

static bool path_holds(struct text url, struct text part)
{
    url = text_first(url, text_find(url, '?'));
    for (size_t i = 0; i < url.n; i++)
        if (text_starts_with(text_from(url, i), part))
            return true;
    return false;
}

static void wish_release(struct wish *w)
{
    secret_release(&w->password);
}
OWNABLE_VALUE(struct wish, wish_release);

/*
 * The first generation has no management info of its own; this server's answers for its certificates too. Its
 * gateway is known from metadataUrl, "https://gateway.D/{name}/v1/metadata/services".
 */
static struct text gateway_info_url(struct text metadata_url, struct arena *a)
{
    struct url url;
    if (!status_ok(url_parse(metadata_url, &url, NULL)))
        return TEXT("");
    return arena_printf(a, "https://%.*s/v1/applications/management/info", TEXT_ARG(url.authority));
}

/* "rsa2048", what every Kyma says, whatever it takes. */
static const char *algorithm_for(struct text asked)
{
    if (text_equal(asked, TEXT("rsa3072")))
        return "rsa:3072";
    return text_equal(asked, TEXT("rsa4096")) ? "rsa:4096" : "rsa:2048";
}

static void choose_key(struct cli *c, struct text asked, struct wish *out)
{
    out->algorithm = args_value(&c->args, "key");
    if (!out->algorithm)
        out->algorithm = algorithm_for(asked);
    out->info.key_algorithm = text_of(out->algorithm);
}

static struct status read_wish(struct cli *c, struct text url, struct text json, struct wish *out,
                               struct error *err)
{
    struct arena *a = &c->arena;
    struct text api = json_raw_member(json, "api"), certificate = json_raw_member(json, "certificate");
    struct connection_info *info = &out->info;
    out->csr_url = json_string(json, "csrUrl", a);
    if (out->csr_url.n == 0) /* the name in the specification of 0.4 */
        out->csr_url = json_string(json, "url", a);
    info->subject = json_string(certificate, "subject", a);
    if (out->csr_url.n == 0 || info->subject.n == 0)
        return error_set(
            err, E_INVALID,
            "the server's answer has no csrUrl or no subject: is this the URL that `fairlead token "
            "create` printed?");
    info->kind = path_holds(url, TEXT("/v1/runtimes/"))             ? TEXT("runtime")
                 : path_holds(url, TEXT("/v1/remoteenvironments/")) ? TEXT("remoteEnvironment")
                                                                    : TEXT("application");
    info->metadata_url = json_string(api, "metadataUrl", a);
    info->events_url = json_string(api, "eventsUrl", a);
    info->info_url = json_string(api, "infoUrl", a);
    if (info->info_url.n == 0)
        info->info_url = gateway_info_url(info->metadata_url, a);
    choose_key(c, json_string(certificate, "key-algorithm", a), out);
    return DONE;
}

/* The token is spent, and another has come for the certificate. */
static struct status ask_connector(struct cli *c, const struct invitation *in,
                                   const struct https_trust *trust, struct wish *out, struct error *err)
{
    struct compass_configuration configuration;
    out->door = (struct compass_door){.trust = trust, .url = in->url, .token = in->token};
    TRY(compass_configure(&out->door, &c->arena, &configuration, err));
    out->door.token = configuration.token;
    out->info.kind = TEXT("compass");
    out->info.subject = configuration.subject;
    out->info.director_url = configuration.director_url;
    out->info.connector_url = configuration.connector_url;
    choose_key(c, configuration.key_algorithm, out);
    return DONE;
}

static struct status ask(struct cli *c, const struct invitation *in, const struct https_trust *trust,
                         struct wish *out, struct error *err)
{
    struct text json;
    if (in->token.n > 0)
        return ask_connector(c, in, trust, out, err);
    TRY(enrol_get(trust, NULL, in->url, &c->arena, &json, err));
    return read_wish(c, in->url, json, out, err);
}

/* The first request also finds out whether this host knows the CA. A refused handshake has sent nothing, so
 * the token is unused. */
static struct status ask_first(struct cli *c, const struct invitation *in, struct https_trust *trust,
                               struct wish *out, struct error *err)
{
    struct error first = {.code = E_OK};
    struct status s = ask(c, in, trust, out, &first);
    if (s.code == E_UNAUTH && !trust->pinned) {
        TRY(first_contact_ask(c, in->url, trust, err));
        return ask(c, in, trust, out, err);
    }
    return status_ok(s) ? s : error_set(err, s.code, "%s", error_text(&first, s));
}

/* ---- the whole ---- */

static void show(struct cli *c, const char *dir, const struct connection_info *info,
                 const struct enrol_answer *answer)
{
    char ends[CLOCK_RFC3339_MAX];
    const struct fact facts[] = {
        {"Saved in", text_of(dir)},
        {"Subject", name_format(&answer->chain[0].subject, &c->arena)},
        {"Key", info->key_algorithm},
        {"SHA-256", text_of(answer->fingerprint)},
        {"Valid until", text_of(clock_format_rfc3339(answer->chain[0].not_after, ends))},
    };
    cli_facts(c, facts, sizeof facts / sizeof facts[0]);
    const bool compass = info->connector_url.n > 0;
    const struct text url = compass ? info->director_url : info->info_url;
    if (url.n == 0)
        return;
    struct buffer word;
    buffer_init(&word, 65536);
    shell_word(text_of(dir), &word);
    struct text d = buffer_as_text(&word);
    buffer_printf(&c->out,
                  "\nTry it:\n  curl --cacert %.*s/ca.crt --cert %.*s/chain.crt --key %.*s/client.key ",
                  TEXT_ARG(d), TEXT_ARG(d), TEXT_ARG(d));
    if (compass)
        buffer_cstr(&c->out,
                    "-H 'Content-Type: application/json' -d '{\"query\":\"{ viewer { id type } }\"}' ");
    shell_word(url, &c->out);
    buffer_printf(&c->out,
                  "\nRenew it (from a daily timer):\n  fairlead renew %.*s --if-expires-within 30d\n",
                  TEXT_ARG(d));
    buffer_release(&word);
}

static void show_json(struct cli *c, const char *dir, const struct connection_info *info,
                      const struct enrol_answer *answer)
{
    struct json_out j;
    json_out_init(&j, &c->out);
    json_open_object(&j, NULL);
    json_cstr(&j, "directory", dir);
    json_text(&j, "kind", info->kind);
    json_text(&j, "subject", info->subject);
    json_text(&j, "keyAlgorithm", info->key_algorithm);
    json_cstr(&j, "fingerprint", answer->fingerprint);
    json_time(&j, "notAfter", answer->chain[0].not_after);
    json_text(&j, "infoUrl", info->info_url);
    json_text(&j, "connectorUrl", info->connector_url);
    json_text(&j, "directorUrl", info->director_url);
    json_end(&j);
    buffer_byte(&c->out, '\n');
}

/* "-" is a line of standard input, so that the token is in no process list. */
static struct status read_typed(struct cli *c, const char *typed, struct text *out, struct error *err)
{
    *out = text_of(typed);
    if (!text_equal(*out, TEXT("-")))
        return DONE;
    char *line = arena_alloc(&c->arena, TYPED_MAX);
    if (!line)
        return STATUS(NOMEM);
    if (!fgets(line, TYPED_MAX, stdin))
        return error_set(err, E_INVALID, "there is nothing on standard input");
    *out = text_trim(text_first(text_of(line), strcspn(line, "\r\n")));
    return DONE;
}

static struct status read_invitation(struct cli *c, struct invitation *out, struct error *err)
{
    struct text typed;
    const char *url = args_value(&c->args, "connector-url"), *token = args_value(&c->args, "token");
    const char *whole = c->args.positional[0];
    if (!url != !token || !whole == !url)
        return cli_usage(c, err, "'connect' needs URL or TOKEN, or --connector-url URL and --token TOKEN");
    TRY(read_typed(c, whole ? whole : token, &typed, err));
    return whole ? invitation_read(typed, &c->arena, out, err) : invitation_of(text_of(url), typed, out, err);
}

static struct status enrol(struct cli *c, const char *dir, const struct https_trust *trust,
                           const struct wish *wish, struct enrol_answer *out, struct error *err)
{
    OWNED(key_free) EVP_PKEY *key = NULL;
    cli_progress("Making a %s key ...", wish->algorithm);
    TRY(key_generate(text_of(wish->algorithm), &key, err));
    TRY(connection_write_key(dir, key, false, err));
    cli_progress("Asking for the certificate of %.*s ...", TEXT_ARG(wish->info.subject));
    const struct text subject = wish->info.subject;
    struct status s = wish->door.url.n > 0
                          ? compass_sign(&wish->door, subject, key, &c->arena, out, err)
                          : enrol_sign(trust, NULL, wish->csr_url, subject, key, &c->arena, out, err);
    if (!status_ok(s)) {
        status_ignore(
            connection_forget_key(dir, false)); /* it belongs to nothing, and must not stop the next try */
        return s;
    }
    TRY(connection_write(dir, &wish->info, out, false, err));
    if (!args_has(&c->args, "p12"))
        return DONE;
    s = connection_write_p12(dir, key, out, &wish->password, err);
    return status_ok(s) ? s : error_wrap(err, s, "connected, but client.p12 was not written");
}

static struct status check_options(struct cli *c, const char **out_dir, enum output *output,
                                   struct error *err)
{
    const char *algorithm = args_value(&c->args, "key");
    TRY(cli_output(c, output, err));
    *out_dir = args_value(&c->args, "out");
    if (!*out_dir || !**out_dir)
        return cli_usage(c, err, "'connect' needs a directory to save in: --out DIR");
    if (algorithm && !status_ok(key_algorithm_check(text_of(algorithm), err)))
        c->usage = true;
    if (c->usage)
        return STATUS(INVALID);
    return DONE;
}

static struct status connect_in(struct cli *c, const char *dir, const struct invitation *in,
                                struct https_trust *trust, struct wish *wish, struct enrol_answer *answer,
                                struct error *err)
{
    char hex[2 * SHA256_SIZE + 1];
    if (args_has(&c->args, "p12"))
        TRY(connection_password(args_value(&c->args, "p12"), &wish->password, err));
    cli_progress("Asking the server what it wants ...");
    TRY(ask_first(c, in, trust, wish, err));
    if (trust->pinned) {
        hex_encode(hex, ((struct bytes){trust->pin, SHA256_SIZE}));
        wish->info.ca_fingerprint = arena_text(&c->arena, text_of(hex));
    }
    return enrol(c, dir, trust, wish, answer, err);
}

struct status command_connect(struct cli *c, struct error *err)
{
    const char *dir;
    enum output output = OUTPUT_TABLE;
    struct invitation in = {.url = {NULL, 0}};
    struct https_trust trust;
    OWNED(wish_release) struct wish wish = {.algorithm = NULL};
    struct enrol_answer answer;
    TRY(check_options(c, &dir, &output, err));
    TRY(first_contact_trust(c, &trust, err));
    TRY(read_invitation(c, &in, err));
    bool made;
    TRY(connection_prepare(dir, &made, err)); /* before the token is used */
    struct status s = connect_in(c, dir, &in, &trust, &wish, &answer, err);
    if (!status_ok(s)) {
        if (made)
            connection_forget_directory(dir);
        return s;
    }
    if (output == OUTPUT_JSON)
        show_json(c, dir, &wish.info, &answer);
    else
        show(c, dir, &wish.info, &answer);
    return DONE;
}
