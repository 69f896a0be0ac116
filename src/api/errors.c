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
                                         TEXT_INIT("/metrics"), TEXT_INIT("/version"), TEXT_INIT("/front"),
                                         TEXT_INIT("/console")};
    for (size_t i = 0; i < sizeof native / sizeof native[0]; i++) {
        if (below(path, native[i]))
            return false;
    }
    return true;
}

static bool path_is_graphql(struct text path)
{
    return text_equal(path, TEXT("/connector/graphql")) || text_equal(path, TEXT("/director/graphql"));
}

enum error_shape api_error_shape(const struct route *route, struct text path)
{
    if (route ? (route->flags & ROUTE_GRAPHQL) != 0 : path_is_graphql(path))
        return ERROR_GRAPHQL;
    const bool kyma = route ? (route->flags & ROUTE_KYMA) != 0 : api_path_is_kyma(path);
    return kyma ? ERROR_KYMA : ERROR_NATIVE;
}

/* What GraphQL clients look for, whatever the status: some take an answer without it for a success. */
static void put_graphql(struct json_out *j, struct text message)
{
    json_open_array(j, "errors");
    json_open_object(j, NULL);
    json_text(j, "message", message);
    json_end(j);
    json_end(j);
    json_write_null(j, "data");
}

void api_error_body(struct buffer *out, enum error_shape shape, int status, struct text message,
                    struct text request_id)
{
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    if (shape == ERROR_GRAPHQL) {
        put_graphql(&j, message);
    } else if (shape == ERROR_KYMA) {
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

struct text api_error_content_type(enum error_shape shape)
{
    if (shape == ERROR_GRAPHQL)
        return TEXT("application/json");
    return shape == ERROR_KYMA ? TEXT("application/json;charset=UTF-8") : TEXT("application/problem+json");
}
