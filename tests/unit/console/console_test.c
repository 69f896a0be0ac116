/* SPDX-License-Identifier: Apache-2.0 */
#include "console/console.h"

#include "check.h"

static void finds_nothing_by_other_paths(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "", "/", "/graphiq", "/graphiql/", "/graphiql/..", "/graphiql/index.html", "/GraphiQL"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (console_find(text_of(paths[i])))
            fail_msg("'%s' is served", paths[i]);
}

/* In a build without there is nothing to look at. */
static void every_file_is_found_and_has_an_own_revision(void **state)
{
    (void)state;
    for (size_t i = 0; i < console_asset_count; i++) {
        const struct console_asset *asset = &console_assets[i];
        assert_ptr_equal(console_find(asset->path), asset);
        assert_true(asset->content.n > 0 && asset->content_type.n > 0 && asset->revision > 0);
        for (size_t j = 0; j < i; j++)
            assert_true(console_assets[j].content.p == asset->content.p ||
                        console_assets[j].revision != asset->revision);
    }
    assert_int_equal(console_find(TEXT("/graphiql")) != NULL, console_asset_count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_nothing_by_other_paths),
        cmocka_unit_test(every_file_is_found_and_has_an_own_revision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
