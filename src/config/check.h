/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Syntax of the texts that settings hold. Pure functions, private to config/ (tests aside). */

#include "base/bytes.h"

bool check_printable(struct text t); /* UTF-8 without C0, DEL and C1 controls */
/* "127.0.0.1:8080", "[::1]:0": a literal address and a port up to 65535. *out_loopback: 127.0.0.0/8 or ::1.
 */
bool check_address(struct text t, bool *out_loopback);
/* RFC 1123 host name: labels of letters, digits and inner hyphens, 63 at most, 253 in all, no final dot. */
bool check_host_name(struct text t);
bool check_label(struct text t);   /* RFC 1123 label in lower case, as Kubernetes names are */
bool check_ip(struct text t);      /* an IPv4 or IPv6 literal, no brackets */
bool check_network(struct text t); /* the same with an optional /prefix; host bits must be zero */
/* scheme "https" (or "http" when allowed), host, optional port and path; no user, query, fragment, final
 * slash. */
bool check_url(struct text t, bool http_allowed);
/* https, or http to a literal loopback address or localhost; a final slash may stand. Also what oidc/ goes
 * by. */
bool check_issuer_url(struct text t);
bool check_proxy_url(struct text t); /* http://host:port */
/* As browsers write it (RFC 6454 6.2): scheme and host in lower case, no path, no port that the scheme
 * implies. */
bool check_origin(struct text t);
