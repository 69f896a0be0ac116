/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Bundles and what is in them, in the world's application "shop". A failure ends the test program unless a
 * function gives a status. */

#include "registry/bundle.h"
#include "world.h"

extern const struct registry_scope shop;

struct bundle_auth basic_auth(const char *username, const char *password);
struct status bundle_make(struct world *w, const struct bundle_input *in, struct bundle *out);
struct bundle bundle_made(struct world *w, const char *name, const struct bundle_auth *auth);
/* An API with this target; `data` NULL = without a specification. */
struct member_input api_input(const char *name, const char *target, const char *data);
struct status member_make(struct world *w, const struct bundle *b, enum service_role role,
                          const struct member_input *in, struct member *out);
struct member api_made(struct world *w, const struct bundle *b, const char *name);
const char *content_of(struct world *w, const struct member *m);
