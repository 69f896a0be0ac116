/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "front/front_internal.h"

/*
 * The access log: a line for each request, or for one in so many and each that failed. A "request" is
 * answered by the server itself, a "call" by a registered API.
 */

void front_access_configure(struct front *f)
{
    const struct text wanted = text_of(f->settings->log_access);
    f->access = ACCESS_OFF;
    if (text_equal(wanted, TEXT("all")))
        f->access = ACCESS_ALL;
    else if (text_equal(wanted, TEXT("sampled")))
        f->access = ACCESS_SAMPLED;
    f->access_sample = (uint64_t)f->settings->log_access_sample;
    f->access_unlogged = f->access_sample - 1; /* the first one is a sample */
}

static bool is_wanted(struct front *f, bool failed)
{
    if (f->access == ACCESS_ALL)
        return true;
    const bool sample = ++f->access_unlogged >= f->access_sample;
    if (sample)
        f->access_unlogged = 0;
    return sample || failed;
}

static const char *protocol_of(enum http_version v)
{
    switch (v) {
    case HTTP_1_0:
        return "HTTP/1.0";
    case HTTP_1_1:
        return "HTTP/1.1";
    case HTTP_2:
        break;
    }
    return "HTTP/2";
}

static void log_request(const struct front_call *fc, bool cut, int64_t us)
{
    char address[CONNECTION_ADDRESS_MAX];
    static const struct text none = {NULL, 0};
    const struct request *r = &fc->exchange->request;
    const struct hop_identity *id = fc->identity ? &fc->identity->answer : NULL;
    log_event(LOG_INFO, "request", F_CSTR("id", fc->request_id),
              F_CSTR("listener", listener_name((enum listener)connection_tag(fc->connection))),
              F_CSTR("peer", connection_address(fc->connection, address)),
              F_CSTR("protocol", protocol_of(r->version)),
              F_BOOL("tls", connection_tls(fc->connection) != NULL),
              F_CSTR("method", http_method_name(r->method)), F_TARGET("target", r->target),
              F_INT("status", fc->status), F_BOOL("cut", cut), F_INT("bytes_in", fc->budget),
              F_INT("bytes_out", fc->body_out), F_INT("us", us), F_TEXT("tenant", id ? id->tenant : none),
              F_TEXT("application", id ? id->application : none));
}

static const char *target_protocol(const struct upstream_facts *facts)
{
    if (facts->first_byte_us == 0)
        return "";
    return facts->http2 ? "HTTP/2" : "HTTP/1.1";
}

static void log_call(const struct front_call *fc, bool cut, int64_t us)
{
    char address[CONNECTION_ADDRESS_MAX];
    const struct request *r = &fc->exchange->request;
    struct outbound_summary call;
    outbound_summarise(fc->outbound, &call);
    log_event(LOG_INFO, "call", F_TEXT("id", call.request_id),
              F_CSTR("peer", connection_address(fc->connection, address)),
              F_CSTR("protocol", protocol_of(r->version)),
              F_BOOL("tls", connection_tls(fc->connection) != NULL),
              F_CSTR("method", http_method_name(r->method)), F_TARGET("target", r->target),
              F_INT("status", fc->status), F_BOOL("cut", cut), F_INT("bytes_in", call.bytes_in),
              F_INT("bytes_out", call.bytes_out), F_INT("us", us), F_TEXT("tenant", call.tenant),
              F_TEXT("application", call.application), F_TEXT("service", call.service),
              F_TEXT("service_id", call.service_id), F_INT("target_status", call.target_status),
              F_CSTR("target_protocol", target_protocol(&call.facts)),
              F_INT("connect_us", call.facts.connect_us), F_INT("upstream_us", call.facts.first_byte_us),
              F_BOOL("reused", call.facts.reused), F_BOOL("resumed", call.facts.resumed),
              F_BOOL("retried", call.retried), F_CSTR("failure", call.failure ? call.failure : ""));
}

void front_access_log(struct front_call *fc, bool cancelled, int64_t us)
{
    const bool cut = cancelled && fc->status != 101; /* a tunnel has no other end */
    if (!is_wanted(fc->front, cut || fc->status == 0 || fc->status >= 500))
        return;
    if (fc->outbound)
        log_call(fc, cut, us);
    else
        log_request(fc, cut, us);
}
