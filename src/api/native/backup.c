/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "base/clock.h"
#include "vault/vault.h"

static struct audit_entry entry(struct call *c, struct text action, struct text subject)
{
    const struct audit_caller caller = call_caller(c);
    const int64_t now = clock_now_s();
    return (struct audit_entry){
        .at = now,
        .last_at = now,
        .count = 1,
        .action = action,
        .actor = caller.actor,
        .subject = subject,
        .address = caller.address,
        .user_agent = caller.user_agent,
        .request_id = caller.request_id,
    };
}

/* A copy of the store while it runs; secrets in it stay sealed, the vault's key file is not part of it. */
struct status native_backup(struct call *c)
{
    struct text object;
    struct text path, destination;
    TRY(body_object(c, false, &object));
    TRY(body_text(c, object, "path", &path));
    TRY(body_text(c, object, "destination", &destination)); /* where the caller carries it; for the audit */
    if (path.n == 0 || path.p[0] != '/')
        return error_set(&c->err, E_INVALID,
                         "path must be an absolute path of a file that does not exist yet");
    const char *name = arena_cstr(c->arena, path);
    if (!name || strlen(name) != path.n)
        return error_set(&c->err, E_INVALID, "path holds a NUL");
    TRY(store_backup(c->domain->store, name, &c->err));
    const struct audit_entry audit = entry(c, TEXT("store.backup"), destination.n > 0 ? destination : path);
    TRY(store_audit_append(c->domain->store, &audit, 1));
    struct json_out j;
    reply_json(c, 201);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_text(&j, "path", path);
    json_cstr(&j, "keyFile", vault_key_path(c->domain->vault));
    json_end(&j);
    return DONE;
}

struct status native_vault_rekey(struct call *c)
{
    const struct audit_entry audit = entry(c, TEXT("vault.rekey"), TEXT(""));
    TRY(vault_rekey(c->domain->vault, c->domain->store, &audit, &c->err));
    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_cstr(&j, "keyFile", vault_key_path(c->domain->vault));
    json_end(&j);
    return DONE;
}
