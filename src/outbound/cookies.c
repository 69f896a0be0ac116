/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/cookies.h"

static struct text name_of(struct text cookie)
{
    return text_trim(text_first(cookie, text_find(cookie, '=')));
}

/* Names are compared as they are (RFC 6265 5.3). */
static bool is_in(struct text cookie, struct text list)
{
    const struct text name = name_of(cookie);
    while (list.p)
        if (text_equal(name_of(text_cut(&list, ';')), name))
            return true;
    return false;
}

static void add(struct cookie_line *line, struct text cookies)
{
    if (cookies.n == 0)
        return;
    buffer_cstr(line->out, line->begun ? "; " : "Cookie: ");
    buffer_text(line->out, cookies);
    line->begun = true;
}

void cookies_add(struct cookie_line *line, struct text cookies, struct text fetched)
{
    if (fetched.n == 0) {
        add(line, cookies);
        return;
    }
    while (cookies.p) {
        const struct text cookie = text_trim(text_cut(&cookies, ';'));
        if (!is_in(cookie, fetched))
            add(line, cookie);
    }
}

void cookies_end(struct cookie_line *line)
{
    if (line->begun)
        buffer_cstr(line->out, "\r\n");
}
