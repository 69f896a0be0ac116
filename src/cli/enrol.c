/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/enrol.h"

#include "base/encoding.h"
#include "base/json_out.h"
#include "base/own.h"
#include "cli/json_list.h"
#include "cli/table.h"
#include "x509/pem.h"

#define ANSWER_MAX  (1024 * 1024)
#define REQUEST_MAX 65536

/* Both generations answer {"code":403,"error":"Invalid token."}; other servers may answer problem+json or
 * HTML. */
static struct status refuse(const struct exchange_answer *answer, struct arena *a, struct error *err)
{
    struct text body = buffer_as_text(&answer->body);
    struct text words = {NULL, 0};
    if (status_ok(json_scan(body, NULL))) {
        words = json_string(body, "error", a);
        if (words.n == 0)
            words = json_string(body, "detail", a);
    }
    const char *hint =
        answer->status == 403 && text_equal(words, TEXT("Invalid token."))
            ? " It works once and for a few minutes: ask for a new one with `fairlead token create`"
            : "";
    if (words.n > 0)
        return error_set(err, E_DENIED, "the server answered %d: %.*s%s", answer->status,
                         TEXT_ARG(text_first(words, 256)), hint);
    return error_set(err, E_DENIED, "the server answered %d %s", answer->status, http_reason(answer->status));
}

static struct status call(const struct https_call *call, int expected, struct arena *a, struct text *out_json,
                          struct error *err)
{
    OWNED(exchange_answer_release) struct exchange_answer answer;
    exchange_answer_init(&answer, ANSWER_MAX);
    TRY(https_exchange(call, &answer, err));
    struct text body = buffer_as_text(&answer.body);
    if (answer.status != expected)
        return refuse(&answer, a, err);
    if (!status_ok(json_scan(body, NULL)))
        return error_set(
            err, E_INVALID,
            "the server's answer is not JSON: is this the URL that `fairlead token create` printed?");
    *out_json = arena_text(a, body);
    return out_json->p ? DONE : STATUS(NOMEM);
}

struct status enrol_get(const struct https_trust *trust, const struct https_identity *identity,
                        struct text url, struct arena *a, struct text *out_json, struct error *err)
{
    const struct https_call get = {.trust = trust, .identity = identity, .method = HTTP_GET, .url = url};
    return call(&get, 200, a, out_json, err);
}

struct status enrol_request(struct text subject, EVP_PKEY *key, struct arena *a, struct buffer *out,
                            struct error *err)
{
    struct name name;
    OWNED(buffer_release) struct buffer der, pem;
    buffer_init(&der, REQUEST_MAX);
    buffer_init(&pem, REQUEST_MAX);
    struct status s = name_from_text(subject, a, &name, err);
    if (!status_ok(s))
        return s.code == E_NOMEM ? s : error_wrap(err, s, "the subject that the server asks for");
    TRY(request_build(&name, key, &der, err));
    pem_encode(&pem, TEXT("CERTIFICATE REQUEST"), buffer_bytes(&der));
    TRY(buffer_status(&pem));
    base64_encode(out, buffer_bytes(&pem));
    return buffer_status(out);
}

/* {"csr":"<base64 of the PEM>"} */
static struct status request_body(struct text subject, EVP_PKEY *key, struct arena *a, struct buffer *out,
                                  struct error *err)
{
    OWNED(buffer_release) struct buffer base64;
    buffer_init(&base64, REQUEST_MAX);
    TRY(enrol_request(subject, key, a, &base64, err));
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    json_text(&j, "csr", buffer_as_text(&base64));
    json_end(&j);
    return buffer_status(out);
}

struct status enrol_sign(const struct https_trust *trust, const struct https_identity *identity,
                         struct text url, struct text subject, EVP_PKEY *key, struct arena *a,
                         struct enrol_answer *out, struct error *err)
{
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, REQUEST_MAX);
    TRY(request_body(subject, key, a, &body, err));
    struct text json;
    const struct https_call post = {
        .trust = trust, .identity = identity, .method = HTTP_POST, .url = url, .body = buffer_as_text(&body)};
    TRY(call(&post, 201, a, &json, err));
    return enrol_check(json, &enrol_kyma, key, subject, a, out, err);
}
