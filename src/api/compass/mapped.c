/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/director.h"

/*
 * Who asks the Director with a certificate of an external CA (contract 2.7, 3.4): whomever the mapping of its
 * subject names. Looked up with each request, so that a change of a mapping counts from the next one on. Of
 * what is in the certificate nothing but the subject as a whole counts: its CN may be that of an application
 * or the id of a system auth, and means nothing.
 */

/* The core has no record of what others issue; one of ours among them is a contradiction, and refused. */
static struct status check_revoked(struct call *c)
{
    struct certificate record;
    const struct status s =
        store_certificate_find(c->domain->store, c->principal.fingerprint, false, c->arena, &record);
    if (s.code == E_NOT_FOUND)
        return DONE;
    return status_ok(s) ? STATUS(DENIED) : s;
}

static bool refused(struct call *c, struct status why)
{
    if (why.code == E_DENIED) {
        call_note_refusal(c, TEXT("refused.revoked"));
        (void)reply_error(c, 403, "Certificate has been revoked.");
    } else if (why.code == E_NOT_FOUND) {
        call_note_refusal(c, TEXT("refused.unmapped"));
        (void)reply_error(c, 403,
                          "Certificate is not on record here: an external CA issued it, and no mapping names "
                          "its subject.");
    } else {
        director_refuse_request(c, 503, DIRECTOR_INTERNAL, TEXT("Internal Server Error"));
    }
    return false;
}

static enum consumer consumer_of(struct text type)
{
    static const struct {
        struct text type;
        enum consumer consumer;
    } shown[] = {
        {TEXT_INIT("Application"), CONSUMER_APPLICATION},
        {TEXT_INIT("Runtime"), CONSUMER_RUNTIME},
        {TEXT_INIT("Integration System"), CONSUMER_INTEGRATION_SYSTEM},
        {TEXT_INIT("Static User"), CONSUMER_USER},
    };
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        if (text_equal(shown[i].type, type))
            return shown[i].consumer;
    return CONSUMER_OTHER;
}

bool director_by_mapping(struct call *c, struct director_context *out)
{
    struct subject_mapping *m = arena_alloc(c->arena, sizeof *m);
    struct status s = m ? check_revoked(c) : STATUS(NOMEM);
    if (status_ok(s) && !c->domain->settings->tls_gateway_client_ca_file[0])
        s = STATUS(NOT_FOUND); /* no such CA is trusted any more; its front has not heard yet */
    if (status_ok(s))
        s = director_mapping_find(c->domain->store, c->domain->mappings, c->principal.subject, c->arena, m);
    if (!status_ok(s))
        return refused(c, s);
    const struct consumer_type *type = director_consumer_type(m->consumer_type);
    out->mapping = m;
    out->consumer = consumer_of(m->consumer_type);
    out->consumer_id = m->internal_consumer_id.n > 0 ? m->internal_consumer_id : m->subject;
    out->scopes = type ? type->scopes : TEXT("");
    out->tenants = TEXT("");
    return true;
}

/* No tenant has this key (store/arguments.h): should anything look for rows all the same, there are none. */
#define NO_TENANT TEXT("/")

static bool drop(struct director_context *out)
{
    out->reach = REACH_NOTHING;
    out->scopes = TEXT("");
    return true;
}

/*
 * A mapping may say that its caller is an application or a runtime of ours, by its id, in the tenant where it
 * acts: for that one it acts then, and for none where there is no such one.
 */
static struct status find_itself(struct call *c, struct director_context *out)
{
    static const uint8_t nobody[OBJECT_ID_SIZE];
    uint8_t id[OBJECT_ID_SIZE];
    struct object o;
    if (out->consumer != CONSUMER_APPLICATION && out->consumer != CONSUMER_RUNTIME)
        return DONE;
    const enum object_kind kind = out->consumer == CONSUMER_RUNTIME ? OBJECT_RUNTIME : OBJECT_APPLICATION;
    director_bind(out, kind, nobody);
    if (!uuid_parse(out->mapping->internal_consumer_id, id))
        return DONE;
    const struct status s = store_object_get(c->domain->store, kind, out->tenant.key, id, c->arena, &o);
    if (!status_ok(s))
        return s.code == E_NOT_FOUND ? DONE : s;
    director_bind(out, kind, o.id);
    if (kind == OBJECT_APPLICATION)
        out->application = o.name;
    else
        out->runtime = out->d.bound_id;
    return DONE;
}

bool director_mapped_tenant(struct call *c, struct director_context *out)
{
    static const struct text name = TEXT_INIT("Tenant");
    const struct text wanted = headers_get(&c->request->headers, name);
    out->d.tenant = NO_TENANT;
    out->reach = REACH_ABOVE;
    if (wanted.n == 0 && headers_count(&c->request->headers, name) <= 1)
        return director_mapping_is_global(out->mapping) || drop(out);
    struct status found = headers_count(&c->request->headers, name) > 1
                              ? STATUS(NOT_FOUND) /* which one it is would be a guess */
                              : store_tenant_find(c->domain->store, wanted, c->arena, &out->tenant);
    if (found.code == E_NOT_FOUND)
        return director_no_tenant(c, wanted);
    if (!status_ok(found))
        return refused(c, found);
    if (!director_mapping_reaches(out->mapping, out->tenant.type))
        return drop(out);
    found = find_itself(c, out);
    if (!status_ok(found))
        return refused(c, found);
    out->reach = REACH_TENANT;
    out->d.tenant = out->tenant.key;
    return true;
}
