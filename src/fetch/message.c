/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/fetch.h"

#include "base/reader.h"

#define FORMAT_VERSION 2
#define NUMBERS_MAX    256 /* fixed fields and the lengths of texts, in either message */

void fetch_answer_release(struct fetch_answer *a)
{
    buffer_release(&a->document);
    secret_release(&a->token);
    secret_release(&a->cookies);
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

static size_t fields_size(const struct fetch_field *fields, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += 8 + fields[i].name.n + fields[i].value.n;
    return n;
}

size_t fetch_request_size(const struct fetch_request *r)
{
    const size_t texts = r->url.n + r->user.n + r->password.n + r->token_url.n + r->claim.n + r->host.n +
                         r->authorization.n + r->client_chain_pem.n + r->client_key_pem.n + r->anchors_pem.n;
    return NUMBERS_MAX + texts + r->document.n + fields_size(r->headers, r->header_count) +
           fields_size(r->query, r->query_count) + fields_size(r->form, r->form_count);
}

void fetch_request_encode(const struct fetch_request *r, struct buffer *out)
{
    buffer_u8(out, FORMAT_VERSION);
    buffer_u8(out, (uint8_t)r->job);
    buffer_u8(out, (uint8_t)r->authentication);
    buffer_u8(out, r->insecure);
    buffer_u32(out, r->document_max);
    buffer_u32(out, r->timeout_ms);
    buffer_u16(out, r->port);
    buffer_bytes32(out, text_bytes(r->url));
    buffer_bytes32(out, text_bytes(r->user));
    buffer_bytes32(out, text_bytes(r->password));
    buffer_bytes32(out, text_bytes(r->token_url));
    buffer_bytes32(out, text_bytes(r->claim));
    buffer_bytes32(out, text_bytes(r->host));
    buffer_bytes32(out, text_bytes(r->authorization));
    buffer_bytes32(out, text_bytes(r->client_chain_pem));
    buffer_bytes32(out, text_bytes(r->client_key_pem));
    buffer_bytes32(out, text_bytes(r->anchors_pem));
    put_fields(out, r->headers, r->header_count);
    put_fields(out, r->query, r->query_count);
    put_fields(out, r->form, r->form_count);
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

static void take_texts(struct reader *from, struct fetch_request *r)
{
    r->url = take_text(from);
    r->user = take_text(from);
    r->password = take_text(from);
    r->token_url = take_text(from);
    r->claim = take_text(from);
    r->host = take_text(from);
    r->authorization = take_text(from);
    r->client_chain_pem = take_text(from);
    r->client_key_pem = take_text(from);
    r->anchors_pem = take_text(from);
}

struct status fetch_request_decode(struct bytes in, struct fetch_request *out,
                                   struct fetch_field fields[static FETCH_FIELDS_ROOM])
{
    struct reader from = reader_of(in);
    struct fetch_request r = {0};
    unsigned version = reader_u8(&from), job = reader_u8(&from), authentication = reader_u8(&from);
    unsigned insecure = reader_u8(&from);
    r.document_max = reader_u32(&from);
    r.timeout_ms = reader_u32(&from);
    r.port = reader_u16(&from);
    take_texts(&from, &r);
    r.headers = fields;
    r.header_count = take_fields(&from, fields);
    r.query = fields + FETCH_FIELDS_MAX;
    r.query_count = take_fields(&from, fields + FETCH_FIELDS_MAX);
    r.form = fields + 2 * FETCH_FIELDS_MAX;
    r.form_count = take_fields(&from, fields + 2 * FETCH_FIELDS_MAX);
    r.document = reader_bytes32(&from);
    if (!reader_done(&from) || version != FORMAT_VERSION || job < FETCH_DOCUMENT || job >= FETCH_JOB_END ||
        authentication > FETCH_OAUTH || insecure > 1)
        return STATUS(INVALID);
    r.job = (enum fetch_job)job;
    r.authentication = (enum fetch_authentication)authentication;
    r.insecure = insecure == 1;
    *out = r;
    return DONE;
}

/* ---- answer ---- */
size_t fetch_answer_size(const struct fetch_answer *a)
{
    return NUMBERS_MAX + sizeof a->reason + sizeof a->addresses + buffer_size(&a->document) + a->token.n +
           a->cookies.n;
}

void fetch_answer_encode(const struct fetch_answer *a, struct buffer *out)
{
    const unsigned count = a->address_count < FETCH_ADDRESSES_MAX ? a->address_count : FETCH_ADDRESSES_MAX;
    buffer_u8(out, FORMAT_VERSION);
    buffer_u8(out, (uint8_t)a->outcome);
    buffer_u8(out, (uint8_t)a->format);
    buffer_u16(out, (uint16_t)a->http_status);
    buffer_bytes16(out, (struct bytes){(const uint8_t *)a->reason, strnlen(a->reason, sizeof a->reason - 1)});
    buffer_bytes32(out, buffer_bytes(&a->document));
    buffer_u64(out, (uint64_t)a->expires_in_s);
    buffer_bytes16(out, (struct bytes){a->addresses[0], count * sizeof a->addresses[0]});
    buffer_bytes32(out, secret_bytes(&a->token));
    buffer_bytes32(out, secret_bytes(&a->cookies));
}

static bool take_addresses(struct bytes from, struct fetch_answer *a)
{
    if (from.n > sizeof a->addresses || from.n % sizeof a->addresses[0] != 0)
        return false;
    if (from.n > 0)
        memcpy(a->addresses, from.p, from.n);
    a->address_count = (unsigned)(from.n / sizeof a->addresses[0]);
    return true;
}

/* What is allocated in an answer; on failure nothing is. */
static struct status take_owned(struct bytes document, struct bytes token, struct bytes cookies,
                                struct fetch_answer *a)
{
    buffer_init(&a->document, FETCH_MESSAGE_MAX);
    buffer_append(&a->document, document);
    struct status st = buffer_status(&a->document);
    if (status_ok(st) && token.n > 0)
        st = secret_copy(&a->token, token);
    if (status_ok(st) && cookies.n > 0)
        st = secret_copy(&a->cookies, cookies);
    if (!status_ok(st))
        fetch_answer_release(a);
    return st;
}

struct status fetch_answer_decode(struct bytes in, struct fetch_answer *out)
{
    struct reader from = reader_of(in);
    struct fetch_answer a = {0};
    unsigned version = reader_u8(&from), outcome = reader_u8(&from), format = reader_u8(&from);
    unsigned http_status = reader_u16(&from);
    struct text reason = reader_text16(&from);
    struct bytes document = reader_bytes32(&from);
    a.expires_in_s = (int64_t)reader_u64(&from);
    struct bytes addresses = reader_bytes16(&from), token = reader_bytes32(&from);
    struct bytes cookies = reader_bytes32(&from);
    if (!reader_done(&from) || version != FORMAT_VERSION || outcome >= FETCH_OUTCOME_END ||
        format >= FETCH_FORMAT_END || http_status > 999 || a.expires_in_s < -1 ||
        a.expires_in_s > INT32_MAX || token.n > FETCH_SECRET_MAX || cookies.n > FETCH_SECRET_MAX ||
        !take_addresses(addresses, &a) || !text_to_cstr(reason, a.reason, sizeof a.reason))
        return STATUS(INVALID);
    a.outcome = (enum fetch_outcome)outcome;
    a.format = (enum fetch_format)format;
    a.http_status = (int)http_status;
    TRY(take_owned(document, token, cookies, &a));
    *out = a;
    return DONE;
}
