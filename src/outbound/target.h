/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * "How do I call this service?": the core's answer as a front keeps it, prepared once and reused by every
 * call. Holds secrets (header lines with credentials, the key of a client certificate): wiped when it goes,
 * never logged. Loop thread.
 */

#include "net/hop.h"
#include "net/upstream.h"
#include "os/page.h"

struct outbound_target {
    unsigned references;
    uint8_t *bytes; /* owned, wiped: the answer; texts point into it */
    size_t size;
    struct hop_field *fields; /* owned: those of the answer, no more than there are */
    struct hop_target answer;
    struct upstream_endpoint endpoint;
    struct upstream_address addresses[UPSTREAM_ADDRESSES_MAX];
    char server_name[256];
    char proxy_to[272]; /* a name or an address, and a port */
};
/* Takes over `bytes` (allocated with mem_alloc) also on failure. E_INVALID: not our protocol. `contexts`
 * gives the TLS context for the answer's TLS settings (shared between targets). */
struct tls_contexts;
struct status outbound_target_new(uint8_t *bytes, size_t size, struct tls_contexts *contexts,
                                  struct outbound_target **out, struct error *err);
void outbound_target_unref(struct outbound_target *t); /* accepts NULL */
/* Good now: counters stand still and `until` has not passed. */
bool outbound_target_usable(const struct outbound_target *t, const struct page *page, int64_t now_ms);

/* TLS contexts out, by settings (trust, verification, client certificate); bounded, least used go first. */
struct status tls_contexts_new(struct text system_anchors_pem, struct text more_anchors_pem, unsigned max,
                               struct tls_contexts **out);
void tls_contexts_free(struct tls_contexts *c);
