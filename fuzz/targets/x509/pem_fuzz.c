/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers pem_next, pem_encode (x509/pem.h) and pem_first_block (x509/csr.h).
 * Property: a block that was read is written and read again as the same bytes; the walk over blocks ends.
 */

#include "x509/csr.h"
#include "x509/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(struct bytes der)
{
    OWNED(buffer_release) struct buffer pem, back;
    buffer_init(&pem, 2 * der.n + 256);
    buffer_init(&back, der.n + 1);
    pem_encode(&pem, TEXT("X"), der);
    must(status_ok(buffer_status(&pem)));
    struct text rest = buffer_as_text(&pem), label;
    must(status_ok(pem_next(&rest, &label, &back, NULL)));
    must(text_equal(label, TEXT("X")) && bytes_equal(buffer_bytes(&back), der));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, size + 1);
    struct text in = {(const char *)data, size}, rest = in, label;
    struct error err;
    struct status first = pem_first_block(in, &der, &err);
    must(status_ok(first) || (first.code == E_INVALID && err.message[0] != '\0'));
    for (size_t blocks = 0; status_ok(pem_next(&rest, &label, &der, NULL)); blocks++) {
        must(blocks <= size / 20 && (blocks > 0 || status_ok(first)));
        check_round_trip(buffer_bytes(&der));
    }
    return 0;
}
