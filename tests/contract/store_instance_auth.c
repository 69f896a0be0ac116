/* SPDX-License-Identifier: Apache-2.0 */
#include "store_service.h"

#include <pthread.h>
#include <stdio.h>

#include "store/directory.h"
#include "store/instance_auth.h"
#include "store/kept_secret.h"

/* Instance auths of bundles. Their numbers are those of their ids, from 100 on. */

static struct instance_auth auth_of(unsigned n, unsigned bundle)
{
    struct instance_auth i = {
        .context = TEXT("{\"c\":1}"),
        .input_params = TEXT("{\"p\":2}"),
        .has_runtime = true,
        .condition = INSTANCE_PENDING,
        .message = TEXT("m"),
        .reason = TEXT("r"),
        .status_at = NOW,
        .created_at = NOW,
        .revision = 1,
        .sealed = text_bytes(TEXT("sealed")),
    };
    service_id_of(n, i.id);
    service_id_of(bundle, i.bundle);
    memset(i.runtime, 0x5a, sizeof i.runtime);
    return i;
}

static struct status make_auth(struct fixture *f, unsigned n, unsigned bundle)
{
    const struct instance_auth i = auth_of(n, bundle);
    return store_instance_auth_create(f->s, &i, AUDIT("auth.create"));
}

static struct status try_get(struct fixture *f, const char *tenant, unsigned n, struct instance_auth *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    service_id_of(n, id);
    return store_instance_auth_get(f->s, text_of(tenant), id, &f->arena, out);
}

static struct instance_auth auth_now(struct fixture *f, unsigned n)
{
    struct instance_auth i;
    assert_ok(try_get(f, "", n, &i));
    return i;
}

static bool auth_is_there(struct fixture *f, unsigned n)
{
    struct instance_auth i;
    return status_ok(try_get(f, "", n, &i));
}

static struct status delete_auth(struct fixture *f, const char *tenant, unsigned n)
{
    uint8_t id[SERVICE_ID_SIZE];
    service_id_of(n, id);
    return store_instance_auth_delete(f->s, text_of(tenant), id, AUDIT("auth.delete"));
}

struct listed {
    char joined[64]; /* the last octets of the ids */
    unsigned count, stop_after;
};

static bool collect(void *ctx, const struct instance_auth *i)
{
    struct listed *l = ctx;
    const size_t used = strlen(l->joined);
    uint8_t id[SERVICE_ID_SIZE];
    for (unsigned n = 100; n < 110; n++) {
        service_id_of(n, id);
        if (memcmp(id, i->id, sizeof id) == 0)
            (void)snprintf(l->joined + used, sizeof l->joined - used, "%u ", n);
    }
    return ++l->count != l->stop_after;
}

static const char *listed(struct fixture *f, const char *tenant, unsigned bundle, unsigned stop_after)
{
    static struct listed l;
    uint8_t id[SERVICE_ID_SIZE];
    l = (struct listed){.stop_after = stop_after};
    service_id_of(bundle, id);
    assert_ok(store_instance_auth_list(f->s, text_of(tenant), id, &f->arena, collect, &l));
    return l.joined;
}

/* Application a: bundle 1 with API 2; service 3. */
static void make_bundle(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    struct service_write w = service_of(f, 1, "a");
    w.service.role = SERVICE_BUNDLE;
    assert_ok(store_service_create(f->s, &w, AUDIT("bundle.create")));
    w = service_of(f, 2, "a");
    w.service.role = SERVICE_API;
    service_id_of(1, w.service.bundle);
    assert_ok(store_service_create(f->s, &w, AUDIT("api.create")));
    assert_ok(make_service(f, 3, "a"));
}

/* ---- refusals ---- */

static void refuses_what_is_no_bundle(struct fixture *f)
{
    make_bundle(f);
    assert_status(make_auth(f, 100, 9), E_NOT_FOUND);
    assert_status(make_auth(f, 100, 2), E_NOT_FOUND); /* an API */
    struct instance_auth i = auth_of(100, 1);
    i.tenant = TEXT("t");
    assert_status(store_instance_auth_create(f->s, &i, AUDIT("auth.create")), E_NOT_FOUND);
    assert_false(auth_is_there(f, 100));
    assert_int_equal(audit_rows(f, "auth"), 0);
    assert_ok(make_auth(f, 100, 1));
    assert_status(make_auth(f, 100, 1), E_CONFLICT);
    assert_status(make_auth(f, 100, 3), E_CONFLICT);
    assert_ok(make_auth(f, 101, 3)); /* a service shows as a bundle */
    assert_string_equal(listed(f, "", 1, 0), "100 ");
    assert_string_equal(listed(f, "", 3, 0), "101 ");
}

static void refuses_what_it_cannot_hold(struct fixture *f)
{
    char long_tenant[SERVICE_TENANT_MAX + 2];
    memset(long_tenant, 't', sizeof long_tenant);
    long_tenant[sizeof long_tenant - 1] = '\0';
    make_bundle(f);
    assert_ok(make_auth(f, 100, 1));
    struct instance_auth bad[6];
    for (size_t i = 0; i < 6; i++)
        bad[i] = auth_of(100, 1);
    bad[0].tenant = text_of(long_tenant);
    bad[1].tenant = TEXT("a/b");
    bad[2].condition = (enum instance_auth_condition)4;
    bad[3].status_at = -1;
    bad[4].created_at = -1;
    bad[5].revision = 0; /* of a replacement */
    for (size_t i = 0; i < 6; i++) {
        assert_status(store_instance_auth_replace(f->s, &bad[i], AUDIT("x")), E_INVALID);
        service_id_of(101, bad[i].id);
        if (i < 5)
            assert_status(store_instance_auth_create(f->s, &bad[i], AUDIT("x")), E_INVALID);
    }
    const struct instance_auth good = auth_of(101, 1), replaced = auth_of(100, 1);
    assert_status(store_instance_auth_create(f->s, &good, NO_AUDIT), E_INVALID);
    assert_status(store_instance_auth_replace(f->s, &replaced, NO_AUDIT), E_INVALID);
    assert_status(store_instance_auth_delete(f->s, TEXT(""), replaced.id, NO_AUDIT), E_INVALID);
    assert_int_equal(auth_now(f, 100).revision, 1);
    assert_false(auth_is_there(f, 101));
}

static void tenants_do_not_see_each_others(struct fixture *f)
{
    struct instance_auth i = auth_of(100, 1), out;
    make_bundle(f);
    assert_ok(make_auth(f, 100, 1));
    i.tenant = TEXT("t");
    assert_status(try_get(f, "t", 100, &out), E_NOT_FOUND);
    assert_status(store_instance_auth_replace(f->s, &i, AUDIT("x")), E_NOT_FOUND);
    assert_status(delete_auth(f, "t", 100), E_NOT_FOUND);
    assert_string_equal(listed(f, "t", 1, 0), "");
    assert_int_equal(auth_now(f, 100).revision, 1);
    assert_int_equal(audit_rows(f, "x"), 0);
}

static void refuses_writes_with_a_revoked_certificate(struct fixture *f)
{
    const struct digest certificate = digest_of(7);
    struct audit_entry e = entry("x");
    bool was = false;
    e.certificate = certificate.p;
    make_bundle(f);
    assert_ok(make_auth(f, 100, 1));
    assert_ok(store_certificate_revoke(f->s, certificate.p, TEXT("stolen"), NOW, AUDIT("certificate.revoke"),
                                       &was));
    const struct instance_auth there = auth_of(100, 1), other = auth_of(101, 1), nobody = auth_of(102, 9);
    assert_status(store_instance_auth_create(f->s, &other, &e), E_DENIED);
    assert_status(store_instance_auth_create(f->s, &nobody, &e), E_DENIED);
    assert_status(store_instance_auth_replace(f->s, &there, &e), E_DENIED);
    assert_status(store_instance_auth_replace(f->s, &other, &e), E_DENIED);
    assert_status(store_instance_auth_delete(f->s, TEXT(""), there.id, &e), E_DENIED);
    assert_status(store_instance_auth_delete(f->s, TEXT(""), other.id, &e), E_DENIED);
    assert_int_equal(auth_now(f, 100).revision, 1);
    assert_false(auth_is_there(f, 101));
    assert_int_equal(audit_rows(f, "x"), 0);
}

/* ---- what it keeps ---- */

static void gives_what_was_put_in(struct fixture *f)
{
    make_bundle(f);
    assert_ok(make_auth(f, 100, 1));
    struct instance_auth bare = {.created_at = NOW + 1, .condition = INSTANCE_SUCCEEDED};
    service_id_of(101, bare.id);
    service_id_of(3, bare.bundle);
    memset(bare.runtime, 0x77, sizeof bare.runtime); /* no runtime: as if it were not there */
    assert_ok(store_instance_auth_create(f->s, &bare, AUDIT("auth.create")));

    const struct instance_auth want = auth_of(100, 1), got = auth_now(f, 100), empty = auth_now(f, 101);
    assert_memory_equal(got.id, want.id, sizeof got.id);
    assert_memory_equal(got.bundle, want.bundle, sizeof got.bundle);
    assert_text(got.tenant, "");
    assert_text(got.context, "{\"c\":1}");
    assert_text(got.input_params, "{\"p\":2}");
    assert_true(got.has_runtime);
    assert_memory_equal(got.runtime, want.runtime, sizeof got.runtime);
    assert_int_equal(got.condition, INSTANCE_PENDING);
    assert_text(got.message, "m");
    assert_text(got.reason, "r");
    assert_int_equal(got.status_at, NOW);
    assert_int_equal(got.created_at, NOW);
    assert_int_equal(got.revision, 1);
    assert_text(bytes_text(got.sealed), "sealed");
    static const uint8_t none[SERVICE_ID_SIZE];
    assert_memory_equal(empty.bundle, bare.bundle, sizeof empty.bundle);
    assert_false(empty.has_runtime);
    assert_memory_equal(empty.runtime, none, sizeof none);
    assert_int_equal(empty.context.n + empty.input_params.n + empty.message.n + empty.reason.n, 0);
    assert_int_equal(empty.sealed.n, 0);
    assert_int_equal(empty.condition, INSTANCE_SUCCEEDED);
}

static void a_replacement_leaves_what_was_asked_for(struct fixture *f)
{
    make_bundle(f);
    assert_ok(make_auth(f, 100, 1));
    struct instance_auth i = auth_of(100, 3);
    i.context = i.input_params = TEXT("other");
    i.has_runtime = false;
    i.created_at = NOW + 5;
    i.condition = INSTANCE_FAILED;
    i.message = TEXT("m2");
    i.reason = TEXT("r2");
    i.status_at = NOW + 6;
    i.sealed = (struct bytes){NULL, 0};
    i.revision = 2;
    assert_status(store_instance_auth_replace(f->s, &i, AUDIT("x")), E_CHANGED);
    i.revision = 1;
    assert_ok(store_instance_auth_replace(f->s, &i, AUDIT("auth.replace")));
    assert_status(store_instance_auth_replace(f->s, &i, AUDIT("x")), E_CHANGED);
    service_id_of(101, i.id);
    assert_status(store_instance_auth_replace(f->s, &i, AUDIT("x")), E_NOT_FOUND);
    assert_int_equal(audit_rows(f, "x"), 0);
    assert_int_equal(audit_rows(f, "auth.replace"), 1);

    const struct instance_auth was = auth_of(100, 1), is = auth_now(f, 100);
    assert_memory_equal(is.bundle, was.bundle, sizeof is.bundle);
    assert_text(is.context, "{\"c\":1}");
    assert_text(is.input_params, "{\"p\":2}");
    assert_true(is.has_runtime);
    assert_memory_equal(is.runtime, was.runtime, sizeof is.runtime);
    assert_int_equal(is.created_at, NOW);
    assert_int_equal(is.condition, INSTANCE_FAILED);
    assert_text(is.message, "m2");
    assert_text(is.reason, "r2");
    assert_int_equal(is.status_at, NOW + 6);
    assert_int_equal(is.sealed.n, 0);
    assert_int_equal(is.revision, 2);
}

static void are_listed_by_creation_and_deleted_once(struct fixture *f)
{
    make_bundle(f);
    static const unsigned order[] = {103, 100, 102, 101};
    for (size_t i = 0; i < 4; i++)
        assert_ok(make_auth(f, order[i], i == 2 ? 3 : 1));
    assert_string_equal(listed(f, "", 1, 0), "101 100 103 ");
    assert_string_equal(listed(f, "", 1, 2), "101 100 ");
    struct instance_auth done = auth_of(101, 1), failed = auth_of(100, 1);
    done.condition = INSTANCE_SUCCEEDED;
    failed.condition = INSTANCE_FAILED;
    assert_ok(store_instance_auth_replace(f->s, &done, AUDIT("auth.replace")));
    assert_ok(store_instance_auth_replace(f->s, &failed, AUDIT("auth.replace")));
    assert_string_equal(listed(f, "", 1, 0), "100 103 101 ");
    assert_string_equal(listed(f, "", 2, 0), "");
    assert_string_equal(listed(f, "", 9, 0), "");
    assert_ok(delete_auth(f, "", 100));
    assert_status(delete_auth(f, "", 100), E_NOT_FOUND);
    assert_int_equal(audit_rows(f, "auth.delete"), 1);
    assert_string_equal(listed(f, "", 1, 0), "103 101 ");
}

/* A page of an answer has no room for more. */
static void are_listed_to_some_megabytes(struct fixture *f)
{
    static char text[1 << 20];
    memset(text, 'x', sizeof text);
    make_bundle(f);
    for (unsigned n = 100; n < 107; n++) {
        struct instance_auth i = auth_of(n, 1);
        i.context = (struct text){text, sizeof text};
        assert_ok(store_instance_auth_create(f->s, &i, AUDIT("auth.create")));
    }
    assert_string_equal(listed(f, "", 1, 0), "106 105 104 103 ");
}

/* ---- how many ---- */

static struct status make_numbered(struct fixture *f, unsigned n, unsigned bundle, uint8_t runtime)
{
    struct instance_auth i = auth_of(100, bundle);
    i.id[0] = (uint8_t)(n >> 8);
    i.id[1] = (uint8_t)n;
    i.id[2] = (uint8_t)bundle;
    i.has_runtime = runtime != 0;
    memset(i.runtime, runtime, sizeof i.runtime);
    return store_instance_auth_create(f->s, &i, AUDIT("auth.create"));
}

/* Several at once: they share the waiting for the disk. */
#define MAKERS 40
struct maker {
    struct fixture *f;
    unsigned from, to;
    uint8_t runtime;
    bool failed;
};

static void *make_some(void *arg)
{
    struct maker *m = arg;
    for (unsigned n = m->from; n < m->to; n++)
        m->failed |= !status_ok(make_numbered(m->f, n, 1, m->runtime));
    return NULL;
}

static void make_many(struct fixture *f, unsigned from, unsigned to, uint8_t runtime)
{
    pthread_t threads[MAKERS];
    struct maker makers[MAKERS];
    const unsigned each = (to - from) / MAKERS;
    assert_int_equal(each * MAKERS, to - from);
    for (unsigned i = 0; i < MAKERS; i++) {
        makers[i] = (struct maker){f, from + i * each, from + (i + 1) * each, runtime, false};
        assert_int_equal(pthread_create(&threads[i], NULL, make_some, &makers[i]), 0);
    }
    for (unsigned i = 0; i < MAKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(makers[i].failed);
    }
}

static void refuses_more_than_a_bundle_may_have(struct fixture *f)
{
    make_bundle(f);
    make_many(f, 0, INSTANCE_AUTHS_OF_RUNTIME_MAX, 7);
    assert_status(make_numbered(f, 2000, 1, 7), E_TOO_LARGE);
    assert_ok(make_numbered(f, 2000, 3, 7)); /* of another bundle */
    make_many(f, INSTANCE_AUTHS_OF_RUNTIME_MAX, INSTANCE_AUTHS_MAX, 0);
    assert_status(make_numbered(f, 2000, 1, 8), E_TOO_LARGE);
    assert_status(make_numbered(f, 2000, 1, 0), E_TOO_LARGE);
    struct instance_auth one = auth_of(100, 1);
    one.id[0] = one.id[1] = 0;
    one.id[2] = 1;
    assert_ok(store_instance_auth_delete(f->s, TEXT(""), one.id, AUDIT("x")));
    assert_ok(make_numbered(f, 2000, 1, 7));
}

static void ids_of_tenants_are_their_own(struct fixture *f)
{
    make_bundle(f);
    assert_ok(make_auth(f, 100, 1));
    struct application app = {.tenant = TEXT("t"), .name = TEXT("a"), .created_at = NOW};
    assert_ok(store_application_create(f->s, &app, AUDIT("application.create")));
    struct service_write w = service_of(f, 5, "a");
    w.service.role = SERVICE_BUNDLE;
    w.service.tenant = TEXT("t");
    assert_ok(store_service_create(f->s, &w, AUDIT("bundle.create")));
    struct instance_auth i = auth_of(100, 5), out;
    i.tenant = TEXT("t");
    assert_ok(store_instance_auth_create(f->s, &i, AUDIT("auth.create")));
    assert_status(store_instance_auth_create(f->s, &i, AUDIT("auth.create")), E_CONFLICT);
    i.condition = INSTANCE_FAILED;
    assert_ok(store_instance_auth_replace(f->s, &i, AUDIT("auth.replace")));
    assert_int_equal(auth_now(f, 100).condition, INSTANCE_PENDING);
    assert_ok(try_get(f, "t", 100, &out));
    assert_int_equal(out.condition, INSTANCE_FAILED);
    assert_ok(delete_auth(f, "t", 100));
    assert_true(auth_is_there(f, 100));
}

/* ---- a runtime goes ---- */

static void those_of_a_deleted_runtime_are_unused(struct fixture *f)
{
    struct object o = {.kind = OBJECT_RUNTIME,
                       .name = TEXT("r"),
                       .labels = TEXT("{}"),
                       .details = TEXT("{}"),
                       .created_at = NOW,
                       .updated_at = NOW,
                       .revision = 1};
    make_bundle(f);
    struct instance_auth other = auth_of(101, 1), none = auth_of(102, 1);
    memcpy(o.id, other.runtime, sizeof o.id);
    assert_ok(store_object_create(f->s, &o, AUDIT("runtime.create")));
    other.runtime[0]++;
    none.has_runtime = false;
    assert_ok(make_auth(f, 100, 1));
    assert_ok(store_instance_auth_create(f->s, &other, AUDIT("auth.create")));
    assert_ok(store_instance_auth_create(f->s, &none, AUDIT("auth.create")));
    struct instance_auth unused = auth_of(103, 3);
    unused.condition = INSTANCE_UNUSED;
    assert_ok(store_instance_auth_create(f->s, &unused, AUDIT("auth.create")));
    assert_ok(store_object_delete(f->s, OBJECT_RUNTIME, TEXT(""), o.id, AUDIT("runtime.delete"), NULL, NULL));
    const struct instance_auth gone = auth_now(f, 100);
    assert_int_equal(gone.condition, INSTANCE_UNUSED);
    assert_int_equal(gone.revision, 2);
    assert_text(gone.reason, "PendingDeletion");
    assert_text(bytes_text(gone.sealed), "sealed");
    assert_int_equal(auth_now(f, 101).condition, INSTANCE_PENDING);
    assert_int_equal(auth_now(f, 102).condition, INSTANCE_PENDING);
    assert_int_equal(auth_now(f, 103).revision, 1);
}

static void go_with_their_bundle_and_their_application(struct fixture *f)
{
    make_bundle(f);
    for (unsigned n = 100; n < 104; n++)
        assert_ok(make_auth(f, n, n % 2 == 0 ? 1 : 3));
    assert_ok(delete_service(f, 2, "a", 0)); /* an API goes alone */
    assert_true(auth_is_there(f, 100));
    assert_ok(delete_service(f, 1, "a", 0));
    assert_false(auth_is_there(f, 100));
    assert_false(auth_is_there(f, 102));
    assert_true(auth_is_there(f, 101));
    assert_ok(delete_service(f, 3, "a", 0));
    assert_false(auth_is_there(f, 101));

    assert_ok(make_service(f, 4, "a"));
    assert_ok(make_auth(f, 104, 4));
    assert_ok(store_application_delete(f->s, TEXT(""), TEXT("a"), AUDIT("application.delete"), NULL, NULL));
    assert_false(auth_is_there(f, 104));
}

/* ---- sealed anew ---- */

struct places {
    struct sealed_place list[8];
    char names[8][SECRET_SEAL_NAME_MAX];
    unsigned count;
};

static bool see_place(void *ctx, const struct sealed_place *place, struct text name, struct bytes sealed)
{
    struct places *p = ctx;
    assert_true(sealed.n > 0);
    p->list[p->count] = *place;
    assert_true(text_to_cstr(name, p->names[p->count++], sizeof p->names[0]));
    return true;
}

static void are_sealed_anew_with_the_others(struct fixture *f)
{
    static struct places p;
    char name[SECRET_SEAL_NAME_MAX];
    bool is_new;
    const struct kept_secret_write kept = {
        .tenant = TEXT(""), .name = TEXT("z"), .at = NOW, .sealed = text_bytes(TEXT("kept"))};
    make_bundle(f);
    assert_ok(store_kept_secret_put(f->s, &kept, AUDIT("secret.put"), &is_new));
    assert_ok(make_auth(f, 101, 1));
    assert_ok(make_auth(f, 100, 1));
    struct instance_auth empty = auth_of(102, 1);
    empty.sealed = (struct bytes){NULL, 0};
    assert_ok(store_instance_auth_create(f->s, &empty, AUDIT("auth.create")));

    p = (struct places){.count = 0};
    struct sealed_place after = {.n = 0};
    for (unsigned pages = 0; pages < 5; pages++) { /* of one row; the last two are empty */
        assert_ok(store_sealed_list(f->s, &after, 1, &f->arena, see_place, &p));
        after = p.list[p.count - 1];
    }
    assert_int_equal(p.count, 3);
    assert_string_equal(p.names[0], "kept-secret//z");
    (void)instance_auth_seal_name(TEXT(""), auth_of(101, 1).id, name);
    assert_string_equal(p.names[1], name);
    (void)instance_auth_seal_name(TEXT(""), auth_of(100, 1).id, name);
    assert_string_equal(p.names[2], name);

    const struct sealed_exchange list[] = {{p.list[1], text_bytes(TEXT("sealed")), text_bytes(TEXT("fresh"))},
                                           {p.list[2], text_bytes(TEXT("other")), text_bytes(TEXT("fresh"))}};
    assert_ok(store_sealed_exchange(f->s, list, 2));
    assert_text(bytes_text(auth_now(f, 101).sealed), "fresh");
    assert_text(bytes_text(auth_now(f, 100).sealed), "sealed"); /* it changed meanwhile */
    assert_int_equal(auth_now(f, 101).revision, 1);
    assert_ok(delete_auth(f, "", 101));
    assert_ok(store_sealed_exchange(f->s, list, 1)); /* it went meanwhile */
    assert_false(auth_is_there(f, 101));
}

static void are_sealed_under_names_of_their_own(struct fixture *f)
{
    char name[SECRET_SEAL_NAME_MAX], tenant[SERVICE_TENANT_MAX + 2], want[SECRET_SEAL_NAME_MAX];
    uint8_t id[SERVICE_ID_SIZE] = {0xab};
    (void)f;
    memset(tenant, 't', sizeof tenant);
    tenant[SERVICE_TENANT_MAX] = '\0';
    assert_text(instance_auth_seal_name(TEXT(""), id, name),
                "instance//ab000000-0000-0000-0000-000000000000");
    (void)snprintf(want, sizeof want, "instance/%s/ab000000-0000-0000-0000-000000000000", tenant);
    assert_text(instance_auth_seal_name(text_of(tenant), id, name), want);
    const struct text longer = {tenant, SERVICE_TENANT_MAX + 1};
    assert_null(instance_auth_seal_name(longer, id, name).p);
}

static void survive_a_restart(struct fixture *f)
{
    make_bundle(f);
    assert_ok(make_auth(f, 100, 1));
    assert_ok(make_auth(f, 101, 1));
    assert_ok(delete_auth(f, "", 101));
    fixture_reopen(f);
    assert_text(bytes_text(auth_now(f, 100).sealed), "sealed");
    assert_string_equal(listed(f, "", 1, 0), "100 ");
}

const struct contract_check instance_auth_checks[] = {
    {"refuses instance auths of what is no bundle", refuses_what_is_no_bundle, false},
    {"refuses instance auths that it cannot hold", refuses_what_it_cannot_hold, false},
    {"tenants do not see each other's instance auths", tenants_do_not_see_each_others, false},
    {"refuses instance auths by a revoked certificate", refuses_writes_with_a_revoked_certificate, false},
    {"an instance auth is what was put in", gives_what_was_put_in, false},
    {"a replaced instance auth is what was asked for", a_replacement_leaves_what_was_asked_for, false},
    {"instance auths are listed by creation", are_listed_by_creation_and_deleted_once, false},
    {"instance auths are listed to some megabytes", are_listed_to_some_megabytes, false},
    {"refuses more instance auths than a bundle may have", refuses_more_than_a_bundle_may_have, false},
    {"a tenant's ids of instance auths are its own", ids_of_tenants_are_their_own, false},
    {"instance auths of a deleted runtime are unused", those_of_a_deleted_runtime_are_unused, false},
    {"instance auths go with their bundle", go_with_their_bundle_and_their_application, false},
    {"instance auths are sealed anew with the others", are_sealed_anew_with_the_others, false},
    {"instance auths are sealed under names of their own", are_sealed_under_names_of_their_own, false},
    {"instance auths survive a restart", survive_a_restart, true},
    {NULL, NULL, false},
};
