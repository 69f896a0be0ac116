/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include "base/alloc.h"
#include "base/log.h"

/*
 * The proxy listener: settings and trust for the outbound data path (outbound/forward.h), and its questions
 * to the core, which go over the socket of fronts that serve workloads (DESIGN 3.1, 4).
 */

/* ---- settings ---- */
static struct outbound_settings outbound_settings_from(const struct settings *s)
{
    const unsigned connections = (unsigned)s->outbound_connections;
    const unsigned idle = (unsigned)s->outbound_idle_connections;
    return (struct outbound_settings){
        .limits =
            {
                .connections = connections,
                .waiting = (unsigned)s->outbound_queue,
                .connect_ms = s->outbound_connect_timeout_ms,
                .first_byte_ms = s->outbound_first_byte_timeout_ms,
                .idle_ms = s->outbound_idle_timeout_ms,
                .total_ms = s->outbound_timeout_ms,
                .keep_ms = s->outbound_keep_alive_ms,
                .idle_per_pool = connections < idle ? connections : idle,
                .idle_in_all = idle,
                .eject_after = (unsigned)s->outbound_eject_after,
                .eject_ms = s->outbound_eject_time_ms,
                .streams = (unsigned)s->outbound_streams,
            },
        .forwarded = text_equal(text_of(s->outbound_forwarded_headers), TEXT("remove")) ? FORWARDED_REMOVE
                                                                                        : FORWARDED_APPEND,
        .retry_buffer_bytes = (size_t)s->outbound_retry_buffer_bytes,
        .targets_max = (unsigned)s->outbound_targets,
        .http2 = s->outbound_http2,
        .rewrite_location = s->outbound_rewrite_location,
        .empty_errors = text_equal(text_of(s->outbound_errors), TEXT("empty")),
    };
}

static struct status read_guard(struct front *f, struct guard *out, struct error *err)
{
    const struct settings *s = f->settings;
    struct child_outside *outside = f->ch->outside;
    *out = (struct guard){
        .allow_loopback = s->outbound_allow_loopback,
        .allow_own = s->outbound_allow_own_listeners,
        .local = outside->local,
        .local_count = outside->local_count,
    };
    for (unsigned i = 0; i < s->outbound_refuse.count; i++) {
        struct status st = guard_refuse(out, text_of(s->outbound_refuse.item[i]), err);
        if (!status_ok(st))
            return error_wrap(err, st, "outbound.refuse");
    }
    for (unsigned i = 0; i < LISTENER_COUNT; i++)
        TRY(guard_add_own(out, text_of(f->ch->addresses[i]), err));
    return DONE;
}

void front_reload_outbound(struct front *f)
{
    if (!f->outbound)
        return;
    struct error err = {0};
    struct guard guard;
    struct status st = read_guard(f, &guard, &err);
    if (status_ok(st))
        f->guard = guard;
    else /* the schema has checked it; and what was refused before still is */
        log_event(LOG_ERROR, "outbound.guard_refused", F_CSTR("reason", error_text(&err, st)));
    const struct outbound_settings settings = outbound_settings_from(f->settings);
    outbound_set(f->outbound, &settings);
}

/* ---- questions and reports ---- */
struct egress_call {
    struct front *f;
    struct outbound_asking *question; /* one of the two */
    struct outbound_call *report;
    struct buffer answer;
    int status;
};

static void egress_head(void *owner, const struct response *head)
{
    struct egress_call *e = owner;
    e->status = head->status;
}

static void egress_body(void *owner, struct bytes chunk)
{
    struct egress_call *e = owner;
    buffer_append(&e->answer, chunk);
}

static void answered(struct egress_call *e, bool good)
{
    const struct bytes answer = buffer_bytes(&e->answer);
    if (e->question && good)
        outbound_answered(e->f->outbound, e->question, answer.p, answer.n);
    else if (e->question)
        outbound_answered(e->f->outbound, e->question, NULL, 0);
    else
        outbound_reported(e->report, good && answer.n == 1 && answer.p[0] == 1);
    buffer_wipe(&e->answer); /* credentials */
    buffer_release(&e->answer);
    mem_free(e);
}

static void egress_end(void *owner)
{
    struct egress_call *e = owner;
    const bool good = e->status == 200 && status_ok(buffer_status(&e->answer)) && buffer_size(&e->answer) > 0;
    if (!good)
        log_event(LOG_ERROR, "outbound.question_refused", F_INT("http_status", e->status));
    answered(e, good);
}

static void egress_failed(void *owner, enum pool_failure why, bool answer_started)
{
    (void)why;
    (void)answer_started;
    answered(owner, false);
}

static const struct pool_events egress_events = {egress_head, egress_body, egress_end, egress_failed};

static bool send_to_core(struct front *f, enum http_method m, struct text target,
                         struct outbound_asking *question, struct outbound_call *report)
{
    struct egress_call *e = mem_alloc(sizeof *e);
    if (!e)
        return false;
    *e = (struct egress_call){.f = f, .question = question, .report = report};
    buffer_init(&e->answer, HOP_TARGET_MAX);
    buffer_clear(&f->scratch);
    front_write_question(f, m, target, (struct bytes){NULL, 0}, &f->scratch);
    if (status_ok(buffer_status(&f->scratch)) &&
        pool_send(f->egress, m, buffer_bytes(&f->scratch), true, &egress_events, e))
        return true;
    mem_free(e);
    return false;
}

static bool ask(void *ctx, struct text target, struct outbound_asking *q)
{
    return send_to_core(ctx, HTTP_GET, target, q, NULL);
}

static bool report(void *ctx, struct text target, struct outbound_call *c)
{
    return send_to_core(ctx, HTTP_POST, target, NULL, c);
}

/* ---- start, and requests ---- */
struct status front_start_outbound(struct front *f, struct error *err)
{
    if (!f->ch->outside)
        return DONE;
    TRY(read_guard(f, &f->guard, err));
    const struct outbound_settings settings = outbound_settings_from(f->settings);
    const struct outbound_parts parts = {
        .loop = f->loop,
        .page = &f->page,
        .slab = f->slab,
        .guard = &f->guard,
        .ctx = f,
        .ask = ask,
        .report = report,
    };
    return outbound_new(&settings, &parts, &f->outbound, err);
}

struct status front_trust_targets(struct front *f, struct text more_anchors_pem, struct error *err)
{
    if (!f->outbound)
        return DONE;
    uint8_t digest[SHA256_SIZE];
    sha256(text_bytes(more_anchors_pem), digest);
    if (f->target_trust_set && bytes_equal(BYTES_OF(digest), BYTES_OF(f->target_trust)))
        return DONE; /* asked again for another reason */
    TRY(outbound_trust(f->outbound, buffer_as_text(&f->ch->outside->system_anchors), more_anchors_pem, err));
    memcpy(f->target_trust, digest, sizeof digest);
    f->target_trust_set = true;
    return DONE;
}

/* Everything but the health of the gateway itself; a service's host name has all paths to itself. */
bool front_is_call_to_target(const struct front_call *fc)
{
    if (!fc->front->outbound || connection_tag(fc->connection) != LISTENER_PROXY)
        return false;
    return !front_host_is_local(fc) || !text_equal(fc->exchange->request.path, TEXT("/v1/health"));
}

void front_call_target(struct front_call *fc)
{
    struct text tenant;
    if (!front_take_tenant(fc, &tenant)) {
        front_error(fc, 400, "There is more than one header Tenant.");
        return;
    }
    /* May answer at once, and fc is gone then. */
    outbound_request(fc->front->outbound, &fc->outbound, fc->connection, fc->exchange, tenant,
                     text_of(fc->request_id));
}
