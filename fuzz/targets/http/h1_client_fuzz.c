/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers: h1_client.c, h1_scan_status_line(), h1_rules_response(), h1_reader.c for answers.
 *
 * The first byte chooses the method of the request and the size of the pieces. Checked: what the owner sees
 * is the same in one piece and in many; an answer that ended is never followed by events; a cut answer never
 * looks complete.
 */

#include <stdlib.h>

#include "base/buffer.h"
#include "http/h1_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

struct run {
    struct buffer seen; /* statuses and body bytes in order */
    uint64_t promised, body_n;
    bool sized, head, ended, no_body;
    enum code code;
    size_t used;
};

static void note_head(struct run *r, const struct response *head)
{
    check(!r->ended && !r->head && head->status >= 100 && head->status <= 599);
    buffer_printf(&r->seen, "[%d %zu]", head->status, head->headers.count);
    for (size_t i = 0; i < head->headers.count; i++) {
        buffer_text(&r->seen, head->headers.list[i].name);
        buffer_text(&r->seen, head->headers.list[i].value);
    }
}

static void on_interim(void *owner, const struct response *head)
{
    note_head(owner, head);
    check(head->status < 200 && head->status != 101 && head->body == BODY_NONE);
}

static void on_head(void *owner, const struct response *head)
{
    struct run *r = owner;
    note_head(r, head);
    r->head = true;
    r->sized = head->body == BODY_SIZED && head->status != 304;
    r->promised = head->content_length;
    r->no_body = r->no_body && head->status != 101; /* a tunnel has no HTTP in it */
}

static void on_body(void *owner, struct bytes chunk)
{
    struct run *r = owner;
    check(r->head && !r->ended && !r->no_body && chunk.n > 0);
    r->body_n += chunk.n;
    buffer_append(&r->seen, chunk);
}

static void on_end(void *owner)
{
    struct run *r = owner;
    check(r->head && !r->ended);
    check(!r->sized || r->no_body || r->body_n == r->promised);
    r->ended = true;
    buffer_cstr(&r->seen, "[end]");
}

static void run_client(struct run *r, enum http_method method, struct bytes in, size_t piece)
{
    static const struct h1_client_events events = {on_interim, on_head, on_body, on_end};
    *r = (struct run){.no_body = method == HTTP_HEAD};
    buffer_init(&r->seen, 16UL * 1024 * 1024);
    struct h1_client *c = h1_client_new(&events, r, false);
    check(c != NULL);
    h1_client_reset(c, method);
    while (r->used < in.n && r->code == E_OK && !r->ended) {
        const size_t n = in.n - r->used < piece ? in.n - r->used : piece;
        size_t used = 0;
        r->code = h1_client_feed(c, (struct bytes){in.p + r->used, n}, &used).code;
        check(r->code != E_OK || used == n || r->ended);
        r->used += used;
    }
    if (r->code == E_OK && !r->ended) {
        const bool promised_more = r->head && r->sized && !r->no_body;
        r->code = h1_client_end_of_input(c).code;
        check(!promised_more || r->code != E_OK);
    }
    check(!h1_client_reusable(c) || r->ended);
    h1_client_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const enum http_method method = data[0] & 64 ? HTTP_HEAD : HTTP_GET;
    const struct bytes in = {data + 1, size - 1};
    struct run whole, pieces;
    run_client(&whole, method, in, in.n);
    run_client(&pieces, method, in, data[0] % 64 + 1U);
    check(whole.code == pieces.code);
    check(whole.code != E_OK || whole.used == pieces.used);
    check(text_equal(buffer_as_text(&whole.seen), buffer_as_text(&pieces.seen)));
    buffer_release(&whole.seen);
    buffer_release(&pieces.seen);
    return 0;
}
