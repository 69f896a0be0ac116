/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <pthread.h>
#include <semaphore.h>
#include <sys/wait.h>

#include "store/instance_auth.h"
#include "store/registry.h"
#include "vault/internal.h"

/* A rekey and what services keep, which is sealed anew page by page. */

#define REKEY_AUDIT  (&(struct audit_entry){.at = 1, .action = TEXT("vault.rekey"), .actor = TEXT("uid:0")})
#define CREATE_AUDIT (&(struct audit_entry){.at = 1, .action = TEXT("service.create"), .actor = TEXT("test")})
#define MANY         1200 /* several pages */

static void id_of(unsigned n, uint8_t id[static SERVICE_ID_SIZE])
{
    memset(id, 0, SERVICE_ID_SIZE);
    id[0] = (uint8_t)(n >> 8);
    id[1] = (uint8_t)n;
    id[6] = 0x40;
    id[8] = 0x80;
}

static struct text plain_of(unsigned n, const char *what, char out[static 64])
{
    (void)snprintf(out, 64, "%s of %u", what, n);
    return text_of(out);
}

static void seal_for(struct vault *v, unsigned n, bool history, struct text plain, struct buffer *out)
{
    char name[SECRET_SEAL_NAME_MAX];
    uint8_t id[SERVICE_ID_SIZE];
    id_of(n, id);
    buffer_init(out, 4096);
    assert_ok(vault_seal(v, secret_seal_name(TEXT(""), id, SECRET_CREDENTIALS, history, name),
                         text_bytes(plain), out));
}

static void add_application(struct store *s)
{
    const struct application app = {.name = TEXT("shop"), .created_at = 1};
    assert_ok(store_application_create(s, &app, CREATE_AUDIT));
}

static void add_service(struct store *s, struct vault *v, unsigned n)
{
    char plain[64];
    OWNED(vault_leave) struct vault *entered = vault_enter(v);
    OWNED(buffer_release) struct buffer sealed;
    seal_for(entered, n, false, plain_of(n, "secret", plain), &sealed);
    struct service_write w = {.service = {.application = TEXT("shop"),
                                          .created_at = 1,
                                          .updated_at = 1,
                                          .name = TEXT("n"),
                                          .provider = TEXT("p"),
                                          .description = TEXT("d"),
                                          .labels = TEXT("{}"),
                                          .details = TEXT("{}")}};
    id_of(n, w.service.id);
    w.secrets[SECRET_CREDENTIALS] =
        (struct secret_write){.change = SECRET_PUT, .sealed = buffer_bytes(&sealed)};
    assert_ok(store_service_create(s, &w, CREATE_AUDIT));
}

/* By hand, so that the older one goes to the history. */
static void replace_secret(struct store *s, struct vault *v, unsigned n)
{
    char fresh[64], old[64];
    uint8_t id[SERVICE_ID_SIZE];
    OWNED(vault_leave) struct vault *entered = vault_enter(v);
    OWNED(buffer_release) struct buffer sealed, history;
    seal_for(entered, n, false, plain_of(n, "newer", fresh), &sealed);
    seal_for(entered, n, true, plain_of(n, "secret", old), &history);
    const struct secret_write w = {.change = SECRET_PUT,
                                   .by_hand = true,
                                   .sealed = buffer_bytes(&sealed),
                                   .history = buffer_bytes(&history)};
    id_of(n, id);
    assert_ok(store_secret_replace(s, TEXT(""), id, SECRET_CREDENTIALS, 0, 2, &w, CREATE_AUDIT));
}

/* ---- looking ---- */

struct look {
    struct vault *v;
    struct sealed_place last;
    unsigned seen, closed, older, newer; /* closed: does not open */
    unsigned under[64];                  /* by data key */
};

static bool look_at(void *ctx, const struct sealed_place *place, struct text name, struct bytes sealed)
{
    struct look *l = ctx;
    uint32_t number = 0;
    OWNED(secret_release) struct secret plain = {0};
    l->last = *place;
    l->seen++;
    assert_true(seal_recognise(sealed, &number) && number < 64);
    l->under[number]++;
    if (!status_ok(vault_unseal(l->v, name, sealed, &plain, NULL)))
        l->closed++;
    else if (text_starts_with(bytes_text(secret_bytes(&plain)), TEXT("newer of ")))
        l->newer++;
    else if (text_starts_with(bytes_text(secret_bytes(&plain)), TEXT("secret of ")))
        l->older++;
    return true;
}

static struct look look(struct store *s, struct vault *v)
{
    struct look l = {.v = v};
    unsigned before;
    do {
        OWNED(arena_release) struct arena a;
        arena_init(&a, 65536, 64u << 20);
        struct sealed_place after = l.last;
        before = l.seen;
        assert_ok(store_sealed_list(s, &after, 1000, &a, look_at, &l));
    } while (l.seen > before);
    return l;
}

static bool count_key(void *ctx, struct text name, struct bytes value)
{
    (void)name;
    *(unsigned *)ctx += value.n > 0;
    return true;
}

static unsigned stored_data_keys(struct store *s)
{
    unsigned count = 0;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    assert_ok(store_blob_list(s, TEXT(DATA_KEY_PREFIX), &a, count_key, &count));
    return count;
}

struct first {
    struct sealed_place place;
    struct bytes sealed;
    struct text name;
};

static bool see_first(void *ctx, const struct sealed_place *place, struct text name, struct bytes sealed)
{
    *(struct first *)ctx = (struct first){*place, sealed, name};
    return false;
}

static struct first first_sealed(struct store *s, struct arena *a)
{
    struct first f = {0};
    const struct sealed_place start = {0};
    assert_ok(store_sealed_list(s, &start, 1, a, see_first, &f));
    assert_true(f.sealed.n > 0);
    return f;
}

struct world {
    struct place p;
    struct store *s;
    struct vault *v;
};

static struct world world_make(unsigned services)
{
    struct world w = {.p = place_make(), .s = open_store("memory:")};
    assert_ok(open_vault(&w.p, w.s, true, &w.v, NULL));
    add_application(w.s);
    for (unsigned n = 0; n < services; n++)
        add_service(w.s, w.v, n);
    return w;
}

static void world_end(struct world *w)
{
    vault_rekey_set_hook(NULL);
    vault_close(w->v);
    store_close(w->s);
    (void)scratch_remove(w->p.dir);
}

/* ---- refusals ---- */

static void replace_first(struct world *w, struct bytes fresh)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    struct first f = first_sealed(w->s, &a);
    const struct sealed_exchange e = {f.place, f.sealed, fresh};
    assert_ok(store_sealed_exchange(w->s, &e, 1));
}

static void a_damaged_secret_keeps_its_key_and_stops_nobody_else(void **state)
{
    (void)state;
    struct world w = world_make(3);
    struct error err = {0};
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    struct bytes good = first_sealed(w.s, &a).sealed;
    uint8_t damaged[256];
    assert_true(good.n < sizeof damaged);
    memcpy(damaged, good.p, good.n);
    damaged[good.n - 1] ^= 1;
    replace_first(&w, (struct bytes){damaged, good.n});

    assert_status(vault_rekey(w.v, w.s, REKEY_AUDIT, &err), E_BROKEN);
    assert_non_null(strstr(err.message, "1 secrets of services do not open; the first: 'secret//0000"));
    assert_non_null(strstr(err.message, "is damaged"));
    struct look l = look(w.s, w.v);
    assert_true(l.under[1] == 1 && l.under[2] == 2 && l.closed == 1);
    assert_int_equal(stored_data_keys(w.s), 2);
    assert_ok(vault_finish_rekey(w.v, w.s, &err)); /* said once is enough */
    vault_close(w.v);

    assert_ok(open_vault(&w.p, w.s, false, &w.v, NULL));
    assert_status(vault_finish_rekey(w.v, w.s, &err), E_BROKEN);
    assert_ok(vault_finish_rekey(w.v, w.s, &err));
    replace_first(&w, good); /* from a backup, say: its key is still there */
    assert_ok(vault_rekey(w.v, w.s, REKEY_AUDIT, &err));
    l = look(w.s, w.v);
    assert_true(l.under[3] == 3 && l.closed == 0);
    assert_int_equal(stored_data_keys(w.s), 1);
    world_end(&w);
}

static void a_secret_under_an_unknown_key_is_refused_with_words(void **state)
{
    (void)state;
    struct world w = world_make(2), other = world_make(1);
    struct error err = {0};
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    for (int i = 0; i < 8; i++)
        assert_ok(vault_rekey(other.v, other.s, REKEY_AUDIT, NULL));
    struct first foreign = first_sealed(other.s, &a);
    replace_first(&w, foreign.sealed);
    struct secret out = {0};
    assert_status(vault_unseal(w.v, foreign.name, foreign.sealed, &out, &err), E_BROKEN);
    assert_non_null(strstr(err.message, "under data key 9, which the vault does not have; its newest is 1"));
    assert_status(vault_rekey(w.v, w.s, REKEY_AUDIT, &err), E_BROKEN);
    assert_non_null(strstr(err.message, "is sealed under data key 9, which the vault does not have"));
    struct look l = look(w.s, w.v);
    assert_true(l.under[9] == 1 && l.under[2] == 1);
    assert_int_equal(stored_data_keys(w.s), 1); /* nothing is under the older one */
    world_end(&w);
    world_end(&other);
}

static void damage_may_not_gather_keys_for_ever(void **state)
{
    (void)state;
    struct world w = world_make(VAULT_KEYS_MAX + 1);
    struct error err = {0};
    struct status last = DONE;
    unsigned rounds = 0;
    for (; rounds <= VAULT_KEYS_MAX; rounds++) {
        /* another one is damaged each time, under the key of its day */
        OWNED(arena_release) struct arena a;
        arena_init(&a, 4096, 1 << 20);
        struct first f = {0};
        struct sealed_place at = {0};
        for (unsigned i = 0; i <= rounds && i <= VAULT_KEYS_MAX; i++) {
            assert_ok(store_sealed_list(w.s, &at, 1, &a, see_first, &f));
            at = f.place;
        }
        uint8_t damaged[256];
        memcpy(damaged, f.sealed.p, f.sealed.n);
        damaged[f.sealed.n - 1] ^= 1;
        const struct sealed_exchange e = {f.place, f.sealed, {damaged, f.sealed.n}};
        assert_ok(store_sealed_exchange(w.s, &e, 1));
        last = vault_rekey(w.v, w.s, REKEY_AUDIT, &err);
        assert_int_equal(last.code, E_BROKEN);
        if (strstr(err.message, "hold on to"))
            break;
    }
    assert_int_equal(rounds, VAULT_KEYS_MAX - 1);
    vault_close(w.v);
    assert_ok(open_vault(&w.p, w.s, false, &w.v, NULL));
    world_end(&w);
}

/* ---- all goes well ---- */

static void seals_every_page_anew(void **state)
{
    (void)state;
    struct world w = world_make(MANY);
    for (unsigned n = 0; n < MANY; n += 10)
        replace_secret(w.s, w.v, n);
    for (uint32_t round = 2; round < 5; round++) {
        struct error err = {0};
        struct status s = vault_rekey(w.v, w.s, REKEY_AUDIT, &err);
        if (!status_ok(s))
            fail_msg("%s", err.message);
        struct look l = look(w.s, w.v);
        assert_int_equal(l.seen, MANY + MANY / 10);
        assert_int_equal(l.under[round], l.seen);
        assert_true(l.newer == MANY / 10 && l.older == MANY && l.closed == 0);
        assert_int_equal(stored_data_keys(w.s), 1);
        assert_ok(vault_finish_rekey(w.v, w.s, NULL));
    }
    vault_close(w.v);
    assert_ok(open_vault(&w.p, w.s, false, &w.v, NULL));
    assert_int_equal(look(w.s, w.v).closed, 0);
    world_end(&w);
}

static void instance_auths_are_sealed_anew_too(void **state)
{
    (void)state;
    char name[SECRET_SEAL_NAME_MAX];
    struct world w = world_make(1);
    struct instance_auth i = {.created_at = 1}, after;
    OWNED(buffer_release) struct buffer sealed;
    OWNED(secret_release) struct secret plain = {0};
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    buffer_init(&sealed, 4096);
    id_of(0, i.bundle);
    id_of(1, i.id);
    const struct text seal_name = instance_auth_seal_name(TEXT(""), i.id, name);
    assert_ok(vault_seal(w.v, seal_name, BYTES_OF("auth"), &sealed));
    i.sealed = buffer_bytes(&sealed);
    assert_ok(store_instance_auth_create(w.s, &i, CREATE_AUDIT));
    assert_ok(vault_rekey(w.v, w.s, REKEY_AUDIT, NULL));
    assert_ok(store_instance_auth_get(w.s, TEXT(""), i.id, &a, &after));
    assert_false(bytes_equal(after.sealed, i.sealed));
    assert_int_equal(stored_data_keys(w.s), 1);
    assert_ok(vault_unseal(w.v, seal_name, after.sealed, &plain, NULL));
    assert_true(bytes_equal(secret_bytes(&plain), BYTES_OF("auth")));
    world_end(&w);
}

static void what_was_read_just_before_still_opens(void **state)
{
    (void)state;
    struct world w = world_make(1);
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    struct first f = first_sealed(w.s, &a);
    struct secret out = {0};
    assert_ok(vault_rekey(w.v, w.s, REKEY_AUDIT, NULL));
    assert_ok(vault_unseal(w.v, f.name, f.sealed, &out, NULL));
    secret_release(&out);
    assert_ok(vault_rekey(w.v, w.s, REKEY_AUDIT, NULL));
    assert_status(vault_unseal(w.v, f.name, f.sealed, &out, NULL), E_BROKEN);
    world_end(&w);
}

/* ---- writers meanwhile ---- */

static struct world *watched;
static unsigned added;

static void write_between(enum rekey_step step)
{
    if (step <= REKEY_OLD_GONE) /* under the lock until then */
        return;
    replace_secret(watched->s, watched->v, added); /* one that was read and not yet stored, too */
    add_service(watched->s, watched->v, MANY + added++);
}

static void what_is_written_between_the_steps_is_kept(void **state)
{
    (void)state;
    struct world w = world_make(MANY);
    watched = &w;
    added = 0;
    vault_rekey_set_hook(write_between);
    assert_ok(vault_rekey(w.v, w.s, REKEY_AUDIT, NULL));
    vault_rekey_set_hook(NULL);
    assert_true(added >= 6);
    struct look l = look(w.s, w.v);
    assert_int_equal(l.seen, MANY + 2 * added);
    assert_int_equal(l.under[2], l.seen);
    assert_true(l.newer == added && l.closed == 0);
    assert_int_equal(stored_data_keys(w.s), 1);
    world_end(&w);
}

/* A writer seals under the older key and is slow to store it. */
static struct {
    struct world *w;
    sem_t sealed, changed;
} slow;

static void tell_the_slow_one(enum rekey_step step)
{
    if (step == REKEY_OLD_GONE)
        assert_int_equal(sem_post(&slow.changed), 0);
}

static void *write_slowly(void *ctx)
{
    (void)ctx;
    uint8_t id[SERVICE_ID_SIZE];
    OWNED(vault_leave) struct vault *entered = vault_enter(slow.w->v);
    OWNED(buffer_release) struct buffer sealed;
    seal_for(entered, 0, false, TEXT("newer of 0"), &sealed);
    must(sem_post(&slow.sealed) == 0);
    must(sem_wait(&slow.changed) == 0);
    (void)usleep(100000); /* the rekey goes on, if it does not wait */
    const struct secret_write write = {
        .change = SECRET_PUT, .by_hand = true, .sealed = buffer_bytes(&sealed)};
    id_of(0, id);
    must(status_ok(
        store_secret_replace(slow.w->s, TEXT(""), id, SECRET_CREDENTIALS, 0, 2, &write, CREATE_AUDIT)));
    return NULL;
}

static void waits_for_who_sealed_before_and_stores_after(void **state)
{
    (void)state;
    struct world w = world_make(3);
    pthread_t thread;
    slow.w = &w;
    assert_int_equal(sem_init(&slow.sealed, 0, 0), 0);
    assert_int_equal(sem_init(&slow.changed, 0, 0), 0);
    assert_int_equal(pthread_create(&thread, NULL, write_slowly, NULL), 0);
    assert_int_equal(sem_wait(&slow.sealed), 0);
    vault_rekey_set_hook(tell_the_slow_one);
    assert_ok(vault_rekey(w.v, w.s, REKEY_AUDIT, NULL));
    assert_int_equal(pthread_join(thread, NULL), 0);
    struct look l = look(w.s, w.v);
    assert_true(l.seen == 3 && l.under[2] == 3 && l.newer == 1 && l.closed == 0);
    world_end(&w);
}

/* ---- crashes ---- */

static enum rekey_step die_at;
static unsigned die_after; /* so many times it lives on */

static void die(enum rekey_step step)
{
    if (step == die_at && die_after-- == 0)
        _exit(42);
}

static void rekey_and_die(const struct place *p, enum rekey_step step, unsigned after)
{
    struct vault *v = NULL;
    struct store *s = open_store(p->url);
    if (!status_ok(open_vault(p, s, false, &v, NULL)))
        _exit(1);
    die_at = step;
    die_after = after;
    vault_rekey_set_hook(die);
    struct status ignored = vault_rekey(v, s, REKEY_AUDIT, NULL);
    _exit(status_ok(ignored) ? 2 : 3);
}

static void crash(const struct place *p, enum rekey_step step, unsigned after)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        rekey_and_die(p, step, after);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

#define SOME 520 /* two pages */

static void a_crash_at_any_step_loses_nothing(void **state)
{
    (void)state;
    static const struct {
        enum rekey_step step;
        unsigned after;
        bool unfinished;
    } cases[] = {
        {REKEY_OLD_KEPT, 0, false}, {REKEY_NEW_IN_PLACE, 0, false}, {REKEY_STORED, 0, true},
        {REKEY_OLD_GONE, 0, true},  {REKEY_PAGE_READ, 0, true},     {REKEY_PAGE_STORED, 0, true},
        {REKEY_PAGE_READ, 1, true}, {REKEY_PAGE_STORED, 1, true},   {REKEY_RESEALED, 0, true},
        {REKEY_RETIRED, 0, false},
    };
    struct place p = place_make();
    struct store *s = open_store(p.url);
    struct vault *v = NULL;
    assert_ok(open_vault(&p, s, true, &v, NULL));
    add_application(s);
    for (unsigned n = 0; n < SOME; n++)
        add_service(s, v, n);
    vault_close(v);
    store_close(s);
    unsigned services = SOME;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        crash(&p, cases[i].step, cases[i].after);
        s = open_store(p.url);
        assert_ok(open_vault(&p, s, false, &v, NULL));
        assert_int_equal(access(p.old, F_OK), -1); /* tidied up */
        assert_int_equal(stored_data_keys(s), cases[i].unfinished ? 2 : 1);
        add_service(s, v, services++);
        struct look l = look(s, v);
        assert_true(l.seen == services && l.closed == 0 && l.older == services);
        if (i % 3 != 0) { /* else the next rekey finishes the job, which may crash itself */
            assert_ok(vault_finish_rekey(v, s, NULL));
            assert_int_equal(stored_data_keys(s), 1);
            l = look(s, v);
            assert_int_equal(l.under[data_keys_newest(&v->keys)->number], services);
        } else {
            assert_ok(vault_rekey(v, s, REKEY_AUDIT, NULL));
            assert_int_equal(stored_data_keys(s), 1);
            assert_int_equal(look(s, v).closed, 0);
        }
        vault_close(v);
        store_close(s);
    }
    (void)scratch_remove(p.dir);
}

/* Crash after crash, and nobody finishes in between. */
static void keys_of_several_unfinished_rekeys_open_everything(void **state)
{
    (void)state;
    struct place p = place_make();
    struct store *s = open_store(p.url);
    struct vault *v = NULL;
    assert_ok(open_vault(&p, s, true, &v, NULL));
    add_application(s);
    vault_close(v);
    store_close(s);
    for (unsigned n = 0; n < 12; n++) {
        s = open_store(p.url);
        assert_ok(open_vault(&p, s, false, &v, NULL));
        add_service(s, v, n);
        vault_close(v);
        store_close(s);
        crash(&p, REKEY_STORED, 0);
    }
    s = open_store(p.url);
    assert_ok(open_vault(&p, s, false, &v, NULL));
    assert_int_equal(stored_data_keys(s), 13);
    struct look l = look(s, v);
    assert_true(l.older == 12 && l.closed == 0 && l.under[1] == 1 && l.under[12] == 1);
    assert_ok(vault_finish_rekey(v, s, NULL));
    l = look(s, v);
    assert_true(l.under[13] == 12 && l.closed == 0);
    assert_int_equal(stored_data_keys(s), 1);
    vault_close(v);
    store_close(s);
    (void)scratch_remove(p.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_secret_keeps_its_key_and_stops_nobody_else),
        cmocka_unit_test(a_secret_under_an_unknown_key_is_refused_with_words),
        cmocka_unit_test(damage_may_not_gather_keys_for_ever),
        cmocka_unit_test(seals_every_page_anew),
        cmocka_unit_test(instance_auths_are_sealed_anew_too),
        cmocka_unit_test(what_was_read_just_before_still_opens),
        cmocka_unit_test(what_is_written_between_the_steps_is_kept),
        cmocka_unit_test(waits_for_who_sealed_before_and_stores_after),
        cmocka_unit_test(a_crash_at_any_step_loses_nothing),
        cmocka_unit_test(keys_of_several_unfinished_rekeys_open_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
