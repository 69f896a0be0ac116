/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the handlers share: their prototypes (from the table of ids.h), and reading bodies and queries.
 * Private to api/. */

#include "api/call.h"
#include "api/ids.h"
#include "base/json_out.h"
#include "base/limits.h"
#include "connector/connector.h"
#include "http/message.h"

#define X(id, function) api_handler function;
API_HANDLERS(X)
#undef X

/* Who calls, for the domain and its audit. The actor of a certificate is "certificate:<hex>". */
struct audit_caller call_caller(struct call *c);
/* Whom the caller's certificate speaks for. */
struct connector_holder principal_holder(const struct principal *p);
/* Tallies a refusal (E_DENIED) for the audit and hands the status on. `action` is constant. */
struct status call_refused(struct call *c, struct text action, struct status s);
/* Tallies a refusal that is already decided. */
void call_note_refusal(struct call *c, struct text action);

/*
 * The body as a JSON object, checked by json_scan. "null" and (when `may_be_empty`) an empty body give an
 * empty object. E_INVALID with only the reason in c->err: "unexpected end of JSON input".
 */
struct status body_object(struct call *c, bool may_be_empty, struct text *out);
/* A string member, decoded into the arena; empty when absent or null. E_INVALID when it is something else. */
struct status body_text(struct call *c, struct text object, const char *name, struct text *out);

/* Query parameters of lists. Each gives E_INVALID with the parameter's name. */
struct status query_page(struct call *c, struct page_request *out); /* after, limit (default 100, 1..500) */
struct status
query_time(struct call *c, const char *name, bool from_now,
           int64_t *out); /* RFC 3339, or a duration before or (from_now) after now; 0 when absent */
struct status query_choice(struct call *c, const char *name, const char *const *choices,
                           int *out);                     /* index; untouched when absent */
struct text query_text(struct call *c, const char *name); /* {NULL, 0} when absent */
/* Seconds of "2026-11-21T05:13:44Z" or with an offset (RFC 3339; fractions are dropped), or "2026-11-21". */
bool time_parse(struct text t, int64_t *out);

/* E_NOT_FOUND with where to look. */
struct status native_application(struct call *c, struct text tenant, struct text name,
                                 struct application *out);
struct status native_resolve_fingerprint(struct call *c, struct text prefix, uint8_t out[static SHA256_SIZE]);

/* JSON values as base64 of PEM, the connector's way of sending certificates. */
const char *token_kind_name(enum token_kind kind); /* "application", "runtime", "remoteEnvironment" */
bool token_kind_parse(struct text t, enum token_kind *out);
const char *token_state_name(enum token_state state);

/* metrics_calls.c: a part of /metrics */
struct buffer;
void metrics_put_calls(struct buffer *b, const struct domain *d);

#define REPLY_BODY_MAX (8u * 1024 * 1024) /* 500 rows with everything a peer may have put into them */
