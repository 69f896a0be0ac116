/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Is this a specification, and of the kind it claims to be? In the fetcher only: libxml2 and libyaml read
 * what strangers wrote. XML without network, entities or DOCTYPE; YAML by events, no aliases; depth and size
 * bounded. HTML (a login page) is no specification.
 *
 * odata: EDMX (root Edmx of any OData version) or CSDL JSON ("$Version"). openapi: "swagger" 2.0 or
 * "openapi" 3.x. asyncapi: "asyncapi". Any other claim: a JSON object, a YAML mapping or well-formed XML.
 */

#include "fetch/fetch.h"

/* FETCH_FINE with *out_format, or FETCH_WRONG_TYPE with `reason`. Fuzzed. */
enum fetch_outcome document_check(struct bytes document, struct text claim, enum fetch_format *out_format,
                                  char *reason, size_t reason_size);
