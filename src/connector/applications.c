/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

#include "base/clock.h"

#define DESCRIPTION_MAX 1024

struct status connector_application_create(struct connector *c, const struct audit_caller *caller,
                                           struct text tenant, struct text name, struct text description,
                                           struct error *err)
{
    TRY(connector_check_name("The application's name", name, err));
    if (c->settings.central)
        TRY(connector_check_name("The tenant's name", tenant, err));
    else if (tenant.n > 0)
        return error_set(err, E_INVALID, "Tenants exist only in central mode (mode.central)");
    if (description.n > DESCRIPTION_MAX || !text_is_utf8(description))
        return error_set(err, E_INVALID, "The description is not UTF-8 of at most %d bytes", DESCRIPTION_MAX);
    const int64_t now = clock_now_s();
    const struct application app = {
        .tenant = tenant, .name = name, .description = description, .created_at = now};
    const struct connector_holder h = {.kind = TOKEN_APPLICATION, .tenant = tenant, .application = name};
    struct audit_entry audit = audit_of(caller, TEXT("application.create"), &h, now);
    audit.subject = name;
    const struct status created = store_application_create(c->parts.store, &app, &audit);
    if (created.code == E_CONFLICT)
        return error_set(err, E_CONFLICT, "The application %.*s exists already", TEXT_ARG(name));
    return created;
}
