/* SPDX-License-Identifier: Apache-2.0 */

/*
 * rewrite_request with arbitrary parts of request, target and settings. Whatever goes in: what is accepted
 * reads, by our own strict reader, as one head with one Host and one framing, the one that was asked for, and
 * with the credentials of the target. What is refused leaves nothing behind.
 *
 * Input: a line of options, then lines of path, query, registered path and query, host, authorization, CSRF
 * token and cookies, peer; then the caller's fields; after an empty line the configured ones, after another
 * the configured parameters. In lines 0x01 stands for LF, so that it can be in anything.
 */

#include "base/limits.h"
#include "http/h1_scan.h"
#include "outbound/rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct text line(struct text *rest)
{
    return rest->p ? text_cut(rest, '\n') : TEXT("");
}

static bool cut_field(struct text *rest, struct text *name, struct text *value)
{
    struct text all = line(rest);
    if (all.n == 0)
        return false;
    *name = text_cut(&all, ':');
    *value = all.p ? all : TEXT("");
    return true;
}

static bool option(struct text options, char c)
{
    return text_contains(options, c);
}

static void read_parts(struct text *rest, struct request *r, struct outbound_address *a, struct hop_target *t,
                       struct rewrite_settings *s)
{
    const struct text options = line(rest);
    r->version = option(options, '0') ? HTTP_1_0 : option(options, '2') ? HTTP_2 : HTTP_1_1;
    r->method = option(options, 'P')   ? HTTP_POST
                : option(options, 'T') ? HTTP_TRACE
                : option(options, 'D') ? HTTP_DELETE
                                       : HTTP_GET;
    r->body = option(options, 'c') ? BODY_STREAM : option(options, 's') ? BODY_SIZED : BODY_NONE;
    r->content_length = option(options, 's') ? 5 : 0;
    a->kind = option(options, 'p') ? ADDRESS_PATH : ADDRESS_HOST;
    t->encode_url = option(options, 'e');
    t->csrf = option(options, 'x');
    s->forwarded = option(options, 'a') ? FORWARDED_APPEND : FORWARDED_REMOVE;
    t->port_is_default = option(options, 'd');
    t->port = 443;
    a->rest = line(rest);
    r->query = line(rest);
    t->path = line(rest);
    t->query = line(rest);
    t->host = line(rest);
    t->authorization = line(rest);
    t->csrf_token = line(rest);
    t->csrf_cookies = line(rest);
    s->peer_address = line(rest);
    s->user_agent = TEXT("agent");
    s->request_id = TEXT("id");
}

static void read_fields(struct text *rest, struct request *r, struct hop_field_room *room,
                        struct hop_target *t, struct arena *a)
{
    t->headers = room->headers;
    t->query_fields = room->query_fields;
    struct text name, value;
    while (cut_field(rest, &name, &value))
        if (!status_ok(headers_add(&r->headers, a, name, text_trim(value))))
            break;
    while (t->header_count < HOP_FIELDS_MAX && cut_field(rest, &name, &value))
        room->headers[t->header_count++] = (struct hop_field){name, text_trim(value)};
    while (t->query_count < HOP_FIELDS_MAX && cut_field(rest, &name, &value))
        room->query_fields[t->query_count++] = (struct hop_field){name, value};
}

static void check_head(struct text head, const struct request *r, const struct hop_target *t)
{
    struct h1_head_end end = {0};
    const struct h1_head_limits limits = {1u << 20, 1u << 20};
    size_t found = 0;
    must(h1_scan_head_end(&end, text_bytes(head), &limits, &found) == H1_NONE && found == head.n);
    struct h1_request_line start;
    must(h1_scan_request_line(h1_scan_line(&head), &start) == H1_NONE);
    must(text_starts_with(start.target, TEXT("/")) && start.version == HTTP_1_1);
    size_t hosts = 0, lengths = 0, codings = 0, authorizations = 0, certificates = 0;
    bool ours = false;
    for (struct text l = h1_scan_line(&head); l.n > 0; l = h1_scan_line(&head)) {
        struct header f;
        must(h1_scan_field(l, &f) == H1_NONE);
        hosts += text_equal_nocase(f.name, TEXT("Host"));
        lengths += text_equal_nocase(f.name, TEXT("Content-Length"));
        codings += text_equal_nocase(f.name, TEXT("Transfer-Encoding"));
        certificates += text_equal_nocase(f.name, TEXT("X-Forwarded-Client-Cert")) ||
                        text_equal_nocase(f.name, TEXT("Access-Token")) ||
                        text_equal_nocase(f.name, TEXT("Transfer_Encoding")) ||
                        text_equal_nocase(f.name, TEXT("Content_Length"));
        if (text_equal_nocase(f.name, TEXT("Authorization"))) {
            authorizations++;
            ours = ours || text_equal(f.value, text_trim(t->authorization));
        }
    }
    must(hosts == 1 && certificates == 0);
    must(codings == (r->body == BODY_STREAM));
    must(lengths == (r->body == BODY_SIZED || (r->body == BODY_NONE && r->method == HTTP_POST)));
    if (t->authorization.n == 0)
        return;
    must(authorizations == 1);
    must(ours || headers_count(&r->headers, TEXT("Access-Token")) > 0 || t->header_count > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1u << 22);
    char *text = size > 0 && size < 65536 ? arena_alloc(&a, size) : NULL;
    if (!text)
        return 0;
    for (size_t i = 0; i < size; i++)
        text[i] = (char)data[i];
    struct text rest = {text, size};
    struct request r = {0};
    struct outbound_address address = {0};
    struct hop_target t = {0};
    struct hop_field_room room = {0};
    struct rewrite_settings settings = {0};
    read_parts(&rest, &r, &address, &t, &settings);
    read_fields(&rest, &r, &room, &t, &a);
    for (size_t i = 0; i < size; i++)
        text[i] = text[i] == 1 ? '\n' : text[i];

    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 1u << 20);
    const struct status s = rewrite_request(&r, &address, &t, &settings, &out);
    if (status_ok(s))
        check_head(buffer_as_text(&out), &r, &t);
    else
        must(buffer_size(&out) == 0 && s.code == E_INVALID);
    return 0;
}
