/* SPDX-License-Identifier: Apache-2.0 */
#include "director/internal.h"

#include "base/clock.h"
#include "base/digest.h"

/* Pairing: a system auth, and the one-time token that belongs to it (contract 2.5). */

static struct status no_auth(const struct director_call *d, struct text id)
{
    return error_set(d->err, E_NOT_FOUND, "Object not found [ID=%.*s; object=systemAuth]",
                     TEXT_ARG(text_first(id, 100)));
}

static struct status find_auth(const struct director_call *d, enum object_kind kind, struct text id,
                               struct system_auth *out)
{
    uint8_t octets[OBJECT_ID_SIZE];
    if (!uuid_parse(id, octets))
        return no_auth(d, id);
    const struct status found =
        store_system_auth_get(d->parts->store, &d->tenant, octets, clock_now_s(), d->arena, out);
    if (found.code == E_NOT_FOUND ||
        (status_ok(found) && (out->kind != kind || !may_change(d, kind, out->object))))
        return no_auth(d, id);
    return found;
}

static struct status make_auth(const struct director_call *d, enum object_kind kind, struct text id,
                               struct system_auth *out)
{
    struct object o;
    TRY(get_to_change(d, kind, id, &o));
    struct system_auth auth = {
        .kind = kind, .tenant = d->tenant, .object_name = o.name, .created_at = clock_now_s()};
    uuid_new(auth.id);
    memcpy(auth.object, o.id, sizeof auth.object);
    const struct text auth_id = id_text(d, auth.id);
    if (!auth_id.p)
        return STATUS(NOMEM);
    const struct audit_entry audit = director_audit(d, "auth.create", &o, auth_id);
    const struct status made = store_system_auth_create(d->parts->store, &auth, &audit);
    if (made.code == E_NOT_FOUND)
        return no_object(d, kind, id); /* it was deleted since */
    TRY(made);
    *out = auth;
    return DONE;
}

struct status director_one_time_token(const struct director_call *d, enum object_kind kind, struct text id,
                                      struct text system_auth, struct director_token *out)
{
    struct system_auth auth;
    TRY(system_auth.n > 0 ? find_auth(d, kind, system_auth, &auth) : make_auth(d, kind, id, &auth));
    const bool application = kind == OBJECT_APPLICATION;
    const struct connector_holder holder = {
        .kind = application ? TOKEN_COMPASS_APPLICATION : TOKEN_COMPASS_RUNTIME,
        .tenant = d->tenant,
        .application = application ? auth.object_name : TEXT(""),
        .system_auth = id_text(d, auth.id),
    };
    if (!holder.system_auth.p)
        return STATUS(NOMEM);
    struct connector_token token;
    TRY(connector_token_create(d->parts->connector, d->caller, &holder, d->arena, &token, d->err));
    *out = (struct director_token){
        .token = token.token, .created_at = clock_now_s(), .expires_at = token.expires_at};
    memcpy(out->system_auth, auth.id, sizeof out->system_auth);
    return DONE;
}

static void announce(void *ctx, const uint8_t fingerprint[static SHA256_SIZE])
{
    connector_announce(ctx, fingerprint);
}

struct status director_delete_auth(const struct director_call *d, enum object_kind kind, struct text id,
                                   struct system_auth *out)
{
    TRY(find_auth(d, kind, id, out));
    const struct object o = {.kind = kind, .name = out->object_name};
    const struct audit_entry audit = director_audit(d, "auth.delete", &o, id);
    const struct status s =
        store_system_auth_delete(d->parts->store, d->tenant, out->id, &audit, announce, d->parts->connector);
    return s.code == E_NOT_FOUND ? no_auth(d, id) : s;
}

struct status director_unregister(const struct director_call *d, enum object_kind kind, struct text id,
                                  struct object *out)
{
    TRY(get_to_change(d, kind, id, out));
    const struct audit_entry audit =
        director_audit(d, kind == OBJECT_RUNTIME ? "runtime.delete" : "application.delete", out, id);
    const struct status s =
        store_object_delete(d->parts->store, kind, d->tenant, out->id, &audit, announce, d->parts->connector);
    if (s.code == E_NOT_FOUND)
        return no_object(d, kind, id);
    TRY(s);
    if (kind == OBJECT_APPLICATION)
        connector_announce_application(d->parts->connector, d->tenant, out->name);
    return DONE;
}

/* ---- unpairing ---- */

struct auth_ids {
    uint8_t (*list)[OBJECT_ID_SIZE];
    size_t count, room;
    struct arena *arena;
    bool failed;
};

static bool note_auth(void *ctx, const struct system_auth *auth)
{
    struct auth_ids *ids = ctx;
    if (ids->count == ids->room) {
        const size_t room = ids->room > 0 ? 2 * ids->room : 16;
        uint8_t(*more)[OBJECT_ID_SIZE] = arena_array(ids->arena, room, OBJECT_ID_SIZE);
        ids->failed = !more;
        if (!more)
            return false;
        if (ids->count > 0)
            memcpy(more, ids->list, ids->count * OBJECT_ID_SIZE);
        ids->list = more;
        ids->room = room;
    }
    memcpy(ids->list[ids->count++], auth->id, OBJECT_ID_SIZE);
    return true;
}

/* One page of them (store_system_auth_list). */
static struct status delete_some(const struct director_call *d, const struct object *o, size_t *out_count)
{
    struct auth_ids ids = {.arena = d->arena};
    TRY(store_system_auth_list(d->parts->store, OBJECT_APPLICATION, d->tenant, o->id, clock_now_s(), d->arena,
                               note_auth, &ids));
    if (ids.failed)
        return STATUS(NOMEM);
    for (size_t i = 0; i < ids.count; i++) {
        const struct text auth_id = id_text(d, ids.list[i]);
        const struct audit_entry audit = director_audit(d, "auth.delete", o, auth_id);
        const struct status s = store_system_auth_delete(d->parts->store, d->tenant, ids.list[i], &audit,
                                                         announce, d->parts->connector);
        if (!status_ok(s) && s.code != E_NOT_FOUND) /* gone already is as good */
            return s;
    }
    *out_count = ids.count;
    return DONE;
}

struct status director_unpair(const struct director_call *d, struct text id, struct object *out)
{
    struct object o;
    size_t count = 0;
    TRY(get_to_change(d, OBJECT_APPLICATION, id, &o));
    do
        TRY(delete_some(d, &o, &count));
    while (count > 0);
    const int initial = APPLICATION_INITIAL;
    const struct object_change change = {.status = &initial, .now = clock_now_s()};
    TRY(director_change(d, &o, &change, "application.unpair"));
    return director_get(d, OBJECT_APPLICATION, id, out);
}
