/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "world.h"

/* A certificate that was revoked after its caller was let in: the write's own transaction refuses it. */

static const uint8_t fingerprint[SHA256_SIZE] = {7};

static struct audit_caller application(void)
{
    struct audit_caller caller = world_caller;
    caller.certificate = fingerprint;
    return caller;
}

static void revoke(struct world *w)
{
    const struct audit_entry audit = {.at = 1, .action = TEXT("certificate.revoke")};
    bool was = false;
    assert_ok(store_certificate_revoke(w->store, fingerprint, TEXT("stolen"), 1, &audit, &was));
}

static struct status create(struct world *w, const struct audit_caller *by, uint8_t *out_id)
{
    const struct service_details *d =
        world_details(w, world_service(w, "'credentials':{'basic':{'username':'u','password':'p'}}", ""));
    const struct registry_input in = {.details = d};
    return registry_register(w->registry, by, TEXT(""), TEXT("shop"), &in, &w->arena, out_id, &w->err);
}

static struct status replace(struct world *w, const struct audit_caller *by, const struct registry_key *key)
{
    const struct registry_input in = {.details = world_details(w, world_service(w, "", ""))};
    struct registry_view view;
    return registry_replace(w->registry, by, key, &in, 0, &w->arena, &view, &w->err);
}

static struct status patch(struct world *w, const struct audit_caller *by, const struct registry_key *key)
{
    const struct secret_item item = {TEXT("password"), BYTES_OF("q")};
    return registry_secret_patch(w->registry, by, key, SECRET_CREDENTIALS, &item, 1, 0, &w->err);
}

#define assert_refused(w, call)                                                                              \
    do {                                                                                                     \
        (w)->err = (struct error){0};                                                                        \
        assert_status(call, E_DENIED);                                                                       \
        assert_string_equal((w)->err.message, "Certificate has been revoked.");                              \
    } while (0)

static void refuses_every_write_of_a_certificate_that_was_revoked_meanwhile(void **state)
{
    struct world *w = *state;
    const struct audit_caller by = application();
    struct registry_key key;
    uint8_t id[SERVICE_ID_SIZE];
    bool no_application = false;
    assert_ok(create(w, &by, id)); /* nobody knows it: that is no obstacle */
    key = world_key(id);
    revoke(w);
    assert_refused(w, create(w, &by, id));
    assert_refused(w, replace(w, &by, &key));
    assert_refused(w, patch(w, &by, &key));
    assert_refused(w, registry_delete(w->registry, &by, &key, 0, &no_application, &w->err));
    assert_false(no_application);

    assert_int_equal(world_find(w, &key).row.revision, 1);
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "password"), "p");
    assert_int_equal(world_audit(w, "service", NULL), 1);
}

static void refuses_a_download_that_was_asked_for_before_the_revocation(void **state)
{
    struct world *w = *state;
    const struct audit_caller by = application();
    struct registry_view view;
    fake_fetcher_answer(w->fetcher, FETCH_FINE, 200, "", FETCH_FORMAT_JSON, "{\"openapi\":\"3.0.0\"}");
    const struct registry_key key =
        world_registered(w, world_service(w, "'specificationUrl':'http://spec.example/a'", ""));
    revoke(w);
    fake_fetcher_answer(w->fetcher, FETCH_FINE, 200, "", FETCH_FORMAT_JSON, "{\"openapi\":\"3.1.0\"}");
    assert_refused(w, registry_refetch(w->registry, &by, &key, &w->arena, &view, &w->err));
    assert_string_equal(world_specification(w, &key, SPECIFICATION_API), "{\"openapi\":\"3.0.0\"}");
}

static void asks_nothing_of_callers_without_one(void **state)
{
    struct world *w = *state;
    uint8_t id[SERVICE_ID_SIZE];
    bool no_application = false;
    revoke(w);
    assert_ok(create(w, &world_caller, id));
    const struct registry_key key = world_key(id);
    assert_ok(patch(w, &world_caller, &key));
    assert_ok(replace(w, &world_caller, &key));
    assert_ok(registry_delete(w->registry, &world_caller, &key, 0, &no_application, &w->err));
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_every_write_of_a_certificate_that_was_revoked_meanwhile),
        T(refuses_a_download_that_was_asked_for_before_the_revocation),
        T(asks_nothing_of_callers_without_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
