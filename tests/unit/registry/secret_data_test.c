/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "registry/secret_data.h"

static struct status decode(struct bytes encoded, struct secret_data *out)
{
    struct secret copy = {0};
    assert_ok(secret_copy(&copy, encoded));
    struct status s = secret_data_decode(&copy, out);
    assert_null(copy.p); /* taken over, whatever came of it */
    return s;
}

static void refuses_damage(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct bytes encoded;
    } cases[] = {
        {"nothing", {(const uint8_t *)"", 0}},
        {"an item that is not there", {(const uint8_t *)"\1", 1}},
        {"bytes after the last item", {(const uint8_t *)"\0x", 2}},
        {"an empty key", {(const uint8_t *)"\1\0\0\0\0\1v", 7}},
        {"a key longer than the rest", {(const uint8_t *)"\1\xffk\0\0\0\1v", 8}},
        {"a value longer than the rest", {(const uint8_t *)"\1\1k\0\0\0\2v", 8}},
        {"a value of 4 GiB", {(const uint8_t *)"\1\1k\xff\xff\xff\xffv", 8}},
        {"a key twice", {(const uint8_t *)"\2\1k\0\0\0\1v\1k\0\0\0\1w", 15}},
        {"more items than there may be", {(const uint8_t *)"\21\1k\0\0\0\1v", 8}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct secret_data out = {0};
        if (decode(cases[i].encoded, &out).code != E_BROKEN)
            fail_msg("read in spite of %s", cases[i].why);
        assert_int_equal(out.count, 0);
    }
}

static const struct secret_item two[] = {
    {TEXT_INIT("username"), {(const uint8_t *)"jo", 2}},
    {TEXT_INIT("password"), {(const uint8_t *)"s\0cret", 6}},
};

static void refuses_every_truncation(void **state)
{
    (void)state;
    OWNED(secret_release) struct secret encoded = {0};
    assert_ok(secret_data_encode(two, 2, &encoded));
    for (size_t n = 0; n < encoded.n; n++) {
        struct secret_data out = {0};
        assert_status(decode((struct bytes){encoded.p, n}, &out), E_BROKEN);
    }
}

static void refuses_to_write_what_could_not_be_read(void **state)
{
    (void)state;
    static const char long_key[256] = {'k'};
    static uint8_t large[SECRET_BYTES_MAX + 1];
    struct secret_item many[SECRET_ITEMS_MAX + 1] = {0};
    struct secret out = {0};
    const struct secret_item same[] = {two[0], two[0]};
    const struct secret_item empty = {TEXT(""), BYTES_OF("v")};
    const struct secret_item longer = {{long_key, sizeof long_key}, BYTES_OF("v")};
    const struct secret_item larger = {TEXT("k"), BYTES_OF(large)};
    const struct secret_item together[] = {{TEXT("k"), {large, SECRET_BYTES_MAX - 1}}, two[0]};
    assert_status(secret_data_encode(same, 2, &out), E_INVALID);
    assert_status(secret_data_encode(&empty, 1, &out), E_INVALID);
    assert_status(secret_data_encode(&longer, 1, &out), E_INVALID);
    assert_status(secret_data_encode(&larger, 1, &out), E_INVALID);
    assert_status(secret_data_encode(together, 2, &out), E_INVALID);
    assert_status(secret_data_encode(many, SECRET_ITEMS_MAX + 1, &out), E_INVALID);
    assert_null(out.p);
}

static void reads_what_it_wrote(void **state)
{
    (void)state;
    static uint8_t large[SECRET_BYTES_MAX];
    static const char keys[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    static_assert(sizeof keys > SECRET_ITEMS_MAX);
    struct secret_item items[SECRET_ITEMS_MAX] = {0};
    for (size_t i = 0; i < SECRET_ITEMS_MAX; i++)
        items[i] = (struct secret_item){{keys + i, 1}, {large, i == 3 ? sizeof large : 0}};
    for (size_t count = 0; count <= SECRET_ITEMS_MAX; count++) {
        struct secret encoded = {0};
        OWNED(secret_data_release) struct secret_data read = {0};
        assert_ok(secret_data_encode(items, count, &encoded));
        assert_ok(secret_data_decode(&encoded, &read));
        assert_int_equal(read.count, count);
        for (size_t i = 0; i < count; i++) {
            assert_true(text_equal(read.items[i].key, items[i].key));
            assert_true(bytes_equal(read.items[i].value, items[i].value));
        }
    }
    struct secret encoded = {0};
    OWNED(secret_data_release) struct secret_data read = {0};
    assert_ok(secret_data_encode(two, 2, &encoded));
    assert_ok(secret_data_decode(&encoded, &read));
    assert_int_equal(secret_data_get(&read, "password").n, 6);
    assert_null(secret_data_get(&read, "passwor").p);
}

/* ---- registrations ---- */

static void assert_value(const struct secret_data *d, const char *key, const char *expected)
{
    assert_text(bytes_text(secret_data_get(d, key)), expected);
}

static const struct text ab[] = {TEXT_INIT("a"), TEXT_INIT("b\"<")};
static const struct parameter headers[] = {{TEXT_INIT("X-One"), ab, 2}, {TEXT_INIT("a"), ab, 0}};
static const struct parameter queries[] = {{TEXT_INIT("q\"\\"), ab, 1}};

static void no_method_makes_no_secret(void **state)
{
    (void)state;
    struct secret_data out = {0};
    struct credentials c = {.given = true};
    assert_status(secret_data_of_credentials(&c, &out), E_NOT_FOUND);
    c.certificate.given = true; /* without a common name: no credentials (contract 1.11) */
    assert_status(secret_data_of_credentials(&c, &out), E_NOT_FOUND);
    c.certificate.common_name = TEXT("cn"); /* its pair is made elsewhere */
    assert_status(secret_data_of_credentials(&c, &out), E_NOT_FOUND);
}

static void basic_and_oauth_have_the_contracts_keys(void **state)
{
    (void)state;
    struct credentials c = {.given = true};
    c.basic.given = true;
    c.basic.username = TEXT("jo");
    c.basic.password = TEXT("s3cret");
    struct secret_data d = {0};
    assert_ok(secret_data_of_credentials(&c, &d));
    assert_int_equal(d.count, 2);
    assert_value(&d, "username", "jo");
    assert_value(&d, "password", "s3cret");
    secret_data_release(&d);
    assert_null(d.bytes.p);

    struct credentials o = {.given = true};
    o.oauth.given = true;
    o.oauth.client_id = TEXT("id");
    o.oauth.client_secret = TEXT("cs");
    assert_ok(secret_data_of_credentials(&o, &d));
    assert_int_equal(d.count, 2);
    secret_data_release(&d);
    o.oauth.parameters = (struct request_parameters){true, {headers, 2}, {queries, 1}};
    assert_ok(secret_data_of_credentials(&o, &d));
    assert_int_equal(d.count, 4);
    assert_value(&d, "clientId", "id");
    assert_value(&d, "clientSecret", "cs");
    assert_value(&d, "headers", "{\"X-One\":[\"a\",\"b\\\"\\u003c\"],\"a\":[]}");
    assert_value(&d, "queryParameters", "{\"q\\\"\\\\\":[\"a\"]}");
    secret_data_release(&d);
}

static void parameters_have_the_contracts_keys(void **state)
{
    (void)state;
    struct secret_data d = {0};
    struct api_details api = {0};
    assert_status(secret_data_of_parameters(&api, &d), E_NOT_FOUND);
    api.given = true;
    assert_status(secret_data_of_parameters(&api, &d), E_NOT_FOUND);
    api.credentials.extra.given = true;
    assert_status(secret_data_of_parameters(&api, &d), E_NOT_FOUND);
    api.parameters.given = true; /* {}: a secret without data (contract 1.11) */
    assert_ok(secret_data_of_parameters(&api, &d));
    assert_int_equal(d.count, 0);
    secret_data_release(&d);
    api.parameters.query = (struct parameter_list){queries, 1};
    api.credentials.extra = (struct request_parameters){true, {headers, 1}, {queries, 1}};
    assert_ok(secret_data_of_parameters(&api, &d));
    assert_int_equal(d.count, 3);
    assert_value(&d, "queryParameters", "{\"q\\\"\\\\\":[\"a\"]}");
    assert_value(&d, "credentialHeaders", "{\"X-One\":[\"a\",\"b\\\"\\u003c\"]}");
    assert_value(&d, "credentialQueryParameters", "{\"q\\\"\\\\\":[\"a\"]}");
    secret_data_release(&d);
}

static void the_largest_escapes_fit(void **state)
{
    (void)state;
    static char control[4000]; /* each becomes \u0001 */
    memset(control, 1, sizeof control);
    const struct text value = {control, sizeof control};
    const struct parameter one = {value, &value, 1};
    struct api_details api = {.given = true, .parameters = {true, {&one, 1}, {NULL, 0}}};
    struct secret_data d = {0};
    assert_ok(secret_data_of_parameters(&api, &d));
    assert_int_equal(secret_data_get(&d, "headers").n, 2 * 6 * sizeof control + sizeof "{\"\":[\"\"]}" - 1);
    secret_data_release(&d);
}

static struct status make_once(void)
{
    struct credentials o = {.given = true};
    o.oauth.given = true;
    o.oauth.parameters = (struct request_parameters){true, {headers, 2}, {queries, 1}};
    OWNED(secret_data_release) struct secret_data d = {0};
    return secret_data_of_credentials(&o, &d);
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    assert_survives_failing_allocations(make_once());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_damage),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(refuses_to_write_what_could_not_be_read),
        cmocka_unit_test(no_method_makes_no_secret),
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(basic_and_oauth_have_the_contracts_keys),
        cmocka_unit_test(parameters_have_the_contracts_keys),
        cmocka_unit_test(the_largest_escapes_fit),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
