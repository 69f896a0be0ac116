/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/connector.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "check.h"
#include "world.h"

#define GOOD "/OU=OrgUnit/O=Organization/L=Waldorf/ST=Waldorf/C=DE/CN=app"

static struct status sign(struct world *w, enum token_kind kind, const char *name, struct text token,
                          struct text csr, struct connector_issued *out)
{
    OWNED(connector_grant_close) struct connector_grant g = {0};
    w->err = (struct error){0};
    TRY(connector_grant_open(w->connector, kind, text_of(name), token, &w->arena, &g, &w->err));
    return connector_sign(w->connector, &world_caller, &g, csr, &w->arena, out, &w->err);
}

static struct text encoded(struct world *w, struct text t)
{
    struct buffer b;
    buffer_init(&b, 1 << 16);
    base64_encode(&b, text_bytes(t));
    const struct text out = arena_text(&w->arena, buffer_as_text(&b));
    buffer_release(&b);
    return out;
}

/* Contract 3.3 and 5.2, in our words behind the contract's. A refusal leaves the token valid. */
static void refuses_requests_in_the_contracts_words(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    const struct text token = world_token(w, &h);
    struct buffer der;
    buffer_init(&der, 1 << 16);
    make_csr(&(struct test_csr){.key = "ec:P-256", .digest = "SHA256"}, &der);
    const struct text good = world_csr(w, GOOD);
    struct text wrong_alphabet = arena_text(&w->arena, good);
    const struct {
        const char *name;
        struct text csr;
        const char *says; /* prefix */
    } rows[] = {
        {"nothing", TEXT(""), "Error while decoding pem block. The member csr is missing or empty."},
        {"blanks", TEXT("a b"),
         "There was an error while parsing the base64 content. An incorrect value was provided."},
        {"padding stripped", TEXT("YQ"),
         "There was an error while parsing the base64 content. An incorrect value was provided."},
        {"base64url", TEXT("-_-_"),
         "There was an error while parsing the base64 content. An incorrect value was provided."},
        {"no PEM", encoded(w, TEXT("hello")),
         "Error while decoding pem block. Reason: there is no PEM block."},
        {"base64 twice", encoded(w, wrong_alphabet),
         "Error while decoding pem block. Reason: this is base64 of base64: encode the PEM text once."},
        {"bare DER", encoded(w, buffer_as_text(&der)),
         "Error while decoding pem block. Reason: this is bare DER, not PEM"},
        {"PEM of something else",
         encoded(w, TEXT("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n")),
         "Error while parsing CSR: "},
        {"1024 bits", world_csr_of(w, &(struct test_csr){.key = "rsa:1024", .digest = "SHA256"}),
         "Error while parsing CSR: RSA key has 1024 bits, at least 2048 are needed"},
        {"MD5", world_csr_of(w, &(struct test_csr){.key = "rsa:2048", .digest = "MD5"}),
         "Error while parsing CSR: signature digest MD5 is not accepted"},
        {"other name", world_csr(w, "/OU=OrgUnit/O=Organization/L=Waldorf/ST=Waldorf/C=DE/CN=other"),
         "CSR: Invalid common name provided."},
        {"no name", world_csr(w, "/OU=OrgUnit/O=Organization/L=Waldorf/ST=Waldorf/C=DE"),
         "CSR: Invalid common name provided."},
        {"name before country", world_csr(w, "/CN=other"), "CSR: Invalid common name provided."},
        {"no country", world_csr(w, "/OU=OrgUnit/O=Organization/L=Waldorf/ST=Waldorf/CN=app"),
         "CSR: No country provided."},
        {"country", world_csr(w, "/OU=OrgUnit/O=Organization/L=Waldorf/ST=Waldorf/C=PL/CN=app"),
         "CSR: Invalid country provided."},
        {"no organization", world_csr(w, "/OU=OrgUnit/L=Waldorf/ST=Waldorf/C=DE/CN=app"),
         "CSR: No organization provided."},
        {"organization", world_csr(w, "/OU=OrgUnit/O=organization/L=Waldorf/ST=Waldorf/C=DE/CN=app"),
         "CSR: Invalid organization provided."},
        {"no unit", world_csr(w, "/O=Organization/L=Waldorf/ST=Waldorf/C=DE/CN=app"),
         "CSR: No organizational unit provided."},
        {"unit", world_csr(w, "/OU=x/O=Organization/L=Waldorf/ST=Waldorf/C=DE/CN=app"),
         "CSR: Invalid organizational unit provided."},
        {"no locality", world_csr(w, "/OU=OrgUnit/O=Organization/ST=Waldorf/C=DE/CN=app"),
         "CSR: No locality provided."},
        {"locality", world_csr(w, "/OU=OrgUnit/O=Organization/L=x/ST=Waldorf/C=DE/CN=app"),
         "CSR: Invalid locality provided."},
        {"no province", world_csr(w, "/OU=OrgUnit/O=Organization/L=Waldorf/C=DE/CN=app"),
         "CSR: No province provided."},
        {"province", world_csr(w, "/OU=OrgUnit/O=Organization/L=Waldorf/ST=x/C=DE/CN=app"),
         "CSR: Invalid province provided."},
    };
    struct connector_issued issued;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct status s = sign(w, TOKEN_APPLICATION, "", token, rows[i].csr, &issued);
        if (s.code != E_INVALID || !text_starts_with(text_of(w->err.message), text_of(rows[i].says)))
            fail_msg("%s: %s '%s'", rows[i].name, code_name(s.code), w->err.message);
    }
    assert_ok(sign(w, TOKEN_APPLICATION, "", token, good, &issued));
    assert_int_equal(world_audit(w, "certificate.issue", NULL), 1);
    buffer_release(&der);
    world_close(w);
}

static void refuses_a_request_signed_by_another_key(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    struct buffer der;
    struct buffer pem;
    buffer_init(&der, 1 << 16);
    buffer_init(&pem, 1 << 16);
    make_csr(&(struct test_csr){.key = "rsa:2048", .digest = "SHA256"}, &der);
    der.data[der.end - 1] ^= 1; /* the last octet of the signature */
    buffer_text(&pem, TEXT("-----BEGIN CERTIFICATE REQUEST-----\n"));
    base64_encode(&pem, buffer_bytes(&der));
    buffer_text(&pem, TEXT("\n-----END CERTIFICATE REQUEST-----\n"));
    struct connector_issued issued;
    assert_status(
        sign(w, TOKEN_APPLICATION, "", world_token(w, &h), encoded(w, buffer_as_text(&pem)), &issued),
        E_INVALID);
    assert_true(text_starts_with(text_of(w->err.message), TEXT("CSR signature invalid: ")));
    buffer_release(&der);
    buffer_release(&pem);
    world_close(w);
}

static void says_cname_to_remote_environments(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = {.kind = TOKEN_REMOTE_ENVIRONMENT, .application = TEXT("re")};
    struct connector_issued issued;
    assert_status(sign(w, TOKEN_REMOTE_ENVIRONMENT, "re", world_token(w, &h), world_csr(w, GOOD), &issued),
                  E_INVALID);
    assert_string_equal(w->err.message, "CSR: Invalid CName provided.");
    world_close(w);
}

static void consumes_the_token_with_the_certificate(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    const struct text token = world_token(w, &h);
    struct connector_issued issued;
    assert_ok(sign(w, TOKEN_APPLICATION, "", token, world_csr(w, GOOD), &issued));
    assert_status(sign(w, TOKEN_APPLICATION, "", token, world_csr(w, GOOD), &issued), E_DENIED);
    assert_string_equal(w->err.message, "Invalid token.");

    struct certificate record;
    assert_ok(store_certificate_find(w->store, issued.fingerprint, true, &w->arena, &record));
    assert_text(record.application, "app");
    assert_text(record.subject, "CN=app,OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE");
    assert_text(record.key_algorithm, "ec:P-256");
    assert_true(bytes_equal(record.der, issued.der));
    assert_true(text_starts_with(record.issued_by, TEXT("token:")));
    assert_int_equal(record.not_after, issued.not_after);
    struct audit_entry e;
    assert_int_equal(world_audit(w, "certificate.issue", &e), 1);
    assert_text(e.actor, arena_cstr(&w->arena, record.issued_by));
    assert_int_equal(e.subject.n, 64);
    world_close(w);
}

static void accepts_every_kind_of_key_and_order_of_subject(void **state)
{
    (void)state;
    static const struct test_csr rows[] = {
        {.key = "rsa:2048", .digest = "SHA256"},
        {.key = "rsa:2048", .digest = "SHA512", .with_attributes = true},
        {.key = "rsa:2048", .digest = "SHA256", .pss_salt = -1},
        {.key = "ec:P-384", .digest = "SHA384"},
        {.key = "ec:P-521", .digest = "SHA512"},
        {.key = "ed25519"},
        {.key = "ec:P-256",
         .digest = "SHA256",
         .subject = "/C=DE/ST=Waldorf/L=Waldorf/O=Organization/OU=OrgUnit/CN=app"},
        {.key = "ec:P-256",
         .digest = "SHA256",
         .subject = "/CN=first/emailAddress=a@b.example/OU=OrgUnit/OU=more/O=Organization/L=Waldorf/"
                    "ST=Waldorf/C=DE/CN=app"},
    };
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct connector_issued issued;
        const struct status s =
            sign(w, TOKEN_APPLICATION, "", world_token(w, &h), world_csr_of(w, &rows[i]), &issued);
        if (!status_ok(s))
            fail_msg("row %zu: %s", i, w->err.message);
    }
    world_close(w);
}

static void expects_tenant_and_group_in_central_mode(void **state)
{
    (void)state;
    static const char *const central[] = {"mode.central=true", NULL};
    struct world *w = world_open(central);
    const struct connector_holder app = {
        .kind = TOKEN_APPLICATION, .application = TEXT("app"), .tenant = TEXT("acme"), .group = TEXT("eu")};
    const struct connector_holder runtime = {
        .kind = TOKEN_RUNTIME, .tenant = TEXT("acme"), .group = TEXT("eu")};
    struct connector_issued issued;
    const struct text token = world_token(w, &app);
    assert_status(sign(w, TOKEN_APPLICATION, "", token, world_csr(w, GOOD), &issued), E_INVALID);
    assert_string_equal(w->err.message, "CSR: Invalid organization provided.");
    assert_ok(sign(w, TOKEN_APPLICATION, "", token,
                   world_csr(w, "/OU=eu/O=acme/L=Waldorf/ST=Waldorf/C=DE/CN=app"), &issued));
    assert_ok(sign(w, TOKEN_RUNTIME, "", world_token(w, &runtime),
                   world_csr(w, "/OU=eu/O=acme/L=Waldorf/ST=Waldorf/C=DE/CN=*Runtime*"), &issued));
    struct certificate record;
    assert_ok(store_certificate_find(w->store, issued.fingerprint, false, &w->arena, &record));
    assert_int_equal(record.kind, CERTIFICATE_RUNTIME);
    assert_text(record.tenant, "acme");
    assert_text(record.application, "");
    world_close(w);
}

static void writes_subjects_in_the_order_of_each_generation(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder app = world_application("app");
    const struct connector_holder remote = {.kind = TOKEN_REMOTE_ENVIRONMENT, .application = TEXT("app")};
    assert_text(connector_subject_text(w->connector, &app, &w->arena),
                "O=Organization,OU=OrgUnit,L=Waldorf,ST=Waldorf,C=DE,CN=app");
    assert_text(connector_subject_text(w->connector, &remote, &w->arena),
                "OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE,CN=app");
    world_close(w);
}

static void refuses_subject_settings_that_clients_cannot_split(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    struct connector_settings settings = *connector_settings_of(w->connector);
    const struct connector_parts parts = {
        .store = w->store, .ca = w->ca, .page = &w->page, .slab = w->slab, .lane_width = 1};
    settings.organization = TEXT("Acme, Inc.");
    struct connector *c = NULL;
    assert_status(connector_new(&settings, &parts, NULL, &c, &w->err), E_INVALID);
    assert_true(text_starts_with(text_of(w->err.message), TEXT("subject.organization may not hold ','")));
    world_close(w);
}

/* ---- renewal ---- */

static void renews_for_the_same_subject_only(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_issued old = world_certificate(w, "app");
    const struct connector_holder h = world_application("app");
    struct connector_issued issued;
    assert_status(
        connector_renew(w->connector, &world_caller, &h, old.fingerprint,
                        world_csr(w, "/OU=OrgUnit/O=Organization/L=Waldorf/ST=Waldorf/C=DE/CN=other"),
                        &w->arena, &issued, &w->err),
        E_INVALID);
    assert_string_equal(w->err.message, "CSR: Invalid common name provided.");
    assert_ok(connector_renew(w->connector, &world_caller, &h, old.fingerprint, world_csr(w, GOOD), &w->arena,
                              &issued, &w->err));
    assert_int_equal(world_audit(w, "certificate.renew", NULL), 1);

    assert_ok(connector_revoke(w->connector, &world_caller, old.fingerprint, TEXT(""), &w->err));
    assert_status(connector_renew(w->connector, &world_caller, &h, old.fingerprint, world_csr(w, GOOD),
                                  &w->arena, &issued, &w->err),
                  E_DENIED);
    assert_string_equal(w->err.message, "Certificate has been revoked.");
    world_close(w);
}

/* ---- concurrency ---- */

#define RACERS    16
#define USES_EACH 64

struct race {
    struct world *world;
    struct text token, csr;
    atomic_int won, denied, other;
};

static void *race(void *arg)
{
    struct race *r = arg;
    for (int i = 0; i < USES_EACH; i++) {
        struct arena a;
        arena_init(&a, 8192, 1 << 20);
        struct connector_grant g = {0};
        struct connector_issued issued;
        struct error err = {0};
        struct status s =
            connector_grant_open(r->world->connector, TOKEN_APPLICATION, TEXT(""), r->token, &a, &g, &err);
        if (status_ok(s))
            s = connector_sign(r->world->connector, &world_caller, &g, r->csr, &a, &issued, &err);
        connector_grant_close(&g);
        atomic_fetch_add(status_ok(s) ? &r->won : s.code == E_DENIED ? &r->denied : &r->other, 1);
        arena_release(&a);
    }
    return NULL;
}

static void gives_exactly_one_certificate_to_a_thousand_uses(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    struct race r = {.world = w, .token = world_token(w, &h), .csr = world_csr(w, GOOD)};
    pthread_t threads[RACERS];
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &r), 0);
    for (int i = 0; i < RACERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&r.won), 1);
    assert_int_equal(atomic_load(&r.denied), RACERS * USES_EACH - 1);
    assert_int_equal(atomic_load(&r.other), 0);
    assert_int_equal(world_audit(w, "certificate.issue", NULL), 1);
    world_close(w);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    const struct text token = world_token(w, &h);
    const struct text csr = world_csr(w, GOOD);
    struct connector_issued issued;
    assert_survives_failing_allocations(sign(w, TOKEN_APPLICATION, "", token, csr, &issued));
    assert_int_equal(world_audit(w, "certificate.issue", NULL), 1);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_requests_in_the_contracts_words),
        cmocka_unit_test(refuses_a_request_signed_by_another_key),
        cmocka_unit_test(says_cname_to_remote_environments),
        cmocka_unit_test(refuses_subject_settings_that_clients_cannot_split),
        cmocka_unit_test(consumes_the_token_with_the_certificate),
        cmocka_unit_test(accepts_every_kind_of_key_and_order_of_subject),
        cmocka_unit_test(expects_tenant_and_group_in_central_mode),
        cmocka_unit_test(writes_subjects_in_the_order_of_each_generation),
        cmocka_unit_test(renews_for_the_same_subject_only),
        cmocka_unit_test(gives_exactly_one_certificate_to_a_thousand_uses),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
