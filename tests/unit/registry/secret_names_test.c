/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "registry/secret_data.h"

#define ID "550e8400-e29b-41d4-a716-446655440000"

static const uint8_t id[SERVICE_ID_SIZE] = {0x55, 0x0e, 0x84, 0x00, 0xe2, 0x9b, 0x41, 0xd4,
                                            0xa7, 0x16, 0x44, 0x66, 0x55, 0x44, 0x00, 0x00};
#define LETTERS_26 "abcdefghijklmnopqrstuvwxyz"

static void refuses_what_is_no_name_of_a_secret(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",
        "app-shop",
        "app-shop-",
        ID,
        "-" ID,
        "app-shop" ID,                                                     /* no hyphen before the id */
        "app-shop-" ID "0",                                                /* the last 36 are no id */
        "app-shop-550E8400-E29B-41D4-A716-446655440000",                   /* ids are lower case */
        "app-shop-550e8400-e29b-41d4-a716-44665544000",                    /* an end is missing */
        "app-shop-550e8400+e29b-41d4-a716-446655440000",                   /* */
        "params-abcdefghijklmnopqrstuvwxyz-550e8400-e29b-41d4-a716-44665", /* cut to 63 */
        "params-abcdefghijklmnopqrstu-550e8400-e29b-41d4-a716-4466554400",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        enum secret_slot slot;
        uint8_t found[SERVICE_ID_SIZE];
        if (secret_name_parse(text_of(names[i]), &slot, found))
            fail_msg("'%s' was read as a name", names[i]);
    }
}

static void reads_slot_and_id(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum secret_slot slot;
    } cases[] = {
        {"app-shop-" ID, SECRET_CREDENTIALS},        {"shop-" ID, SECRET_CREDENTIALS},
        {"params-app-shop-" ID, SECRET_PARAMETERS},  {"params-shop-" ID, SECRET_PARAMETERS},
        {"params-" ID, SECRET_CREDENTIALS},          {"params--" ID, SECRET_CREDENTIALS},
        {"app-params-shop-" ID, SECRET_CREDENTIALS}, {"a-" ID, SECRET_CREDENTIALS},
        {"app-550e8400-" ID, SECRET_CREDENTIALS},    {"params-x-" ID, SECRET_PARAMETERS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum secret_slot slot;
        uint8_t found[SERVICE_ID_SIZE];
        assert_true(secret_name_parse(text_of(cases[i].name), &slot, found));
        assert_int_equal(slot, cases[i].slot);
        assert_memory_equal(found, id, sizeof id);
    }
}

struct form_case {
    const char *application, *name;
    enum secret_slot slot;
    bool fits;
};

static const struct form_case form_cases[] = {
    /* refused */
    {"shop", "app-shop2-" ID, SECRET_CREDENTIALS, false},
    {"shop", "app-sho-" ID, SECRET_CREDENTIALS, false},
    {"shop", "app-shop-" ID, SECRET_PARAMETERS, false},
    {"shop", "params-shop-" ID, SECRET_CREDENTIALS, false},
    {"shop", "APP-shop-" ID, SECRET_CREDENTIALS, false},
    {"shop", "app-Shop-" ID, SECRET_CREDENTIALS, false},
    {"shop", "re-shop-" ID, SECRET_CREDENTIALS, false}, /* 0.5, before the tutorials */
    {"shop", "app-shop-550e8400-e29b-41d4-a716-446655440001", SECRET_CREDENTIALS, false},
    {"shop", "app-shop-" ID "-", SECRET_CREDENTIALS, false},
    {"shop", "", SECRET_CREDENTIALS, false},
    {LETTERS_26 "0", "app-abcdefghijklmnopqrstu-" ID, SECRET_CREDENTIALS, false}, /* 21 */
    {LETTERS_26 "0", "abcdefghijklmnopqrstuv-" ID, SECRET_CREDENTIALS, false},    /* 22 without app- */
    {LETTERS_26 "0", "app-" LETTERS_26 "-" ID, SECRET_CREDENTIALS, false},        /* 26 with app- */
    /* the four of the credentials */
    {"shop", "app-shop-" ID, SECRET_CREDENTIALS, true},
    {"shop", "shop-" ID, SECRET_CREDENTIALS, true},
    {LETTERS_26 "0", "app-" LETTERS_26 "0-" ID, SECRET_CREDENTIALS, true},
    {LETTERS_26 "0", "app-abcdefghijklmnopqrstuv-" ID, SECRET_CREDENTIALS, true},
    {LETTERS_26 "0", LETTERS_26 "0-" ID, SECRET_CREDENTIALS, true},
    {LETTERS_26 "0", LETTERS_26 "-" ID, SECRET_CREDENTIALS, true},
    /* an application's own name looks like a form */
    {"app-x", "app-app-x-" ID, SECRET_CREDENTIALS, true},
    {"app-x", "app-x-" ID, SECRET_CREDENTIALS, true},
    {"x", "app-x-" ID, SECRET_CREDENTIALS, true},
    {"x", "app-app-x-" ID, SECRET_CREDENTIALS, false},
    {"params-x", "params-x-" ID, SECRET_CREDENTIALS, true},
    {"params-x", "params-x-" ID, SECRET_PARAMETERS, false},
    {"params-x", "params-params-x-" ID, SECRET_PARAMETERS, true},
    /* parameters */
    {"shop", "params-app-shop-" ID, SECRET_PARAMETERS, true},
    {"shop", "params-shop-" ID, SECRET_PARAMETERS, true},
    /* 20 characters make 64 in all, which stays; 21 make 65, which is cut to 63 */
    {"abcdefghijklmnopqrst", "params-abcdefghijklmnopqrst-" ID, SECRET_PARAMETERS, true},
    {"abcdefghijklmnopqrst", "params-abcdefghijklmnopqrst-550e8400-e29b-41d4-a716-44665544000",
     SECRET_PARAMETERS, false},
    {"abcdefghijklmnopqrstu", "params-abcdefghijklmnopqrstu-550e8400-e29b-41d4-a716-4466554400",
     SECRET_PARAMETERS, true},
    {"abcdefghijklmnopqrstu", "params-abcdefghijklmnopqrstu-550e8400-e29b-41d4-a716-44665544",
     SECRET_PARAMETERS, false},
    {LETTERS_26 "0", "params-" LETTERS_26 "-550e8400-e29b-41d4-a716-44665", SECRET_PARAMETERS, true},
    {LETTERS_26 "0", "params-" LETTERS_26 "0-" ID, SECRET_PARAMETERS, true},
    {LETTERS_26 "0", "params-app-abcdefghijklmnopqrstuv-550e8400-e29b-41d4-a716-44665", SECRET_PARAMETERS,
     true},
};

static void knows_each_generation_of_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof form_cases / sizeof form_cases[0]; i++) {
        const struct form_case *c = &form_cases[i];
        if (secret_name_fits(text_of(c->name), c->slot, text_of(c->application), id) != c->fits)
            fail_msg("'%s' of application '%s': expected %s", c->name, c->application,
                     c->fits ? "yes" : "no");
    }
}

static void a_cut_goes_around_a_character(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 1 << 16);
    /* octets 21 and 22, and 25 to 27, are one character each */
    struct text early = TEXT("aaaaaaaaaaaaaaaaaaaaa\xc3\xa4"
                             "bb\xe4\xbe\x8b");
    assert_text(resource_name(early, id, &a), "aaaaaaaaaaaaaaaaaaaaa\xc3\xa4"
                                              "bb-" ID);
    assert_true(secret_name_fits(TEXT("app-aaaaaaaaaaaaaaaaaaaaa-" ID), SECRET_CREDENTIALS, early, id));
    assert_false(secret_name_fits(TEXT("app-aaaaaaaaaaaaaaaaaaaaa\xc3-" ID), SECRET_CREDENTIALS, early, id));
    /* "example", whose 26 octets end between two characters */
    struct text even = TEXT("aaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4\xc3\xa4");
    assert_text(resource_name(even, id, &a), "aaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4-" ID);
}

static void every_listed_name_is_found_again(void **state)
{
    (void)state;
    static const char *const applications[] = {
        "a",
        "shop",
        "app-x",
        "params",
        "params-x",
        "x-" ID,
        LETTERS_26 LETTERS_26 "0123456789ab",
        "\xe4\xbe\x8b\xe4\xbe\x8b\xe4\xbe\x8b\xe4\xbe\x8b\xe4\xbe\x8b\xe4\xbe\x8b\xe4\xbe\x8b\xe4\xbe\x8b\xe4"
        "\xbe"
        "\x8b",
    };
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 1 << 16);
    for (size_t i = 0; i < 2 * sizeof applications / sizeof applications[0]; i++) {
        struct text application = text_of(applications[i / 2]);
        enum secret_slot slot = i % 2 ? SECRET_PARAMETERS : SECRET_CREDENTIALS, found;
        uint8_t found_id[SERVICE_ID_SIZE];
        struct text name = secret_name(slot, application, id, &a);
        assert_true(text_is_utf8(name));
        assert_true(text_is_utf8(resource_name(application, id, &a)));
        assert_true(secret_name_parse(name, &found, found_id));
        assert_int_equal(found, slot);
        assert_memory_equal(found_id, id, sizeof id);
        assert_true(secret_name_fits(name, slot, application, id));
        assert_false(secret_name_fits(name, 1 - slot, application, id));
    }
}

static void lists_what_the_tutorials_print(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 1 << 16);
    assert_text(secret_name(SECRET_CREDENTIALS, TEXT("shop"), id, &a), "app-shop-" ID);
    assert_text(secret_name(SECRET_PARAMETERS, TEXT("shop"), id, &a), "params-app-shop-" ID);
    assert_text(resource_name(TEXT("toolong-application-name-and-more"), id, &a),
                "toolong-application-name-a-" ID);
    assert_text(resource_name(TEXT("shop"), id, &a), "shop-" ID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_name_of_a_secret),
        cmocka_unit_test(reads_slot_and_id),
        cmocka_unit_test(knows_each_generation_of_names),
        cmocka_unit_test(a_cut_goes_around_a_character),
        cmocka_unit_test(every_listed_name_is_found_again),
        cmocka_unit_test(lists_what_the_tutorials_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
