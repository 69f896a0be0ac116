/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "shop.h"

/* Secrets that are kept under a name, in the native API. */

#define PATH "/api/v1/secrets/s"
#define DATA "{\"data\":{\"A\":\"1\"}}"

static struct answer put(struct world *w, const char *body, struct field first, struct field second)
{
    const struct ask in = {.method = HTTP_PUT,
                           .target = PATH,
                           .listener = ON_CONTROL,
                           .principal = {.kind = PRINCIPAL_OPERATOR, .uid = 1000, .actor = TEXT("uid:1000")},
                           .fields = {first, second},
                           .body = text_of(body)};
    return ask(w, &in);
}

static void if_none_match_writes_over_nothing(void **state)
{
    (void)state;
    static const struct field none = {0}, any = {"If-None-Match", "*"};
    struct world *w = shop_open(NULL);
    assert_says(put(w, DATA, (struct field){"If-None-Match", "x"}, none), 400, "If-None-Match is neither");
    assert_says(put(w, "{\"data\":{\"A\":\"********\"}}", any, none), 400, "nothing to keep");
    assert_says(put(w, DATA, any, none), 201, "\"revision\":1,");
    assert_says(put(w, DATA, any, none), 412, "The secret is there, at revision 1");
    assert_says(put(w, DATA, (struct field){"If-None-Match", "\"1\""}, none), 412, "The secret is there");
    assert_says(put(w, DATA, any, (struct field){"If-Match", "\"1\""}), 412, "The secret is there");
    assert_says(put(w, DATA, (struct field){"If-None-Match", "\"7\""}, none), 200, "\"revision\":2,");
    assert_says(put(w, DATA, (struct field){"If-Match", "\"1\""}, none), 412, "at revision 2");
    assert_says(put(w, DATA, (struct field){"If-Match", "\"2\""}, none), 200, "\"revision\":3,");
    assert_says(put(w, DATA, none, none), 200, "\"revision\":4,");
    assert_int_equal(world_audit(w, "secret.put", NULL), 4);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(if_none_match_writes_over_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
