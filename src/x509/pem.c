/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/pem.h"

#include "base/encoding.h"
#include "x509/csr.h"

#define DASHES       "-----"
#define LINE_COLUMNS 64

static struct text cut_line(struct text *rest)
{
    struct text line = text_cut(rest, '\n');
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return text_trim(line);
}

/* "-----BEGIN X-----": X */
static bool boundary(struct text line, struct text begin_or_end, struct text *label)
{
    if (!text_starts_with(line, begin_or_end) || !text_ends_with(line, TEXT(DASHES)) ||
        line.n < begin_or_end.n + strlen(DASHES))
        return false;
    *label = (struct text){line.p + begin_or_end.n, line.n - begin_or_end.n - strlen(DASHES)};
    return true;
}

static bool is_header(struct text line)
{
    return text_contains(line, ':');
}

/* The lines up to the END line, without blanks and header lines, which only stand at the start (RFC
 * 1421 4.4). */
static struct status collect_body(struct text *rest, struct text label, struct buffer *body,
                                  struct error *err)
{
    bool in_headers = true;
    while (rest->p) {
        struct text line = cut_line(rest), end_label;
        if (boundary(line, TEXT("-----END "), &end_label)) {
            if (!text_equal(label, end_label))
                return error_set(err, E_INVALID, "the PEM block's END line does not repeat its BEGIN line");
            return buffer_status(body);
        }
        if (in_headers && is_header(line))
            continue;
        if (line.n)
            in_headers = false;
        buffer_text(body, line);
    }
    return error_set(err, E_INVALID, "the PEM block has no END line");
}

struct status pem_next(struct text *rest, struct text *out_label, struct buffer *out_der, struct error *err)
{
    buffer_clear(out_der);
    while (rest->p) {
        struct text line = cut_line(rest), label;
        if (!boundary(line, TEXT("-----BEGIN "), &label))
            continue;
        OWNED(buffer_release) struct buffer body;
        buffer_init(&body, rest->p ? rest->n + 1 : 1);
        struct status s = collect_body(rest, label, &body, err);
        if (status_ok(s)) {
            s = base64_decode(out_der, buffer_as_text(&body));
            if (s.code == E_INVALID)
                s = error_set(err, s.code, "the PEM block does not hold base64");
        }
        buffer_wipe(&body); /* it may have been a key */
        TRY(s);
        *out_label = label;
        return DONE;
    }
    return error_set(err, E_NOT_FOUND, "there is no PEM block");
}

struct status pem_next_labelled(struct text *rest, struct text label, struct buffer *out_der,
                                struct error *err)
{
    struct text found;
    do {
        TRY(pem_next(rest, &found, out_der, err));
    } while (!text_equal(found, label));
    return DONE;
}

void pem_encode(struct buffer *out, struct text label, struct bytes der)
{
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, base64_encoded_size(der.n));
    base64_encode(&body, der);
    if (!status_ok(buffer_status(&body)))
        out->failed = body.failed;
    buffer_cstr(out, "-----BEGIN ");
    buffer_text(out, label);
    buffer_cstr(out, DASHES "\n");
    for (struct text rest = buffer_as_text(&body); rest.n; rest = text_from(rest, LINE_COLUMNS)) {
        buffer_text(out, text_first(rest, LINE_COLUMNS));
        buffer_byte(out, '\n');
    }
    buffer_cstr(out, "-----END ");
    buffer_text(out, label);
    buffer_cstr(out, DASHES "\n");
    buffer_wipe(&body);
}

/* What a person pasted instead of a PEM block, in words. */
static struct status explain(struct text pem, struct error *err)
{
    if (pem.n >= 2 && (uint8_t)pem.p[0] == 0x30 && (uint8_t)pem.p[1] >= 0x80)
        return error_set(err, E_INVALID,
                         "this is bare DER, not PEM: convert it with 'openssl req -inform DER -outform PEM'");
    OWNED(buffer_release) struct buffer decoded;
    buffer_init(&decoded, pem.n);
    struct status s = base64_decode(&decoded, text_trim(pem));
    if (s.code == E_NOMEM)
        return error_set(err, E_NOMEM, "out of memory");
    struct text inner = buffer_as_text(&decoded);
    if (status_ok(s) && text_starts_with(inner, TEXT("-----BEGIN ")))
        return error_set(err, E_INVALID, "this is base64 of base64: encode the PEM text once");
    if (status_ok(s) && inner.n >= 2 && (uint8_t)inner.p[0] == 0x30 && (uint8_t)inner.p[1] >= 0x80)
        return error_set(err, E_INVALID,
                         "there is no PEM block: this is base64 without the BEGIN and END lines");
    return error_set(err, E_INVALID, "there is no PEM block");
}

struct status pem_first_block(struct text pem, struct buffer *out_der, struct error *err)
{
    struct text rest = pem, label;
    struct status s = pem_next(&rest, &label, out_der, err);
    return s.code == E_NOT_FOUND ? explain(pem, err) : s;
}
