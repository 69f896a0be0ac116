/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One job in this process, and what it is expected to answer. */

#include <stdio.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "check.h"
#include "fetch/fetch.h"
#include "fetch/policy.h"
#include "peer.h"

#define DOCUMENT_MAX (64u * 1024)
#define PAGE_MAX     65536
#define PATIENT_MS   60000 /* what does not wait for this long is not judged by the clock of a busy machine */

static inline void policy_default(struct fetch_policy *p)
{
    *p = (struct fetch_policy){.guard = {.allow_loopback = true}, .verify_tls = true, .redirects = 5};
    buffer_init(&p->trusted, 1024 * 1024);
}

static inline struct fetch_request job_of(const char *url)
{
    return (struct fetch_request){
        .job = FETCH_DOCUMENT, .url = text_of(url), .document_max = DOCUMENT_MAX, .timeout_ms = PATIENT_MS};
}

/* `reason` is a part of it; "" for any. */
static inline void expect_of(const struct fetch_policy *p, const struct fetch_request *r,
                             enum fetch_outcome outcome, const char *reason)
{
    struct fetch_answer a;
    fetch_do(p, r, &a);
    if (a.outcome != outcome || !strstr(a.reason, reason))
        fail_msg("%.*s: outcome %d '%s', expected %d '%s'", TEXT_ARG(r->url), (int)a.outcome, a.reason,
                 (int)outcome, reason);
    assert_true(outcome == FETCH_FINE || (a.reason[0] != '\0' && buffer_size(&a.document) == 0));
    fetch_answer_release(&a);
}

static inline const char *url_to(const struct peer *p, const char *path, char out[static 512])
{
    (void)snprintf(out, 512, "http://127.0.0.1:%u%s", peer_port(p), path);
    return out;
}

static inline void expect(struct peer *p, const char *path, enum fetch_outcome outcome, const char *reason)
{
    struct fetch_policy policy;
    char url[512];
    policy_default(&policy);
    struct fetch_request r = job_of(url_to(p, path, url));
    expect_of(&policy, &r, outcome, reason);
}
