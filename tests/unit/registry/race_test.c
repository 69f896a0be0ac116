/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <pthread.h>
#include <stdio.h>

#include "registry/kept.h"
#include "world.h"

#define THREADS 4
#define ROUNDS  10

static int open_world(void **state)
{
    *state = world_open("");
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

#define KEPT_ROUNDS 60

static struct status put_kept(struct world *w, const char *kept, const char *other)
{
    const struct secret_item items[] = {{TEXT("A"), text_bytes(text_of(kept))},
                                        {TEXT("B"), text_bytes(text_of(other))}};
    const struct kept_change change = {.name = TEXT("s"), .items = items, .count = 2};
    return registry_kept_put(w->registry, &world_caller, &change, NULL, NULL);
}

static void *change_the_other_key(void *arg)
{
    struct racer *r = arg;
    for (int i = 0; i < KEPT_ROUNDS; i++)
        count(r, put_kept(r->world, CREDENTIAL_MASK, "x"), E_AGAIN);
    return NULL;
}

/* The only one that changes A: what it wrote stays. */
static void *rotate(void *arg)
{
    struct racer *r = arg;
    char value[16];
    for (int i = 0; i < 2 * KEPT_ROUNDS; i++) {
        struct arena a;
        arena_init(&a, 4096, 1u << 20);
        struct registry_kept k = {.revision = 0};
        if (i % 2 == 0) {
            (void)snprintf(value, sizeof value, "%d", i);
            count(r, put_kept(r->world, value, "y"), E_AGAIN);
        }
        const struct status s = registry_kept_open(r->world->registry, TEXT(""), TEXT("s"), &a, &k, NULL);
        const bool stays =
            status_ok(s) && text_equal(bytes_text(secret_data_get(&k.data, "A")), text_of(value));
        r->other += !stays;
        secret_data_release(&k.data);
        arena_release(&a);
    }
    return NULL;
}

static void a_mask_never_brings_back_what_was_replaced(void **state)
{
    struct world *w = *state;
    struct racer racers[THREADS];
    assert_ok(put_kept(w, "first", "y"));
    for (unsigned i = 0; i < THREADS; i++)
        racers[i] = (struct racer){.world = w};
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&racers[i].thread, NULL, i == 0 ? rotate : change_the_other_key, &racers[i]), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(racers[i].thread, NULL);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(racers[i].other, 0);
    assert_int_equal(racers[0].refused, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_world, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(gives_an_identifier_to_one_of_many_who_ask_at_once),
        T(loses_no_change_of_many_who_replace_at_once),
        T(lets_one_of_many_replace_the_revision_they_all_saw),
        T(a_mask_never_brings_back_what_was_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
