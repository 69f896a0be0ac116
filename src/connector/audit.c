/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

#include "base/encoding.h"
#include "base/json_out.h"

/* A sentence; pages of five hundred rows must fit a request's arena. */
#define REASON_MAX 512
#define DETAIL_MAX 4096

struct audit_entry audit_of(const struct audit_caller *caller, struct text action,
                            const struct connector_holder *holder, int64_t now)
{
    return (struct audit_entry){
        .at = now,
        .last_at = now,
        .count = 1,
        .action = action,
        .actor = caller->actor,
        .tenant = holder ? holder->tenant : TEXT(""),
        .application = holder ? holder->application : TEXT(""),
        .address = caller->address,
        .user_agent = caller->user_agent,
        .request_id = caller->request_id,
        .certificate = caller->certificate,
    };
}

struct text fingerprint_text(const uint8_t fingerprint[static SHA256_SIZE], struct arena *a)
{
    char *hex = arena_alloc(a, 2 * SHA256_SIZE + 1);
    if (!hex)
        return (struct text){NULL, 0};
    hex_encode(hex, (struct bytes){fingerprint, SHA256_SIZE});
    return (struct text){hex, 2 * SHA256_SIZE};
}

struct status reason_detail(struct text reason, struct arena *a, struct text *out, struct error *err)
{
    if (reason.n > REASON_MAX)
        return error_set(err, E_INVALID, "The reason is longer than %d bytes", REASON_MAX);
    if (reason.n == 0)
        return DONE;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, DETAIL_MAX);
    struct json_out j;
    json_out_init(&j, &b);
    json_open_object(&j, NULL);
    json_text(&j, "reason", reason);
    json_end(&j);
    TRY(buffer_status(&b));
    *out = arena_text(a, buffer_as_text(&b));
    return out->p ? DONE : STATUS(NOMEM);
}
