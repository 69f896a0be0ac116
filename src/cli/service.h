/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the subcommands of `fairlead service` share: the addresses of the native API, and the page that shows
 * a service. One thread.
 */

#include "cli/cli.h"

/* Positional arguments of every command but list and register. */
enum { SERVICE_APPLICATION, SERVICE_ID };

#define SERVICE_TARGET_MAX 16384

/*
 * Initialises `out` as "/api/v1/applications/APP/services" from the command line; with_id adds "/ID",
 * checked: E_INVALID as wrong usage for what is no id. `tail` follows ("/credentials"), then the tenant.
 */
struct status service_target(struct cli *c, bool with_id, const char *tail, struct buffer *out,
                             struct error *err);
/* Says where to look when the application has no such service; all else passes through. */
struct status service_hint(struct cli *c, struct status s, struct error *err);

/* The value of --if-revision as If-Match, in the arena; empty without the option. E_INVALID as usage. */
struct status service_condition(struct cli *c, struct text *out, struct error *err);

/* ---- the page of one service ---- */
#define SERVICE_FACTS_MAX 56
struct service_facts {
    struct arena *arena;
    struct fact list[SERVICE_FACTS_MAX];
    size_t count;
};
/* Empty values are left out; over SERVICE_FACTS_MAX is a bug. */
void service_fact(struct service_facts *f, const char *name, struct text value);
/* From an answer's "certificate" object: subject, SHA-256, validity. Nothing when it is empty. */
void service_certificate_facts(struct service_facts *f, struct text certificate);
/* "basic", "oauth", "certificateGen" or "none", by what `credentials` holds. */
const char *service_credential_kind(struct text credentials);
/* "yaml, 2341 bytes, sent with the registration, SHA-256 3f5a..." of an answer's specification object; empty
 * when that is. */
struct text service_specification_words(struct text spec, struct text url, struct arena *a);
