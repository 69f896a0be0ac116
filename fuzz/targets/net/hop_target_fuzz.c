/* SPDX-License-Identifier: Apache-2.0 */
/* Covers hop_target_decode and its encoder: what decodes must encode to the same bytes. */
#include "net/hop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes in = {data, size};
    struct hop_field_room room;
    struct hop_target t;
    if (!status_ok(hop_target_decode(in, &room, &t)))
        return 0;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, HOP_TARGET_MAX);
    hop_target_encode(&t, &b);
    must(bytes_equal(buffer_bytes(&b), in));
    return 0;
}
