/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/connector.h"

#include "base/clock.h"
#include "check.h"
#include "world.h"
#include "x509/name.h"

static struct connector_identity identify(struct world *w, const uint8_t fingerprint[static SHA256_SIZE],
                                          struct bytes subject)
{
    struct connector_identity id;
    assert_ok(connector_identify(w->connector, fingerprint, subject, &w->arena, &id, &w->err));
    return id;
}

static struct bytes subject_der(struct world *w, const char *text)
{
    struct name n;
    struct buffer b;
    buffer_init(&b, 4096);
    assert_ok(name_from_text(text_of(text), &w->arena, &n, &w->err));
    name_encode(&n, &b);
    const struct bytes out = arena_bytes(&w->arena, buffer_bytes(&b));
    buffer_release(&b);
    return out;
}

static void does_not_know_what_is_not_on_record(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const uint8_t fingerprint[SHA256_SIZE] = {1};
    const struct connector_identity id = identify(
        w, fingerprint, subject_der(w, "C=DE,ST=Waldorf,L=Waldorf,O=Organization,OU=OrgUnit,CN=app"));
    assert_int_equal(id.verdict, CONNECTOR_UNKNOWN);
    assert_true(id.valid_until > clock_now_s());
    assert_int_equal(id.pairs.count, 1);
    world_close(w);
}

static void tells_whom_a_recorded_certificate_speaks_for(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_issued cert = world_certificate(w, "app");
    const struct connector_identity id = identify(w, cert.fingerprint, (struct bytes){NULL, 0});
    assert_int_equal(id.verdict, CONNECTOR_ACTIVE);
    assert_int_equal(id.holder.kind, TOKEN_APPLICATION);
    assert_text(id.holder.application, "app");
    assert_text(id.subject_error, "");
    assert_true(id.valid_until <= cert.not_after);
    world_close(w);
}

static void does_not_know_what_has_expired(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_issued cert = world_certificate(w, "app");
    clock_set_test(cert.not_after * 1000, 0);
    assert_int_equal(identify(w, cert.fingerprint, (struct bytes){NULL, 0}).verdict, CONNECTOR_ACTIVE);
    clock_set_test((cert.not_after + 1) * 1000, 0);
    const struct connector_identity id = identify(w, cert.fingerprint, (struct bytes){NULL, 0});
    assert_int_equal(id.verdict, CONNECTOR_UNKNOWN);
    assert_text(id.holder.application, "");
    assert_ok(connector_revoke(w->connector, &world_caller, cert.fingerprint, TEXT(""), &w->err));
    assert_int_equal(identify(w, cert.fingerprint, (struct bytes){NULL, 0}).verdict, CONNECTOR_REVOKED);
    clock_real();
    world_close(w);
}

static void notices_that_the_subject_settings_have_changed(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_issued cert = world_certificate(w, "app");
    struct connector_settings settings = *connector_settings_of(w->connector);
    settings.locality = TEXT("Berlin");
    const struct connector_parts parts = {
        .store = w->store, .ca = w->ca, .page = &w->page, .slab = w->slab, .lane_width = 1};
    struct connector *next = NULL;
    assert_ok(connector_new(&settings, &parts, w->connector, &next, &w->err));
    connector_free(w->connector);
    w->connector = next;
    const struct connector_identity id = identify(w, cert.fingerprint, (struct bytes){NULL, 0});
    assert_int_equal(id.verdict, CONNECTOR_ACTIVE);
    assert_text(id.subject_error, "Failed to get certificate subject from header.");
    world_close(w);
}

static void revocation_moves_the_counter_that_the_answer_carries(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_issued cert = world_certificate(w, "app");
    const struct connector_identity before = identify(w, cert.fingerprint, (struct bytes){NULL, 0});
    assert_true(page_pairs_current(&before.pairs, &w->page));
    assert_ok(connector_revoke(w->connector, &world_caller, cert.fingerprint, TEXT("lost"), &w->err));
    assert_false(page_pairs_current(&before.pairs, &w->page));
    assert_int_equal(identify(w, cert.fingerprint, (struct bytes){NULL, 0}).verdict, CONNECTOR_REVOKED);
    struct audit_entry e;
    assert_int_equal(world_audit(w, "certificate.revoke", &e), 1);
    assert_text(e.detail, "{\"reason\":\"lost\"}");
    assert_text(e.application, "app");
    /* again: no change, no second row */
    assert_ok(connector_revoke(w->connector, &world_caller, cert.fingerprint, TEXT("again"), &w->err));
    assert_int_equal(world_audit(w, "certificate.revoke", NULL), 1);
    world_close(w);
}

static void revokes_what_is_not_on_record(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    uint8_t fingerprint[SHA256_SIZE];
    assert_status(connector_parse_hash(TEXT(""), fingerprint, &w->err), E_INVALID);
    assert_string_equal(w->err.message, "certificate hash value not provided");
    assert_status(connector_parse_hash(TEXT("AA:BB"), fingerprint, &w->err), E_INVALID);
    assert_ok(connector_parse_hash(TEXT("AABBCCDDEEFF00112233445566778899aabbccddeeff00112233445566778899"),
                                   fingerprint, &w->err));
    assert_ok(connector_revoke(w->connector, &world_caller, fingerprint, TEXT(""), &w->err));
    assert_int_equal(identify(w, fingerprint, (struct bytes){NULL, 0}).verdict, CONNECTOR_REVOKED);
    world_close(w);
}

static void revokes_all_of_an_application(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_issued one = world_certificate(w, "app");
    const struct connector_issued two = world_certificate(w, "app");
    const struct connector_issued other = world_certificate(w, "other");
    const struct connector_identity before = identify(w, two.fingerprint, (struct bytes){NULL, 0});
    uint64_t count = 0;
    assert_ok(connector_revoke_application(w->connector, &world_caller, TEXT(""), TEXT("app"), TEXT("left"),
                                           &count, &w->err));
    assert_int_equal(count, 2);
    assert_false(page_pairs_current(&before.pairs, &w->page));
    assert_int_equal(identify(w, one.fingerprint, (struct bytes){NULL, 0}).verdict, CONNECTOR_REVOKED);
    assert_int_equal(identify(w, two.fingerprint, (struct bytes){NULL, 0}).verdict, CONNECTOR_REVOKED);
    assert_int_equal(identify(w, other.fingerprint, (struct bytes){NULL, 0}).verdict, CONNECTOR_ACTIVE);

    assert_ok(
        connector_application_delete(w->connector, &world_caller, TEXT(""), TEXT("other"), &count, &w->err));
    assert_int_equal(count, 1);
    assert_int_equal(identify(w, other.fingerprint, (struct bytes){NULL, 0}).verdict, CONNECTOR_REVOKED);
    assert_status(
        connector_application_delete(w->connector, &world_caller, TEXT(""), TEXT("other"), &count, &w->err),
        E_NOT_FOUND);
    world_close(w);
}

/* Contract 6, for certificates that another instance issued. */
static void reads_unrecorded_subjects_when_told_so(void **state)
{
    (void)state;
    static const char *const standalone[] = {"ca.accept_unrecorded=true", NULL};
    static const char *const central[] = {"ca.accept_unrecorded=true", "mode.central=true", NULL};
    static const char no_match[] = "Failed to get certificate subject from header.";
    static const char not_all[] = "Invalid certificate header, one of the values not provided";
    const struct {
        const char *const *mode;
        const char *subject, *error, *application, *tenant;
        bool runtime;
    } rows[] = {
        {standalone, "C=DE,ST=Waldorf,L=Waldorf,O=Organization,OU=OrgUnit,CN=app", "", "app", "", false},
        {standalone, "C=DE,ST=Waldorf,L=Waldorf,O=Other,OU=OrgUnit,CN=app", no_match, NULL, NULL, false},
        {standalone, "C=DE,ST=Waldorf,L=Berlin,O=Organization,OU=OrgUnit,CN=app", no_match, NULL, NULL,
         false},
        {standalone, "C=DE,ST=Waldorf,L=Waldorf,O=Organization,OU=OrgUnit",
         "Empty Common Name in certificate header", NULL, NULL, false},
        {standalone, "C=DE,ST=Waldorf,L=Waldorf,O=Organization,OU=OrgUnit,CN=*Runtime*", no_match, "", "",
         false},
        {standalone, "C=DE,ST=Waldorf,L=Waldorf,O=Organization,OU=OrgUnit,CN=a/b", no_match, "", "", false},
        {central, "C=DE,ST=Waldorf,L=Waldorf,O=acme/1,OU=eu,CN=app", no_match, "", "", false},
        {central, "C=DE,ST=Waldorf,L=Waldorf,O=acme,OU=eu,CN=app", "", "app", "acme", false},
        {central, "C=DE,ST=Waldorf,L=Waldorf,O=acme,OU=eu,CN=*Runtime*", "", "", "acme", true},
        {central, "C=DE,ST=Waldorf,L=Waldorf,O=acme,CN=app", not_all, NULL, NULL, false},
        {central, "C=PL,ST=Waldorf,L=Waldorf,O=acme,OU=eu,CN=app", no_match, NULL, NULL, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world *w = world_open(rows[i].mode);
        const uint8_t fingerprint[SHA256_SIZE] = {(uint8_t)i};
        const struct connector_identity id = identify(w, fingerprint, subject_der(w, rows[i].subject));
        assert_int_equal(id.verdict, CONNECTOR_ACTIVE);
        assert_text(id.subject_error, rows[i].error);
        if (rows[i].application) {
            assert_text(id.holder.application, rows[i].application);
            assert_text(id.holder.tenant, rows[i].tenant);
            assert_int_equal(id.holder.kind == TOKEN_RUNTIME, rows[i].runtime);
        }
        world_close(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_not_know_what_is_not_on_record),
        cmocka_unit_test(does_not_know_what_has_expired),
        cmocka_unit_test(notices_that_the_subject_settings_have_changed),
        cmocka_unit_test(tells_whom_a_recorded_certificate_speaks_for),
        cmocka_unit_test(revocation_moves_the_counter_that_the_answer_carries),
        cmocka_unit_test(revokes_what_is_not_on_record),
        cmocka_unit_test(revokes_all_of_an_application),
        cmocka_unit_test(reads_unrecorded_subjects_when_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
