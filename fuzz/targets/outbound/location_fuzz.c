/* SPDX-License-Identifier: Apache-2.0 */

/*
 * "target path, rest, Location" in three lines -> rewrite_response. What comes out is either what went in, or
 * begins with the caller's own prefix; and the same again when it is asked again.
 */

#include "outbound/rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PREFIX "/app/service"

static struct text rewritten(struct text location, const struct outbound_address *address,
                             const struct hop_target *target, struct arena *a)
{
    struct header field = {TEXT("Location"), location};
    const struct response from = {.status = 302, .headers = {&field, 1, 1}};
    struct response to;
    must(status_ok(rewrite_response(&from, address, target, a, &to)));
    must(to.headers.count == 1);
    return to.headers.list[0].value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 16384)
        return 0;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1u << 20);
    struct text in = {(const char *)data, size};
    struct hop_target target;
    target = (struct hop_target){.host = TEXT("t.example"), .port = 80};
    target.path = text_cut(&in, '\n');
    struct outbound_address address = {.kind = ADDRESS_PATH, .prefix = TEXT(PREFIX)};
    address.rest = in.p ? text_cut(&in, '\n') : in;
    target.encode_url = text_contains(address.rest, '!');
    const struct text location = in.p ? in : TEXT("");
    const struct text out = rewritten(location, &address, &target, &a);
    if (text_equal(out, location))
        return 0;
    must(text_starts_with(out, TEXT(PREFIX)));
    const struct text rest = text_from(out, sizeof PREFIX - 1);
    must(rest.n == 0 || rest.p[0] == '/' || rest.p[0] == '?' || rest.p[0] == '#');
    must(text_equal(rewritten(location, &address, &target, &a), out));
    return 0;
}
