/* SPDX-License-Identifier: Apache-2.0 */
#include "director/internal.h"

#include "base/clock.h"
#include "base/own.h"

#define EXTERNAL_ID_BYTES 120
#define NAME_CHARACTERS   200
#define TYPE_BYTES        40

struct audit_entry director_audit_plain(const struct director_call *d, const char *action,
                                        struct text subject)
{
    const struct object none = {.kind = OBJECT_RUNTIME};
    struct audit_entry audit = director_audit(d, action, &none, subject);
    audit.tenant = TEXT("");
    return audit;
}

/* ---- tenants ---- */

static bool has_control(struct text t)
{
    for (size_t i = 0; i < t.n; i++)
        if ((unsigned char)t.p[i] < 0x20 || t.p[i] == 0x7f)
            return true;
    return false;
}

/* No blanks and no '*': operators' tenants are a list of words (store/directory.h). */
static bool external_id_is_good(struct text t)
{
    return t.n > 0 && t.n <= EXTERNAL_ID_BYTES && text_is_utf8(t) && !has_control(t) &&
           !text_contains(t, ' ') && !text_contains(t, '/') && !text_contains(t, '*') &&
           !text_equal(t, TEXT(".")) && !text_equal(t, TEXT("..")); /* a path would lose these */
}

static bool type_is_good(struct text t)
{
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] >= 'A' && t.p[i] <= 'Z')
            return false;
    return t.n <= TYPE_BYTES && is_word(t, "-_");
}

static struct status check(const struct director_call *d, const struct tenant *t)
{
    if (!external_id_is_good(t->external_id))
        return error_set(d->err, E_INVALID,
                         "externalId has 1 to %d bytes, and no blanks, control characters, / or *",
                         EXTERNAL_ID_BYTES);
    if (!text_is_utf8(t->name) || has_control(t->name) || characters(t->name) > NAME_CHARACTERS)
        return error_set(d->err, E_INVALID,
                         "A tenant's name has at most %d characters, and no control characters",
                         NAME_CHARACTERS);
    if (!type_is_good(t->type))
        return error_set(d->err, E_INVALID,
                         "A tenant's type has 1 to %d of a-z 0-9 - _, such as account or customer",
                         TYPE_BYTES);
    return DONE;
}

struct status director_tenant_create(const struct director_call *d, const struct director_tenant *in,
                                     struct tenant *out)
{
    struct tenant t = {
        .key = in->external_id,
        .external_id = in->external_id,
        .name = in->name,
        .type = in->type.n > 0 ? in->type : TEXT("account"),
        .created_at = clock_now_s(),
    };
    TRY(check(d, &t));
    uuid_new(t.internal_id);
    const struct audit_entry audit = director_audit_plain(d, "tenant.create", t.external_id);
    const struct status made = store_tenant_create(d->parts->store, &t, &audit);
    if (made.code == E_CONFLICT)
        return error_set(d->err, E_CONFLICT, "There is a tenant %.*s already", TEXT_ARG(t.external_id));
    TRY(made);
    *out = t;
    return DONE;
}

struct status director_tenant_delete(const struct director_call *d, struct text external_id)
{
    const struct audit_entry audit = director_audit_plain(d, "tenant.delete", external_id);
    const struct status s = store_tenant_delete(d->parts->store, external_id, &audit);
    const struct text shown = text_first(external_id, EXTERNAL_ID_BYTES);
    if (s.code == E_NOT_FOUND)
        return error_set(d->err, E_NOT_FOUND, "There is no tenant %.*s: `fairlead tenant list` shows them",
                         TEXT_ARG(shown));
    if (s.code == E_CONFLICT)
        return error_set(d->err, E_CONFLICT,
                         "Tenant %.*s is used: it has applications, runtimes or active certificates",
                         TEXT_ARG(shown));
    if (s.code == E_INVALID)
        return error_set(d->err, E_INVALID, "Tenant %.*s is the default one, which stays", TEXT_ARG(shown));
    return s;
}

/* ---- the default tenant ---- */

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
