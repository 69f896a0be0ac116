/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include "api/handlers.h"
#include "base/clock.h"
#include "check.h"
#include "store/store.h"

/* What a front counts is what the core reads: front/tally.c writes the lines, api/front/tallies.c takes them.
 */

#define NOW      1700000000
#define BODY_MAX (1u << 20)
#define FILL     1024 /* TALLIES_MAX of front/tally.c */

/* ---- the stubs: what was sent, and what was understood of it ---- */

struct taken {
    unsigned refusals, refused_times, seen, asked;
    char actors[512];     /* "<actor>=<times> " */
    char seen_names[512]; /* "<tenant>/<application>@<time> " */
    struct buffer body;
    bool pool_is_full;
};
static struct taken taken;

void front_check_stopped(struct front *f)
{
    (void)f;
}

void front_write_question(struct front *f, enum http_method method, struct text target, struct bytes body,
                          struct buffer *out)
{
    (void)f;
    assert_int_equal(method, HTTP_POST);
    assert_text(target, "/front/tallies");
    buffer_append(&taken.body, body);
    buffer_append(out, body);
}

struct pool_call *pool_send(struct pool *p, enum http_method method, struct bytes bytes, bool retry,
                            const struct pool_events *events, void *owner)
{
    (void)p;
    (void)bytes;
    (void)events;
    assert_int_equal(method, HTTP_POST);
    assert_false(retry); /* told twice is counted twice */
    taken.asked++;
    return taken.pool_is_full ? NULL : owner; /* any pointer: nobody looks into it */
}

static void note(char *out, size_t size, struct text t)
{
    const size_t used = strlen(out);
    assert_true(used + t.n < size);
    memcpy(out + used, t.p, t.n);
    out[used + t.n] = '\0';
}

static struct arena arena;

void connector_refused_times(struct connector *c, struct text action, const struct audit_caller *caller,
                             int64_t times)
{
    (void)c;
    assert_text(action, "refused.revoked");
    taken.refusals++;
    taken.refused_times += (unsigned)times;
    if (taken.refusals <= 2)
        note(taken.actors, sizeof taken.actors,
             arena_printf(&arena, "%.*s=%lld ", TEXT_ARG(caller->actor), (long long)times));
}

struct status store_application_seen(struct store *s, const struct last_seen *seen, size_t count)
{
    (void)s;
    taken.seen += (unsigned)count;
    for (size_t i = 0; i < count && i < 4; i++)
        note(taken.seen_names, sizeof taken.seen_names,
             arena_printf(&arena, "%.*s/%.*s@%lld ", TEXT_ARG(seen[i].tenant), TEXT_ARG(seen[i].name),
                          (long long)seen[i].at));
    return DONE;
}

struct status reply_empty(struct call *c, int status)
{
    c->reply.status = status;
    return DONE;
}

/* ---- one front, one core ---- */

static int open_world(void **state)
{
    static struct front f;
    memset(&f, 0, sizeof f);
    memset(&taken, 0, sizeof taken);
    map_init(&f.tallies, 4096);
    map_init(&f.seen, 4096);
    buffer_init(&taken.body, BODY_MAX);
    arena_init(&arena, 4096, 1 << 20);
    clock_set_test(NOW * 1000LL, 0);
    *state = &f;
    return 0;
}

static int close_world(void **state)
{
    front_tally_release(*state);
    buffer_release(&taken.body);
    arena_release(&arena);
    clock_real();
    return 0;
}

static struct status core_reads(struct text body)
{
    static struct domain domain;
    struct call c = {.arena = &arena, .domain = &domain, .body = text_bytes(body)};
    return front_tallies(&c);
}

static void saw(struct front *f, const char *tenant, const char *application)
{
    const struct hop_identity id = {.tenant = text_of(tenant), .application = text_of(application)};
    front_tally_seen(f, &id);
}

static void the_core_refuses_lines_that_no_front_writes(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "\n",
        "refused\n",
        "refused\trevoked\n",
        "refused\trevoked\tab\n",
        "refused\trevoked\tab\t\n",
        "refused\trevoked\tab\t-1\n",
        "refused\trevoked\tab\t1x\n",
        "refused\trevoked\tab\t1\t1\n",
        "refused\trevoked\tab\t2147483648\n",
        "refused\ttoken\tab\t1\n", /* a reason that would become an audit row of another name */
        "refused\t\tab\t1\n",
        "seen\n",
        "seen\tt\tshop\n",
        "seen\tt\tshop\t\n",
        "seen\tt\tshop\t-5\n",
        "seen\tt\tshop\t9223372036854775808\n",
        "revoked\tab\t1\n",
        "Refused\trevoked\tab\t1\n",
        "{}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (core_reads(text_of(lines[i])).code != E_INVALID)
            fail_msg("takes line %zu: '%s'", i, lines[i]);
    assert_int_equal(taken.refusals, 0);
    assert_int_equal(taken.seen, 0);
}

static void says_nothing_when_nothing_was_counted(void **state)
{
    struct front *f = *state;
    saw(f, "t", ""); /* a runtime: there is no application to see */
    front_tally_flush(f);
    assert_int_equal(taken.asked, 0);
    assert_int_equal(f->telling, 0);
}

static void does_not_count_a_name_that_is_too_long(void **state)
{
    char name[200];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    saw(*state, "t", name);
    saw(*state, name, "shop");
    front_tally_flush(*state);
    assert_int_equal(taken.asked, 0);
}

static void what_a_front_counts_the_core_reads(void **state)
{
    struct front *f = *state;
    front_tally_refusal(f, "revoked", TEXT("ab"));
    front_tally_refusal(f, "revoked", TEXT("ab"));
    saw(f, "", "shop");
    clock_advance_test(5000);
    saw(f, "", "shop"); /* the last time counts */
    front_tally_flush(f);
    assert_int_equal(taken.asked, 1);
    assert_int_equal(f->telling, 1);
    assert_ok(core_reads(bytes_text(buffer_bytes(&taken.body))));
    assert_string_equal(taken.actors, "certificate:ab=2 ");
    assert_string_equal(taken.seen_names, "/shop@1700000005 ");
}

static void tenants_are_kept_apart(void **state)
{
    saw(*state, "t1", "shop");
    saw(*state, "t2", "shop");
    saw(*state, "t1", "shop");
    front_tally_flush(*state);
    assert_ok(core_reads(bytes_text(buffer_bytes(&taken.body))));
    assert_int_equal(taken.seen, 2);
    assert_non_null(strstr(taken.seen_names, "t1/shop@1700000000 "));
    assert_non_null(strstr(taken.seen_names, "t2/shop@1700000000 "));
}

static void a_count_is_told_once(void **state)
{
    struct front *f = *state;
    front_tally_refusal(f, "revoked", TEXT("ab"));
    front_tally_flush(f);
    front_tally_flush(f);
    assert_int_equal(taken.asked, 1);
    front_tally_refusal(f, "revoked", TEXT("ab"));
    front_tally_flush(f);
    assert_int_equal(taken.asked, 2);
    assert_ok(core_reads(bytes_text(buffer_bytes(&taken.body))));
    assert_string_equal(taken.actors, "certificate:ab=1 certificate:ab=1 ");
}

/* The front must not wait for an answer that cannot come, or it never stops. */
static void does_not_wait_for_a_pool_that_is_full(void **state)
{
    struct front *f = *state;
    taken.pool_is_full = true;
    front_tally_refusal(f, "revoked", TEXT("ab"));
    front_tally_flush(f);
    assert_int_equal(taken.asked, 1);
    assert_int_equal(f->telling, 0);
}

static void many_peers_are_told_in_one_body(void **state)
{
    struct front *f = *state;
    for (unsigned i = 0; i < FILL; i++) {
        front_tally_refusal(f, "revoked", arena_printf(&arena, "%064x", i));
    }
    front_tally_flush(f);
    assert_int_equal(taken.asked, 1);
    assert_true(buffer_bytes(&taken.body).n <= LIMIT_BODY_JSON);
    assert_ok(core_reads(bytes_text(buffer_bytes(&taken.body))));
    assert_int_equal(taken.refusals, FILL);
}

static struct status count_and_tell(struct front *f)
{
    front_tally_refusal(f, "revoked", TEXT("ab"));
    saw(f, "t", "shop");
    front_tally_flush(f);
    return DONE;
}

static void survives_without_memory(void **state)
{
    assert_survives_failing_allocations(count_and_tell(*state));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_core_refuses_lines_that_no_front_writes),
        TEST(says_nothing_when_nothing_was_counted),
        TEST(does_not_count_a_name_that_is_too_long),
        TEST(what_a_front_counts_the_core_reads),
        TEST(tenants_are_kept_apart),
        TEST(a_count_is_told_once),
        TEST(does_not_wait_for_a_pool_that_is_full),
        TEST(many_peers_are_told_in_one_body),
        TEST(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
