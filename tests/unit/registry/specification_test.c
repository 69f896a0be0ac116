/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/specification.h"

#include <pthread.h>

#include "check.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- packing ---- */

static void fill(struct buffer *b, size_t size, const char *unit)
{
    while (buffer_size(b) + strlen(unit) <= size)
        buffer_cstr(b, unit);
    while (buffer_size(b) < size)
        buffer_byte(b, 'x');
}

static void refuses_damage(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer content;
    OWNED(buffer_release) struct buffer packed;
    OWNED(buffer_release) struct buffer out;
    struct specification_row row;
    buffer_init(&content, 4096);
    buffer_init(&packed, 4096);
    buffer_init(&out, 4096);
    fill(&content, 2000, "{\"openapi\":\"3.0.0\"}");
    assert_ok(specification_pack(buffer_bytes(&content), &packed, &row));
    assert_int_equal(row.packing, 1);
    uint8_t copy[4096];
    memcpy(copy, row.packed.p, row.packed.n);
    const struct specification_row good = row;
    row.packed.p = copy;
    for (size_t i = 0; i < row.packed.n * 8; i++) {
        copy[i / 8] ^= (uint8_t)(1 << i % 8);
        const struct status s = specification_unpack(&row, &out);
        if (status_ok(s)) /* a bit without meaning */
            assert_true(text_equal(buffer_as_text(&out), buffer_as_text(&content)));
        else
            assert_int_equal(s.code, E_BROKEN);
        buffer_clear(&out);
        copy[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t n = 0; n < good.packed.n; n++) {
        row = good;
        row.packed.n = n;
        assert_status(specification_unpack(&row, &out), E_BROKEN);
    }
    assert_int_equal(buffer_size(&out), 0);
    assert_ok(specification_unpack(&good, &out));
}

/* A frame that holds more, or less, than the row says, and rows that lie about it. */
static void refuses_every_other_size(void **state)
{
    (void)state;
    static const int64_t sizes[] = {-1, INT64_MIN, 0, 1, 1999, 2001, 4000, 1 << 20, INT64_MAX};
    OWNED(buffer_release) struct buffer content;
    OWNED(buffer_release) struct buffer packed;
    struct specification_row row;
    buffer_init(&content, 4096);
    buffer_init(&packed, 8192);
    fill(&content, 2000, "{\"openapi\":\"3.0.0\"}");
    for (int plain = 0; plain < 2; plain++) {
        assert_ok(specification_pack(buffer_bytes(&content), &packed, &row));
        if (plain) {
            row.packing = 0;
            row.packed = buffer_bytes(&content);
        }
        for (size_t i = 0; i < COUNT(sizes); i++) {
            OWNED(buffer_release) struct buffer out;
            struct specification_row lie = row;
            buffer_init(&out, 1 << 21);
            lie.size = sizes[i];
            assert_false(status_ok(specification_unpack(&lie, &out)));
            assert_int_equal(buffer_size(&out), 0);
        }
    }
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 1 << 21);
    for (int packing = -1; packing <= 3; packing += 3) {
        row.packing = packing;
        assert_status(specification_unpack(&row, &out), E_BROKEN);
    }
    /* Two frames one after the other are none. */
    OWNED(buffer_release) struct buffer twice;
    buffer_init(&twice, 8192);
    buffer_clear(&packed);
    assert_ok(specification_pack(buffer_bytes(&content), &packed, &row));
    buffer_append(&twice, row.packed);
    buffer_append(&twice, row.packed);
    row.packed = buffer_bytes(&twice);
    assert_status(specification_unpack(&row, &out), E_BROKEN);
    row.size = 4000;
    assert_status(specification_unpack(&row, &out), E_BROKEN);
}

static void comes_back_as_it_was(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 17, 100, 2048, 65536, 1 << 20, 4 << 20};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        OWNED(buffer_release) struct buffer content;
        OWNED(buffer_release) struct buffer packed;
        OWNED(buffer_release) struct buffer out;
        struct specification_row row;
        uint8_t hash[SHA256_SIZE];
        buffer_init(&content, sizes[i]);
        buffer_init(&packed, sizes[i] + 3);
        buffer_init(&out, sizes[i] + 3);
        fill(&content, sizes[i], "18446744073709551615 2.0 1e3 {\"a\":1,\"a\":2}\n");
        buffer_text(&packed, TEXT("abc")); /* what is there stays */
        buffer_text(&out, TEXT("abc"));
        assert_ok(specification_pack(buffer_bytes(&content), &packed, &row));
        assert_int_equal(row.size, sizes[i]);
        assert_true(row.packed.n <= sizes[i]);
        assert_int_equal(row.packing, row.packed.n < sizes[i]);
        assert_int_equal(buffer_size(&packed), row.packed.n + 3);
        sha256(buffer_bytes(&content), hash);
        assert_memory_equal(hash, row.hash, SHA256_SIZE);
        assert_ok(specification_unpack(&row, &out));
        assert_true(text_equal(text_from(buffer_as_text(&out), 3), buffer_as_text(&content)));
    }
}

static void *pack_in_a_thread(void *ctx)
{
    (void)ctx;
    comes_back_as_it_was(NULL);
    return NULL;
}

/* Each thread has its own state, and gives it back (LeakSanitizer looks). */
static void threads_do_not_share_their_state(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, pack_in_a_thread, NULL), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
}

static void refuses_what_the_buffer_may_not_hold(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer content;
    OWNED(buffer_release) struct buffer small;
    OWNED(buffer_release) struct buffer packed;
    struct specification_row row;
    buffer_init(&content, 4096);
    buffer_init(&packed, 4096);
    buffer_init(&small, 1999);
    fill(&content, 2000, "abc");
    assert_status(specification_pack(buffer_bytes(&content), &small, &row), E_TOO_LARGE);
    buffer_clear(&small);
    assert_ok(specification_pack(buffer_bytes(&content), &packed, &row));
    assert_status(specification_unpack(&row, &small), E_TOO_LARGE);
}

static struct status pack_and_unpack(void)
{
    OWNED(buffer_release) struct buffer packed;
    OWNED(buffer_release) struct buffer out;
    struct specification_row row;
    buffer_init(&packed, 1000);
    buffer_init(&out, 1000);
    TRY(specification_pack(text_bytes(TEXT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")), &packed,
                           &row));
    return specification_unpack(&row, &out);
}

static void *pack_with_failures(void *ctx)
{
    (void)ctx;
    assert_survives_failing_allocations(pack_and_unpack());
    return NULL;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    pthread_t fresh; /* a thread without state yet */
    assert_int_equal(pthread_create(&fresh, NULL, pack_with_failures, NULL), 0);
    pthread_join(fresh, NULL);
}

/* ---- where it comes from ---- */

static void inline_beats_url_beats_odata(void **state)
{
    (void)state;
    static const struct {
        struct api_details api;
        enum specification_origin origin;
        const char *url;
    } cases[] = {
        {{.given = false, .spec = TEXT_INIT("{}")}, ORIGIN_NONE, ""},
        {{.given = true}, ORIGIN_NONE, ""},
        {{.given = true, .spec = TEXT_INIT("{}"), .specification_url = TEXT_INIT("u")}, ORIGIN_INLINE, ""},
        {{.given = true, .spec = TEXT_INIT("null"), .specification_url = TEXT_INIT("u")}, ORIGIN_URL, "u"},
        {{.given = true, .spec = TEXT_INIT("null")}, ORIGIN_NONE, ""},
        {{.given = true, .spec = TEXT_INIT("null"), .spec_is_text = true}, ORIGIN_INLINE, ""},
        {{.given = true, .spec = TEXT_INIT(""), .spec_is_text = true}, ORIGIN_NONE, ""},
        {{.given = true, .api_type = TEXT_INIT("OData"), .target_url = TEXT_INIT("http://h")},
         ORIGIN_URL,
         "http://h/$metadata"},
        {{.given = true, .api_type = TEXT_INIT("odata"), .target_url = TEXT_INIT("http://h/")},
         ORIGIN_URL,
         "http://h/$metadata"},
        {{.given = true, .api_type = TEXT_INIT("ODATA"), .target_url = TEXT_INIT("http://h//")},
         ORIGIN_URL,
         "http://h//$metadata"},
        {{.given = true, .api_type = TEXT_INIT("odata2"), .target_url = TEXT_INIT("http://h")},
         ORIGIN_NONE,
         ""},
        {{.given = true,
          .api_type = TEXT_INIT("odata"),
          .target_url = TEXT_INIT("h"),
          .specification_url = TEXT_INIT("u")},
         ORIGIN_URL,
         "u"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWNED(arena_release) struct arena a;
        struct text url;
        arena_init(&a, 4096, 65536);
        assert_int_equal(specification_origin(&cases[i].api, &a, &url), cases[i].origin);
        assert_text(url, cases[i].url);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_damage),
        cmocka_unit_test(refuses_every_other_size),
        cmocka_unit_test(refuses_what_the_buffer_may_not_hold),
        cmocka_unit_test(comes_back_as_it_was),
        cmocka_unit_test(threads_do_not_share_their_state),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(inline_beats_url_beats_odata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
