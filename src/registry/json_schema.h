/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whether a JSON value is what a schema asks for, by a subset of JSON Schema: type, enum, const, required,
 * properties, additionalProperties, items (one schema for all), minimum, maximum, minLength, maxLength,
 * minItems, maxItems. Annotations ("$schema", "title", "format", definitions, ...) say nothing. A schema that
 * uses anything else is refused rather than half checked. Numbers are compared as doubles.
 */

#include "base/bytes.h"
#include "base/error.h"

/* `schema` was accepted by json_scan. E_INVALID, with the keyword that is not supported. */
struct status json_schema_supported(struct text schema, struct error *err);
/*
 * Both were accepted by json_scan. E_INVALID, with the place in the value ("credentials.user: ...") or the
 * keyword that is not supported; also when the two multiply to more than a few milliseconds of work.
 */
struct status json_schema_check(struct text schema, struct text value, struct error *err);
