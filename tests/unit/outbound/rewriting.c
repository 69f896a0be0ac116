/* SPDX-License-Identifier: Apache-2.0 */
#include "rewriting.h"

void rewriting_begin(struct rewriting *w)
{
    *w = (struct rewriting){
        .request = {.version = HTTP_1_1, .method = HTTP_GET},
        .address = {.kind = ADDRESS_HOST, .rest = TEXT("/x")},
        .target = {.host = TEXT("api.example.com"),
                   .port = 80,
                   .port_is_default = true,
                   .path = TEXT("/base")},
    };
    w->target.headers = w->room.headers;
    w->target.query_fields = w->room.query_fields;
    arena_init(&w->arena, 4096, 1u << 20);
    buffer_init(&w->out, 64 * 1024);
}

void rewriting_end(struct rewriting *w)
{
    buffer_release(&w->out);
    arena_release(&w->arena);
}

void rewriting_fields(struct rewriting *w, const char *lines)
{
    struct text all = text_of(lines);
    while (all.p && all.n > 0) {
        struct text value = text_cut(&all, '\n');
        const struct text name = text_cut(&value, ':');
        assert_ok(headers_add(&w->request.headers, &w->arena, name, text_trim(value)));
    }
}

void rewriting_configured(struct rewriting *w, const char *lines)
{
    struct text all = text_of(lines);
    while (all.p && all.n > 0) {
        struct text value = text_cut(&all, '\n');
        const struct text name = text_cut(&value, ':');
        w->room.headers[w->target.header_count++] = (struct hop_field){name, text_trim(value)};
    }
}

void rewriting_query_fields(struct rewriting *w, const char *lines)
{
    struct text all = text_of(lines);
    while (all.p && all.n > 0) {
        struct text value = text_cut(&all, '\n');
        const struct text name = text_cut(&value, '=');
        w->room.query_fields[w->target.query_count++] = (struct hop_field){name, value};
    }
}

struct text rewriting_head(struct rewriting *w)
{
    buffer_clear(&w->out);
    assert_ok(rewrite_request(&w->request, &w->address, &w->target, &w->settings, &w->out));
    return buffer_as_text(&w->out);
}

struct text rewriting_target(struct rewriting *w)
{
    struct text line = rewriting_head(w);
    line = text_first(line, text_find(line, '\r'));
    (void)text_cut(&line, ' ');
    return text_cut(&line, ' ');
}

const char *rewriting_value(struct rewriting *w, const char *name)
{
    struct text head = rewriting_head(w);
    struct text found = {NULL, 0};
    while (head.p) {
        struct text value = text_cut(&head, '\n');
        if (!text_equal_nocase(text_cut(&value, ':'), text_of(name)))
            continue;
        value = text_trim(text_first(value, text_find(value, '\r')));
        found = found.p ? arena_printf(&w->arena, "%.*s | %.*s", TEXT_ARG(found), TEXT_ARG(value))
                        : arena_text(&w->arena, value.n > 0 ? value : TEXT("(empty)"));
    }
    const char *s = found.p ? arena_cstr(&w->arena, found) : "-";
    assert_non_null(s);
    return s;
}

void rewriting_refused(struct rewriting *w, const char *what)
{
    buffer_clear(&w->out);
    buffer_cstr(&w->out, "before");
    const struct status s = rewrite_request(&w->request, &w->address, &w->target, &w->settings, &w->out);
    if (s.code != E_INVALID)
        fail_msg("accepted %s: %.*s", what, TEXT_ARG(buffer_as_text(&w->out)));
    assert_text(buffer_as_text(&w->out), "before");
}
