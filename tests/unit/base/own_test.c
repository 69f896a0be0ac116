/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"

#include "check.h"

static int freed;

struct thing {
    int id;
};

static void thing_free(struct thing *t)
{
    assert_non_null(t);
    freed += t->id;
}
OWNABLE(struct thing, thing_free);

static void thing_clear(struct thing *t)
{
    freed += 100 * t->id;
}
OWNABLE_VALUE(struct thing, thing_clear);

static struct status leaves_early(struct thing *a, struct thing *b)
{
    OWNED(thing_free) struct thing *first = a;
    TRY(STATUS(INVALID));
    OWNED(thing_free) struct thing *second = b;
    (void)first;
    (void)second;
    return DONE;
}

static struct thing *hands_on(struct thing *a)
{
    OWNED(thing_free) struct thing *mine = a;
    struct thing *out = TAKE(mine);
    assert_null(mine);
    return out;
}

static void an_early_return_frees_what_was_made(void **state)
{
    (void)state;
    struct thing one = {1};
    struct thing ten = {10};
    freed = 0;
    assert_status(leaves_early(&one, &ten), E_INVALID);
    assert_int_equal(freed, 1);
}

static void take_hands_on_without_freeing(void **state)
{
    (void)state;
    struct thing one = {1};
    freed = 0;
    assert_ptr_equal(hands_on(&one), &one);
    assert_int_equal(freed, 0);
}

static void nothing_is_not_freed(void **state)
{
    (void)state;
    freed = 0;
    {
        OWNED(thing_free) struct thing *none = NULL;
        (void)none;
    }
    assert_int_equal(freed, 0);
}

static void values_are_released_at_the_end_of_their_scope(void **state)
{
    (void)state;
    freed = 0;
    {
        OWNED(thing_clear) struct thing here = {2};
        (void)here;
    }
    assert_int_equal(freed, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_early_return_frees_what_was_made),
        cmocka_unit_test(take_hands_on_without_freeing),
        cmocka_unit_test(nothing_is_not_freed),
        cmocka_unit_test(values_are_released_at_the_end_of_their_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
