/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to tls/: a client context's sessions that can be resumed. */

#include "base/map.h"

struct tls_context;
struct tls_session;
struct tls_resumption;

struct tls_resumption *tls_resumption_new(unsigned servers); /* NULL: out of memory */
void tls_resumption_free(struct tls_resumption *r);          /* accepts NULL */
/* libssl is told to hand over what servers send; where it goes is c->resumes. */
void tls_context_keep_sessions(struct tls_context *c);
/* After a fatal error: none of that server's is resumed (RFC 5246 7.2.2, RFC 8446 6.2). */
void tls_session_forget(struct tls_session *s);
