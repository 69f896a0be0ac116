/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers der_check_tree, der_any, der_begin, der_finish, der_put, der_time, der_put_time, der_unsigned,
 * der_put_unsigned (x509/der.h). Property: DER has one encoding of each value, so whatever the reader accepts
 * the writer gives back octet for octet.
 */

#include "x509/der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_unsigned(struct bytes whole)
{
    struct der_fault fault = {0};
    struct der d = der_of(whole, &fault);
    uint64_t value = der_unsigned(&d, UINT64_MAX, "it");
    if (fault.what)
        return;
    OWNED(buffer_release) struct buffer again;
    buffer_init(&again, 16);
    der_put_unsigned(&again, value);
    must(bytes_equal(buffer_bytes(&again), whole));
}

static void check_time(struct bytes whole)
{
    struct der_fault fault = {0};
    struct der d = der_of(whole, &fault);
    int64_t seconds = der_time(&d, "it");
    if (fault.what || seconds < 0)
        return;
    OWNED(buffer_release) struct buffer again;
    buffer_init(&again, 32);
    der_put_time(&again, seconds);
    /* a GeneralizedTime before 2050 is read, and written as UTCTime */
    must(bytes_equal(buffer_bytes(&again), whole) || whole.p[0] == DER_GENERALIZED_TIME);
}

static void rewrite(struct bytes content, struct buffer *out, unsigned depth)
{
    must(depth <= DER_DEPTH_MAX);
    struct der_fault fault = {0};
    struct der d = der_of(content, &fault);
    while (der_more(&d)) {
        struct der_element e = der_any(&d, "it");
        must(!fault.what);
        if (e.tag & 0x20) {
            size_t mark = der_begin(out, e.tag);
            rewrite(e.content, out, depth + 1);
            der_finish(out, mark);
        } else {
            der_put(out, e.tag, e.content);
            check_unsigned(e.whole);
            check_time(e.whole);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    struct der_fault fault = {0};
    der_check_tree(in, &fault, "it");
    if (fault.what)
        return 0;
    OWNED(buffer_release) struct buffer again;
    buffer_init(&again, size + 16);
    rewrite(in, &again, 0);
    must(status_ok(buffer_status(&again)) && bytes_equal(buffer_bytes(&again), in));
    return 0;
}
