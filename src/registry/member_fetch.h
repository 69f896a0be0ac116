/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Fetch requests of what is in a bundle (contract of Compass, 2.3 and 2.6). How to authenticate is kept
 * sealed, in the place of the member's credentials: those it is called with are its bundle's.
 */

#include "registry/bundle_internal.h"

struct fetch_plan {
    const struct fetch_request_input *in; /* NULL: no fetch request */
    struct api_details api;               /* credentials and parameters for the document alone */
    struct secret_data packed;
    struct buffer sealed;
};
void fetch_plan_release(struct fetch_plan *p); /* wipes; accepts a zeroed one */

/* E_INVALID about its auth. `in` must outlive `out`, which is zeroed. */
struct status fetch_plan_check(const struct fetch_request_input *in, struct arena *a, struct fetch_plan *out,
                               struct error *err);
/* Downloads; how it went goes to `more`, what it gave to `plan`. Fails when no download
 * could be tried at all: E_AGAIN and E_UNAVAILABLE (the fetcher is busy or starts again), E_NOMEM. */
struct status fetch_plan_run(struct registry *r, const struct registry_key *key, enum service_role role,
                             const struct fetch_plan *p, struct arena *a, struct specification_plan *plan,
                             struct bundle_details *more, struct error *err);
/* `out` borrows. It is left alone without anything to keep. */
struct status fetch_plan_seal(struct registry *r, const struct registry_key *key, struct fetch_plan *p,
                              struct secret_write *out);
/* Downloads what `more` says once more, authenticated as `secret` says. As fetch_plan_run. */
struct status fetch_again(struct registry *r, const struct registry_key *key, enum service_role role,
                          const struct service_secret *secret, struct arena *a,
                          struct specification_plan *plan, struct bundle_details *more, struct error *err);
