/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "store/backend.h"

static void refuses_prefixes_that_are_no_lower_hex(void **state)
{
    (void)state;
    static const char *const bad[] = {"A", "0x", "g", "0 ", "/", ":", "`"};
    uint8_t low[SHA256_SIZE], high[SHA256_SIZE];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(digest_range(text_of(bad[i]), low, high));
    char long_one[65];
    memset(long_one, 'a', sizeof long_one);
    assert_false(digest_range((struct text){long_one, 65}, low, high));
    assert_true(digest_range((struct text){long_one, 64}, low, high));
    assert_memory_equal(low, high, SHA256_SIZE);
}

static void a_prefix_is_a_range_of_digests(void **state)
{
    (void)state;
    static const struct {
        const char *prefix;
        uint8_t low, high, next_low, next_high;
    } cases[] = {{"", 0x00, 0xff, 0x00, 0xff},
                 {"7", 0x70, 0x7f, 0x00, 0xff},
                 {"7a", 0x7a, 0x7a, 0x00, 0xff},
                 {"7ac", 0x7a, 0x7a, 0xc0, 0xcf}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t low[SHA256_SIZE], high[SHA256_SIZE];
        assert_true(digest_range(text_of(cases[i].prefix), low, high));
        assert_int_equal(low[0], cases[i].low);
        assert_int_equal(high[0], cases[i].high);
        assert_int_equal(low[1], cases[i].next_low);
        assert_int_equal(high[1], cases[i].next_high);
        assert_int_equal(low[31], 0);
        assert_int_equal(high[31], 0xff);
    }
}

static void only_an_active_token_expires(void **state)
{
    (void)state;
    assert_int_equal(token_state_at(TOKEN_ACTIVE, 10, 9), TOKEN_ACTIVE);
    assert_int_equal(token_state_at(TOKEN_ACTIVE, 10, 10), TOKEN_EXPIRED);
    assert_int_equal(token_state_at(TOKEN_USED, 10, 11), TOKEN_USED);
    assert_int_equal(token_state_at(TOKEN_REPLACED, 10, 11), TOKEN_REPLACED);
}

static void a_tally_counts_and_lasts_at_least_once(void **state)
{
    (void)state;
    assert_int_equal(audit_count(&(struct audit_entry){.count = -3}), 1);
    assert_int_equal(audit_count(&(struct audit_entry){.count = 9}), 9);
    assert_int_equal(audit_last_at(&(struct audit_entry){.at = 7, .last_at = 3}), 7);
    assert_text(audit_consumer(&(struct audit_entry){.actor = TEXT("loopback")}), "loopback");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_prefixes_that_are_no_lower_hex),
        cmocka_unit_test(a_prefix_is_a_range_of_digests),
        cmocka_unit_test(only_an_active_token_expires),
        cmocka_unit_test(a_tally_counts_and_lasts_at_least_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
