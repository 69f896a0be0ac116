/* SPDX-License-Identifier: Apache-2.0 */
#include "store_suite.h"

#include <stdio.h>

#include "base/encoding.h"
#include "scratch.h"

/* ---- the fixture ---- */

void fixture_open(struct fixture *f)
{
    struct store_settings settings = {.url = text_of(f->url), .read_connections = 4, .write_queue_max = 4096};
    struct error err = {0};
    struct status s = store_open(&settings, &f->s, &err);
    if (!status_ok(s))
        fail_msg("cannot open '%s': %s", f->url, error_text(&err, s));
}

void fixture_reopen(struct fixture *f)
{
    store_close(f->s);
    f->s = NULL;
    fixture_open(f);
}

struct entry_of_suite {
    const char *backend;
    const struct contract_check *check;
};

static void run_check(void **state)
{
    const struct entry_of_suite *e = *state;
    struct fixture f = {.backend = e->backend};
    arena_init(&f.arena, 4096, 64 * 1024 * 1024);
    scratch_make(f.dir);
    if (strcmp(e->backend, "sqlite") == 0)
        (void)snprintf(f.url, sizeof f.url, "sqlite:%s/data/fairlead.db", f.dir);
    else
        (void)snprintf(f.url, sizeof f.url, "%s:", e->backend);
    fixture_open(&f);
    assert_string_equal(store_kind(f.s), e->backend);

    e->check->run(&f);

    struct error err = {0};
    struct status s = store_check(f.s, &err);
    if (!status_ok(s))
        fail_msg("the store is damaged afterwards: %s", error_text(&err, s));
    store_close(f.s);
    arena_release(&f.arena);
    assert_int_equal(scratch_remove(f.dir), 0);
}

/* ---- short forms ---- */

struct audit_entry entry(const char *action)
{
    return (struct audit_entry){.at = NOW, .action = text_of(action), .actor = TEXT("uid:1000")};
}

struct digest digest_of(unsigned n)
{
    struct digest d;
    sha256((struct bytes){(const uint8_t *)&n, sizeof n}, d.p);
    return d;
}

const char *hex_of(struct arena *a, const uint8_t *digest)
{
    char *hex = arena_alloc(a, 2 * SHA256_SIZE + 1);
    assert_non_null(hex);
    hex_encode(hex, (struct bytes){digest, SHA256_SIZE});
    return hex;
}

struct status make_application(struct fixture *f, const char *name)
{
    struct application app = {
        .name = text_of(name), .description = TEXT("made by a test"), .created_at = NOW};
    return store_application_create(f->s, &app, AUDIT("application.create"));
}

struct token token_of(unsigned n, const char *application)
{
    struct token t = {
        .kind = TOKEN_APPLICATION,
        .application = text_of(application),
        .created_at = NOW,
        .expires_at = NOW + 300,
        .created_by = TEXT("uid:1000"),
    };
    memcpy(t.hash, digest_of(n).p, SHA256_SIZE);
    return t;
}

struct status make_token(struct fixture *f, unsigned n, const char *application)
{
    struct token_create in = {.token = token_of(n, application)};
    return store_token_create(f->s, &in, AUDIT("token.create"));
}

struct certificate certificate_of(struct fixture *f, unsigned n, const char *application)
{
    struct digest d = digest_of(n);
    struct bytes serial = arena_bytes(&f->arena, (struct bytes){d.p + 8, 16});
    struct certificate c = {
        .serial = serial,
        .application = text_of(application),
        .subject = arena_printf(&f->arena, "CN=%s,OU=number %u", application, n),
        .key_algorithm = TEXT("ec:P-256"),
        .issued_at = NOW,
        .not_before = NOW - 300,
        .not_after = NOW + n,
        .issued_by = TEXT("token:0011223344aa"),
        .der = arena_bytes(&f->arena, BYTES_OF("certificate")),
    };
    memcpy(c.fingerprint, d.p, SHA256_SIZE);
    memset(c.issuer, 7, SHA256_SIZE);
    return c;
}

struct status make_certificate(struct fixture *f, unsigned n, const char *application)
{
    struct certificate_issue in = {.certificate = certificate_of(f, n, application)};
    return store_certificate_issue(f->s, &in, AUDIT("certificate.issue"));
}

struct text token_id_of(struct fixture *f, unsigned n)
{
    return text_first(text_of(hex_of(&f->arena, digest_of(n).p)), 12);
}

enum token_state token_state_of(struct fixture *f, unsigned n, int64_t now)
{
    struct token t;
    assert_ok(store_token_find(f->s, digest_of(n).p, now, &f->arena, &t));
    return t.state;
}

bool certificate_is_revoked(struct fixture *f, unsigned n)
{
    struct certificate c;
    assert_ok(store_certificate_find(f->s, digest_of(n).p, false, &f->arena, &c));
    return c.state == CERTIFICATE_REVOKED;
}

static bool count_audit(void *ctx, const struct audit_entry *e)
{
    (void)e;
    ++*(size_t *)ctx;
    return true;
}

size_t audit_rows(struct fixture *f, const char *action)
{
    size_t rows = 0;
    struct audit_filter filter = {.action_prefix = text_of(action), .limit = 1000};
    assert_ok(store_audit_list(f->s, &filter, &f->arena, count_audit, &rows));
    return rows;
}

struct store_counts counts_of(struct fixture *f)
{
    struct store_counts counts;
    assert_ok(store_counts(f->s, NOW, &counts));
    return counts;
}

void count_fingerprint(void *ctx, const uint8_t fingerprint[static SHA256_SIZE])
{
    (void)fingerprint;
    ++*(size_t *)ctx;
}

/* ---- every check over every backend ---- */

static const struct contract_check *const groups[] = {
    audit_checks,           application_checks,      token_checks,
    certificate_checks,     certificate_list_checks, blob_checks,
    service_checks,         service_list_checks,     service_caller_checks,
    service_named_checks,   secret_checks,           specification_checks,
    service_race_checks,    durability_checks,       service_call_checks,
    kept_secret_checks,     directory_checks,        bundle_checks,
    subject_mapping_checks, instance_auth_checks,    auth_purge_checks,
    operator_checks,
};
static const struct {
    const char *name;
    bool has_files;
} backends[] = {{"sqlite", true}, {"memory", false}};

#define CHECKS_MAX 256

static int run_backend(const char *backend, bool has_files)
{
    static struct CMUnitTest tests[CHECKS_MAX];
    static struct entry_of_suite entries[CHECKS_MAX];
    static char names[CHECKS_MAX][160];
    size_t count = 0;
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
        for (const struct contract_check *check = groups[g]; check->name; check++) {
            if (check->only_files && !has_files)
                continue;
            must(count < CHECKS_MAX);
            entries[count] = (struct entry_of_suite){backend, check};
            (void)snprintf(names[count], sizeof names[count], "%s: %s", backend, check->name);
            tests[count] = (struct CMUnitTest){names[count], run_check, NULL, NULL, &entries[count]};
            count++;
        }
    }
    return _cmocka_run_group_tests(backend, tests, count, NULL, NULL);
}

int main(void)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++)
        failed += run_backend(backends[i].name, backends[i].has_files);
    return failed;
}
