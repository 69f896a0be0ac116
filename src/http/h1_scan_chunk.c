/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_scan.h"

#include "base/limits.h"

#define SIZE_DIGITS_MAX 16

/*
 *   SIZE --digits--> SIZE --';'--> EXTENSION --CR--> SIZE_LF --LF--> DATA (size > 0) --> DATA_CR --> DATA_LF
 * --> SIZE
 *     \------------------CR------------------------/     \--(size = 0)--> LINE
 *   LINE --CR--> LAST_LF --LF--> DONE
 *     \--tchar--> NAME --':'--> VALUE --CR--> VALUE_LF --LF--> LINE
 */
enum chunk_state {
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    LINE,
    NAME,
    VALUE,
    VALUE_LF,
    LAST_LF,
    COMPLETE,
};

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static enum h1_reason unexpected(uint8_t c, enum h1_reason otherwise)
{
    if (c == '\n')
        return H1_BARE_LF;
    return c < 0x20 && c != '\t' && c != '\r' ? H1_CONTROL : otherwise;
}

static enum h1_reason on_size(struct h1_chunk_scan *s, uint8_t c)
{
    const int digit = hex_value(c);
    if (digit >= 0) {
        if (s->digits == SIZE_DIGITS_MAX)
            return H1_CHUNK_SIZE;
        s->digits++;
        s->left = s->left << 4 | (uint64_t)digit;
        return H1_NONE;
    }
    if (s->digits == 0 || (c != '\r' && c != ';'))
        return unexpected(c, H1_CHUNK_SIZE);
    s->state = c == '\r' ? SIZE_LF : EXTENSION;
    s->extension = 1;
    return H1_NONE;
}

/* RFC 9112 7.1.1. The content is dropped; it must only be unable to hide a line end, also inside a
 * quoted-string. */
static enum h1_reason on_extension(struct h1_chunk_scan *s, uint8_t c)
{
    if (c == '\r') {
        s->state = SIZE_LF;
        return s->quoted ? H1_CHUNK_EXTENSION : H1_NONE;
    }
    if (!h1_is_field_value((struct text){(const char *)&c, 1}))
        return unexpected(c, H1_CONTROL);
    if (s->escaped)
        s->escaped = false;
    else if (s->quoted && c == '\\')
        s->escaped = true;
    else if (c == '"')
        s->quoted = !s->quoted;
    return ++s->extension > LIMIT_CHUNK_EXTENSION_BYTES ? H1_CHUNK_EXTENSION_LONG : H1_NONE;
}

static enum h1_reason on_size_end(struct h1_chunk_scan *s, uint8_t c, uint64_t body_max)
{
    if (c != '\n')
        return H1_BARE_CR;
    s->digits = 0;
    s->quoted = false;
    s->escaped = false;
    if (s->left == 0) {
        s->state = LINE;
        return H1_NONE;
    }
    if (s->left > body_max || s->total > body_max - s->left)
        return H1_LENGTH_TOO_LARGE;
    s->total += s->left;
    s->state = DATA;
    return H1_NONE;
}

static enum h1_reason on_trailer(struct h1_chunk_scan *s, uint8_t c)
{
    const struct text one = {(const char *)&c, 1};
    if (++s->trailer > LIMIT_TRAILER_BYTES)
        return H1_TRAILER_TOO_LARGE;
    switch ((enum chunk_state)s->state) {
    case LINE:
        if (c == '\r') {
            s->state = LAST_LF;
            return H1_NONE;
        }
        if (c == ' ' || c == '\t')
            return H1_OBS_FOLD;
        if (!h1_is_token(one))
            return unexpected(c, H1_FIELD_NAME);
        if (++s->trailer_lines > LIMIT_HEADER_COUNT)
            return H1_TOO_MANY_FIELDS;
        s->state = NAME;
        return H1_NONE;
    case NAME:
        if (c == ':')
            s->state = VALUE;
        else if (!h1_is_token(one))
            return c == '\r' ? H1_FIELD_NO_COLON : unexpected(c, H1_FIELD_NAME);
        return H1_NONE;
    case VALUE:
        if (c == '\r')
            s->state = VALUE_LF;
        else if (!h1_is_field_value(one))
            return unexpected(c, H1_CONTROL);
        return H1_NONE;
    case VALUE_LF:
    case LAST_LF:
        if (c != '\n')
            return H1_BARE_CR;
        s->state = s->state == LAST_LF ? COMPLETE : LINE;
        return H1_NONE;
    case SIZE:
    case EXTENSION:
    case SIZE_LF:
    case DATA:
    case DATA_CR:
    case DATA_LF:
    case COMPLETE:
        break;
    }
    must_failed("a state of the trailer section", __FILE__, __LINE__);
}

static enum h1_reason on_framing(struct h1_chunk_scan *s, uint8_t c, uint64_t body_max)
{
    switch ((enum chunk_state)s->state) {
    case SIZE:
        return on_size(s, c);
    case EXTENSION:
        return on_extension(s, c);
    case SIZE_LF:
        return on_size_end(s, c, body_max);
    case DATA_CR:
        s->state = DATA_LF;
        return c == '\r' ? H1_NONE : H1_CHUNK_END;
    case DATA_LF:
        s->state = SIZE;
        return c == '\n' ? H1_NONE : H1_CHUNK_END;
    case LINE:
    case NAME:
    case VALUE:
    case VALUE_LF:
    case LAST_LF:
        return on_trailer(s, c);
    case DATA:
    case COMPLETE:
        break;
    }
    must_failed("a state of the framing", __FILE__, __LINE__);
}

enum h1_reason h1_scan_chunked(struct h1_chunk_scan *s, struct bytes in, uint64_t body_max, size_t *out_used,
                               enum h1_chunk_step *out_step)
{
    if (s->state == DATA) {
        const size_t n = in.n < s->left ? in.n : (size_t)s->left;
        s->left -= n;
        if (s->left == 0)
            s->state = DATA_CR;
        *out_used = n;
        *out_step = H1_CHUNK_DATA;
        return H1_NONE;
    }
    size_t i = 0;
    while (i < in.n && s->state != DATA && s->state != COMPLETE) {
        const enum h1_reason r = on_framing(s, in.p[i], body_max);
        if (r != H1_NONE) {
            *out_used = i;
            *out_step = H1_CHUNK_FRAMING;
            return r;
        }
        i++;
    }
    *out_used = i;
    *out_step = s->state == COMPLETE ? H1_CHUNK_COMPLETE : H1_CHUNK_FRAMING;
    return H1_NONE;
}
