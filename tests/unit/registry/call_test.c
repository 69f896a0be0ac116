/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "world.h"

/* How a service's target is called, as an operator says. */

static const enum call_choice unset = CALL_UNSET, yes = CALL_YES, no = CALL_NO;

static struct status change(struct world *w, const struct registry_key *key,
                            const struct registry_call_change *c, int64_t revision, struct registry_view *out)
{
    w->err = (struct error){0};
    return registry_call_change(w->registry, &world_caller, key, c, revision, &w->arena, out, &w->err);
}

static void refuses_what_is_not_there(void **state)
{
    struct world *w = *state;
    struct registry_view view;
    const struct registry_call_change c = {.skip_verify = &yes};
    struct registry_key key = world_registered(w, world_service(w, "", ""));
    key.id[0] ^= 1;
    assert_status(change(w, &key, &c, 0, &view), E_NOT_FOUND);
    assert_non_null(strstr(w->err.message, "Reading service with ID "));
    key.id[0] ^= 1;
    key.application = TEXT("other");
    assert_status(change(w, &key, &c, 0, &view), E_NOT_FOUND);
    assert_non_null(strstr(w->err.message, "Application other not found"));
    assert_int_equal(world_audit(w, "service.call", NULL), 0);
}

static void refuses_other_revisions_and_what_is_no_ca(void **state)
{
    struct world *w = *state;
    struct registry_view view;
    const struct text pem = TEXT("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    const struct registry_call_change c = {.skip_verify = &yes}, bad = {.anchors_pem = &pem};
    const struct registry_key key = world_registered(w, world_service(w, "", ""));
    assert_status(change(w, &key, &c, 2, &view), E_CHANGED);
    assert_non_null(strstr(w->err.message, "revision 1, not 2"));
    assert_status(change(w, &key, &bad, 0, &view), E_INVALID);
    assert_int_equal(world_find(w, &key).row.revision, 1);
}

static void changes_what_is_named_and_tells_the_fronts(void **state)
{
    struct world *w = *state;
    struct registry_view view;
    const struct text pem = ca_root_pem(w->ca), none = TEXT("");
    const struct registry_key key = world_registered(w, world_service(w, "", ""));
    const uint32_t service = page_index(PAGE_SERVICE, BYTES_OF(key.id));
    const uint32_t application = page_application(TEXT(""), TEXT("shop"));
    const uint64_t service_before = page_load(&w->page, service);
    const uint64_t application_before = page_load(&w->page, application);

    const struct registry_call_change first = {.skip_verify = &yes, .anchors_pem = &pem};
    assert_ok(change(w, &key, &first, 1, &view));
    assert_int_equal(view.row.revision, 2);
    assert_int_equal(view.row.call.skip_verify, CALL_YES);
    assert_int_equal(view.row.call.encode_url, CALL_UNSET);
    assert_true(text_equal(view.row.call_anchors_pem, pem));
    assert_true(page_load(&w->page, service) > service_before);
    assert_true(page_load(&w->page, application) > application_before);

    const struct registry_call_change second = {.encode_url = &no};
    assert_ok(change(w, &key, &second, 0, &view));
    assert_int_equal(view.row.call.skip_verify, CALL_YES);
    assert_int_equal(view.row.call.encode_url, CALL_NO);
    assert_true(text_equal(view.row.call_anchors_pem, pem));

    const struct registry_call_change third = {
        .skip_verify = &unset, .encode_url = &unset, .anchors_pem = &none};
    assert_ok(change(w, &key, &third, 0, &view));
    assert_int_equal(view.row.call.skip_verify, CALL_UNSET);
    assert_int_equal(view.row.call_anchors_pem.n, 0);
    assert_int_equal(world_audit(w, "service.call", NULL), 3);
}

static void writes_nothing_when_nothing_is_another(void **state)
{
    struct world *w = *state;
    struct registry_view view;
    const struct registry_call_change c = {.skip_verify = &yes}, empty = {.skip_verify = NULL};
    const struct registry_key key = world_registered(w, world_service(w, "", ""));
    assert_ok(change(w, &key, &c, 0, &view));
    assert_ok(change(w, &key, &c, 0, &view));
    assert_ok(change(w, &key, &empty, 2, &view));
    assert_int_equal(view.row.revision, 2);
    assert_int_equal(world_audit(w, "service.call", NULL), 1);
}

/* Replacing shows it as it stays, as a read afterwards does. */
static void a_replacement_keeps_and_shows_it(void **state)
{
    struct world *w = *state;
    struct registry_view view;
    const struct registry_call_change c = {.skip_verify = &yes, .encode_url = &no};
    const struct registry_key key = world_registered(w, world_service(w, "", ""));
    assert_ok(change(w, &key, &c, 0, &view));
    assert_ok(world_replace(w, &key, world_service(w, "", ",'shortDescription':'s'"), &view));
    assert_int_equal(view.row.call.skip_verify, CALL_YES);
    assert_int_equal(view.row.call.encode_url, CALL_NO);
    view = world_find(w, &key);
    assert_int_equal(view.row.call.skip_verify, CALL_YES);
    assert_text(view.row.short_description, "s");
}

static void survives_failing_allocations(void **state)
{
    struct world *w = *state;
    struct registry_view view;
    const struct text pem = ca_root_pem(w->ca);
    const struct registry_call_change c = {.skip_verify = &yes, .anchors_pem = &pem};
    const struct registry_key key = world_registered(w, world_service(w, "", ""));
    assert_survives_failing_allocations(change(w, &key, &c, 0, &view));
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_what_is_not_there),
        T(refuses_other_revisions_and_what_is_no_ca),
        T(changes_what_is_named_and_tells_the_fronts),
        T(writes_nothing_when_nothing_is_another),
        T(a_replacement_keeps_and_shows_it),
        T(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
