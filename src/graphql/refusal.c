/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/refusal.h"

#include "base/json_out.h"
#include "graphql/document.h"

static struct text code_text_of(enum refusal_code code)
{
    switch (code) {
    case REFUSAL_PARSE:
        return TEXT("GRAPHQL_PARSE_FAILED");
    case REFUSAL_VALIDATION:
        return TEXT("GRAPHQL_VALIDATION_FAILED");
    case REFUSAL_PERSISTED:
        return TEXT("PERSISTED_QUERY_NOT_FOUND");
    case REFUSAL_NO_CODE:
        break;
    }
    return (struct text){NULL, 0};
}

void refusal_write_error(const struct refusal *r, struct buffer *answer)
{
    buffer_text(answer, TEXT("{\"message\":\""));
    json_escape_text(answer, r->message);
    buffer_byte(answer, '"');
    if (r->path.p) {
        buffer_text(answer, TEXT(",\"path\":"));
        buffer_text(answer, r->path);
    }
    if (r->located) {
        int line, column;
        graphql_position(r->source, r->at, &line, &column);
        buffer_printf(answer, ",\"locations\":[{\"line\":%d,\"column\":%d}]", line, column);
    }
    struct text code = code_text_of(r->code);
    if (r->extensions) {
        buffer_text(answer, TEXT(",\"extensions\":"));
        buffer_cstr(answer, r->extensions);
    } else if (code.p) {
        buffer_text(answer, TEXT(",\"extensions\":{\"code\":\""));
        buffer_text(answer, code);
        buffer_text(answer, TEXT("\"}"));
    }
    buffer_byte(answer, '}');
}

int refusal_finish(int status, size_t mark, struct buffer *answer)
{
    if (status_ok(buffer_status(answer)))
        return status;
    buffer_cut(answer, mark);
    return refusal_no_memory(answer);
}

int refusal_write(const struct refusal *r, struct buffer *answer)
{
    if (!r->message.p)
        return refusal_no_memory(answer);
    size_t mark = buffer_size(answer);
    buffer_text(answer, TEXT("{\"errors\":["));
    refusal_write_error(r, answer);
    buffer_text(answer, TEXT("],\"data\":null}"));
    return refusal_finish(r->status, mark, answer);
}

int refusal_no_memory(struct buffer *answer)
{
    answer->failed = E_OK; /* this one is short */
    buffer_text(answer, TEXT("{\"errors\":[{\"message\":\"out of memory\"}],\"data\":null}"));
    return 503;
}
