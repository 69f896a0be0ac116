/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers: router.c and query.c. The input up to the first newline is a pattern beside fixed ones, the rest a
 * path with a query. Checked: the cleaned form of an unclean path is clean and begins with one slash;
 * parameters hold no slash (but "{rest...}"), no NUL and are no dot segment.
 */

#include <stdlib.h>

#include "http/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void find(const struct router *r, struct text path, struct arena *a)
{
    struct route_match m;
    const enum route_verdict v = router_find(r, 1, HTTP_GET, path, a, &m);
    if (v == ROUTE_UNCLEAN) {
        check(m.clean_path.n > 0 && m.clean_path.p[0] == '/' && m.clean_path.n <= path.n);
        check(m.clean_path.n == 1 || m.clean_path.p[1] != '/');
        check(router_find(r, 1, HTTP_GET, m.clean_path, a, &m) != ROUTE_UNCLEAN);
    }
    if (v != ROUTE_FOUND)
        return;
    check(m.param_count <= ROUTE_PARAMS_MAX);
    const bool rest = text_ends_with(text_of(m.route->pattern), TEXT("...}"));
    for (size_t i = 0; i < m.param_count; i++) {
        check(m.params[i].p != NULL);
        if (rest && i == m.param_count - 1)
            continue;
        check(m.params[i].n > 0 && !text_contains(m.params[i], '/') && !text_contains(m.params[i], '\0'));
        check(!text_equal(m.params[i], TEXT(".")) && !text_equal(m.params[i], TEXT("..")));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char pattern[256];
    struct text rest = {(const char *)data, size};
    const struct text first = text_cut(&rest, '\n');
    if (!rest.p || !text_to_cstr(first, pattern, sizeof(pattern)))
        return 0;
    struct arena a;
    arena_init(&a, 4096, 1024 * 1024);
    const struct route table[] = {{.method = HTTP_GET, .pattern = "/v1/apps/{name}", .listeners = 1},
                                  {.method = HTTP_GET, .pattern = "/{app}/v1/events", .listeners = 1},
                                  {.method = HTTP_GET, .pattern = "/files/{rest...}", .listeners = 1},
                                  {.method = HTTP_GET, .pattern = pattern, .listeners = 1}};
    struct text query = rest;
    const struct text path = text_cut(&query, '?');
    struct router *r = NULL;
    for (size_t rows = 3; rows <= 4; rows++) {
        if (!status_ok(router_new(table, rows, &r, NULL)))
            continue;
        find(r, path, &a);
        router_free(r);
    }
    (void)query_get(query, TEXT("token"), &a);
    arena_release(&a);
    return 0;
}
