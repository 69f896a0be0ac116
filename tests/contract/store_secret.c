/* SPDX-License-Identifier: Apache-2.0 */
#include "store_service.h"

#include <stdio.h>

static struct status create_with(struct fixture *f, unsigned n, const char *credentials,
                                 const char *parameters)
{
    struct service_write w = service_of(f, n, "a");
    if (credentials)
        w.secrets[SECRET_CREDENTIALS] = put_secret(credentials);
    if (parameters)
        w.secrets[SECRET_PARAMETERS] = put_secret(parameters);
    return store_service_create(f->s, &w, AUDIT("service.create"));
}

static struct status replace_secret(struct fixture *f, unsigned n, int64_t revision, const char *sealed,
                                    const char *history)
{
    uint8_t id[SERVICE_ID_SIZE];
    service_id_of(n, id);
    struct secret_write w = put_secret(sealed);
    w.by_hand = true;
    w.history = text_bytes(text_of(history));
    return store_secret_replace(f->s, TEXT(""), id, SECRET_CREDENTIALS, revision, NOW + 9, &w,
                                AUDIT("service.credentials"));
}

struct past {
    char joined[256];
    int64_t sequence; /* of the last one given */
    bool by_hand;
    int64_t replaced_at;
};

static bool collect_past(void *ctx, const struct secret_history *h)
{
    struct past *p = ctx;
    size_t used = strlen(p->joined);
    (void)snprintf(p->joined + used, sizeof p->joined - used, "%.*s ", TEXT_ARG(bytes_text(h->sealed)));
    assert_true(p->sequence == 0 || h->sequence < p->sequence);
    p->sequence = h->sequence;
    p->by_hand = h->by_hand;
    p->replaced_at = h->replaced_at;
    return true;
}

static struct past past_of(struct fixture *f, unsigned n)
{
    struct past p = {0};
    uint8_t id[SERVICE_ID_SIZE];
    service_id_of(n, id);
    assert_ok(store_secret_history(f->s, TEXT(""), id, SECRET_CREDENTIALS, &f->arena, collect_past, &p));
    return p;
}

/* ---- replacing ---- */

static void refuses_a_secret_that_is_not_there(struct fixture *f)
{
    struct past p = {0};
    uint8_t id[SERVICE_ID_SIZE];
    service_id_of(1, id);
    assert_ok(make_application(f, "a"));
    assert_status(replace_secret(f, 1, 0, "s", ""), E_NOT_FOUND);
    assert_status(store_secret_history(f->s, TEXT(""), id, SECRET_CREDENTIALS, &f->arena, collect_past, &p),
                  E_NOT_FOUND);
    assert_ok(create_with(f, 1, NULL, "parameters"));
    assert_status(replace_secret(f, 1, 0, "s", ""), E_NOT_FOUND);
    struct secret_write w = put_secret("s");
    assert_status(store_secret_replace(f->s, TEXT("t"), id, SECRET_PARAMETERS, 0, NOW, &w, AUDIT("x")),
                  E_NOT_FOUND);
    assert_status(store_secret_replace(f->s, TEXT(""), id, SECRET_SLOTS, 0, NOW, &w, AUDIT("x")), E_INVALID);
    assert_status(store_secret_replace(f->s, TEXT(""), id, SECRET_PARAMETERS, 0, NOW, &w, NO_AUDIT),
                  E_INVALID);
    w.change = SECRET_REMOVE;
    assert_status(store_secret_replace(f->s, TEXT(""), id, SECRET_PARAMETERS, 0, NOW, &w, AUDIT("x")),
                  E_INVALID);
    assert_int_equal(audit_rows(f, "service.credentials"), 0);
    assert_int_equal(service_now(f, 1, NULL).revision, 1);
}

static void another_revision_of_a_secret_changes_nothing(struct fixture *f)
{
    struct service_secret secrets[SECRET_SLOTS];
    assert_ok(make_application(f, "a"));
    assert_ok(create_with(f, 1, "first", NULL));
    assert_status(replace_secret(f, 1, 2, "second", "first, kept"), E_CHANGED);
    struct service s = service_now(f, 1, secrets);
    assert_int_equal(s.revision, 1);
    assert_text(bytes_text(secrets[SECRET_CREDENTIALS].sealed), "first");
    assert_string_equal(past_of(f, 1).joined, "");
}

static void replacing_by_hand_moves_the_revisions(struct fixture *f)
{
    struct service_secret secrets[SECRET_SLOTS];
    assert_ok(make_application(f, "a"));
    assert_ok(create_with(f, 1, "first", "parameters"));
    assert_ok(replace_secret(f, 1, 1, "second", ""));
    struct service s = service_now(f, 1, secrets);
    assert_int_equal(s.revision, 2);
    assert_int_equal(s.updated_at, NOW + 9);
    assert_text(bytes_text(secrets[SECRET_CREDENTIALS].sealed), "second");
    assert_true(secrets[SECRET_CREDENTIALS].by_hand);
    assert_int_equal(secrets[SECRET_CREDENTIALS].revision, 2);
    assert_int_equal(secrets[SECRET_CREDENTIALS].updated_at, NOW + 9);
    assert_int_equal(secrets[SECRET_PARAMETERS].revision, 1);
    assert_false(secrets[SECRET_PARAMETERS].by_hand);
    assert_string_equal(past_of(f, 1).joined, ""); /* nothing was to be kept */
    struct service_write w = service_of(f, 1, "a");
    w.expected_revision = 1; /* what a client read before the secret changed */
    assert_status(store_service_replace(f->s, &w, AUDIT("service.replace")), E_CHANGED);
}

static void a_replacement_keeps_puts_and_removes(struct fixture *f)
{
    struct service_secret secrets[SECRET_SLOTS];
    assert_ok(make_application(f, "a"));
    assert_ok(create_with(f, 1, "first", "parameters"));
    struct service_write w = service_of(f, 1, "a");
    w.expected_revision = 1;
    w.service.updated_at = NOW + 1;
    w.secrets[SECRET_PARAMETERS] = put_secret("changed");
    assert_ok(store_service_replace(f->s, &w, AUDIT("service.replace")));
    (void)service_now(f, 1, secrets);
    assert_text(bytes_text(secrets[SECRET_CREDENTIALS].sealed), "first");
    assert_int_equal(secrets[SECRET_CREDENTIALS].revision, 1);
    assert_text(bytes_text(secrets[SECRET_PARAMETERS].sealed), "changed");
    assert_int_equal(secrets[SECRET_PARAMETERS].revision, 2);
    assert_int_equal(secrets[SECRET_PARAMETERS].updated_at, NOW + 1);
    w.expected_revision = 2;
    w.secrets[SECRET_PARAMETERS] = (struct secret_write){.change = SECRET_REMOVE};
    w.secrets[SECRET_CREDENTIALS] =
        (struct secret_write){.change = SECRET_REMOVE, .history = text_bytes(TEXT("kept"))};
    assert_ok(store_service_replace(f->s, &w, AUDIT("service.replace")));
    (void)service_now(f, 1, secrets);
    assert_false(secrets[SECRET_CREDENTIALS].present || secrets[SECRET_PARAMETERS].present);
    assert_string_equal(past_of(f, 1).joined, "kept ");
    w.expected_revision = 3; /* removing nothing is nothing, and keeps nothing */
    assert_ok(store_service_replace(f->s, &w, AUDIT("service.replace")));
    assert_string_equal(past_of(f, 1).joined, "kept ");
}

/* ---- history ---- */

static void history_keeps_the_newest(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    assert_ok(create_with(f, 1, "0", NULL));
    assert_ok(create_with(f, 2, "0", NULL));
    assert_ok(replace_secret(f, 2, 0, "1", "another's"));
    for (unsigned n = 0; n < SECRET_HISTORY_MAX + 3; n++) {
        char before[8], after[8];
        (void)snprintf(before, sizeof before, "%u", n);
        (void)snprintf(after, sizeof after, "%u", n + 1);
        assert_ok(replace_secret(f, 1, n + 1, after, before));
    }
    struct past p = past_of(f, 1);
    assert_string_equal(p.joined, "12 11 10 9 8 7 6 5 4 3 ");
    assert_true(p.by_hand);
    assert_int_equal(p.replaced_at, NOW + 9);
    p = past_of(f, 2);
    assert_string_equal(p.joined, "another's ");
    assert_false(p.by_hand); /* what a registration had put in place */
}

static void deleting_takes_secrets_and_history_along(struct fixture *f)
{
    struct service_secret secrets[SECRET_SLOTS];
    assert_ok(make_application(f, "a"));
    assert_ok(create_with(f, 1, "first", "parameters"));
    assert_ok(replace_secret(f, 1, 0, "second", "first, kept"));
    assert_ok(delete_service(f, 1, "a", 0));
    assert_ok(create_with(f, 1, NULL, NULL)); /* the same id, and maybe the same row */
    (void)service_now(f, 1, secrets);
    assert_false(secrets[SECRET_CREDENTIALS].present || secrets[SECRET_PARAMETERS].present);
    assert_string_equal(past_of(f, 1).joined, "");
}

/* ---- sealing anew ---- */

struct sealed_page {
    struct sealed_place places[64];
    char names[64][SECRET_SEAL_NAME_MAX];
    char values[64][32];
    size_t count;
};

static bool collect_sealed(void *ctx, const struct sealed_place *place, struct text name, struct bytes sealed)
{
    struct sealed_page *p = ctx;
    assert_true(p->count < 64);
    p->places[p->count] = *place;
    assert_true(text_to_cstr(name, p->names[p->count], SECRET_SEAL_NAME_MAX));
    assert_true(text_to_cstr(bytes_text(sealed), p->values[p->count], 32));
    p->count++;
    return true;
}

static void read_all_sealed(struct fixture *f, unsigned limit, struct sealed_page *out)
{
    struct sealed_place after = {.n = 0};
    *out = (struct sealed_page){.count = 0};
    for (;;) {
        size_t before = out->count;
        assert_ok(store_sealed_list(f->s, &after, limit, &f->arena, collect_sealed, out));
        assert_true(out->count - before <= limit);
        if (out->count == before)
            return;
        after = out->places[out->count - 1];
    }
}

static void make_sealed(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    for (unsigned n = 0; n < 7; n++)
        assert_ok(create_with(f, n, "credentials", n % 2 ? "parameters" : NULL));
    for (unsigned n = 0; n < 5; n++)
        assert_ok(replace_secret(f, n, 0, "credentials", "history"));
}

static void every_sealed_value_is_listed_once(struct fixture *f)
{
    static struct sealed_page all, again;
    make_sealed(f);
    read_all_sealed(f, 1000, &all);
    assert_int_equal(all.count, 7 + 3 + 5);
    for (unsigned limit = 1; limit <= 16; limit++) {
        read_all_sealed(f, limit, &again);
        assert_int_equal(again.count, all.count);
        assert_memory_equal(again.names, all.names, sizeof all.names);
        assert_memory_equal(again.values, all.values, sizeof all.values);
    }
    for (size_t i = 0; i < all.count; i++) {
        bool history = text_ends_with(text_of(all.names[i]), TEXT("/history"));
        bool parameters = text_ends_with(text_of(all.names[i]), TEXT("/1"));
        assert_string_equal(all.values[i], history ? "history" : parameters ? "parameters" : "credentials");
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(all.names[k], all.names[i]);
    }
    uint8_t id[SERVICE_ID_SIZE];
    char first[SECRET_SEAL_NAME_MAX];
    service_id_of(0, id);
    (void)secret_seal_name(TEXT(""), id, SECRET_CREDENTIALS, false, first);
    assert_string_equal(all.names[0], first);
}

static void refuses_places_that_are_none(struct fixture *f)
{
    static const struct sealed_place bad[] = {
        {.p = {0, 0, 0, 0, 0, 0, 0, 0, 1}, .n = 8},    {.p = {4, 0, 0, 0, 0, 0, 0, 0, 1}, .n = 9},
        {.p = {0, 0xff, 0, 0, 0, 0, 0, 0, 1}, .n = 9}, {.p = {0}, .n = 9},
        {.p = {0, 0, 0, 0, 0, 0, 0, 0, 1}, .n = 32},
    };
    static struct sealed_page page;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sealed_exchange e = {bad[i], BYTES_OF("old"), BYTES_OF("new")};
        assert_status(store_sealed_list(f->s, &bad[i], 10, &f->arena, collect_sealed, &page), E_INVALID);
        assert_status(store_sealed_exchange(f->s, &e, 1), E_INVALID);
    }
    struct sealed_place start = {.n = 0};
    assert_status(store_sealed_list(f->s, &start, 0, &f->arena, collect_sealed, &page), E_INVALID);
    assert_status(store_sealed_list(f->s, &start, 1001, &f->arena, collect_sealed, &page), E_INVALID);
    assert_ok(store_sealed_exchange(f->s, NULL, 0));
}

static void exchanges_what_is_still_there(struct fixture *f)
{
    static struct sealed_page all, after;
    struct sealed_exchange list[64];
    struct service_secret secrets[SECRET_SLOTS];
    make_sealed(f);
    read_all_sealed(f, 1000, &all);
    for (size_t i = 0; i < all.count; i++)
        list[i] = (struct sealed_exchange){all.places[i], text_bytes(text_of(all.values[i])),
                                           text_bytes(TEXT("fresh"))};
    /* Meanwhile one was replaced and one service went. */
    assert_ok(replace_secret(f, 0, 0, "by somebody else", ""));
    assert_ok(delete_service(f, 1, "a", 0));
    int64_t revision = service_now(f, 2, NULL).revision;
    size_t audited = audit_rows(f, "");
    assert_ok(store_sealed_exchange(f->s, list, all.count));
    read_all_sealed(f, 1000, &after);
    assert_int_equal(after.count, all.count - 3);
    size_t fresh = 0;
    for (size_t i = 0; i < after.count; i++)
        fresh += strcmp(after.values[i], "fresh") == 0;
    assert_int_equal(fresh, after.count - 1);
    struct service s = service_now(f, 0, secrets);
    (void)s;
    assert_text(bytes_text(secrets[SECRET_CREDENTIALS].sealed), "by somebody else");
    s = service_now(f, 2, secrets); /* no revision, no audit */
    assert_int_equal(s.revision, revision);
    assert_int_equal(secrets[SECRET_CREDENTIALS].revision, 2);
    assert_int_equal(audit_rows(f, ""), audited);
}

const struct contract_check secret_checks[] = {
    {"refuses a secret that is not there", refuses_a_secret_that_is_not_there, false},
    {"another revision of a secret changes nothing", another_revision_of_a_secret_changes_nothing, false},
    {"replacing a secret by hand moves the revisions", replacing_by_hand_moves_the_revisions, false},
    {"a service's replacement keeps, puts and removes secrets", a_replacement_keeps_puts_and_removes, false},
    {"a secret's history keeps the newest", history_keeps_the_newest, false},
    {"deleting a service takes secrets and history along", deleting_takes_secrets_and_history_along, false},
    {"every sealed value is listed once", every_sealed_value_is_listed_once, false},
    {"refuses places that are none", refuses_places_that_are_none, false},
    {"exchanges sealed values that are still there", exchanges_what_is_still_there, false},
    {NULL, NULL, false},
};
