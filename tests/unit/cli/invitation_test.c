/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/invitation.h"

#include "base/encoding.h"
#include "base/own.h"

#include "check.h"

#define RAW                                                                                                  \
    "{\"token\":\"abc-_==\",\"connectorURL\":\"https://c:1/connector/graphql\",\"used\":false,"              \
    "\"expiresAt\":\"2026-11-21T15:00:00Z\",\"type\":\"Application\",\"scenario_groups\":null}"

static struct text base64_of(const char *t, struct arena *a)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 65536);
    base64_encode(&b, text_bytes(text_of(t)));
    return arena_text(a, buffer_as_text(&b));
}

static void refuses_what_is_no_invitation_and_quotes_none_of_it(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *says;
    } rows[] = {
        {"", "that is no URL, and no `raw` or `rawEncoded`"},
        {"c2VjcmV0", "--connector-url URL --token TOKEN"}, /* base64, of no object */
        {"secret-_secret==", "--connector-url URL --token TOKEN"},
        {"eyJ0b2tlbiI6InNlY3JldCJ9eyJ0b2tlbiI6InNlY3JldCJ9", "is not JSON"},
        {"http://secret/", "https://"},
        {"https://h/?token=secret secret", "quotes"},
        {"{\"token\":\"secret\"", "is not JSON"},
        {"{\"token\":\"secret\"}", "no connectorURL or no token"},
        {"{\"connectorURL\":\"https://secret/\"}", "no connectorURL or no token"},
        {"{\"connectorURL\":\"https://c/\",\"token\":5}", "no connectorURL or no token"},
        {"{\"connectorURL\":\"http://secret/\",\"token\":\"secret\"}", "https://"},
        {"{\"connectorURL\":\"https://c/\",\"token\":\"secret\\r\\nX: y\"}", "holds blanks"},
    };
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct invitation in;
        struct error err = {.code = E_OK};
        assert_status(invitation_read(text_of(rows[i].typed), &a, &in, &err), E_INVALID);
        if (!strstr(err.message, rows[i].says) || strstr(err.message, "secret"))
            fail_msg("'%s': %s", rows[i].typed, err.message);
    }
}

static void refuses_a_token_apart_that_no_header_may_hold(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a b", "a\r\nb", "\xc3\xa4", "\x7f"};
    const struct text url = TEXT("https://c/connector/graphql");
    struct invitation in;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_status(invitation_of(url, text_of(bad[i]), &in, NULL), E_INVALID);
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 2000);
    for (size_t i = 0; i < 1025; i++)
        buffer_byte(&b, 'a');
    assert_status(invitation_of(url, buffer_as_text(&b), &in, NULL), E_INVALID);
    assert_status(invitation_of(TEXT("http://c/"), TEXT("t"), &in, NULL), E_INVALID);
    assert_ok(invitation_of(url, TEXT("t-_=="), &in, NULL));
    assert_text(in.token, "t-_==");
}

static void takes_a_url_raw_and_raw_encoded(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    const struct text whole = base64_of(RAW, &a);
    const struct text typed[] = {
        TEXT(RAW), TEXT(" " RAW "\n"), whole,
        arena_printf(&a, "%.*s\n%.*s\r\n", TEXT_ARG(text_first(whole, 64)), TEXT_ARG(text_from(whole, 64)))};
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        struct invitation in;
        assert_ok(invitation_read(typed[i], &a, &in, NULL));
        assert_text(in.url, "https://c:1/connector/graphql");
        assert_text(in.token, "abc-_==");
    }
    struct invitation in;
    assert_ok(invitation_read(TEXT("https://h/v1/applications/signingRequests/info?token=x"), &a, &in, NULL));
    assert_text(in.url, "https://h/v1/applications/signingRequests/info?token=x");
    assert_int_equal(in.token.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_invitation_and_quotes_none_of_it),
        cmocka_unit_test(refuses_a_token_apart_that_no_header_may_hold),
        cmocka_unit_test(takes_a_url_raw_and_raw_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
