/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/json_out.h"
#include "base/limits.h"
#include "base/own.h"
#include "cli/input.h"
#include "cli/json_list.h"
#include "cli/service.h"
#include "cli/table.h"
#include "os/files.h"

/* Everything that may be asked for at once; secrets come from files or standard input, never from the command
 * line, which every process of the host can read. */
struct wish {
    const char *certificate, *key; /* an own pair */
    const char *from_file;
    const char *restore;
    const char *certificate_out;
    uint64_t sequence; /* of `restore` */
};

static struct status read_wish(struct cli *c, struct wish *w, struct error *err)
{
    *w = (struct wish){.certificate = args_value(&c->args, "certificate"),
                       .key = args_value(&c->args, "key"),
                       .from_file = args_value(&c->args, "from-file"),
                       .restore = args_value(&c->args, "restore"),
                       .certificate_out = args_value(&c->args, "certificate-out")};
    if (!w->certificate != !w->key)
        return cli_usage(c, err, "an own pair needs both: --certificate FILE --key FILE");
    if ((w->key != NULL) + (w->from_file != NULL) + (w->restore != NULL) > 1)
        return cli_usage(c, err, "--certificate with --key, --from-file and --restore exclude each other");
    if (w->restore && (!text_to_u64(text_of(w->restore), INT64_MAX, &w->sequence) || w->sequence == 0))
        return cli_usage(c, err, "--restore takes the number before a replaced certificate");
    return DONE;
}

static struct status pair_body(const struct wish *w, struct buffer *out, struct error *err)
{
    OWNED(input_release) struct buffer certificate, key;
    buffer_init(&key, 1);
    TRY(input_read_raw(w->certificate, INPUT_DESCRIPTION, &certificate, err));
    TRY(input_read_raw(w->key, INPUT_SECRET, &key, err));
    if (buffer_size(&certificate) + buffer_size(&key) > LIMIT_BODY_JSON / 2)
        return error_set(err, E_TOO_LARGE, "%s or %s is too large for a certificate and its key",
                         w->certificate, w->key);
    /* Room for all of it at once (PEM has hardly a character to escape): a buffer that grows leaves copies.
     */
    if (!buffer_reserve(out, LIMIT_BODY_JSON))
        return buffer_status(out);
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    json_text(&j, "certificate", buffer_as_text(&certificate));
    json_text(&j, "key", buffer_as_text(&key));
    json_end(&j);
    return buffer_status(out);
}

static struct status restore_body(const struct wish *w, struct buffer *out)
{
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    json_int(&j, "sequence", (int64_t)w->sequence);
    json_end(&j);
    return buffer_status(out);
}

/* What the wish changes, then what there is. */
static struct status ask(struct cli *c, const struct wish *w, struct text *out_json, struct error *err)
{
    OWNED(buffer_release) struct buffer target;
    OWNED(input_release) struct buffer body;
    struct exchange_request request = {.method = HTTP_GET};
    buffer_init(&body, LIMIT_BODY_JSON);
    TRY(service_target(c, true, w->restore ? "/credentials/restore" : "/credentials", &target, err));
    if (w->key) {
        request.method = HTTP_PUT;
        TRY(pair_body(w, &body, err));
    } else if (w->from_file) {
        request.method = HTTP_PUT;
        TRY(input_read(w->from_file, INPUT_SECRET, &body, err));
    } else if (w->restore) {
        request.method = HTTP_POST;
        TRY(restore_body(w, &body));
    }
    request.target = buffer_as_text(&target);
    request.body = buffer_as_text(&body);
    return cli_request(c, &request, out_json, err);
}

static struct status save_certificate(struct cli *c, const char *path, struct text json, struct error *err)
{
    struct text pem = json_string(json_raw_member(json, "certificate"), "pem", &c->arena);
    if (pem.n == 0)
        return error_set(err, E_NOT_FOUND, "these credentials have no certificate: their kind is %.*s",
                         TEXT_ARG(json_string(json, "kind", &c->arena)));
    TRY(file_write(path, text_bytes(pem), 0644, err));
    cli_progress("Saved in %s.", path);
    return DONE;
}

static struct text words_of(struct text list, struct arena *a)
{
    struct text rest = list, raw, words = {NULL, 0};
    while (json_item(&rest, &raw)) {
        struct text word = json_value_shown(raw, a);
        words = words.n ? arena_printf(a, "%.*s, %.*s", TEXT_ARG(words), TEXT_ARG(word)) : word;
    }
    return words;
}

static void put_history(struct cli *c, struct text history)
{
    struct arena *a = &c->arena;
    struct text rest = history, row;
    bool first = true;
    while (json_item(&rest, &row)) {
        struct text certificate = json_raw_member(row, "certificate");
        buffer_cstr(&c->out, first ? "\nReplaced before (--restore N puts one back):\n" : "");
        first = false;
        buffer_printf(&c->out, "  %.*s  until %.*s, replaced %.*s, SHA-256 %.*s, ",
                      TEXT_ARG(json_shown(row, "sequence", a)),
                      TEXT_ARG(json_string(certificate, "notAfter", a)),
                      TEXT_ARG(json_string(row, "replacedAt", a)),
                      TEXT_ARG(json_string(certificate, "fingerprint", a)));
        text_printable(json_string(certificate, "subject", a), &c->out);
        buffer_byte(&c->out, '\n');
    }
}

static void put_credentials(struct cli *c, struct text json)
{
    struct arena *a = &c->arena;
    struct service_facts facts = {.arena = a};
    bool by_hand = text_equal(json_shown(json, "byHand", a), TEXT("true"));
    service_fact(&facts, "Secret", json_string(json, "secret", a));
    service_fact(&facts, "Kind", json_string(json, "kind", a));
    service_fact(&facts, "Keys", words_of(json_raw_member(json, "keys"), a));
    service_fact(&facts, "From", by_hand ? TEXT("put in place by hand") : TEXT("the registration"));
    service_fact(&facts, "Changed", json_string(json, "updatedAt", a));
    service_fact(&facts, "Revision", json_shown(json, "revision", a));
    service_certificate_facts(&facts, json_raw_member(json, "certificate"));
    cli_facts(c, facts.list, facts.count);
    put_history(c, json_raw_member(json, "history"));
}

struct status command_service_credentials(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct wish wish;
    struct text json = {NULL, 0};
    TRY(cli_output(c, &output, err));
    TRY(read_wish(c, &wish, err));
    struct status s = ask(c, &wish, &json, err);
    if (!status_ok(s))
        return service_hint(c, s, err);
    if (wish.certificate_out)
        TRY(save_certificate(c, wish.certificate_out, json, err));
    if (output == OUTPUT_JSON)
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
    else
        put_credentials(c, json);
    return DONE;
}
