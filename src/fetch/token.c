/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/download.h"

#include "base/buffer.h"
#include "base/json_scan.h"
#include "fetch/answer.h"
#include "fetch/endpoint.h"

#define TOKEN_ANSWER_MAX (256u * 1024)
#define FORM_MAX         (256u * 1024) /* id and secret, three characters for each of theirs */

/*
 * OAuth's client credentials (contract 3.5), as a job and on the way to a document. A redirect is not
 * followed: it would take the secret elsewhere. The original goes on with an empty token when there is none;
 * we say so.
 */

/* ---- the answer ---- */
/* "3600", "-1", "3600.0": whole seconds; negative ones are over, large ones are cut. */
static bool read_seconds(struct text t, int64_t *out)
{
    const bool negative = text_starts_with(t, TEXT("-"));
    struct text whole = text_from(t, negative), fraction = {.p = NULL};
    int64_t value = 0;
    if (text_contains(whole, '.')) {
        fraction = whole;
        whole = text_cut(&fraction, '.');
        if (fraction.n == 0)
            return false;
    }
    for (size_t i = 0; i < fraction.n; i++) {
        if (fraction.p[i] != '0')
            return false;
    }
    for (size_t i = 0; i < whole.n; i++) {
        if (whole.p[i] < '0' || whole.p[i] > '9')
            return false;
        value = value * 10 + (whole.p[i] - '0');
        value = value > INT32_MAX ? INT32_MAX : value;
    }
    *out = negative ? 0 : value;
    return whole.n > 0;
}

/* The original takes an integer only; servers that quote it are common enough to be understood. */
static bool read_expiry(struct text json, int64_t *out)
{
    struct text raw;
    enum json_type type;
    *out = -1;
    if (!json_member(json, TEXT("expires_in"), &raw, &type) || type == JSON_TYPE_NULL)
        return true;
    if (type == JSON_TYPE_STRING)
        raw = (struct text){raw.p + 1, raw.n - 2};
    else if (type != JSON_TYPE_NUMBER)
        return false;
    return read_seconds(raw, out);
}

const char *token_read(struct text json, struct buffer *token, int64_t *out_expires_s)
{
    struct text raw;
    enum json_type type;
    if (!status_ok(json_scan(json, NULL)))
        return "is not JSON";
    if (!json_member(json, TEXT("access_token"), &raw, &type) || type != JSON_TYPE_STRING || raw.n <= 2)
        return "has no access_token";
    const size_t before = buffer_size(token);
    if (!status_ok(json_string_decode(raw, token)) ||
        !header_value_is_fine(text_from(buffer_as_text(token), before)))
        return "has an access_token that cannot be sent";
    if (out_expires_s && !read_expiry(json, out_expires_s))
        return "has an expires_in that is no whole number of seconds";
    return NULL;
}

/* ---- on the way to a document ---- */
/* Id and secret in the header and in the form, because servers differ in which they read. */
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

static bool read_bearer(struct download *d, struct text json, struct buffer *authorization)
{
    buffer_text(authorization, TEXT("Bearer "));
    const char *why = token_read(json, authorization, NULL);
    if (why)
        answer_fail(d->answer, FETCH_AUTHORIZATION, "the token endpoint's answer %s", why);
    return !why;
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
    bool ok = ask(d, &url, &body) && read_bearer(d, buffer_as_text(&body), authorization);
    buffer_wipe(&body);
    buffer_release(&body);
    return ok;
}
