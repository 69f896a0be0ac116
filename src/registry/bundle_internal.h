/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Shared by the files behind bundle.h and instance_auth.h only. */

#include "registry/bundle.h"
#include "registry/domain.h"

/* ---- bundle_auth.c: an Auth, to and from what the registry knows ---- */

/*
 * Checked; then `out->api` has its credentials and parameters, and is not given when it has neither.
 * E_INVALID with words for the client. The certificate form's text is taken apart, the key into the arena.
 */
struct status auth_describe(const struct bundle_auth *auth, struct arena *a, struct service_details *out,
                            struct error *err);
/* The other way round, from what is stored; values in the arena. */
struct status auth_from_details(const struct service_details *d, const struct bundle_details *more,
                                struct arena *a, struct bundle_auth *out);
/*
 * All of it as one value that can be sealed, and back. `out` is zeroed. Both of auth_pack_row's secrets may
 * be NULL.
 */
struct status auth_pack(const struct bundle_auth *auth, struct arena *a, struct secret_data *out,
                        struct error *err);
struct status auth_pack_row(const struct service *row, const struct secret_data *credentials,
                            const struct secret_data *parameters, struct secret_data *out);
struct status auth_unpack(const struct secret_data *packed, struct arena *a, struct bundle_auth *out);

/* Whether a bundle has a default instance auth. A pair that was made here for one service is none: its key
 * stays here. */
bool has_default_auth(const struct service *bundle, const struct bundle_details *more);

/* ---- bundle_check.c: rules of texts ---- */

/* Each E_INVALID: "name: must be ...". */
struct status check_name(struct text name, struct error *err);
struct status check_characters(const char *what, struct text value, size_t least, size_t most,
                               struct error *err);
struct status check_json(const char *what, struct text json, struct error *err);   /* {NULL, 0} is fine */
struct status check_object(const char *what, struct text json, struct error *err); /* likewise */
struct status member_check(enum service_role role, const struct member_input *in, struct error *err);

/* ---- bundle_rows.c: rows of the store ---- */

/* The row, with its secrets unless `secrets` is NULL, wherever the scope allows. E_NOT_FOUND without words.
 */
struct status scoped_row(struct registry *r, const struct registry_scope *scope,
                         const uint8_t id[static SERVICE_ID_SIZE], struct arena *a, struct service *out,
                         struct service_secret secrets[SECRET_SLOTS]);
/* E_CONFLICT: it was registered as one service. */
struct status is_whole(const struct service *row, struct error *err);
struct registry_key key_of_row(const struct service *row);

/* One row that is made or changed, as w->service says: in the store, with its audit row, and announced. */
struct row_write {
    struct registry *r;
    const struct audit_caller *caller;
    struct service_write *w;
    struct text action, detail;
};
struct status row_create(const struct row_write *c, struct error *err);
struct status row_replace(const struct row_write *c, struct error *err);
/* With its audit row, and announced. E_NOT_FOUND without words. */
struct status row_delete(struct registry *r, const struct audit_caller *caller, const struct service *row,
                         struct text action, struct error *err);

/* ---- member.c ---- */

enum specification_slot member_slot(enum service_role role);
/* How it is shown; `row` is its own, or a SERVICE_WHOLE's. E_NOT_FOUND: it is none of that role. */
struct status member_of(const struct service *row, enum service_role role, struct arena *a,
                        struct member *out);
