/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "world.h"

static struct status open_with(struct world *w, struct registry *previous, struct registry **out)
{
    const struct registry_parts parts = {.store = w->store,
                                         .vault = w->vault,
                                         .ca = w->ca,
                                         .page = &w->page,
                                         .slab = w->slab,
                                         .fetcher = &w->client,
                                         .lane_width = 1};
    return registry_new(&w->settings, &parts, previous, out, &w->err);
}

static void refuses_settings_that_break_the_promise_of_the_tutorial(void **state)
{
    struct world *w = *state;
    struct registry *r = NULL;
    w->settings.generated.by_ca = true;
    w->settings.generated.require_sha256_with_rsa = true; /* and the CA has a P-256 key */
    assert_status(open_with(w, NULL, &r), E_INVALID);
    assert_non_null(strstr(w->err.message, "registry."));
    assert_null(r);
}

static void serves_old_and_new_side_by_side_during_a_reload(void **state)
{
    struct world *w = *state;
    static const char *const algorithms[] = {"ec:P-256", "ec:P-384"}; /* shared keys, and others */
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        const char *pair = "'credentials':{'certificateGen':{'commonName':'a'}}";
        w->settings.generated.key_algorithm = text_of(algorithms[i]);
        struct registry *fresh = NULL;
        assert_ok(open_with(w, w->registry, &fresh));
        const struct registry_key before = world_registered(w, world_service(w, pair, ""));
        struct registry *old = w->registry;
        w->registry = fresh;
        registry_free(old);
        const struct registry_key after = world_registered(w, world_service(w, pair, ""));
        assert_string_not_equal(world_secret(w, &before, SECRET_CREDENTIALS, "key"),
                                world_secret(w, &after, SECRET_CREDENTIALS, "key"));
    }
}

static struct status open_and_free(struct world *w)
{
    OWNED(registry_free) struct registry *r = NULL;
    return open_with(w, NULL, &r);
}

static void survives_failing_allocations(void **state)
{
    struct world *w = *state;
    assert_survives_failing_allocations(open_and_free(w));
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_settings_that_break_the_promise_of_the_tutorial),
        T(serves_old_and_new_side_by_side_during_a_reload),
        T(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
