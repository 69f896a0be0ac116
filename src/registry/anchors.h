/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The CAs that a service's target is trusted by, beside those of the system and outbound.ca_file: read
 * strictly, since TLS libraries take much that is none. Any thread.
 */

#include "registry/generated.h"

#define ANCHORS_BYTES_MAX (64 * 1024) /* of the PEM text as it comes */
#define ANCHORS_MAX       64

struct anchors {
    struct certificate_facts *list;
    size_t count;
    struct text pem; /* the certificates alone, written anew */
};
/*
 * Every block is a certificate of a CA that may sign certificates (RFC 5280 4.2.1.3, 4.2.1.9); there is at
 * least one. `now` >= 0: all are in their time then; -1: whatever their time. Results are in the arena.
 * E_INVALID says which one is wrong, and how; E_NOMEM.
 */
struct status anchors_read(struct text pem, int64_t now, struct arena *a, struct anchors *out,
                           struct error *err);
