/* SPDX-License-Identifier: Apache-2.0 */
#include "api/front/front.h"

#include <pthread.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/reader.h"
#include "ca/ca.h"
#include "store/store.h"
#include "vault/vault.h"

#define SERVER_VALIDITY_S (90LL * 24 * 3600)
#define KEPT_MAX          (256u * 1024)

/* One at a time: all fronts ask at once at start, and each must get the same certificate. */
static pthread_mutex_t issuing = PTHREAD_MUTEX_INITIALIZER;

/* What is kept: u64 when to renew | 32-byte CA fingerprint | u32 names | u32 chain | u32 key. One value, so
 * that chain and key can never be of two certificates. */
static void encode(struct buffer *out, int64_t renew_at, const uint8_t *issuer, struct text names,
                   struct bytes chain, struct bytes key)
{
    buffer_u64(out, (uint64_t)renew_at);
    buffer_append(out, (struct bytes){issuer, SHA256_SIZE});
    buffer_bytes32(out, text_bytes(names));
    buffer_bytes32(out, chain);
    buffer_bytes32(out, key);
}

/* All names in one text: the kept certificate is for exactly these, in this order. */
static struct text join(const struct server_names *names, struct arena *a)
{
    struct text all = TEXT("");
    for (size_t i = 0; i < names->count; i++)
        all = arena_printf(a, "%.*s %.*s", TEXT_ARG(all), TEXT_ARG(names->name[i]));
    return all;
}

/* False when there is none, or none that may still be used. */
static bool load_kept(const struct keys_source *from, struct text blob, struct text names,
                      struct listener_keys *out)
{
    OWNED(secret_release) struct secret kept = {0};
    struct error err = {0};
    if (!status_ok(vault_get(from->vault, from->store, blob, &kept, &err)))
        return false;
    struct reader r = reader_of(secret_bytes(&kept));
    const int64_t renew_at = (int64_t)reader_u64(&r);
    const struct bytes issuer = reader_take(&r, SHA256_SIZE);
    const struct bytes kept_names = reader_bytes32(&r);
    const struct bytes chain = reader_bytes32(&r);
    const struct bytes key = reader_bytes32(&r);
    if (!reader_done(&r) || from->now >= renew_at || !bytes_equal(kept_names, text_bytes(names)) ||
        !bytes_equal(issuer, (struct bytes){ca_fingerprint(from->ca), SHA256_SIZE}))
        return false;
    buffer_append(&out->chain_pem, chain);
    out->renew_at = renew_at;
    return status_ok(buffer_status(&out->chain_pem)) && status_ok(secret_copy(&out->key_pem, key));
}

static struct status keep(const struct keys_source *from, struct text blob, struct text names,
                          const struct listener_keys *keys)
{
    OWNED(buffer_release) struct buffer plain;
    buffer_init(&plain, KEPT_MAX);
    /* Reserved at once, so that growing leaves no unwiped copy behind. */
    if (!buffer_reserve(&plain, 256 + names.n + buffer_size(&keys->chain_pem) + keys->key_pem.n))
        return buffer_status(&plain);
    encode(&plain, keys->renew_at, ca_fingerprint(from->ca), names, buffer_bytes(&keys->chain_pem),
           secret_bytes(&keys->key_pem));
    struct status s = buffer_status(&plain);
    const struct audit_entry audit = {
        .at = from->now,
        .last_at = from->now,
        .count = 1,
        .action = TEXT("listener.certificate"),
        .actor = TEXT("server"),
        .subject = blob,
    };
    if (status_ok(s))
        s = vault_put(from->vault, from->store, blob, buffer_bytes(&plain), &audit);
    buffer_wipe(&plain);
    return s;
}

static struct status issue(const struct keys_source *from, struct listener_keys *out, struct error *err)
{
    int64_t not_after = 0;
    buffer_clear(&out->chain_pem);
    secret_release(&out->key_pem);
    TRY(ca_issue_server(from->ca, from->names->name, from->names->count, from->now, SERVER_VALIDITY_S,
                        &out->chain_pem, &out->key_pem, &not_after, err));
    out->renew_at = from->now + (not_after - from->now) * 2 / 3;
    return buffer_status(&out->chain_pem);
}

static struct status load_or_issue(const struct keys_source *from, struct text blob, struct text names,
                                   struct listener_keys *out, struct error *err)
{
    if (load_kept(from, blob, names, out))
        return DONE;
    TRY(issue(from, out, err));
    TRY(keep(from, blob, names, out));
    log_event(LOG_NOTICE, "listener.certificate", F_TEXT("listener", blob),
              F_INT("renew_in_s", out->renew_at - from->now));
    return DONE;
}

struct status issued_keys(const struct keys_source *from, const char *listener, struct listener_keys *out,
                          struct error *err)
{
    const struct text names = join(from->names, from->arena);
    const struct text blob = arena_printf(from->arena, "listener/%s", listener);
    if (!names.p || !blob.p)
        return STATUS(NOMEM);
    pthread_mutex_lock(&issuing);
    const struct status s = load_or_issue(from, blob, names, out, err);
    pthread_mutex_unlock(&issuing);
    return s;
}
