/* SPDX-License-Identifier: Apache-2.0 */
#include "api/routes.h"

#include "base/json_out.h"

static bool below(struct text path, struct text prefix)
{
    return text_starts_with(path, prefix) && (path.n == prefix.n || path.p[prefix.n] == '/');
}

bool api_path_is_kyma(struct text path)
{
    static const struct text native[] = {TEXT_INIT("/api"),     TEXT_INIT("/healthz"), TEXT_INIT("/readyz"),
                                         TEXT_INIT("/metrics"), TEXT_INIT("/front"),   TEXT_INIT("/console")};
    for (size_t i = 0; i < sizeof native / sizeof native[0]; i++) {
        if (below(path, native[i]))
            return false;
    }
    return true;
}

void api_error_body(struct buffer *out, bool kyma, int status, struct text message, struct text request_id)
{
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    if (kyma) {
        json_int(&j, "code", status);
        json_text(&j, "error", message);
    } else {
        json_cstr(&j, "type", "about:blank"); /* RFC 9457 4.2.1: the title is the status' own */
        json_cstr(&j, "title", http_reason(status));
        json_int(&j, "status", status);
        json_text(&j, "detail", message);
        json_text(&j, "instance", request_id);
    }
    json_end(&j);
    buffer_byte(out, '\n');
}

struct text api_error_content_type(bool kyma)
{
    return kyma ? TEXT("application/json;charset=UTF-8") : TEXT("application/problem+json");
}
