/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/call_options.h"

#include "base/limits.h"
#include "cli/input.h"
#include "cli/json_list.h"
#include "cli/table.h"

#define ANCHORS_SHOWN 8

static const char *const names[] = {"skip-verify", "verify",  "default-verify",
                                    "encode-url",  "ca-file", "no-ca"};

bool call_options_given(const struct cli *c)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (args_has(&c->args, names[i]))
            return true;
    return false;
}

static struct status put_verification(struct cli *c, struct json_out *j, struct error *err)
{
    const bool skip = args_has(&c->args, "skip-verify");
    const bool verify = args_has(&c->args, "verify");
    const bool unset = args_has(&c->args, "default-verify");
    if (skip + verify + unset > 1)
        return cli_usage(c, err, "--skip-verify, --verify and --default-verify exclude each other");
    if (unset)
        json_write_null(j, "skipVerify");
    else if (skip || verify)
        json_bool(j, "skipVerify", skip);
    return DONE;
}

static struct status put_encoding(struct cli *c, struct json_out *j, struct error *err)
{
    const struct text word = text_of(args_value(&c->args, "encode-url"));
    if (!word.p)
        return DONE;
    if (text_equal(word, TEXT("default")))
        json_write_null(j, "encodeUrl");
    else if (text_equal(word, TEXT("on")) || text_equal(word, TEXT("off")))
        json_bool(j, "encodeUrl", text_equal(word, TEXT("on")));
    else
        return cli_usage(c, err, "--encode-url takes on, off or default");
    return DONE;
}

static struct status put_anchors(struct cli *c, struct json_out *j, struct error *err)
{
    const char *file = args_value(&c->args, "ca-file");
    const bool none = args_has(&c->args, "no-ca");
    if (file && none)
        return cli_usage(c, err, "--ca-file and --no-ca exclude each other");
    if (none)
        json_write_null(j, "caCertificate");
    if (!file)
        return DONE;
    OWNED(input_release) struct buffer pem;
    TRY(input_read_raw(file, INPUT_DESCRIPTION, &pem, err));
    if (buffer_size(&pem) > LIMIT_BODY_JSON / 2) /* line ends grow in JSON */
        return error_set(err, E_TOO_LARGE, "%s is too large for CA certificates", input_name(file));
    json_text(j, "caCertificate", buffer_as_text(&pem));
    return DONE;
}

struct status call_options_put(struct cli *c, struct json_out *j, struct error *err)
{
    json_open_object(j, "call");
    TRY(put_verification(c, j, err));
    TRY(put_encoding(c, j, err));
    TRY(put_anchors(c, j, err));
    json_end(j);
    return DONE;
}

/* ---- showing ---- */

static void anchor_fact(struct service_facts *f, struct text certificate)
{
    struct arena *a = f->arena;
    service_fact(f, "Trusted CA",
                 arena_printf(a, "%.*s, until %.*s, SHA-256 %.*s",
                              TEXT_ARG(json_string(certificate, "subject", a)),
                              TEXT_ARG(json_string(certificate, "notAfter", a)),
                              TEXT_ARG(json_string(certificate, "fingerprint", a))));
}

void call_options_facts(struct service_facts *f, struct text call)
{
    const struct text skip = json_shown(call, "skipVerify", f->arena);
    const struct text encode = json_shown(call, "encodeUrl", f->arena);
    struct text rest = json_raw_member(json_raw_member(call, "caCertificate"), "certificates"), row;
    if (text_equal(skip, TEXT("true")))
        service_fact(f, "Warning", TEXT("the target's certificate is not verified (--verify turns it on)"));
    else if (skip.n > 0)
        service_fact(f, "Verification", TEXT("always"));
    if (encode.n > 0)
        service_fact(f, "Paths",
                     text_equal(encode, TEXT("true")) ? TEXT("decoded and encoded again")
                                                      : TEXT("as they come"));
    for (unsigned i = 0; i < ANCHORS_SHOWN && json_item(&rest, &row); i++)
        anchor_fact(f, row);
    if (json_item(&rest, &row))
        service_fact(f, "Trusted CA", TEXT("and more: -o json has them"));
}
