/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/page.h"
#include "os/processes.h"

#define PAGE_BYTES (PAGE_COUNTERS * sizeof(uint64_t))

struct fixture {
    int fd, readonly_fd;
    struct page core, front;
};

static int set_up(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    assert_ok(page_create(&f->fd));
    assert_ok(page_reopen_readonly(f->fd, &f->readonly_fd));
    assert_ok(page_map(f->fd, true, &f->core));
    assert_ok(page_map(f->readonly_fd, false, &f->front));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    page_unmap(&f->core);
    page_unmap(&f->front);
    close(f->fd);
    close(f->readonly_fd);
    mem_free(f);
    return 0;
}

static void a_front_cannot_map_it_writable(void **state)
{
    struct fixture *f = *state;
    struct page p = {0};
    assert_status(page_map(f->readonly_fd, true, &p), E_DENIED);
    assert_null(p.counters);
}

static void a_read_only_map_cannot_be_made_writable(void **state)
{
    struct fixture *f = *state;
    void *p = (void *)(uintptr_t)f->front.counters;
    assert_int_equal(mprotect(p, PAGE_BYTES, PROT_READ | PROT_WRITE), -1);
}

static void it_cannot_be_resized(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ftruncate(f->fd, 0), -1);
    assert_int_equal(ftruncate(f->fd, 2 * PAGE_BYTES), -1);
}

static void refuses_what_is_no_page(void **state)
{
    (void)state;
    struct page p = {0};
    int small = -1;
    assert_ok(memfd_sealed("small", BYTES_OF("x"), &small));
    assert_status(page_map(small, false, &p), E_INVALID);
    close(small);
    int unsealed = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(unsealed, PAGE_BYTES), 0);
    assert_status(page_map(unsealed, false, &p), E_INVALID); /* could be shrunk under us */
    close(unsealed);
    assert_status(page_map(-1, false, &p), E_INVALID);
}

static void a_bump_is_seen_through_the_other_map(void **state)
{
    struct fixture *f = *state;
    uint32_t index = page_index(PAGE_CERTIFICATE, BYTES_OF("fingerprint"));
    uint64_t before = page_load(&f->front, index);
    page_bump(&f->core, index);
    assert_int_equal(page_load(&f->front, index), before + 1);
    page_bump_all(&f->core);
    assert_int_equal(page_load(&f->front, index), before + 2);
    assert_int_equal(page_load(&f->front, PAGE_COUNTERS - 1), 1);
}

static void kinds_have_different_indexes(void **state)
{
    (void)state;
    struct bytes id = BYTES_OF("shop");
    assert_int_equal(page_index(PAGE_APPLICATION, id), page_index(PAGE_APPLICATION, id));
    assert_int_not_equal(page_index(PAGE_APPLICATION, id), page_index(PAGE_SERVICE, id));
}

static void pairs_are_current_until_one_moves(void **state)
{
    struct fixture *f = *state;
    struct page_pairs pairs = {0};
    for (uint32_t i = 0; i < PAGE_PAIRS_MAX; i++)
        assert_true(page_pairs_add(&pairs, &f->core, 100 + i));
    assert_false(page_pairs_add(&pairs, &f->core, 99)); /* full */
    assert_int_equal(pairs.count, PAGE_PAIRS_MAX);
    assert_true(page_pairs_current(&pairs, &f->front));
    page_bump(&f->core, 99);
    assert_true(page_pairs_current(&pairs, &f->front));
    page_bump(&f->core, 103);
    assert_false(page_pairs_current(&pairs, &f->front));
}

static void waking_reaches_each_front_once(void **state)
{
    struct fixture *f = *state;
    int fds[2];
    for (int i = 0; i < 2; i++) {
        assert_ok(eventfd_new(&fds[i]));
        page_add_wake(&f->core, fds[i]);
    }
    page_wake(&f->core);
    page_wake(&f->core);
    for (int i = 0; i < 2; i++) {
        uint64_t count = 0;
        assert_int_equal(read(fds[i], &count, sizeof count), sizeof count);
        assert_int_equal(count, 2);
        assert_int_equal(read(fds[i], &count, sizeof count), -1); /* nothing more */
        close(fds[i]);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_front_cannot_map_it_writable),
        T(a_read_only_map_cannot_be_made_writable),
        T(it_cannot_be_resized),
        cmocka_unit_test(refuses_what_is_no_page),
        T(a_bump_is_seen_through_the_other_map),
        cmocka_unit_test(kinds_have_different_indexes),
        T(pairs_are_current_until_one_moves),
        T(waking_reaches_each_front_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
