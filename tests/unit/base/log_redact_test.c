/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/buffer.h"
#include "check.h"

#define X8 "xxxxxxxx"

static const char *const cases[][2] = {
    /* what must not be seen */
    {"/v1/a?token=abc", "/v1/a?token=***"},
    {"/v1/a?x=1&token=abc&y=2", "/v1/a?x=1&token=***&y=2"},
    {"/a?TOKEN=abc&Password=x", "/a?TOKEN=***&Password=***"},
    {"/a?access_token=abc", "/a?access_token=***"},
    {"/a?refresh-token=abc", "/a?refresh-token=***"},
    {"/a?client_secret=abc&code=def&key=ghi&api_key=jkl",
     "/a?client_secret=***&code=***&key=***&api_key=***"},
    {"/a?%74oken=abc", "/a?%74oken=***"},
    {"/a?t%6Fken=abc", "/a?t%6Fken=***"},
    {"/a?token=abc;def#ghi?jkl", "/a?token=***"},
    {"/a?x=1;token=abc", "/a?x=1;token=***"},
    {"/a#access_token=abc&x=1", "/a#access_token=***&x=1"},
    {"/a?token=", "/a?token=***"},
    {"/a?token=a=b", "/a?token=***"},
    {"/a?token=abc&token=def", "/a?token=***&token=***"},
    {"/a??token=abc", "/a??token=***"},
    {"/a?&token=abc", "/a?&token=***"},
    {"/a?" X8 X8 X8 X8 X8 X8 X8 X8 "x=abc", "/a?" X8 X8 X8 X8 X8 X8 X8 X8 "x=***"},
    {"http://user:pass@host/a?token=b", "http://***@host/a?token=***"},
    {"http://user:p@ss@host", "http://***@host"},
    /* what stays */
    {"", ""},
    {"/", "/"},
    {"/token=abc", "/token=abc"},
    {"/a?tokens=abc", "/a?tokens=abc"},
    {"/a?monkey=abc", "/a?monkey=abc"},
    {"/a?status_code=200", "/a?status_code=200"},
    {"/a?token", "/a?token"},
    {"/a?token&x=1", "/a?token&x=1"},
    {"/a?x=token", "/a?x=token"},
    {"/a?%zz=1&%7=2", "/a?%zz=1&%7=2"},
    {"http://host/a@b", "http://host/a@b"},
    {"http://host?a@b", "http://host?a@b"},
    {"host:443", "host:443"},
};

static void secrets_do_not_reach_the_log(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 1000);
        log_redact_target(&out, text_of(cases[i][0]));
        assert_text(buffer_as_text(&out), cases[i][1]);
    }
}

static void the_encoder_redacts_and_escapes(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 1000);
    const struct log_field fields[] = {F_TARGET("target", TEXT("/a\"b?token=x\ny&z=\x1b")), {.name = NULL}};
    log_configure(LOG_DEBUG, LOG_FORMAT_TEXT, "");
    log_encode(&out, LOG_FORMAT_TEXT, 0, LOG_INFO, "e", fields);
    assert_text(buffer_as_text(&out),
                "1970-01-01T00:00:00.000Z info e target=\"/a\\\"b?token=***&z=\\u001b\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_do_not_reach_the_log),
        cmocka_unit_test(the_encoder_redacts_and_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
