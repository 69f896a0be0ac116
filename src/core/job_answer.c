/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/log.h"
#include "core/job.h"

/* The way of an answer out: whole, or piece by piece (api/call.h, reply.more). All of it on the loop's thread
 * but produce(). */

static struct status fill_head(struct job *j, struct exchange *x, struct response *head)
{
    const struct reply *reply = &j->call.reply;
    if (reply->content_type.n)
        TRY(headers_add(&head->headers, &x->arena, TEXT("Content-Type"), reply->content_type));
    TRY(headers_add(&head->headers, &x->arena, TEXT("X-Request-Id"), j->call.request_id));
    for (size_t i = 0; i < reply->headers.count; i++)
        TRY(headers_add(&head->headers, &x->arena, reply->headers.list[i].name,
                        reply->headers.list[i].value));
    return buffer_status(&reply->body);
}

/* ---- whole ---- */
static struct status send_whole(struct job *j, struct exchange *x)
{
    const struct bytes body = buffer_bytes(&j->call.reply.body);
    struct response head = {.status = j->call.reply.status, .body = BODY_SIZED, .content_length = body.n};
    TRY(fill_head(j, x, &head));
    return exchange_reply(x, &head, body);
}

/* The job's last step. The exchange may finish (and free itself) inside exchange_reply(), so the two part
 * before. */
static void answer_whole(struct job *j)
{
    struct connection *c = j->connection;
    struct exchange *x = TAKE(j->exchange);
    x->owner = NULL;
    struct status st = send_whole(j, x);
    if (!status_ok(st) && st.code != E_AGAIN)
        exchange_abort(x);
    job_free(j);
    connection_flush_later(c);
}

/* ---- piece by piece ---- */
static void cut(struct job *j)
{
    struct connection *c = j->connection;
    struct exchange *x = TAKE(j->exchange);
    x->owner = NULL;
    exchange_abort(x); /* a cut answer must look cut */
    job_free(j);
    connection_flush_later(c);
}

static void end(struct job *j)
{
    struct connection *c = j->connection;
    struct exchange *x = TAKE(j->exchange);
    x->owner = NULL;
    struct status st = exchange_end(x);
    if (!status_ok(st) && st.code != E_AGAIN)
        exchange_abort(x);
    job_free(j);
    connection_flush_later(c);
}

static void produce(struct work *w)
{
    struct job *j = (struct job *)(void *)((char *)w - offsetof(struct job, work));
    struct reply *reply = &j->call.reply;
    buffer_clear(&reply->body);
    log_set_request(j->call.request_id);
    struct status st = reply->more(&j->call);
    if (status_ok(st))
        st = buffer_status(&reply->body);
    if (!status_ok(st)) {
        log_event(LOG_ERROR, "request.cut", F_CSTR("route", j->call.route->pattern), F_CODE("code", st),
                  F_CSTR("error", error_text(&j->call.err, st)));
        reply->more = NULL; /* tells produced() */
    }
    log_set_request((struct text){NULL, 0});
}

static void write_piece(struct job *j);

static void produced(struct work *w)
{
    struct job *j = (struct job *)(void *)((char *)w - offsetof(struct job, work));
    j->core->running--;
    j->on_thread = false;
    if (!j->exchange)
        job_free(j);
    else if (!j->call.reply.more)
        cut(j);
    else
        write_piece(j);
}

static void ask_for_more(struct job *j)
{
    j->on_thread = true;
    j->work = (struct work){.run = produce, .done = produced};
    if (status_ok(workqueue_submit(j->core->requests, &j->work))) {
        j->core->running++;
        return;
    }
    j->on_thread = false;
    cut(j); /* more requests wait than fit: this one has had its share */
}

/* What the handler put into the body goes out; then the next piece, at once or when this one was taken. */
static void write_piece(struct job *j)
{
    struct reply *reply = &j->call.reply;
    struct status st = exchange_write(j->exchange, buffer_bytes(&reply->body));
    if (!status_ok(st) && st.code != E_AGAIN) {
        cut(j);
        return;
    }
    connection_flush_later(j->connection);
    if (reply->last)
        end(j);
    else if (st.code != E_AGAIN) /* else job_drained() goes on */
        ask_for_more(j);
}

static void answer_streamed(struct job *j)
{
    struct response head = {.status = j->call.reply.status, .body = BODY_STREAM};
    struct status st = fill_head(j, j->exchange, &head);
    if (status_ok(st))
        st = exchange_respond(j->exchange, &head);
    if (!status_ok(st) && st.code != E_AGAIN) {
        cut(j);
        return;
    }
    j->streaming = true;
    write_piece(j);
}

void job_answer(struct job *j)
{
    if (j->call.reply.more)
        answer_streamed(j);
    else
        answer_whole(j);
}

void job_drained(struct job *j)
{
    if (j->streaming && !j->on_thread)
        ask_for_more(j);
}
