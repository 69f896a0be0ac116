/* SPDX-License-Identifier: Apache-2.0 */
#include "store_suite.h"

#include <stdio.h>

struct names {
    char joined[512];
    struct text last; /* cursor */
    size_t count;
};

static bool collect(void *ctx, const struct application *app)
{
    struct names *n = ctx;
    (void)snprintf(n->joined + strlen(n->joined), sizeof n->joined - strlen(n->joined), "%.*s/%.*s ",
                   TEXT_ARG(app->tenant), TEXT_ARG(app->name));
    n->count++;
    return true;
}

static struct names list(struct fixture *f, const char *contains, const char *after, unsigned limit)
{
    struct names n = {0};
    struct page_request page = {.after = text_of(after), .limit = limit};
    assert_ok(store_application_list(f->s, text_of(contains), &page, &f->arena, collect, &n));
    return n;
}

static void refuses_an_application_that_is_there(struct fixture *f)
{
    assert_ok(make_application(f, "commerce"));
    assert_status(make_application(f, "commerce"), E_CONFLICT);
    assert_int_equal(audit_rows(f, "application.create"), 1);
    assert_int_equal(counts_of(f).applications, 1);
}

static void refuses_what_a_cursor_cannot_hold(struct fixture *f)
{
    struct application app = {.tenant = TEXT("a/b"), .name = TEXT("x"), .created_at = NOW};
    assert_status(store_application_create(f->s, &app, AUDIT("application.create")), E_INVALID);
    app = (struct application){.created_at = NOW};
    assert_status(store_application_create(f->s, &app, AUDIT("application.create")), E_INVALID);
    struct page_request page = {.after = TEXT("no separator"), .limit = 10};
    assert_status(store_application_list(f->s, TEXT(""), &page, &f->arena, collect, NULL), E_INVALID);
}

static void refuses_a_change_without_an_audit_row(struct fixture *f)
{
    struct application app = {.name = TEXT("x"), .created_at = NOW};
    assert_status(store_application_create(f->s, &app, NO_AUDIT), E_INVALID);
}

static void does_not_find_what_is_not_there(struct fixture *f)
{
    struct application app;
    assert_status(store_application_get(f->s, TEXT(""), TEXT("x"), &f->arena, &app), E_NOT_FOUND);
    assert_status(
        store_application_delete(f->s, TEXT(""), TEXT("x"), AUDIT("application.delete"), NULL, NULL),
        E_NOT_FOUND);
    assert_ok(make_application(f, "x"));
    assert_status(store_application_get(f->s, TEXT("other"), TEXT("x"), &f->arena, &app), E_NOT_FOUND);
    assert_int_equal(audit_rows(f, "application.delete"), 0);
}

static void keeps_every_field(struct fixture *f)
{
    struct application in = {
        .tenant = TEXT("t"),
        .name = TEXT("commerce"),
        .description = TEXT("d\xc3\xa9j\xc3\xa0"),
        .created_at = NOW,
        .last_seen_at = NOW + 1,
        .auto_created = true,
        .labels = TEXT("{\"region\":\"kr\"}"),
        .services = 9, /* the store's business */
    };
    assert_ok(store_application_create(f->s, &in, AUDIT("application.create")));
    struct application out;
    assert_ok(store_application_get(f->s, TEXT("t"), TEXT("commerce"), &f->arena, &out));
    assert_text(out.tenant, "t");
    assert_text(out.name, "commerce");
    assert_text(out.description, "d\xc3\xa9j\xc3\xa0");
    assert_int_equal(out.created_at, NOW);
    assert_int_equal(out.last_seen_at, NOW + 1);
    assert_true(out.auto_created);
    assert_text(out.labels, "{\"region\":\"kr\"}");
    assert_int_equal(out.services, 0);
}

#define CHANGE(description_, labels_)                                                                        \
    (&(const struct application_change){.description = (description_), .labels = (labels_)})

static void updates_description_and_labels(struct fixture *f)
{
    struct text description = TEXT("new"), labels = TEXT("{\"a\":\"b\"}"), none = TEXT("");
    struct application app;
    assert_status(store_application_update(f->s, none, TEXT("a"), CHANGE(&description, &labels),
                                           AUDIT("application.update")),
                  E_NOT_FOUND);
    assert_ok(make_application(f, "a"));
    assert_status(store_application_update(f->s, TEXT("t"), TEXT("a"), CHANGE(&description, &labels),
                                           AUDIT("application.update")),
                  E_NOT_FOUND);
    assert_status(store_application_update(f->s, none, TEXT("a"), CHANGE(&description, &labels), NO_AUDIT),
                  E_INVALID);
    assert_int_equal(audit_rows(f, "application.update"), 0);

    assert_ok(
        store_application_update(f->s, none, TEXT("a"), CHANGE(NULL, &labels), AUDIT("application.update")));
    assert_ok(store_application_get(f->s, none, TEXT("a"), &f->arena, &app));
    assert_text(app.description, "made by a test");
    assert_text(app.labels, "{\"a\":\"b\"}");
    assert_ok(store_application_update(f->s, none, TEXT("a"), CHANGE(&description, NULL),
                                       AUDIT("application.update")));
    assert_ok(store_application_get(f->s, none, TEXT("a"), &f->arena, &app));
    assert_text(app.description, "new");
    assert_text(app.labels, "{\"a\":\"b\"}");
    assert_ok(
        store_application_update(f->s, none, TEXT("a"), CHANGE(&none, &none), AUDIT("application.update")));
    assert_ok(store_application_get(f->s, none, TEXT("a"), &f->arena, &app));
    assert_int_equal(app.description.n, 0);
    assert_text(app.labels, "{}");
    assert_int_equal(app.created_at, NOW);
    assert_int_equal(audit_rows(f, "application.update"), 3);
}

static unsigned certificates(struct fixture *f, const char *application, unsigned most)
{
    unsigned count = 77;
    assert_ok(store_application_certificates(f->s, TEXT(""), text_of(application), most, &count));
    return count;
}

static void counts_an_applications_certificates_up_to_a_number(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    for (unsigned n = 0; n < 12; n++)
        assert_ok(make_certificate(f, n, n < 10 ? "a" : "b"));
    bool was = false;
    assert_ok(
        store_certificate_revoke(f->s, digest_of(3).p, TEXT("r"), NOW, AUDIT("certificate.revoke"), &was));
    assert_int_equal(certificates(f, "a", 1000), 9);
    assert_int_equal(certificates(f, "a", 4), 4);
    assert_int_equal(certificates(f, "a", 0), 0);
    assert_int_equal(certificates(f, "none", 5), 0);
}

static void lists_by_tenant_and_name_and_pages(struct fixture *f)
{
    static const char *const rows[][2] = {{"b", "a"}, {"", "z"}, {"", "B"},
                                          {"a", "m"}, {"", "a"}, {"a", "a"}};
    for (size_t i = 0; i < 6; i++) {
        struct application app = {
            .tenant = text_of(rows[i][0]), .name = text_of(rows[i][1]), .created_at = NOW};
        assert_ok(store_application_create(f->s, &app, AUDIT("application.create")));
    }
    assert_string_equal(list(f, "", "", 100).joined, "/B /a /z a/a a/m b/a ");
    assert_string_equal(list(f, "", "", 2).joined, "/B /a ");
    assert_string_equal(list(f, "", "/a", 2).joined, "/z a/a ");
    assert_string_equal(list(f, "", "a/a", 2).joined, "a/m b/a ");
    assert_string_equal(list(f, "", "b/a", 2).joined, "");
    assert_string_equal(list(f, "", "a/b", 1).joined, "a/m "); /* the cursor's row may be gone */
    assert_string_equal(list(f, "a", "", 100).joined, "/a a/a b/a ");
    assert_string_equal(list(f, "%", "", 100).joined, "");
}

static void remembers_when_it_was_last_seen(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    assert_ok(make_application(f, "b"));
    struct last_seen seen[] = {
        {TEXT(""), TEXT("a"), NOW + 50},
        {TEXT(""), TEXT("gone"), NOW + 60},
        {TEXT(""), TEXT("b"), NOW + 70},
        {TEXT(""), TEXT("a"), NOW + 40}, /* an older one that comes late changes nothing */
    };
    assert_ok(store_application_seen(f->s, seen, 4));
    struct application app;
    assert_ok(store_application_get(f->s, TEXT(""), TEXT("a"), &f->arena, &app));
    assert_int_equal(app.last_seen_at, NOW + 50);
    assert_ok(store_application_get(f->s, TEXT(""), TEXT("b"), &f->arena, &app));
    assert_int_equal(app.last_seen_at, NOW + 70);
    assert_int_equal(counts_of(f).applications, 2);
}

static void deleting_takes_tokens_and_certificates_along(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    assert_ok(make_application(f, "b"));
    assert_ok(make_token(f, 1, "a"));
    assert_ok(make_token(f, 2, "a"));
    assert_ok(make_token(f, 3, "b"));
    struct certificate_issue in = {.certificate = certificate_of(f, 10, "a")};
    struct digest token = digest_of(1);
    in.token_hash = token.p;
    assert_ok(store_certificate_issue(f->s, &in, AUDIT("certificate.issue")));
    assert_ok(make_certificate(f, 11, "a"));
    assert_ok(make_certificate(f, 12, "a"));
    assert_ok(make_certificate(f, 13, "b"));
    bool was = true;
    assert_ok(store_certificate_revoke(f->s, digest_of(12).p, TEXT("lost"), NOW, AUDIT("certificate.revoke"),
                                       &was));

    size_t revoked = 0;
    assert_ok(store_application_delete(f->s, TEXT(""), TEXT("a"), AUDIT("application.delete"),
                                       count_fingerprint, &revoked));

    assert_int_equal(revoked, 2);
    assert_true(certificate_is_revoked(f, 10) && certificate_is_revoked(f, 11));
    assert_false(certificate_is_revoked(f, 13));
    struct certificate c;
    assert_ok(store_certificate_find(f->s, digest_of(12).p, false, &f->arena, &c));
    assert_text(c.revoked_reason, "lost"); /* the first reason stays */
    struct token t;
    assert_int_equal(token_state_of(f, 1, NOW), TOKEN_USED);
    assert_status(store_token_find(f->s, digest_of(2).p, NOW, &f->arena, &t), E_NOT_FOUND);
    assert_int_equal(token_state_of(f, 3, NOW), TOKEN_ACTIVE);
    assert_int_equal(audit_rows(f, "application.delete"), 1);
    struct store_counts counts = counts_of(f);
    assert_int_equal(counts.applications, 1);
    assert_int_equal(counts.active_certificates, 1);
    assert_int_equal(counts.revoked, 3);
    assert_int_equal(counts.active_tokens, 1);
}

static void deleting_leaves_the_same_name_of_another_tenant_alone(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    struct certificate_issue in = {.certificate = certificate_of(f, 1, "a")};
    in.certificate.tenant = TEXT("other");
    assert_ok(store_certificate_issue(f->s, &in, AUDIT("certificate.issue")));
    struct token_create token = {.token = token_of(2, "a")};
    token.token.tenant = TEXT("other");
    assert_ok(store_token_create(f->s, &token, AUDIT("token.create")));
    size_t revoked = 0;
    assert_ok(store_application_delete(f->s, TEXT(""), TEXT("a"), AUDIT("application.delete"),
                                       count_fingerprint, &revoked));
    assert_int_equal(revoked, 0);
    assert_false(certificate_is_revoked(f, 1));
    assert_int_equal(token_state_of(f, 2, NOW), TOKEN_ACTIVE);
}

const struct contract_check application_checks[] = {
    {"refuses an application that is there", refuses_an_application_that_is_there, false},
    {"refuses what a cursor cannot hold", refuses_what_a_cursor_cannot_hold, false},
    {"refuses a change without an audit row", refuses_a_change_without_an_audit_row, false},
    {"does not find an application that is not there", does_not_find_what_is_not_there, false},
    {"an application keeps every field", keeps_every_field, false},
    {"updates an application's description and labels", updates_description_and_labels, false},
    {"counts an application's certificates up to a number",
     counts_an_applications_certificates_up_to_a_number, false},
    {"lists applications by tenant and name and pages", lists_by_tenant_and_name_and_pages, false},
    {"remembers when an application was last seen", remembers_when_it_was_last_seen, false},
    {"deleting an application takes its tokens and certificates along",
     deleting_takes_tokens_and_certificates_along, false},
    {"deleting leaves the same name of another tenant alone",
     deleting_leaves_the_same_name_of_another_tenant_alone, false},
    {NULL, NULL, false},
};
