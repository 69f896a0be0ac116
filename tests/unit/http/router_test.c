/* SPDX-License-Identifier: Apache-2.0 */
#include "http/router.h"

#include <stdio.h>

#include "check.h"

enum { ONE = 1, TWO = 2, BOTH = 3 };

static const struct route table[] = {
    {.method = HTTP_GET, .pattern = "/", .listeners = BOTH, .id = 1},
    {.method = HTTP_GET, .pattern = "/v1/apps", .listeners = ONE, .id = 2},
    {.method = HTTP_POST, .pattern = "/v1/apps", .listeners = ONE, .id = 3},
    {.method = HTTP_GET, .pattern = "/v1/apps/{name}", .listeners = ONE, .id = 4},
    {.method = HTTP_GET, .pattern = "/v1/apps/info", .listeners = ONE, .id = 5},
    {.method = HTTP_GET, .pattern = "/v1/apps/{name}/tokens/{id}", .listeners = BOTH, .id = 6},
    {.method = HTTP_PUT, .pattern = "/v1/apps/info/tokens", .listeners = ONE, .id = 7},
    {.method = HTTP_GET, .pattern = "/v1/apps", .listeners = TWO, .id = 8},
    {.method = HTTP_GET, .pattern = "/{app}/v1/events", .listeners = TWO, .id = 9},
    {.method = HTTP_GET, .pattern = "/files/{rest...}", .listeners = BOTH, .id = 10},
    {.method = HTTP_POST, .pattern = "/{app}/flow/{rest...}", .listeners = BOTH, .id = 11},
    {.method = HTTP_GET, .pattern = "/slash/", .listeners = BOTH, .id = 12},
    {.method = HTTP_HEAD, .pattern = "/own-head", .listeners = BOTH, .id = 13},
    {.method = HTTP_GET, .pattern = "/own-head", .listeners = BOTH, .id = 14},
};

struct fixture {
    struct router *router;
    struct arena arena;
};

static int make_router(void **state)
{
    static struct fixture f;
    arena_init(&f.arena, 4096, 65536);
    *state = &f;
    return status_ok(router_new(table, sizeof(table) / sizeof(table[0]), &f.router, NULL)) ? 0 : -1;
}

static int free_router(void **state)
{
    struct fixture *f = *state;
    router_free(f->router);
    arena_release(&f->arena);
    return 0;
}

static void refuses_malformed_patterns(void **state)
{
    (void)state;
    static const char *const bad[] = {"",          "v1",    "/{",      "/{}",
                                      "/}",        "/a{b}", "/{a}b",   "/{...}",
                                      "/{a...}/b", "/a//b", "/{a{b}}", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct route route = {.pattern = bad[i], .listeners = ONE};
        struct router *r = NULL;
        struct error err = {0};
        assert_status(router_new(&route, 1, &r, &err), E_INVALID);
        assert_null(r);
        assert_int_not_equal(strlen(err.message), 0);
    }
}

static void refuses_rows_that_collide(void **state)
{
    (void)state;
    const struct route rows[] = {{.pattern = "/a/{x}", .listeners = ONE},
                                 {.pattern = "/a/{y}", .listeners = BOTH}};
    struct router *r = NULL;
    struct error err = {0};
    assert_status(router_new(rows, 2, &r, &err), E_INVALID);
    assert_text(text_of(err.message), "routes '/a/{x}' and '/a/{y}' collide for GET");
}

struct expectation {
    unsigned listener;
    enum http_method method;
    const char *path;
    enum route_verdict verdict;
    unsigned id;        /* or the allowed methods */
    const char *params; /* joined by '|' */
};

#define M(method) (1U << HTTP_##method)

static const struct expectation expectations[] = {
    {ONE, HTTP_GET, "/nothing", ROUTE_NOT_FOUND, 0, ""},
    {ONE, HTTP_GET, "", ROUTE_NOT_FOUND, 0, ""},
    {ONE, HTTP_GET, "*", ROUTE_NOT_FOUND, 0, ""},
    {ONE, HTTP_GET, "/v1/apps/", ROUTE_NOT_FOUND, 0, ""},
    {ONE, HTTP_GET, "/v1/Apps", ROUTE_NOT_FOUND, 0, ""},
    {ONE, HTTP_GET, "/slash", ROUTE_NOT_FOUND, 0, ""},
    {ONE, HTTP_GET, "/x/v1/events", ROUTE_NOT_FOUND, 0, ""},
    {ONE, HTTP_GET, "/v1/apps/a%2fb", ROUTE_NOT_FOUND, 0, ""},
    {ONE, HTTP_GET, "/v1/apps/a%00", ROUTE_NOT_FOUND, 0, ""},
    {ONE, HTTP_GET, "/v1/apps/a%4", ROUTE_NOT_FOUND, 0, ""},
    {ONE, HTTP_GET, "/v1/apps/a%zz", ROUTE_NOT_FOUND, 0, ""},
    {ONE, HTTP_GET, "/v1/apps/%2e%2E", ROUTE_NOT_FOUND, 0, ""},
    {ONE, HTTP_GET, "/v1/apps/%2e", ROUTE_NOT_FOUND, 0, ""},
    {ONE, HTTP_DELETE, "/v1/apps", ROUTE_WRONG_METHOD, M(GET) | M(HEAD) | M(POST), ""},
    {TWO, HTTP_POST, "/v1/apps", ROUTE_WRONG_METHOD, M(GET) | M(HEAD), ""},
    {ONE, HTTP_GET, "/v1/apps/info/tokens", ROUTE_WRONG_METHOD, M(PUT), ""},
    {ONE, HTTP_GET, "/", ROUTE_FOUND, 1, ""},
    {ONE, HTTP_GET, "/v1/apps", ROUTE_FOUND, 2, ""},
    {ONE, HTTP_HEAD, "/v1/apps", ROUTE_FOUND, 2, ""},
    {ONE, HTTP_POST, "/v1/apps", ROUTE_FOUND, 3, ""},
    {TWO, HTTP_GET, "/v1/apps", ROUTE_FOUND, 8, ""},
    {ONE, HTTP_GET, "/v1/apps/a", ROUTE_FOUND, 4, "a"},
    {ONE, HTTP_GET, "/v1/apps/a%20b%C3%A4+", ROUTE_FOUND, 4, "a b\xc3\xa4+"},
    {ONE, HTTP_GET, "/v1/apps/info", ROUTE_FOUND, 5, ""},
    {ONE, HTTP_GET, "/v1/apps/%69nfo", ROUTE_FOUND, 4, "info"},
    {ONE, HTTP_GET, "/v1/apps/info/tokens/7", ROUTE_FOUND, 6, "info|7"},
    {TWO, HTTP_GET, "/v1/apps/x/tokens/7", ROUTE_FOUND, 6, "x|7"},
    {TWO, HTTP_GET, "/v1/v1/events", ROUTE_FOUND, 9, "v1"},
    {ONE, HTTP_GET, "/files", ROUTE_FOUND, 10, ""},
    {ONE, HTTP_GET, "/files/", ROUTE_FOUND, 10, ""},
    {ONE, HTTP_GET, "/files/a/b%2f%2e%2e/c;x/", ROUTE_FOUND, 10, "a/b%2f%2e%2e/c;x/"},
    {ONE, HTTP_POST, "/v1/flow/a/b", ROUTE_FOUND, 11, "v1|a/b"},
    {ONE, HTTP_GET, "/slash/", ROUTE_FOUND, 12, ""},
    {ONE, HTTP_HEAD, "/own-head", ROUTE_FOUND, 13, ""},
};

static void finds_rows(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
        const struct expectation *e = &expectations[i];
        struct route_match m;
        const enum route_verdict v =
            router_find(f->router, e->listener, e->method, text_of(e->path), &f->arena, &m);
        char params[256] = "";
        for (size_t p = 0; v == ROUTE_FOUND && p < m.param_count; p++) {
            const size_t n = strlen(params);
            snprintf(params + n, sizeof(params) - n, "%s%.*s", p > 0 ? "|" : "", TEXT_ARG(m.params[p]));
        }
        const unsigned got = v == ROUTE_FOUND ? m.route->id : m.allowed;
        if (v != e->verdict || got != e->id || strcmp(params, e->params) != 0)
            fail_msg("%s %s: verdict %d, %u, '%s'", http_method_name(e->method), e->path, (int)v, got,
                     params);
    }
}

static void says_how_an_unclean_path_would_be_clean(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[][2] = {
        {"//", "/"},
        {"/a//b", "/a/b"},
        {"/a/./b", "/a/b"},
        {"/a/../b", "/b"},
        {"/../../a", "/a"},
        {"/a/..", "/"},
        {"/a/b/..", "/a/"},
        {"/a/.", "/a/"},
        {"/.", "/"},
        {"/..", "/"},
        {"//evil.com/", "/evil.com/"},
        {"/a/b/../..//c/", "/c/"},
    };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct route_match m;
        assert_int_equal(router_find(f->router, ONE, HTTP_GET, text_of(paths[i][0]), &f->arena, &m),
                         ROUTE_UNCLEAN);
        assert_text(m.clean_path, paths[i][1]);
    }
    struct route_match m;
    assert_int_not_equal(router_find(f->router, ONE, HTTP_GET, TEXT("/files/a..b/.c/..."), &f->arena, &m),
                         ROUTE_UNCLEAN);
}

static struct status make_and_find(void)
{
    struct router *r = NULL;
    TRY(router_new(table, sizeof(table) / sizeof(table[0]), &r, NULL));
    struct arena a;
    arena_init(&a, 4096, 65536);
    struct route_match m;
    const enum route_verdict v = router_find(r, ONE, HTTP_GET, TEXT("/v1/apps/a%20b"), &a, &m);
    arena_release(&a);
    router_free(r);
    return v == ROUTE_FOUND ? DONE : STATUS(NOMEM);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(make_and_find());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_malformed_patterns),
        cmocka_unit_test(refuses_rows_that_collide),
        cmocka_unit_test(finds_rows),
        cmocka_unit_test(says_how_an_unclean_path_would_be_clean),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, make_router, free_router);
}
