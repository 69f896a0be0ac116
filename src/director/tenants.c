/* SPDX-License-Identifier: Apache-2.0 */
#include "director/internal.h"

#include "base/clock.h"
#include "base/own.h"

struct status director_default_tenant(struct store *s, struct error *err)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 64 * 1024);
    struct tenant t;
    const struct status found = store_tenant_get(s, TEXT(""), &a, &t);
    if (found.code != E_NOT_FOUND)
        return status_ok(found) ? DONE : error_set(err, found.code, "cannot read the default tenant");
    const int64_t now = clock_now_s();
    char external[UUID_TEXT + 1];
    uint8_t id[UUID_SIZE];
    t = (struct tenant){.key = TEXT(""), .name = TEXT("default"), .type = TEXT("account"), .created_at = now};
    uuid_new(id);
    uuid_new(t.internal_id);
    t.external_id = uuid_text(id, external);
    const struct audit_entry audit = {.at = now,
                                      .last_at = now,
                                      .count = 1,
                                      .action = TEXT("tenant.create"),
                                      .actor = TEXT("server"),
                                      .subject = t.external_id};
    const struct status made = store_tenant_create(s, &t, &audit);
    return status_ok(made) ? DONE : error_set(err, made.code, "cannot make the default tenant");
}
