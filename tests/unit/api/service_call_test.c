/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "base/json_out.h"
#include "shop.h"

/* How targets are called, in the native API: operators say it, Kyma clients neither see nor lose it. */

#define BASE "/api/v1/applications/app1/services"
#define PLAIN                                                                                                \
    "{\"provider\":\"p\",\"name\":\"n\",\"description\":\"d\",\"api\":{\"targetUrl\":\"https://t.com\"}}"
#define UNSET "\"call\":{\"skipVerify\":null,\"encodeUrl\":null,\"caCertificate\":null}}"

static struct answer native(struct world *w, enum http_method method, const char *target, const char *body,
                            struct field field)
{
    const struct ask in = {.method = method,
                           .target = target,
                           .listener = ON_CONTROL,
                           .principal = {.kind = PRINCIPAL_OPERATOR, .uid = 1000, .actor = TEXT("uid:1000")},
                           .fields = {field},
                           .body = text_of(body)};
    return ask(w, &in);
}

static struct answer plain(struct world *w, enum http_method method, const char *target, const char *body)
{
    return native(w, method, target, body, (struct field){0});
}

/* A PEM text inside of a JSON body. */
static const char *with_ca(struct world *w, struct text pem)
{
    OWNED(buffer_release) struct buffer b;
    struct json_out j;
    buffer_init(&b, 65536);
    json_out_init(&j, &b);
    json_open_object(&j, NULL);
    json_open_object(&j, "call");
    json_text(&j, "caCertificate", pem);
    json_end(&j);
    json_end(&j);
    return arena_cstr(&w->arena, buffer_as_text(&b));
}

static void refuses_what_it_does_not_understand(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const char *path = shop_printf(w, BASE "/%s", shop_register(w, PLAIN));
    static const struct {
        const char *body, *detail;
    } rows[] = {
        {"", "unexpected end of JSON input"},
        {"[]", "a JSON object is expected"},
        {"{}", "call is missing"},
        {"{\"call\":{}}", "call is missing"},
        {"{\"call\":null}", "call must be an object"},
        {"{\"call\":true}", "call must be an object"},
        {"{\"call\":{\"skipVerify\":\"yes\"}}", "call.skipVerify must be true, false or null"},
        {"{\"call\":{\"skipVerify\":1}}", "call.skipVerify must be"},
        {"{\"call\":{\"encodeUrl\":[]}}", "call.encodeUrl must be"},
        {"{\"call\":{\"caCertificate\":5}}", "caCertificate must be a string"},
        {"{\"call\":{\"caCertificate\":\"x\"}}", "call.caCertificate: there is no certificate in PEM"},
        {"{\"call\":{\"verify\":true}}", "cannot be changed here"},
        {"{\"call\":{\"skipVerify\":true},\"name\":\"x\"}", "cannot be changed here"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_says(plain(w, HTTP_PATCH, path, rows[i].body), 400, rows[i].detail);
    const char *app = "/api/v1/applications/app1";
    assert_says(plain(w, HTTP_PATCH, app, "{\"call\":{\"caCertificate\":null}}"), 400, "cannot be changed");
    assert_says(plain(w, HTTP_PATCH, app, "{\"call\":{}}"), 400, "nothing to change");
    assert_says(plain(w, HTTP_PATCH, BASE "/11111111-2222-4333-8444-555555555555",
                      "{\"call\":{\"skipVerify\":true}}"),
                404, "has no service");
    assert_says(plain(w, HTTP_GET, path, ""), 200, "\"revision\":1,");
    assert_says(plain(w, HTTP_GET, path, ""), 200, UNSET);
    assert_int_equal(world_audit(w, "service.call", NULL), 0);
    world_close(w);
}

static void changes_what_is_named_and_nothing_else(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const char *path = shop_printf(w, BASE "/%s", shop_register(w, PLAIN));
    assert_says(plain(w, HTTP_PATCH, path, "{\"call\":{\"skipVerify\":true}}"), 200,
                "\"call\":{\"skipVerify\":true,\"encodeUrl\":null,\"caCertificate\":null}}");
    assert_says(plain(w, HTTP_PATCH, path, "{\"call\":{\"encodeUrl\":false}}"), 200,
                "\"call\":{\"skipVerify\":true,\"encodeUrl\":false,");
    const struct answer with = plain(w, HTTP_PATCH, path, with_ca(w, ca_root_pem(w->ca)));
    assert_says(with, 200,
                "\"call\":{\"skipVerify\":true,\"encodeUrl\":false,\"caCertificate\":{"
                "\"certificates\":[{\"subject\":\"");
    assert_says(with, 200, "\"revision\":4,");
    assert_says(plain(w, HTTP_PATCH, path, "{\"call\":{\"encodeUrl\":false}}"), 200, "\"revision\":4,");
    assert_int_equal(world_audit(w, "service.call", NULL), 3);
    struct audit_entry last;
    assert_says(plain(w, HTTP_PATCH, path,
                      "{\"call\":{\"skipVerify\":null,\"encodeUrl\":null,\"caCertificate\":null}}"),
                200, UNSET);
    assert_int_equal(world_audit(w, "service.call", &last), 4);
    assert_text(last.application, "app1");
    assert_text(last.detail, "{\"name\":\"n\",\"skipVerify\":null,\"encodeUrl\":null,\"caCertificates\":0}");
    world_close(w);
}

static void changes_only_what_was_seen(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const char *path = shop_printf(w, BASE "/%s", shop_register(w, PLAIN));
    const char *body = "{\"call\":{\"skipVerify\":true}}";
    assert_says(native(w, HTTP_PATCH, path, body, (struct field){"If-Match", "\"2\""}), 412, "revision 1");
    assert_says(native(w, HTTP_PATCH, path, body, (struct field){"If-Match", "\"1\""}), 200,
                "\"revision\":2,");
    assert_says(native(w, HTTP_PATCH, path, body, (struct field){"If-Match", "\"1\""}), 412, "revision 2");
    world_close(w);
}

/* Neither the Metadata API's answers nor its changes have to do with it. */
static void a_kyma_client_neither_sees_nor_loses_it(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    const char *id = shop_register(w, PLAIN);
    const char *path = shop_printf(w, BASE "/%s", id);
    const struct answer before = shop(w, HTTP_GET, shop_path(w, id), "");
    assert_int_equal(plain(w, HTTP_PATCH, path, "{\"call\":{\"skipVerify\":true}}").status, 200);
    assert_int_equal(plain(w, HTTP_PATCH, path, with_ca(w, ca_root_pem(w->ca))).status, 200);
    assert_true(text_equal(shop(w, HTTP_GET, shop_path(w, id), "").body, before.body));
    assert_int_equal(shop(w, HTTP_PUT, shop_path(w, id), PLAIN).status, 200);
    assert_says(plain(w, HTTP_GET, path, ""), 200,
                "\"call\":{\"skipVerify\":true,\"encodeUrl\":null,\"caCertificate\":{\"certificates\":[");
    const struct answer put = plain(w, HTTP_PUT, path, PLAIN);
    assert_says(put, 200, "\"call\":{\"skipVerify\":true,\"encodeUrl\":null,\"caCertificate\":{");
    world_close(w);
}

static void applications_have_defaults(void **state)
{
    (void)state;
    struct world *w = shop_open(NULL);
    struct audit_entry last;
    const char *app = "/api/v1/applications/app1";
    assert_says(plain(w, HTTP_GET, app, ""), 200, "\"call\":{\"skipVerify\":null,\"encodeUrl\":null}");
    assert_says(plain(w, HTTP_PATCH, app, "{\"call\":{\"encodeUrl\":true}}"), 200,
                "\"call\":{\"skipVerify\":null,\"encodeUrl\":true}");
    assert_int_equal(world_audit(w, "application.update", &last), 1);
    assert_text(last.detail, "{\"encodeUrl\":true}");
    assert_says(plain(w, HTTP_PATCH, app, "{\"description\":\"d\",\"call\":{\"skipVerify\":false}}"), 200,
                "\"call\":{\"skipVerify\":false,\"encodeUrl\":true}");
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_it_does_not_understand),
        cmocka_unit_test(changes_what_is_named_and_nothing_else),
        cmocka_unit_test(changes_only_what_was_seen),
        cmocka_unit_test(a_kyma_client_neither_sees_nor_loses_it),
        cmocka_unit_test(applications_have_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
