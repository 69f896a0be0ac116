/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/path_name.h"

#include "check.h"

#define TEN   "abcdefghij"
#define FIFTY TEN TEN TEN TEN TEN

static const struct {
    const char *name, *path;
} rows[] = {
    /* The contract's vectors. */
    {"My Service (X) ", "my-service-x"},
    {"-_--", ""},
    /* Runs. */
    {"", ""},
    {" ", ""},
    {"a", "a"},
    {"A1", "a1"},
    {"a--b__c", "a-b-c"},
    {"a - b", "a-b"},
    {"orders/v1.2", "orders-v1-2"},
    {"@[`{/:", ""}, /* neighbours of letters and digits */
    {"AZaz09", "azaz09"},
    {"\t\r\n", ""},
    /* One '-' at each end, which is all that a run can be. */
    {"---a---", "a"},
    {"-a", "a"},
    {"a-", "a"},
    {"- -a", "a"},
    /* Beyond ASCII. */
    {"caf\xc3\xa9", "caf"},
    {"\xc3\x89t\xc3\xa9 2", "t-2"},
    {"\xe6\xb3\xa8\xe6\x96\x87", ""},
    {"\xe2\x84\xaa", ""}, /* KELVIN SIGN, whose lower case is a letter of ASCII */
    {"a\xff\xfe"
     "b",
     "a-b"},
    /* Long ones: cut after the end was trimmed, before the beginning is. */
    {FIFTY "1234567", FIFTY "1234567"},
    {FIFTY "12345678", FIFTY "1234567"},
    {FIFTY "123456-", FIFTY "123456"},
    {FIFTY "123456-x", FIFTY "123456-"},
    {FIFTY "123456 \xc3\xa9 (x)", FIFTY "123456-"},
    {FIFTY "1234567-", FIFTY "1234567"},
    {FIFTY "1234567---", FIFTY "1234567"},
    {FIFTY "1234567-x", FIFTY "1234567"},
    {"-" FIFTY "123456", FIFTY "123456"},
    {"-" FIFTY "1234567", FIFTY "123456"},
    {" (" FIFTY "12345678", FIFTY "123456"},
    {"-" FIFTY "12345-", FIFTY "12345"},
    {"-" FIFTY "12345-x", FIFTY "12345-"},
    {FIFTY FIFTY FIFTY, FIFTY TEN},
};

static void check_name(struct text name, struct text expected)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1024);
    service_path_name(name, &b);
    assert_ok(buffer_status(&b));
    if (!text_equal(buffer_as_text(&b), text_first(expected, PATH_NAME_MAX)))
        fail_msg("'%.*s': '%.*s'", TEXT_ARG(name), TEXT_ARG(buffer_as_text(&b)));
}

static void names_services_as_paths_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_name(text_of(rows[i].name), text_of(rows[i].path));
    check_name((struct text){NULL, 0}, TEXT(""));
    check_name((struct text){"a\0b", 3}, TEXT("a-b"));
}

static void a_path_name_names_itself_unless_it_was_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct text path = text_first(text_of(rows[i].path), PATH_NAME_MAX);
        if (!text_ends_with(path, TEXT("-")))
            check_name(path, path);
    }
}

static void appends_to_what_is_there(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1024);
    buffer_text(&b, TEXT("/app/"));
    service_path_name(TEXT("-A"), &b);
    assert_text(buffer_as_text(&b), "/app/a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_services_as_paths_do),
        cmocka_unit_test(a_path_name_names_itself_unless_it_was_cut),
        cmocka_unit_test(appends_to_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
