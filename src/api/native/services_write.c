/* SPDX-License-Identifier: Apache-2.0 */
#include "api/native/services.h"

#include "api/native/call_options.h"
#include "registry/decode.h"

/* Registering, changing and deleting services (native). */

struct change {
    struct service_details details;
    struct text refusal;
    struct registry_input in;
};

/* Unlike the Metadata API, unknown keys are refused, and a specification may be YAML or XML in a string. */
static struct status read_change(struct call *c, struct change *out)
{
    static const char *const booleans[] = {"false", "true", NULL};
    int dry = 0;
    *out = (struct change){0};
    TRY(query_choice(c, "dryRun", booleans, &dry));
    TRY(service_decode(bytes_text(c->body), DECODE_STRICT | DECODE_TEXT_SPECS, c->arena, &out->details,
                       &c->err));
    out->in =
        (struct registry_input){.details = &out->details, .dry_run = dry == 1, .out_refusal = &out->refusal};
    return DONE;
}

static struct status answer_valid(struct call *c)
{
    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_bool(&j, "valid", true);
    json_end(&j);
    return DONE;
}

/* ---- POST ---- */

static struct status put_location(struct call *c, struct text tenant, struct text id)
{
    const struct text application = path_segment_encode(c->params[0], c->arena);
    const struct text query = path_segment_encode(tenant, c->arena);
    if (!application.p || !query.p)
        return STATUS(NOMEM);
    const struct text location =
        arena_printf(c->arena, "/api/v1/applications/%.*s/services/%.*s%s%.*s", TEXT_ARG(application),
                     TEXT_ARG(id), query.n > 0 ? "?tenant=" : "", TEXT_ARG(query));
    return location.p ? reply_header(c, TEXT("Location"), location) : STATUS(NOMEM);
}

static struct status answer_created(struct call *c, struct text tenant,
                                    const uint8_t id[static SERVICE_ID_SIZE])
{
    char text[SERVICE_ID_TEXT + 1];
    struct registry_key key;
    struct registry_view view;
    TRY(registry_key_parse(tenant, c->params[0], service_id_text(id, text), &key, &c->err));
    TRY(registry_find(c->domain->registry, &key, c->arena, &view, &c->err));
    TRY(native_service_answer(c, 201, &view));
    return put_location(c, tenant, text_of(text));
}

struct status native_service_create(struct call *c)
{
    const struct text tenant = query_text(c, "tenant");
    struct application app;
    struct change change;
    TRY(native_application(c, tenant, c->params[0], &app));
    TRY(read_change(c, &change));
    const struct audit_caller caller = call_caller(c);
    uint8_t id[SERVICE_ID_SIZE];
    const struct status made = registry_register(c->domain->registry, &caller, tenant, c->params[0],
                                                 &change.in, c->arena, id, &c->err);
    if (change.refusal.p)
        return reply_message(c, 400, TEXT(""), change.refusal);
    TRY(made);
    return change.in.dry_run ? answer_valid(c) : answer_created(c, tenant, id);
}

/* ---- PUT, PATCH and DELETE ---- */

/*
 * If-Match may list several tags, the domain takes one revision: the row is read, judged, and changed only
 * while it is what was judged. 0 = no condition. A service that is not there is 404 whatever is asked of it
 * (RFC 9110 13.2.1).
 */
static struct status expected_revision(struct call *c, const struct registry_key *key, int64_t *out)
{
    *out = 0;
    if (headers_count(&c->request->headers, TEXT("If-Match")) == 0)
        return DONE;
    struct registry_view view;
    bool given;
    bool may;
    TRY(native_service_find(c, key, &view));
    TRY(etag_may_change(c, view.row.revision, &given, &may));
    *out = view.row.revision;
    if (may)
        return DONE;
    return error_set(&c->err, E_CHANGED, "The service is at revision %lld", (long long)view.row.revision);
}

struct status native_service_replace(struct call *c)
{
    struct registry_key key;
    struct change change;
    struct registry_view view;
    int64_t revision;
    TRY(native_service_key(c, &key));
    TRY(expected_revision(c, &key, &revision));
    TRY(read_change(c, &change));
    const struct audit_caller caller = call_caller(c);
    const struct status replaced =
        registry_replace(c->domain->registry, &caller, &key, &change.in, revision, c->arena, &view, &c->err);
    if (change.refusal.p)
        return reply_message(c, 400, TEXT(""), change.refusal);
    TRY(native_service_missing(c, replaced));
    return change.in.dry_run ? answer_valid(c) : native_service_answer(c, 200, &view);
}

/* How it is called; what is absent stays. All else is a description's, and PUT's. */
struct status native_service_patch(struct call *c)
{
    static const char *const others[] = {NULL};
    struct registry_key key;
    struct text object;
    struct call_body body;
    struct registry_view view;
    int64_t revision;
    TRY(native_service_key(c, &key));
    TRY(expected_revision(c, &key, &revision));
    TRY(body_object(c, false, &object));
    TRY(call_body_read(c, object, others, true, &body));
    if (!body.given)
        return error_set(&c->err, E_INVALID, "call is missing: nothing to change");
    const struct registry_call_change change = {
        .skip_verify = body.has_skip_verify ? &body.skip_verify : NULL,
        .encode_url = body.has_encode_url ? &body.encode_url : NULL,
        .anchors_pem = body.has_anchors ? &body.anchors_pem : NULL,
    };
    const struct audit_caller caller = call_caller(c);
    const struct status changed =
        registry_call_change(c->domain->registry, &caller, &key, &change, revision, c->arena, &view, &c->err);
    if (changed.code == E_INVALID)
        return error_wrap(&c->err, changed, "call.caCertificate");
    TRY(native_service_missing(c, changed));
    return native_service_answer(c, 200, &view);
}

struct status native_service_delete(struct call *c)
{
    struct registry_key key;
    int64_t revision;
    bool no_application;
    TRY(native_service_key(c, &key));
    TRY(expected_revision(c, &key, &revision));
    const struct audit_caller caller = call_caller(c);
    TRY(native_service_missing(
        c, registry_delete(c->domain->registry, &caller, &key, revision, &no_application, &c->err)));
    return reply_empty(c, 204);
}
