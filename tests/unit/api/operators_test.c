/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "api/compass/compass.h"
#include "ask.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/json_scan.h"
#include "check.h"
#include "director/director.h"

#define NOW_MS 1795238024000

static struct world *open_world(void)
{
    struct world *w = world_open(NULL);
    assert_ok(director_default_tenant(w->store, &w->err));
    return w;
}

static struct ask to_control(enum http_method method, const char *target, const char *body)
{
    return (struct ask){.method = method,
                        .target = target,
                        .listener = ON_CONTROL,
                        .principal = {.kind = PRINCIPAL_OPERATOR, .uid = 1000, .actor = TEXT("uid:1000")},
                        .body = text_of(body)};
}

static struct answer native(struct world *w, enum http_method method, const char *target, const char *body)
{
    const struct ask in = to_control(method, target, body);
    const struct answer got = ask(w, &in);
    if (got.body.n > 0)
        assert_ok(json_scan(got.body, NULL));
    return got;
}

static bool says(struct answer a, const char *part)
{
    return a.body.p && memmem(a.body.p, a.body.n, part, strlen(part)) != NULL;
}

#define assert_says(answer_, status_, part)                                                                  \
    do {                                                                                                     \
        const struct answer says_ = (answer_);                                                               \
        if (says_.status != (status_) || !says(says_, part))                                                 \
            fail_msg("%d %.*s", says_.status, TEXT_ARG(says_.body));                                         \
    } while (0)

static struct operator_row row_of(struct world *w, struct text token)
{
    uint8_t hash[SHA256_SIZE];
    struct operator_row row;
    sha256(text_bytes(token), hash);
    assert_ok(store_operator_find(w->store, hash, &w->arena, &row));
    return row;
}

/* ---- refusals ---- */

static void refuses_what_it_does_not_understand(void **state)
{
    (void)state;
    static const struct {
        enum http_method method;
        const char *target, *body;
        int status;
        const char *detail;
    } rows[] = {
        {HTTP_POST, "/api/v1/operators", "", 400, "unexpected end of JSON input"},
        {HTTP_POST, "/api/v1/operators", "{}", 400, "An operator's name has 1 to 64"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"-a\"}", 400, "begins with a letter"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"..\"}", 400, "begins with a letter"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a b\"}", 400, "An operator's name has"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\\n\"}", 400, "An operator's name has"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":7}", 400, "name must be a string"},
        {HTTP_POST, "/api/v1/operators",
         "{\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", 400, "1 to 64"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\",\"scope\":[\"tenant:read\"]}", 400,
         "\\\"scope\\\" is not known"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\",\"scopes\":[]}", 400, "with one at least"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\",\"scopes\":\"*\"}", 400, "scopes must be an array"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\",\"scopes\":[3]}", 400, "scopes must be an array"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\",\"scopes\":[\"\"]}", 400, "There is no scope ''"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\",\"scopes\":[\"application:all\"]}", 400,
         "There is no scope 'application:all'"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\",\"scopes\":[\"*\",\"runtime:write *\"]}", 400,
         "There is no scope 'runtime:write *'"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\",\"tenants\":[]}", 400, "with one at least"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\",\"tenants\":[\"nobody's\"]}", 400,
         "There is no tenant 'nobody's'"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\",\"expiresIn\":\"soon\"}", 400, "expiresIn must be"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\",\"expiresIn\":\"0s\"}", 400, "expiresIn must be"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\",\"expiresIn\":\"999ms\"}", 400,
         "expiresIn must be"},
        {HTTP_POST, "/api/v1/operators", "{\"name\":\"a\",\"expiresIn\":90}", 400, "expiresIn must be"},
        {HTTP_PATCH, "/api/v1/operators/none", "{\"scopes\":[\"*\"]}", 404, "There is no operator none"},
        {HTTP_PATCH, "/api/v1/operators/none", "{}", 400, "Nothing to change"},
        {HTTP_PATCH, "/api/v1/operators/none", "{\"scopes\":null}", 400, "Nothing to change"},
        {HTTP_PATCH, "/api/v1/operators/none", "{\"name\":\"b\",\"scopes\":[\"*\"]}", 400,
         "\\\"name\\\" is not known: scopes, tenants"},
        {HTTP_PATCH, "/api/v1/operators/none", "{\"scopes\":[]}", 400, "with one at least"},
        {HTTP_PATCH, "/api/v1/operators/none", "{\"scopes\":[\"all\"]}", 400, "There is no scope 'all'"},
        {HTTP_PATCH, "/api/v1/operators/none", "{\"tenants\":[\"nobody's\"]}", 400, "There is no tenant"},
        {HTTP_PATCH, "/api/v1/operators/none", "{\"expiresIn\":\"\"}", 400, "expiresIn must be"},
        {HTTP_DELETE, "/api/v1/operators/none", "", 404, "There is no operator none"},
        {HTTP_POST, "/api/v1/tenants", "{}", 400, "externalId has 1 to 120 bytes"},
        {HTTP_POST, "/api/v1/tenants", "{\"externalId\":\"a b\"}", 400, "no blanks"},
        {HTTP_POST, "/api/v1/tenants", "{\"externalId\":\"a/b\"}", 400, "externalId has"},
        {HTTP_POST, "/api/v1/tenants", "{\"externalId\":\"*\"}", 400, "externalId has"},
        {HTTP_POST, "/api/v1/tenants", "{\"externalId\":\"..\"}", 400, "externalId has"},
        {HTTP_POST, "/api/v1/tenants", "{\"externalId\":\"a\\u0000\"}", 400, "externalId has"},
        {HTTP_POST, "/api/v1/tenants", "{\"externalId\":\"a\",\"name\":\"a\\u001b\"}", 400,
         "A tenant's name"},
        {HTTP_POST, "/api/v1/tenants", "{\"externalId\":\"a\",\"type\":\"Account\"}", 400, "A tenant's type"},
        {HTTP_GET, "/api/v1/tenants?offset=-1", "", 400, "offset must be a number from 0"},
        {HTTP_GET, "/api/v1/tenants?limit=0", "", 400, "limit must be a number from 1 to 500"},
        {HTTP_DELETE, "/api/v1/tenants/none", "", 404, "There is no tenant none"},
    };
    struct world *w = open_world();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer got = native(w, rows[i].method, rows[i].target, rows[i].body);
        assert_says(got, rows[i].status, rows[i].detail);
        assert_text(got.content_type, "application/problem+json");
    }
    assert_says(native(w, HTTP_GET, "/api/v1/operators", ""), 200, "{\"operators\":[]}");
    assert_int_equal(world_audit(w, "operator.", NULL), 0);
    world_close(w);
}

/* ---- operators ---- */

static void shows_the_token_once_and_keeps_its_hash(void **state)
{
    (void)state;
    struct world *w = open_world();
    const struct answer made =
        native(w, HTTP_POST, "/api/v1/operators",
               "{\"name\":\"ci\",\"scopes\":[\"tenant:read\",\"application:read\",\"tenant:read\"]}");
    assert_says(made, 201, "\"scopes\":[\"application:read\",\"tenant:read\"],\"tenants\":[\"*\"]");
    const struct text token = answer_member(w, made.body, "token");
    assert_int_equal(token.n, 88);
    const struct operator_row row = row_of(w, token);
    assert_text(row.name, "ci");
    assert_text(row.created_by, "uid:1000");
    assert_int_equal(row.expires_at - row.created_at, 90 * 86400);

    const struct answer list = native(w, HTTP_GET, "/api/v1/operators", "");
    assert_says(list, 200, "\"lastUsedAt\":null,\"createdBy\":\"uid:1000\"");
    assert_false(says(list, "token") || says(list, "hash"));
    assert_says(native(w, HTTP_POST, "/api/v1/operators", "{\"name\":\"ci\"}"), 409, "delete it");

    struct audit_entry newest;
    assert_int_equal(world_audit(w, "operator.create", &newest), 1);
    assert_text(newest.subject, "ci");
    assert_true(text_starts_with(
        newest.detail,
        TEXT("{\"scopes\":\"application:read tenant:read\",\"tenants\":\"*\",\"expiresAt\":\"")));

    assert_int_equal(native(w, HTTP_DELETE, "/api/v1/operators/ci", "").status, 204);
    assert_int_equal(native(w, HTTP_DELETE, "/api/v1/operators/ci", "").status, 404);
    assert_int_equal(world_audit(w, "operator.delete", NULL), 1);
    world_close(w);
}

static void all_is_said_by_leaving_out_or_by_a_star(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"name\":\"a\",\"expiresIn\":\"never\"}",
        "{\"name\":\"b\",\"scopes\":null,\"tenants\":null,\"expiresIn\":\"never\"}",
        "{\"name\":\"c\",\"scopes\":[\"runtime:read\",\"*\"],\"tenants\":[\"*\"],\"expiresIn\":\"never\"}",
    };
    struct world *w = open_world();
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        const struct answer made = native(w, HTTP_POST, "/api/v1/operators", bodies[i]);
        assert_says(made, 201, "\"scopes\":[\"*\"],\"tenants\":[\"*\"],\"state\":\"active\"");
        assert_says(made, 201, "\"expiresAt\":null");
        assert_int_equal(row_of(w, answer_member(w, made.body, "token")).expires_at, 0);
    }
    world_close(w);
}

static void tenants_of_an_operator_are_words_in_order(void **state)
{
    (void)state;
    struct world *w = open_world();
    assert_int_equal(native(w, HTTP_POST, "/api/v1/tenants", "{\"externalId\":\"b\"}").status, 201);
    assert_int_equal(native(w, HTTP_POST, "/api/v1/tenants", "{\"externalId\":\"a\"}").status, 201);
    const struct answer made =
        native(w, HTTP_POST, "/api/v1/operators",
               "{\"name\":\"x\",\"tenants\":[\"b\",\"a\",\"b\"],\"scopes\":[\"*\"],\"expiresIn\":\"12h\"}");
    assert_says(made, 201, "\"tenants\":[\"a\",\"b\"]");
    assert_text(row_of(w, answer_member(w, made.body, "token")).tenants, "a b");
    world_close(w);
}

static void a_change_keeps_the_token_and_what_it_does_not_name(void **state)
{
    (void)state;
    struct world *w = open_world();
    clock_set_test(NOW_MS, 0);
    const struct answer made =
        native(w, HTTP_POST, "/api/v1/operators",
               "{\"name\":\"x\",\"scopes\":[\"tenant:read\"],\"expiresIn\":\"never\"}");
    const struct text token = answer_member(w, made.body, "token");
    const struct answer narrowed = native(w, HTTP_PATCH, "/api/v1/operators/x", "{\"expiresIn\":\"13d\"}");
    assert_says(narrowed, 200, "\"scopes\":[\"tenant:read\"],\"tenants\":[\"*\"],\"state\":\"expiring\"");
    assert_false(says(narrowed, "token") || says(narrowed, "hash"));
    assert_int_equal(row_of(w, token).expires_at, NOW_MS / 1000 + 13 * 86400);
    assert_says(native(w, HTTP_PATCH, "/api/v1/operators/x",
                       "{\"scopes\":[\"runtime:read\",\"*\"],\"tenants\":[\"*\"],\"expiresIn\":\"never\"}"),
                200, "\"scopes\":[\"*\"],\"tenants\":[\"*\"],\"state\":\"active\"");
    assert_int_equal(row_of(w, token).expires_at, 0);
    struct audit_entry newest;
    assert_int_equal(world_audit(w, "operator.update", &newest), 2);
    assert_text(newest.subject, "x");
    assert_text(newest.detail, "{\"scopes\":\"*\",\"tenants\":\"*\",\"expiresAt\":null}");
    clock_real();
    world_close(w);
}

static void ask_director(struct world *w, struct compass *compass, struct text token, int expected)
{
    const char *bearer = arena_cstr(&w->arena, arena_printf(&w->arena, "Bearer %.*s", TEXT_ARG(token)));
    const struct ask in = {.method = HTTP_POST,
                           .target = "/director/graphql",
                           .listener = ON_CONNECTOR,
                           .fields = {{"Authorization", bearer}, {"Content-Type", "application/json"}},
                           .body = TEXT("{\"query\":\"{ viewer { id } }\"}")};
    struct prepared p;
    ask_prepare(&p, w, &in);
    p.domain.compass = compass;
    assert_ok(ask_run(&p, expected));
}

/* The connector listener's route is anyone's: the Director itself looks at what the certificate is worth. */
static void a_certificate_that_is_not_good_speaks_for_nobody(void **state)
{
    (void)state;
    struct world *w = open_world();
    struct compass *compass = NULL;
    assert_ok(compass_new(&compass, &w->err));
    assert_int_equal(native(w, HTTP_POST, "/api/v1/applications", "{\"name\":\"shop\"}").status, 201);
    static const struct {
        enum certificate_verdict verdict;
        struct text subject_error;
        int status;
    } rows[] = {{CERT_ACTIVE, TEXT_INIT("O is another"), 403},
                {CERT_UNKNOWN, TEXT_INIT(""), 403},
                {CERT_ACTIVE, TEXT_INIT(""), 200}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ask in = {.method = HTTP_POST,
                               .target = "/director/graphql",
                               .listener = ON_CONNECTOR,
                               .principal = {.kind = PRINCIPAL_CERTIFICATE,
                                             .certificate = rows[i].verdict,
                                             .application = TEXT("shop"),
                                             .tenant = TEXT(""),
                                             .subject_error = rows[i].subject_error},
                               .fields = {{"Content-Type", "application/json"}},
                               .body = TEXT("{\"query\":\"{ viewer { id } }\"}")};
        struct prepared p;
        ask_prepare(&p, w, &in);
        p.domain.compass = compass;
        assert_ok(ask_run(&p, rows[i].status));
    }
    compass_free(compass);
    world_close(w);
}

static void use_is_noted_once_a_minute_until_the_end(void **state)
{
    (void)state;
    struct world *w = open_world();
    struct compass *compass = NULL;
    assert_ok(compass_new(&compass, &w->err));
    clock_set_test(NOW_MS, 0);
    const struct answer made =
        native(w, HTTP_POST, "/api/v1/operators", "{\"name\":\"x\",\"expiresIn\":\"2m\"}");
    const struct text token = answer_member(w, made.body, "token");
    static const struct {
        int64_t at, noted;
        int status;
    } rows[] = {{0, 0, 200}, {59, 0, 200}, {60, 60, 200}, {119, 60, 200}, {120, 60, 401}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        clock_set_test(NOW_MS + rows[i].at * 1000, 0);
        ask_director(w, compass, token, rows[i].status);
        assert_int_equal(row_of(w, token).last_used_at, NOW_MS / 1000 + rows[i].noted);
    }
    assert_says(native(w, HTTP_GET, "/api/v1/operators", ""), 200, "\"state\":\"expired\"");
    clock_real();
    compass_free(compass);
    world_close(w);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    struct world *w = open_world();
    const struct ask in =
        to_control(HTTP_POST, "/api/v1/operators", "{\"name\":\"x\",\"scopes\":[\"tenant:read\"]}");
    struct prepared p;
    ask_prepare(&p, w, &in);
    assert_survives_failing_allocations(ask_run(&p, 201));
    assert_int_equal(world_audit(w, "operator.create", NULL), 1); /* what failed changed nothing */
    world_close(w);
}

/* ---- tenants ---- */

static void keeps_tenants(void **state)
{
    (void)state;
    struct world *w = open_world();
    struct tenant standard;
    assert_ok(store_tenant_get(w->store, TEXT(""), &w->arena, &standard));
    const char *one = arena_cstr(
        &w->arena, arena_printf(&w->arena, "/api/v1/tenants/%.*s", TEXT_ARG(standard.external_id)));
    assert_says(native(w, HTTP_DELETE, one, ""), 400, "is the default one, which stays");
    const struct answer status = native(w, HTTP_GET, "/api/v1/status", "");
    assert_true(text_equal(answer_member(w, status.body, "defaultTenant"), standard.external_id));

    assert_says(native(w, HTTP_POST, "/api/v1/tenants", "{\"externalId\":\"~b\",\"name\":\"Bee\"}"), 201,
                "\"name\":\"Bee\",\"type\":\"account\",\"default\":false");
    assert_says(native(w, HTTP_POST, "/api/v1/tenants", "{\"externalId\":\"~b\"}"), 409, "already");
    assert_int_equal(
        native(w, HTTP_POST, "/api/v1/tenants", "{\"externalId\":\"~c\",\"type\":\"customer\"}").status, 201);
    assert_says(native(w, HTTP_GET, "/api/v1/tenants?limit=1&offset=1", ""), 200,
                "{\"tenants\":[{\"externalId\":\"~b\"");
    assert_says(native(w, HTTP_GET, "/api/v1/tenants?limit=1&offset=1", ""), 200,
                "\"total\":3,\"next\":\"2\"}");
    assert_says(native(w, HTTP_GET, "/api/v1/tenants?limit=1&offset=2", ""), 200, "\"next\":null}");
    assert_says(native(w, HTTP_GET, "/api/v1/tenants?contains=Bee", ""), 200, "\"total\":1,\"next\":null}");
    assert_says(native(w, HTTP_GET, "/api/v1/tenants?offset=9", ""), 200,
                "{\"tenants\":[],\"total\":3,\"next\":null}");

    const struct object used = {.kind = OBJECT_APPLICATION,
                                .id = {1},
                                .tenant = TEXT("~b"),
                                .name = TEXT("mp-x"),
                                .details = TEXT("{}")};
    const struct audit_entry audit = {
        .at = 1, .last_at = 1, .count = 1, .action = TEXT("application.create")};
    assert_ok(store_object_create(w->store, &used, &audit));
    assert_says(native(w, HTTP_DELETE, "/api/v1/tenants/~b", ""), 409, "Tenant ~b is used");
    assert_int_equal(native(w, HTTP_DELETE, "/api/v1/tenants/~c", "").status, 204);
    assert_int_equal(world_audit(w, "tenant.create", NULL), 3);
    assert_int_equal(world_audit(w, "tenant.delete", NULL), 1);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_it_does_not_understand),
        cmocka_unit_test(shows_the_token_once_and_keeps_its_hash),
        cmocka_unit_test(all_is_said_by_leaving_out_or_by_a_star),
        cmocka_unit_test(tenants_of_an_operator_are_words_in_order),
        cmocka_unit_test(a_change_keeps_the_token_and_what_it_does_not_name),
        cmocka_unit_test(a_certificate_that_is_not_good_speaks_for_nobody),
        cmocka_unit_test(use_is_noted_once_a_minute_until_the_end),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(keeps_tenants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
