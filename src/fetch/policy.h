/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the configuration says about downloads; one per configuration, unchanged while jobs use it. */

#include "base/buffer.h"
#include "config/settings.h"
#include "net/guard.h"
#include "net/proxy.h"
#include "os/child.h"

struct fetch_policy {
    struct guard guard;
    bool wildcard;            /* a listener is bound to every address: `guard.local` must be filled in */
    bool verify_tls;          /* registry.verify_tls */
    unsigned redirects;       /* registry.fetch_redirects */
    struct proxy_rules proxy; /* texts are the settings' */
    struct secret proxy_user, proxy_password; /* C strings; NULL without */
    struct buffer trusted;                    /* outbound.ca_file, PEM; empty = the system's trust alone */
    const char *trust_path; /* the system's trust, as a directory of hashed names; NULL = libcurl has none */
};

/* Owned by the caller; borrows from the settings. `addresses`: where our own listeners are. E_INVALID naming
 * the setting. */
struct status fetch_policy_new(const struct settings *s, const char (*addresses)[CHILD_ADDRESS_MAX],
                               unsigned count, struct fetch_policy **out, struct error *err);
void fetch_policy_free(struct fetch_policy *p); /* accepts NULL */
OWNABLE(struct fetch_policy, fetch_policy_free);

/*
 * One job, start to end, in this process: never fails, the outcome says how it went. Blocks up to
 * request->timeout_ms, unless a parser does not come back.
 */
struct fetch_request;
struct fetch_answer;
void fetch_do(const struct fetch_policy *p, const struct fetch_request *request, struct fetch_answer *out);
