/* SPDX-License-Identifier: Apache-2.0 */
#include "http/refusal.h"

#include "base/json_out.h"
#include "http/date.h"
#include "http/message.h"

#define BODY_MAX 512 /* the reasons are constants of this program */

void refusal_body(struct buffer *out, int status, struct text reason)
{
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    json_int(&j, "code", status);
    json_text(&j, "error", reason);
    json_end(&j);
    buffer_byte(out, '\n');
}

void refusal_h1(struct buffer *out, int status, struct text reason, const char *server_name)
{
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, BODY_MAX);
    refusal_body(&body, status, reason);

    buffer_printf(out, "HTTP/1.1 %d %s\r\nDate: ", status, http_reason(status));
    buffer_text(out, http_date_now());
    if (server_name)
        buffer_printf(out, "\r\nServer: %s", server_name);
    buffer_printf(
        out, "\r\nContent-Type: " REFUSAL_CONTENT_TYPE "\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
        buffer_size(&body));
    buffer_append(out, buffer_bytes(&body));
}
