/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/kyma.h"

#include "base/encoding.h"

#define PEM_MAX (256u * 1024)

struct text kyma_token(struct call *c)
{
    return query_get(c->request->query, TEXT("token"), c->arena);
}

struct status kyma_put_link(struct call *c, struct json_out *j, const char *name, enum connector_link which,
                            const struct connector_holder *h, struct text token)
{
    const struct text url = connector_link(c->domain->connector, which, h, token, c->arena);
    if (!url.p)
        return STATUS(NOMEM);
    json_text(j, name, url);
    return DONE;
}

struct status kyma_put_certificate(struct call *c, struct json_out *j, const struct connector_holder *h)
{
    const struct text subject = connector_subject_text(c->domain->connector, h, c->arena);
    if (!subject.p)
        return STATUS(NOMEM);
    json_open_object(j, "certificate");
    json_text(j, "subject", subject);
    json_cstr(j, "extensions", "");
    json_cstr(j, "key-algorithm", "rsa2048");
    json_end(j);
    return DONE;
}

struct status kyma_body_csr(struct call *c, struct text *out)
{
    struct text object;
    struct status s = body_object(c, false, &object);
    if (status_ok(s))
        s = body_text(c, object, "csr", out);
    if (s.code == E_INVALID)
        return error_wrap(&c->err, s, "Error while unmarshalling request body");
    return s;
}

struct status kyma_holder(struct call *c, enum token_kind kind, struct connector_holder *out)
{
    const struct principal *p = &c->principal;
    const bool compass = p->system_auth.n > 0;
    if (kind == TOKEN_RUNTIME && !connector_settings_of(c->domain->connector)->central)
        return error_set(&c->err, E_NOT_FOUND, "Requested resource could not be found.");
    /* The connectivity adapter has applications only. */
    if (p->runtime != (kind == TOKEN_RUNTIME) || (p->runtime && compass)) {
        call_note_refusal(c, TEXT("refused.kind"));
        return error_set(&c->err, E_DENIED, "Failed to extract %s from request",
                         kind == TOKEN_RUNTIME ? "ClusterContext" : "ApplicationContext");
    }
    *out = principal_holder(p);
    return DONE;
}

/* ---- certificates ---- */

static void put_encoded(struct json_out *j, const char *name, const struct buffer *pem)
{
    OWNED(buffer_release) struct buffer encoded;
    buffer_init(&encoded, 2 * PEM_MAX);
    base64_encode(&encoded, buffer_bytes(pem));
    if (status_ok(buffer_status(pem)) && status_ok(buffer_status(&encoded)))
        json_text(j, name, buffer_as_text(&encoded));
    else
        j->out->failed = E_NOMEM; /* half an answer must not go out */
}

struct status kyma_reply_certificate(struct call *c, enum token_kind kind,
                                     const struct connector_issued *issued)
{
    const struct connector *connector = c->domain->connector;
    OWNED(buffer_release) struct buffer pem;
    buffer_init(&pem, PEM_MAX);
    struct json_out j;
    reply_json(c, 201);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    connector_chain_pem(connector, issued, &pem);
    put_encoded(&j, "crt", &pem);
    if (kind != TOKEN_REMOTE_ENVIRONMENT) { /* the first generation has nothing else (contract 10) */
        buffer_clear(&pem);
        connector_leaf_pem(issued, &pem);
        put_encoded(&j, "clientCrt", &pem);
        buffer_clear(&pem);
        connector_ca_pem(connector, &pem);
        put_encoded(&j, "caCrt", &pem);
    }
    json_end(&j);
    return DONE;
}
