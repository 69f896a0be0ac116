/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

static ssize_t on_send(nghttp2_session *s, const uint8_t *data, size_t n, int flags, void *user)
{
    (void)s, (void)flags;
    return load_write(user, data, n) == 0 ? (ssize_t)n : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_header(nghttp2_session *s, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
                     const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
    (void)s, (void)frame, (void)flags, (void)value_n;
    struct load_connection *c = user;
    if (name_n == 7 && memcmp(name, ":status", 7) == 0)
        c->status = (int)strtol((const char *)value, NULL, 10);
    return 0;
}

static int on_stream_close(nghttp2_session *s, int32_t stream, uint32_t code, void *user)
{
    (void)s, (void)stream;
    struct load_connection *c = user;
    c->have = code == 0 ? 1 : 2; /* the answer is complete, or broken */
    return 0;
}

int load_h2_start(struct load_connection *c)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return -1;
    nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    int failed = nghttp2_session_client_new(&session, callbacks, c);
    nghttp2_session_callbacks_del(callbacks);
    c->h2 = session;
    return failed ? -1 : nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0);
}

#define PSEUDO(n, v)                                                                                         \
    {                                                                                                        \
        (uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), sizeof(n) - 1, strlen(v), NGHTTP2_NV_FLAG_NONE \
    }

int load_h2_request(const struct load_options *o, struct load_connection *c, const char *path)
{
    const nghttp2_nv head[] = {PSEUDO(":method", "GET"), PSEUDO(":scheme", "https"),
                               PSEUDO(":authority", o->name), PSEUDO(":path", path)};
    nghttp2_session *session = c->h2;
    c->have = 0;
    c->status = -1;
    if (nghttp2_submit_request(session, NULL, head, 4, NULL, NULL) < 0 || nghttp2_session_send(session) != 0)
        return -1;
    while (c->have == 0) {
        uint8_t bytes[32 * 1024];
        int n = load_read(c, bytes, sizeof bytes);
        if (n < 0 || nghttp2_session_mem_recv(session, bytes, (size_t)n) < 0 ||
            nghttp2_session_send(session) != 0)
            return -1;
    }
    return c->have == 1 ? c->status : -1;
}

void load_h2_end(struct load_connection *c)
{
    nghttp2_session_del(c->h2);
    c->h2 = NULL;
}
