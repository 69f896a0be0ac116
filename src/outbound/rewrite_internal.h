/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Shared by the files of outbound/ that rewrite heads. */

#include "outbound/rewrite.h"

/* "%XX" of one octet, with upper-case digits. */
void percent_write(struct buffer *out, uint8_t c);
/* At a '%': its octet, and 3, the length of the escape; 0 when it is malformed. */
size_t percent_read(struct text t, uint8_t *out);

/* rewrite_path.c */

/* A part of a registered URL; what cannot stand in a request line (blanks, '#', other than ASCII) is escaped.
 */
void registered_write(struct buffer *out, struct text part);
/* The path that the target is asked for. E_INVALID: a malformed escape that should be decoded (encodeUrl). */
struct status path_write(struct buffer *out, const struct outbound_address *address,
                         const struct hop_target *target);
/*
 * Would `rest` lead out of where it is appended? Asked about what any target may take it for: "..", also
 * escaped, also with parameters behind it (";x"), between slashes, backslashes and escaped ones. Where
 * readings differ, the one that climbs counts.
 */
bool path_climbs(struct text rest);

/* location.c: the value for the caller, in the arena; or `location` itself where contract 3.9 leaves it.
 * {NULL, 0} when out of memory. */
struct text location_rewrite(struct text location, const struct outbound_address *address,
                             const struct hop_target *target, struct arena *a);

/* trace.c (W3C Trace Context 1, section 3.2) */
bool trace_parent_is_valid(struct text value);
#define TRACE_PARENT_SIZE 55
/* The beginning of a new trace. */
struct text trace_parent_new(char out[static TRACE_PARENT_SIZE]);

/* field_kind.c */

/* What becomes of a field that is managed here (contract 3.4 to 3.6). */
enum field_kind {
    FIELD_PLAIN, /* passes; in front of all others: zero */
    FIELD_DROPPED,
    FIELD_CONNECTION, /* this one and the next are dropped, too, once they have been understood */
    FIELD_UPGRADE,
    FIELD_TE, /* goes no further but for "trailers" (RFC 9110 10.1.4) */
    FIELD_AUTHORIZATION,
    FIELD_ACCESS_TOKEN,
    FIELD_COOKIE,
    FIELD_CSRF,
    FIELD_FORWARDED, /* X-Forwarded-..., but For */
    FIELD_FORWARDED_FOR,
    FIELD_TRACE_PARENT,
    FIELD_TRACE_STATE,
    FIELD_REQUEST_ID,
    FIELD_USER_AGENT,
    FIELD_KINDS
};

/* CGI, WSGI and their like read "X_Forwarded_For" and "X-Forwarded-For" as one: the other spelling of a
 * managed name is not let past. */
enum field_kind field_kind_of(struct text name);

/* rewrite_fields.c: everything between the request line and the empty line, Host and framing included. */
struct status fields_write(struct buffer *out, const struct request *r, const struct hop_target *target,
                           const struct rewrite_settings *settings);
/* A name, an IPv4 address or an IPv6 address in brackets, and no port. */
bool target_host_is_valid(struct text host);
