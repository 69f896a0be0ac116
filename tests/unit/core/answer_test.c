/* SPDX-License-Identifier: Apache-2.0 */
#include "core/job.h"

#include "base/alloc.h"
#include "check.h"

/* Long answers, piece by piece: when the next one is made, and what happens when something goes wrong. The
 * exchange and the work queue are stubs that write down what was asked of them. */

struct world {
    struct core core;
    struct exchange exchange;
    struct route route;
    struct buffer sent;
    struct work *queued;
    unsigned responded, ended, aborted, dones, pieces_made;
    unsigned pieces; /* that the handler has */
    enum code piece_fails, write_says, submit_says;
};
static struct world w;

struct status exchange_respond(struct exchange *x, const struct response *head)
{
    (void)x;
    assert_int_equal(head->body, BODY_STREAM);
    w.responded++;
    return DONE;
}
struct status exchange_write(struct exchange *x, struct bytes body)
{
    (void)x;
    assert_int_equal(w.responded, 1);
    buffer_append(&w.sent, body);
    return status_of(w.write_says);
}
struct status exchange_end(struct exchange *x)
{
    assert_null(x->owner);
    w.ended++;
    return DONE;
}
struct status exchange_reply(struct exchange *x, struct response *head, struct bytes body)
{
    (void)head;
    assert_null(x->owner);
    buffer_append(&w.sent, body);
    w.ended++;
    return DONE;
}
void exchange_abort(struct exchange *x)
{
    assert_null(x->owner);
    w.aborted++;
}
void connection_flush_later(struct connection *c)
{
    (void)c;
}
struct status workqueue_submit(struct workqueue *q, struct work *work)
{
    (void)q;
    assert_null(w.queued);
    if (w.submit_says == E_OK)
        w.queued = work;
    return status_of(w.submit_says);
}
void snapshot_unref(struct snapshot *s)
{
    (void)s;
}
void job_free(struct job *j)
{
    if (j->call.reply.done)
        j->call.reply.done(&j->call);
    buffer_release(&j->call.reply.body);
    arena_release(&j->arena);
    mem_free(j);
}

static struct status more(struct call *c)
{
    assert_int_equal(buffer_size(&c->reply.body), 0);
    w.pieces_made++;
    if (w.piece_fails)
        return error_set(&c->err, w.piece_fails, "the store went away");
    buffer_byte(&c->reply.body, (uint8_t)('0' + w.pieces_made));
    c->reply.last = w.pieces_made == w.pieces;
    return DONE;
}

static void done(struct call *c)
{
    (void)c;
    w.dones++;
}

/* A handler has put "begin " into the body and has `pieces` more. */
static struct job *long_answer(unsigned pieces)
{
    struct job *j = mem_alloc(sizeof *j);
    assert_non_null(j);
    memset(&w, 0, sizeof w);
    w.pieces = pieces;
    w.route.pattern = "/long";
    buffer_init(&w.sent, 1024);
    arena_init(&w.exchange.arena, 1024, 1 << 16);
    arena_init(&j->arena, 1024, 1 << 16);
    j->core = &w.core;
    j->exchange = &w.exchange;
    w.exchange.owner = j;
    j->call.route = &w.route;
    j->call.reply = (struct reply){.status = 200, .more = more, .done = done, .last = pieces == 0};
    buffer_init(&j->call.reply.body, 1024);
    buffer_text(&j->call.reply.body, TEXT("begin "));
    return j;
}

/* The queued piece: on its thread, then back on the loop. */
static void make_piece(void)
{
    struct work *work = w.queued;
    assert_non_null(work);
    w.queued = NULL;
    work->run(work);
    work->done(work);
}

static void close_world(void)
{
    assert_int_equal(w.dones, 1);
    assert_null(w.queued);
    assert_int_equal(w.core.running, 0);
    buffer_release(&w.sent);
    arena_release(&w.exchange.arena);
}

static void cuts_the_answer_when_a_piece_fails(void **state)
{
    (void)state;
    struct job *j = long_answer(3);
    job_answer(j);
    make_piece();
    w.piece_fails = E_UNAVAILABLE;
    make_piece();
    assert_int_equal(w.aborted, 1);
    assert_int_equal(w.ended, 0);
    assert_text(buffer_as_text(&w.sent), "begin 1");
    close_world();
}

static void cuts_the_answer_when_the_queue_is_full(void **state)
{
    (void)state;
    struct job *j = long_answer(3);
    w.submit_says = E_AGAIN;
    job_answer(j);
    assert_int_equal(w.aborted, 1);
    close_world();
}

static void cuts_the_answer_when_it_cannot_be_written(void **state)
{
    (void)state;
    struct job *j = long_answer(3);
    w.write_says = E_NOMEM;
    job_answer(j);
    assert_int_equal(w.aborted, 1);
    close_world();
}

static void makes_nothing_more_for_a_peer_that_went(void **state)
{
    (void)state;
    struct job *j = long_answer(3);
    job_answer(j);
    struct work *work = w.queued;
    w.queued = NULL;
    work->run(work); /* the peer goes while the piece is made */
    j->exchange = NULL;
    work->done(work);
    assert_int_equal(w.ended + w.aborted, 0);
    assert_int_equal(w.pieces_made, 1);
    close_world();
}

static void waits_for_a_slow_peer(void **state)
{
    (void)state;
    struct job *j = long_answer(2);
    w.write_says = E_AGAIN; /* taken, but no more for now */
    job_answer(j);
    assert_null(w.queued);
    assert_int_equal(w.pieces_made, 0);
    job_drained(j);
    assert_non_null(w.queued);
    job_drained(j); /* a second one while the piece is being made asks for nothing */
    make_piece();
    assert_null(w.queued);
    job_drained(j);
    make_piece();
    assert_text(buffer_as_text(&w.sent), "begin 12");
    assert_int_equal(w.ended, 1);
    close_world();
}

static void sends_all_pieces_in_order(void **state)
{
    (void)state;
    struct job *j = long_answer(3);
    job_answer(j);
    make_piece();
    make_piece();
    make_piece();
    assert_text(buffer_as_text(&w.sent), "begin 123");
    assert_int_equal(w.ended, 1);
    assert_int_equal(w.aborted, 0);
    close_world();
}

static void the_beginning_may_be_all(void **state)
{
    (void)state;
    job_answer(long_answer(0));
    assert_text(buffer_as_text(&w.sent), "begin ");
    assert_int_equal(w.ended, 1);
    close_world();
}

static void a_whole_answer_goes_out_at_once(void **state)
{
    (void)state;
    struct job *j = long_answer(0);
    j->call.reply.more = NULL;
    job_answer(j);
    assert_int_equal(w.responded, 0);
    assert_text(buffer_as_text(&w.sent), "begin ");
    assert_int_equal(w.ended, 1);
    close_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_the_answer_when_a_piece_fails),
        cmocka_unit_test(cuts_the_answer_when_the_queue_is_full),
        cmocka_unit_test(cuts_the_answer_when_it_cannot_be_written),
        cmocka_unit_test(makes_nothing_more_for_a_peer_that_went),
        cmocka_unit_test(waits_for_a_slow_peer),
        cmocka_unit_test(sends_all_pieces_in_order),
        cmocka_unit_test(the_beginning_may_be_all),
        cmocka_unit_test(a_whole_answer_goes_out_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
