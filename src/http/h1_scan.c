/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_scan.h"

enum { TCHAR = 1, VALUE = 2, TARGET = 4 };

/* What each byte may be part of: T a token (and a value, and a target), V a value or target, B a value only
 * (HTAB, SP, obs-text), H is '#', which cannot be in a target. Others of VCHAR can: browsers send '|', '^'
 * and the like unencoded in queries. */
/* clang-format off */
#define T (TCHAR | VALUE | TARGET)
#define V (VALUE | TARGET)
#define B VALUE
#define H (TCHAR | VALUE)
static const uint8_t class_of[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, B, 0, 0, 0, 0, 0, 0, /* 00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 10 */
    B, T, V, H, T, T, T, T, V, V, T, T, V, T, T, V, /* 20 */
    T, T, T, T, T, T, T, T, T, T, V, V, V, V, V, V, /* 30 */
    V, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, /* 40 */
    T, T, T, T, T, T, T, T, T, T, T, V, V, V, T, T, /* 50 */
    T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, /* 60 */
    T, T, T, T, T, T, T, T, T, T, T, V, T, V, T, 0, /* 70 */
    B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, /* 80 */
    B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, /* 90 */
    B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, /* a0 */
    B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, /* b0 */
    B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, /* c0 */
    B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, /* d0 */
    B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, /* e0 */
    B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, /* f0 */
};
#undef T
#undef V
#undef B
#undef H
/* clang-format on */

/* Length of the longest prefix whose bytes are all of `class`. */
static size_t span(struct text t, unsigned class)
{
    size_t i = 0;
    while (i < t.n && class_of[(uint8_t)t.p[i]] & class)
        i++;
    return i;
}

/* Eight octets without control characters, HTAB included; from 0x80 on they are obs-text. */
static bool are_plain(const char *p)
{
    const uint64_t ones = UINT64_MAX / 0xff;
    uint64_t v = 0;
    memcpy(&v, p, sizeof v);
    const uint64_t below_space = (v - ones * 0x20) & ~v;
    const uint64_t del = v ^ ones * 0x7f;
    const uint64_t is_del = (del - ones) & ~del;
    return ((below_space | is_del) & ones * 0x80) == 0;
}

/* As span(t, VALUE), eight at a time: values are most of what is read and written. */
static size_t value_span(struct text t)
{
    size_t i = 0;
    while (t.n - i >= sizeof(uint64_t) && are_plain(t.p + i))
        i += sizeof(uint64_t);
    if (i > 0 && t.n - i < sizeof(uint64_t) && are_plain(t.p + t.n - sizeof(uint64_t)))
        return t.n; /* the last ones with some of those before them */
    return i + span(text_from(t, i), VALUE);
}

bool h1_is_token(struct text t)
{
    return t.n > 0 && span(t, TCHAR) == t.n;
}

bool h1_is_field_value(struct text t)
{
    return value_span(t) == t.n;
}

bool h1_is_target(struct text t)
{
    return t.n > 0 && span(t, TARGET) == t.n;
}

/* Which of the forbidden characters stands in a line that should be without them. */
static enum h1_reason control_reason(char c)
{
    return c == '\r' ? H1_BARE_CR : H1_CONTROL;
}

/* One whole line of a head: `line` without its LF. */
static enum h1_reason end_of_line(struct h1_head_end *s, struct text line, size_t next, bool *out_last)
{
    if (line.n == 0 || line.p[line.n - 1] != '\r')
        return H1_BARE_LF;
    *out_last = false;
    if (line.n > 1)
        s->begun = true;
    else if (s->begun)
        *out_last = true;
    else if (s->start > 0)
        return H1_EMPTY_LINES;
    else
        s->start = next; /* RFC 9112 2.2: ignore one empty line before the request line */
    s->line = next;
    s->searched = next;
    return H1_NONE;
}

/* How far the current line may reach. */
static size_t line_limit(const struct h1_head_end *s, const struct h1_head_limits *limits)
{
    if (s->begun || limits->start_line > limits->head - s->line)
        return limits->head;
    return s->line + limits->start_line;
}

enum h1_reason h1_scan_head_end(struct h1_head_end *s, struct bytes in, const struct h1_head_limits *limits,
                                size_t *out_size)
{
    const char *p = (const char *)in.p;
    *out_size = 0;
    /* Says so at once to who speaks TLS (0x16) or something else to a plain port, rather than when it times
     * out. */
    if (in.n >= 1 && p[0] != '\r' && p[0] != '\n' && !(class_of[(uint8_t)p[0]] & TCHAR))
        return H1_NOT_HTTP;
    for (;;) {
        const size_t limit = line_limit(s, limits);
        const size_t end = in.n < limit ? in.n : limit;
        const char *lf = s->searched < end ? memchr(p + s->searched, '\n', end - s->searched) : NULL;
        if (!lf) {
            s->searched = end;
            if (in.n < limit)
                return H1_NONE;
            return s->begun || limit == limits->head ? H1_HEAD_TOO_LARGE : H1_TARGET_TOO_LONG;
        }
        const size_t at = (size_t)(lf - p);
        bool last = false;
        const enum h1_reason r = end_of_line(s, (struct text){p + s->line, at - s->line}, at + 1, &last);
        if (r != H1_NONE)
            return r;
        if (last) {
            *out_size = at + 1;
            return H1_NONE;
        }
    }
}

struct text h1_scan_line(struct text *head)
{
    const char *lf = head->n ? memchr(head->p, '\n', head->n) : NULL;
    if (!lf)
        return (struct text){NULL, 0};
    const size_t n = (size_t)(lf - head->p);
    must(n >= 1); /* h1_scan_head_end() has seen the CR before each LF */
    const struct text line = {head->p, n - 1};
    *head = text_from(*head, n + 1);
    return line;
}

/* "HTTP/" DIGIT "." DIGIT (RFC 9112 2.3); case-sensitive. */
static enum h1_reason scan_version(struct text t, enum http_version *out)
{
    if (t.n != 8 || !text_starts_with(t, TEXT("HTTP/")) || t.p[6] != '.' || t.p[5] < '0' || t.p[5] > '9' ||
        t.p[7] < '0' || t.p[7] > '9')
        return H1_VERSION;
    if (t.p[5] != '1' || t.p[7] > '1')
        return H1_VERSION_UNSUPPORTED;
    *out = t.p[7] == '1' ? HTTP_1_1 : HTTP_1_0;
    return H1_NONE;
}

enum h1_reason h1_scan_request_line(struct text line, struct h1_request_line *out)
{
    const size_t method_n = span(line, TCHAR);
    const struct text rest = text_from(line, method_n);
    if (rest.n == 0)
        return H1_REQUEST_LINE;
    if (rest.p[0] != ' ')
        return (uint8_t)rest.p[0] < 0x20 && rest.p[0] != '\t' ? control_reason(rest.p[0]) : H1_METHOD;
    if (method_n == 0)
        return H1_METHOD;

    const struct text after = text_from(rest, 1);
    const size_t target_n = span(after, TARGET);
    const struct text tail = text_from(after, target_n);
    if (tail.n > 0 && tail.p[0] != ' ')
        return tail.p[0] == '\t'           ? H1_REQUEST_LINE
               : (uint8_t)tail.p[0] < 0x20 ? control_reason(tail.p[0])
                                           : H1_TARGET_CHARACTER;
    /* A missing version (HTTP/0.9), or a second space somewhere. */
    if (target_n == 0 || tail.n < 2 || text_contains(text_from(tail, 1), ' ') ||
        text_contains(text_from(tail, 1), '\t'))
        return H1_REQUEST_LINE;
    out->method = text_first(line, method_n);
    out->target = text_first(after, target_n);
    return scan_version(text_from(tail, 1), &out->version);
}

enum h1_reason h1_scan_status_line(struct text line, struct h1_status_line *out)
{
    /* "HTTP/1.1 200 OK". Not a few servers leave out the space before an empty reason; nothing can be misread
     * by that. */
    if (line.n < 12 || line.p[8] != ' ' || (line.n > 12 && line.p[12] != ' '))
        return H1_STATUS_LINE;
    const enum h1_reason r = scan_version(text_first(line, 8), &out->version);
    if (r != H1_NONE)
        return r;
    uint64_t status = 0;
    if (!text_to_u64(text_first(text_from(line, 9), 3), 999, &status))
        return H1_STATUS_LINE;
    if (status < 100 || status > 599)
        return H1_STATUS_CODE;
    const struct text reason = text_from(line, 12);
    const size_t n = span(reason, VALUE);
    if (n != reason.n)
        return control_reason(reason.p[n]);
    out->status = (int)status;
    return H1_NONE;
}

enum h1_reason h1_scan_field(struct text line, struct header *out)
{
    if (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
        return H1_OBS_FOLD;
    const size_t name_n = span(line, TCHAR);
    if (name_n == line.n)
        return H1_FIELD_NO_COLON;
    const char stop = line.p[name_n];
    if (stop != ':' || name_n == 0)
        return (uint8_t)stop < 0x20 && stop != '\t' ? control_reason(stop) : H1_FIELD_NAME;
    const struct text value = text_from(line, name_n + 1);
    const size_t value_n = value_span(value);
    if (value_n != value.n)
        return control_reason(value.p[value_n]);
    out->name = text_first(line, name_n);
    out->value = text_trim(value);
    if (out->value.n == 0)
        out->value = text_first(value, 0); /* p != NULL: present and empty */
    return H1_NONE;
}
