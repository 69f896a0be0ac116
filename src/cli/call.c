/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/call.h"

#include "base/clock.h"
#include "base/own.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/json_list.h"
#include "cli/service.h"
#include "http/h1_scan.h"

enum { CALL_APPLICATION, CALL_SERVICE, CALL_PATH };

#define TARGET_MAX 16384
#define FIELDS_MAX ARGS_OPTIONS_MAX
#define NAME_MAX_  57 /* of a service in a path (contract 3.9) */
#define PAGE_ROWS  "200"
#define PAGES_MAX  100000

/* Everything that was asked for on the command line. */
struct wish {
    enum http_method method;
    struct headers fields; /* in the arena */
    struct buffer body;
    bool has_body;
    int64_t max_ms;
    enum output output;
    bool head, explain;
};

static void wish_release(struct wish *w)
{
    input_release(&w->body);
}
OWNABLE_VALUE(struct wish, wish_release);

/* ---- the command line ---- */

static struct status read_method(struct cli *c, struct wish *w, struct error *err)
{
    const char *typed = args_value(&c->args, "request");
    w->method = w->has_body ? HTTP_POST : HTTP_GET;
    if (!typed)
        return DONE;
    if (!http_method_parse(text_of(typed), &w->method) || w->method == HTTP_CONNECT ||
        w->method == HTTP_TRACE)
        return cli_usage(c, err, "-X takes GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS");
    return DONE;
}

/* Fields that say how the message is framed, or whom it is for, are written by the client. */
static bool is_ours(struct text name)
{
    static const char *const ours[] = {"Host",   "Connection",      "Content-Length", "Transfer-Encoding",
                                       "TE",     "Trailer",         "Upgrade",        "Keep-Alive",
                                       "Expect", "Proxy-Connection"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (text_equal_nocase(name, text_of(ours[i])))
            return true;
    return false;
}

static struct status read_fields(struct cli *c, struct wish *w, struct error *err)
{
    const char *words[FIELDS_MAX];
    const unsigned count = args_values(&c->args, "header", words, FIELDS_MAX);
    for (unsigned i = 0; i < count; i++) {
        struct text value = text_of(words[i]);
        const struct text name = text_cut(&value, ':');
        if (!value.p || !h1_is_token(name))
            return cli_usage(c, err, "-H takes 'Name: value'");
        if (is_ours(name))
            return cli_usage(c, err, "-H: %.*s says how the request is sent and cannot be set",
                             TEXT_ARG(name));
        TRY(headers_add(&w->fields, &c->arena, name, text_trim(value)));
    }
    return DONE;
}

static struct status add_default(struct cli *c, struct wish *w, const char *name, const char *value)
{
    if (headers_get(&w->fields, text_of(name)).p)
        return DONE;
    return headers_add(&w->fields, &c->arena, text_of(name), text_of(value));
}

static struct status read_body(struct cli *c, struct wish *w, struct error *err)
{
    const char *data = args_value(&c->args, "body");
    if (!data)
        return DONE;
    w->has_body = true;
    if (data[0] == '@')
        return input_read_raw(data + 1, INPUT_DESCRIPTION, &w->body, err);
    buffer_cstr(&w->body, data);
    return buffer_status(&w->body);
}

static struct status read_wish(struct cli *c, struct wish *w, struct error *err)
{
    const char *max_time = args_value(&c->args, "max-time");
    w->head = args_has(&c->args, "include");
    w->explain = args_has(&c->args, "explain");
    TRY(cli_output(c, &w->output, err));
    if (w->explain && w->head)
        return cli_usage(c, err, "--explain shows no answer: leave out -i");
    if (w->output != OUTPUT_TABLE && !w->explain)
        return cli_usage(c, err, "-o goes with --explain; the answer is printed as it came");
    if (max_time && (!duration_parse(text_of(max_time), &w->max_ms) || w->max_ms <= 0))
        return cli_usage(c, err, "--max-time takes a duration such as 30s");
    TRY(read_body(c, w, err));
    TRY(read_method(c, w, err));
    TRY(read_fields(c, w, err));
    if (w->explain)
        TRY(headers_add(&w->fields, &c->arena, TEXT("Fairlead-Explain"), TEXT("1")));
    if (args_value(&c->args, "tenant"))
        TRY(add_default(c, w, "Tenant", args_value(&c->args, "tenant")));
    TRY(add_default(c, w, "User-Agent", "fairlead/" FAIRLEAD_VERSION));
    TRY(add_default(c, w, "Accept", "*/*"));
    if (!w->has_body)
        return DONE;
    const struct text body = text_trim(buffer_as_text(&w->body));
    const bool json = body.n > 0 && (body.p[0] == '{' || body.p[0] == '[');
    return add_default(c, w, "Content-Type", json ? "application/json" : "application/x-www-form-urlencoded");
}

/* ---- where to ---- */

static struct status find_listener(struct cli *c, const char **out, struct error *err)
{
    struct text json, row;
    TRY(cli_call(c, HTTP_GET, TEXT("/api/v1/status"), (struct text){NULL, 0}, &json, err));
    struct text rest = json_raw_member(json, "listeners");
    while (json_item(&rest, &row)) {
        if (!text_equal(json_string(row, "name", &c->arena), TEXT("proxy")))
            continue;
        if (text_starts_with(json_string(row, "url", &c->arena), TEXT("https://")))
            return error_set(
                err, E_UNAVAILABLE,
                "the proxy listener asks for a workload's certificate (tls.proxy.mode: mutual), and "
                "this command has none: use curl with --cert, --key and --cacert");
        *out = arena_cstr(&c->arena, json_string(row, "address", &c->arena));
        return *out ? DONE : STATUS(NOMEM);
    }
    return error_set(err, E_UNAVAILABLE,
                     "the server has no proxy listener: set listen.proxy, for example to 127.0.0.1:8081");
}

/* What paths call services by: ids, and names as contract 3.9 normalises them. */
static bool is_path_name(struct text t)
{
    for (size_t i = 0; i < t.n; i++) {
        const char ch = t.p[i];
        const bool dash = ch == '-' && i > 0 && t.p[i - 1] != '-';
        if (!dash && !(ch >= 'a' && ch <= 'z') && !(ch >= '0' && ch <= '9'))
            return false;
    }
    return t.n > 0 && t.n <= NAME_MAX_ && (t.p[t.n - 1] != '-' || t.n == NAME_MAX_);
}

/* What is called: a service, or an API by its bundle's name and its own. */
struct called {
    const char *service, *entry; /* entry NULL: a service */
};

/* "bundle/api", both as paths call them. Names as they were registered may hold a slash, too: those are
 * looked for. */
static bool read_entry(struct cli *c, struct called *out)
{
    struct text entry = text_of(out->service);
    if (!text_contains(entry, '/'))
        return false;
    const struct text bundle = text_cut(&entry, '/');
    if (!is_path_name(bundle) || !is_path_name(entry))
        return false;
    out->service = arena_cstr(&c->arena, bundle);
    out->entry = arena_cstr(&c->arena, entry);
    return out->service && out->entry;
}

/* One page of services whose name contains the typed one; counts those that have it exactly. */
static struct status look_through(struct cli *c, const char *after, struct text *out_id, unsigned *found,
                                  struct text *out_next, struct error *err)
{
    const char *typed = c->args.positional[CALL_SERVICE];
    struct text json, row;
    OWNED(buffer_release) struct buffer target;
    TRY(service_target(c, false, "", &target, err));
    cli_query(&target, "limit", PAGE_ROWS);
    cli_query(&target, "name", typed);
    cli_query(&target, "after", after);
    TRY(buffer_status(&target));
    TRY(cli_call(c, HTTP_GET, buffer_as_text(&target), (struct text){NULL, 0}, &json, err));
    struct text rest = json_raw_member(json, "services");
    while (json_item(&rest, &row)) {
        if (!text_equal(json_string(row, "name", &c->arena), text_of(typed)))
            continue;
        *out_id = json_string(row, "id", &c->arena);
        (*found)++;
    }
    *out_next = json_string(json, "next", &c->arena);
    return DONE;
}

/* The name as it was registered, blanks and all: the id of the service that has it. */
static struct status find_by_name(struct cli *c, const char **out, struct error *err)
{
    const char *const *words = c->args.positional;
    struct text id = {NULL, 0}, next = {NULL, 0};
    unsigned found = 0;
    for (unsigned page = 0; page < PAGES_MAX && found < 2; page++) {
        const char *after = next.n > 0 ? arena_cstr(&c->arena, next) : NULL;
        TRY(look_through(c, after, &id, &found, &next, err));
        if (next.n == 0)
            break;
    }
    if (found == 0)
        return error_set(err, E_NOT_FOUND,
                         "%s has no service named '%s': `fairlead service list %s` shows those there are",
                         words[CALL_APPLICATION], words[CALL_SERVICE], words[CALL_APPLICATION]);
    if (found > 1)
        return error_set(err, E_CONFLICT,
                         "%s has several services named '%s': give an id, `fairlead service list %s` shows "
                         "them",
                         words[CALL_APPLICATION], words[CALL_SERVICE], words[CALL_APPLICATION]);
    *out = arena_cstr(&c->arena, id);
    return *out ? DONE : STATUS(NOMEM);
}

static void put_target(struct cli *c, const struct called *called, struct buffer *out)
{
    const char *const *words = c->args.positional;
    const char *path = c->args.positional_count > CALL_PATH ? words[CALL_PATH] : "";
    buffer_byte(out, '/');
    cli_segment(out, words[CALL_APPLICATION]);
    buffer_byte(out, '/');
    cli_segment(out, called->service);
    if (called->entry) {
        buffer_byte(out, '/');
        cli_segment(out, called->entry);
    }
    buffer_cstr(out, path[0] == '\0' || path[0] == '/' || path[0] == '?' ? "" : "/");
    buffer_cstr(out, path);
}

/* ---- the call ---- */

static struct status ask_route(struct cli *c, const struct called *called, struct text *out,
                               struct error *err)
{
    OWNED(buffer_release) struct buffer target, tail;
    buffer_init(&target, 0);
    buffer_init(&tail, TARGET_MAX);
    buffer_byte(&tail, '/');
    cli_segment(&tail, called->service);
    buffer_cstr(&tail, "/route");
    buffer_byte(&tail, '\0');
    TRY(buffer_status(&tail));
    TRY(service_target(c, false, (const char *)buffer_bytes(&tail).p, &target, err));
    cli_query(&target, "entry", called->entry);
    TRY(buffer_status(&target));
    return service_hint(c, cli_call(c, HTTP_GET, buffer_as_text(&target), (struct text){NULL, 0}, out, err),
                        err);
}

static struct proxy_call call_of(const struct wish *w, const char *address, const struct buffer *target,
                                 struct proxy_answer *answer)
{
    static const uint8_t nothing[1];
    const struct bytes body = buffer_size(&w->body) > 0 ? buffer_bytes(&w->body) : (struct bytes){nothing, 0};
    return (struct proxy_call){.address = address,
                               .method = w->method,
                               .target = buffer_as_text(target),
                               .fields = &w->fields,
                               .body = w->has_body ? body : (struct bytes){NULL, 0},
                               .max_ms = w->max_ms,
                               .owner = answer,
                               .head = proxy_answer_head,
                               .chunk = proxy_answer_chunk,
                               .taken = proxy_answer_taken};
}

static struct status run(struct cli *c, const struct wish *w, const char *address,
                         const struct called *called, struct error *err)
{
    OWNED(proxy_answer_release) struct proxy_answer answer;
    OWNED(buffer_release) struct buffer target;
    struct text route = TEXT("null"), message = {NULL, 0};
    struct proxy_times times;
    proxy_answer_init(&answer, c);
    answer.show_head = w->head;
    answer.count_only = w->explain;
    buffer_init(&target, TARGET_MAX);
    put_target(c, called, &target);
    TRY(buffer_status(&target));
    if (w->explain)
        TRY(ask_route(c, called, &route, err));
    const struct proxy_call call = call_of(w, address, &target, &answer);
    struct status s = proxy_exchange(&call, &times, err);
    if (status_ok(s))
        s = proxy_answer_end(&answer, &message, err);
    const struct call_outcome outcome = {
        .method = text_of(http_method_name(w->method)),
        .url = arena_printf(&c->arena, "http://%s%.*s", address, TEXT_ARG(call.target)),
        .status = answer.status,
        .bytes = answer.bytes,
        .message = message,
        .connection = answer.connection,
        .times = &times};
    if (w->explain)
        call_explain(c, route, &outcome, w->output);
    if (status_ok(s) && answer.status >= 400) {
        cli_progress("The target answered %d %s.", answer.status, http_reason(answer.status));
        c->exit_status = EXIT_STATUS_ERROR;
    }
    return s;
}

struct status command_call(struct cli *c, struct error *err)
{
    OWNED(wish_release) struct wish w = {.method = HTTP_GET};
    buffer_init(&w.body, TARGET_MAX);
    TRY(read_wish(c, &w, err));
    const char *address;
    struct called called = {.service = c->args.positional[CALL_SERVICE]};
    TRY(find_listener(c, &address, err));
    if (!is_path_name(text_of(called.service)) && !read_entry(c, &called))
        TRY(find_by_name(c, &called.service, err));
    return run(c, &w, address, &called, err);
}
