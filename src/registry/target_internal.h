/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Between target*.c only. */

#include "registry/domain.h"
#include "registry/target.h"

struct search {
    struct registry *r;
    const struct registry_address *address;
    struct arena *a;
    struct page_pairs *pairs;
    struct error *err;
};

void depend_on_service(const struct search *s, const uint8_t *id);
void depend_on_application(const struct search *s, struct text application);
/* E_NOT_FOUND without a message. `shown` as in registry_target, in the arena or borrowed for as long. */
struct status open_service(const struct search *s, const uint8_t *id, struct text shown,
                           struct registry_target *out);

/* E_INVALID when it has none. */
struct status has_api(const struct search *s, const struct registry_target *t);

/* target_name.c: messages as contract 3.9. */
struct status target_by_name(const struct search *s, struct registry_target *out);

/* target_secret.c: messages as contract 3.3. */
struct status target_by_secret(const struct search *s, struct registry_target *out);
