/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/compass_client.h"

#include "base/own.h"

#include "check.h"

#define REASON(R)                                                                                            \
    "{\"errors\":[{\"message\":\"long words\",\"extensions\":{\"reason\":\"" R "\"}}],\"data\":null}"

static void a_refusal_says_what_to_do_next(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body, *says;
    } rows[] = {
        {200, REASON("used"), "has been used, and works once: ask for a new one with requestOneTimeToken"},
        {200, REASON("expired"), "has expired: ask for a new one"},
        {200, REASON("replaced"), "newer one: use that, or ask for a new one"},
        {200, REASON("revoked"), "has been revoked: ask for a new one"},
        {200, REASON("unknown"), "does not know this token"},
        {200, REASON("else"), "the server answered 200: long words"},
        {200, "{\"errors\":[{\"message\":\"first\"},{\"message\":\"second\"}],\"data\":null}", "200: first"},
        {200, "{\"errors\":[{}],\"data\":{\"result\":true}}", "the server answered 200 OK"},
        {403, "{\"errors\":[{\"message\":\"Certificate has been revoked.\"}],\"data\":null}",
         "the server answered 403: Certificate has been revoked."},
        {400, "", "the server answered 400 Bad Request"},
        {502, "<html>", "the server answered 502 Bad Gateway"},
        {500, "{\"data\":{\"result\":true}}", "the server answered 500 Internal Server Error"},
    };
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text result;
        struct error err = {.code = E_OK};
        assert_status(compass_result(rows[i].status, text_of(rows[i].body), &a, &result, &err), E_DENIED);
        if (!strstr(err.message, rows[i].says))
            fail_msg("%s: %s", rows[i].body, err.message);
    }
}

static void refuses_what_is_no_answer_of_a_connector(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",
                                         "<html>",
                                         "[]",
                                         "true",
                                         "{}",
                                         "{\"data\":null}",
                                         "{\"data\":{}}",
                                         "{\"data\":[{\"result\":1}]}",
                                         "{\"data\":{\"result\":1}"};
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct text result;
        struct error err = {.code = E_OK};
        assert_status(compass_result(200, text_of(bodies[i]), &a, &result, &err), E_INVALID);
        assert_non_null(strstr(err.message, "connectorURL"));
    }
}

static void gives_the_result(void **state)
{
    (void)state;
    static const struct {
        const char *body, *result;
    } rows[] = {
        {"{\"data\":{\"result\":true}}", "true"},
        {"{\"data\": {\"result\": {\"a\": [1]}}, \"errors\": null}", "{\"a\": [1]}"},
        {"{\"errors\":[],\"data\":{\"result\":false}}", "false"},
    };
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text result;
        assert_ok(compass_result(200, text_of(rows[i].body), &a, &result, NULL));
        assert_text(result, rows[i].result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_says_what_to_do_next),
        cmocka_unit_test(refuses_what_is_no_answer_of_a_connector),
        cmocka_unit_test(gives_the_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
