/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "base/json_scan.h"
#include "shop.h"

/* Answers of the Metadata API that are made piece by piece. */

static size_t count_of(struct text t, const char *part)
{
    size_t n = 0;
    const size_t length = strlen(part);
    for (const char *p = t.p; (p = memmem(p, t.n - (size_t)(p - t.p), part, length)); p += length)
        n++;
    return n;
}

static void streams_a_list_of_any_length(void **state)
{
    (void)state;
    enum { SERVICES = 1000 };
    struct world *w = shop_open(NULL);
    for (int i = 0; i < SERVICES; i++)
        (void)shop_register(w, shop_printf(w,
                                           "{\"provider\":\"p\",\"name\":\"n%04d\",\"description\":\"d\","
                                           "\"api\":{\"targetUrl\":\"https://h.com\"}}",
                                           i));
    const struct answer got = shop(w, HTTP_GET, SHOP, "");
    assert_int_equal(got.status, 200);
    assert_true(got.pieces >= SERVICES / 200);
    assert_ok(json_scan(got.body, NULL));
    assert_int_equal(count_of(got.body, "\"provider\":\"p\",\"name\":\"n"), SERVICES);
    assert_true(text_starts_with(got.body, TEXT("[{\"id\":\"")));
    assert_true(text_ends_with(got.body, TEXT("}]\n")));
    const char *at = got.body.p; /* in the order of registration */
    for (int i = 0; i < SERVICES; i++) {
        const char *name = shop_printf(w, "\"n%04d\"", i);
        at = memmem(at, got.body.n - (size_t)(at - got.body.p), name, strlen(name));
        assert_non_null(at);
    }
    world_close(w);
}

/* A page of long descriptions, each character of which is six in JSON. */
static void streams_a_list_of_long_descriptions(void **state)
{
    (void)state;
    enum { SERVICES = 40, LENGTH = 60000 };
    struct world *w = shop_open(NULL);
    char *long_text = arena_alloc(&w->arena, LENGTH + 1);
    for (size_t i = 0; i < LENGTH; i++)
        long_text[i] = '<';
    const char *body = shop_printf(w,
                                   "{\"provider\":\"p\",\"name\":\"n\",\"description\":\"%s\","
                                   "\"api\":{\"targetUrl\":\"https://h.com\"}}",
                                   long_text);
    for (int i = 0; i < SERVICES; i++)
        (void)shop_register(w, body);
    arena_release(&w->arena);
    arena_init(&w->arena, 16384, 64u << 20);
    const struct answer got = shop(w, HTTP_GET, SHOP, "");
    assert_int_equal(got.status, 200);
    assert_int_equal(got.body.n > (size_t)6 * SERVICES * LENGTH, 1);
    assert_int_equal(count_of(got.body, "\"provider\":\"p\""), SERVICES);
    assert_says(shop_operator(w, HTTP_GET, "/api/v1/services?limit=500", ""), 200, "\"next\":\"");
    world_close(w);
}

/* Two specifications of some megabytes: the answer is what a whole one would be. */
static void streams_big_specifications(void **state)
{
    (void)state;
    enum { ITEMS = 40000 };
    struct world *w = shop_open(NULL);
    OWNED(buffer_release) struct buffer spec;
    OWNED(buffer_release) struct buffer compact;
    buffer_init(&spec, 8u << 20);
    buffer_init(&compact, 8u << 20);
    buffer_cstr(&spec, "{ \"openapi\" : \"3.0.0\"");
    buffer_cstr(&compact, "{\"openapi\":\"3.0.0\"");
    for (int i = 0; i < ITEMS; i++) {
        buffer_printf(&spec, " , \"x-%d\" : [ 1.0 , \"<a \\\" b>\" ]", i);
        buffer_printf(&compact, ",\"x-%d\":[1.0,\"\\u003ca \\\" b\\u003e\"]", i);
    }
    buffer_cstr(&spec, " }");
    buffer_cstr(&compact, "}");
    const char *body = shop_printf(w,
                                   "{\"provider\":\"p\",\"name\":\"n\",\"description\":\"d\",\"api\":"
                                   "{\"targetUrl\":\"https://h.com\",\"apiType\":\"t\",\"spec\":%.*s},"
                                   "\"events\":{\"spec\":%.*s}}",
                                   TEXT_ARG(buffer_as_text(&spec)), TEXT_ARG(buffer_as_text(&spec)));
    const char *path = shop_path(w, shop_register(w, body));
    const struct answer got = shop(w, HTTP_GET, path, "");
    assert_true(got.pieces > 10);
    const char *expected =
        shop_printf(w,
                    "{\"provider\":\"p\",\"name\":\"n\",\"description\":\"d\",\"labels\":{\"connected-app\":"
                    "\"app1\"},\"api\":{\"targetUrl\":\"https://h.com\",\"spec\":%.*s,\"apiType\":\"t\"},"
                    "\"events\":{\"spec\":%.*s}}\n",
                    TEXT_ARG(buffer_as_text(&compact)), TEXT_ARG(buffer_as_text(&compact)));
    assert_int_equal(got.status, 200);
    assert_true(text_equal(got.body, text_of(expected)));
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_a_list_of_any_length),
        cmocka_unit_test(streams_a_list_of_long_descriptions),
        cmocka_unit_test(streams_big_specifications),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
