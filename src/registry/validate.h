/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The rules of a registration in the order of the contract (1.6), with its words. All field errors of stage A
 * are collected, joined with ';'; later stages answer with the first.
 */

#include "base/arena.h"
#include "base/error.h"
#include "registry/service.h"

/*
 * E_INVALID. *out_message (in the arena; may be long) is what follows "Failed to validate request body, ":
 * for stage A "Incorrect structure of service definition, Provider field cannot be empty.;Name ...". User and
 * password of a refused URL are asterisks in it (contract 1.3).
 * Afterwards our own rules, in the same shape: a commonName over 64 characters, a header name that is no
 * token, a header value with control characters, a forbidden header (Host, Content-Length, Transfer-Encoding,
 * Connection and the other hop-by-hop fields), labels, lengths (VALIDATE_... of base/limits.h).
 */
struct status service_validate(const struct service_details *d, struct arena *a, struct text *out_message);

/* The same rules for credentials and parameters alone; *out_message has no prefix. */
struct status credentials_validate(const struct api_details *api, struct arena *a, struct text *out_message);

/* The URL rule of contract 1.7, exactly; for targetUrl, oauth.url, tokenEndpointURL. */
bool registry_url_is_valid(struct text url);
