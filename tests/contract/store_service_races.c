/* SPDX-License-Identifier: Apache-2.0 */
#include "store_service.h"

#include <pthread.h>

/* Threads that want the same thing of the registry, and what is left of it after a restart. cmocka's
 * assertions belong to the main thread only. */

#define THREADS 32

struct worker {
    struct fixture *f;
    struct service_write w;
    struct specification_row content;
    bool replaces, deletes;
    struct status result;
    pthread_t thread;
};

static void *work(void *ctx)
{
    struct worker *w = ctx;
    const struct service *s = &w->w.service;
    if (w->deletes)
        w->result =
            store_service_delete(w->f->s, s->tenant, s->application, s->id, 0, AUDIT("service.delete"));
    else if (w->replaces)
        w->result = store_service_replace(w->f->s, &w->w, AUDIT("service.replace"));
    else
        w->result = store_service_create(w->f->s, &w->w, AUDIT("service.create"));
    return NULL;
}

static unsigned run_all(struct worker *workers, enum code others)
{
    unsigned won = 0;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    for (size_t i = 0; i < THREADS; i++) {
        won += status_ok(workers[i].result);
        if (!status_ok(workers[i].result))
            assert_int_equal(workers[i].result.code, others);
    }
    return won;
}

static void one_identifier_goes_to_one(struct fixture *f)
{
    static struct worker workers[THREADS];
    assert_ok(make_application(f, "a"));
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.f = f, .w = service_of(f, i, "a")};
        workers[i].w.service.identifier = TEXT("orders");
    }
    assert_int_equal(run_all(workers, E_CONFLICT), 1);
    assert_counts(f, 1, 0, 0);
    assert_int_equal(services_of(f, "a"), 1);
}

static void one_revision_is_replaced_once(struct fixture *f)
{
    static struct worker workers[THREADS];
    assert_ok(make_application(f, "a"));
    assert_ok(make_service(f, 1, "a"));
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.f = f, .w = service_of(f, 1, "a"), .replaces = true};
        workers[i].w.expected_revision = 1;
    }
    assert_int_equal(run_all(workers, E_CHANGED), 1);
    assert_int_equal(service_now(f, 1, NULL).revision, 2);
    assert_int_equal(audit_rows(f, "service.replace"), 1);
}

static void content_that_all_bring_is_stored_once(struct fixture *f)
{
    static struct worker workers[THREADS];
    assert_ok(make_application(f, "a"));
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.f = f, .w = service_of(f, i, "a")};
        give_specification(&workers[i].w, SPECIFICATION_API, &workers[i].content, "shared");
    }
    assert_int_equal(run_all(workers, E_OK), THREADS);
    assert_counts(f, THREADS, 1, 6);
    for (unsigned i = 0; i < THREADS; i++)
        assert_ok(delete_service(f, i, "a", 1));
    assert_counts(f, 0, 0, 0);
}

/* APIs are put into a bundle while it is deleted: those that were first go with it. */
static void a_bundle_that_goes_leaves_nothing_behind(struct fixture *f)
{
    static struct worker workers[THREADS];
    assert_ok(make_application(f, "a"));
    struct service_write w = service_of(f, 100, "a");
    w.service.role = SERVICE_BUNDLE;
    assert_ok(store_service_create(f->s, &w, AUDIT("bundle.create")));
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.f = f, .w = service_of(f, i, "a")};
        workers[i].w.service.role = SERVICE_API;
        service_id_of(100, workers[i].w.service.bundle);
        give_specification(&workers[i].w, SPECIFICATION_API, &workers[i].content, "shared");
    }
    workers[THREADS / 2] = (struct worker){.f = f, .w = w, .deletes = true};
    assert_true(run_all(workers, E_NOT_FOUND) >= 1);
    assert_ok(workers[THREADS / 2].result);
    for (unsigned i = 0; i < THREADS; i++)
        assert_false(service_is_there(f, i));
    assert_counts(f, 0, 0, 0);
    assert_int_equal(services_of(f, "a"), 0);
}

/* Whoever comes first: an API that is put in while its bundle gets other credentials has the bundle's. */
static void no_api_misses_its_bundles_credentials(struct fixture *f)
{
    static struct worker workers[THREADS];
    assert_ok(make_application(f, "a"));
    struct service_write w = service_of(f, 100, "a");
    w.service.role = SERVICE_BUNDLE;
    assert_ok(store_service_create(f->s, &w, AUDIT("bundle.create")));
    w.service.credential_kind = 3;
    w.expected_revision = 1;
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.f = f, .w = service_of(f, i, "a")};
        workers[i].w.service.role = SERVICE_API;
        service_id_of(100, workers[i].w.service.bundle);
    }
    workers[THREADS / 2] = (struct worker){.f = f, .w = w, .replaces = true};
    assert_int_equal(run_all(workers, E_OK), THREADS);
    for (unsigned i = 0; i < THREADS; i++)
        if (i != THREADS / 2)
            assert_int_equal(service_now(f, i, NULL).credential_kind, 3);
}

static void the_registry_survives_a_restart(struct fixture *f)
{
    struct specification_row row;
    struct service_secret secrets[SECRET_SLOTS];
    struct text labels = TEXT("{\"a\":\"b\"}");
    const struct application_change change = {.labels = &labels};
    struct application app;
    assert_ok(make_application(f, "a"));
    assert_ok(store_application_update(f->s, TEXT(""), TEXT("a"), &change, AUDIT("application.update")));
    struct service_write w = service_of(f, 1, "a");
    w.secrets[SECRET_CREDENTIALS] = put_secret("sealed");
    give_specification(&w, SPECIFICATION_API, &row, "openapi");
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    assert_ok(make_service(f, 2, "a"));
    assert_ok(delete_service(f, 2, "a", 0));
    fixture_reopen(f);
    assert_text(service_now(f, 1, secrets).name, "Service 1");
    assert_text(bytes_text(secrets[SECRET_CREDENTIALS].sealed), "sealed");
    assert_true(specification_is_there(f, "openapi"));
    assert_false(service_is_there(f, 2));
    assert_counts(f, 1, 1, 7);
    assert_ok(store_application_get(f->s, TEXT(""), TEXT("a"), &f->arena, &app));
    assert_text(app.labels, "{\"a\":\"b\"}");
    assert_int_equal(app.services, 1);
}

const struct contract_check service_race_checks[] = {
    {"one identifier goes to one of 32 threads", one_identifier_goes_to_one, false},
    {"one revision of a service is replaced once", one_revision_is_replaced_once, false},
    {"content that all bring is stored once", content_that_all_bring_is_stored_once, false},
    {"a bundle that goes leaves nothing behind", a_bundle_that_goes_leaves_nothing_behind, false},
    {"no API misses its bundle's credentials", no_api_misses_its_bundles_credentials, false},
    {"the registry survives a restart", the_registry_survives_a_restart, true},
    {NULL, NULL, false},
};
