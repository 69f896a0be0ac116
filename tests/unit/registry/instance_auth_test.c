/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/instance_auth.h"

#include "bundles.h"
#include "check.h"

/* What a runtime asks an application for, and gets. */

#define SCHEMA                                                                                               \
    "{\"type\":\"object\",\"required\":[\"user\"],\"properties\":{\"user\":{\"type\":\"string\"}},"          \
    "\"additionalProperties\":false}"

static struct status request(struct world *w, const struct bundle *b, const struct instance_auth_request *in,
                             struct instance_auth *out)
{
    w->err = (struct error){0};
    return instance_auth_request(w->registry, &world_caller, &shop, b->row.id, in, &w->arena, out, &w->err);
}

static struct status set(struct world *w, const struct instance_auth *i, const struct instance_auth_set *in,
                         struct instance_auth *out)
{
    w->err = (struct error){0};
    return instance_auth_set(w->registry, &world_caller, &shop, i->id, in, &w->arena, out, &w->err);
}

static struct bundle with_schema(struct world *w, const char *schema)
{
    struct bundle b;
    const struct bundle_input in = {.name = TEXT("b"), .auth_schema = text_of(schema)};
    assert_ok(bundle_make(w, &in, &b));
    return b;
}

static void refuses_parameters_that_the_schema_does_not_allow(void **state)
{
    struct world *w = *state;
    const struct bundle b = with_schema(w, SCHEMA);
    static const struct {
        const char *parameters, *why;
    } rows[] = {
        {NULL, "no input parameters"},    {"{", "inputParams: "},
        {"[]", "is not of the type"},     {"{}", "user: is missing"},
        {"{\"user\":1}", "user: is not"}, {"{\"user\":\"a\",\"x\":1}", "x: is not"},
    };
    struct instance_auth i;
    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++) {
        struct instance_auth_request in = {.id = TEXT("")};
        if (rows[n].parameters)
            in.input_params = text_of(rows[n].parameters);
        assert_status(request(w, &b, &in, &i), E_INVALID);
        if (!strstr(w->err.message, rows[n].why))
            fail_msg("row %zu: %s", n, w->err.message);
    }
    const struct instance_auth_request bad = {.id = TEXT("1")};
    assert_status(request(w, &b, &bad, &i), E_INVALID);
    assert_int_equal(world_audit(w, "instanceAuth", NULL), 0);
}

static void refuses_more_than_a_runtime_may_have(void **state)
{
    struct world *w = *state;
    static const uint8_t runtime[SERVICE_ID_SIZE] = {1, 2, 3};
    const struct bundle b = with_schema(w, "{}");
    const struct instance_auth_request in = {.input_params = TEXT("{}"), .runtime = runtime};
    struct instance_auth i;
    for (int n = 0; n < INSTANCE_AUTHS_OF_RUNTIME_MAX; n++)
        assert_ok(request(w, &b, &in, &i));
    assert_status(request(w, &b, &in, &i), E_TOO_LARGE);
    assert_non_null(strstr(w->err.message, "the bundle has as many instance auths as it may"));
}

static void waits_for_the_application_and_tells_what_it_set(void **state)
{
    struct world *w = *state;
    const struct bundle b = with_schema(w, SCHEMA);
    static const uint8_t runtime[SERVICE_ID_SIZE] = {1, 2, 3};
    const struct instance_auth_request in = {.id = TEXT("8d3f1c0a-1111-4222-8333-444444444444"),
                                             .context = TEXT("{\"c\":1}"),
                                             .input_params = TEXT("{\"user\":\"a\"}"),
                                             .runtime = runtime};
    struct instance_auth i, now;
    struct bundle_auth auth;
    assert_ok(request(w, &b, &in, &i));
    assert_int_equal(i.condition, INSTANCE_PENDING);
    assert_text(i.reason, "CredentialsNotProvided");
    assert_true(i.has_runtime);
    assert_text(i.context, "{\"c\":1}");
    assert_ok(instance_auth_open(w->registry, &i, &w->arena, &auth, &w->err));
    assert_false(auth.given);
    assert_status(request(w, &b, &in, &now), E_CONFLICT); /* the id is in use */

    const struct instance_auth_set answer = {.auth = basic_auth("u", "pw")};
    assert_ok(set(w, &i, &answer, &now));
    assert_int_equal(now.condition, INSTANCE_SUCCEEDED);
    assert_int_equal(now.revision, 2);
    assert_ok(instance_auth_open(w->registry, &now, &w->arena, &auth, &w->err));
    assert_text(auth.credentials.basic.username, "u");
    assert_text(auth.credentials.basic.password, "pw");

    assert_ok(instance_auth_release(w->registry, &world_caller, &shop, i.id, &w->arena, &now, &w->err));
    assert_int_equal(now.condition, INSTANCE_UNUSED);
    assert_ok(instance_auth_delete(w->registry, &world_caller, &shop, i.id, &w->arena, &now, &w->err));
    assert_status(instance_auth_get(w->registry, &shop, NULL, i.id, &w->arena, &now, &w->err), E_NOT_FOUND);
    assert_int_equal(world_audit(w, "instanceAuth.", NULL), 4);
}

static void a_default_auth_answers_at_once(void **state)
{
    struct world *w = *state;
    struct bundle_auth given = basic_auth("u", "pw"), auth;
    given.credentials.basic.csrf = (struct csrf_details){true, TEXT("https://h.com/csrf")};
    const struct text value = TEXT("v");
    const struct parameter query = {TEXT("q"), &value, 1};
    given.parameters = (struct request_parameters){.given = true, .query = {&query, 1}};
    const struct bundle b = bundle_made(w, "b", &given);
    const struct instance_auth_request in = {.id = TEXT("")};
    struct instance_auth i;
    assert_ok(request(w, &b, &in, &i));
    assert_int_equal(i.condition, INSTANCE_SUCCEEDED);
    assert_ok(instance_auth_open(w->registry, &i, &w->arena, &auth, &w->err));
    assert_text(auth.credentials.basic.password, "pw");
    assert_text(auth.credentials.basic.csrf.token_url, "https://h.com/csrf");
    assert_text(auth.parameters.query.list[0].name, "q");
    assert_ok(instance_auth_release(w->registry, &world_caller, &shop, i.id, &w->arena, &i, &w->err));
    assert_status(instance_auth_get(w->registry, &shop, NULL, i.id, &w->arena, &i, &w->err), E_NOT_FOUND);
}

/* The key of a pair that was made for a service stays here. */
static void a_pair_that_was_made_here_is_no_default_auth(void **state)
{
    struct world *w = *state;
    const struct registry_key key =
        world_registered(w, world_service(w, "'credentials':{'certificateGen':{'commonName':'c'}}", ""));
    const struct instance_auth_request in = {.id = TEXT("")};
    struct bundle b;
    struct bundle_auth auth;
    struct instance_auth i;
    assert_ok(bundle_get(w->registry, &shop, key.id, &w->arena, &b, &w->err));
    assert_ok(bundle_auth_open(w->registry, &b, &w->arena, &auth, &w->err));
    assert_false(auth.given);
    assert_ok(request(w, &b, &in, &i));
    assert_int_equal(i.condition, INSTANCE_PENDING);
    assert_ok(instance_auth_release(w->registry, &world_caller, &shop, i.id, &w->arena, &i, &w->err));
    assert_int_equal(i.condition, INSTANCE_UNUSED);
}

static void refuses_what_cannot_be_set(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL);
    const struct instance_auth_request in = {.id = TEXT("")};
    struct instance_auth i, out;
    assert_ok(request(w, &b, &in, &i));
    const struct instance_auth_set rows[] = {
        {.status_given = false},
        {.status_given = true, .condition = INSTANCE_PENDING, .message = TEXT("m"), .reason = TEXT("r")},
        {.status_given = true, .condition = INSTANCE_FAILED, .message = TEXT(""), .reason = TEXT("r")},
        {.status_given = true,
         .condition = INSTANCE_FAILED,
         .message = TEXT("m"),
         .reason = TEXT("r"),
         .auth = basic_auth("u", "p")},
        {.auth = basic_auth("u", "")},
    };
    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++)
        assert_status(set(w, &i, &rows[n], &out), E_INVALID);
    const struct instance_auth_set failed = {
        .status_given = true, .condition = INSTANCE_FAILED, .message = TEXT("m"), .reason = TEXT("r")};
    assert_ok(set(w, &i, &failed, &out));
    assert_int_equal(out.condition, INSTANCE_FAILED);
    assert_text(out.message, "m");
}

static bool count_row(void *ctx, const struct instance_auth *i)
{
    (void)i;
    ++*(unsigned *)ctx;
    return true;
}

static void tenants_and_applications_are_walls_and_bundles_take_theirs_along(void **state)
{
    struct world *w = *state;
    const struct bundle b = bundle_made(w, "b", NULL), other = bundle_made(w, "c", NULL);
    const struct instance_auth_request in = {.id = TEXT("")};
    const struct instance_auth_set answer = {.auth = basic_auth("u", "pw")};
    const struct registry_scope wrong[] = {{.tenant = TEXT("t")}, {.application = TEXT("other")}};
    struct instance_auth i, out;
    struct bundle gone;
    unsigned seen = 0;
    assert_ok(request(w, &b, &in, &i));
    for (size_t n = 0; n < 2; n++) {
        struct registry *r = w->registry;
        assert_status(instance_auth_get(r, &wrong[n], NULL, i.id, &w->arena, &out, &w->err), E_NOT_FOUND);
        assert_status(instance_auth_set(r, &world_caller, &wrong[n], i.id, &answer, &w->arena, &out, &w->err),
                      E_NOT_FOUND);
        assert_status(instance_auth_release(r, &world_caller, &wrong[n], i.id, &w->arena, &out, &w->err),
                      E_NOT_FOUND);
        assert_status(instance_auth_delete(r, &world_caller, &wrong[n], i.id, &w->arena, &out, &w->err),
                      E_NOT_FOUND);
        assert_status(
            instance_auth_request(r, &world_caller, &wrong[n], b.row.id, &in, &w->arena, &out, &w->err),
            E_NOT_FOUND);
        assert_status(instance_auth_list(r, &wrong[n], b.row.id, &w->arena, count_row, &seen, &w->err),
                      E_NOT_FOUND);
    }
    assert_status(instance_auth_get(w->registry, &shop, other.row.id, i.id, &w->arena, &out, &w->err),
                  E_NOT_FOUND);
    assert_ok(instance_auth_list(w->registry, &shop, b.row.id, &w->arena, count_row, &seen, &w->err));
    assert_int_equal(seen, 1);
    assert_ok(bundle_delete(w->registry, &world_caller, &shop, b.row.id, &w->arena, &gone, &w->err));
    assert_status(instance_auth_get(w->registry, &shop, NULL, i.id, &w->arena, &out, &w->err), E_NOT_FOUND);
}

static struct status ask_and_answer(struct world *w, const struct bundle *b,
                                    const struct instance_auth_set *answer)
{
    const struct instance_auth_request in = {.input_params = TEXT("{\"user\":\"a\"}")};
    struct instance_auth i;
    struct bundle_auth auth;
    TRY(request(w, b, &in, &i));
    TRY(set(w, &i, answer, &i));
    TRY(instance_auth_open(w->registry, &i, &w->arena, &auth, &w->err));
    TRY(instance_auth_release(w->registry, &world_caller, &shop, i.id, &w->arena, &i, &w->err));
    return instance_auth_delete(w->registry, &world_caller, &shop, i.id, &w->arena, &i, &w->err);
}

static void survives_failing_allocations(void **state)
{
    struct world *w = *state;
    const struct bundle b = with_schema(w, SCHEMA);
    const struct instance_auth_set answer = {.auth = basic_auth("u", "pw")};
    assert_survives_failing_allocations(ask_and_answer(w, &b, &answer));
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(refuses_parameters_that_the_schema_does_not_allow),
        WORLD_TEST(refuses_what_cannot_be_set),
        WORLD_TEST(refuses_more_than_a_runtime_may_have),
        WORLD_TEST(tenants_and_applications_are_walls_and_bundles_take_theirs_along),
        WORLD_TEST(waits_for_the_application_and_tells_what_it_set),
        WORLD_TEST(a_default_auth_answers_at_once),
        WORLD_TEST(a_pair_that_was_made_here_is_no_default_auth),
        WORLD_TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
