/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The two shapes in which a service is written: as the store keeps it, and as answers show it. Writing and
 * reading stand side by side; a round trip is exact.
 */

#include "base/json_out.h"
#include "registry/service.h"
#include "store/registry.h"

/* `details` of the row: what has no column and is no secret (apiType, specificationUrl, kind, oauth and CSRF
 * URLs, commonName, whether events were given, ...). */
struct bundle_details;
struct status details_write(const struct service_details *d, const struct bundle_details *more,
                            struct buffer *out);
/* Fills `out` from the row, its details and the opened secrets (NULL when the service has none). The
 * credentials are the real ones; service_mask() before anybody sees them. A bundle has an `api` without a
 * target, for its credentials. E_BROKEN. */
struct secret_data;
struct status details_read(const struct service *row, const struct secret_data *credentials,
                           const struct secret_data *parameters, struct arena *a,
                           struct service_details *out);
/* Overwrites what may not be seen with CREDENTIAL_MASK. */
void service_mask(struct service_details *d);

struct status labels_write(const struct label *labels, size_t count,
                           struct buffer *out); /* JSON object, sorted */
struct status labels_read(struct text json, struct arena *a, const struct label **out, size_t *out_count);

/*
 * Answers. Key order as in contract 1.5 and 1.10; call service_mask() first. The specifications are not
 * written: they may be megabytes, and go out piece by piece (api/, registry/specification.h).
 */
void put_request_parameters(struct json_out *j, const char *name, const struct request_parameters *p);
void put_credentials(struct json_out *j, const char *name, const struct credentials *c);
void put_labels(struct json_out *j, const char *name, const struct label *labels, size_t count);
/* Documentation as GET shows it (contract 1.5). */
void put_documentation(struct json_out *j, const char *name, const struct documentation_details *d);
