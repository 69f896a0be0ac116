/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/download.h"

#include "fetch/answer.h"
#include "fetch/exchange.h"
#include "http/message.h"

/* ---- authentication ---- */
static bool make_authorization(struct download *d, const struct url *url, struct buffer *out)
{
    if (d->request->authentication == FETCH_OAUTH)
        return download_token(d, out);
    return header_authorization(d, url, out);
}

/* ---- redirects ---- */
/* The reason begins as the contract's message goes on: "failed with status 404 Not Found" (1.8). */
static bool fail_status(struct download *d, int status)
{
    const char *words = http_reason(status);
    const bool wants = status == 401 || status == 403;
    answer_fail(d->answer, FETCH_STATUS, "%d%s%s%s", status, words[0] ? " " : "", words,
                wants ? ": does the URL need credentials?" : "");
    return false;
}

/* *url becomes where it leads. *secrets: whether credentials and registered headers go along. */
static bool follow(struct download *d, const struct exchange *x, unsigned hop, struct url *url, bool *secrets)
{
    if (hop >= d->policy->redirects) {
        answer_fail(d->answer, FETCH_REFUSED, "it redirects more than %u times (registry.fetch_redirects)",
                    d->policy->redirects);
        return false;
    }
    OWNED(url_release) struct url next = {.handle = NULL};
    if (!fetch_url_parse(text_of(x->location), url, &next, d->answer)) {
        answer_wrap(d->answer, "it redirects");
        return false;
    }
    if (next.user) {
        answer_fail(d->answer, FETCH_REFUSED, "it redirects to a URL with credentials in it");
        return false;
    }
    if (url->https && !next.https) {
        answer_fail(d->answer, FETCH_REFUSED, "it redirects from https to http, where anybody can change it");
        return false;
    }
    *secrets = *secrets && url_same_origin(url, &next);
    url_release(url);
    *url = next;
    next = (struct url){.handle = NULL};
    return true;
}

/* One hop: true when it is done or leads on (*again), false when it failed. */
static bool get(struct download *d, struct url *url, struct text authorization, unsigned hop, bool *secrets,
                bool *again)
{
    OWNED(curl_slist_free_all) struct curl_slist *headers = NULL;
    if (*secrets &&
        (!header_add_authorization(d, authorization, &headers) || !header_add_registered(d, &headers)))
        return false;
    struct exchange x = {
        .policy = d->policy,
        .guard = d->guard,
        .url = url,
        .headers = headers,
        .limit_name = " (registry.specification_bytes)",
        .deadline_ms = d->deadline_ms,
        .timeout_ms = d->request->timeout_ms,
        .body = &d->answer->document,
        .answer = d->answer,
    };
    if (!fetch_exchange_run(&x)) {
        if (hop > 0)
            answer_wrap(d->answer, "it redirects");
        return false;
    }
    *again = exchange_redirects(&x);
    if (*again)
        return follow(d, &x, hop, url, secrets);
    return x.status == 200 || fail_status(d, x.status);
}

/*
 * Redirects are followed here, not by libcurl: it would send the registered headers, which may be secrets, to
 * whatever host the server names. They and Authorization stay at the first origin (scheme, host and port).
 */
static bool get_document(struct download *d, struct url *url, struct text authorization)
{
    bool secrets = true, again = true;
    for (unsigned hop = 0; again; hop++) {
        if (!get(d, url, authorization, hop, &secrets, &again))
            return false;
    }
    return true;
}

/* One request, no redirects: the answer decides who is an operator, so only the configured place may give it,
 * and its certificate is verified whatever registry.verify_tls says. What has none never leaves this host. */
bool download_keys(struct download *d)
{
    OWNED(url_release) struct url url = {.handle = NULL};
    const struct exchange_tls tls = {.anchors_pem = d->request->anchors_pem};
    struct guard guard = *d->guard;
    if (!fetch_url_parse(d->request->url, NULL, &url, d->answer))
        return false;
    guard.only_loopback = !url.https;
    struct exchange x = {
        .policy = d->policy,
        .guard = &guard,
        .url = &url,
        .tls = &tls,
        .limit_name = "",
        .deadline_ms = d->deadline_ms,
        .timeout_ms = d->request->timeout_ms,
        .body = &d->answer->document,
        .answer = d->answer,
    };
    if (!fetch_exchange_run(&x))
        return false;
    return x.status == 200 || fail_status(d, x.status);
}

bool download_document(struct download *d)
{
    OWNED(url_release) struct url url = {.handle = NULL};
    struct buffer authorization;
    if (!fetch_url_parse(d->request->url, NULL, &url, d->answer) ||
        !url_add_query(&url, d->request->query, d->request->query_count, d->answer))
        return false;
    buffer_init(&authorization, AUTHORIZATION_MAX);
    bool ok =
        make_authorization(d, &url, &authorization) && get_document(d, &url, buffer_as_text(&authorization));
    buffer_wipe(&authorization);
    buffer_release(&authorization);
    return ok;
}
