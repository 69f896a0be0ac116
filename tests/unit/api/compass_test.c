/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/compass.h"

#include "base/buffer.h"
#include "check.h"
#include "golden.h"

/* The schemas in GraphQL's own notation: a change of a type, a field or what may be null is seen in review.
 */
static void is_what_the_golden_file_says(void **state)
{
    (void)state;
    struct compass *c = NULL;
    struct error err = {0};
    struct buffer dump;
    buffer_init(&dump, 256 * 1024);
    const struct status made = compass_new(&c, &err);
    if (!status_ok(made))
        fail_msg("%s", error_text(&err, made));
    compass_print(c, &dump);
    assert_ok(buffer_status(&dump));
    assert_golden("tests/golden/graphql_schemas.txt", buffer_as_text(&dump));
    buffer_release(&dump);
    compass_free(c);
}

static struct status try_new(void)
{
    struct compass *c = NULL;
    struct error err = {0};
    const struct status s = compass_new(&c, &err);
    compass_free(c);
    return s;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(try_new());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_what_the_golden_file_says),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
