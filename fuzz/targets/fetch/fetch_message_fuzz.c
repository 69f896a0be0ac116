/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes -> fetch_request_decode and fetch_answer_decode (fetch/message.c). What is accepted is encoded to the
 * same bytes again.
 */

#include "fetch/fetch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(struct bytes in)
{
    static struct fetch_field fields[FETCH_FIELDS_ROOM];
    struct fetch_request r;
    struct buffer again;
    if (!status_ok(fetch_request_decode(in, &r, fields)))
        return;
    buffer_init(&again, FETCH_MESSAGE_MAX);
    fetch_request_encode(&r, &again);
    must(status_ok(buffer_status(&again)));
    must(bytes_equal(buffer_bytes(&again), in));
    buffer_release(&again);
}

static void check_answer(struct bytes in)
{
    struct fetch_answer a;
    struct buffer again;
    if (!status_ok(fetch_answer_decode(in, &a)))
        return;
    buffer_init(&again, FETCH_MESSAGE_MAX);
    fetch_answer_encode(&a, &again);
    must(status_ok(buffer_status(&again)));
    must(bytes_equal(buffer_bytes(&again), in));
    buffer_release(&again);
    fetch_answer_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_request((struct bytes){data, size});
    check_answer((struct bytes){data, size});
    return 0;
}
