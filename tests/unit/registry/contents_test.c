/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "registry/domain.h"
#include "world.h"

static const char *store_url; /* NULL = in memory, "" = SQLite */

static int open_world(void **state)
{
    *state = world_open(store_url);
    return 0;
}

#define BY_URL "'specificationUrl':'http://spec.example/a','apiType':'OpenAPI'"

static const char *shown(struct world *w, const struct registry_key *key, enum specification_slot slot)
{
    const struct registry_view view = world_find(w, key);
    struct buffer b;
    buffer_init(&b, 1u << 20);
    assert_ok(registry_specification_shown(w->registry, &view, slot, &b, &w->err));
    const char *copy = arena_cstr(&w->arena, buffer_as_text(&b));
    buffer_release(&b);
    return copy;
}

/* ---- what answers show ---- */

static void refuses_a_specification_that_is_not_there(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, "", ""));
    const struct registry_view view = world_find(w, &key);
    struct buffer b;
    buffer_init(&b, 1024);
    for (unsigned slot = 0; slot < SPECIFICATION_SLOTS; slot++)
        assert_status(
            registry_specification_shown(w->registry, &view, (enum specification_slot)slot, &b, &w->err),
            E_NOT_FOUND);
    buffer_release(&b);
}

/* As if another download were under way: the fetcher of the test answers at once. */
static void leaves_other_applications_their_turn_at_the_fetcher(void **state)
{
    struct world *w = *state;
    static const struct {
        struct text tenant, application;
        enum code code;
    } rows[] = {
        {TEXT_INIT(""), TEXT_INIT("shop"), E_AGAIN},
        {TEXT_INIT(""), TEXT_INIT("other"), E_OK},
        {TEXT_INIT("acme"), TEXT_INIT("shop"), E_OK},
    };
    fake_fetcher_answer(w->fetcher, FETCH_FINE, 200, "", FETCH_FORMAT_JSON, "{\"openapi\":\"3.0.0\"}");
    struct registry_shared *shared = w->registry->shared;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct registry_key busy = {.tenant = rows[i].tenant, .application = rows[i].application};
        struct registry_key key;
        shared->jobs[shared->job_count++] = &busy;
        assert_status(world_register(w, world_service(w, BY_URL, ""), &key), rows[i].code);
        assert_int_equal(shared->job_count, 1);
        shared->job_count = 0;
    }
    assert_non_null(strstr(w->err.message, "of this application"));
}

static void shows_an_api_of_swagger_2_with_our_host(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, "'spec':{'swagger':'2.0'}", ""));
    char id[SERVICE_ID_TEXT + 1];
    assert_string_equal(
        shown(w, &key, SPECIFICATION_API),
        FORMAT(w,
               "{\"schemes\":[\"http\"],\"swagger\":\"2.0\",\"host\":\"shop-%s.kyma-integration."
               "svc.cluster.local\",\"paths\":null}",
               service_id_text(key.id, id).p));
    assert_string_equal(world_specification(w, &key, SPECIFICATION_API), "{\"swagger\":\"2.0\"}");
}

static void shows_everything_else_as_it_was_sent(void **state)
{
    struct world *w = *state;
    const struct registry_key key =
        world_registered(w, world_service(w, "'spec':{'swagger':'2.0'},'apiType':'odata'",
                                          ",'events':{'spec':{'swagger':'2.0'}}"));
    assert_string_equal(shown(w, &key, SPECIFICATION_API), "{\"swagger\":\"2.0\"}");
    assert_string_equal(shown(w, &key, SPECIFICATION_EVENTS), "{\"swagger\":\"2.0\"}");
}

/* ---- again from its URL ---- */

static void refuses_to_download_again_what_has_no_url(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, "'spec':{'a':1}", ""));
    struct registry_view view;
    assert_status(registry_refetch(w->registry, &world_caller, &key, &w->arena, &view, &w->err), E_INVALID);
    assert_int_equal(fake_fetcher_jobs(w->fetcher), 0);
}

static void says_that_credentials_for_a_specification_are_not_stored(void **state)
{
    struct world *w = *state;
    fake_fetcher_answer(w->fetcher, FETCH_FINE, 200, "", FETCH_FORMAT_JSON, "{\"openapi\":\"3.0.0\"}");
    const struct registry_key key = world_registered(w, world_service(w, BY_URL, ""));
    fake_fetcher_answer(w->fetcher, FETCH_STATUS, 401, "401 Unauthorized", FETCH_FORMAT_JSON, "");
    struct registry_view view;
    assert_status(registry_refetch(w->registry, &world_caller, &key, &w->arena, &view, &w->err), E_UPSTREAM);
    assert_non_null(strstr(w->err.message,
                           "failed with status 401 Unauthorized (credentials for a specification "
                           "are not stored"));
    assert_int_equal(world_find(w, &key).row.revision, 1);
    assert_string_equal(world_specification(w, &key, SPECIFICATION_API), "{\"openapi\":\"3.0.0\"}");
}

static void downloads_again_and_keeps_the_rest(void **state)
{
    struct world *w = *state;
    fake_fetcher_answer(w->fetcher, FETCH_FINE, 200, "", FETCH_FORMAT_JSON, "{\"openapi\":\"3.0.0\"}");
    const struct registry_key key = world_registered(
        w, world_service(w, BY_URL ",'credentials':{'basic':{'username':'u','password':'p'}}",
                         ",'events':{'spec':{'asyncapi':'2.0.0'}}"));
    struct registry_view view;
    assert_ok(
        registry_refetch(w->registry, &world_caller, &key, &w->arena, &view, &w->err)); /* the same content */
    assert_int_equal(view.row.revision, 2);
    fake_fetcher_answer(w->fetcher, FETCH_FINE, 200, "", FETCH_FORMAT_YAML, "openapi: 3.1.0");
    assert_ok(registry_refetch(w->registry, &world_caller, &key, &w->arena, &view, &w->err));
    assert_int_equal(view.row.revision, 3);
    assert_string_equal(fake_fetcher_last(w->fetcher), "document http://spec.example/a OpenAPI");
    assert_string_equal(world_specification(w, &key, SPECIFICATION_API), "openapi: 3.1.0");
    assert_string_equal(world_specification(w, &key, SPECIFICATION_EVENTS), "{\"asyncapi\":\"2.0.0\"}");
    const struct registry_view found = world_find(w, &key);
    assert_int_equal(found.row.revision, 3);
    assert_text(found.row.path_name, "orders");
    assert_int_equal(found.row.specifications[SPECIFICATION_API].format, FORMAT_YAML);
    assert_text(found.details.api.specification_url, "http://spec.example/a");
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "password"), "p");
    assert_int_equal(world_secret_revision(w, &key, SECRET_CREDENTIALS), 1);
    assert_int_equal(world_audit(w, "service.specification", NULL), 2);
}

static struct status refetch_with_arena(struct world *w, const struct registry_key *key)
{
    struct arena a;
    arena_init(&a, 4096, 1u << 20);
    struct registry_view view;
    const struct status s = registry_refetch(w->registry, &world_caller, key, &a, &view, NULL);
    arena_release(&a);
    return s;
}

static struct status show_once(struct world *w, const struct registry_view *view)
{
    struct buffer b;
    buffer_init(&b, 1u << 20);
    const struct status s = registry_specification_shown(w->registry, view, SPECIFICATION_API, &b, NULL);
    buffer_release(&b);
    return s;
}

/* The fetcher of the test allocates too: what fails there may end in success here, never in half a change. */
static void survives_failing_allocations(void **state)
{
    struct world *w = *state;
    fake_fetcher_answer(w->fetcher, FETCH_FINE, 200, "", FETCH_FORMAT_JSON, "{\"swagger\":\"2.0\"}");
    const struct registry_key key = world_registered(w, world_service(w, BY_URL, ""));
    assert_survives_failing_allocations(refetch_with_arena(w, &key));
    const struct registry_view view = world_find(w, &key);
    assert_int_equal(view.row.revision, 1 + world_audit(w, "service.specification", NULL));
    assert_survives_failing_allocations(show_once(w, &view));
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_world, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_a_specification_that_is_not_there),
        T(refuses_to_download_again_what_has_no_url),
        T(says_that_credentials_for_a_specification_are_not_stored),
        T(leaves_other_applications_their_turn_at_the_fetcher),
        T(shows_an_api_of_swagger_2_with_our_host),
        T(shows_everything_else_as_it_was_sent),
        T(downloads_again_and_keeps_the_rest),
        T(survives_failing_allocations),
    };
    const int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    store_url = "";
    return failed + cmocka_run_group_tests_name("SQLite", tests, NULL, NULL);
}
