/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/endpoint.h"

#include "fetch/answer.h"

/* FETCH_TOKEN: which fields go where is the caller's (contract 3.5 and its dialects); here they are sent. */

#define TOKEN_ANSWER_MAX (256u * 1024)
#define FORM_MAX         (1024u * 1024)

static bool write_form(struct download *d, struct buffer *form)
{
    const struct fetch_request *r = d->request;
    size_t most = 0;
    for (size_t i = 0; i < r->form_count; i++)
        most += 3 * (r->form[i].name.n + r->form[i].value.n) + 2;
    (void)buffer_reserve(form, most + 1); /* in one piece: growing would leave copies of the secret */
    for (size_t i = 0; i < r->form_count; i++) {
        if (i > 0)
            buffer_byte(form, '&');
        url_encode(form, r->form[i].name);
        buffer_byte(form, '=');
        url_encode(form, r->form[i].value);
    }
    if (status_ok(buffer_status(form)))
        return true;
    answer_fail(d->answer, FETCH_REFUSED,
                "failed to create token request: the client id or secret is too long to be sent");
    return false;
}

static bool has_header(const struct fetch_request *r, struct text name)
{
    for (size_t i = 0; i < r->header_count; i++) {
        if (text_equal_nocase(r->headers[i].name, name))
            return true;
    }
    return false;
}

/* The original sends no Accept; there are servers that answer with a form then, so ours says JSON unless a
 * registered header says something else. */
static bool make_headers(struct download *d, const struct url *url, struct curl_slist **list)
{
    bool ok = header_add(list, TEXT("Content-Type"), TEXT("application/x-www-form-urlencoded")) &&
              (has_header(d->request, TEXT("Accept")) ||
               header_add(list, TEXT("Accept"), TEXT("application/json")));
    if (ok)
        return endpoint_headers(d, url, list);
    answer_fail(d->answer, FETCH_TOO_LARGE, "failed to create token request: out of memory");
    return false;
}

static bool post(struct download *d, const struct url *url, struct text form, struct buffer *body)
{
    OWNED(curl_slist_free_all) struct curl_slist *headers = NULL;
    if (!make_headers(d, url, &headers))
        return false;
    const struct exchange_tls tls = endpoint_tls(d->request);
    struct exchange x = {
        .policy = d->policy,
        .guard = d->guard,
        .url = url,
        .headers = headers,
        .tls = &tls,
        .post = true,
        .form = form,
        .limit_name = "",
        .deadline_ms = d->deadline_ms,
        .timeout_ms = d->request->timeout_ms,
        .body = body,
        .answer = d->answer,
    };
    if (!fetch_exchange_run(&x))
        return endpoint_fail(d, &x);
    return x.status == 200 || endpoint_fail_status(d, &x);
}

static bool take_token(struct download *d, struct text body)
{
    struct buffer token;
    int64_t expires_in_s = -1;
    buffer_init(&token, FETCH_SECRET_MAX);
    (void)buffer_reserve(&token, body.n < FETCH_SECRET_MAX ? body.n : FETCH_SECRET_MAX);
    const char *why = token_read(body, &token, &expires_in_s);
    if (!why && !status_ok(secret_copy(&d->answer->token, buffer_bytes(&token))))
        why = "needs more memory than there is";
    d->answer->expires_in_s = why ? -1 : expires_in_s;
    buffer_wipe(&token);
    buffer_release(&token);
    return !why || endpoint_fail_content(d, why);
}

bool endpoint_token(struct download *d)
{
    OWNED(url_release) struct url url = {.handle = NULL};
    struct buffer form, body;
    if (!endpoint_parse(d, &url))
        return false;
    buffer_init(&form, FORM_MAX);
    buffer_init(&body, TOKEN_ANSWER_MAX);
    bool ok = write_form(d, &form) && post(d, &url, buffer_as_text(&form), &body) &&
              take_token(d, buffer_as_text(&body));
    buffer_wipe(&form);
    buffer_release(&form);
    buffer_wipe(&body);
    buffer_release(&body);
    return ok;
}
