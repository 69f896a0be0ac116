/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/endpoint.h"

#include "fetch/answer.h"

/* FETCH_CSRF (contract 3.6). */

#define REDIRECTS_MAX 10 /* as many as the original's client follows */

/* ---- the answer ---- */
static bool is_header(struct text *line, struct text name)
{
    struct text value = *line;
    struct text found = text_cut(&value, ':');
    if (!value.p || !text_equal_nocase(text_trim(found), name))
        return false;
    *line = text_trim(value);
    return true;
}

/* Is the pair's name the cookie's? */
static bool is_cookie(struct text pair, struct text name)
{
    return text_equal(text_first(pair, text_find(pair, '=')), name);
}

struct cookies {
    struct text pair[CSRF_COOKIES_MAX]; /* borrowed */
    size_t count;
};

/* RFC 6265 5.2: up to the first ';' is the pair; without a name it is none. */
static const char *take_cookie(struct cookies *c, struct text value)
{
    struct text rest = value;
    struct text pair = text_trim(text_cut(&rest, ';'));
    struct text after = pair;
    struct text name = text_trim(text_cut(&after, '='));
    if (!after.p || name.n == 0)
        return NULL;
    if (!header_value_is_fine(pair))
        return "has a cookie that cannot be sent";
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (!is_cookie(c->pair[i], name))
            c->pair[kept++] = c->pair[i];
    }
    c->count = kept;
    if (c->count == CSRF_COOKIES_MAX)
        return "has more cookies than are kept";
    c->pair[c->count++] = pair;
    return NULL;
}

const char *csrf_read(struct text head, struct buffer *token, struct buffer *cookies)
{
    struct cookies kept = {.count = 0};
    bool has_token = false;
    const char *why = NULL;
    while (head.p && !why) {
        struct text line = text_cut(&head, '\n');
        if (is_header(&line, TEXT("set-cookie"))) {
            why = take_cookie(&kept, line);
        } else if (is_header(&line, TEXT("x-csrf-token")) && !has_token) {
            has_token = true;
            buffer_text(token, line);
            why = header_value_is_fine(line) ? NULL : "has an X-CSRF-Token that cannot be sent";
        }
    }
    for (size_t i = 0; i < kept.count; i++) {
        if (i > 0)
            buffer_text(cookies, TEXT("; "));
        buffer_text(cookies, kept.pair[i]);
    }
    if (!why && (!status_ok(buffer_status(token)) || !status_ok(buffer_status(cookies))))
        why = "has a token or cookies longer than what is kept";
    return why;
}

static bool take_answer(struct download *d, struct text head)
{
    struct buffer token, cookies;
    buffer_init(&token, FETCH_SECRET_MAX);
    buffer_init(&cookies, FETCH_SECRET_MAX);
    (void)buffer_reserve(&cookies, FETCH_SECRET_MAX); /* growing would leave copies */
    const char *why = csrf_read(head, &token, &cookies);
    if (!why && (!status_ok(secret_copy(&d->answer->token, buffer_bytes(&token))) ||
                 !status_ok(secret_copy(&d->answer->cookies, buffer_bytes(&cookies)))))
        why = "needs more memory than there is";
    buffer_wipe(&token);
    buffer_release(&token);
    buffer_wipe(&cookies);
    buffer_release(&cookies);
    if (!why)
        return true;
    secret_release(&d->answer->token);
    answer_fail(d->answer, FETCH_AUTHORIZATION, "failed to read the token from the answer: it %s", why);
    return false;
}

/* ---- the request ---- */
static bool make_headers(struct download *d, const struct url *url, struct curl_slist **list)
{
    if (header_add(list, TEXT("X-csrf-token"), TEXT("fetch")) &&
        header_add(list, TEXT("Accept"), TEXT("*/*")) &&
        header_add(list, TEXT("cache-control"), TEXT("no-cache")))
        return endpoint_headers(d, url, list);
    answer_fail(d->answer, FETCH_TOO_LARGE, "failed to create token request: out of memory");
    return false;
}

/* *url becomes where it leads: only within the origin, since credentials and client certificate go along. */
static bool follow(struct download *d, const struct exchange *x, struct url *url)
{
    OWNED(url_release) struct url next = {.handle = NULL};
    if (!fetch_url_parse(text_of(x->location), url, &next, d->answer)) {
        answer_wrap(d->answer, "it redirects");
        return false;
    }
    if (next.user || !url_same_origin(url, &next)) {
        answer_fail(d->answer, FETCH_REFUSED, "it redirects to another origin, where credentials do not go");
        return false;
    }
    url_release(url);
    *url = next;
    next = (struct url){.handle = NULL};
    return true;
}

/* The answer in `head`. The body is not read: it may be a whole service document. */
static bool get(struct download *d, struct url *url, struct curl_slist *headers, struct buffer *head)
{
    const struct exchange_tls tls = endpoint_tls(d->request);
    struct exchange x = {
        .policy = d->policy,
        .guard = d->guard,
        .url = url,
        .headers = headers,
        .tls = &tls,
        .limit_name = "",
        .deadline_ms = d->deadline_ms,
        .timeout_ms = d->request->timeout_ms,
        .head = head,
        .answer = d->answer,
    };
    for (unsigned hop = 0; hop <= REDIRECTS_MAX; hop++) {
        if (!fetch_exchange_run(&x))
            return endpoint_fail(d, &x);
        if (!exchange_redirects(&x))
            return x.status == 200 || endpoint_fail_status(d, &x);
        if (!follow(d, &x, url))
            return endpoint_fail(d, &x);
    }
    answer_fail(d->answer, FETCH_REFUSED, "it redirects more than %d times", REDIRECTS_MAX);
    return endpoint_fail(d, &x);
}

bool endpoint_csrf(struct download *d)
{
    OWNED(url_release) struct url url = {.handle = NULL};
    OWNED(curl_slist_free_all) struct curl_slist *headers = NULL;
    struct buffer head;
    if (!endpoint_parse(d, &url) || !make_headers(d, &url, &headers))
        return false;
    buffer_init(&head, EXCHANGE_HEAD_MAX);
    (void)buffer_reserve(&head, EXCHANGE_HEAD_MAX); /* growing would leave copies */
    bool ok = get(d, &url, headers, &head) && take_answer(d, buffer_as_text(&head));
    buffer_wipe(&head);
    buffer_release(&head);
    return ok;
}
