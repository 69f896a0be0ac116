/* SPDX-License-Identifier: Apache-2.0 */
/* Covers hop_preamble_decode, hop_identity_decode, hop_listeners_decode and their encoders: what decodes must
 * encode to the same bytes. */
#include "net/hop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_preamble(struct bytes in)
{
    struct hop_preamble p;
    size_t used = 0;
    if (!status_ok(hop_preamble_decode(in, &p, &used)) || used == 0)
        return;
    must(used <= in.n);
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, HOP_PREAMBLE_MAX + 4);
    hop_preamble_encode(&p, &b);
    must(bytes_equal(buffer_bytes(&b), (struct bytes){in.p, used}));
}

static void check_identity(struct bytes in)
{
    struct hop_identity id, again;
    if (!status_ok(hop_identity_decode(in, &id)))
        return;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1u << 20);
    hop_identity_encode(&id, &b);
    must(status_ok(hop_identity_decode(buffer_bytes(&b), &again)));
    must(text_equal(id.application, again.application) && id.valid_until == again.valid_until);
}

static void check_listeners(struct bytes in)
{
    struct hop_listeners l;
    if (!status_ok(hop_listeners_decode(in, &l)))
        return;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1u << 20);
    hop_listeners_encode(&l, &b);
    must(bytes_equal(buffer_bytes(&b), in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    check_preamble(in);
    check_identity(in);
    check_listeners(in);
    return 0;
}
