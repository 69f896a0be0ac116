/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers base64_decode, base64_encode, base64url_decode, base64url_encode (base/encoding.h).
 * Properties: whatever is accepted encodes back to the same characters without the line breaks, so every
 * value has exactly one spelling; and whatever is encoded decodes to itself.
 */

#include "base/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_spelling(struct text in)
{
    OWNED(buffer_release) struct buffer decoded;
    OWNED(buffer_release) struct buffer again;
    buffer_init(&decoded, in.n);
    buffer_init(&again, in.n);
    if (!status_ok(base64_decode(&decoded, in)))
        return;
    base64_encode(&again, buffer_bytes(&decoded));
    must(status_ok(buffer_status(&again)));
    struct text spelled = buffer_as_text(&again);
    size_t at = 0;
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] == '\r' || in.p[i] == '\n')
            continue;
        must(at < spelled.n && spelled.p[at] == in.p[i]);
        at++;
    }
    must(at == spelled.n);
}

static void check_spelling_for_urls(struct text in)
{
    OWNED(buffer_release) struct buffer decoded;
    OWNED(buffer_release) struct buffer again;
    buffer_init(&decoded, in.n);
    buffer_init(&again, base64_encoded_size(in.n));
    if (!status_ok(base64url_decode(&decoded, in)))
        return;
    base64url_encode(&again, buffer_bytes(&decoded));
    struct text spelled = buffer_as_text(&again);
    while (spelled.n > 0 && spelled.p[spelled.n - 1] == '=')
        spelled.n--;
    must(text_equal(spelled, in));
}

static void check_round_trip(struct bytes in)
{
    size_t size = base64_encoded_size(in.n);
    OWNED(buffer_release) struct buffer encoded;
    OWNED(buffer_release) struct buffer for_urls;
    OWNED(buffer_release) struct buffer decoded;
    buffer_init(&encoded, size);
    buffer_init(&for_urls, size);
    buffer_init(&decoded, in.n);
    base64_encode(&encoded, in);
    base64url_encode(&for_urls, in);
    must(buffer_size(&encoded) == size && buffer_size(&for_urls) == size);
    must(status_ok(base64_decode(&decoded, buffer_as_text(&encoded))));
    must(bytes_equal(buffer_bytes(&decoded), in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    check_spelling(bytes_text(in));
    check_spelling_for_urls(bytes_text(in));
    check_round_trip(in);
    return 0;
}
