/* SPDX-License-Identifier: Apache-2.0 */
#include "store/directory.h"

#include "store_suite.h"

#include <stdio.h>

#include "base/buffer.h"

/* Tenants, applications and runtimes by id, labels, system auths. */

static struct tenant tenant_of(const char *key, const char *external_id)
{
    struct tenant t = {.key = text_of(key),
                       .external_id = text_of(external_id),
                       .name = TEXT("A name"),
                       .type = TEXT("account"),
                       .created_at = NOW};
    uuid_new(t.internal_id);
    return t;
}

static struct object object_of(enum object_kind kind, const char *tenant, const char *name,
                               const char *labels)
{
    struct object o = {.kind = kind,
                       .tenant = text_of(tenant),
                       .name = text_of(name),
                       .description = TEXT("made by a test"),
                       .labels = text_of(labels),
                       .details = TEXT("{\"baseUrl\":\"https://x.example\"}"),
                       .status = 3,
                       .status_at = NOW,
                       .created_at = NOW,
                       .updated_at = NOW};
    uuid_new(o.id);
    return o;
}

static struct object make(struct fixture *f, enum object_kind kind, const char *tenant, const char *name,
                          const char *labels)
{
    const struct object o = object_of(kind, tenant, name, labels);
    assert_ok(store_object_create(f->s, &o, AUDIT("object.create")));
    return o;
}

static struct system_auth make_auth(struct fixture *f, const struct object *o)
{
    struct system_auth auth = {.kind = o->kind, .tenant = o->tenant, .created_at = NOW};
    uuid_new(auth.id);
    memcpy(auth.object, o->id, sizeof auth.object);
    assert_ok(store_system_auth_create(f->s, &auth, AUDIT("auth.create")));
    return auth;
}

static struct status make_auth_token(struct fixture *f, unsigned n, const struct system_auth *auth)
{
    struct token_create in = {.token = token_of(n, "shop")};
    in.token.kind = TOKEN_COMPASS_APPLICATION;
    in.token.tenant = auth->tenant;
    in.token.system_auth = BYTES_OF(auth->id);
    in.token.created_at = NOW + n;
    return store_token_create(f->s, &in, AUDIT("token.create"));
}

/* ---- tenants ---- */

static void tenants_are_found_by_what_clients_send(struct fixture *f)
{
    struct tenant got;
    const struct tenant first = tenant_of("", "3e64ebae-38b5-46a0-b1ed-9ccee153a0ae"),
                        other = tenant_of("t2", "t2");
    assert_status(store_tenant_find(f->s, TEXT("t2"), &f->arena, &got), E_NOT_FOUND);
    assert_ok(store_tenant_create(f->s, &first, AUDIT("tenant.create")));
    assert_ok(store_tenant_create(f->s, &other, AUDIT("tenant.create")));
    assert_ok(store_tenant_find(f->s, first.external_id, &f->arena, &got));
    assert_int_equal(got.key.n, 0);
    assert_text(got.type, "account");
    assert_memory_equal(got.internal_id, first.internal_id, sizeof got.internal_id);
    assert_ok(store_tenant_get(f->s, TEXT("t2"), &f->arena, &got));
    assert_text(got.external_id, "t2");

    assert_status(store_tenant_create(f->s, &other, AUDIT("tenant.create")), E_CONFLICT);
    const struct tenant second_default = tenant_of("", "another");
    assert_status(store_tenant_create(f->s, &second_default, AUDIT("tenant.create")), E_CONFLICT);
    const struct tenant refused[] = {tenant_of("a", "b"), tenant_of("a/b", "a/b"), tenant_of("", "")};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_status(store_tenant_create(f->s, &refused[i], AUDIT("tenant.create")), E_INVALID);
    assert_int_equal(audit_rows(f, "tenant.create"), 2);
}

static bool note_external_id(void *ctx, const struct tenant *t)
{
    buffer_text(ctx, t->external_id);
    buffer_byte(ctx, ' ');
    return true;
}

static void tenants_are_listed_in_pages_with_a_total(struct fixture *f)
{
    for (char c = 'a'; c <= 'e'; c++) {
        const char id[] = {c, c, '\0'};
        const struct tenant t = tenant_of(id, id);
        assert_ok(store_tenant_create(f->s, &t, AUDIT("tenant.create")));
    }
    struct buffer ids;
    uint64_t total = 0;
    buffer_init(&ids, 1024);
    assert_ok(store_tenant_list(f->s, TEXT(""), &(struct offset_page){1, 2}, &f->arena, note_external_id,
                                &ids, &total));
    assert_text(buffer_as_text(&ids), "bb cc ");
    assert_int_equal(total, 5);
    buffer_clear(&ids);
    assert_ok(store_tenant_list(f->s, TEXT("dd"), &(struct offset_page){0, 9}, &f->arena, note_external_id,
                                &ids, &total));
    assert_text(buffer_as_text(&ids), "dd ");
    assert_int_equal(total, 1);
    assert_status(store_tenant_list(f->s, TEXT(""), &(struct offset_page){0, 0}, &f->arena, note_external_id,
                                    &ids, &total),
                  E_INVALID);
    buffer_release(&ids);
}

static void a_tenant_that_holds_something_stays(struct fixture *f)
{
    const struct tenant first = tenant_of("", "default"), other = tenant_of("t2", "t2");
    assert_ok(store_tenant_create(f->s, &first, AUDIT("tenant.create")));
    assert_ok(store_tenant_create(f->s, &other, AUDIT("tenant.create")));
    const struct object o = make(f, OBJECT_RUNTIME, "t2", "runtime", "{}");
    assert_status(store_tenant_delete(f->s, TEXT("t2"), AUDIT("tenant.delete")), E_CONFLICT);
    assert_ok(
        store_object_delete(f->s, OBJECT_RUNTIME, TEXT("t2"), o.id, AUDIT("object.delete"), NULL, NULL));
    assert_ok(store_tenant_delete(f->s, TEXT("t2"), AUDIT("tenant.delete")));
    assert_status(store_tenant_delete(f->s, TEXT("t2"), AUDIT("tenant.delete")), E_NOT_FOUND);
    assert_status(store_tenant_delete(f->s, TEXT("default"), AUDIT("tenant.delete")), E_INVALID);
    struct tenant got;
    assert_ok(store_tenant_get(f->s, TEXT(""), &f->arena, &got));
    assert_text(got.name, "A name");
    assert_int_equal(audit_rows(f, "tenant.delete"), 1);
}

/* ---- applications and runtimes ---- */

static void every_application_has_an_id(struct fixture *f)
{
    struct object by_name, by_id;
    assert_ok(make_application(f, "shop"));
    assert_ok(store_object_named(f->s, OBJECT_APPLICATION, TEXT(""), TEXT("shop"), &f->arena, &by_name));
    assert_text(by_name.description, "made by a test");
    assert_int_equal(by_name.id[6] >> 4, 4);
    assert_int_equal(by_name.revision, 1);
    assert_ok(store_object_get(f->s, OBJECT_APPLICATION, TEXT(""), by_name.id, &f->arena, &by_id));
    assert_text(by_id.name, "shop");

    const struct text labels = TEXT("{\"region\":\"eu\"}");
    const struct application_change change = {.labels = &labels};
    assert_ok(store_application_update(f->s, TEXT(""), TEXT("shop"), &change, AUDIT("application.update")));
    assert_ok(store_object_get(f->s, OBJECT_APPLICATION, TEXT(""), by_name.id, &f->arena, &by_id));
    assert_text(by_id.labels, "{\"region\":\"eu\"}");
    assert_int_equal(by_id.revision, 2);
}

static void an_object_is_one_application_on_both_faces(struct fixture *f)
{
    const struct object o = make(f, OBJECT_APPLICATION, "", "mp-shop", "{\"a\":1}");
    struct application app;
    assert_ok(store_application_get(f->s, TEXT(""), TEXT("mp-shop"), &f->arena, &app));
    assert_text(app.labels, "{\"a\":1}");
    assert_int_equal(counts_of(f).applications, 1);
    const struct object same_name = object_of(OBJECT_APPLICATION, "", "mp-shop", "{}");
    assert_status(store_object_create(f->s, &same_name, AUDIT("object.create")), E_CONFLICT);
    assert_status(make_application(f, "mp-shop"), E_CONFLICT);

    const struct text description = TEXT("another"), labels = TEXT("{\"b\":[1,\"x\"]}");
    const int status = 5;
    const struct object_change change = {.description = &description,
                                         .labels = &labels,
                                         .status = &status,
                                         .now = NOW + 9,
                                         .expected_revision = 1};
    assert_ok(store_object_update(f->s, OBJECT_APPLICATION, TEXT(""), o.id, &change, AUDIT("object.update")));
    assert_status(
        store_object_update(f->s, OBJECT_APPLICATION, TEXT(""), o.id, &change, AUDIT("object.update")),
        E_CHANGED);
    assert_ok(store_application_get(f->s, TEXT(""), TEXT("mp-shop"), &f->arena, &app));
    assert_text(app.description, "another");
    assert_text(app.labels, "{\"b\":[1,\"x\"]}");
    struct object got;
    assert_ok(store_object_get(f->s, OBJECT_APPLICATION, TEXT(""), o.id, &f->arena, &got));
    assert_int_equal(got.status, 5);
    assert_int_equal(got.status_at, NOW + 9);
    assert_text(got.details, "{\"baseUrl\":\"https://x.example\"}");

    assert_ok(
        store_application_delete(f->s, TEXT(""), TEXT("mp-shop"), AUDIT("application.delete"), NULL, NULL));
    assert_status(store_object_get(f->s, OBJECT_APPLICATION, TEXT(""), o.id, &f->arena, &got), E_NOT_FOUND);
    assert_ok(store_object_create(f->s, &same_name, AUDIT("object.create")));
}

static void a_runtime_can_get_another_name(struct fixture *f)
{
    const struct object o = make(f, OBJECT_RUNTIME, "", "one", "{}");
    make(f, OBJECT_RUNTIME, "", "two", "{}");
    const struct text name = TEXT("two"), free_name = TEXT("three");
    struct object_change change = {.name = &name, .now = NOW};
    assert_status(store_object_update(f->s, OBJECT_RUNTIME, TEXT(""), o.id, &change, AUDIT("object.update")),
                  E_CONFLICT);
    change.name = &free_name;
    assert_ok(store_object_update(f->s, OBJECT_RUNTIME, TEXT(""), o.id, &change, AUDIT("object.update")));
    struct object got;
    assert_ok(store_object_named(f->s, OBJECT_RUNTIME, TEXT(""), TEXT("three"), &f->arena, &got));
    assert_memory_equal(got.id, o.id, sizeof o.id);
    assert_status(
        store_object_update(f->s, OBJECT_APPLICATION, TEXT(""), o.id, &change, AUDIT("object.update")),
        E_INVALID);
}

static void a_revoked_caller_writes_nothing(struct fixture *f)
{
    bool was = false;
    assert_ok(
        store_certificate_revoke(f->s, digest_of(7).p, TEXT(""), NOW, AUDIT("certificate.revoke"), &was));
    struct audit_entry audit = entry("object.create");
    const struct digest fingerprint = digest_of(7);
    audit.certificate = fingerprint.p;
    const struct object o = object_of(OBJECT_RUNTIME, "", "one", "{}");
    assert_status(store_object_create(f->s, &o, &audit), E_DENIED);
    assert_int_equal(audit_rows(f, "object.create"), 0);
}

/* Every operation of one tenant's objects with another tenant's key finds nothing and changes nothing. */
static void tenants_are_a_wall(struct fixture *f)
{
    const struct object o = make(f, OBJECT_APPLICATION, "a", "shop", "{\"k\":\"v\"}");
    const struct system_auth auth = make_auth(f, &o);
    const struct text b = TEXT("b");
    struct object got;
    struct system_auth got_auth;
    uint64_t total = 7;
    const struct object_change change = {.now = NOW};
    assert_status(store_object_get(f->s, OBJECT_APPLICATION, b, o.id, &f->arena, &got), E_NOT_FOUND);
    assert_status(store_object_get(f->s, OBJECT_RUNTIME, TEXT("a"), o.id, &f->arena, &got), E_NOT_FOUND);
    assert_status(store_object_named(f->s, OBJECT_APPLICATION, b, o.name, &f->arena, &got), E_NOT_FOUND);
    assert_status(store_object_update(f->s, OBJECT_APPLICATION, b, o.id, &change, AUDIT("x")), E_NOT_FOUND);
    assert_status(store_object_delete(f->s, OBJECT_APPLICATION, b, o.id, AUDIT("x"), NULL, NULL),
                  E_NOT_FOUND);
    assert_status(store_system_auth_get(f->s, &b, auth.id, NOW, &f->arena, &got_auth), E_NOT_FOUND);
    assert_status(store_system_auth_delete(f->s, b, auth.id, AUDIT("x"), NULL, NULL), E_NOT_FOUND);
    struct system_auth foreign = {.kind = OBJECT_APPLICATION, .tenant = b, .created_at = NOW};
    memcpy(foreign.object, o.id, sizeof foreign.object);
    uuid_new(foreign.id);
    assert_status(store_system_auth_create(f->s, &foreign, AUDIT("x")), E_NOT_FOUND);
    foreign = auth;
    foreign.tenant = b;
    assert_status(make_auth_token(f, 1, &foreign), E_NOT_FOUND);
    const struct label_filter label = {.key = TEXT("k")};
    const struct object_filter filter = {
        .kind = OBJECT_APPLICATION, .tenant = b, .labels = &label, .label_count = 1};
    assert_ok(store_object_list(f->s, &filter, &(struct offset_page){0, 9}, &f->arena, NULL, NULL, &total));
    assert_int_equal(total, 0);
    assert_int_equal(audit_rows(f, "x"), 0);
    assert_ok(store_system_auth_get(f->s, NULL, auth.id, NOW, &f->arena, &got_auth));
    assert_text(got_auth.tenant, "a");
}

/* ---- labels ---- */

static bool note_name(void *ctx, const struct object *o)
{
    buffer_text(ctx, o->name);
    buffer_byte(ctx, ' ');
    return true;
}

static void assert_matches(struct fixture *f, const struct label_filter *labels, unsigned count,
                           unsigned expected)
{
    struct buffer names;
    uint64_t total = 0;
    buffer_init(&names, 4096);
    const struct object_filter filter = {
        .kind = OBJECT_APPLICATION, .tenant = TEXT(""), .labels = labels, .label_count = count};
    assert_ok(store_object_list(f->s, &filter, &(struct offset_page){0, 100}, &f->arena, note_name, &names,
                                &total));
    unsigned listed = 0;
    for (size_t i = 0; i < buffer_size(&names); i++)
        listed += buffer_as_text(&names).p[i] == ' ';
    assert_int_equal(total, expected);
    assert_int_equal(listed, expected);
    buffer_release(&names);
}

/* PostgreSQL's @>, as the Director's label filters have it. */
static void labels_are_found_as_they_contain(struct fixture *f)
{
    make(f, OBJECT_APPLICATION, "", "one", "{\"name\":\"mp-one\",\"scenarios\":[\"dev\",\"test\"],\"n\":5}");
    make(f, OBJECT_APPLICATION, "", "two",
         "{\"name\":\"mp-two\",\"scenarios\":[\"dev\"],\"o\":{\"a\":1,\"b\":[2,3]}}");
    make(f, OBJECT_APPLICATION, "", "three", "{\"name\":\"mp \\u003c\\\"3\\\"\",\"n\":true,\"none\":null}");
    make(f, OBJECT_RUNTIME, "", "runtime", "{\"name\":\"mp-one\"}");
    static const struct {
        const char *key, *contains;
        unsigned expected;
    } rows[] = {
        {"name", "", 3},
        {"absent", "", 0},
        {"name", "\"mp-one\"", 1},
        {"name", "\"mp \\u003c\\u0022\\u0033\\\"\"", 1},
        {"name", "\"mp-\"", 0},
        {"scenarios", "\"dev\"", 2},
        {"scenarios", "[\"dev\"]", 2},
        {"scenarios", "[\"test\",\"dev\"]", 1},
        {"scenarios", "[]", 2},
        {"scenarios", "{}", 0},
        {"n", "5", 1},
        {"n", "\"5\"", 0},
        {"n", "true", 1},
        {"none", "null", 1},
        {"o", "{\"a\":1}", 1},
        {"o", "{\"b\":[3]}", 1},
        {"o", "{\"a\":2}", 0},
        {"o", "{\"a\":1,\"c\":1}", 0},
        {"o", "1", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct label_filter filter = {text_of(rows[i].key), text_of(rows[i].contains)};
        assert_matches(f, &filter, 1, rows[i].expected);
    }
    const struct label_filter both[] = {{TEXT("scenarios"), TEXT("\"dev\"")}, {TEXT("n"), TEXT("")}};
    assert_matches(f, both, 2, 1);
    const struct label_filter mixed[] = {{TEXT("scenarios"), TEXT("[\"dev\"]")},
                                         {TEXT("name"), TEXT("\"mp-two\"")}};
    assert_matches(f, mixed, 2, 1);
    assert_matches(f, NULL, 0, 3);
    const struct label_filter broken = {TEXT("n"), TEXT("{")};
    uint64_t total;
    const struct object_filter filter = {.kind = OBJECT_APPLICATION, .labels = &broken, .label_count = 1};
    assert_status(
        store_object_list(f->s, &filter, &(struct offset_page){0, 1}, &f->arena, note_name, NULL, &total),
        E_INVALID);
}

static void labels_that_went_are_not_found(struct fixture *f)
{
    const struct object o = make(f, OBJECT_APPLICATION, "", "one", "{\"a\":\"x\"}");
    const struct label_filter a = {TEXT("a"), TEXT("\"x\"")}, b = {TEXT("b"), TEXT("")};
    const struct text labels = TEXT("{\"b\":\"x\"}");
    const struct object_change change = {.labels = &labels, .now = NOW};
    assert_matches(f, &a, 1, 1);
    assert_ok(store_object_update(f->s, OBJECT_APPLICATION, TEXT(""), o.id, &change, AUDIT("object.update")));
    assert_matches(f, &a, 1, 0);
    assert_matches(f, &b, 1, 1);
    assert_ok(
        store_object_delete(f->s, OBJECT_APPLICATION, TEXT(""), o.id, AUDIT("object.delete"), NULL, NULL));
    assert_matches(f, &b, 1, 0);
}

static void objects_are_listed_in_pages_by_id(struct fixture *f)
{
    char name[16];
    for (unsigned i = 0; i < 12; i++) {
        (void)snprintf(name, sizeof name, "app%u", i);
        make(f, OBJECT_APPLICATION, "", name, i % 2 ? "{\"odd\":true}" : "{}");
    }
    const struct label_filter odd = {TEXT("odd"), TEXT("true")};
    const struct object_filter filter = {.kind = OBJECT_APPLICATION, .labels = &odd, .label_count = 1};
    unsigned seen = 0;
    for (uint64_t offset = 0; offset < 8; offset += 4) {
        struct buffer names;
        uint64_t total = 0;
        buffer_init(&names, 4096);
        assert_ok(store_object_list(f->s, &filter, &(struct offset_page){offset, 4}, &f->arena, note_name,
                                    &names, &total));
        assert_int_equal(total, 6);
        for (size_t i = 0; i < buffer_size(&names); i++)
            seen += buffer_as_text(&names).p[i] == ' ';
        buffer_release(&names);
    }
    assert_int_equal(seen, 6);
}

static void an_application_is_found_by_its_local_tenant(struct fixture *f)
{
    struct object o = object_of(OBJECT_APPLICATION, "", "one", "{}");
    o.local_tenant_id = TEXT("l-1");
    assert_ok(store_object_create(f->s, &o, AUDIT("object.create")));
    make(f, OBJECT_APPLICATION, "", "two", "{}");
    uint64_t total = 0;
    struct object_filter filter = {.kind = OBJECT_APPLICATION, .local_tenant_id = TEXT("l-1")};
    struct buffer names;
    buffer_init(&names, 4096);
    assert_ok(
        store_object_list(f->s, &filter, &(struct offset_page){0, 9}, &f->arena, note_name, &names, &total));
    assert_text(buffer_as_text(&names), "one ");
    filter.local_tenant_id = TEXT("l-2");
    assert_ok(
        store_object_list(f->s, &filter, &(struct offset_page){0, 9}, &f->arena, note_name, &names, &total));
    assert_int_equal(total, 0);
    buffer_release(&names);
}

/* ---- system auths ---- */

static void a_system_auth_has_one_active_token(struct fixture *f)
{
    const struct object o = make(f, OBJECT_APPLICATION, "", "shop", "{}");
    const struct system_auth auth = make_auth(f, &o);
    struct system_auth got;
    assert_ok(store_system_auth_get(f->s, NULL, auth.id, NOW, &f->arena, &got));
    assert_text(got.object_name, "shop");
    assert_int_equal(got.token.created_at, 0);

    assert_ok(make_auth_token(f, 1, &auth));
    assert_ok(make_auth_token(f, 2, &auth));
    assert_int_equal(token_state_of(f, 1, NOW + 3), TOKEN_REPLACED);
    assert_int_equal(token_state_of(f, 2, NOW + 3), TOKEN_ACTIVE);
    assert_ok(store_system_auth_get(f->s, NULL, auth.id, NOW + 3, &f->arena, &got));
    assert_int_equal(got.token.state, TOKEN_ACTIVE);
    assert_int_equal(got.token.created_at, NOW + 2);
    struct token t;
    assert_ok(store_token_find(f->s, digest_of(2).p, NOW + 3, &f->arena, &t));
    assert_memory_equal(t.system_auth.p, auth.id, sizeof auth.id);

    struct token next = token_of(3, "shop");
    next.kind = TOKEN_COMPASS_APPLICATION;
    next.system_auth = BYTES_OF(auth.id);
    assert_ok(store_token_exchange(f->s, digest_of(2).p, &next, NOW + 2, AUDIT("token.exchange")));
    assert_ok(store_system_auth_get(f->s, NULL, auth.id, NOW + 3, &f->arena, &got));
    assert_int_equal(got.token.created_at, NOW + 2); /* the newest by its time */
    next.system_auth = (struct bytes){NULL, 0};
    assert_status(store_token_exchange(f->s, digest_of(3).p, &next, NOW + 3, AUDIT("token.exchange")),
                  E_INVALID);
}

static bool count_auth(void *ctx, const struct system_auth *auth)
{
    (void)auth;
    ++*(size_t *)ctx;
    return true;
}

static struct status certify(struct fixture *f, unsigned n, const struct system_auth *auth)
{
    struct certificate_issue in = {.certificate = certificate_of(f, n, "shop")};
    in.certificate.system_auth = BYTES_OF(auth->id);
    in.certificate.tenant = auth->tenant;
    return store_certificate_issue(f->s, &in, AUDIT("certificate.issue"));
}

static void a_deleted_system_auth_takes_its_certificates_with_it(struct fixture *f)
{
    const struct object o = make(f, OBJECT_APPLICATION, "", "shop", "{}");
    const struct system_auth first = make_auth(f, &o), second = make_auth(f, &o);
    assert_ok(make_auth_token(f, 1, &first));
    assert_ok(make_auth_token(f, 2, &second));
    assert_ok(certify(f, 10, &first));
    assert_ok(certify(f, 11, &second));
    struct certificate c;
    assert_ok(store_certificate_find(f->s, digest_of(10).p, false, &f->arena, &c));
    assert_memory_equal(c.system_auth.p, first.id, sizeof first.id);

    size_t revoked = 0, left = 0;
    assert_ok(store_system_auth_delete(f->s, TEXT(""), first.id, AUDIT("auth.delete"), count_fingerprint,
                                       &revoked));
    assert_int_equal(revoked, 1);
    assert_true(certificate_is_revoked(f, 10));
    assert_false(certificate_is_revoked(f, 11));
    struct token t;
    assert_status(store_token_find(f->s, digest_of(1).p, NOW, &f->arena, &t), E_NOT_FOUND);
    assert_int_equal(token_state_of(f, 2, NOW + 3), TOKEN_ACTIVE);
    assert_ok(
        store_system_auth_list(f->s, OBJECT_APPLICATION, TEXT(""), o.id, NOW, &f->arena, count_auth, &left));
    assert_int_equal(left, 1);
    assert_status(store_system_auth_delete(f->s, TEXT(""), first.id, AUDIT("auth.delete"), NULL, NULL),
                  E_NOT_FOUND);
}

static void a_deleted_object_takes_its_system_auths_with_it(struct fixture *f)
{
    static const enum object_kind kinds[] = {OBJECT_APPLICATION, OBJECT_RUNTIME};
    for (unsigned i = 0; i < 2; i++) {
        const struct object o = make(f, kinds[i], "", "shop", "{}");
        const struct system_auth auth = make_auth(f, &o);
        assert_ok(make_auth_token(f, 20 + i, &auth));
        assert_ok(certify(f, 30 + i, &auth));
        size_t revoked = 0;
        struct system_auth got;
        struct token t;
        assert_ok(store_object_delete(f->s, kinds[i], TEXT(""), o.id, AUDIT("object.delete"),
                                      count_fingerprint, &revoked));
        assert_int_equal(revoked, 1);
        assert_true(certificate_is_revoked(f, 30 + i));
        assert_status(store_system_auth_get(f->s, NULL, auth.id, NOW, &f->arena, &got), E_NOT_FOUND);
        assert_status(store_token_find(f->s, digest_of(20 + i).p, NOW, &f->arena, &t), E_NOT_FOUND);
    }
}

static void what_was_written_is_there_after_a_restart(struct fixture *f)
{
    const struct object o = make(f, OBJECT_RUNTIME, "t", "runtime", "{\"a\":[\"b\"]}");
    const struct system_auth auth = make_auth(f, &o);
    fixture_reopen(f);
    struct object got;
    struct system_auth got_auth;
    assert_ok(store_object_get(f->s, OBJECT_RUNTIME, TEXT("t"), o.id, &f->arena, &got));
    assert_text(got.labels, "{\"a\":[\"b\"]}");
    assert_text(got.description, "made by a test");
    assert_ok(store_system_auth_get(f->s, NULL, auth.id, NOW, &f->arena, &got_auth));
}

const struct contract_check directory_checks[] = {
    {"tenants are found by what clients send", tenants_are_found_by_what_clients_send, false},
    {"tenants are listed in pages with a total", tenants_are_listed_in_pages_with_a_total, false},
    {"a tenant that holds something stays", a_tenant_that_holds_something_stays, false},
    {"every application has an id", every_application_has_an_id, false},
    {"an object is one application on both faces", an_object_is_one_application_on_both_faces, false},
    {"a runtime can get another name", a_runtime_can_get_another_name, false},
    {"a revoked caller writes nothing", a_revoked_caller_writes_nothing, false},
    {"tenants are a wall", tenants_are_a_wall, false},
    {"labels are found as they contain", labels_are_found_as_they_contain, false},
    {"labels that went are not found", labels_that_went_are_not_found, false},
    {"objects are listed in pages by id", objects_are_listed_in_pages_by_id, false},
    {"an application is found by its local tenant", an_application_is_found_by_its_local_tenant, false},
    {"a system auth has one active token", a_system_auth_has_one_active_token, false},
    {"a deleted system auth takes its certificates with it",
     a_deleted_system_auth_takes_its_certificates_with_it, false},
    {"a deleted object takes its system auths with it", a_deleted_object_takes_its_system_auths_with_it,
     false},
    {"what was written is there after a restart", what_was_written_is_there_after_a_restart, true},
    {NULL, NULL, false},
};
