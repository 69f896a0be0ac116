/* SPDX-License-Identifier: Apache-2.0 */
#include "store_suite.h"

#include <stdio.h>

/* Every combination of filter, sort order, direction and page size is compared with what a plain loop over
 * the same rows gives. */

#define ROWS 40

struct model {
    struct certificate rows[ROWS];
    bool revoked[ROWS];
};

static int compare(const struct model *m, enum certificate_sort sort, size_t a, size_t b)
{
    const struct certificate *x = &m->rows[a], *y = &m->rows[b];
    int texts = sort == SORT_APPLICATION ? text_compare(x->application, y->application) : 0;
    int64_t difference = sort == SORT_ISSUED_AT ? x->issued_at - y->issued_at : x->not_after - y->not_after;
    if (texts)
        return texts;
    if (difference)
        return difference < 0 ? -1 : 1;
    return a < b ? -1 : a > b; /* order of issue */
}

static bool matches(const struct model *m, const struct certificate_filter *f, struct arena *a, size_t i)
{
    const struct certificate *c = &m->rows[i];
    return (f->application.n == 0 || text_equal(f->application, c->application)) &&
           (f->state < 0 || m->revoked[i] == (f->state == CERTIFICATE_REVOKED)) &&
           (f->expires_before == 0 || c->not_after < f->expires_before) &&
           (f->expires_after == 0 || c->not_after > f->expires_after) &&
           text_starts_with(text_of(hex_of(a, c->fingerprint)), f->fingerprint_prefix) &&
           (f->subject_contains.n == 0 ||
            memmem(c->subject.p, c->subject.n, f->subject_contains.p, f->subject_contains.n));
}

static size_t expect(const struct model *m, const struct certificate_filter *f, struct arena *a,
                     size_t out[static ROWS])
{
    size_t count = 0;
    for (size_t i = 0; i < ROWS; i++) {
        if (!matches(m, f, a, i))
            continue;
        size_t at = count++;
        for (; at > 0; at--) {
            int order = compare(m, f->sort, out[at - 1], i);
            if ((f->descending ? -order : order) < 0)
                break;
            out[at] = out[at - 1];
        }
        out[at] = i;
    }
    return count;
}

static void fill(struct fixture *f, struct model *m)
{
    static const char *const applications[] = {"a", "b", "slash/ed", "b"};
    for (unsigned i = 0; i < ROWS; i++) {
        struct certificate_issue in = {.certificate = certificate_of(f, i, applications[i % 4])};
        in.certificate.not_after = NOW + (i * 7 % 5); /* many equal ones */
        in.certificate.issued_at = NOW - (i * 3 % 4);
        assert_ok(store_certificate_issue(f->s, &in, AUDIT("certificate.issue")));
        m->rows[i] = in.certificate;
        m->revoked[i] = i % 3 == 0;
        bool was = true;
        if (m->revoked[i])
            assert_ok(store_certificate_revoke(f->s, in.certificate.fingerprint, TEXT("r"), NOW,
                                               AUDIT("certificate.revoke"), &was));
    }
    bool was = true; /* a revocation without a record is in no list */
    assert_ok(
        store_certificate_revoke(f->s, digest_of(999).p, TEXT("r"), NOW, AUDIT("certificate.revoke"), &was));
}

struct page {
    struct certificate rows[64];
    size_t count;
};

static bool see(void *ctx, const struct certificate *c)
{
    struct page *page = ctx;
    page->rows[page->count++] = *c;
    return true;
}

static struct text cursor_of(struct arena *a, const struct certificate_filter *f, const struct certificate *c)
{
    const char *hex = hex_of(a, c->fingerprint);
    if (f->sort == SORT_APPLICATION)
        return arena_printf(a, "%.*s/%s", TEXT_ARG(c->application), hex);
    return arena_printf(a, "%lld/%s", (long long)(f->sort == SORT_ISSUED_AT ? c->issued_at : c->not_after),
                        hex);
}

static void compare_pages(struct fixture *f, const struct model *m, const struct certificate_filter *filter,
                          unsigned limit)
{
    size_t expected[ROWS];
    size_t total = expect(m, filter, &f->arena, expected), at = 0;
    struct text after = TEXT("");
    for (;;) {
        struct page page = {0};
        struct page_request request = {.after = after, .limit = limit};
        assert_ok(store_certificate_list(f->s, filter, &request, &f->arena, see, &page));
        for (size_t i = 0; i < page.count; i++, at++) {
            assert_true(at < total);
            const struct certificate *c = &page.rows[i];
            if (memcmp(c->fingerprint, m->rows[expected[at]].fingerprint, SHA256_SIZE) != 0)
                fail_msg("sort %d descending %d state %d limit %u: wrong row at %zu", (int)filter->sort,
                         filter->descending, filter->state, limit, at);
            assert_int_equal(c->state == CERTIFICATE_REVOKED, m->revoked[expected[at]]);
            assert_int_equal(c->der.n, 0);
        }
        if (page.count < limit)
            break;
        after = cursor_of(&f->arena, filter, &page.rows[page.count - 1]);
    }
    assert_int_equal(at, total);
}

static void every_order_and_filter_pages_as_a_plain_loop_would(struct fixture *f)
{
    static const struct certificate_filter filters[] = {
        {.sort = SORT_NOT_AFTER},
        {.application = TEXT_INIT("b")},
        {.application = TEXT_INIT("nobody")},
        {.subject_contains = TEXT_INIT("number 1")},
        {.subject_contains = TEXT_INIT("%")},
        {.expires_before = NOW + 3},
        {.expires_after = NOW + 1},
        {.expires_after = NOW, .expires_before = NOW + 4},
        {.expires_after = NOW + 2, .expires_before = NOW + 2},
        {.application = TEXT_INIT("b"), .expires_after = NOW + 1},
        {.fingerprint_prefix = TEXT_INIT("6")},
        {.fingerprint_prefix = TEXT_INIT("67")},
        {.fingerprint_prefix = TEXT_INIT("6"), .application = TEXT_INIT("b")},
    };
    static const unsigned limits[] = {1, 3, 50};
    struct model *m = arena_alloc(&f->arena, sizeof *m);
    assert_non_null(m);
    fill(f, m);
    for (unsigned i = 0; i < sizeof filters / sizeof filters[0] * 3 * 2 * 3; i++) {
        struct certificate_filter filter = filters[i / 18];
        filter.sort = (enum certificate_sort)(i % 3);
        filter.descending = i / 3 % 2;
        filter.state = (int)(i / 6 % 3) - 1;
        for (size_t k = 0; k < 3; k++)
            compare_pages(f, m, &filter, limits[k]);
    }
}

static void finds_by_every_length_of_prefix(struct fixture *f)
{
    for (unsigned i = 0; i < 10; i++)
        assert_ok(make_certificate(f, i, "a"));
    const char *hex = hex_of(&f->arena, digest_of(5).p);
    for (size_t n = 0; n <= 64; n++) {
        struct page page = {0};
        struct certificate_filter filter = {.state = -1, .fingerprint_prefix = {hex, n}};
        struct page_request request = {.limit = 50};
        assert_ok(store_certificate_list(f->s, &filter, &request, &f->arena, see, &page));
        bool found = false;
        for (size_t i = 0; i < page.count; i++)
            found = found || memcmp(page.rows[i].fingerprint, digest_of(5).p, SHA256_SIZE) == 0;
        assert_true(found);
        if (n == 64)
            assert_int_equal(page.count, 1);
    }
}

static void refuses_filters_and_cursors_that_mean_nothing(struct fixture *f)
{
    const char *hex = hex_of(&f->arena, digest_of(1).p);
    struct certificate_filter good = {.state = -1};
    static const char *const prefixes[] = {
        "A", "g", " ", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0"};
    struct page_request request = {.limit = 1};
    for (size_t i = 0; i < 4; i++) {
        struct certificate_filter filter = {.state = -1, .fingerprint_prefix = text_of(prefixes[i])};
        assert_status(store_certificate_list(f->s, &filter, &request, &f->arena, see, NULL), E_INVALID);
    }
    struct text cursors[] = {
        TEXT("x"), TEXT("1/"), text_of(hex), arena_printf(&f->arena, "1/%sz", hex),
        arena_printf(&f->arena, "1/%s", hex)}; /* the last one is well formed, but nobody's */
    for (size_t i = 0; i < 5; i++) {
        request.after = cursors[i];
        assert_status(store_certificate_list(f->s, &good, &request, &f->arena, see, NULL), E_INVALID);
    }
    struct certificate_filter bad_state = {.state = 2}, bad_sort = {.sort = (enum certificate_sort)3};
    request.after = TEXT("");
    assert_status(store_certificate_list(f->s, &bad_state, &request, &f->arena, see, NULL), E_INVALID);
    assert_status(store_certificate_list(f->s, &bad_sort, &request, &f->arena, see, NULL), E_INVALID);
}

const struct contract_check certificate_list_checks[] = {
    {"refuses filters and cursors that mean nothing", refuses_filters_and_cursors_that_mean_nothing, false},
    {"every order and filter pages as a plain loop would", every_order_and_filter_pages_as_a_plain_loop_would,
     false},
    {"finds by every length of prefix", finds_by_every_length_of_prefix, false},
    {NULL, NULL, false},
};
