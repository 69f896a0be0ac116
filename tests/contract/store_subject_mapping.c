/* SPDX-License-Identifier: Apache-2.0 */
#include "store/subject_mapping.h"

#include "store_suite.h"

/* Mappings of certificate subjects. */

static struct subject_mapping mapping_of(const char *subject)
{
    struct subject_mapping m = {.subject = text_of(subject),
                                .consumer_type = TEXT("Integration System"),
                                .internal_consumer_id = TEXT("an id"),
                                .levels = TEXT("account global"),
                                .created_at = NOW,
                                .updated_at = NOW};
    uuid_new(m.id);
    return m;
}

static struct subject_mapping make(struct fixture *f, const char *subject)
{
    const struct subject_mapping m = mapping_of(subject);
    assert_ok(store_subject_mapping_create(f->s, &m, AUDIT("mapping.create")));
    return m;
}

static void refuses_what_cannot_be_kept(struct fixture *f)
{
    static char large[SUBJECT_MAPPING_TEXT_MAX + 1];
    memset(large, 'x', sizeof large);
    struct subject_mapping list[7];
    for (size_t i = 0; i < 7; i++)
        list[i] = mapping_of("CN=a");
    list[0].subject = TEXT("");
    list[1].consumer_type = TEXT("");
    list[2].levels = TEXT("");
    list[3].subject = (struct text){large, sizeof large};
    list[4].consumer_type = (struct text){large, sizeof large};
    list[5].internal_consumer_id = (struct text){large, sizeof large};
    list[6].levels = (struct text){large, sizeof large};
    for (size_t i = 0; i < 7; i++) {
        assert_status(store_subject_mapping_create(f->s, &list[i], AUDIT("mapping.create")), E_INVALID);
        assert_status(store_subject_mapping_replace(f->s, &list[i], AUDIT("mapping.replace")), E_INVALID);
    }
    const struct subject_mapping good = mapping_of("CN=a");
    assert_status(store_subject_mapping_create(f->s, &good, NO_AUDIT), E_INVALID);
    assert_status(store_subject_mapping_replace(f->s, &good, NO_AUDIT), E_INVALID);
    assert_status(store_subject_mapping_delete(f->s, good.id, NO_AUDIT), E_INVALID);
    assert_int_equal(audit_rows(f, "mapping.create"), 0);
}

static void unknown_ones_are_not_found(struct fixture *f)
{
    const struct subject_mapping other = mapping_of("CN=other");
    struct subject_mapping out;
    make(f, "CN=a");
    assert_status(store_subject_mapping_get(f->s, other.id, &f->arena, &out), E_NOT_FOUND);
    assert_status(store_subject_mapping_replace(f->s, &other, AUDIT("mapping.replace")), E_NOT_FOUND);
    assert_status(store_subject_mapping_delete(f->s, other.id, AUDIT("mapping.delete")), E_NOT_FOUND);
    assert_int_equal(audit_rows(f, "mapping.replace") + audit_rows(f, "mapping.delete"), 0);
    /* Byte for byte: neither case nor a prefix counts. */
    static const char *const near[] = {"", "CN=", "CN=A", "cn=a", "CN=a ", "CN=ab"};
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
        assert_status(store_subject_mapping_find(f->s, text_of(near[i]), &f->arena, &out), E_NOT_FOUND);
}

static void a_subject_has_one_mapping(struct fixture *f)
{
    const struct subject_mapping a = make(f, "CN=a");
    struct subject_mapping b = mapping_of("CN=a");
    assert_status(store_subject_mapping_create(f->s, &b, AUDIT("mapping.create")), E_CONFLICT);
    b = make(f, "CN=b");
    b.subject = a.subject;
    assert_status(store_subject_mapping_replace(f->s, &b, AUDIT("mapping.replace")), E_CONFLICT);
    struct subject_mapping twin = mapping_of("CN=c");
    memcpy(twin.id, a.id, UUID_SIZE);
    assert_status(store_subject_mapping_create(f->s, &twin, AUDIT("mapping.create")), E_CONFLICT);
    assert_int_equal(audit_rows(f, "mapping.create"), 2);
    assert_int_equal(audit_rows(f, "mapping.replace"), 0);
}

static void a_revoked_certificate_writes_nothing(struct fixture *f)
{
    const struct digest fingerprint = digest_of(7);
    bool was = false;
    assert_ok(store_certificate_revoke(f->s, fingerprint.p, TEXT(""), NOW, AUDIT("revoke"), &was));
    const struct audit_entry audit = {
        .at = NOW, .action = TEXT("mapping.late"), .actor = TEXT("x"), .certificate = fingerprint.p};
    struct subject_mapping m = mapping_of("CN=late");
    assert_status(store_subject_mapping_create(f->s, &m, &audit), E_DENIED);
    m = make(f, "CN=a");
    assert_status(store_subject_mapping_replace(f->s, &m, &audit), E_DENIED);
    assert_status(store_subject_mapping_delete(f->s, m.id, &audit), E_DENIED);
    assert_int_equal(audit_rows(f, "mapping.late"), 0);
}

static void is_found_changed_and_deleted(struct fixture *f)
{
    struct subject_mapping m = make(f, "CN=a\\, b, OU=\xc3\xa9"), out;
    assert_ok(store_subject_mapping_find(f->s, m.subject, &f->arena, &out));
    assert_memory_equal(out.id, m.id, UUID_SIZE);
    assert_text(out.consumer_type, "Integration System");
    assert_text(out.internal_consumer_id, "an id");
    assert_text(out.levels, "account global");
    assert_int_equal(out.created_at, NOW);
    m.subject = TEXT("CN=new");
    m.consumer_type = TEXT("Runtime");
    m.internal_consumer_id = TEXT("");
    m.levels = TEXT("customer");
    m.created_at = NOW + 5; /* not taken over */
    m.updated_at = NOW + 9;
    assert_ok(store_subject_mapping_replace(f->s, &m, AUDIT("mapping.replace")));
    assert_status(store_subject_mapping_find(f->s, TEXT("CN=a\\, b, OU=\xc3\xa9"), &f->arena, &out),
                  E_NOT_FOUND);
    assert_ok(store_subject_mapping_get(f->s, m.id, &f->arena, &out));
    assert_text(out.subject, "CN=new");
    assert_text(out.consumer_type, "Runtime");
    assert_int_equal(out.internal_consumer_id.n, 0);
    assert_text(out.levels, "customer");
    assert_int_equal(out.created_at, NOW);
    assert_int_equal(out.updated_at, NOW + 9);
    assert_ok(store_subject_mapping_replace(f->s, &m, AUDIT("mapping.replace"))); /* its own subject */
    assert_ok(store_subject_mapping_delete(f->s, m.id, AUDIT("mapping.delete")));
    assert_status(store_subject_mapping_get(f->s, m.id, &f->arena, &out), E_NOT_FOUND);
    assert_int_equal(audit_rows(f, "mapping.delete"), 1);
}

struct seen {
    uint8_t last[UUID_SIZE];
    size_t count, stop_after;
};

static bool see(void *ctx, const struct subject_mapping *m)
{
    struct seen *s = ctx;
    if (s->count > 0)
        assert_true(memcmp(s->last, m->id, UUID_SIZE) < 0);
    memcpy(s->last, m->id, UUID_SIZE);
    return ++s->count != s->stop_after;
}

static void are_listed_by_id(struct fixture *f)
{
    static const char *const subjects[] = {"CN=1", "CN=2", "CN=3", "CN=4", "CN=5"};
    uint64_t total = 9;
    struct seen s = {.count = 0};
    assert_status(store_subject_mapping_list(f->s, &(struct offset_page){0, 0}, &f->arena, see, &s, &total),
                  E_INVALID);
    assert_ok(store_subject_mapping_list(f->s, &(struct offset_page){0, 10}, &f->arena, see, &s, &total));
    assert_int_equal(total + s.count, 0);
    for (size_t i = 0; i < 5; i++)
        make(f, subjects[i]);
    for (uint64_t at = 0; at < 7; at += 2)
        assert_ok(store_subject_mapping_list(f->s, &(struct offset_page){at, 2}, &f->arena, see, &s, &total));
    assert_int_equal(s.count, 5);
    assert_int_equal(total, 5);
    s = (struct seen){.stop_after = 2};
    assert_ok(store_subject_mapping_list(f->s, &(struct offset_page){0, 10}, &f->arena, see, &s, &total));
    assert_int_equal(s.count, 2);
}

const struct contract_check subject_mapping_checks[] = {
    {"refuses mappings that cannot be kept", refuses_what_cannot_be_kept, false},
    {"unknown mappings are not found", unknown_ones_are_not_found, false},
    {"a subject has one mapping", a_subject_has_one_mapping, false},
    {"a revoked certificate writes no mapping", a_revoked_certificate_writes_nothing, false},
    {"a mapping is found, changed and deleted", is_found_changed_and_deleted, false},
    {"mappings are listed by id", are_listed_by_id, false},
    {NULL, NULL, false},
};
