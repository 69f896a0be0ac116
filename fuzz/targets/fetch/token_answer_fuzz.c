/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes -> token_read (fetch/token.c) and csrf_read (fetch/csrf.c): what token and CSRF endpoints answer.
 * What is accepted fits, can stand in a header, and lives between 0 s and INT32_MAX s or for as long as
 * nobody said; cookies are read as the same cookies again.
 */

#include "fetch/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEPT_MAX 4096

static bool is_sendable(const struct buffer *b)
{
    return buffer_size(b) <= KEPT_MAX && header_value_is_fine(buffer_as_text(b));
}

static void check_token(struct text in)
{
    OWNED(buffer_release) struct buffer token;
    int64_t expires_s = -2;
    buffer_init(&token, KEPT_MAX);
    if (token_read(in, &token, &expires_s))
        return;
    must(buffer_size(&token) > 0 && is_sendable(&token));
    must(expires_s >= -1 && expires_s <= INT32_MAX);
}

static void check_csrf(struct text in)
{
    OWNED(buffer_release) struct buffer token, cookies, again, head;
    buffer_init(&token, KEPT_MAX);
    buffer_init(&cookies, KEPT_MAX);
    buffer_init(&again, KEPT_MAX);
    buffer_init(&head, 32 * KEPT_MAX);
    if (csrf_read(in, &token, &cookies))
        return;
    must(is_sendable(&token) && is_sendable(&cookies));
    for (struct text rest = buffer_as_text(&cookies); rest.p && rest.n > 0;) {
        buffer_text(&head, TEXT("Set-Cookie: "));
        buffer_text(&head, text_cut(&rest, ';'));
        buffer_byte(&head, '\n');
    }
    buffer_clear(&token);
    must(!csrf_read(buffer_as_text(&head), &token, &again));
    must(text_equal(buffer_as_text(&cookies), buffer_as_text(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text in = {(const char *)data, size};
    check_token(in);
    check_csrf(in);
    return 0;
}
