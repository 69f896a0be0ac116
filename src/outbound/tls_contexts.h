/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to outbound/; target.h declares how the cache is made and freed. */

#include "base/digest.h"
#include "outbound/target.h"

/* Equal for targets whose connections may be shared as far as TLS goes: verification, own anchors, client
 * certificate and key. */
void tls_contexts_digest(const struct hop_target *t, uint8_t out[static SHA256_SIZE]);
/* A reference for the caller, who gives it back with tls_context_unref(). E_INVALID: certificates or key
 * cannot be used. */
struct status tls_contexts_get(struct tls_contexts *c, const struct hop_target *t, struct tls_context **out,
                               struct error *err);
