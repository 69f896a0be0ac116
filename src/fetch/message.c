/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/fetch.h"

#include "base/reader.h"

#define FORMAT_VERSION 1

void fetch_answer_release(struct fetch_answer *a)
{
    buffer_release(&a->document);
}

/* ---- request ---- */
static void put_fields(struct buffer *out, const struct fetch_field *fields, size_t count)
{
    if (count > FETCH_FIELDS_MAX) {
        out->failed = E_TOO_LARGE;
        return;
    }
    buffer_u16(out, (uint16_t)count);
    for (size_t i = 0; i < count; i++) {
        buffer_bytes32(out, text_bytes(fields[i].name));
        buffer_bytes32(out, text_bytes(fields[i].value));
    }
}

void fetch_request_encode(const struct fetch_request *r, struct buffer *out)
{
    buffer_u8(out, FORMAT_VERSION);
    buffer_u8(out, (uint8_t)r->job);
    buffer_u8(out, (uint8_t)r->authentication);
    buffer_u32(out, r->document_max);
    buffer_u32(out, r->timeout_ms);
    buffer_bytes32(out, text_bytes(r->url));
    buffer_bytes32(out, text_bytes(r->user));
    buffer_bytes32(out, text_bytes(r->password));
    buffer_bytes32(out, text_bytes(r->token_url));
    buffer_bytes32(out, text_bytes(r->claim));
    put_fields(out, r->headers, r->header_count);
    put_fields(out, r->query, r->query_count);
    buffer_bytes32(out, r->document);
}

static struct text take_text(struct reader *in)
{
    return bytes_text(reader_bytes32(in));
}

static size_t take_fields(struct reader *in, struct fetch_field fields[static FETCH_FIELDS_MAX])
{
    size_t count = reader_u16(in);
    if (count > FETCH_FIELDS_MAX)
        in->failed = true;
    for (size_t i = 0; i < count && !in->failed; i++) {
        fields[i].name = take_text(in);
        fields[i].value = take_text(in);
    }
    return count;
}

struct status fetch_request_decode(struct bytes in, struct fetch_request *out,
                                   struct fetch_field fields[static 2 * FETCH_FIELDS_MAX])
{
    struct reader from = reader_of(in);
    struct fetch_request r = {0};
    unsigned version = reader_u8(&from), job = reader_u8(&from), authentication = reader_u8(&from);
    r.document_max = reader_u32(&from);
    r.timeout_ms = reader_u32(&from);
    r.url = take_text(&from);
    r.user = take_text(&from);
    r.password = take_text(&from);
    r.token_url = take_text(&from);
    r.claim = take_text(&from);
    r.headers = fields;
    r.header_count = take_fields(&from, fields);
    r.query = fields + FETCH_FIELDS_MAX;
    r.query_count = take_fields(&from, fields + FETCH_FIELDS_MAX);
    r.document = reader_bytes32(&from);
    if (!reader_done(&from) || version != FORMAT_VERSION || (job != FETCH_DOCUMENT && job != FETCH_CHECK) ||
        authentication > FETCH_OAUTH)
        return STATUS(INVALID);
    r.job = (enum fetch_job)job;
    r.authentication = (enum fetch_authentication)authentication;
    *out = r;
    return DONE;
}

/* ---- answer ---- */
void fetch_answer_encode(const struct fetch_answer *a, struct buffer *out)
{
    buffer_u8(out, FORMAT_VERSION);
    buffer_u8(out, (uint8_t)a->outcome);
    buffer_u8(out, (uint8_t)a->format);
    buffer_u16(out, (uint16_t)a->http_status);
    buffer_bytes16(out, (struct bytes){(const uint8_t *)a->reason, strnlen(a->reason, sizeof a->reason - 1)});
    buffer_bytes32(out, buffer_bytes(&a->document));
}

struct status fetch_answer_decode(struct bytes in, struct fetch_answer *out)
{
    struct reader from = reader_of(in);
    struct fetch_answer a = {0};
    unsigned version = reader_u8(&from), outcome = reader_u8(&from), format = reader_u8(&from);
    unsigned http_status = reader_u16(&from);
    struct text reason = reader_text16(&from);
    struct bytes document = reader_bytes32(&from);
    if (!reader_done(&from) || version != FORMAT_VERSION || outcome >= FETCH_OUTCOME_END ||
        format >= FETCH_FORMAT_END || http_status > 999 || !text_to_cstr(reason, a.reason, sizeof a.reason))
        return STATUS(INVALID);
    a.outcome = (enum fetch_outcome)outcome;
    a.format = (enum fetch_format)format;
    a.http_status = (int)http_status;
    buffer_init(&a.document, FETCH_MESSAGE_MAX);
    buffer_append(&a.document, document);
    struct status st = buffer_status(&a.document);
    if (!status_ok(st)) {
        buffer_release(&a.document);
        return st;
    }
    *out = a;
    return DONE;
}
