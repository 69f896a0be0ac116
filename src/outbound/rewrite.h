/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The forwarded request head and the answer's head (contract 3.4, 3.6, 3.9). Pure: bytes in, bytes out; the
 * hot path's only per-request work. No allocation: everything is appended to a buffer that the caller reuses.
 */

#include "base/buffer.h"
#include "http/message.h"
#include "net/hop.h"
#include "outbound/address.h"

enum forwarded_mode { FORWARDED_REMOVE /* 1.x */, FORWARDED_APPEND /* 2.1+ */ };

struct rewrite_settings {
    enum forwarded_mode forwarded; /* outbound.forwarded_headers */
    struct text peer_address;      /* for X-Forwarded-For, without port */
    struct text request_id;        /* X-Request-Id when the caller sent none that passes */
    struct text user_agent;        /* when the caller sent none and none is configured; empty = none */
};
/* The caller's X-Request-Id: one field of 1 to 128 letters, digits and -_.:/+=@; else {NULL, 0}. It goes into
 * our log and back into answers. */
struct text rewrite_request_id(const struct request *r);
/*
 * Request line, Host, caller's fields without hop-by-hop ones and those the target's answer replaces, then
 * credentials, configured fields the caller did not send (names without case), CSRF token and merged Cookie
 * line, X-Forwarded-For, traceparent (passed through, or started), framing. Path: target's path and rest
 * joined with exactly one '/', byte for byte, or decoded and encoded again when the service asks for it
 * (encodeUrl). Query: target's '&' caller's, then configured parameters whose name is absent. A non-empty
 * Access-Token of the caller becomes Authorization and wins over the strategy (contract 3.5).
 *
 * E_INVALID, with nothing written: something in it could break the framing; a method that is not forwarded
 * (TRACE, CONNECT); a malformed escape with encodeUrl; a path that climbs (dot segments, also escaped) out of
 * what the caller addressed: always by path, by host only out of a registered base path. All of it is
 * answered with 400. E_TOO_LARGE: more than the buffer may hold.
 */
struct status rewrite_request(const struct request *r, const struct outbound_address *address,
                              const struct hop_target *target, const struct rewrite_settings *settings,
                              struct buffer *out);
/* The caller asks for another protocol and the request says so to the target: not for h2c, HTTP and TLS,
 * which would carry requests past us unseen, and not with a body. */
bool rewrite_is_upgrade(const struct request *r);
/*
 * Fields of the answer for the caller: hop-by-hop ones and Content-Length gone (`body` says it), Upgrade of a
 * 101 kept, Location rewritten (contract 3.9: 3xx and 201, same host name, path below the target's; not when
 * the address has no prefix, which is how a caller of this function switches it off). List and new texts are
 * in the arena, the others are borrowed from `from`.
 */
struct status rewrite_response(const struct response *from, const struct outbound_address *address,
                               const struct hop_target *target, struct arena *a, struct response *to);
