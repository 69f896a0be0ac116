/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <pthread.h>

#include "world.h"

#define THREADS 4
#define ROUNDS  10

static int open_world(void **state)
{
    *state = world_open("");
    return 0;
}

static int close_world(void **state)
{
    world_close(*state);
    return 0;
}

struct racer {
    struct world *world;
    const struct service_details *details;
    const struct registry_key *key;
    int64_t expected_revision;
    pthread_t thread;
    unsigned done, refused, other;
};

static void count(struct racer *r, struct status s, enum code refusal)
{
    if (status_ok(s))
        r->done++;
    else if (s.code == refusal)
        r->refused++;
    else
        r->other++;
}

static void run_all(struct racer racers[THREADS], void *(*run)(void *))
{
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&racers[i].thread, NULL, run, &racers[i]), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(racers[i].thread, NULL);
    for (unsigned i = 1; i < THREADS; i++) {
        racers[0].done += racers[i].done;
        racers[0].refused += racers[i].refused;
        racers[0].other += racers[i].other;
    }
}

static void *register_one(void *arg)
{
    struct racer *r = arg;
    struct arena a;
    arena_init(&a, 4096, 1u << 20);
    uint8_t id[SERVICE_ID_SIZE];
    const struct registry_input in = {.details = r->details};
    count(r, registry_register(r->world->registry, &world_caller, TEXT(""), TEXT("shop"), &in, &a, id, NULL),
          E_CONFLICT);
    arena_release(&a);
    return NULL;
}

static void gives_an_identifier_to_one_of_many_who_ask_at_once(void **state)
{
    struct world *w = *state;
    const struct service_details *d = world_details(
        w, world_service(w, "'credentials':{'certificateGen':{'commonName':'a'}}", ",'identifier':'one'"));
    struct racer racers[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        racers[i] = (struct racer){.world = w, .details = d};
    run_all(racers, register_one);
    assert_int_equal(racers[0].done, 1);
    assert_int_equal(racers[0].refused, THREADS - 1);
    assert_int_equal(world_audit(w, "service.create", NULL), 1);
}

static void *replace_many(void *arg)
{
    struct racer *r = arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct arena a;
        arena_init(&a, 4096, 1u << 20);
        const struct registry_input in = {.details = r->details};
        struct registry_view view;
        count(r,
              registry_replace(r->world->registry, &world_caller, r->key, &in, r->expected_revision, &a,
                               &view, NULL),
              r->expected_revision ? E_CHANGED : E_AGAIN);
        arena_release(&a);
    }
    return NULL;
}

static void loses_no_change_of_many_who_replace_at_once(void **state)
{
    struct world *w = *state;
    const struct registry_key key =
        world_registered(w, world_service(w, "'credentials':{'basic':{'username':'u','password':'p'}}", ""));
    struct racer racers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        const char *api =
            FORMAT(w, "'credentials':{'basic':{'username':'u%u','password':'%s'}}", i, CREDENTIAL_MASK);
        racers[i] =
            (struct racer){.world = w, .details = world_details(w, world_service(w, api, "")), .key = &key};
    }
    run_all(racers, replace_many);
    assert_int_equal(racers[0].other, 0);
    assert_int_equal(world_find(w, &key).row.revision, 1 + racers[0].done);
    assert_int_equal(world_audit(w, "service.replace", NULL), racers[0].done);
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "password"), "p");
}

static void lets_one_of_many_replace_the_revision_they_all_saw(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, "", ""));
    const struct service_details *d = world_details(w, world_service(w, "", ""));
    struct racer racers[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        racers[i] = (struct racer){.world = w, .details = d, .key = &key, .expected_revision = 1};
    run_all(racers, replace_many);
    assert_int_equal(racers[0].done, 1);
    assert_int_equal(racers[0].refused, THREADS * ROUNDS - 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(gives_an_identifier_to_one_of_many_who_ask_at_once),
        T(loses_no_change_of_many_who_replace_at_once),
        T(lets_one_of_many_replace_the_revision_they_all_saw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
