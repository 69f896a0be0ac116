/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "base/json_out.h"
#include "registry/anchors.h"

/* How a service's target is called, as an operator says; apart from what its registration says. */

#define DETAIL_MAX 4096

struct call_change {
    struct registry *r;
    const struct audit_caller *caller;
    const struct registry_key *key;
    const struct registry_call_change *change;
    struct anchors anchors; /* of the change; none where it takes them away */
    int64_t expected_revision;
    struct arena *a;
};

static void put_choice(struct json_out *j, const char *name, enum call_choice choice)
{
    if (choice == CALL_UNSET)
        json_write_null(j, name);
    else
        json_bool(j, name, choice == CALL_YES);
}

/* The certificates by their fingerprints: whoever may vouch for a target is worth an audit. */
static void write_detail(const struct call_change *c, const struct service *row,
                         const struct service_call_write *w, struct buffer *out)
{
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    json_text(&j, "name", text_first(row->name, 256));
    put_choice(&j, "skipVerify", w->call.skip_verify);
    put_choice(&j, "encodeUrl", w->call.encode_url);
    if (c->change->anchors_pem)
        json_int(&j, "caCertificates", (int64_t)c->anchors.count);
    if (c->anchors.count > 0) {
        char fingerprint[2 * SHA256_SIZE + 1];
        hex_encode(fingerprint, BYTES_OF(c->anchors.list[0].fingerprint));
        json_cstr(&j, "caFingerprint", fingerprint); /* of the first */
    }
    json_end(&j);
}

static bool is_another(const struct service *row, const struct service_call_write *w)
{
    return row->call.skip_verify != w->call.skip_verify || row->call.encode_url != w->call.encode_url ||
           !text_equal(row->call_anchors_pem, w->anchors_pem);
}

static struct status write_call(const struct call_change *c, const struct service *row,
                                const struct service_call_write *w, struct error *err)
{
    OWNED(buffer_release) struct buffer detail;
    buffer_init(&detail, DETAIL_MAX);
    write_detail(c, row, w, &detail);
    TRY(buffer_status(&detail));
    char id[SERVICE_ID_TEXT + 1];
    const struct audit_entry audit =
        service_audit(c->caller, TEXT("service.call"), row, service_id_text(c->key->id, id),
                      buffer_as_text(&detail), w->updated_at);
    const struct status s = store_service_call_set(c->r->parts.store, w, &audit);
    if (s.code == E_NOT_FOUND)
        return service_unreadable(c->r, c->key, err);
    TRY(service_unwritten(s, err));
    service_announce(c->r, c->key);
    return DONE;
}

static struct status attempt(const struct call_change *c, struct error *err)
{
    const struct registry_call_change *change = c->change;
    struct service row;
    const struct status found = store_service_get(c->r->parts.store, c->key->tenant, c->key->application,
                                                  c->key->id, c->a, &row, NULL);
    if (found.code == E_NOT_FOUND)
        return service_unreadable(c->r, c->key, err);
    TRY(found);
    if (row.role == SERVICE_BUNDLE || row.role == SERVICE_DOCUMENT) /* nobody calls these */
        return director_manages(c->r, &row, err);
    if (c->expected_revision != 0 && c->expected_revision != row.revision)
        return error_set(err, E_CHANGED, "The service has revision %lld, not %lld", (long long)row.revision,
                         (long long)c->expected_revision);
    const struct service_call_write w = {
        .tenant = c->key->tenant,
        .application = c->key->application,
        .id = c->key->id,
        .expected_revision = row.revision,
        .updated_at = clock_now_s(),
        .call = {.skip_verify = change->skip_verify ? *change->skip_verify : row.call.skip_verify,
                 .encode_url = change->encode_url ? *change->encode_url : row.call.encode_url},
        .anchors_pem = change->anchors_pem ? c->anchors.pem : row.call_anchors_pem,
    };
    return is_another(&row, &w) ? write_call(c, &row, &w, err) : DONE;
}

struct status registry_call_change(struct registry *r, const struct audit_caller *caller,
                                   const struct registry_key *key, const struct registry_call_change *change,
                                   int64_t expected_revision, struct arena *a, struct registry_view *out,
                                   struct error *err)
{
    struct call_change c = {.r = r,
                            .caller = caller,
                            .key = key,
                            .change = change,
                            .expected_revision = expected_revision,
                            .a = a};
    if (change->anchors_pem && change->anchors_pem->n > 0)
        TRY(anchors_read(*change->anchors_pem, clock_now_s(), a, &c.anchors, err));
    for (int i = 0; i < CHANGE_ATTEMPTS; i++) {
        const struct status s = attempt(&c, err);
        if (s.code == E_CHANGED && expected_revision == 0)
            continue;
        TRY(s);
        return registry_find(r, key, a, out, err);
    }
    return error_set(err, E_AGAIN, "The service was changed by others again and again, try again");
}
