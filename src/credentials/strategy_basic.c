/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"
#include "base/encoding.h"
#include "credentials/internal.h"

/* "Basic " base64(user:password) (RFC 7617). */
struct status strategy_basic(struct asking *q)
{
    const struct credentials *c = &q->service->details.api.credentials;
    struct text both;
    TRY(joined(q->a, c->basic.username, TEXT(":"), &both));
    TRY(joined(q->a, both, c->basic.password, &both));

    struct buffer b; /* of its final size: growing would leave copies */
    buffer_init(&b, base64_encoded_size(both.n));
    (void)buffer_reserve(&b, b.max);
    base64_encode(&b, text_bytes(both));
    struct status s = buffer_status(&b);
    if (status_ok(s))
        s = joined(q->a, TEXT("Basic "), buffer_as_text(&b), &q->out->authorization);
    buffer_wipe(&b);
    buffer_release(&b);
    return s;
}
