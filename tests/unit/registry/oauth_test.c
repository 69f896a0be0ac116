/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "registry/decode.h"
#include "registry/details.h"
#include "registry/target.h"
#include "world.h"

/* OAuth beyond the contract: how a token endpoint is asked, with a certificate in place of a secret
 * (RFC 8705). */

#define OAUTH(more)                                                                                          \
    "'credentials':{'oauth':{'url':'https://t.com','clientId':'i','clientSecret':'s'," more "}}"
#define BY_CERTIFICATE(more)                                                                                 \
    "'credentials':{'oauth':{'url':'https://"                                                                \
    "t.com','clientId':'i','clientAuthentication':'certificate'," more "}}"
#define AT "api.credentials.oauth."

static void says_what_is_wrong(void **state)
{
    struct world *w = *state;
    static const char *const rows[][2] = {
        {OAUTH("'clientAuthentication':'post'"),
         AT "clientAuthentication must be both, header, body or certificate"},
        {OAUTH("'scope':' a'"),
         AT "scope has words of printable ASCII without \" and \\, one space between them"},
        {OAUTH("'scope':'a  b'"),
         AT "scope has words of printable ASCII without \" and \\, one space between them"},
        {OAUTH("'resource':'/relative'"),
         AT "resource must be an absolute URI without a fragment (RFC 8707)"},
        {OAUTH("'resource':'https://a#b'"),
         AT "resource must be an absolute URI without a fragment (RFC 8707)"},
        {OAUTH("'audience':'a\\nb'"), AT "audience has no control characters"},
        {OAUTH("'formParameters':{'grant_type':['x']}"),
         AT "formParameters.grant_type: this field is sent already"},
        {OAUTH("'formParameters':{'client_id':['x']}"),
         AT "formParameters.client_id: this field is sent already"},
        {OAUTH("'scope':'a','formParameters':{'scope':['x']}"),
         AT "formParameters.scope: this field is sent already"},
        {OAUTH("'formParameters':{'':['x']}"), AT "formParameters has an empty name"},
        {OAUTH("'commonName':'n'"), AT "commonName is not used without clientAuthentication \"certificate\""},
        {OAUTH("'key':'n'"), AT "key is not used without clientAuthentication \"certificate\""},
        {BY_CERTIFICATE("'scope':'a'"),
         AT "commonName, for a pair that is made here, or certificate and key are missing"},
        {BY_CERTIFICATE("'certificate':'a'"),
         AT "commonName, for a pair that is made here, or certificate and key are missing"},
        {BY_CERTIFICATE("'commonName':'n','clientSecret':'s'"),
         AT "clientSecret is not used with clientAuthentication \"certificate\""},
        {BY_CERTIFICATE("'commonName':'n','key':'k'"),
         AT "key is not used with commonName: the pair is made here"},
        {"'credentials':{'oauth':{'url':'http://t.com','clientId':'i','clientAuthentication':'certificate',"
         "'commonName':'n'}}",
         AT "url must be https: a certificate is shown in the TLS handshake"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct registry_key key;
        assert_status(world_register(w, world_service(w, rows[i][0], ""), &key), E_INVALID);
        assert_string_equal(arena_cstr(&w->arena, w->refusal),
                            FORMAT(w, "Incorrect structure of service definition, %s", rows[i][1]));
    }
    struct registry_key key;
    assert_status(
        world_register(w, world_service(w, BY_CERTIFICATE("'certificate':'a','key':'b'"), ""), &key),
        E_INVALID);
    assert_text(w->refusal, AT "certificate and key: there is no certificate in PEM");
}

static void is_unknown_to_the_contracts_face(void **state)
{
    struct world *w = *state;
    static const char body[] = "{\"api\":{\"credentials\":{\"oauth\":{\"scope\":\"a\","
                               "\"clientAuthentication\":\"certificate\",\"key\":1}},"
                               "\"specificationCredentials\":{\"oauth\":{\"scope\":\"a\"}}}}";
    struct service_details d;
    assert_ok(service_decode(text_of(body), 0, &w->arena, &d, &w->err));
    assert_true(d.api.credentials.oauth.given);
    assert_int_equal(d.api.credentials.oauth.scope.n, 0);
    assert_int_equal(credential_kind_of(&d.api.credentials), CREDENTIAL_OAUTH);
    /* Specifications are fetched the contract's way. */
    static const char strict[] = "{\"api\":{\"specificationCredentials\":{\"oauth\":{\"scope\":\"a\"}}}}";
    assert_status(service_decode(text_of(strict), DECODE_STRICT, &w->arena, &d, &w->err), E_INVALID);
    assert_non_null(strstr(w->err.message, "specificationCredentials.oauth.scope is no known key"));
}

static struct text shown(struct world *w, const struct registry_key *key)
{
    const struct registry_view view = world_find(w, key);
    struct buffer b;
    struct json_out j;
    buffer_init(&b, 1 << 20);
    json_out_init(&j, &b);
    json_open_object(&j, NULL);
    put_credentials(&j, "credentials", &view.details.api.credentials);
    json_end(&j);
    const struct text copy = arena_text(&w->arena, buffer_as_text(&b));
    buffer_release(&b);
    return copy;
}

static void is_shown_as_it_was_registered(void **state)
{
    struct world *w = *state;
    const struct registry_key key = world_registered(
        w,
        world_service(w,
                      OAUTH("'clientAuthentication':'header','scope':'a b','audience':'c','resource':'d:e',"
                            "'formParameters':{'x':['1','2']}"),
                      ""));
    assert_text(shown(w, &key),
                "{\"credentials\":{\"oauth\":{\"url\":\"https://t.com\",\"clientId\":\"********\","
                "\"clientSecret\":\"********\",\"clientAuthentication\":\"header\",\"scope\":\"a b\","
                "\"audience\":\"c\",\"resource\":\"d:e\",\"formParameters\":{\"x\":[\"1\",\"2\"]}}}}");
    /* A replacement that does not say it, as one over the contract's face cannot, takes it away. */
    struct registry_view view;
    assert_ok(world_replace(w, &key, world_service(w, OAUTH("'scope':'a'"), ""), &view));
    assert_text(shown(w, &key),
                "{\"credentials\":{\"oauth\":{\"url\":\"https://t.com\",\"clientId\":\"********\","
                "\"clientSecret\":\"********\",\"scope\":\"a\"}}}");
}

/* ---- certificates ---- */

static struct registry_target target_of(struct world *w, const struct registry_key *key)
{
    char id[SERVICE_ID_TEXT + 1];
    const struct registry_address address = {.application = TEXT("shop"),
                                             .service = service_id_text(key->id, id)};
    struct page_pairs pairs = {.count = 0};
    struct registry_target t;
    assert_ok(registry_target_find(w->registry, &address, &w->arena, &pairs, &t, &w->err));
    return t;
}

static void a_pair_is_made_for_a_name_and_kept_under_it(void **state)
{
    struct world *w = *state;
    struct registry_view view;
    const struct registry_key key =
        world_registered(w, world_service(w, BY_CERTIFICATE("'commonName':'one'"), ""));
    const char *made = world_secret(w, &key, SECRET_CREDENTIALS, "crt");
    assert_non_null(strstr(made, "BEGIN CERTIFICATE"));
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "clientSecret"), "(none)");
    assert_non_null(strstr(arena_cstr(&w->arena, shown(w, &key)), "\"certificate\":\"-----BEGIN"));
    assert_null(strstr(arena_cstr(&w->arena, shown(w, &key)), "\"key\""));
    assert_string_equal(arena_cstr(&w->arena, target_of(w, &key).chain_pem), made);
    assert_int_equal(target_of(w, &key).details.api.credentials.oauth.client_id.n, 1);
    /* The mask keeps the id; another one keeps the pair; another name makes one. */
    const char *again = world_service(w,
                                      "'credentials':{'oauth':{'url':'https://t.com','clientId':'********',"
                                      "'clientAuthentication':'certificate','commonName':'one'}}",
                                      "");
    assert_ok(world_replace(w, &key, again, &view));
    assert_int_equal(world_secret_revision(w, &key, SECRET_CREDENTIALS), 1);
    assert_ok(world_replace(
        w, &key, world_service(w, BY_CERTIFICATE("'commonName':'one','formParameters':{'a':['b']}"), ""),
        &view));
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "crt"), made);
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "formParameters"), "{\"a\":[\"b\"]}");
    assert_ok(world_replace(w, &key, world_service(w, BY_CERTIFICATE("'commonName':'two'"), ""), &view));
    assert_string_not_equal(world_secret(w, &key, SECRET_CREDENTIALS, "crt"), made);
}

static const char *json_pem(struct world *w, const char *pem)
{
    struct buffer b;
    buffer_init(&b, 65536);
    for (; *pem; pem++) {
        if (*pem == '\n')
            buffer_cstr(&b, "\\n");
        else
            buffer_byte(&b, (uint8_t)*pem);
    }
    const char *text = arena_cstr(&w->arena, buffer_as_text(&b));
    buffer_release(&b);
    return text;
}

static void a_pair_of_a_person_is_masked_kept_and_checked(void **state)
{
    struct world *w = *state;
    struct registry_view view;
    const struct registry_key donor =
        world_registered(w, world_service(w, "'credentials':{'certificateGen':{'commonName':'d'}}", ""));
    const char *crt = world_secret(w, &donor, SECRET_CREDENTIALS, "crt");
    const char *pem = json_pem(w, crt);
    const char *pem_key = json_pem(w, world_secret(w, &donor, SECRET_CREDENTIALS, "key"));
    const struct registry_key key = world_registered(
        w, world_service(w, FORMAT(w, BY_CERTIFICATE("'certificate':'%s','key':'%s'"), pem, pem_key), ""));
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "crt"), crt);
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "commonName"), "(none)");
    assert_non_null(strstr(arena_cstr(&w->arena, shown(w, &key)), "\"key\":\"********\""));
    const char *masked = FORMAT(w, BY_CERTIFICATE("'certificate':'%s','key':'********'"), pem);
    assert_ok(world_replace(w, &key, world_service(w, masked, ""), &view));
    assert_int_equal(world_secret_revision(w, &key, SECRET_CREDENTIALS), 1);
    struct registry_key other;
    assert_status(world_register(w, world_service(w, masked, ""), &other), E_INVALID);
    assert_text(w->refusal, "api.credentials.oauth.key is ********, but there is nothing to keep");
    /* Back to a secret: nothing of the pair stands for it. */
    assert_status(world_replace(w, &key,
                                world_service(w,
                                              "'credentials':{'oauth':{'url':'https://t.com','clientId':'i',"
                                              "'clientSecret':'********'}}",
                                              ""),
                                &view),
                  E_INVALID);
}

static void a_pair_put_there_by_hand_stays_a_persons(void **state)
{
    struct world *w = *state;
    struct registry_view view;
    const struct registry_key key =
        world_registered(w, world_service(w, BY_CERTIFICATE("'commonName':'one'"), ""));
    const struct registry_key donor =
        world_registered(w, world_service(w, "'credentials':{'certificateGen':{'commonName':'d'}}", ""));
    const char *crt = world_secret(w, &donor, SECRET_CREDENTIALS, "crt");
    const char *pem_key = world_secret(w, &donor, SECRET_CREDENTIALS, "key");
    const struct secret_item items[] = {{TEXT("crt"), text_bytes(text_of(crt))},
                                        {TEXT("key"), text_bytes(text_of(pem_key))}};
    assert_status(
        registry_secret_patch(w->registry, &world_caller, &key, SECRET_CREDENTIALS, items, 1, 0, &w->err),
        E_INVALID);
    assert_ok(
        registry_secret_patch(w->registry, &world_caller, &key, SECRET_CREDENTIALS, items, 2, 0, &w->err));
    assert_ok(world_replace(w, &key, world_service(w, BY_CERTIFICATE("'commonName':'one','scope':'s'"), ""),
                            &view));
    assert_ok(world_replace(
        w, &key, world_service(w, BY_CERTIFICATE("'commonName':'one','formParameters':{'a':['b']}"), ""),
        &view));
    assert_true(view.credential_by_hand);
    assert_string_equal(world_secret(w, &key, SECRET_CREDENTIALS, "crt"), crt);
    const struct secret_item twice = {TEXT("formParameters"), text_bytes(TEXT("{\"grant_type\":[\"x\"]}"))};
    assert_status(
        registry_secret_patch(w->registry, &world_caller, &key, SECRET_CREDENTIALS, &twice, 1, 0, &w->err),
        E_INVALID);
    assert_non_null(strstr(w->err.message, "formParameters.grant_type: this field is sent already"));
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(says_what_is_wrong),
        WORLD_TEST(is_unknown_to_the_contracts_face),
        WORLD_TEST(is_shown_as_it_was_registered),
        WORLD_TEST(a_pair_is_made_for_a_name_and_kept_under_it),
        WORLD_TEST(a_pair_of_a_person_is_masked_kept_and_checked),
        WORLD_TEST(a_pair_put_there_by_hand_stays_a_persons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
