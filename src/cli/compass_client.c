/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/compass_client.h"

#include "base/json_out.h"
#include "base/own.h"
#include "cli/json_list.h"

#define ANSWER_MAX  (1024 * 1024)
#define REQUEST_MAX 65536
#define WORDS_MAX   256

#define ASK_AGAIN "ask for a new one with requestOneTimeTokenForApplication or ...ForRuntime"

static struct text first_error(struct text json)
{
    struct text errors = json_raw_member(json, "errors"), first;
    return json_item(&errors, &first) ? first : (struct text){NULL, 0};
}

/* extensions.reason: why a token is refused, which is told only to who has the real one. */
static const char *reason_in_words(struct text reason)
{
    static const struct {
        struct text reason;
        const char *words;
    } rows[] = {
        {TEXT_INIT("used"), "the token has been used, and works once: " ASK_AGAIN},
        {TEXT_INIT("expired"), "the token has expired: " ASK_AGAIN},
        {TEXT_INIT("replaced"), "the token has been replaced by a newer one: use that, or " ASK_AGAIN},
        {TEXT_INIT("revoked"), "the token has been revoked: " ASK_AGAIN},
        {TEXT_INIT("unknown"),
         "the server does not know this token: is it whole, and for this server? Or " ASK_AGAIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (text_equal(reason, rows[i].reason))
            return rows[i].words;
    return NULL;
}

static struct status refused(int status, struct text error, struct arena *a, struct error *err)
{
    const struct text reason = json_string(json_raw_member(error, "extensions"), "reason", a);
    const struct text message = json_string(error, "message", a);
    const char *words = reason_in_words(reason);
    if (words)
        return error_set(err, E_DENIED, "%s", words);
    if (message.n > 0)
        return error_set(err, E_DENIED, "the server answered %d: %.*s", status,
                         TEXT_ARG(text_first(message, WORDS_MAX)));
    return error_set(err, E_DENIED, "the server answered %d %s", status, http_reason(status));
}

struct status compass_result(int status, struct text body, struct arena *a, struct text *out,
                             struct error *err)
{
    enum json_type type;
    struct text result;
    const bool is_json = status_ok(json_scan(body, NULL));
    const struct text error = is_json ? first_error(body) : (struct text){NULL, 0};
    if (status != 200 || error.n > 0)
        return refused(status, error, a, err);
    if (!is_json || !json_member(json_raw_member(body, "data"), TEXT("result"), &result, &type))
        return error_set(err, E_INVALID,
                         "the server's answer is not a Connector's: is this the connectorURL of the token?");
    *out = arena_text(a, result);
    return out->p ? DONE : STATUS(NOMEM);
}

static struct status ask(const struct compass_door *door, struct text query, struct arena *a,
                         struct text *out, struct error *err)
{
    OWNED(exchange_answer_release) struct exchange_answer answer;
    OWNED(buffer_release) struct buffer body;
    struct json_out j;
    buffer_init(&body, REQUEST_MAX);
    json_out_init(&j, &body);
    json_open_object(&j, NULL);
    json_text(&j, "query", query);
    json_end(&j);
    exchange_answer_init(&answer, ANSWER_MAX);
    TRY(buffer_status(&body));
    const struct https_call call = {.trust = door->trust,
                                    .identity = door->identity,
                                    .method = HTTP_POST,
                                    .url = door->url,
                                    .body = buffer_as_text(&body),
                                    .connector_token = door->token};
    TRY(https_exchange(&call, &answer, err));
    return compass_result(answer.status, buffer_as_text(&answer.body), a, out, err);
}

/* With a certificate no token is wanted. */
#define CONFIGURATION(TOKEN)                                                                                 \
    TEXT("query { result: configuration { " TOKEN "certificateSigningRequestInfo { subject keyAlgorithm } "  \
         "managementPlaneInfo { directorURL certificateSecuredConnectorURL } } }")

struct status compass_configure(const struct compass_door *door, struct arena *a,
                                struct compass_configuration *out, struct error *err)
{
    struct text json;
    TRY(ask(door, door->identity ? CONFIGURATION("") : CONFIGURATION("token { token } "), a, &json, err));
    const struct text request = json_raw_member(json, "certificateSigningRequestInfo");
    const struct text plane = json_raw_member(json, "managementPlaneInfo");
    *out = (struct compass_configuration){
        .token = json_string(json_raw_member(json, "token"), "token", a),
        .subject = json_string(request, "subject", a),
        .key_algorithm = json_string(request, "keyAlgorithm", a),
        .director_url = json_string(plane, "directorURL", a),
        .connector_url = json_string(plane, "certificateSecuredConnectorURL", a),
    };
    if (out->subject.n == 0 || (!door->identity && out->token.n == 0))
        return error_set(err, E_INVALID, "the server's configuration has no subject or no token");
    return DONE;
}

struct status compass_sign(const struct compass_door *door, struct text subject, EVP_PKEY *key,
                           struct arena *a, struct enrol_answer *out, struct error *err)
{
    struct text json;
    OWNED(buffer_release) struct buffer csr;
    buffer_init(&csr, REQUEST_MAX);
    TRY(enrol_request(subject, key, a, &csr, err));
    const struct text query = arena_printf(a,
                                           "mutation { result: signCertificateSigningRequest(csr: \"%.*s\") "
                                           "{ certificateChain caCertificate } }",
                                           TEXT_ARG(buffer_as_text(&csr)));
    if (!query.p)
        return STATUS(NOMEM);
    TRY(ask(door, query, a, &json, err));
    return enrol_check(json, &enrol_compass, key, subject, a, out, err);
}

struct status compass_revoke(const struct compass_door *door, struct arena *a, struct error *err)
{
    struct text json;
    TRY(ask(door, TEXT("mutation { result: revokeCertificate }"), a, &json, err));
    return text_equal(json, TEXT("true"))
               ? DONE
               : error_set(err, E_DENIED, "the server did not revoke the certificate: ask its operator");
}
