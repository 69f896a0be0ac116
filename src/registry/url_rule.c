/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/validate.h"

#include "base/utf8.h"
#include "registry/url_syntax.h"

/*
 * Contract 1.7. The original matches a pattern with nested repetition; here the same language is decided in
 * one pass per place where a host may begin: at the start, behind a scheme, and behind each '@'.
 */

#define SHORTEST    3    /* bytes, one too few */
#define LONGEST     2083 /* code points, one too many */
#define PORT_DIGITS 5

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static size_t digits_at(struct text t)
{
    size_t n = 0;
    while (n < t.n && is_digit(t.p[n]))
        n++;
    return n;
}

/* ---- addresses ---- */

/* Length of a number up to `max` at the start of t: one or two digits, or three that begin with 1 or 2. 0
 * when there is none. */
static size_t octet_at(struct text t, unsigned max)
{
    const size_t n = digits_at(t);
    unsigned value = 0;
    if (n == 0 || n > 3 || (n == 3 && t.p[0] == '0'))
        return 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (unsigned)(t.p[i] - '0');
    return value <= max ? n : 0;
}

/* Is all of t a dotted quad, the first and last number no larger than these? */
static bool is_quad(struct text t, unsigned first, unsigned last)
{
    for (int i = 0; i < 4; i++) {
        const size_t n = octet_at(t, i == 0 ? first : i == 3 ? last : 255);
        if (n == 0)
            return false;
        t = text_from(t, n);
        if (i < 3 && (t.n == 0 || t.p[0] != '.'))
            return false;
        t = text_from(t, i < 3);
    }
    return t.n == 0;
}

static bool is_address(struct text t)
{
    return t.n > 0 && t.p[0] != '0' && is_quad(t, 223, 254);
}

/* "fe80:" and at most four groups, a zone behind a percent sign. */
static bool is_link_local(struct text t)
{
    if (!text_starts_with(t, TEXT("fe80:")))
        return false;
    t = text_from(t, 5);
    for (int groups = 0; groups < 4 && t.n && t.p[0] == ':'; groups++) {
        t = text_from(t, 1);
        for (int i = 0; i < 4 && t.n && is_hex(t.p[0]); i++)
            t = text_from(t, 1);
    }
    if (t.n < 2 || t.p[0] != '%')
        return false;
    for (size_t i = 1; i < t.n; i++) {
        if (!is_digit(t.p[i]) && !((t.p[i] | 0x20) >= 'a' && (t.p[i] | 0x20) <= 'z'))
            return false;
    }
    return true;
}

/* Groups of one to four digits with colons between them; *rest is behind the last group. */
static unsigned groups_at(struct text *rest)
{
    unsigned count = 0;
    while (true) {
        struct text t = *rest;
        if (count > 0) {
            if (t.n == 0 || t.p[0] != ':')
                return count;
            t = text_from(t, 1);
        }
        size_t n = 0;
        while (n < t.n && n < 5 && is_hex(t.p[n]))
            n++;
        if (n == 0 || n > 4)
            return count;
        *rest = text_from(t, n);
        count++;
    }
}

/* IPv4 at the end: "::1.2.3.4", "::ffff:1.2.3.4", "::ffff:0:1.2.3.4", and behind one to four groups. */
static bool is_mapped(struct text t)
{
    struct text rest = t;
    const unsigned before = groups_at(&rest);
    if (before > 4 || !text_starts_with(rest, TEXT("::")))
        return false;
    rest = text_from(rest, 2);
    if (before == 0 && text_starts_with(rest, TEXT("ffff:"))) {
        rest = text_from(rest, 5);
        size_t zeros = 0;
        while (zeros < rest.n && rest.p[zeros] == '0')
            zeros++;
        if (zeros > 0 && zeros <= 4 && zeros < rest.n && rest.p[zeros] == ':')
            rest = text_from(rest, zeros + 1);
    }
    return is_quad(rest, 255, 255);
}

static bool is_address6(struct text t)
{
    struct text rest = t;
    const unsigned before = groups_at(&rest);
    if (rest.n == 0)
        return before == 8;
    if (text_starts_with(rest, TEXT("::"))) {
        rest = text_from(rest, 2);
        const unsigned after = groups_at(&rest);
        if (rest.n == 0)
            return before + after <= 7;
    }
    return is_link_local(t) || is_mapped(t);
}

/* ---- names ---- */

enum class {
    CLASS_LETTER,
    CLASS_DIGIT,
    CLASS_FOREIGN,
    CLASS_HYPHEN,
    CLASS_UNDERSCORE,
    CLASS_DOT,
    CLASS_OTHER
};

static enum class class_of(uint32_t point) {
    if (point >= '0' && point <= '9') return CLASS_DIGIT;
    if ((point | 0x20) >= 'a' && (point | 0x20) <= 'z') return CLASS_LETTER;
    if (point >= 0xa1 && point <= 0xffff) return CLASS_FOREIGN;
    return point == '-'   ? CLASS_HYPHEN
           : point == '_' ? CLASS_UNDERSCORE
           : point == '.' ? CLASS_DOT
                          : CLASS_OTHER;
}

/* The characters of a host's name, one per code point. */
struct name {
    uint8_t classes[LONGEST];
    size_t n;
};

static bool is_alphanumeric(uint8_t class)
{
    return class == CLASS_LETTER || class == CLASS_DIGIT;
}

static bool is_word(uint8_t class)
{
    return is_alphanumeric(class) || class == CLASS_FOREIGN;
}

/* What may stand in front of the last label, as two small automata over its characters. */
struct front {
    /* L [-_L]* L ([-.] L+)* */
    bool middle, end, separator, run;
    /* L [-.] [-._L]+ */
    bool dotted_start, dotted_separator, dotted;
    size_t n;
};

static void front_step(struct front *f, uint8_t class)
{
    const struct front was = *f;
    const bool letter = is_alphanumeric(class);
    const bool separator = class == CLASS_HYPHEN || class == CLASS_DOT;
    f->middle =
        was.n == 0 ? letter : was.middle && (letter || class == CLASS_HYPHEN || class == CLASS_UNDERSCORE);
    f->end = was.middle && letter;
    f->separator = (was.end || was.run) && separator;
    f->run = (was.separator || was.run) && letter;
    f->dotted_start = was.n == 0 && letter;
    f->dotted_separator = was.dotted_start && separator;
    f->dotted = (was.dotted_separator || was.dotted) && (letter || separator || class == CLASS_UNDERSCORE);
    f->n = was.n + 1;
}

static bool front_is_complete(const struct front *f)
{
    return f->n == 0 || f->end || f->run || f->dotted_start || f->dotted;
}

/* Where the last label may begin at the earliest when it ends before `end`: words joined by one or two
 * hyphens. `end` when it cannot end there. */
static size_t label_start(const struct name *h, size_t end)
{
    size_t start = end, hyphens = 0;
    for (size_t i = end; i > 0; i--) {
        if (is_word(h->classes[i - 1])) {
            hyphens = 0;
            start = i - 1;
        } else if (h->classes[i - 1] != CLASS_HYPHEN || start == end || ++hyphens > 2) {
            break;
        }
    }
    return start;
}

/* With a last label of letters behind a dot, if there is one: where the label before it ends. */
static size_t before_top_label(const struct name *h)
{
    size_t i = h->n;
    while (i > 0 && (h->classes[i - 1] == CLASS_LETTER || h->classes[i - 1] == CLASS_FOREIGN))
        i--;
    return i < h->n && i > 0 && h->classes[i - 1] == CLASS_DOT ? i - 1 : 0;
}

/* `www`: it begins with "www.", which may stand in front of a label like no other word with its dot. */
static bool name_is_fine(const struct name *h, bool www)
{
    const size_t end = h->n, inner_end = before_top_label(h);
    const size_t start = label_start(h, end), inner_start = label_start(h, inner_end);
    struct front f = {0};
    for (size_t i = 0; i < h->n; i++) {
        const bool complete = front_is_complete(&f) || (www && i == 4);
        if (complete && is_word(h->classes[i]) &&
            ((i >= start && i < end) || (i >= inner_start && i < inner_end)))
            return true;
        front_step(&f, h->classes[i]);
    }
    return false;
}

/* ---- all of it ---- */

/* An optional port and an optional rest; white space was excluded before. */
static bool tail_is_fine(struct text t)
{
    if (t.n && t.p[0] == ':') {
        const size_t n = digits_at(text_from(t, 1));
        if (n == 0 || n > PORT_DIGITS)
            return false;
        t = text_from(t, 1 + n);
    }
    return t.n == 0 || t.p[0] == '/' || t.p[0] == '?' || t.p[0] == '#';
}

static bool bracketed_is_fine(struct text t)
{
    const size_t end = text_find(t, ']');
    if (end == t.n || !is_address6(text_first(text_from(t, 1), end - 1)))
        return false;
    t = text_from(t, end + 1);
    return tail_is_fine(t) || (text_starts_with(t, TEXT(".")) && tail_is_fine(text_from(t, 1)));
}

/* A host at the start of t, and nothing wrong behind it. */
static bool host_is_fine(struct text t)
{
    struct name h; /* not all of it is cleared: this runs once per '@' */
    size_t at = 0;
    h.n = 0;
    if (text_starts_with(t, TEXT("[")))
        return bracketed_is_fine(t);
    while (at < t.n) {
        uint32_t point;
        const size_t length = utf8_decode(t.p + at, t.n - at, &point);
        if (length == 0 || class_of(point) == CLASS_OTHER)
            break;
        h.classes[h.n++] = (uint8_t)class_of(point);
        at += length;
    }
    struct text host = text_first(t, at);
    if (!tail_is_fine(text_from(t, at)))
        return false;
    if (h.n > 0 && h.classes[h.n - 1] == CLASS_DOT) {
        h.n--;
        host.n--;
    }
    return h.n > 0 && (is_address(host) || name_is_fine(&h, text_starts_with(host, TEXT("www."))));
}

static size_t scheme_length(struct text url)
{
    static const struct text schemes[] = {TEXT_INIT("ftp://"),  TEXT_INIT("tcp://"), TEXT_INIT("udp://"),
                                          TEXT_INIT("ws://"),   TEXT_INIT("wss://"), TEXT_INIT("http://"),
                                          TEXT_INIT("https://")};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (text_starts_with(url, schemes[i]))
            return schemes[i].n;
    }
    return 0;
}

static bool pattern_matches(struct text url)
{
    for (size_t i = 0; i < url.n; i++) {
        if (url.p[i] == ' ' || (url.p[i] >= '\t' && url.p[i] <= '\r'))
            return false;
    }
    const size_t scheme = scheme_length(url);
    if (host_is_fine(url) || (scheme > 0 && host_is_fine(text_from(url, scheme))))
        return true;
    /* User information is anything up to an '@', be it far into what looks like a path. */
    for (size_t i = 1; i < url.n; i++) {
        if (url.p[i] == '@' && host_is_fine(text_from(url, i + 1)))
            return true;
    }
    return false;
}

static bool length_is_fine(struct text url)
{
    size_t points = 0;
    for (size_t i = 0; i < url.n && points < LONGEST; i++)
        points += ((uint8_t)url.p[i] & 0xc0) != 0x80;
    return url.n > SHORTEST && points < LONGEST;
}

static bool holds_scheme_mark(struct text url)
{
    for (size_t i = 0; i < url.n; i++) {
        if (text_starts_with(text_from(url, i), TEXT("://")))
            return true;
    }
    return false;
}

bool registry_url_is_valid(struct text url)
{
    if (!length_is_fine(url) || url.p[0] == '.' || !text_is_utf8(url))
        return false;
    const bool assume_http = text_contains(url, ':') && !holds_scheme_mark(url);
    return url_syntax_is_fine(url, assume_http) && pattern_matches(url);
}
