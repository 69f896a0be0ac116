/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A bounds-checked cursor with a sticky failure: after the first short read every read returns zero/empty.
 * Read all fields, then check reader_done() once: nothing failed and nothing is left over. Integers are
 * big-endian.
 */

#include "base/bytes.h"

struct reader {
    struct bytes rest;
    bool failed;
};

static inline struct reader reader_of(struct bytes b)
{
    return (struct reader){b, false};
}
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
struct bytes reader_take(struct reader *r, size_t n);
struct bytes reader_bytes16(struct reader *r); /* u16 length, then the bytes; borrowed from the input */
struct bytes reader_bytes32(struct reader *r);
struct text reader_text16(struct reader *r);
bool reader_done(const struct reader *r); /* no failure, nothing left */
