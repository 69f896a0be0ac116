/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A small web server on 127.0.0.1, on a thread of its own: one connection after the other, one request each,
 * the answer written by a function of the test. Needs check.h.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "pki.h"

struct peer;
struct peer_io;

/* `request` is the whole head and body, NUL-terminated; `path` the target without its query. */
typedef void peer_answer(struct peer_io *io, const char *path, const char *request);

/* `identity` NULL: plain http. */
struct peer *peer_start(peer_answer *answer, const struct pki_identity *identity);
/* Only clients with a certificate of this CA. */
struct peer *peer_start_mutual(peer_answer *answer, const struct pki_identity *identity,
                               struct text client_ca_pem);
void peer_stop(struct peer *p);
uint16_t peer_port(const struct peer *p);
/* The latest request; "" when there was none. Copied. */
const char *peer_request(struct peer *p, char *out, size_t out_size);
unsigned peer_count(struct peer *p); /* requests so far */

/* false when the client is gone */
bool peer_write(struct peer_io *io, struct text t);
bool peer_print(struct peer_io *io, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void peer_wait(struct peer_io *io, int ms); /* until then, or until the client goes */
