/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "ask.h"
#include "base/encoding.h"
#include "base/json_scan.h"
#include "check.h"

static struct answer native(struct world *w, enum http_method method, const char *target, const char *body)
{
    const struct ask in = {.method = method,
                           .target = target,
                           .listener = ON_CONTROL,
                           .principal = {.kind = PRINCIPAL_OPERATOR, .uid = 1000, .actor = TEXT("uid:1000")},
                           .body = text_of(body)};
    const struct answer got = ask(w, &in);
    if (got.body.n > 0 && !text_starts_with(got.content_type, TEXT("text/plain")))
        assert_ok(json_scan(got.body, NULL)); /* whatever it says, it is JSON */
    return got;
}

static bool says(struct answer a, const char *part)
{
    return memmem(a.body.p, a.body.n, part, strlen(part)) != NULL;
}

#define assert_says(answer_, status_, part)                                                                  \
    do {                                                                                                     \
        const struct answer says_ = (answer_);                                                               \
        if (says_.status != (status_) || !says(says_, part))                                                 \
            fail_msg("%d %.*s", says_.status, TEXT_ARG(says_.body));                                         \
    } while (0)

static void refuses_what_it_does_not_understand(void **state)
{
    (void)state;
    static const struct {
        enum http_method method;
        const char *target, *body;
        int status;
        const char *detail;
    } rows[] = {
        {HTTP_POST, "/api/v1/applications", "", 400, "\"detail\":\"unexpected end of JSON input\""},
        {HTTP_POST, "/api/v1/applications", "{\"name\":\"a/b\"}", 400, "holds '/'"},
        {HTTP_POST, "/api/v1/applications", "{\"name\":3}", 400, "name must be a string, not a number"},
        {HTTP_POST, "/api/v1/applications", "{\"name\":\"a\",\"tenant\":\"t\"}", 400,
         "Tenants exist only in central mode"},
        {HTTP_GET, "/api/v1/applications/none", "", 404, "There is no application none"},
        {HTTP_DELETE, "/api/v1/applications/none", "", 404, "there is no application none"},
        {HTTP_GET, "/api/v1/applications?limit=0", "", 400, "limit must be a number from 1 to 500"},
        {HTTP_GET, "/api/v1/applications?limit=501", "", 400, "limit must be"},
        {HTTP_GET, "/api/v1/applications?limit=-1", "", 400, "limit must be"},
        {HTTP_POST, "/api/v1/tokens", "{\"kind\":\"nothing\"}", 400,
         "kind must be application, runtime or remoteEnvironment"},
        {HTTP_POST, "/api/v1/tokens", "{\"kind\":\"runtime\",\"tenant\":\"t\",\"group\":\"g\"}", 400,
         "central mode"},
        {HTTP_POST, "/api/v1/tokens", "{}", 400, "The application's name is missing or empty"},
        {HTTP_GET, "/api/v1/tokens?active=maybe", "", 400, "active=maybe is not known"},
        {HTTP_DELETE, "/api/v1/tokens/000000000000", "", 404, "there is no token 000000000000"},
        {HTTP_GET, "/api/v1/certificates?state=lost", "", 400, "state=lost is not known"},
        {HTTP_GET, "/api/v1/certificates?fingerprint=xyz", "", 400, "fingerprint must be hexadecimal digits"},
        {HTTP_GET, "/api/v1/certificates?expiresBefore=soon", "", 400, "expiresBefore must be a time"},
        {HTTP_GET, "/api/v1/certificates/ab", "", 400, "A fingerprint is 64 hexadecimal digits"},
        {HTTP_GET, "/api/v1/certificates/abcd", "", 404, "There is no certificate abcd"},
        {HTTP_POST, "/api/v1/certificates/zz/revocation", "", 400, "A fingerprint is 64 hexadecimal digits"},
        {HTTP_GET, "/api/v1/audit?before=x", "", 400, "before must be the id of an entry"},
        {HTTP_POST, "/api/v1/backup", "{\"path\":\"relative\"}", 400, "path must be an absolute path"},
        {HTTP_POST, "/api/v1/backup", "{\"path\":\"/a\\u0000b\"}", 400, "path holds a NUL"},
    };
    struct world *w = world_open(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer got = native(w, rows[i].method, rows[i].target, rows[i].body);
        assert_says(got, rows[i].status, rows[i].detail);
        assert_text(got.content_type, "application/problem+json");
        assert_true(says(got, "\"instance\":\"request-1\""));
    }
    world_close(w);
}

static void keeps_applications(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct answer made =
        native(w, HTTP_POST, "/api/v1/applications", "{\"name\":\"shop\",\"description\":\"the shop\"}");
    assert_says(made, 201, "\"name\":\"shop\",\"tenant\":\"\",\"description\":\"the shop\"");
    assert_says(native(w, HTTP_POST, "/api/v1/applications", "{\"name\":\"shop\"}"), 409, "exists already");
    assert_int_equal(native(w, HTTP_POST, "/api/v1/applications", "{\"name\":\"erp\"}").status, 201);
    assert_says(native(w, HTTP_GET, "/api/v1/applications", ""), 200, "\"next\":null");
    assert_says(native(w, HTTP_GET, "/api/v1/applications?limit=1", ""), 200, "\"next\":\"/erp\"");
    assert_says(native(w, HTTP_GET, "/api/v1/applications?limit=1&after=%2Ferp", ""), 200,
                "\"name\":\"shop\"");
    assert_says(native(w, HTTP_GET, "/api/v1/applications?contains=ho", ""), 200,
                "{\"applications\":[{\"name\":\"shop\"");
    assert_says(native(w, HTTP_GET, "/api/v1/applications/shop", ""), 200,
                "\"lastSeenAt\":null,\"autoCreated\":false,\"call\":{\"skipVerify\":null,\"encodeUrl\":null},"
                "\"certificates\":0}");
    (void)world_certificate(w, "shop");
    assert_says(native(w, HTTP_DELETE, "/api/v1/applications/shop", ""), 200, "{\"revoked\":1}");
    assert_int_equal(native(w, HTTP_GET, "/api/v1/applications/shop", "").status, 404);
    world_close(w);
}

static void shows_a_tokens_value_once(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct answer made = native(w, HTTP_POST, "/api/v1/tokens", "{\"application\":\"shop\"}");
    assert_int_equal(made.status, 201);
    const struct text token = answer_member(w, made.body, "token");
    const struct text id = answer_member(w, made.body, "id");
    char fingerprint[2 * SHA256_SIZE + 1];
    hex_encode(fingerprint, (struct bytes){ca_fingerprint(w->ca), SHA256_SIZE});
    assert_text(answer_member(w, made.body, "caFingerprint"), fingerprint);
    assert_text(answer_member(w, made.body, "kind"), "application");
    assert_true(
        text_starts_with(answer_member(w, made.body, "url"), TEXT(WORLD_CONNECTOR_URL "/v1/applications/")));

    const struct answer list = native(w, HTTP_GET, "/api/v1/tokens?application=shop&active=true", "");
    assert_says(list, 200, "\"state\":\"active\"");
    assert_says(list, 200, "\"createdBy\":\"uid:1000\"");
    assert_false(says(list, arena_cstr(&w->arena, text_first(token, 40))));
    const char *one = arena_cstr(&w->arena, arena_printf(&w->arena, "/api/v1/tokens/%.*s", TEXT_ARG(id)));
    assert_int_equal(native(w, HTTP_DELETE, one, "").status, 204);
    assert_int_equal(native(w, HTTP_DELETE, one, "").status, 409);
    assert_says(native(w, HTTP_GET, "/api/v1/tokens?active=true", ""), 200, "{\"tokens\":[],\"next\":null}");
    assert_says(native(w, HTTP_GET, "/api/v1/tokens", ""), 200, "\"state\":\"revoked\"");
    world_close(w);
}

static void lists_shows_and_revokes_certificates(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_issued cert = world_certificate(w, "shop");
    (void)world_certificate(w, "erp");
    char hex[2 * SHA256_SIZE + 1];
    hex_encode(hex, BYTES_OF(cert.fingerprint));
    assert_says(native(w, HTTP_GET, "/api/v1/certificates?application=shop", ""), 200, hex);
    assert_says(native(w, HTTP_GET, "/api/v1/certificates?sort=application&limit=1", ""), 200,
                "\"application\":\"erp\"");
    assert_says(native(w, HTTP_GET, "/api/v1/certificates?expiresBefore=30d", ""), 200,
                "{\"certificates\":[],\"next\":null}");
    assert_says(native(w, HTTP_GET, "/api/v1/certificates?expiresBefore=100d&state=active", ""), 200,
                "\"state\":\"active\"");
    assert_says(native(w, HTTP_GET, "/api/v1/certificates?subject=CN%3Dshop", ""), 200, hex);

    const char *prefix = arena_cstr(&w->arena, arena_printf(&w->arena, "/api/v1/certificates/%.16s", hex));
    const struct answer shown = native(w, HTTP_GET, prefix, "");
    assert_says(shown, 200, "\"subject\":\"CN=shop,OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE\"");
    assert_says(shown, 200, "-----BEGIN CERTIFICATE-----");
    const char *revocation =
        arena_cstr(&w->arena, arena_printf(&w->arena, "/api/v1/certificates/%.16s/revocation", hex));
    assert_says(native(w, HTTP_POST, revocation, "{\"reason\":\"lost\"}"), 200, "\"revokedReason\":\"lost\"");
    assert_says(native(w, HTTP_GET, "/api/v1/certificates?state=revoked", ""), 200, hex);
    assert_says(native(w, HTTP_POST, "/api/v1/applications/erp/revocation", ""), 200, "{\"revoked\":1}");

    /* never seen here, and revoked all the same */
    assert_says(native(w, HTTP_POST,
                       "/api/v1/certificates/"
                       "00000000000000000000000000000000000000000000000000000000000000aa/revocation",
                       "{}"),
                200, "\"state\":\"revoked\"");
    world_close(w);
}

static void shows_ca_status_and_audit(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct answer ca = native(w, HTTP_GET, "/api/v1/ca", "");
    assert_says(ca, 200, "\"keyAlgorithm\":\"ec:P-256\"");
    assert_true(text_equal(answer_member(w, ca.body, "pem"), ca_certificate_pem(w->ca)));
    const struct answer status = native(w, HTTP_GET, "/api/v1/status", "");
    assert_says(status, 200, "\"startedAt\":\"2026-11-21T05:13:44Z\"");
    assert_says(status, 200, "\"listeners\":[{\"name\":\"internal\"");
    assert_says(status, 200, "\"kind\":\"memory\"");
    assert_says(status, 200, "The sandbox is off");
    (void)world_certificate(w, "shop");
    assert_says(native(w, HTTP_GET, "/api/v1/audit?action=certificate.", ""), 200,
                "\"action\":\"certificate.issue\"");
    assert_says(native(w, HTTP_GET, "/api/v1/audit?action=nothing", ""), 200,
                "{\"entries\":[],\"next\":null}");
    assert_says(native(w, HTTP_GET, "/api/v1/audit?limit=1", ""), 200, "\"next\":\"");
    assert_says(native(w, HTTP_GET, "/api/v1/audit?since=1h", ""), 200, "\"userAgent\":\"curl/7.88.1\"");
    world_close(w);
}

static void backs_up_only_what_has_files(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    assert_int_equal(
        native(w, HTTP_POST, "/api/v1/backup", "{\"path\":\"/tmp/fairlead-never-written\"}").status, 400);
    world_close(w);
}

static void rekeys_the_vault(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    assert_says(native(w, HTTP_POST, "/api/v1/vault/rekey", "{}"), 200, "vault.key");
    assert_int_equal(world_audit(w, "vault.rekey", NULL), 1);
    world_close(w);
}

static void tells_whether_it_lives_and_is_ready(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    (void)world_certificate(w, "shop");
    assert_answer(native(w, HTTP_GET, "/healthz", ""), 200, "ok\n");
    assert_answer(native(w, HTTP_GET, "/readyz", ""), 200, "ready\n");
    assert_answer(native(w, HTTP_GET, "/version", ""), 200,
                  "{\"name\":\"fairlead\",\"version\":\"" FAIRLEAD_VERSION
                  "\",\"compass\":\"1.8+\",\"kyma\":[\"0.4\",\"0.5\",\"1.x\",\"2.x\"]}");
    const struct answer metrics = native(w, HTTP_GET, "/metrics", "");
    assert_text(metrics.content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_says(metrics, 200, "\nfairlead_certificates_issued_total 1\n");
    assert_says(metrics, 200, "\nfairlead_certificates_active 1\n");
    assert_says(metrics, 200, "# TYPE fairlead_request_duration_seconds histogram\n");
    assert_says(metrics, 200, "\nfairlead_request_duration_seconds_bucket{le=\"+Inf\"} 0\n");
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_it_does_not_understand),
        cmocka_unit_test(keeps_applications),
        cmocka_unit_test(shows_a_tokens_value_once),
        cmocka_unit_test(lists_shows_and_revokes_certificates),
        cmocka_unit_test(shows_ca_status_and_audit),
        cmocka_unit_test(backs_up_only_what_has_files),
        cmocka_unit_test(rekeys_the_vault),
        cmocka_unit_test(tells_whether_it_lives_and_is_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
