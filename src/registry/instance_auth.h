/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Instance auths: what a runtime asks an application for, to call the APIs of one bundle, and what the
 * application sets in answer (contract of Compass, 2.1 to 2.3). Rules of registry/bundle.h.
 */

#include "registry/bundle.h"
#include "store/instance_auth.h"

struct instance_auth_request {
    struct text id;           /* a UUID, or empty: the server chooses */
    struct text context;      /* JSON; {NULL, 0} = none */
    struct text input_params; /* JSON; {NULL, 0} = none */
    const uint8_t *runtime;   /* who asks; NULL = nobody that is a runtime */
};
/* PENDING, or SUCCEEDED with the bundle's default instance auth when it has one (contract of Compass, 2.3).
 * E_INVALID when input_params are not what the bundle's schema asks for. E_CONFLICT: the id is in use.
 * E_TOO_LARGE: the bundle, or the runtime in it, has as many as it may (store/instance_auth.h). */
struct status instance_auth_request(struct registry *r, const struct audit_caller *caller,
                                    const struct registry_scope *scope,
                                    const uint8_t bundle[static SERVICE_ID_SIZE],
                                    const struct instance_auth_request *in, struct arena *a,
                                    struct instance_auth *out, struct error *err);
struct instance_auth_set {
    struct bundle_auth auth; /* given: the condition is SUCCEEDED */
    bool status_given;
    enum instance_auth_condition condition;
    struct text message, reason;
};
struct status instance_auth_set(struct registry *r, const struct audit_caller *caller,
                                const struct registry_scope *scope, const uint8_t id[static SERVICE_ID_SIZE],
                                const struct instance_auth_set *in, struct arena *a,
                                struct instance_auth *out, struct error *err);
/* By the runtime: UNUSED, for the application to delete; where the bundle has a default instance auth, it is
 * deleted at once (*out is what it was). */
struct status instance_auth_release(struct registry *r, const struct audit_caller *caller,
                                    const struct registry_scope *scope,
                                    const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                    struct instance_auth *out, struct error *err);
struct status instance_auth_delete(struct registry *r, const struct audit_caller *caller,
                                   const struct registry_scope *scope,
                                   const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                   struct instance_auth *out, struct error *err);
struct status instance_auth_get(struct registry *r, const struct registry_scope *scope, const uint8_t *bundle,
                                const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                struct instance_auth *out, struct error *err);
/* In the store's order, at most 4 MiB of them. */
struct status instance_auth_list(struct registry *r, const struct registry_scope *scope,
                                 const uint8_t bundle[static SERVICE_ID_SIZE], struct arena *a,
                                 instance_auth_row *row, void *ctx, struct error *err);
/* Its auth, opened: the arena holds secrets then. */
struct status instance_auth_open(struct registry *r, const struct instance_auth *i, struct arena *a,
                                 struct bundle_auth *out, struct error *err);
