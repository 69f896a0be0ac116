/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

/* A request of the front itself to the core: an ON_FRONT route behind a preamble that says so. */
void front_write_question(struct front *f, enum http_method method, struct text target, struct bytes body,
                          struct buffer *out)
{
    struct hop_preamble p = {
        .listener = (uint8_t)__builtin_ctz(ON_FRONT),
        .front = (uint16_t)f->ch->index,
        .request_id = TEXT("front"),
    };
    hop_preamble_encode(&p, out);
    struct request r = {
        .version = HTTP_1_1,
        .method = method,
        .target = target,
        .path = target,
        .authority = TEXT("core"),
        .body = body.n ? BODY_SIZED : BODY_NONE,
        .content_length = body.n,
    };
    h1_write_request_head(out, &r, NULL);
    buffer_append(out, body);
}
