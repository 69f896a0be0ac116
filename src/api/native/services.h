/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Shared by the native handlers of services. Private to api/native. */

#include "api/handlers.h"
#include "api/native/etag.h"
#include "registry/registry.h"

/* The service that the path means; the tenant is the query's. E_NOT_FOUND in words of ours. */
struct status native_service_key(struct call *c, struct registry_key *out);
struct status native_service_find(struct call *c, const struct registry_key *key, struct registry_view *out);
/* E_NOT_FOUND of the domain, in words of ours: is it the application or the service? */
struct status native_service_missing(struct call *c, struct status s);

/* What lists show. */
void put_service_row(struct json_out *j, const struct service *row);
/* 200 or 201 with ETag and the whole service. */
struct status native_service_answer(struct call *c, int status, const struct registry_view *view);
