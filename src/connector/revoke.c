/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "base/fault.h"

/* Two million certificates of one application; beyond that every answer of every front is asked again
 * instead. */
#define FINGERPRINTS_MAX (64u * 1024 * 1024)

static void bump(struct connector *c, const uint8_t *fingerprint)
{
    page_bump(c->parts.page, page_index(PAGE_CERTIFICATE, (struct bytes){fingerprint, SHA256_SIZE}));
}

void connector_announce(struct connector *c, const uint8_t fingerprint[static SHA256_SIZE])
{
    bump(c, fingerprint);
    page_wake(c->parts.page);
}

void connector_announce_application(struct connector *c, struct text tenant, struct text name)
{
    page_bump(c->parts.page, page_application(tenant, name));
    page_wake(c->parts.page);
}

struct status connector_parse_hash(struct text hex, uint8_t out[static SHA256_SIZE], struct error *err)
{
    if (hex.n == 0)
        return error_set(err, E_INVALID, "certificate hash value not provided");
    if (!hex_decode(out, SHA256_SIZE, hex))
        return error_set(
            err, E_INVALID,
            "certificate hash value is not 64 hexadecimal digits (SHA-256 of the certificate's DER)");
    return DONE;
}

static struct status cannot_revoke(struct status why, struct error *err)
{
    return error_set(err, why.code, "Unable to mark certificate as revoked: %s.", code_text(why.code));
}

struct status connector_revoke(struct connector *c, const struct audit_caller *caller,
                               const uint8_t fingerprint[static SHA256_SIZE], struct text reason,
                               struct error *err)
{
    OWNED(arena_release) struct arena scratch;
    arena_init(&scratch, 4096, 64 * 1024);
    const int64_t now = clock_now_s();
    /* Whose it was, for the audit; a certificate that is not on record is revoked all the same. */
    struct certificate record = {0};
    const struct status found = store_certificate_find(c->parts.store, fingerprint, false, &scratch, &record);
    if (!status_ok(found) && found.code != E_NOT_FOUND)
        return cannot_revoke(found, err);
    const struct connector_holder holder = {.tenant = record.tenant, .application = record.application};
    struct audit_entry audit =
        audit_of(caller, TEXT("certificate.revoke"), status_ok(found) ? &holder : NULL, now);
    audit.subject = fingerprint_text(fingerprint, &scratch);
    TRY(reason_detail(reason, &scratch, &audit.detail, err));
    if (!audit.subject.p)
        return STATUS(NOMEM);
    bool was_revoked = false;
    const struct status revoked =
        store_certificate_revoke(c->parts.store, fingerprint, reason, now, &audit, &was_revoked);
    if (!status_ok(revoked))
        return cannot_revoke(revoked, err);
    FAULT_POINT("revoke.committed");
    connector_announce(c, fingerprint);
    FAULT_POINT("revoke.announced");
    if (!was_revoked)
        slab_add(c->parts.slab, SLAB_CERTIFICATES_REVOKED, 1);
    return DONE;
}

/* ---- many at once ---- */

struct collected {
    struct buffer fingerprints;
    uint64_t count;
};

static void collect(void *ctx, const uint8_t fingerprint[static SHA256_SIZE])
{
    struct collected *all = ctx;
    buffer_append(&all->fingerprints, (struct bytes){fingerprint, SHA256_SIZE});
    all->count++;
}

static void announce_collected(struct connector *c, const struct collected *all)
{
    if (all->count == 0)
        return;
    if (status_ok(buffer_status(&all->fingerprints))) {
        const struct bytes list = buffer_bytes(&all->fingerprints);
        for (size_t at = 0; at < list.n; at += SHA256_SIZE)
            bump(c, list.p + at);
    } else {
        page_bump_all(c->parts.page); /* the commit stands: no front may keep an answer about any of them */
    }
    page_wake(c->parts.page);
    slab_add(c->parts.slab, SLAB_CERTIFICATES_REVOKED, all->count);
}

struct status connector_revoke_application(struct connector *c, const struct audit_caller *caller,
                                           struct text tenant, struct text application, struct text reason,
                                           uint64_t *out_revoked, struct error *err)
{
    OWNED(arena_release) struct arena scratch;
    arena_init(&scratch, 4096, 64 * 1024);
    /* "0 certificates" would calm whoever mistyped the name of a stolen laptop's application. */
    struct application record;
    const struct status found = store_application_get(c->parts.store, tenant, application, &scratch, &record);
    if (found.code == E_NOT_FOUND)
        return error_set(err, E_NOT_FOUND,
                         "there is no application %.*s: `fairlead app list` shows those there are",
                         TEXT_ARG(application));
    TRY(found);
    struct collected all = {0};
    buffer_init(&all.fingerprints, FINGERPRINTS_MAX);
    const int64_t now = clock_now_s();
    const struct connector_holder h = {
        .kind = TOKEN_APPLICATION, .tenant = tenant, .application = application};
    struct audit_entry audit = audit_of(caller, TEXT("application.revoke"), &h, now);
    audit.subject = application;
    TRY(reason_detail(reason, &scratch, &audit.detail, err));
    const struct status revoked = store_certificate_revoke_application(c->parts.store, tenant, application,
                                                                       reason, now, &audit, collect, &all);
    if (status_ok(revoked)) {
        announce_collected(c, &all);
        *out_revoked = all.count;
    }
    buffer_release(&all.fingerprints);
    return revoked;
}

struct status connector_application_delete(struct connector *c, const struct audit_caller *caller,
                                           struct text tenant, struct text name, uint64_t *out_revoked,
                                           struct error *err)
{
    struct collected all = {0};
    buffer_init(&all.fingerprints, FINGERPRINTS_MAX);
    const struct connector_holder h = {.kind = TOKEN_APPLICATION, .tenant = tenant, .application = name};
    struct audit_entry audit = audit_of(caller, TEXT("application.delete"), &h, clock_now_s());
    audit.subject = name;
    const struct status deleted =
        store_application_delete(c->parts.store, tenant, name, &audit, collect, &all);
    if (status_ok(deleted)) {
        page_bump(c->parts.page, page_application(tenant, name)); /* its services went with it */
        announce_collected(c, &all);
        *out_revoked = all.count;
    }
    buffer_release(&all.fingerprints);
    if (deleted.code == E_NOT_FOUND)
        return error_set(err, E_NOT_FOUND,
                         "there is no application %.*s: `fairlead app list` shows those there are",
                         TEXT_ARG(name));
    return deleted;
}
