/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "scratch.h"

#include "store/instance_auth.h"
#include "store/registry.h"

#define NOW         INT64_C(1790000000)
#define AUDIT(what) (&(struct audit_entry){.at = NOW, .action = TEXT(what), .actor = TEXT("uid:0")})

/* Every operation fails or succeeds as a whole when memory runs out; what the contract suite checks for
 * logic, this does for memory. */

static bool ignore_audit(void *ctx, const struct audit_entry *e)
{
    (void)ctx, (void)e;
    return true;
}

static bool ignore_certificate(void *ctx, const struct certificate *c)
{
    (void)ctx, (void)c;
    return true;
}

static struct status write_some(struct store *s)
{
    struct application app = {.name = TEXT("a"), .created_at = NOW};
    struct token_create token = {
        .token = {.application = TEXT("a"), .created_at = NOW, .expires_at = NOW + 9},
        .create_application = true};
    struct token next = {.hash = {1}, .application = TEXT("a"), .created_at = NOW, .expires_at = NOW + 9};
    struct certificate_issue issue = {
        .certificate = {.serial = BYTES_OF("1"),
                        .application = TEXT("a"),
                        .issued_at = NOW,
                        .not_after = NOW + 9,
                        .der = BYTES_OF("d")},
        .token_hash = next.hash,
    };
    uint8_t unknown[SHA256_SIZE] = {9};
    bool was = false;
    TRY(store_application_create(s, &app, AUDIT("a")));
    TRY(store_token_create(s, &token, AUDIT("a")));
    TRY(store_token_exchange(s, token.token.hash, &next, NOW, AUDIT("a")));
    TRY(store_certificate_issue(s, &issue, AUDIT("a")));
    TRY(store_certificate_revoke(s, unknown, TEXT("r"), NOW, AUDIT("a"), &was));
    TRY(store_blob_put(s, TEXT("n"), BYTES_OF("v"), NULL));
    return store_application_delete(s, TEXT(""), TEXT("a"), AUDIT("a"), NULL, NULL);
}

static struct status register_some(struct store *s)
{
    struct application app = {.name = TEXT("r"), .created_at = NOW};
    struct text labels = TEXT("{\"a\":\"b\"}");
    struct specification_row first = {.hash = {1}, .size = 1, .packed = BYTES_OF("1")};
    struct specification_row second = {.hash = {2}, .size = 1, .packed = BYTES_OF("2")};
    struct service_write w = {
        .service = {.id = {1},
                    .application = TEXT("r"),
                    .name = TEXT("n"),
                    .path_name = TEXT("n"),
                    .identifier = TEXT("i"),
                    .specifications = {{.present = true, .hash = {1}, .size = 1}}},
        .expected_revision = 1,
        .secrets = {{.change = SECRET_PUT, .sealed = BYTES_OF("s")},
                    {.change = SECRET_PUT, .sealed = BYTES_OF("p")}},
        .specifications = {&first},
    };
    struct secret_write by_hand = {SECRET_PUT, true, BYTES_OF("t"), BYTES_OF("s")};
    TRY(store_application_create(s, &app, AUDIT("a")));
    const struct application_change change = {.labels = &labels};
    TRY(store_application_update(s, TEXT(""), TEXT("r"), &change, AUDIT("a")));
    TRY(store_service_create(s, &w, AUDIT("a")));
    w.service.specifications[0].hash[0] = 2;
    w.specifications[0] = &second;
    w.secrets[1] = (struct secret_write){.change = SECRET_REMOVE};
    w.secrets[0].history = BYTES_OF("h");
    TRY(store_service_replace(s, &w, AUDIT("a")));
    TRY(store_secret_replace(s, TEXT(""), w.service.id, SECRET_CREDENTIALS, 2, NOW, &by_hand, AUDIT("a")));
    w.service.id[0] = 2;
    w.service.identifier = TEXT("j");
    TRY(store_service_create(s, &w, AUDIT("a")));
    return store_service_delete(s, TEXT(""), TEXT("r"), w.service.id, 1, AUDIT("a"));
}

/* In the application that register_some() made. */
static struct status bundle_some(struct store *s)
{
    struct specification_row content = {.hash = {2}, .size = 1, .packed = BYTES_OF("2")};
    struct service_write w = {
        .service = {.id = {5}, .role = SERVICE_BUNDLE, .application = TEXT("r"), .name = TEXT("b")},
        .expected_revision = 1,
        .secrets = {{.change = SECRET_PUT, .sealed = BYTES_OF("s")}},
    };
    struct service_write api = {
        .service = {.id = {6},
                    .role = SERVICE_API,
                    .bundle = {5},
                    .application = TEXT("r"),
                    .path_name = TEXT("n"),
                    .specifications = {{.present = true, .hash = {2}, .size = 1}}},
        .specifications = {&content},
    };
    struct instance_auth i = {.id = {7},
                              .bundle = {5},
                              .context = TEXT("{}"),
                              .message = TEXT("m"),
                              .revision = 1,
                              .sealed = BYTES_OF("s")};
    TRY(store_service_create(s, &w, AUDIT("a")));
    TRY(store_service_create(s, &api, AUDIT("a")));
    w.service.credential_kind = 1;
    TRY(store_service_replace(s, &w, AUDIT("a")));
    TRY(store_instance_auth_create(s, &i, AUDIT("a")));
    i.reason = TEXT("r");
    TRY(store_instance_auth_replace(s, &i, AUDIT("a")));
    i.id[0] = 8;
    TRY(store_instance_auth_create(s, &i, AUDIT("a")));
    TRY(store_instance_auth_delete(s, TEXT(""), i.id, AUDIT("a")));
    w.service.id[0] = 9;
    TRY(store_service_create(s, &w, AUDIT("a")));
    api.service.id[0] = 10;
    api.service.bundle[0] = 9;
    TRY(store_service_create(s, &api, AUDIT("a")));
    return store_service_delete(s, TEXT(""), TEXT("r"), w.service.id, 1, AUDIT("a"));
}

static bool ignore_auth(void *ctx, const struct instance_auth *i)
{
    (void)ctx, (void)i;
    return true;
}

static bool ignore_service(void *ctx, const struct service *service)
{
    (void)ctx, (void)service;
    return true;
}

static bool ignore_history(void *ctx, const struct secret_history *h)
{
    (void)ctx, (void)h;
    return true;
}

static bool ignore_sealed(void *ctx, const struct sealed_place *place, struct text name, struct bytes sealed)
{
    (void)name, (void)sealed;
    struct sealed_exchange *e = ctx;
    *e = (struct sealed_exchange){*place, BYTES_OF("t"), BYTES_OF("u")};
    return true;
}

static struct status read_registry(struct store *s, struct arena *a)
{
    static const uint8_t id[SERVICE_ID_SIZE] = {1}, hash[SHA256_SIZE] = {2};
    struct service service;
    struct service_secret secrets[SECRET_SLOTS];
    struct specification_row content;
    struct service_filter any = {.application = TEXT("r")};
    struct page_request page = {.limit = 10};
    struct sealed_exchange last = {{{0}, 0}, {NULL, 0}, {NULL, 0}};
    struct sealed_place start = {{0}, 0};
    struct text next;
    TRY(store_service_get(s, TEXT(""), TEXT("r"), id, a, &service, secrets));
    TRY(store_specification_get(s, TEXT(""), hash, a, &content));
    TRY(store_service_named(s, TEXT(""), TEXT("r"), NULL, TEXT("n"), 10, a, ignore_service, NULL));
    TRY(store_service_list(s, &any, &page, 10, a, ignore_service, NULL, &next));
    TRY(store_secret_history(s, TEXT(""), id, SECRET_CREDENTIALS, a, ignore_history, NULL));
    TRY(store_sealed_list(s, &start, 10, a, ignore_sealed, &last));
    return store_sealed_exchange(s, &last, 1);
}

static struct status read_bundles(struct store *s, struct arena *a)
{
    static const uint8_t bundle[SERVICE_ID_SIZE] = {5}, auth[SERVICE_ID_SIZE] = {7};
    const struct member_filter filters[] = {{.application = TEXT("r")},
                                            {.bundle = bundle, .role = SERVICE_API}};
    const struct offset_page page = {0, 10};
    struct instance_auth i;
    uint64_t total = 0;
    for (size_t n = 0; n < 2; n++)
        TRY(store_member_list(s, &filters[n], &page, a, ignore_service, NULL, &total));
    TRY(store_service_named(s, TEXT(""), TEXT("r"), bundle, TEXT("n"), 10, a, ignore_service, NULL));
    TRY(store_instance_auth_get(s, TEXT(""), auth, a, &i));
    return store_instance_auth_list(s, TEXT(""), bundle, a, ignore_auth, NULL);
}

static struct status read_some(struct store *s, struct arena *a)
{
    struct audit_filter audit = {.limit = 10};
    struct certificate_filter certificates = {.state = -1};
    struct page_request page = {.limit = 10};
    struct certificate c;
    struct bytes blob;
    struct store_counts counts;
    TRY(store_audit_list(s, &audit, a, ignore_audit, NULL));
    TRY(store_certificate_list(s, &certificates, &page, a, ignore_certificate, NULL));
    TRY(store_certificate_find(s, (uint8_t[SHA256_SIZE]){0}, true, a, &c));
    TRY(store_blob_get(s, TEXT("n"), a, &blob));
    return store_counts(s, NOW, &counts);
}

static struct status open_and_use(const char *url)
{
    struct store_settings settings = {.url = text_of(url), .read_connections = 1, .write_queue_max = 8};
    struct store *s = NULL;
    TRY(store_open(&settings, &s, NULL));
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 1 << 20);
    struct status result = write_some(s);
    if (status_ok(result))
        result = read_some(s, &a);
    if (status_ok(result))
        result = register_some(s);
    if (status_ok(result))
        result = bundle_some(s);
    if (status_ok(result))
        result = read_bundles(s, &a);
    if (status_ok(result))
        result = read_registry(s, &a);
    store_close(s);
    return result;
}

static void memory_survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(open_and_use("memory:"));
}

static struct status open_fresh_and_use(void)
{
    char dir[SCRATCH_MAX], url[96];
    scratch_make(dir);
    (void)snprintf(url, sizeof url, "sqlite:%s/fairlead.db", dir);
    struct status result = open_and_use(url);
    (void)scratch_remove(dir);
    return result;
}

static void sqlite_survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(open_fresh_and_use());
}

static void refuses_a_list_that_does_not_fit_the_arena(void **state)
{
    (void)state;
    static const char *const urls[] = {"memory:", "sqlite"};
    for (size_t i = 0; i < 2; i++) {
        char dir[SCRATCH_MAX], url[96] = "memory:";
        scratch_make(dir);
        if (i == 1)
            (void)snprintf(url, sizeof url, "%s:%s/fairlead.db", urls[i], dir);
        struct store_settings settings = {.url = text_of(url), .read_connections = 1, .write_queue_max = 8};
        struct store *s = NULL;
        assert_ok(store_open(&settings, &s, NULL));
        uint8_t big[4000] = {0};
        assert_ok(store_blob_put(s, TEXT("n"), BYTES_OF(big), NULL));
        OWNED(arena_release) struct arena a;
        arena_init(&a, 512, 2048);
        struct bytes value = {NULL, 77};
        assert_status(store_blob_get(s, TEXT("n"), &a, &value), E_NOMEM);
        assert_int_equal(value.n, 77); /* never written on failure */
        store_close(s);
        assert_int_equal(scratch_remove(dir), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_list_that_does_not_fit_the_arena),
        cmocka_unit_test(memory_survives_failing_allocations),
        cmocka_unit_test(sqlite_survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
