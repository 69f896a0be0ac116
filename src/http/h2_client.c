/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h2_client.h"

#include "base/alloc.h"
#include "http/h2_client_internal.h"
#include "http/h2_memory.h"

#define OUTPUT_KEPT (4 * 1024) /* of a connection without calls */

/* What our SETTINGS frame says. nghttp2 keeps RFC 7540's priorities for the reason given in h2_server.c. */
static bool submit_settings(struct h2_client *c, const struct h2_client_settings *settings)
{
    const nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings->stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, LIMIT_HEADER_BYTES},
    };
    const size_t count = sizeof(entries) / sizeof(entries[0]);
    return nghttp2_submit_settings(c->ng, NGHTTP2_FLAG_NONE, entries, count) == 0 &&
           nghttp2_session_set_local_window_size(c->ng, NGHTTP2_FLAG_NONE, 0, H2_CLIENT_WINDOW) == 0;
}

static bool start(struct h2_client *c, const struct h2_client_settings *settings)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    bool ok = h2_client_callbacks_new(&callbacks) && nghttp2_option_new(&option) == 0;
    if (ok) {
        nghttp2_option_set_no_auto_window_update(option, 1);
        nghttp2_option_set_no_closed_streams(option, 1);
        nghttp2_option_set_max_outbound_ack(option, H2_CLIENT_ACKS_MAX);
        nghttp2_option_set_max_send_header_block_length(option, 2 * H2_CLIENT_REQUEST_BYTES);
        ok = nghttp2_session_client_new3(&c->ng, callbacks, c, option, h2_memory()) == 0;
    }
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return ok && submit_settings(c, settings);
}

struct h2_client *h2_client_new(const struct h2_client_settings *settings,
                                const struct h2_client_events *events)
{
    struct h2_client *c = mem_alloc(sizeof(*c));
    if (!c)
        return NULL;
    c->events = events;
    c->streams_max = settings->streams_max;
    buffer_init(&c->out, H2_CLIENT_OUTPUT_MAX);
    if (!start(c, settings)) {
        h2_client_free(c);
        return NULL;
    }
    return c;
}

void h2_client_free(struct h2_client *c)
{
    if (!c)
        return;
    must(!c->busy && !c->telling);
    c->dead = true;
    h2_client_free_calls(c);
    nghttp2_session_del(c->ng);
    buffer_wipe(&c->out); /* credentials, as HPACK writes them */
    buffer_release(&c->out);
    mem_free(c);
}

void h2_client_calm(struct h2_client *c)
{
    if (c->calm)
        return;
    c->calm = true;
    (void)nghttp2_session_terminate_session(c->ng, NGHTTP2_ENHANCE_YOUR_CALM);
}

/* nghttp2 cannot go on. Out of memory there are no last words. */
static void give_up(struct h2_client *c, ssize_t error)
{
    if (error == NGHTTP2_ERR_NOMEM || error == NGHTTP2_ERR_CALLBACK_FAILURE) {
        c->failed = E_NOMEM;
        c->dead = true;
        return;
    }
    /* What it has no frame for: too many CONTINUATION, or answers that wait to be sent. */
    h2_client_calm(c);
    h2_client_make_output(c);
    if (c->failed == E_OK) {
        c->failed = E_INVALID;
        c->error = NGHTTP2_ENHANCE_YOUR_CALM;
    }
}

void h2_client_make_output(struct h2_client *c)
{
    must(!c->busy);
    c->busy = true;
    while (!c->dead && buffer_size(&c->out) < H2_CLIENT_OUTPUT_BYTES) {
        const uint8_t *p = NULL;
        const ssize_t n = nghttp2_session_mem_send(c->ng, &p);
        if (n == 0)
            break;
        if (n > 0) {
            buffer_append(&c->out, (struct bytes){p, (size_t)n});
            c->made += (size_t)n;
        }
        if (n < 0 || !status_ok(buffer_status(&c->out))) {
            c->failed = E_NOMEM;
            c->dead = true;
        }
    }
    c->busy = false;
}

/* The last event of a call that failed. */
static void tell_failed(struct h2_call *call)
{
    const struct h2_client_events *events = call->client->events;
    h2_call_detach(call);
    events->failed(call->owner, call->why, call->detail, call->head_done);
    h2_call_release(call);
}

static bool tell_one(struct h2_call *call)
{
    if (call->failing) {
        tell_failed(call);
        return true;
    }
    if (!call->writable_due)
        return false;
    call->writable_due = false;
    if (call->body_ended)
        return false;
    call->client->events->writable(call->owner);
    return true;
}

static void tell(struct h2_client *c)
{
    must(!c->busy && !c->telling);
    c->telling = true;
    while (c->due) {
        c->due = false;
        /* An event may end any call: from the beginning again after each. */
        for (struct h2_call *call = c->first; call;)
            call = tell_one(call) ? c->first : call->next;
    }
    c->telling = false;
    h2_client_bury(c);
}

struct status h2_client_feed(struct h2_client *c, struct bytes in)
{
    must(!c->busy && !c->telling);
    if (c->failed == E_OK && in.n > 0) {
        c->busy = true;
        const ssize_t taken = nghttp2_session_mem_recv(c->ng, in.p, in.n);
        c->busy = false;
        if (taken < 0)
            give_up(c, taken);
    }
    /* Only what is made here says that nghttp2 has reset a stream, or given up (on_frame_send). */
    h2_client_make_output(c);
    tell(c);
    return (struct status){c->failed};
}

/* Not a whole head of it has left. */
static bool was_not_sent(const struct h2_call *call)
{
    return !call->head_made || call->head_at >= call->client->written;
}

void h2_client_end_of_input(struct h2_client *c)
{
    const char *why = c->failed == E_INVALID ? h2_client_refusal(c) : "the target closed the connection";
    c->dead = true;
    for (struct h2_call *call = c->first; call; call = call->next)
        h2_call_fail(call, was_not_sent(call) ? H2_REFUSED : H2_RESET, why, NGHTTP2_NO_ERROR);
    tell(c);
}

struct bytes h2_client_output(struct h2_client *c)
{
    if (!c->busy)
        h2_client_make_output(c);
    return buffer_bytes(&c->out);
}

void h2_client_output_consumed(struct h2_client *c, size_t n)
{
    buffer_consume(&c->out, n);
    c->written += n;
    if (c->calls > 0 || buffer_size(&c->out) > 0)
        return;
    buffer_wipe(&c->out);
    if (c->out.capacity > OUTPUT_KEPT)
        buffer_shrink(&c->out);
}

bool h2_client_due(const struct h2_client *c)
{
    return c->due || c->failed != E_OK;
}

bool h2_client_leaving(const struct h2_client *c)
{
    return c->dead || c->calm || c->peer_leaves || c->failed != E_OK ||
           nghttp2_session_check_request_allowed(c->ng) == 0;
}

bool h2_client_takes_calls(const struct h2_client *c)
{
    /* Whoever is called and cancelled behind a peer that reads nothing leaves a head each time. */
    if (h2_client_leaving(c) || c->calls >= c->streams_max || c->unsent >= 2 * c->streams_max)
        return false;
    return c->calls < nghttp2_session_get_remote_settings(c->ng, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

unsigned h2_client_calls(const struct h2_client *c)
{
    return c->calls;
}

void h2_client_ping(struct h2_client *c, bool *out_waiting)
{
    *out_waiting = c->ping_waits;
    if (c->ping_waits || h2_client_leaving(c))
        return;
    c->ping_waits = nghttp2_submit_ping(c->ng, NGHTTP2_FLAG_NONE, NULL) == 0;
}

const char *h2_client_refusal(const struct h2_client *c)
{
    return h2_client_broken_text(c->error);
}
