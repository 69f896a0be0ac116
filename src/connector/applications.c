/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

#include "base/clock.h"
#include "base/json_out.h"

#define DESCRIPTION_MAX 1024

static struct status check_description(struct text description, struct error *err)
{
    if (description.n <= DESCRIPTION_MAX && text_is_utf8(description))
        return DONE;
    return error_set(err, E_INVALID, "The description is not UTF-8 of at most %d bytes", DESCRIPTION_MAX);
}

struct status connector_application_create(struct connector *c, const struct audit_caller *caller,
                                           struct text tenant, struct text name, struct text description,
                                           struct text labels, struct error *err)
{
    TRY(connector_check_name("The application's name", name, err));
    if (c->settings.central)
        TRY(connector_check_name("The tenant's name", tenant, err));
    else if (tenant.n > 0)
        return error_set(err, E_INVALID, "Tenants exist only in central mode (mode.central)");
    TRY(check_description(description, err));
    const int64_t now = clock_now_s();
    const struct application app = {
        .tenant = tenant, .name = name, .description = description, .labels = labels, .created_at = now};
    const struct connector_holder h = {.kind = TOKEN_APPLICATION, .tenant = tenant, .application = name};
    struct audit_entry audit = audit_of(caller, TEXT("application.create"), &h, now);
    audit.subject = name;
    const struct status created = store_application_create(c->parts.store, &app, &audit);
    if (created.code == E_CONFLICT)
        return error_set(err, E_CONFLICT, "The application %.*s exists already", TEXT_ARG(name));
    return created;
}

static void put_choice(struct json_out *j, const char *name, const enum call_choice *choice)
{
    if (choice && *choice == CALL_UNSET)
        json_write_null(j, name);
    else if (choice)
        json_bool(j, name, *choice == CALL_YES);
}

/* Empty unless it changes how targets are called. */
static void write_detail(const struct application_change *change, struct buffer *out)
{
    struct json_out j;
    if (!change->skip_verify && !change->encode_url)
        return;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    put_choice(&j, "skipVerify", change->skip_verify);
    put_choice(&j, "encodeUrl", change->encode_url);
    json_end(&j);
}

struct status connector_application_update(struct connector *c, const struct audit_caller *caller,
                                           struct text tenant, struct text name,
                                           const struct application_change *change, struct error *err)
{
    if (change->description)
        TRY(check_description(*change->description, err));
    const int64_t now = clock_now_s();
    const struct connector_holder h = {.kind = TOKEN_APPLICATION, .tenant = tenant, .application = name};
    struct audit_entry audit = audit_of(caller, TEXT("application.update"), &h, now);
    audit.subject = name;
    OWNED(buffer_release) struct buffer detail;
    buffer_init(&detail, DESCRIPTION_MAX);
    write_detail(change, &detail);
    audit.detail = buffer_as_text(&detail);
    const struct status updated = store_application_update(c->parts.store, tenant, name, change, &audit);
    if (updated.code == E_NOT_FOUND)
        return error_set(err, E_NOT_FOUND, "There is no application %.*s", TEXT_ARG(name));
    TRY(updated);
    if (change->skip_verify || change->encode_url) { /* part of answers about its services */
        page_bump(c->parts.page, page_application(tenant, name));
        page_wake(c->parts.page);
    }
    return DONE;
}
