/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/limits.h"
#include "base/log.h"
#include "outbound/forward_internal.h"

/* Answers of the gateway itself, in the contract's shape (3.1): {"code":N,"error":"..."}. */

#define EJECTION_WORDS_MAX 80
#define BETWEEN_LINES_MS   1000 /* a target that is down under load must not fill the log */

static struct status add_fields(struct outbound_call *c, struct response *head, bool has_body)
{
    struct arena *a = &c->x->arena;
    if (has_body)
        TRY(headers_add(&head->headers, a, TEXT("Content-Type"), TEXT("application/json;charset=UTF-8")));
    if (head->status == 503)
        TRY(headers_add(&head->headers, a, TEXT("Retry-After"),
                        arena_printf(a, "%u", c->retry_after_s > 0 ? c->retry_after_s : 1)));
    return headers_add(&head->headers, a, TEXT("X-Request-Id"), call_id(c));
}

static void write_error(struct buffer *out, int status, struct text message)
{
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    json_int(&j, "code", status);
    json_text(&j, "error", message);
    json_end(&j);
    buffer_byte(out, '\n');
}

/* An empty message makes an empty body. Once an answer has begun, only its end can say that something went
 * wrong. */
static void end_with(struct outbound_call *c, int status, struct text message)
{
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, LIMIT_BODY_JSON);
    call_hold(c);
    c->state = CALL_OVER;
    c->failed = c->x->responded || status >= 500;
    if (c->upstream)
        upstream_cancel(TAKE(c->upstream));
    if (c->x->responded) {
        exchange_abort(c->x);
    } else {
        struct response head = {.status = status};
        c->status = status;
        if (message.n)
            write_error(&body, status, message);
        struct status st = buffer_status(&body);
        if (status_ok(st))
            st = add_fields(c, &head, message.n > 0);
        if (status_ok(st))
            st = exchange_reply(c->x, &head, buffer_bytes(&body));
        if (!status_ok(st) && c->x)
            exchange_abort(c->x);
    }
    connection_flush_later(c->connection);
    call_drop(c);
}

void call_refuse(struct outbound_call *c, int status, struct text message)
{
    slab_add(c->o->parts.slab, SLAB_OUTBOUND_REFUSED, 1);
    end_with(c, status, message);
}

void call_core_away(struct outbound_call *c)
{
    slab_add(c->o->parts.slab, SLAB_CORE_UNAVAILABLE, 1);
    end_with(c, 503, TEXT("The service is starting or overloaded; try again in a second."));
}

static void say(struct outbound_call *c, enum upstream_failure why, const char *detail)
{
    struct outbound *o = c->o;
    const int64_t now = clock_monotonic_ms();
    if (o->said_at_ms && now - o->said_at_ms < BETWEEN_LINES_MS)
        return;
    o->said_at_ms = now;
    const struct hop_target *t = &c->known->target->answer;
    log_event(LOG_NOTICE, "outbound.failed", F_TEXT("application", t->application),
              F_TEXT("service", t->service), F_CSTR("why", upstream_failure_name(why)),
              F_CSTR("detail", detail ? detail : ""), F_BOOL("cut", c->x->responded));
}

/* Every address is left out: until when. Nobody tried, so there are no words about a connection. */
static const char *word_ejection(struct outbound_call *c, char out[static EJECTION_WORDS_MAX])
{
    const int64_t ms = upstream_ejected_ms(c->o->upstreams, &c->known->target->endpoint);
    c->retry_after_s = ms > 0 ? (unsigned)((ms + 999) / 1000) : 1;
    (void)snprintf(out, EJECTION_WORDS_MAX, "it failed too often; the next try is in %u s", c->retry_after_s);
    return out;
}

void call_failed(struct outbound_call *c, enum upstream_failure why, const char *detail)
{
    char words[EJECTION_WORDS_MAX];
    if (why == UPSTREAM_EJECTED)
        detail = word_ejection(c, words);
    static_assert(SLAB_OUTBOUND_FAILED_PROXY - SLAB_OUTBOUND_FAILED_BUSY == UPSTREAM_PROXY - UPSTREAM_BUSY);
    must(why < UPSTREAM_FAILURE_COUNT);
    slab_add(c->o->parts.slab, (enum slab_counter)(SLAB_OUTBOUND_FAILED_BUSY + (int)why), 1);
    c->failure = upstream_failure_name(why);
    say(c, why, detail);
    OWNED(buffer_release) struct buffer message;
    buffer_init(&message, ERROR_MESSAGE_MAX);
    if (!c->o->settings.empty_errors)
        buffer_printf(&message, "the call to the target failed: %s%s%s", upstream_failure_name(why),
                      detail ? ": " : "", detail ? detail : "");
    end_with(c, upstream_failure_status(why), buffer_as_text(&message));
}

void call_target_gone(struct outbound_call *c, const struct hop_target *refusal)
{
    slab_add(c->o->parts.slab, SLAB_OUTBOUND_REFUSED, 1);
    end_with(c, refusal->status, refusal->message);
}
