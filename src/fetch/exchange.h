/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One HTTP request and its answer through the guard, by libcurl; redirects are the caller's. Private to
 * fetch/. */

#include "fetch/policy.h"
#include "fetch/url.h"

#define EXCHANGE_HEAD_MAX (256u * 1024) /* of all headers, interim answers too */

struct exchange_tls {
    struct text client_chain_pem, client_key_pem; /* empty = none */
    struct text anchors_pem;                      /* beside the policy's and the system's */
    bool insecure;
};

/* proxy.c: how to the host. `target` empty: the proxy resolves it, or libcurl when there is no proxy. */
struct exchange_way {
    bool by_proxy;
    char target[80]; /* the address and no other, checked: "192.0.2.7" or "[2001:db8::7]" */
};

struct exchange {
    const struct fetch_policy *policy;
    const struct guard *guard; /* the policy's, with this host's addresses */
    const struct url *url;
    struct curl_slist *headers;     /* borrowed */
    const struct exchange_tls *tls; /* NULL: nothing of its own, and the policy says whether to verify */
    bool post;
    struct text form;       /* what is posted; borrowed */
    const char *limit_name; /* for the reason: " (registry.specification_bytes)" or "" */
    int64_t deadline_ms;
    uint32_t timeout_ms; /* for the reason */

    /* the answer */
    struct buffer *body; /* decoded; only that of a 200; its maximum is the limit; NULL: not wanted */
    struct buffer *head; /* its header, lines end in \n; interim answers are not in it; NULL: not wanted */
    int status;          /* also when it then failed; 0: no answer began */
    char location[8192]; /* "" when there was none */

    struct fetch_answer *answer; /* of the job: outcome and reason */

    /* while it runs */
    void *curl;
    struct exchange_way way;
    char refused[200]; /* by the guard: address and why; "" */
    size_t header_bytes;
    bool too_large;
};

/* false with outcome and reason in x->answer: no HTTP answer came, or none that may be read. */
bool fetch_exchange_run(struct exchange *x);
/* It leads to x->location. */
bool exchange_redirects(const struct exchange *x);

/* false with outcome and reason: the host cannot be resolved here, or leads where we do not go. Blocks as
 * resolve_host() does. */
bool exchange_find_way(struct exchange *x);
/* libcurl's options for it. false: out of memory. */
bool exchange_set_way(struct exchange *x, void *curl, struct curl_slist **connect_to);
