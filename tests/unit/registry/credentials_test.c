/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "world.h"

static const char *store_url; /* NULL = in memory, "" = SQLite */

static int open_world(void **state)
{
    *state = world_open(store_url);
    return 0;
}

#define BASIC      "'credentials':{'basic':{'username':'u','password':'p'}}"
#define OAUTH      "'credentials':{'oauth':{'url':'http://t.com','clientId':'i','clientSecret':'s'}}"
#define PAIR(name) "'credentials':{'certificateGen':{'commonName':'" name "'}}"
#define PARAMETERS "'requestParameters':{'headers':{'A':['1']}}"

static struct secret_item item(const char *key, const char *value)
{
    return (struct secret_item){text_of(key), text_bytes(text_of(value))};
}

static struct status patch(struct world *w, const struct registry_key *key, enum secret_slot slot,
                           const char *name, const char *value)
{
    const struct secret_item one = item(name, value);
    return registry_secret_patch(w->registry, &world_caller, key, slot, &one, 1, 0, &w->err);
}

/* A pair that is another than that of `key`. */
static void own_pair(struct world *w, struct secret_item out[2])
{
    const struct registry_key donor = world_registered(w, world_service(w, PAIR("own.example"), ""));
    out[0] = item("crt", world_secret(w, &donor, SECRET_CREDENTIALS, "crt"));
    out[1] = item("key", world_secret(w, &donor, SECRET_CREDENTIALS, "key"));
}

/* ---- by hand: refusals ---- */

static void refuses_values_that_do_not_belong_there(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *api;
        enum secret_slot slot;
        const char *key, *value, *message;
    } rows[] = {
        {BASIC, SECRET_CREDENTIALS, "clientId", "x", "clientId is no key of credentials of the kind basic"},
        {BASIC, SECRET_CREDENTIALS, "crt", "x", "crt is no key of credentials of the kind basic"},
        {BASIC, SECRET_CREDENTIALS, "Password", "x", "Password is no key of credentials of the kind basic"},
        {BASIC, SECRET_CREDENTIALS, "password", "", "password must have 1 to 16384 bytes"},
        {OAUTH, SECRET_CREDENTIALS, "username", "x", "username is no key of credentials of the kind oauth"},
        {OAUTH, SECRET_CREDENTIALS, "headers", "{\"A\":[]]",
         "headers: ',' or '}' expected at line 1, column 8"},
        {PAIR("a"), SECRET_CREDENTIALS, "password", "x",
         "password is no key of credentials of the kind certificateGen"},
        {PAIR("a"), SECRET_CREDENTIALS, "commonName", "b",
         "commonName is what the registration says: change it there, or leave it out"},
        {PARAMETERS, SECRET_PARAMETERS, "password", "x", "password is no key of request parameters"},
        {PARAMETERS, SECRET_PARAMETERS, "headers", "{},\"queryParameters\":{}", NULL},
        {PARAMETERS, SECRET_PARAMETERS, "headers", "{\"A\":\"no array\"}", NULL},
        {PARAMETERS, SECRET_PARAMETERS, "headers", "{\"Host\":[\"x\"]}", NULL},
        {PARAMETERS, SECRET_PARAMETERS, "headers", "{\"A\":[\"x\\r\\nB: c\"]}", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct registry_key key = world_registered(w, world_service(w, rows[i].api, ""));
        assert_status(patch(w, &key, rows[i].slot, rows[i].key, rows[i].value), E_INVALID);
        if (rows[i].message)
            assert_string_equal(w->err.message, rows[i].message);
        assert_int_equal(world_secret_revision(w, &key, rows[i].slot), 1);
        assert_int_equal(world_find(w, &key).row.revision, 1);
    }
    assert_int_equal(world_audit(w, "service.credentials", NULL), 0);
}

static void refuses_half_a_pair_and_a_key_of_another_certificate(void **state)
{
    struct world *w = *state;
    struct secret_item own[2];
    own_pair(w, own);
    const struct registry_key key = world_registered(w, world_service(w, PAIR("a"), ""));
    for (size_t i = 0; i < 2; i++)
        assert_status(registry_secret_patch(w->registry, &world_caller, &key, SECRET_CREDENTIALS, &own[i], 1,
                                            0, &w->err),
                      E_INVALID);
    assert_status(patch(w, &key, SECRET_CREDENTIALS, "crt", "no certificate"), E_INVALID);
    assert_int_equal(world_secret_revision(w, &key, SECRET_CREDENTIALS), 1);
}

static void refuses_what_is_not_there_and_what_was_changed(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, BASIC, ""));
    struct registry_key other = key;
    other.id[3] ^= 1;
    assert_status(patch(w, &other, SECRET_CREDENTIALS, "password", "x"), E_NOT_FOUND);
    assert_status(patch(w, &key, SECRET_PARAMETERS, "headers", "{}"), E_NOT_FOUND);
    const struct secret_item fresh = item("password", "q");
    assert_status(
        registry_secret_patch(w->registry, &world_caller, &key, SECRET_CREDENTIALS, &fresh, 1, 7, &w->err),
        E_CHANGED);
    assert_string_equal(w->err.message, "The secret has revision 1, not 7");
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "password"), "p");
    assert_status(registry_history_restore(w->registry, &world_caller, &key, 1, &w->err), E_NOT_FOUND);
}

static void opens_no_secret_that_was_sealed_for_another_service(void **state)
{
    struct world *w = *state;
    const struct registry_key one = world_registered(w, world_service(w, BASIC, ""));
    const struct registry_key two = world_registered(w, world_service(w, BASIC, ""));
    struct service row;
    struct service_secret secrets[SECRET_SLOTS];
    assert_ok(store_service_get(w->store, TEXT(""), TEXT("shop"), one.id, &w->arena, &row, secrets));
    const struct secret_write moved = {.change = SECRET_PUT, .sealed = secrets[SECRET_CREDENTIALS].sealed};
    const struct audit_entry audit = {.at = 1, .last_at = 1, .count = 1, .action = TEXT("test")};
    assert_ok(store_secret_replace(w->store, TEXT(""), two.id, SECRET_CREDENTIALS, 0, 1, &moved, &audit));
    struct registry_secret secret = {.name = {NULL, 0}};
    assert_status(registry_secret_open(w->registry, &two, SECRET_CREDENTIALS, &w->arena, &secret, &w->err),
                  E_BROKEN);
    assert_null(secret.data.bytes.p);
}

/* ---- by hand ---- */

static void replaces_values_by_hand_and_keeps_the_others(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, BASIC "," PARAMETERS, ""));
    assert_ok(patch(w, &key, SECRET_CREDENTIALS, "password", "q"));
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "username"), "u");
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "password"), "q");
    assert_true(world_find(w, &key).credential_by_hand);
    assert_int_equal(world_find(w, &key).row.revision, 2);
    assert_ok(patch(w, &key, SECRET_PARAMETERS, "queryParameters", "{\"q\":[\"v\"]}"));
    assert_string_equal(world_secret(w, &key, SECRET_PARAMETERS, "headers"), "{\"A\":[\"1\"]}");
    assert_text(world_find(w, &key).details.api.parameters.query.list[0].values[0], "v");
    /* What stays as it is is no change: the same value, and the mask. */
    assert_ok(patch(w, &key, SECRET_CREDENTIALS, "password", "q"));
    assert_ok(patch(w, &key, SECRET_CREDENTIALS, "password", CREDENTIAL_MASK));
    assert_int_equal(world_secret_revision(w, &key, SECRET_CREDENTIALS), 2);
    struct audit_entry audit;
    assert_int_equal(world_audit(w, "service.credentials", &audit), 2);
    assert_text(audit.detail, "{\"name\":\"Orders\",\"credentials\":\"basic\"}");
}

struct history {
    unsigned count;
    int64_t sequences[SECRET_HISTORY_MAX];
    struct text subject; /* of the newest */
};

static bool remembered(void *ctx, const struct registry_history *h)
{
    struct history *all = ctx;
    if (all->count == 0)
        all->subject = h->facts.subject;
    all->sequences[all->count++] = h->sequence;
    return true;
}

static struct history history_of(struct world *w, const struct registry_key *key)
{
    struct history all = {.count = 0};
    assert_ok(registry_history_list(w->registry, key, &w->arena, remembered, &all, &w->err));
    return all;
}

static void keeps_only_the_pairs_of_persons_and_restores_them(void **state)
{
    struct world *w = *state;
    struct secret_item first[2], second[2];
    own_pair(w, first);
    own_pair(w, second);
    const struct registry_key key = world_registered(w, world_service(w, PAIR("a"), ""));
    assert_ok(
        registry_secret_patch(w->registry, &world_caller, &key, SECRET_CREDENTIALS, first, 2, 0, &w->err));
    assert_int_equal(history_of(w, &key).count, 0); /* the generated one is gone */
    assert_ok(
        registry_secret_patch(w->registry, &world_caller, &key, SECRET_CREDENTIALS, second, 2, 0, &w->err));
    struct history all = history_of(w, &key);
    assert_int_equal(all.count, 1);
    assert_non_null(memmem(all.subject.p, all.subject.n, "own.example", 11));

    assert_ok(registry_history_restore(w->registry, &world_caller, &key, all.sequences[0], &w->err));
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "key"), (const char *)first[1].value.p);
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "commonName"), "a");
    assert_int_equal(history_of(w, &key).count, 2); /* with the one it took the place of */
    struct registry_view view;
    assert_ok(world_replace(w, &key, world_service(w, PAIR("a"), ""), &view));
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "key"), (const char *)first[1].value.p);
}

/* ---- names ---- */

static void finds_a_secret_under_every_name_it_ever_had(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, BASIC "," PARAMETERS, ""));
    char id[SERVICE_ID_TEXT + 1];
    (void)service_id_text(key.id, id);
    static const struct {
        const char *name; /* %s is the id */
        enum secret_slot slot;
        bool found;
    } rows[] = {
        {"app-shop-%s", SECRET_CREDENTIALS, true},
        {"shop-%s", SECRET_CREDENTIALS, true},
        {"params-app-shop-%s", SECRET_PARAMETERS, true},
        {"params-shop-%s", SECRET_PARAMETERS, true},
        {"other-%s", SECRET_CREDENTIALS, false},
        {"app-shopp-%s", SECRET_CREDENTIALS, false},
        {"%s", SECRET_CREDENTIALS, false},
        {"app-shop-%s0", SECRET_CREDENTIALS, false},
        {"", SECRET_CREDENTIALS, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer name;
        buffer_init(&name, 256);
        const char *split = strstr(rows[i].name, "%s");
        buffer_text(&name, (struct text){rows[i].name, split ? (size_t)(split - rows[i].name) : 0});
        buffer_cstr(&name, split ? id : "");
        buffer_cstr(&name, split ? split + 2 : "");
        struct registry_secret secret = {.name = {NULL, 0}};
        struct registry_key found;
        assert_status(registry_secret_find(w->registry, TEXT(""), buffer_as_text(&name), &w->arena, &secret,
                                           &found, &w->err),
                      rows[i].found ? E_OK : E_NOT_FOUND);
        buffer_release(&name);
        if (!rows[i].found)
            continue;
        assert_memory_equal(found.id, key.id, SERVICE_ID_SIZE);
        assert_text(found.application, "shop");
        assert_int_equal(secret.data.count, rows[i].slot == SECRET_CREDENTIALS ? 2 : 1);
        secret_data_release(&secret.data);
    }
}

static struct status patch_once(struct world *w, const struct registry_key *key)
{
    const struct secret_item fresh = item("password", "q");
    return registry_secret_patch(w->registry, &world_caller, key, SECRET_CREDENTIALS, &fresh, 1, 0, NULL);
}

static void survives_failing_allocations(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(w, world_service(w, BASIC, ""));
    assert_survives_failing_allocations(patch_once(w, &key));
    assert_int_equal(world_secret_revision(w, &key, SECRET_CREDENTIALS), 2);

    struct secret_item own[2], other[2];
    own_pair(w, own);
    own_pair(w, other);
    const struct registry_key pair = world_registered(w, world_service(w, PAIR("a"), ""));
    assert_ok(
        registry_secret_patch(w->registry, &world_caller, &pair, SECRET_CREDENTIALS, own, 2, 0, &w->err));
    assert_ok(
        registry_secret_patch(w->registry, &world_caller, &pair, SECRET_CREDENTIALS, other, 2, 0, &w->err));
    const int64_t sequence = history_of(w, &pair).sequences[0];
    assert_survives_failing_allocations(
        registry_history_restore(w->registry, &world_caller, &pair, sequence, NULL));
    assert_int_equal(history_of(w, &pair).count, 2);
    assert_string_equal(world_secret(w, &pair, SECRET_CREDENTIALS, "key"), (const char *)own[1].value.p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_world, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_values_that_do_not_belong_there),
        T(refuses_half_a_pair_and_a_key_of_another_certificate),
        T(refuses_what_is_not_there_and_what_was_changed),
        T(opens_no_secret_that_was_sealed_for_another_service),
        T(replaces_values_by_hand_and_keeps_the_others),
        T(keeps_only_the_pairs_of_persons_and_restores_them),
        T(finds_a_secret_under_every_name_it_ever_had),
        T(survives_failing_allocations),
    };
    const int failed = cmocka_run_group_tests_name("in memory", tests, NULL, NULL);
    store_url = "";
    return failed + cmocka_run_group_tests_name("SQLite", tests, NULL, NULL);
}
