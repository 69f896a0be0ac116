/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/call.h"

#include <unistd.h>

#include "base/own.h"
#include "cli/json_list.h"
#include "cli/table.h"

/* Errors of the gateway come with exactly this type (contract 1.3); targets write it with a blank, if at all.
 */
#define OWN_TYPE  "application/json;charset=UTF-8"
#define HELD_MAX  (64 * 1024) /* an error of ours is shorter */
#define LINE_MAX_ (64 * 1024) /* a longer one is shown in parts */

void proxy_answer_init(struct proxy_answer *a, struct cli *c)
{
    *a = (struct proxy_answer){.cli = c, .terminal = isatty(STDOUT_FILENO), .ends_line = true};
    buffer_init(&a->waiting, HELD_MAX + LINE_MAX_);
}

void proxy_answer_release(struct proxy_answer *a)
{
    buffer_release(&a->waiting);
}

/* ---- showing ---- */

static void show_printable(struct proxy_answer *a, struct text t)
{
    while (t.p) {
        struct text line = text_cut(&t, '\n');
        while (line.p) {
            text_printable(text_cut(&line, '\t'), &a->cli->out);
            buffer_cstr(&a->cli->out, line.p ? "\t" : "");
        }
        buffer_cstr(&a->cli->out, t.p ? "\n" : "");
    }
}

static size_t complete_lines(struct text t)
{
    size_t n = t.n;
    while (n > 0 && t.p[n - 1] != '\n')
        n--;
    return n;
}

/* As it is to a file or a pipe; to a terminal by lines, so that no character is shown in halves. */
static void show(struct proxy_answer *a, struct bytes in)
{
    if (in.n > 0)
        a->ends_line = in.p[in.n - 1] == '\n';
    if (!a->terminal) {
        buffer_append(&a->cli->out, in);
        return;
    }
    while (in.n > 0) {
        const size_t n = in.n < LINE_MAX_ ? in.n : LINE_MAX_;
        buffer_append(&a->waiting, (struct bytes){in.p, n});
        in = (struct bytes){in.p + n, in.n - n};
        const struct text t = buffer_as_text(&a->waiting);
        size_t ready = complete_lines(t);
        if (ready == 0 && t.n >= LINE_MAX_)
            ready = t.n;
        show_printable(a, text_first(t, ready));
        buffer_consume(&a->waiting, ready);
    }
}

/* ---- what comes ---- */

static void show_head(struct proxy_answer *a, const struct response *head)
{
    struct buffer *out = &a->cli->out;
    buffer_printf(out, "HTTP/1.1 %d %s\n", head->status, http_reason(head->status));
    for (size_t i = 0; i < head->headers.count; i++) {
        text_printable(head->headers.list[i].name, out);
        buffer_cstr(out, ": ");
        text_printable(head->headers.list[i].value, out);
        buffer_byte(out, '\n');
    }
    buffer_byte(out, '\n');
}

void proxy_answer_head(void *owner, const struct response *head)
{
    struct proxy_answer *a = owner;
    a->status = head->status;
    const struct text connection = headers_get(&head->headers, TEXT("Fairlead-Connection"));
    if (connection.n > 0)
        a->connection = arena_text(&a->cli->arena, connection);
    a->holding =
        head->status >= 400 && text_equal(headers_get(&head->headers, TEXT("Content-Type")), TEXT(OWN_TYPE));
    if (a->show_head)
        show_head(a, head);
}

static void let_go(struct proxy_answer *a)
{
    if (!a->holding)
        return;
    /* `waiting` is the terminal's line buffer from now on. */
    struct buffer held = a->waiting;
    buffer_init(&a->waiting, HELD_MAX + LINE_MAX_);
    a->holding = false;
    if (!a->count_only)
        show(a, buffer_bytes(&held));
    buffer_release(&held);
}

void proxy_answer_chunk(void *owner, struct bytes chunk)
{
    struct proxy_answer *a = owner;
    a->bytes += chunk.n;
    if (a->holding && buffer_size(&a->waiting) + chunk.n > HELD_MAX)
        let_go(a);
    if (a->holding)
        buffer_append(&a->waiting, chunk);
    else if (!a->count_only)
        show(a, chunk);
}

struct status proxy_answer_taken(void *owner, struct error *err)
{
    const struct proxy_answer *a = owner;
    TRY(buffer_status(&a->waiting));
    return a->count_only ? DONE : cli_flush(a->cli, err);
}

/* ---- the end ---- */

/* What the gateway said, when it was the gateway: {"code":404,"error":"..."}. */
static struct text own_message(struct proxy_answer *a)
{
    uint64_t code;
    const struct text body = text_trim(buffer_as_text(&a->waiting));
    if (!a->holding || !status_ok(json_scan(body, NULL)) ||
        !text_to_u64(json_shown(body, "code", &a->cli->arena), 999, &code) || code != (uint64_t)a->status)
        return (struct text){NULL, 0};
    return json_string(body, "error", &a->cli->arena);
}

/* A word as a shell takes it. */
static struct text typed(const struct proxy_answer *a, size_t position)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, HELD_MAX);
    shell_word(text_of(a->cli->args.positional[position]), &b);
    return arena_text(&a->cli->arena, buffer_as_text(&b));
}

static struct status complain(const struct proxy_answer *a, struct text message, struct error *err)
{
    const enum code code = a->status >= 500 ? E_UPSTREAM : a->status == 404 ? E_NOT_FOUND : E_INVALID;
    const struct text application = typed(a, 0), service = typed(a, 1);
    switch (a->status) {
    case 404:
        return error_set(err, code, "%.*s: `fairlead service list %.*s` shows those there are",
                         TEXT_ARG(message), TEXT_ARG(application));
    case 500:
        return error_set(err, code, "%.*s: `fairlead service show` says what is registered",
                         TEXT_ARG(message));
    case 502:
    case 504:
        if (!a->count_only)
            return error_set(err, code, "%.*s: `fairlead call --explain %.*s %.*s` shows how it is called",
                             TEXT_ARG(message), TEXT_ARG(application), TEXT_ARG(service));
        break;
    default:
        break;
    }
    return error_set(err, code, "%.*s", TEXT_ARG(message));
}

struct status proxy_answer_end(struct proxy_answer *a, struct text *out_message, struct error *err)
{
    *out_message = own_message(a);
    if (out_message->n > 0)
        return complain(a, *out_message, err);
    let_go(a);
    if (a->count_only)
        return DONE;
    if (a->terminal) {
        show_printable(a, buffer_as_text(&a->waiting));
        buffer_cstr(&a->cli->out, a->ends_line ? "" : "\n");
    }
    return DONE;
}
