/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/endpoint.h"

#include <stdio.h>

#include "fetch/answer.h"

#define SHOWN_MAX 160 /* of the URL, so that what went wrong fits as well */

/* Without the query: parameters are where keys lie. User-info went when it was parsed. */
static struct text shown(const struct url *url)
{
    struct text t = text_of(url->text);
    return text_first(text_first(t, text_find(t, '?')), SHOWN_MAX);
}

static const char *const cannot_create = "failed to create token request";

bool endpoint_parse(struct download *d, struct url *out)
{
    const struct fetch_request *r = d->request;
    const bool half = (r->client_chain_pem.n == 0) != (r->client_key_pem.n == 0);
    if (half)
        answer_fail(d->answer, FETCH_REFUSED, "the client certificate has no key, or the key no certificate");
    else if (fetch_url_parse(r->url, NULL, out, d->answer) &&
             url_add_query(out, r->query, r->query_count, d->answer))
        return true;
    answer_wrap(d->answer, cannot_create);
    return false;
}

struct exchange_tls endpoint_tls(const struct fetch_request *r)
{
    return (struct exchange_tls){
        .client_chain_pem = r->client_chain_pem,
        .client_key_pem = r->client_key_pem,
        .anchors_pem = r->anchors_pem,
        .insecure = r->insecure,
    };
}

bool endpoint_headers(struct download *d, const struct url *url, struct curl_slist **list)
{
    struct buffer value;
    buffer_init(&value, AUTHORIZATION_MAX);
    bool ok = header_authorization(d, url, &value) &&
              header_add_authorization(d, buffer_as_text(&value), list) && header_add_registered(d, list);
    buffer_wipe(&value);
    buffer_release(&value);
    if (!ok)
        answer_wrap(d->answer, cannot_create);
    return ok;
}

bool endpoint_fail(struct download *d, const struct exchange *x)
{
    char before[SHOWN_MAX + 64];
    const char *what = x->status == 200 && x->body ? "failed to read token response body from"
                                                   : "failed to make a request to";
    (void)snprintf(before, sizeof before, "%s '%.*s'", what, TEXT_ARG(shown(x->url)));
    answer_wrap(d->answer, before);
    return false;
}

bool endpoint_fail_status(struct download *d, const struct exchange *x)
{
    answer_fail(d->answer, FETCH_STATUS, "incorrect response code '%d' while getting token from %.*s",
                x->status, TEXT_ARG(shown(x->url)));
    return false;
}

bool endpoint_fail_content(struct download *d, const char *why)
{
    answer_fail(d->answer, FETCH_AUTHORIZATION, "failed to unmarshal token response body: it %s", why);
    return false;
}
