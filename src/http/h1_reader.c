/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_reader.h"

#include "base/limits.h"
#include "http/trailers.h"

static struct h1_reader *reader_of_parser(llhttp_t *parser)
{
    return parser->data;
}

/*
 * Keeps a piece of a text. A head is given to llhttp as a whole, so its pieces are neighbours in memory;
 * pieces of trailers come from different reads and are copied.
 */
static int keep(struct h1_reader *r, struct text *text, struct text piece)
{
    if (!r->head_complete) {
        if (!text->p)
            *text = piece;
        else if (text->p + text->n == piece.p)
            text->n += piece.n;
        else
            return HPE_USER;
        return HPE_OK;
    }
    if (!r->trailer)
        r->trailer = arena_alloc(r->arena, LIMIT_TRAILER_BYTES);
    if (!r->trailer || piece.n > LIMIT_TRAILER_BYTES - r->trailer_used)
        return HPE_USER;
    char *to = r->trailer + r->trailer_used;
    memcpy(to, piece.p, piece.n);
    r->trailer_used += piece.n;
    if (!text->p)
        text->p = to;
    text->n += piece.n;
    return HPE_OK;
}

static int on_text(llhttp_t *parser, const char *at, size_t n)
{
    struct h1_reader *r = reader_of_parser(parser);
    return keep(r, &r->text, (struct text){at, n});
}

static int on_name(llhttp_t *parser, const char *at, size_t n)
{
    struct h1_reader *r = reader_of_parser(parser);
    return keep(r, &r->name, (struct text){at, n});
}

static int on_value(llhttp_t *parser, const char *at, size_t n)
{
    struct h1_reader *r = reader_of_parser(parser);
    return keep(r, &r->value, (struct text){at, n});
}

static int on_field_complete(llhttp_t *parser)
{
    struct h1_reader *r = reader_of_parser(parser);
    const struct text name = r->name;
    const struct text value = text_trim(r->value); /* llhttp leaves OWS at the end */
    r->name = (struct text){NULL, 0};
    r->value = (struct text){NULL, 0};
    if (r->fill || r->head_complete)
        return status_ok(headers_add(r->fields, r->arena, name, value)) ? HPE_OK : HPE_USER;
    if (r->field >= r->fields->count)
        return HPE_USER;
    const struct header *expected = &r->fields->list[r->field++];
    /* The same bytes of the same buffer, not merely equal ones. */
    if (name.p != expected->name.p || name.n != expected->name.n || value.n != expected->value.n ||
        (value.n > 0 && value.p != expected->value.p))
        r->differs = true;
    return HPE_OK;
}

static int on_head_complete(llhttp_t *parser)
{
    struct h1_reader *r = reader_of_parser(parser);
    r->chunked = (parser->flags & F_CHUNKED) != 0;
    r->has_length = (parser->flags & F_CONTENT_LENGTH) != 0;
    r->length = r->has_length ? parser->content_length : 0;
    r->head_complete = true;
    parser->upgrade =
        0; /* offers to upgrade are the owner's to accept, and a request is an ordinary one until then */
    return r->chunked ? 0 : 1; /* 1: only chunked bodies pass through llhttp */
}

static int on_data(llhttp_t *parser, const char *at, size_t n)
{
    struct h1_reader *r = reader_of_parser(parser);
    if (r->data.p)
        r->differs = true;
    r->data = (struct bytes){(const uint8_t *)at, n};
    return HPE_OK;
}

static int on_complete(llhttp_t *parser)
{
    struct h1_reader *r = reader_of_parser(parser);
    r->complete = true;
    return HPE_OK;
}

static const llhttp_settings_t settings = {
    .on_url = on_text,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_header_value_complete = on_field_complete,
    .on_headers_complete = on_head_complete,
    .on_body = on_data,
    .on_message_complete = on_complete,
};

void h1_reader_begin(struct h1_reader *r, enum h1_message_type type, struct arena *a, struct headers *fields)
{
    *r = (struct h1_reader){.arena = a, .fields = fields};
    llhttp_init(&r->parser, type == H1_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    r->parser.data = r;
}

/* Runs llhttp over a whole head; afterwards it stands at the first byte of the body, or the message is
 * complete. */
static enum h1_reason run_head(struct h1_reader *r, struct text head)
{
    if (llhttp_execute(&r->parser, head.p, head.n) != HPE_OK)
        return H1_SECOND_READER;
    if (!r->head_complete || r->complete == r->chunked)
        return H1_DISAGREEMENT;
    return H1_NONE;
}

static bool version_of(const struct h1_reader *r, enum http_version *out)
{
    if (r->parser.http_major != 1 || r->parser.http_minor > 1)
        return false;
    *out = r->parser.http_minor == 1 ? HTTP_1_1 : HTTP_1_0;
    return true;
}

static struct text method_of(const struct h1_reader *r)
{
    return text_of(llhttp_method_name((llhttp_method_t)r->parser.method));
}

enum h1_reason h1_reader_check_request(struct h1_reader *r, struct text head,
                                       const struct h1_request_line *line)
{
    const enum h1_reason reason = run_head(r, head);
    if (reason != H1_NONE)
        return reason;
    enum http_version version;
    if (r->differs || r->field != r->fields->count || !version_of(r, &version) || version != line->version ||
        !text_equal(method_of(r), line->method) || r->text.p != line->target.p || r->text.n != line->target.n)
        return H1_DISAGREEMENT;
    return H1_NONE;
}

enum h1_reason h1_reader_check_response(struct h1_reader *r, struct text head,
                                        const struct h1_status_line *line)
{
    const enum h1_reason reason = run_head(r, head);
    if (reason != H1_NONE)
        return reason;
    enum http_version version;
    if (r->differs || r->field != r->fields->count || !version_of(r, &version) || version != line->version ||
        r->parser.status_code != line->status)
        return H1_DISAGREEMENT;
    return H1_NONE;
}

enum h1_reason h1_reader_read_request(struct h1_reader *r, struct text head, struct h1_request_line *out)
{
    r->fill = true;
    const enum h1_reason reason = run_head(r, head);
    if (reason != H1_NONE)
        return reason;
    if (!version_of(r, &out->version))
        return H1_VERSION_UNSUPPORTED;
    out->method = method_of(r);
    out->target = r->text;
    return H1_NONE;
}

enum h1_reason h1_reader_read_response(struct h1_reader *r, struct text head, struct h1_status_line *out)
{
    r->fill = true;
    const enum h1_reason reason = run_head(r, head);
    if (reason != H1_NONE)
        return reason;
    if (!version_of(r, &out->version))
        return H1_VERSION_UNSUPPORTED;
    out->status = r->parser.status_code;
    return out->status < 100 || out->status > 599 ? H1_STATUS_CODE : H1_NONE;
}

bool h1_reader_agrees(const struct h1_reader *r, bool chunked, uint64_t length)
{
    return r->chunked == chunked && r->length == length;
}

/* Lets llhttp read a run that the scan has called `step`. */
static enum h1_reason check_run(struct h1_reader *r, struct bytes run, enum h1_chunk_step step,
                                struct headers *trailers)
{
    r->fields = trailers;
    r->data = (struct bytes){NULL, 0};
    const size_t before = trailers->count;
    const llhttp_errno_t error = llhttp_execute(&r->parser, (const char *)run.p, run.n);
    for (size_t i = before; i < trailers->count; i++)
        if (trailer_is_refused(trailers->list[i].name))
            return H1_TRAILER_FORBIDDEN;
    if (error != HPE_OK)
        return H1_SECOND_READER;
    const struct bytes expected = step == H1_CHUNK_DATA ? run : (struct bytes){NULL, 0};
    if (r->differs || r->data.p != expected.p || r->data.n != expected.n ||
        r->complete != (step == H1_CHUNK_COMPLETE))
        return H1_DISAGREEMENT;
    return H1_NONE;
}

enum h1_reason h1_reader_chunked(struct h1_reader *r, struct h1_chunk_scan *scan, struct bytes in,
                                 uint64_t body_max, struct headers *trailers, size_t *out_used,
                                 enum h1_chunk_step *out_step)
{
    const enum h1_reason scanned = h1_scan_chunked(scan, in, body_max, out_used, out_step);
    const enum h1_reason read = check_run(r, (struct bytes){in.p, *out_used}, *out_step, trailers);
    return read != H1_NONE ? read : scanned;
}
