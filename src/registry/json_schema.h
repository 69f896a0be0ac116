/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whether a JSON value is what a schema asks for, by a subset of JSON Schema: type, enum, const, required,
 * properties, additionalProperties, items (one schema for all). Annotations ("$schema", "title", ...) say
 * nothing. A schema that uses anything else is refused rather than half checked: by whoever relies on it, not
 * by whoever registers it.
 */

#include "base/bytes.h"
#include "base/error.h"

/* Both were accepted by json_scan. E_INVALID, with the place in the value ("credentials.user: ...") or the
 * keyword that is not supported. */
struct status json_schema_check(struct text schema, struct text value, struct error *err);
