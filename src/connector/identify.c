/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

#include "base/clock.h"

/* How long a front keeps an answer that no record bounds: a certificate without a record cannot be told its
 * end from here. */
#define UNRECORDED_KEPT_S 60
/* A recorded one is asked about again now and then, so that a lost wake-up never lasts. */
#define RECORDED_KEPT_S 3600

static const char no_match[] = "Failed to get certificate subject from header.";

/* Contract 6: standalone compares O, OU, C, L and ST with the configuration, central only C, L and ST. */
static struct status check_recorded(struct connector *c, const struct certificate *record, struct arena *a,
                                    struct connector_identity *out)
{
    const struct connector_holder *h = &out->holder;
    if (c->settings.central && !kind_is_compass(h->kind) && (h->tenant.n == 0 || h->group.n == 0)) {
        out->subject_error = TEXT("Invalid certificate header, one of the values not provided");
        return DONE;
    }
    /* The record's subject was written from the same struct name by the same function (enrol.c), so equal
     * text means equal values, and nothing needs to be taken apart again. */
    struct name expected;
    TRY(connector_subject_name(c, h, a, &expected));
    const struct text text = name_format(&expected, a);
    if (!text.p)
        return STATUS(NOMEM);
    if (!text_equal(text, record->subject))
        out->subject_error = text_of(no_match);
    return DONE;
}

static bool place_matches(const struct connector_settings *s, const struct name *n)
{
    return text_equal(name_first(n, NAME_C), s->country) && text_equal(name_first(n, NAME_L), s->locality) &&
           text_equal(name_first(n, NAME_ST), s->province);
}

/* Names that this server would not have given travel no further: not into tables, audit rows and the hop. */
static bool may_be_named(const struct connector_holder *h)
{
    const struct text names[] = {h->tenant, h->group, h->application};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].n > 0 && !status_ok(connector_check_name("The name", names[i], NULL)))
            return false;
    return true;
}

/* A certificate of our CA that is not on record, where ca.accept_unrecorded allows it (migration): contract 6
 * on its own subject. */
static void identify_by_subject(const struct connector *c, const struct name *n,
                                struct connector_identity *out)
{
    const struct connector_settings *s = &c->settings;
    const struct text organization = name_first(n, NAME_O);
    const struct text unit = name_first(n, NAME_OU);
    const struct text common_name = name_last(n, NAME_CN);
    const bool organization_matches =
        s->central || (text_equal(organization, s->organization) && text_equal(unit, s->organizational_unit));
    out->verdict = CONNECTOR_ACTIVE;
    out->holder = (struct connector_holder){.kind = TOKEN_APPLICATION, .application = common_name};
    if (!place_matches(s, n) || !organization_matches) {
        out->subject_error = text_of(no_match);
        return;
    }
    if (!s->central) {
        if (common_name.n == 0)
            out->subject_error = TEXT("Empty Common Name in certificate header");
        return;
    }
    if (organization.n == 0 || unit.n == 0 || common_name.n == 0) {
        out->subject_error = TEXT("Invalid certificate header, one of the values not provided");
        return;
    }
    out->holder.tenant = organization;
    out->holder.group = unit;
    if (text_equal(common_name, TEXT(RUNTIME_COMMON_NAME))) {
        out->holder.kind = TOKEN_RUNTIME;
        out->holder.application = TEXT("");
    }
}

static struct status identify_unrecorded(struct connector *c, struct bytes subject, struct arena *a,
                                         struct connector_identity *out, struct error *err)
{
    out->verdict = CONNECTOR_UNKNOWN;
    out->valid_until = clock_now_s() + UNRECORDED_KEPT_S;
    if (!c->settings.accept_unrecorded || subject.n == 0)
        return DONE;
    struct name n;
    const struct status parsed = name_parse(subject, a, &n, err);
    if (parsed.code == E_INVALID) {
        out->verdict = CONNECTOR_ACTIVE;
        out->subject_error = text_of(no_match);
        return DONE;
    }
    TRY(parsed);
    identify_by_subject(c, &n, out);
    if (!may_be_named(&out->holder)) {
        out->holder = (struct connector_holder){.kind = TOKEN_APPLICATION};
        out->subject_error = text_of(no_match);
    }
    return DONE;
}

static enum token_kind kind_of(const struct certificate *record)
{
    const bool compass = record->system_auth.n > 0;
    if (record->kind == CERTIFICATE_RUNTIME)
        return compass ? TOKEN_COMPASS_RUNTIME : TOKEN_RUNTIME;
    return compass ? TOKEN_COMPASS_APPLICATION : TOKEN_APPLICATION;
}

struct status connector_identify(struct connector *c, const uint8_t fingerprint[static SHA256_SIZE],
                                 struct bytes subject, struct arena *a, struct connector_identity *out,
                                 struct error *err)
{
    *out = (struct connector_identity){0};
    /* Before the read: a revocation that commits in between moves the counter past the value that travels
     * (DESIGN 3.1, 1). */
    const uint32_t index = page_index(PAGE_CERTIFICATE, (struct bytes){fingerprint, SHA256_SIZE});
    must(page_pairs_add(&out->pairs, c->parts.page, index));

    struct certificate record;
    const struct status found = store_certificate_find(c->parts.store, fingerprint, false, a, &record);
    if (found.code == E_NOT_FOUND)
        return identify_unrecorded(c, subject, a, out, err);
    TRY(found);
    const int64_t now = clock_now_s();
    if (record.state == CERTIFICATE_REVOKED) {
        out->verdict = CONNECTOR_REVOKED;
        out->valid_until = now + RECORDED_KEPT_S;
        return DONE;
    }
    /* Who shows it in a handshake does not get here; a connection that was kept, or a proxy, may. */
    if (record.not_after < now) {
        out->verdict = CONNECTOR_UNKNOWN;
        out->valid_until = now + RECORDED_KEPT_S;
        return DONE;
    }
    out->verdict = CONNECTOR_ACTIVE;
    out->valid_until = record.not_after < now + RECORDED_KEPT_S ? record.not_after : now + RECORDED_KEPT_S;
    out->holder = (struct connector_holder){
        .kind = kind_of(&record),
        .tenant = record.tenant,
        .group = record.group,
        .application = record.application,
        .system_auth = system_auth_text(record.system_auth, a),
    };
    if (!out->holder.system_auth.p)
        return STATUS(NOMEM);
    return check_recorded(c, &record, a, out);
}
