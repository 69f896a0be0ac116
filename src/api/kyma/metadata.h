/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The Metadata API (contract 1), shared by its handlers. Private to api/kyma.
 *
 * Errors: the domain gives the contract's words without the outer prefixes; metadata_refuse() puts those in
 * front. "Application X not found" always comes before anything about a service.
 */

#include "api/handlers.h"
#include "registry/registry.h"

/*
 * Who may speak for the application of the path: on the gateway that application's certificate and nobody
 * else (contract 3.10), which is looked at before anything is read; on the internal listener an operator.
 * *out_tenant: the certificate's, or the header's, in central mode; empty otherwise. E_DENIED is tallied.
 */
struct status metadata_access(struct call *c, struct text *out_tenant);
/* Which service the path means. E_NOT_FOUND as contract 1.10 says it; *out_no_application tells why. */
struct status metadata_key(struct call *c, struct text tenant, struct registry_key *out,
                           bool *out_no_application);

/* The body (contract 1.4); the domain validates it. */
struct status metadata_read(struct call *c, struct service_details *out);

/* Answers a failure that a client may hear about, with `prefix` in front of c->err; hands any other on. */
struct status metadata_refuse(struct call *c, struct status s, struct text prefix);
#define METADATA_UNREADABLE TEXT("Failed to unmarshal request body, ")
/* 400 for a description against the rules; `refusal` may be longer than c->err. */
struct status metadata_refuse_description(struct call *c, struct text refusal);

/* provider, name, description, identifier (unless empty), labels, into an open object (contract 1.5). */
void put_base_info(struct json_out *j, const struct service *row);

/* Answers with GET's document (contract 1.10); streams it when its specifications are big. */
struct status service_answer(struct call *c, const struct registry_key *key);
