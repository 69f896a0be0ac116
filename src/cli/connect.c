/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/json_out.h"
#include "base/own.h"
#include "cli/connection.h"
#include "cli/json_list.h"
#include "cli/table.h"
#include "cli/url.h"
#include "x509/pem.h"

#define URL_MAX       8192
#define CHAIN_PEM_MAX 262144

/* ---- which server is this? ---- */

/* "AB:CD", "sha256:abcd...", "abcd..." */
static bool read_fingerprint(struct text typed, uint8_t out[static SHA256_SIZE])
{
    char digits[2 * SHA256_SIZE + 1];
    size_t n = 0;
    struct text prefix = TEXT("sha256:");
    if (typed.n > prefix.n && text_equal_nocase(text_first(typed, prefix.n), prefix))
        typed = text_from(typed, prefix.n);
    for (size_t i = 0; i < typed.n; i++) {
        if (typed.p[i] == ':')
            continue;
        if (n == 2 * SHA256_SIZE)
            return false;
        digits[n++] = typed.p[i];
    }
    return hex_decode(out, SHA256_SIZE, (struct text){digits, n});
}

/* The last certificate that the server sends: its CA, or itself when it is alone. */
static struct status last_certificate(struct text pem, struct arena *a, struct certificate_fields *out,
                                      struct error *err)
{
    struct bytes last = {NULL, 0};
    for (;;) {
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, CHAIN_PEM_MAX);
        struct status s = pem_next_labelled(&pem, TEXT("CERTIFICATE"), &der, err);
        if (s.code == E_NOT_FOUND)
            break;
        TRY(s);
        last = arena_bytes(a, buffer_bytes(&der));
        if (!last.p)
            return STATUS(NOMEM);
    }
    if (!last.p)
        return error_set(err, E_INVALID, "the server showed no certificate");
    return certificate_parse(last, a, out, err);
}

/*
 * First contact with a CA that neither the caller nor this host knows: nothing but a TLS handshake has
 * happened so far, and nothing else will unless a person says that this is the fingerprint they were given.
 */
static struct status ask_about_server(struct cli *c, struct text url, struct https_trust *out,
                                      struct error *err)
{
    char hex[2 * SHA256_SIZE + 1];
    bool asked = false;
    struct certificate_fields ca;
    OWNED(buffer_release) struct buffer pem;
    buffer_init(&pem, CHAIN_PEM_MAX);
    TRY(https_show_chain(url, &pem, err));
    TRY(last_certificate(buffer_as_text(&pem), &c->arena, &ca, err));
    sha256(ca.der, out->pin);
    hex_encode(hex, BYTES_OF(out->pin));
    out->pinned = true;
    OWNED(buffer_release) struct buffer subject;
    buffer_init(&subject, 4096);
    text_printable(name_format(&ca.subject, &c->arena), &subject);
    if (isatty(STDERR_FILENO) || args_has(&c->args, "yes"))
        fprintf(stderr, "This host does not know the server's CA:\n  %.*s\n  SHA-256 %s\n",
                TEXT_ARG(buffer_as_text(&subject)), hex);
    if (args_has(&c->args, "yes") || cli_confirm("Is that what `fairlead token create` printed?", &asked))
        return DONE;
    if (asked)
        return error_set(err, E_DENIED, "not connected; the token has not been used");
    return error_set(
        err, E_UNAUTH,
        "this host does not know the server's CA (SHA-256 %s): add --ca-fingerprint %s if that is "
        "what `fairlead token create` printed",
        hex, hex);
}

static struct status find_trust(struct cli *c, struct https_trust *out, struct error *err)
{
    const char *typed = args_value(&c->args, "ca-fingerprint");
    *out = (struct https_trust){.pinned = typed != NULL};
    if (typed && !read_fingerprint(text_of(typed), out->pin))
        return cli_usage(c, err, "--ca-fingerprint takes a SHA-256: 64 hex digits, with or without colons");
    return DONE;
}

/* The first request also finds out whether this host knows the CA. A refused handshake has sent nothing, so
 * the token is unused. */
static struct status fetch_info(struct cli *c, struct text url, struct https_trust *trust, struct text *out,
                                struct error *err)
{
    struct error first = {.code = E_OK};
    struct status s = enrol_get(trust, NULL, url, &c->arena, out, &first);
    if (s.code == E_UNAUTH && !trust->pinned) {
        TRY(ask_about_server(c, url, trust, err));
        return enrol_get(trust, NULL, url, &c->arena, out, err);
    }
    return status_ok(s) ? s : error_set(err, s.code, "%s", error_text(&first, s));
}

/* ---- what the server wants ---- */

struct wish {
    struct secret password; /* for client.p12 */
    struct text csr_url;
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
    out->algorithm = args_value(&c->args, "key");
    if (!out->algorithm)
        out->algorithm = algorithm_for(json_string(certificate, "key-algorithm", a));
    info->key_algorithm = text_of(out->algorithm);
    return DONE;
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
    if (info->info_url.n == 0)
        return;
    struct buffer word;
    buffer_init(&word, 65536);
    shell_word(text_of(dir), &word);
    struct text d = buffer_as_text(&word);
    buffer_printf(&c->out,
                  "\nTry it:\n  curl --cacert %.*s/ca.crt --cert %.*s/chain.crt --key %.*s/client.key ",
                  TEXT_ARG(d), TEXT_ARG(d), TEXT_ARG(d));
    shell_word(info->info_url, &c->out);
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
    json_end(&j);
    buffer_byte(&c->out, '\n');
}

static struct status read_url(struct cli *c, struct text *out, struct error *err)
{
    const char *typed = c->args.positional[0];
    struct url url;
    if (text_equal(text_of(typed), TEXT("-"))) { /* so that the token is in no process list */
        char *line = arena_alloc(&c->arena, URL_MAX);
        if (!line)
            return STATUS(NOMEM);
        if (!fgets(line, URL_MAX, stdin))
            return error_set(err, E_INVALID, "there is no URL on standard input");
        *out = text_trim(text_first(text_of(line), strcspn(line, "\r\n")));
    } else {
        *out = text_of(typed);
    }
    return url_parse(*out, &url, err);
}

static struct status enrol(struct cli *c, const char *dir, const struct https_trust *trust,
                           const struct wish *wish, struct enrol_answer *out, struct error *err)
{
    OWNED(key_free) EVP_PKEY *key = NULL;
    cli_progress("Making a %s key ...", wish->algorithm);
    TRY(key_generate(text_of(wish->algorithm), &key, err));
    TRY(connection_write_key(dir, key, false, err));
    cli_progress("Asking for the certificate of %.*s ...", TEXT_ARG(wish->info.subject));
    struct status s = enrol_sign(trust, NULL, wish->csr_url, wish->info.subject, key, &c->arena, out, err);
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

static struct status connect_in(struct cli *c, const char *dir, struct text url, struct https_trust *trust,
                                struct wish *wish, struct enrol_answer *answer, struct error *err)
{
    char hex[2 * SHA256_SIZE + 1];
    struct text json;
    if (args_has(&c->args, "p12"))
        TRY(connection_password(args_value(&c->args, "p12"), &wish->password, err));
    cli_progress("Asking the server what it wants ...");
    TRY(fetch_info(c, url, trust, &json, err));
    TRY(read_wish(c, url, json, wish, err));
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
    struct text url;
    struct https_trust trust;
    OWNED(wish_release) struct wish wish = {.algorithm = NULL};
    struct enrol_answer answer;
    TRY(check_options(c, &dir, &output, err));
    TRY(find_trust(c, &trust, err));
    TRY(read_url(c, &url, err));
    bool made;
    TRY(connection_prepare(dir, &made, err)); /* before the token is used */
    struct status s = connect_in(c, dir, url, &trust, &wish, &answer, err);
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
