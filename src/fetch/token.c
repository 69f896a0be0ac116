/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/download.h"

#include "base/buffer.h"
#include "base/json_scan.h"
#include "fetch/answer.h"
#include "fetch/exchange.h"

#define TOKEN_ANSWER_MAX (256u * 1024)
#define FORM_MAX         (256u * 1024) /* id and secret, three characters for each of theirs */

/*
 * The client-credentials exchange (contract 3.5): id and secret in the header and in the form, because
 * servers differ in which they read. A redirect is not followed: it would take the secret elsewhere. The
 * token is used once, so expires_in is not looked at. The original goes on with an empty token when there is
 * none; we say so.
 */

static bool fail_token(struct download *d, const char *why)
{
    answer_fail(d->answer, FETCH_AUTHORIZATION, "the token endpoint's answer %s", why);
    return false;
}

static bool read_token(struct download *d, struct text json, struct buffer *authorization)
{
    struct text raw;
    enum json_type type;
    if (!status_ok(json_scan(json, NULL)))
        return fail_token(d, "is not JSON");
    if (!json_member(json, TEXT("access_token"), &raw, &type) || type != JSON_TYPE_STRING || raw.n <= 2)
        return fail_token(d, "has no access_token");
    buffer_text(authorization, TEXT("Bearer "));
    if (!status_ok(json_string_decode(raw, authorization)) ||
        !header_value_is_fine(buffer_as_text(authorization)))
        return fail_token(d, "has an access_token that cannot be sent");
    return true;
}

static void write_form(const struct fetch_request *r, struct buffer *form)
{
    buffer_text(form, TEXT("client_id="));
    url_encode(form, r->user);
    buffer_text(form, TEXT("&client_secret="));
    url_encode(form, r->password);
    buffer_text(form, TEXT("&grant_type=client_credentials"));
}

static bool make_headers(const struct fetch_request *r, struct curl_slist **list)
{
    struct buffer value;
    buffer_init(&value, FORM_MAX);
    basic_authorization(&value, r->user, r->password);
    bool ok = status_ok(buffer_status(&value)) &&
              header_add(list, TEXT("Authorization"), buffer_as_text(&value)) &&
              header_add(list, TEXT("Content-Type"), TEXT("application/x-www-form-urlencoded")) &&
              header_add(list, TEXT("Accept"), TEXT("application/json"));
    buffer_wipe(&value);
    buffer_release(&value);
    return ok;
}

static bool ask(struct download *d, const struct url *url, struct buffer *body)
{
    OWNED(curl_slist_free_all) struct curl_slist *headers = NULL;
    struct buffer form;
    buffer_init(&form, FORM_MAX);
    write_form(d->request, &form);
    bool ok = status_ok(buffer_status(&form)) && make_headers(d->request, &headers);
    if (!ok)
        answer_fail(d->answer, FETCH_AUTHORIZATION, "the client id or secret is too long to be sent");
    struct exchange x = {
        .policy = d->policy,
        .guard = d->guard,
        .url = url,
        .headers = headers,
        .post = true,
        .form = buffer_as_text(&form),
        .limit_name = "",
        .deadline_ms = d->deadline_ms,
        .timeout_ms = d->request->timeout_ms,
        .body = body,
        .answer = d->answer,
    };
    ok = ok && fetch_exchange_run(&x);
    buffer_wipe(&form);
    buffer_release(&form);
    if (ok && x.status != 200) {
        d->answer->http_status = x.status;
        answer_fail(d->answer, FETCH_AUTHORIZATION, "the token endpoint answered with status %d", x.status);
        return false;
    }
    if (!ok) {
        bool kept = d->answer->outcome == FETCH_REFUSED || d->answer->outcome == FETCH_TIMEOUT;
        d->answer->outcome = kept ? d->answer->outcome : FETCH_AUTHORIZATION;
        answer_wrap(d->answer, "token endpoint");
    }
    return ok;
}

bool download_token(struct download *d, struct buffer *authorization)
{
    OWNED(url_release) struct url url = {.handle = NULL};
    struct buffer body;
    if (!fetch_url_parse(d->request->token_url, NULL, &url, d->answer)) {
        answer_wrap(d->answer, "token endpoint");
        return false;
    }
    buffer_init(&body, TOKEN_ANSWER_MAX);
    bool ok = ask(d, &url, &body) && read_token(d, buffer_as_text(&body), authorization);
    buffer_wipe(&body);
    buffer_release(&body);
    return ok;
}
