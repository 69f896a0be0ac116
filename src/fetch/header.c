/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/download.h"

#include "base/buffer.h"
#include "base/encoding.h"

#define HEADER_MAX (64u * 1024)

bool header_value_is_fine(struct text value)
{
    for (size_t i = 0; i < value.n; i++) {
        uint8_t c = (uint8_t)value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* RFC 9110 5.6.2 */
static bool is_token(struct text name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return name.n > 0;
}

bool header_add(struct curl_slist **list, struct text name, struct text value)
{
    OWNED(buffer_release) struct buffer line;
    buffer_init(&line, HEADER_MAX);
    if (!is_token(name) || !header_value_is_fine(value))
        return false;
    buffer_text(&line, name);
    /* libcurl's words: "Name:" would remove a header of its own, "Name;" sends one without a value */
    buffer_text(&line, text_trim(value).n > 0 ? TEXT(": ") : TEXT(";"));
    buffer_text(&line, text_trim(value));
    buffer_byte(&line, '\0');
    if (!status_ok(buffer_status(&line)))
        return false;
    struct curl_slist *longer = curl_slist_append(*list, (const char *)buffer_bytes(&line).p);
    if (longer)
        *list = longer;
    return longer != NULL;
}

void basic_authorization(struct buffer *out, struct text user, struct text password)
{
    struct buffer pair;
    buffer_init(&pair, HEADER_MAX);
    buffer_text(&pair, user);
    buffer_byte(&pair, ':');
    buffer_text(&pair, password);
    buffer_text(out, TEXT("Basic "));
    base64_encode(out, buffer_bytes(&pair));
    if (!status_ok(buffer_status(&pair)))
        out->failed = pair.failed;
    buffer_wipe(&pair);
    buffer_release(&pair);
}
