/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bytes that must not outlive their use: keys, tokens, passwords. Wiped (OPENSSL_cleanse) on release. The
 * logger has no field type for it, so a secret cannot be logged by accident. Owned by whoever holds the
 * struct.
 */

#include "base/bytes.h"
#include "base/own.h"
#include "base/status.h"

struct secret {
    uint8_t *p; /* owned */
    size_t n;
};

struct status secret_copy(struct secret *out, struct bytes from); /* `out` must be empty or released */
struct status secret_alloc(struct secret *out, size_t n);         /* zeroed, for the caller to fill */
void secret_release(struct secret *s);                            /* wipes; accepts an empty one */
void secret_wipe(void *p, size_t n);                              /* wipes memory that somebody else frees */
OWNABLE_VALUE(struct secret, secret_release);

static inline struct bytes secret_bytes(const struct secret *s) /* borrowed view; mind where it goes */
{
    return (struct bytes){s->p, s->n};
}
