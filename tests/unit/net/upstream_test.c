/* SPDX-License-Identifier: Apache-2.0 */
#include "net/upstream.h"

#include "upstream_world.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static void reuses_a_connection_for_the_next_call(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    for (int i = 0; i < 3; i++) {
        struct record *r = &w.calls[i];
        world_must_start(&w, r, &get_request);
        wait_for(&w, world_asked(&w, 0));
        world_say(&w, 0, OK_ANSWER);
        wait_for(&w, r->ends == 1);
        assert_int_equal(r->status, 200);
        assert_string_equal(r->body, "hi");
        assert_int_equal(r->facts.reused, i > 0);
        assert_true(r->facts.first_byte_us > 0);
        assert_int_equal(r->facts.connect_us > 0, i == 0);
    }
    const struct upstream_stats stats = world_stats(&w);
    assert_int_equal(w.accepted, 1);
    assert_int_equal(stats.connections_made, 1);
    assert_int_equal(stats.connections_reused, 2);
    assert_int_equal(stats.idle, 1);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reuses_a_connection_for_the_next_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
