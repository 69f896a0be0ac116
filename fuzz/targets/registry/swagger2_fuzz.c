/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers swagger2_is, swagger2_rewrite, specification_pack and specification_unpack
 * (registry/specification.h).
 * Properties: what is rewritten is JSON, still Swagger 2, without a basePath, with our host, and rewriting it
 * again changes nothing; whatever is packed comes back, and whatever claims to be packed is refused or comes
 * back as long as it claims.
 */

#include "base/json_scan.h"
#include "base/own.h"
#include "registry/specification.h"

#define LARGEST (64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rewritten(struct text json)
{
    OWNED(buffer_release) struct buffer once;
    OWNED(buffer_release) struct buffer twice;
    struct text raw;
    enum json_type type;
    buffer_init(&once, 2 * (size_t)LARGEST);
    buffer_init(&twice, 2 * (size_t)LARGEST);
    must(status_ok(swagger2_rewrite(json, TEXT("h.example"), &once)));
    if (!status_ok(json_scan(json, NULL)))
        return;
    const struct text out = buffer_as_text(&once);
    must(status_ok(json_scan_with(out, 2 * JSON_TOKENS_MAX, NULL)));
    if (!swagger2_is(json, TEXT("")))
        return;
    must(swagger2_is(out, TEXT("")) && !json_member(out, TEXT("basePath"), &raw, &type));
    must(json_member(out, TEXT("host"), &raw, &type) && text_equal(raw, TEXT("\"h.example\"")));
    must(json_member(out, TEXT("paths"), &raw, &type));
    must(status_ok(swagger2_rewrite(out, TEXT("h.example"), &twice)));
    must(text_equal(out, buffer_as_text(&twice)));
}

static void check_packed(struct bytes content)
{
    OWNED(buffer_release) struct buffer packed;
    OWNED(buffer_release) struct buffer out;
    struct specification_row row;
    buffer_init(&packed, content.n);
    buffer_init(&out, content.n);
    must(status_ok(specification_pack(content, &packed, &row)));
    must(status_ok(specification_unpack(&row, &out)));
    must(bytes_equal(buffer_bytes(&out), content));
}

static void check_foreign(struct bytes packed)
{
    for (int64_t size = 0; size < 4096; size += 1365) {
        OWNED(buffer_release) struct buffer out;
        const struct specification_row row = {.packing = 1, .size = size, .packed = packed};
        buffer_init(&out, 4096);
        must(!status_ok(specification_unpack(&row, &out)) || buffer_size(&out) == (size_t)size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > LARGEST)
        return 0;
    const struct bytes in = {data, size};
    check_rewritten(bytes_text(in));
    check_packed(in);
    check_foreign(in);
    return 0;
}
