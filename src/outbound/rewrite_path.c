/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/rewrite_internal.h"

static const char digits[] = "0123456789ABCDEF";

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void percent_write(struct buffer *out, uint8_t c)
{
    buffer_byte(out, '%');
    buffer_byte(out, (uint8_t)digits[c >> 4]);
    buffer_byte(out, (uint8_t)digits[c & 15]);
}

size_t percent_read(struct text t, uint8_t *out)
{
    const int high = t.n >= 3 ? hex_value(t.p[1]) : -1;
    const int low = t.n >= 3 ? hex_value(t.p[2]) : -1;
    if (high < 0 || low < 0)
        return 0;
    *out = (uint8_t)(high << 4 | low);
    return 3;
}

/* ---- as registered and as the caller wrote it ---- */

static bool is_outside_a_target(uint8_t c)
{
    return c <= ' ' || c >= 0x7f || c == '#';
}

void registered_write(struct buffer *out, struct text part)
{
    size_t done = 0;
    for (size_t i = 0; i < part.n; i++) {
        if (!is_outside_a_target((uint8_t)part.p[i]))
            continue;
        buffer_text(out, (struct text){part.p + done, i - done});
        percent_write(out, (uint8_t)part.p[i]);
        done = i + 1;
    }
    buffer_text(out, text_from(part, done));
}

/* ---- decoded and encoded again (encodeUrl) ---- */

/* What Go's net/url leaves as it is when it encodes a path of its own accord. */
static bool is_plain(uint8_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        return true;
    return c != 0 && strchr("-_.~$&+,/:;=@", c) != NULL;
}

/* What it also takes for well encoded when somebody else wrote it. */
static bool is_tolerated(uint8_t c)
{
    return is_plain(c) || (c != 0 && strchr("!'()*[]", c) != NULL);
}

static size_t octet_at(struct text t, uint8_t *out)
{
    *out = (uint8_t)t.p[0];
    return *out == '%' ? percent_read(t, out) : 1;
}

/* *out_literal stays true while every decoded octet may stand in a path as it is. */
static struct status look_through(struct text path, bool *out_literal)
{
    uint8_t c = 0;
    size_t used = 0;
    for (size_t i = 0; i < path.n; i += used) {
        used = octet_at(text_from(path, i), &c);
        if (used == 0)
            return STATUS(INVALID);
        *out_literal = *out_literal && is_tolerated(c);
    }
    return DONE;
}

static void encode_again(struct buffer *out, struct text path, bool literal)
{
    uint8_t c = 0;
    for (size_t i = 0; i < path.n; i += octet_at(text_from(path, i), &c)) {
        (void)octet_at(text_from(path, i), &c);
        if (literal || is_plain(c))
            buffer_byte(out, c);
        else
            percent_write(out, c);
    }
}

/*
 * 2.x encodes every decoded path (contract 3.9). 1.x sends it literally when that is a valid path which would
 * decode to itself (3.4), so that "Xyz('1')" stays while "a b/Xyz('1')" becomes "a%20b/Xyz%28%271%27%29".
 */
static struct status write_encoded(struct buffer *out, struct text base, struct text between,
                                   const struct outbound_address *address)
{
    bool literal = address->kind == ADDRESS_HOST;
    TRY(look_through(base, &literal));
    TRY(look_through(address->rest, &literal));
    encode_again(out, base, literal);
    buffer_text(out, between);
    encode_again(out, address->rest, literal);
    return DONE;
}

struct status path_write(struct buffer *out, const struct outbound_address *address,
                         const struct hop_target *target)
{
    struct text base = target->path;
    const struct text rest = address->rest;
    const bool rest_slash = text_starts_with(rest, TEXT("/"));
    if (rest_slash && text_ends_with(base, TEXT("/")))
        base.n--;
    if (base.n > 0 && base.p[0] != '/')
        buffer_byte(out, '/');
    /* Exactly one between them; and a path is never empty. */
    const bool missing = base.n == 0 ? !rest_slash : rest.n > 0 && !rest_slash && base.p[base.n - 1] != '/';
    const struct text between = missing ? TEXT("/") : TEXT("");
    if (target->encode_url)
        return write_encoded(out, base, between, address);
    registered_write(out, base);
    buffer_text(out, between);
    buffer_text(out, rest);
    return DONE;
}

/* ---- climbing out ---- */

struct segment {
    size_t up;  /* pieces that may be read as ".." */
    bool named; /* it has something else in it */
};

/* One piece between separators of any kind, without parameters. */
static void end_piece(struct segment *s, size_t dots, bool other)
{
    if (!other && dots == 2)
        s->up++;
    else if (other || dots > 2)
        s->named = true;
}

static struct segment segment_read(struct text t)
{
    struct segment s = {0, false};
    size_t dots = 0, used = 0;
    bool other = false, parameters = false;
    for (size_t i = 0; i < t.n; i += used) {
        uint8_t c = 0;
        used = octet_at(text_from(t, i), &c);
        used = used > 0 ? used : 1; /* a malformed escape is three characters like others */
        if (c == '/' || c == '\\') {
            end_piece(&s, dots, other);
            dots = 0;
            other = parameters = false;
        } else if (c == ';') {
            parameters = true;
        } else if (!parameters) {
            dots += c == '.';
            other = other || c != '.';
        }
    }
    end_piece(&s, dots, other);
    return s;
}

bool path_climbs(struct text rest)
{
    if (!text_contains(rest, '.') && !text_contains(rest, '%'))
        return false;
    size_t depth = 0;
    while (rest.p) {
        const struct segment s = segment_read(text_cut(&rest, '/'));
        if (s.up > depth)
            return true;
        /* Empty segments and those with ".." in them count for nothing: a target may join them with others.
         */
        depth = depth - s.up + (s.up == 0 && s.named ? 1 : 0);
    }
    return false;
}
