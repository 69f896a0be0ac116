/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/json_list.h"
#include "control/client.h"

static enum code code_of(int status)
{
    switch (status) {
    case 400:
        return E_INVALID;
    case 401:
        return E_UNAUTH;
    case 403:
        return E_DENIED;
    case 404:
        return E_NOT_FOUND;
    case 409:
        return E_CONFLICT;
    case 412:
        return E_CHANGED;
    case 413:
        return E_TOO_LARGE;
    case 502:
        return E_UPSTREAM;
    case 503:
        return E_UNAVAILABLE;
    default:
        return status >= 400 && status < 500 ? E_INVALID : E_BROKEN;
    }
}

/* RFC 9457: detail, else title. The request id finds the server's log line when the fault is the server's. */
static struct status refuse(struct cli *c, const struct exchange_answer *answer, struct error *err)
{
    struct text body = buffer_as_text(&answer->body);
    struct text words = {NULL, 0}, id = {NULL, 0};
    if (status_ok(json_scan(body, NULL))) {
        words = json_string(body, "detail", &c->arena);
        if (words.n == 0)
            words = json_string(body, "title", &c->arena);
        id = json_string(body, "instance", &c->arena);
    }
    enum code code = code_of(answer->status);
    if (words.n == 0)
        return error_set(err, code, "the server answered %d %s", answer->status, http_reason(answer->status));
    if (answer->status >= 500 && id.n > 0)
        return error_set(err, code, "%.*s (the server's log has more under request %.*s)", TEXT_ARG(words),
                         TEXT_ARG(id));
    return error_set(err, code, "%.*s", TEXT_ARG(words));
}

struct status cli_send(struct cli *c, const struct exchange_request *request, struct exchange_answer *out,
                       struct error *err)
{
    OWNED(settings_free) struct settings *settings = NULL;
    TRY(cli_settings(c, true, &settings, err));
    TRY(control_send(settings->data_dir, request, out, err));
    return out->status < 200 || out->status > 299 ? refuse(c, out, err) : DONE;
}

struct status cli_request(struct cli *c, const struct exchange_request *request, struct text *out_json,
                          struct error *err)
{
    OWNED(exchange_answer_release) struct exchange_answer answer;
    exchange_answer_init(&answer, CONTROL_ANSWER_MAX);
    TRY(cli_send(c, request, &answer, err));
    struct text json = text_trim(buffer_as_text(&answer.body));
    if (json.n > 0 && !status_ok(json_scan(json, NULL)))
        return error_set(err, E_BROKEN, "the server's answer is not JSON");
    *out_json = arena_text(&c->arena, json);
    return json.n > 0 && !out_json->p ? STATUS(NOMEM) : DONE;
}

struct status cli_call(struct cli *c, enum http_method method, struct text target, struct text body,
                       struct text *out_json, struct error *err)
{
    const struct exchange_request request = {.method = method, .target = target, .body = body};
    return cli_request(c, &request, out_json, err);
}

static void encode(struct buffer *out, struct text t)
{
    for (size_t i = 0; i < t.n; i++) {
        char ch = t.p[i];
        bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
                     text_contains(TEXT("-._~"), ch);
        if (plain)
            buffer_byte(out, (uint8_t)ch);
        else
            buffer_printf(out, "%%%02X", (unsigned)(uint8_t)ch);
    }
}

void cli_query(struct buffer *target, const char *name, const char *value)
{
    if (!value)
        return;
    buffer_byte(target, text_contains(buffer_as_text(target), '?') ? '&' : '?');
    buffer_cstr(target, name);
    buffer_byte(target, '=');
    encode(target, text_of(value));
}

void cli_segment(struct buffer *target, const char *value)
{
    encode(target, text_of(value));
}
