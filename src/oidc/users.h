/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who may do what, where: the lines of auth.users and auth.groups against a token's claims. Any thread.
 *
 * A grant is scopes in tenants. Grants stand side by side: reading in one tenant and writing in another is
 * not writing in both.
 */

#include "config/settings.h"
#include "oidc/claims.h"

struct oidc_grant {
    struct text tenants, scopes; /* words separated by blanks; "*" is all */
};

#define OIDC_GRANTS_MAX (2 * SETTINGS_LIST_MAX + 1)

/*
 * Appends what these claims give to `out` (in the arena), from *count on. A line of `users` names "sub:" and
 * a subject, an e-mail address (whatever has an @), or a subject; one of `groups` an element of "groups".
 * E_NOMEM.
 */
struct status users_grants(const struct claims *who, const struct settings_list *users,
                           const struct settings_list *groups, struct arena *a,
                           struct oidc_grant out[static OIDC_GRANTS_MAX], size_t *count);
