/* SPDX-License-Identifier: Apache-2.0 */
#include "control/exchange.h"

#include "base/limits.h"
#include "base/own.h"
#include "http/h1_client.h"

#define READ_SIZE   16384
#define REQUEST_MAX (LIMIT_BODY_SERVICE + 65536)
#define ARENA_MAX   65536
#define HEAD_ROOM   4096
#define USER_AGENT  "fairlead/" FAIRLEAD_VERSION

OWNABLE(struct h1_client, h1_client_free);

static void request_wipe(struct buffer *b)
{
    buffer_wipe(b);
    buffer_release(b);
}
OWNABLE_VALUE(struct buffer, request_wipe);

struct receiving {
    struct exchange_answer *answer;
    bool ended;
};

static void on_head(void *owner, const struct response *head)
{
    struct receiving *r = owner;
    r->answer->status = head->status;
}

static void on_body(void *owner, struct bytes chunk)
{
    struct receiving *r = owner;
    buffer_append(&r->answer->body, chunk);
}

static void on_end(void *owner)
{
    struct receiving *r = owner;
    r->ended = true;
}

void exchange_answer_init(struct exchange_answer *a, size_t max_body)
{
    *a = (struct exchange_answer){.status = 0};
    buffer_init(&a->body, max_body);
}

void exchange_answer_release(struct exchange_answer *a)
{
    buffer_release(&a->body);
}

static bool is_clean(struct text t)
{
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] <= ' ' || t.p[i] >= 0x7f)
            return false;
    return t.n > 0;
}

static struct status write_request(const struct exchange_request *in, struct buffer *out, struct error *err)
{
    if (!is_clean(in->target) || !is_clean(in->authority))
        return error_set(err, E_INVALID, "the URL holds blanks or characters that need percent-encoding");
    if (in->connector_token.n > 0 && !is_clean(in->connector_token))
        return error_set(err, E_INVALID, "the token holds blanks or characters that do not belong into one");
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, ARENA_MAX);
    struct request r = {.version = HTTP_1_1,
                        .method = in->method,
                        .target = in->target,
                        .authority = in->authority,
                        .body = in->body.p ? BODY_SIZED : BODY_NONE,
                        .content_length = in->body.n};
    /* After "Connection: close" the server's end of input is the end of the exchange, whatever its framing.
     */
    struct headers extra = {.list = NULL};
    TRY(headers_add(&extra, &a, TEXT("User-Agent"), TEXT(USER_AGENT)));
    TRY(headers_add(&extra, &a, TEXT("Accept"), TEXT("application/json")));
    TRY(headers_add(&extra, &a, TEXT("Connection"), TEXT("close")));
    if (in->body.p)
        TRY(headers_add(&extra, &a, TEXT("Content-Type"), TEXT("application/json")));
    if (in->connector_token.n > 0)
        TRY(headers_add(&extra, &a, TEXT("Connector-Token"), in->connector_token));
    if (in->if_match.n > 0)
        TRY(headers_add(&extra, &a, TEXT("If-Match"), in->if_match));
    /* Room for all of it at once: a buffer that grows leaves copies behind. */
    if (!buffer_reserve(out, in->target.n + in->body.n + in->connector_token.n + HEAD_ROOM))
        return buffer_status(out);
    h1_write_request_head(out, &r, &extra);
    buffer_text(out, in->body);
    return buffer_status(out);
}

static struct status feed(struct h1_client *client, struct receiving *r, struct bytes in, struct error *err)
{
    size_t used = 0;
    struct status s = in.n > 0 ? h1_client_feed(client, in, &used) : h1_client_end_of_input(client);
    if (!status_ok(buffer_status(&r->answer->body)))
        return error_set(err, r->answer->body.failed, "the server's answer is larger than expected");
    if (s.code == E_NOMEM)
        return s;
    if (!status_ok(s))
        return error_set(err, E_INVALID,
                         in.n > 0 ? "the server's answer is not valid HTTP"
                                  : "the server closed the connection in the middle of its answer");
    return DONE;
}

static struct status read_answer(const struct exchange_io *io, struct h1_client *client, struct receiving *r,
                                 struct error *err)
{
    uint8_t chunk[READ_SIZE];
    while (!r->ended) {
        size_t n = 0;
        TRY(io->read_some(io->self, chunk, sizeof chunk, &n, err));
        if (n == 0 && !h1_client_started(client))
            return error_set(err, E_UNAVAILABLE, "the server closed the connection without an answer");
        TRY(feed(client, r, (struct bytes){chunk, n}, err));
        if (n == 0 && !r->ended)
            return error_set(err, E_INVALID, "the server closed the connection in the middle of its answer");
    }
    return DONE;
}

struct status exchange_run(const struct exchange_io *io, const struct exchange_request *request,
                           struct exchange_answer *out, struct error *err)
{
    static const struct h1_client_events events = {.head = on_head, .body = on_body, .end = on_end};
    OWNED(request_wipe) struct buffer head;
    buffer_init(&head, REQUEST_MAX);
    TRY(write_request(request, &head, err));
    struct receiving r = {.answer = out};
    OWNED(h1_client_free) struct h1_client *client = h1_client_new(&events, &r, false);
    if (!client)
        return STATUS(NOMEM);
    h1_client_reset(client, request->method);
    TRY(io->write_all(io->self, buffer_bytes(&head), err));
    return read_answer(io, client, &r, err);
}
