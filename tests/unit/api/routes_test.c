/* SPDX-License-Identifier: Apache-2.0 */
#include "api/routes.h"

#include "base/buffer.h"
#include "base/own.h"
#include "check.h"
#include "golden.h"

/* A change of the table is a change of policy: it must be seen in review. */
static void is_what_the_golden_file_says(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer dump;
    buffer_init(&dump, 1 << 20);
    api_routes_dump(&dump);
    assert_ok(buffer_status(&dump));
    assert_golden("tests/golden/routes.txt", buffer_as_text(&dump));
}

static void has_no_rows_that_collide(void **state)
{
    (void)state;
    struct router *r = NULL;
    struct error err = {0};
    const struct status s = router_new(api_routes, api_route_count, &r, &err);
    if (!status_ok(s))
        fail_msg("%s", err.message);
    router_free(r);
}

static void gives_nobody_outside_more_than_the_contract(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_route_count; i++) {
        const struct route *r = &api_routes[i];
        const struct text pattern = text_of(r->pattern);
        if (text_starts_with(pattern, TEXT("/api/")))
            assert_false(r->listeners & ~(unsigned)(ON_INTERNAL | ON_CONTROL));
        if (text_starts_with(pattern, TEXT("/front/")))
            assert_true(r->listeners == ON_FRONT || r->listeners == ON_EGRESS);
        if (text_equal(pattern, TEXT("/front/target")) || text_equal(pattern, TEXT("/front/refused")))
            assert_int_equal(r->listeners, ON_EGRESS); /* credentials: for those who call targets alone */
        if (r->listeners & (ON_CONNECTOR | ON_GATEWAY))
            assert_true(r->permission == PERMIT_ANYONE || r->permission == PERMIT_CERTIFICATE ||
                        r->permission == PERMIT_MAPPED);
        if (r->permission == PERMIT_MAPPED) /* the one thing that a certificate of an external CA opens */
            assert_true(r->listeners == ON_GATEWAY && text_equal(pattern, TEXT("/director/graphql")));
        if (r->permission == PERMIT_CERTIFICATE)
            assert_int_equal(r->listeners, ON_GATEWAY);
    }
}

static void tells_kymas_paths_from_ours(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool kyma;
    } rows[] = {
        {"/", true},          {"/v1", true},       {"/v1/zzz", true},   {"/app/v1/events", true},
        {"/apix", true},      {"/api", false},     {"/api/v1", false},  {"/healthz", false},
        {"/readyz", false},   {"/metrics", false}, {"/front/x", false}, {"/healthzz", true},
        {"/console/", false}, {"/version", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(api_path_is_kyma(text_of(rows[i].path)), rows[i].kyma);
}

static void writes_errors_in_each_shape(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 4096);
    api_error_body(&b, ERROR_KYMA, 404, TEXT("Requested resource could not be found."), TEXT("id"));
    assert_text(buffer_as_text(&b), "{\"code\":404,\"error\":\"Requested resource could not be found.\"}\n");
    buffer_clear(&b);
    api_error_body(&b, ERROR_NATIVE, 404, TEXT("no <such> thing"), TEXT("id"));
    assert_text(buffer_as_text(&b), "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                                    "\"detail\":\"no \\u003csuch\\u003e thing\",\"instance\":\"id\"}\n");
    buffer_clear(&b);
    api_error_body(&b, ERROR_GRAPHQL, 403, TEXT("no"), TEXT("id"));
    assert_text(buffer_as_text(&b), "{\"errors\":[{\"message\":\"no\"}],\"data\":null}\n");
    buffer_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_what_the_golden_file_says),
        cmocka_unit_test(has_no_rows_that_collide),
        cmocka_unit_test(gives_nobody_outside_more_than_the_contract),
        cmocka_unit_test(tells_kymas_paths_from_ours),
        cmocka_unit_test(writes_errors_in_each_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
