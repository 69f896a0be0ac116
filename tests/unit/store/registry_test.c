/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "scratch.h"

#include <sqlite3.h>

#include "store/instance_auth.h"
#include "store/registry.h"
#include "store/sqlite_files.h"
#include "store/sqlite_migrate.h"

#define NOW         INT64_C(1790000000)
#define AUDIT(what) (&(struct audit_entry){.at = NOW, .action = TEXT(what), .actor = TEXT("uid:0")})

/* What the SQLite backend keeps beside the answers of store.h: rows of an older schema, the change table, and
 * the rules by which damage is found. */

struct place {
    char dir[SCRATCH_MAX], path[96], url[112];
    struct store *s;
};

static void place_make(struct place *p)
{
    scratch_make(p->dir);
    (void)snprintf(p->path, sizeof p->path, "%s/fairlead.db", p->dir);
    (void)snprintf(p->url, sizeof p->url, "sqlite:%s", p->path);
}

static void place_open(struct place *p)
{
    struct store_settings settings = {.url = text_of(p->url), .read_connections = 2, .write_queue_max = 16};
    struct error err = {0};
    struct status s = store_open(&settings, &p->s, &err);
    if (!status_ok(s))
        fail_msg("%s", error_text(&err, s));
}

static void place_remove(struct place *p)
{
    store_close(p->s);
    assert_int_equal(scratch_remove(p->dir), 0);
}

static void run_sql(const struct place *p, const char *sql)
{
    struct sqlite_db db;
    assert_ok(sqlite_db_open(&db, p->path, 1024, NULL));
    assert_ok(sqlite_exec(&db, sql, NULL));
    sqlite_db_close(&db);
}

static int64_t value(const struct place *p, const char *sql)
{
    struct sqlite_db db;
    int64_t out = -1;
    assert_ok(sqlite_db_open(&db, p->path, 1024, NULL));
    assert_ok(sqlite_scalar(&db, sql, &out, NULL));
    sqlite_db_close(&db);
    return out;
}

static struct status create(struct store *s, uint8_t n, struct specification_row *content)
{
    struct service_write w = {
        .service = {.id = {n}, .application = TEXT("a"), .name = TEXT("n"), .identifier = TEXT("")},
        .specifications = {content},
        .secrets = {{.change = SECRET_PUT, .sealed = BYTES_OF("sealed")}},
    };
    if (content)
        w.service.specifications[0] = (struct specification_ref){.present = true, .size = content->size};
    return store_service_create(s, &w, AUDIT("service.create"));
}

static struct status replace(struct store *s, uint8_t n, int64_t revision)
{
    struct service_write w = {.service = {.id = {n}, .application = TEXT("a")},
                              .expected_revision = revision};
    return store_service_replace(s, &w, AUDIT("service.replace"));
}

/* Bundle 20 with API 21 and an instance auth, next to service 1. */
static struct status create_bundle(struct store *s)
{
    struct service_write w = {.service = {.id = {20}, .role = SERVICE_BUNDLE, .application = TEXT("a")}};
    const struct instance_auth i = {.id = {30}, .bundle = {20}};
    TRY(store_service_create(s, &w, AUDIT("bundle.create")));
    w.service.id[0] = 21;
    w.service.role = SERVICE_API;
    w.service.bundle[0] = 20;
    TRY(store_service_create(s, &w, AUDIT("api.create")));
    return store_instance_auth_create(s, &i, AUDIT("auth.create"));
}

static struct status remove_service(struct store *s, uint8_t n)
{
    return store_service_delete(s, TEXT(""), TEXT("a"), (uint8_t[SERVICE_ID_SIZE]){n}, 0,
                                AUDIT("service.delete"));
}

static struct status make_application(struct store *s)
{
    return store_application_create(s, &(struct application){.name = TEXT("a"), .created_at = NOW},
                                    AUDIT("application.create"));
}

/* ---- migration ---- */

static void a_file_of_the_first_schema_keeps_its_data(void **state)
{
    (void)state;
    struct place p = {.dir = ""};
    struct sqlite_db db;
    place_make(&p);
    assert_ok(sqlite_files_prepare(p.path, NULL));
    assert_ok(sqlite_db_open(&db, p.path, 1024, NULL));
    assert_ok(sqlite_migrate(&db, p.path, sqlite_migrations, 1, NULL));
    assert_ok(sqlite_exec(&db,
                          "INSERT INTO application VALUES ('', 'a', 'old', 5, 6, 1);"
                          "INSERT INTO token VALUES (zeroblob(32), '', 0, 0, '', 'a', 5, 9, 0, 'uid:0', '');"
                          "INSERT INTO blob VALUES ('', 'ca/key', x'0102');"
                          "UPDATE counter SET value = 1 WHERE name = 'applications'",
                          NULL));
    sqlite_db_close(&db);

    place_open(&p);
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    struct application app;
    struct bytes blob;
    struct token token;
    struct store_counts counts;
    assert_ok(store_application_get(p.s, TEXT(""), TEXT("a"), &a, &app));
    assert_text(app.description, "old");
    assert_text(app.labels, "{}");
    assert_int_equal(app.services, 0);
    assert_int_equal(app.last_seen_at, 6);
    assert_true(app.auto_created);
    assert_ok(store_token_find(p.s, (uint8_t[SHA256_SIZE]){0}, 6, &a, &token));
    assert_ok(store_blob_get(p.s, TEXT("ca/key"), &a, &blob));
    assert_ok(store_counts(p.s, NOW, &counts));
    assert_int_equal(counts.applications, 1);
    assert_int_equal(counts.schema_version, 7);
    assert_ok(create(p.s, 1, NULL));
    struct error err = {0};
    assert_ok(store_check(p.s, &err));

    char backups[112];
    (void)snprintf(backups, sizeof backups, "%s/backup", p.dir);
    DIR *d = opendir(backups);
    assert_non_null(d);
    size_t copies = 0;
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        copies += strncmp(e->d_name, "fairlead-1-", strlen("fairlead-1-")) == 0;
    (void)closedir(d);
    assert_int_equal(copies, 1);
    place_remove(&p);
}

/* Before bundles, what was registered was one service each. */
static void services_of_an_older_schema_are_whole(void **state)
{
    (void)state;
    static const uint8_t id[SERVICE_ID_SIZE] = {1};
    struct place p = {.dir = ""};
    struct sqlite_db db;
    struct service s;
    struct application app;
    struct error err = {0};
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    place_make(&p);
    assert_ok(sqlite_files_prepare(p.path, NULL));
    assert_ok(sqlite_db_open(&db, p.path, 1024, NULL));
    assert_ok(sqlite_migrate(&db, p.path, sqlite_migrations, 4, NULL));
    assert_ok(sqlite_exec(&db,
                          "INSERT INTO application (tenant_id, name, description, created_at, last_seen_at,"
                          " auto_created, services) VALUES ('', 'a', '', 5, 0, 0, 1);"
                          "INSERT INTO service (tenant_id, service_id, application, revision, created_at,"
                          " updated_at, credential_kind, api_format, api_fetched_at, events_format,"
                          " events_fetched_at, documentation_format, documentation_fetched_at, identifier,"
                          " name, path_name, provider, target_url, labels, short_description, description,"
                          " details) VALUES ('', x'01000000000000000000000000000000', 'a', 3, 5, 6, 2, 0, 0,"
                          " 0, 0, 0, 0, 'i', 'n', 'orders', 'p', 'https://t', '{}', '', '', '{}');"
                          "UPDATE counter SET value = 1 WHERE name IN ('applications', 'services')",
                          NULL));
    sqlite_db_close(&db);

    place_open(&p);
    assert_ok(store_service_find(p.s, TEXT(""), id, &a, &s, NULL));
    static const uint8_t none[SERVICE_ID_SIZE];
    assert_int_equal(s.role, SERVICE_WHOLE);
    assert_memory_equal(s.bundle, none, sizeof none);
    assert_int_equal(s.revision, 3);
    assert_int_equal(s.credential_kind, 2);
    assert_text(s.target_url, "https://t");
    assert_ok(store_application_get(p.s, TEXT(""), TEXT("a"), &a, &app));
    assert_int_equal(app.services, 1);
    assert_ok(store_check(p.s, &err));
    assert_ok(remove_service(p.s, 1));
    assert_ok(store_check(p.s, &err));
    place_remove(&p);
}

/* ---- changes ---- */

static void what_others_cached_is_named_in_the_change_table(void **state)
{
    (void)state;
    static const char services[] = "SELECT count(*) FROM change WHERE kind = 'service' AND key = "
                                   "x'01000000000000000000000000000000'";
    struct place p = {.dir = ""};
    place_make(&p);
    place_open(&p);
    assert_ok(make_application(p.s));
    assert_ok(create(p.s, 1, NULL));
    assert_ok(create(p.s, 2, NULL));
    assert_int_equal(value(&p, "SELECT count(*) FROM change"), 0);
    assert_ok(replace(p.s, 1, 1));
    assert_int_equal(value(&p, services), 1);
    struct secret_write w = {.change = SECRET_PUT, .sealed = BYTES_OF("x")};
    assert_ok(store_secret_replace(p.s, TEXT(""), (uint8_t[SERVICE_ID_SIZE]){1}, SECRET_CREDENTIALS, 0, NOW,
                                   &w, AUDIT("service.credentials")));
    assert_int_equal(value(&p, services), 2);
    assert_status(replace(p.s, 1, 1), E_CHANGED);
    assert_int_equal(value(&p, services), 2);
    assert_ok(remove_service(p.s, 1));
    assert_int_equal(value(&p, services), 3);
    assert_ok(store_application_delete(p.s, TEXT(""), TEXT("a"), AUDIT("application.delete"), NULL, NULL));
    assert_int_equal(value(&p, "SELECT count(*) FROM change"), 4); /* one row for all it had */
    place_remove(&p);
}

static void a_bundle_is_one_change(void **state)
{
    (void)state;
    struct place p = {.dir = ""};
    place_make(&p);
    place_open(&p);
    assert_ok(make_application(p.s));
    assert_ok(create_bundle(p.s));
    assert_int_equal(value(&p, "SELECT count(*) FROM change"), 0);
    struct service_write w = {
        .service = {.id = {20}, .role = SERVICE_BUNDLE, .application = TEXT("a"), .credential_kind = 2},
        .expected_revision = 1};
    assert_ok(store_service_replace(p.s, &w, AUDIT("bundle.replace")));
    assert_int_equal(value(&p, "SELECT credential_kind FROM service WHERE role = 2"), 2);
    assert_ok(remove_service(p.s, 20));
    assert_int_equal(value(&p, "SELECT count(*) FROM service"), 0);
    assert_int_equal(value(&p, "SELECT count(*) FROM instance_auth"), 0);
    assert_int_equal(value(&p, "SELECT count(*) FROM change"), 2);
    assert_int_equal(value(&p, "SELECT count(*) FROM change WHERE key = x'14000000000000000000000000000000'"),
                     2);
    place_remove(&p);
}

static bool count_auth(void *ctx, const struct instance_auth *i)
{
    (void)i;
    ++*(unsigned *)ctx;
    return true;
}

static void a_list_of_instance_auths_ends_at_a_thousand(void **state)
{
    (void)state;
    static const uint8_t bundle[SERVICE_ID_SIZE] = {20};
    struct place p = {.dir = ""};
    unsigned count = 0;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    place_make(&p);
    place_open(&p);
    assert_ok(make_application(p.s));
    assert_ok(create_bundle(p.s));
    run_sql(&p,
            "WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 2100)"
            " INSERT INTO instance_auth (tenant_id, auth_id, service, context, input_params, condition,"
            " message, reason, status_at, created_at, revision, sealed) SELECT '', CAST(printf('%016d', i)"
            " AS BLOB), (SELECT service FROM instance_auth LIMIT 1), '', '', 0, '', '', 0, 0, 1, x''"
            " FROM n");
    assert_ok(store_instance_auth_list(p.s, TEXT(""), bundle, &a, count_auth, &count));
    assert_int_equal(count, 1000);
    place_remove(&p);
}

/* ---- damage ---- */

static void broken_rules_of_the_registry_are_damage(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *says;
    } cases[] = {
        {"UPDATE counter SET value = 3 WHERE name = 'services'", "count of services"},
        {"UPDATE counter SET value = 3 WHERE name = 'specifications'", "count of specifications"},
        {"UPDATE counter SET value = 3 WHERE name = 'specification_bytes'", "count of specifications"},
        {"UPDATE application SET services = 3", "an application's count"},
        {"DELETE FROM application; UPDATE counter SET value = 0 WHERE name = 'applications'",
         "a service names an unknown application"},
        {"UPDATE secret SET id = id + 400", "a secret belongs to no service"},
        {"INSERT INTO secret_history VALUES (9, '', 4000, 5, 0, x'01')", "a replaced secret belongs"},
        {"DELETE FROM specification_content", "lacks its content"},
        {"INSERT INTO specification_content VALUES (77, '', x'00')", "content belongs to no specification"},
        {"UPDATE specification SET refs = 2", "references to a specification are wrong"},
        {"UPDATE service SET bundle = NULL", "a service's bundle is wrong"},
        {"UPDATE service SET bundle = id WHERE role = 2", "a service's bundle is wrong"},
        {"UPDATE service SET bundle = 77 WHERE role = 2", "a service's bundle is wrong"},
        {"UPDATE service SET bundle = (SELECT bundle FROM service WHERE role = 2) WHERE role = 0",
         "a service's bundle is wrong"},
        {"UPDATE service SET tenant_id = 't' WHERE role = 1;"
         "INSERT INTO application SELECT 't', name, '', 5, 6, 0, '{}', 0, 0, 0 FROM application;"
         "UPDATE counter SET value = 2 WHERE name = 'applications'",
         "a service's bundle is wrong"},
        {"UPDATE service SET credential_kind = 5 WHERE role = 1", "not its bundle's"},
        {"UPDATE instance_auth SET service = 77", "an instance auth belongs to no bundle"},
        {"UPDATE instance_auth SET tenant_id = 't'", "an instance auth belongs to no bundle"},
        {"UPDATE instance_auth SET service = (SELECT id FROM service WHERE role = 2)",
         "an instance auth belongs to no bundle"},
        {"UPDATE service SET events_specification = 99", "references to a specification are wrong"},
        {"UPDATE service SET api_specification = NULL", "references to a specification are wrong"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct place p = {.dir = ""};
        struct specification_row content = {.size = 3, .packed = BYTES_OF("xyz")};
        struct error err = {0};
        place_make(&p);
        place_open(&p);
        assert_ok(make_application(p.s));
        assert_ok(create(p.s, 1, &content));
        assert_ok(create_bundle(p.s));
        assert_ok(store_check(p.s, &err));
        run_sql(&p, cases[i].sql);
        assert_status(store_check(p.s, &err), E_BROKEN);
        if (!strstr(err.message, cases[i].says))
            fail_msg("'%s' does not say '%s'", err.message, cases[i].says);
        place_remove(&p);
    }
}

static void damaged_rows_are_not_answers(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "UPDATE service SET service_id = zeroblob(17)",
        "UPDATE specification SET hash = x'00'",
    };
    for (size_t i = 0; i < 2; i++) {
        struct place p = {.dir = ""};
        struct specification_row content = {.size = 3, .packed = BYTES_OF("xyz")};
        struct service s;
        struct service_filter any = {.application = TEXT("a")};
        struct page_request page = {.limit = 10};
        struct text next;
        OWNED(arena_release) struct arena a;
        arena_init(&a, 4096, 1 << 20);
        place_make(&p);
        place_open(&p);
        assert_ok(make_application(p.s));
        assert_ok(create(p.s, 1, &content));
        run_sql(&p, cases[i]);
        assert_status(store_service_list(p.s, &any, &page, 10, &a, NULL, NULL, &next), E_BROKEN);
        struct status got = store_service_find(p.s, TEXT(""), (uint8_t[SERVICE_ID_SIZE]){1}, &a, &s, NULL);
        assert_int_equal(got.code, i == 0 ? E_NOT_FOUND : E_BROKEN);
        place_remove(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_the_first_schema_keeps_its_data),
        cmocka_unit_test(services_of_an_older_schema_are_whole),
        cmocka_unit_test(what_others_cached_is_named_in_the_change_table),
        cmocka_unit_test(a_bundle_is_one_change),
        cmocka_unit_test(a_list_of_instance_auths_ends_at_a_thousand),
        cmocka_unit_test(broken_rules_of_the_registry_are_damage),
        cmocka_unit_test(damaged_rows_are_not_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
