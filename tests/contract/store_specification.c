/* SPDX-License-Identifier: Apache-2.0 */
#include "store_service.h"

static struct status create_with(struct fixture *f, unsigned n, enum specification_slot slot,
                                 const char *text)
{
    struct specification_row row;
    struct service_write w = service_of(f, n, "a");
    give_specification(&w, slot, &row, text);
    return store_service_create(f->s, &w, AUDIT("service.create"));
}

static void refuses_to_keep_what_was_not_there(struct fixture *f)
{
    struct specification_row row;
    assert_ok(make_application(f, "a"));
    assert_ok(create_with(f, 1, SPECIFICATION_API, "one"));
    assert_ok(create_with(f, 2, SPECIFICATION_API, "two"));
    struct service_write w = service_of(f, 1, "a");
    w.expected_revision = 1;
    give_specification(&w, SPECIFICATION_API, &row, "two"); /* somebody else's */
    w.specifications[SPECIFICATION_API] = NULL;
    assert_status(store_service_replace(f->s, &w, AUDIT("service.replace")), E_INVALID);
    give_specification(&w, SPECIFICATION_API, &row, "three"); /* nobody's */
    w.specifications[SPECIFICATION_API] = NULL;
    assert_status(store_service_replace(f->s, &w, AUDIT("service.replace")), E_INVALID);
    w = service_of(f, 1, "a");
    w.expected_revision = 1;
    give_specification(&w, SPECIFICATION_EVENTS, &row, "one"); /* of another slot */
    w.specifications[SPECIFICATION_EVENTS] = NULL;
    assert_status(store_service_replace(f->s, &w, AUDIT("service.replace")), E_INVALID);
    assert_int_equal(service_now(f, 1, NULL).revision, 1);
    assert_counts(f, 2, 2, 6);
}

static void content_is_shared_and_counted(struct fixture *f)
{
    struct specification_row rows[SPECIFICATION_SLOTS];
    assert_ok(make_application(f, "a"));
    struct service_write w = service_of(f, 1, "a"); /* the same content in all three slots */
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++)
        give_specification(&w, (enum specification_slot)i, &rows[i], "shared");
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    assert_ok(create_with(f, 2, SPECIFICATION_EVENTS, "shared"));
    assert_counts(f, 2, 1, 6);
    assert_ok(delete_service(f, 1, "a", 0));
    assert_counts(f, 1, 1, 6);
    assert_true(specification_is_there(f, "shared"));
    assert_ok(delete_service(f, 2, "a", 0));
    assert_counts(f, 0, 0, 0);
    assert_false(specification_is_there(f, "shared"));
}

static void content_that_is_there_is_not_stored_again(struct fixture *f)
{
    struct specification_row row, out;
    assert_ok(make_application(f, "a"));
    assert_ok(create_with(f, 1, SPECIFICATION_API, "content"));
    struct service_write w = service_of(f, 2, "a");
    give_specification(&w, SPECIFICATION_API, &row, "content");
    row.packed = text_bytes(TEXT("packed otherwise"));
    row.packing = 9;
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    assert_ok(store_specification_get(f->s, TEXT(""), row.hash, &f->arena, &out));
    assert_text(bytes_text(out.packed), "content");
    assert_int_equal(out.packing, 1);
    assert_int_equal(out.size, 7);
    assert_memory_equal(out.hash, row.hash, SHA256_SIZE);
    assert_counts(f, 2, 1, 7);
}

static void replacing_changes_the_references(struct fixture *f)
{
    struct specification_row row, other;
    assert_ok(make_application(f, "a"));
    assert_ok(create_with(f, 1, SPECIFICATION_API, "first"));
    struct service_write w = service_of(f, 1, "a");
    w.expected_revision = 1;
    give_specification(&w, SPECIFICATION_API, &row, "first"); /* stays: no content, other facts */
    w.specifications[SPECIFICATION_API] = NULL;
    w.service.specifications[SPECIFICATION_API].fetched_at = NOW;
    w.service.specifications[SPECIFICATION_API].format = FORMAT_JSON;
    give_specification(&w, SPECIFICATION_EVENTS, &other, "events");
    assert_ok(store_service_replace(f->s, &w, AUDIT("service.replace")));
    struct service s = service_now(f, 1, NULL);
    assert_int_equal(s.specifications[SPECIFICATION_API].fetched_at, NOW);
    assert_int_equal(s.specifications[SPECIFICATION_API].format, FORMAT_JSON);
    assert_int_equal(s.specifications[SPECIFICATION_API].size, 5);
    assert_counts(f, 1, 2, 11);

    w = service_of(f, 1, "a");
    w.expected_revision = 2;
    give_specification(&w, SPECIFICATION_API, &row, "first"); /* sent again: the same content */
    assert_ok(store_service_replace(f->s, &w, AUDIT("service.replace")));
    assert_counts(f, 1, 1, 5);
    assert_false(specification_is_there(f, "events"));

    w.expected_revision = 3;
    give_specification(&w, SPECIFICATION_API, &row, "second");
    assert_ok(store_service_replace(f->s, &w, AUDIT("service.replace")));
    assert_false(specification_is_there(f, "first"));
    assert_true(specification_is_there(f, "second"));

    w = service_of(f, 1, "a");
    w.expected_revision = 4;
    assert_ok(store_service_replace(f->s, &w, AUDIT("service.replace")));
    assert_false(service_now(f, 1, NULL).specifications[SPECIFICATION_API].present);
    assert_counts(f, 1, 0, 0);
}

static void tenants_do_not_share_content(struct fixture *f)
{
    struct specification_row row, out;
    struct application app = {.tenant = TEXT("t"), .name = TEXT("a"), .created_at = NOW};
    assert_ok(store_application_create(f->s, &app, AUDIT("application.create")));
    struct service_write w = service_of(f, 1, "a");
    w.service.tenant = TEXT("t");
    give_specification(&w, SPECIFICATION_API, &row, "content");
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    assert_status(store_specification_get(f->s, TEXT(""), row.hash, &f->arena, &out), E_NOT_FOUND);
    assert_ok(make_application(f, "a"));
    assert_ok(create_with(f, 2, SPECIFICATION_API, "content"));
    assert_counts(f, 2, 2, 14);
    assert_ok(store_application_delete(f->s, TEXT("t"), TEXT("a"), AUDIT("application.delete"), NULL, NULL));
    assert_true(specification_is_there(f, "content"));
    assert_status(store_specification_get(f->s, TEXT("t"), row.hash, &f->arena, &out), E_NOT_FOUND);
}

static void keeps_large_and_empty_content(struct fixture *f)
{
    struct specification_row row, out;
    size_t n = 3000000;
    uint8_t *p = arena_alloc(&f->arena, n);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 31 >> 7);
    assert_ok(make_application(f, "a"));
    struct service_write w = service_of(f, 1, "a");
    give_specification(&w, SPECIFICATION_API, &row, "x");
    row.packed = (struct bytes){p, n};
    assert_ok(store_service_create(f->s, &w, AUDIT("service.create")));
    assert_ok(store_specification_get(f->s, TEXT(""), row.hash, &f->arena, &out));
    assert_true(bytes_equal(out.packed, row.packed));
    assert_ok(create_with(f, 2, SPECIFICATION_DOCUMENTATION, ""));
    assert_true(specification_is_there(f, ""));
    assert_counts(f, 2, 2, (int64_t)n);
}

const struct contract_check specification_checks[] = {
    {"refuses to keep a specification that was not there", refuses_to_keep_what_was_not_there, false},
    {"content of specifications is shared and counted", content_is_shared_and_counted, false},
    {"content that is there is not stored again", content_that_is_there_is_not_stored_again, false},
    {"replacing a service changes the references", replacing_changes_the_references, false},
    {"tenants do not share content", tenants_do_not_share_content, false},
    {"keeps large and empty content", keeps_large_and_empty_content, false},
    {NULL, NULL, false},
};
