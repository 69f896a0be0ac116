/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Request targets and authorities (RFC 9112 3.2, RFC 3986 3.2.2). */

#include "http/message.h"

enum h1_target_form { H1_TARGET_ORIGIN, H1_TARGET_ABSOLUTE, H1_TARGET_ASTERISK, H1_TARGET_OTHER };

struct h1_target {
    enum h1_target_form form;
    struct text authority; /* H1_TARGET_ABSOLUTE */
    struct text rest;      /* path and query; may begin with '?' or be empty in absolute-form */
};

/* Cuts a target whose characters are those of h1_scan_request_line(). */
struct h1_target h1_target_parse(struct text target);

/*
 * A host name, an IPv4 address or an IPv6 address in brackets, with an optional port of 1 to 5 digits up to
 * 65535. Stricter than RFC 3986: no userinfo, no percent-encoding, no sub-delims, no empty port: what we
 * route by must read the same to everybody.
 */
bool h1_authority_is_valid(struct text authority);
