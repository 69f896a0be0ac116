/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/registry.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"
#include "config/settings.h"
#include "registry/domain.h"

/* Registrations that find a key waiting for them, in a burst; an RSA-2048 key takes 50 to 200 ms to make. */
#define KEYS_AHEAD 8

void registry_settings_from(const struct settings *from, struct registry_settings *out)
{
    *out = (struct registry_settings){
        .generated =
            {
                .key_algorithm = text_of(from->registry_generated_key_algorithm),
                .by_ca = text_equal(text_of(from->registry_generated_issuer), TEXT("ca")),
                .validity_s = from->registry_generated_validity_ms / 1000,
                .require_sha256_with_rsa = from->registry_require_sha256_with_rsa,
            },
        .cluster_namespace = text_of(from->registry_namespace),
        .specification_max = (size_t)from->registry_specification_bytes,
        .fetch_timeout_ms = (unsigned)from->registry_fetch_timeout_ms,
        .fetches_at_once = (unsigned)from->registry_fetches,
    };
}

static void shared_unref(struct registry_shared *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) != 1)
        return;
    key_pool_free(s->keys);
    must(pthread_mutex_destroy(&s->lock) == 0);
    mem_free(s);
}
OWNABLE(struct registry_shared, shared_unref);

static struct status shared_new(struct text algorithm, unsigned lane_width, struct registry_shared **out)
{
    OWNED(shared_unref) struct registry_shared *s = mem_alloc(sizeof *s);
    if (!s)
        return STATUS(NOMEM);
    atomic_init(&s->references, 1);
    must(pthread_mutex_init(&s->lock, NULL) == 0);
    TRY(key_pool_new(algorithm, KEYS_AHEAD, lane_width, &s->keys));
    *out = TAKE(s);
    return DONE;
}

/* Another algorithm needs other keys; the count of jobs then starts again, which only lets the fetcher queue
 * a few more for a moment. */
static bool may_share(const struct registry *previous, const struct registry_settings *settings)
{
    return previous &&
           text_equal(previous->settings.generated.key_algorithm, settings->generated.key_algorithm);
}

struct status registry_new(const struct registry_settings *settings, const struct registry_parts *parts,
                           struct registry *previous, struct registry **out, struct error *err)
{
    TRY(generated_check(&settings->generated, parts->ca, err));
    OWNED(registry_free) struct registry *r = mem_alloc(sizeof *r);
    if (!r)
        return STATUS(NOMEM);
    r->settings = *settings;
    r->parts = *parts;
    r->algorithm = mem_strndup(settings->generated.key_algorithm.p, settings->generated.key_algorithm.n);
    r->cluster_namespace = mem_strndup(settings->cluster_namespace.p, settings->cluster_namespace.n);
    if (!r->algorithm || !r->cluster_namespace)
        return STATUS(NOMEM);
    r->settings.generated.key_algorithm.p = r->algorithm;
    r->settings.cluster_namespace.p = r->cluster_namespace;
    if (may_share(previous, settings)) {
        r->shared = previous->shared;
        atomic_fetch_add_explicit(&r->shared->references, 1, memory_order_relaxed);
    } else {
        TRY(shared_new(r->settings.generated.key_algorithm, parts->lane_width, &r->shared));
    }
    *out = TAKE(r);
    return DONE;
}

void registry_free(struct registry *r)
{
    if (!r)
        return;
    shared_unref(r->shared);
    mem_free(r->algorithm);
    mem_free(r->cluster_namespace);
    mem_free(r);
}

struct status registry_key_parse(struct text tenant, struct text application, struct text id,
                                 struct registry_key *out, struct error *err)
{
    struct registry_key key = {.tenant = tenant, .application = application};
    if (!service_id_parse(id, key.id))
        return service_not_there(text_first(id, SHOWN_ID_MAX), err);
    *out = key;
    return DONE;
}

struct status registry_list(struct registry *r, const struct service_filter *f,
                            const struct page_request *page, struct arena *a, service_row *row, void *ctx,
                            struct text *out_next, struct error *err)
{
    const struct status s =
        store_service_list(r->parts.store, f, page, LIMIT_LIST_SCAN, a, row, ctx, out_next);
    if (s.code == E_NOT_FOUND)
        return error_set(err, E_NOT_FOUND, "Application %.*s not found",
                         TEXT_ARG(text_first(f->application, SHOWN_ID_MAX)));
    return s;
}

/* The row is read first for the audit row's words; the deletion itself decides. */
struct status registry_delete(struct registry *r, const struct audit_caller *caller,
                              const struct registry_key *key, int64_t expected_revision,
                              bool *out_no_application, struct error *err)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, LIMIT_REQUEST_ARENA);
    struct service row;
    const struct status found =
        store_service_get(r->parts.store, key->tenant, key->application, key->id, &a, &row, NULL);
    if (found.code == E_NOT_FOUND)
        return service_missing(r, key, out_no_application, err);
    TRY(found);
    TRY(director_manages(r, &row, err));

    OWNED(buffer_release) struct buffer detail;
    buffer_init(&detail, 4096);
    audit_detail_write(&row, &detail);
    TRY(buffer_status(&detail));
    char id[SERVICE_ID_TEXT + 1];
    const struct audit_entry audit =
        service_audit(caller, TEXT("service.delete"), &row, service_id_text(key->id, id),
                      buffer_as_text(&detail), clock_now_s());
    const struct status gone = store_service_delete(r->parts.store, key->tenant, key->application, key->id,
                                                    expected_revision, &audit);
    if (gone.code == E_NOT_FOUND)
        return service_missing(r, key, out_no_application, err);
    if (gone.code == E_CHANGED)
        return error_set(err, E_CHANGED, "The service has revision %lld, not %lld", (long long)row.revision,
                         (long long)expected_revision);
    TRY(service_unwritten(gone, err));
    service_announce(r, key);
    return DONE;
}
