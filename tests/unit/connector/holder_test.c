/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/connector.h"

#include "check.h"

static void refuses_names_that_a_subject_cannot_hold(void **state)
{
    (void)state;
    static const struct {
        struct text name;
        const char *says;
    } rows[] = {
        {TEXT_INIT(""), "The name is missing or empty"},
        {TEXT_INIT("a,b"),
         "The name holds ',': the characters , = + / cannot stand in a certificate's subject here"},
        {TEXT_INIT("CN=a"),
         "The name holds '=': the characters , = + / cannot stand in a certificate's subject here"},
        {TEXT_INIT("a+b"),
         "The name holds '+': the characters , = + / cannot stand in a certificate's subject here"},
        {TEXT_INIT("a/b"),
         "The name holds '/': the characters , = + / cannot stand in a certificate's subject here"},
        {TEXT_INIT("a\nb"), "The name holds a control character"},
        {TEXT_INIT("a\0b"), "The name holds a control character"},
        {TEXT_INIT("a\x7f"), "The name holds a control character"},
        {TEXT_INIT("a\xc2\x85"), "The name holds a control character"},
        {TEXT_INIT("a\xe2\x80\xa8"), "The name holds a control character"},
        {TEXT_INIT("\xff"), "The name is not valid UTF-8"},
        {TEXT_INIT("."), "The name may not be '.' or '..': it is part of addresses"},
        {TEXT_INIT(".."), "The name may not be '.' or '..': it is part of addresses"},
        {TEXT_INIT("*Runtime*"), "The name may not be *Runtime*: certificates of runtimes are called so"},
        {TEXT_INIT("12345678901234567890123456789012345678901234567890123456789012345"),
         "The name has 65 characters; a certificate's subject holds at most 64"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = {0};
        assert_status(connector_check_name("The name", rows[i].name, &err), E_INVALID);
        assert_string_equal(err.message, rows[i].says);
    }
}

static void accepts_names_of_64_characters_also_beyond_ascii(void **state)
{
    (void)state;
    static const struct text rows[] = {
        TEXT_INIT("a"),
        TEXT_INIT("shop-1_2.3"),
        TEXT_INIT("with space"),
        TEXT_INIT("1234567890123456789012345678901234567890123456789012345678901234"),
        /* 32 times U+00FC and 32 letters: 96 bytes, 64 characters */
        TEXT_INIT("\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
                  "\xc3\xbc\xc3\xbc"
                  "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
                  "\xc3\xbc\xc3\xbc"
                  "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
                  "abcdefghijklmnopqrstuvwxyzabcdef"),
    };
    struct error err = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_ok(connector_check_name("The name", rows[i], &err));
    assert_string_equal(err.message, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_names_that_a_subject_cannot_hold),
        cmocka_unit_test(accepts_names_of_64_characters_also_beyond_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
