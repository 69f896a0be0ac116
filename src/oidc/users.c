/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/users.h"

#include "base/buffer.h"
#include "config/grant.h"

/* The list of values of one kind. */
static struct status join(struct text rights, struct text kind, struct arena *a, struct text *out)
{
    OWNED(buffer_release) struct buffer words;
    struct text value;
    buffer_init(&words, rights.n + 1);
    while (grant_next(&rights, kind, &value)) {
        buffer_cstr(&words, buffer_size(&words) > 0 ? " " : "");
        buffer_text(&words, value);
    }
    TRY(buffer_status(&words));
    *out = arena_text(a, buffer_as_text(&words));
    return out->p ? DONE : STATUS(NOMEM);
}

static struct status add(struct text rights, struct arena *a, struct oidc_grant *out, size_t *count)
{
    must(*count < OIDC_GRANTS_MAX);
    struct oidc_grant *grant = &out[*count];
    TRY(join(rights, TEXT("tenant"), a, &grant->tenants));
    TRY(join(rights, TEXT("scope"), a, &grant->scopes));
    (*count)++;
    return DONE;
}

/* An address is never compared with a subject: those are the issuer's to choose, or even the user's. */
static bool is_user(const struct claims *who, struct text name)
{
    if (text_starts_with(name, TEXT("sub:")))
        return text_equal(text_from(name, 4), who->subject);
    return text_equal(name, text_contains(name, '@') ? who->email : who->subject);
}

static bool is_in_group(const struct claims *who, struct text name)
{
    for (size_t i = 0; i < who->group_count; i++)
        if (text_equal(who->groups[i], name))
            return true;
    return false;
}

struct status users_grants(const struct claims *who, const struct settings_list *users,
                           const struct settings_list *groups, struct arena *a,
                           struct oidc_grant out[static OIDC_GRANTS_MAX], size_t *count)
{
    struct grant_line line;
    for (unsigned i = 0; i < users->count; i++)
        if (grant_read(text_of(users->item[i]), &line) && is_user(who, line.who))
            TRY(add(line.rights, a, out, count));
    for (unsigned i = 0; i < groups->count; i++)
        if (grant_read(text_of(groups->item[i]), &line) && is_in_group(who, line.who))
            TRY(add(line.rights, a, out, count));
    return DONE;
}
