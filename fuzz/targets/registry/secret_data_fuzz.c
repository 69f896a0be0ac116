/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers secret_data_decode and secret_data_encode (registry/secret_data.h).
 * Property: there is one encoding of each content, so what is read is written again octet for octet.
 */

#include "registry/secret_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(secret_release) struct secret bytes = {0};
    OWNED(secret_release) struct secret again = {0};
    OWNED(secret_data_release) struct secret_data read = {0};
    must(status_ok(secret_copy(&bytes, (struct bytes){data, size})));
    struct status s = secret_data_decode(&bytes, &read);
    must(!bytes.p);
    if (!status_ok(s)) {
        must(s.code == E_BROKEN && read.count == 0 && !read.bytes.p);
        return 0;
    }
    must(read.count <= SECRET_ITEMS_MAX);
    must(status_ok(secret_data_encode(read.items, read.count, &again)));
    must(bytes_equal(secret_bytes(&again), (struct bytes){data, size}));
    return 0;
}
